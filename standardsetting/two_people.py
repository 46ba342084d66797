"""Two people: what neither may do alone, and when two names are two people."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence


def different(people: Sequence[str]) -> bool:
    """Whether these are two names of two letters at least, and not one name twice, in whatever order and spelling.

    Examples
    --------
    >>> different(["Ada One", "Bo Two"]), different(["Ada One", "one, ADA"]), different(["Ada One", "."])
    (True, False, False)
    """
    names = {_letters(name) for name in people}
    return len(people) == len(names) == 2 and min(map(len, names)) >= 2


def _letters(name: str) -> str:
    """The words of a name in the order of the alphabet, letters alone: no mark, no invisible sign and no order makes another person."""
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    seen = "".join(sign for sign in plain if unicodedata.category(sign) not in ("Cf", "Mn", "Me"))
    return "".join(sorted("".join(sign if sign.isalpha() else " " for sign in seen).split()))
