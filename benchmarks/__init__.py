"""Speed, memory and agreement with other programs, measured in one run on the same data: `make bench`. The package never imports this."""
