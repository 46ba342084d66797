"""Disclosure control: what may be printed about groups, the attack that checks it, the ledger of what was printed, and the gate."""
