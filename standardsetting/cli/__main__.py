"""`python -m standardsetting.cli`."""

from standardsetting.cli import main

main()
