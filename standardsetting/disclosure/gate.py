"""The gate: every number in a finished artefact must be one that the release allows. It reads artefacts, not the code that made them.

Whoever calls it brings the text of each artefact: hidden places, coordinates, logs and file names too. A finding says where and how many,
never which number.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

import pandas as pd

from standardsetting.errors import DisclosureError

# Digits with thousands separators or decimals; not part of a word such as ethnicity_5 or h2, nor of a longer reference.
_NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d{1,3}(?:[,\u202f\u00a0]\d{3})+|\d+)(?:\.\d+)?(?![\w]|\.\d)")
_UNIT = re.compile(r"(?<=\d)(?=(?:px|pt|em|rem|mm|cm|th|st|nd|rd|s|k|x)\b)")
_WORDS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen",
    "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}
_SPELT = re.compile(rf"\b(?:(?P<tens>{'|'.join(_TENS)})(?:[- ](?P<unit>{'|'.join(_WORDS[1:10])}))?|(?P<low>{'|'.join(_WORDS)}))\b")
# "one of them", "zero tolerance": small words that are not counts unless people follow.
_PEOPLE = r"(?:[\w-]+\s+){0,2}(?:people|persons?|candidates?|women|woman|men|man|officers?|applicants?|per cent|%)"
_PEOPLE_FOLLOW = re.compile(rf"\s+(?:of\s+(?:the\s+)?)?{_PEOPLE}\b")


@dataclass(frozen=True)
class Piece:
    """A text out of an artefact: `kind` says where it stood (page, alt text, coordinates, hidden sheet, file name, log)."""

    artefact: str
    kind: str
    text: str


@dataclass(frozen=True)
class Finding:
    """Numbers in an artefact that the release does not allow: where, and how many different ones. Never which."""

    artefact: str
    kind: str
    count: int


def numbers(text: str) -> set[Decimal]:
    """Every number in a text, in figures or, where people are counted, in words.

    Examples
    --------
    >>> sorted(numbers("Three of the four women; 1,250 applied, 12.50% of table ethnicity_5."))
    [Decimal('3'), Decimal('4'), Decimal('12.50'), Decimal('1250')]
    """
    plain = unicodedata.normalize("NFKC", text).replace("\u2212", "-")
    plain = _UNIT.sub(" ", plain)
    found = {_value(match.group()) for match in _NUMBER.finditer(plain)}
    return found | _spelt(plain.casefold())


def _value(written: str) -> Decimal:
    return abs(Decimal(re.sub(r"[,\s]", "", written)))


def _spelt(text: str) -> set[Decimal]:
    found: set[Decimal] = set()
    counted_before = -1
    for match in _SPELT.finditer(text):
        follows = bool(_PEOPLE_FOLLOW.match(text, match.end()))
        pair = re.match(rf"\s+(?:in|of|out of)\s+(?:the\s+)?(?:{'|'.join([*_WORDS, *_TENS])}|\d+)\b", text[match.end() :])
        second = counted_before >= 0 and match.start() <= counted_before
        if follows or pair or second:
            tens, unit, low = match["tens"], match["unit"], match["low"]
            found.add(Decimal(_WORDS.index(low) if low else _TENS[tens] + (_WORDS.index(unit) if unit else 0)))
        counted_before = match.end() + pair.end() if pair else -1
    return found


def allowed_numbers(
    cells: pd.DataFrame, *, texts: Iterable[str] = (), derived: Iterable[float | int | str | Decimal] = ()
) -> frozenset[Decimal]:
    """The numbers a release allows: its protected values, those in texts that hold no data (a notebook's own source, the definition, dates,
    the run key), and statistics computed from protected values, as they are printed.
    """
    own = {_value(str(value)) for value in cells["value"].dropna()}
    return frozenset(own.union(*(numbers(text) for text in texts), (_value(str(number)) for number in derived)))


def check(pieces: Iterable[Piece], *, allowed: Iterable[Decimal | int | str]) -> tuple[Finding, ...]:
    """Numbers that a release does not allow, by artefact and place.

    Examples
    --------
    >>> check([Piece("page.html", "alt text", "40 women, of whom 37 passed")], allowed=[40])
    (Finding(artefact='page.html', kind='alt text', count=1),)
    """
    known = {_value(str(number)) for number in allowed}
    strange: dict[tuple[str, str], set[Decimal]] = {}
    for piece in pieces:
        for where, text in ((piece.kind, piece.text), ("file name", piece.artefact)):
            found = numbers(re.sub(r"[_-]", " ", text) if where == "file name" else text) - known
            if found:
                strange.setdefault((piece.artefact, where), set()).update(found)
    return tuple(Finding("a file" if kind == "file name" else artefact, kind, len(found)) for (artefact, kind), found in strange.items())


def refuse(pieces: Iterable[Piece], *, allowed: Iterable[Decimal | int | str]) -> None:
    """Stop a release that holds a number it may not.

    Raises
    ------
    DisclosureError
        Exit code 13; the message says which artefacts, where in them and how many numbers, never which.
    """
    findings = check(pieces, allowed=allowed)
    if findings:
        raise DisclosureError(
            "The finished report holds numbers that are not in the protected release, so it is not published.",
            details=[f"{f.artefact}, {f.kind}: {f.count} different numbers" for f in findings],
            next_step="Print only what the protected cube holds, or declare the number if it says nothing about people.",
        )
