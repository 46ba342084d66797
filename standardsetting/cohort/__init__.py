"""Groups, never individuals: how a process went for people who share a characteristic, once the standard is recorded."""
