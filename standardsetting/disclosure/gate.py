"""The gate: every number in a finished artefact must be one that the release allows. It reads artefacts, not the code that made them.

A number that belongs to something else than a count (a date, a record, a share, an interval) is allowed in that form only: the 4 of
"4 October 2023" is no leave to print a 4 in a cell. Where the sentences that may be said are known, a number among other words passes in
one of these sentences alone, and the numbers that may stand by themselves pass by themselves alone. Whoever calls the gate brings the text
of each artefact: hidden places, coordinates, logs and file names too. A finding says where and how many, never which number.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from standardsetting.disclosure.sentences import NUMBER_WORDS, TAKEN, Composed, Sentences
from standardsetting.errors import DisclosureError

# Digits with thousands separators or decimals; not part of an identifier such as ethnicity_5, nor of a longer reference.
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
_OTHERWISE = {"none": 0, "a single": 1, "half a dozen": 6, "a dozen": 12}
_OTHERWISE_SPELT = rf"\b({'|'.join(word.replace(' ', chr(92) + 's+') for word in _OTHERWISE)})\s+(?:of\s+(?:the\s+)?)?{_PEOPLE}\b"
# A word with one number at its beginning, inside or end (4women, W4). An identifier has an underscore; a digest is long and hexadecimal.
_GLUED = r"(?<![\w.])(?![0-9a-fA-F]{8,}\b)(?:[^\W\d_]+\d+[^\W\d_]*|\d+[^\W\d_]+)(?!\w)"

_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_SIGNED = r"[-+]?\d+(?:\.\d+)?"
# What numbers may belong to. Of a moment only its day counts, and a day is the same day however it is written.
_NO_COUNT = rf"""
      (?<![\w.-]) (?P<year>\d{{4}})-(?P<month>\d\d)-(?P<day>\d\d) (?:t[\d:.]+(?:[+-][\d:]+|z)?)? (?![\w-])
    | (?<![\w.-]) (?P<date>\d{{1,2}}\s+(?:{"|".join(_MONTHS)})(?:\s+\d{{4}})?) \b
    | (?<![\w.:-]) \d{{1,2}}:\d\d(?::\d\d)? (?![\w:])
    | \b (?:record|release|rules|version|edition|schedule|paragraph|section|part|article|regulation|page|r)\s+\d+ (?![\w.,]\d|\w)
    | (?<![\w.,-]) \d+\s+weeks\b
    | (?m:^\d\.00?$)
    | {_GLUED}
    """
_FORMS = re.compile(
    rf"""
      (?P<no_count>{_NO_COUNT})
    | (?<![\w.-]) (?P<estimate>{_SIGNED})\s+\((?P<low>{_SIGNED})\s+to\s+(?P<high>{_SIGNED})\)
    | \({_SIGNED}\s+to\s+{_SIGNED}\)
    | (?<![\w.,-]) \d+(?:\.\d+)?\s*(?:%|per\s+cent\b)
    | (?<=\w\s) \(\d+\)
    | (?<![\w.,(-]) \d+\s+to\s+\d+ (?![\w%]|[.,]\d)
    | \btotal\s+of\s+\d+(?:\.\d+)? (?![\w%])
    | (?<![\w.,-]) \d+\s+(?:more|fewer)\b
    | {_OTHERWISE_SPELT}
    """,
    re.VERBOSE,
)


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
    return {abs(number) for number in _numbers(text)}


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).replace("\u2212", "-")


def _numbers(text: str) -> set[Decimal]:
    """As `numbers`, with their signs."""
    plain = _UNIT.sub(" ", _plain(text))
    glued = {Decimal(digits) for word in re.findall(_GLUED, plain) for digits in re.findall(r"\d+", word)}
    return {_signed(match.group()) for match in _NUMBER.finditer(plain)} | glued | _spelt(plain.casefold())


def _signed(written: str) -> Decimal:
    return Decimal(re.sub(r"[,\s]", "", written))


def _spelt(text: str) -> set[Decimal]:
    found = {Decimal(_OTHERWISE[" ".join(words.split())]) for words in re.findall(_OTHERWISE_SPELT, text)}
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


def _written(match: re.Match[str]) -> set[str]:
    """A form as it is compared: one space, days as year, month and day, and numbers without needless zeros."""
    if match["year"]:
        return {f"{match['year']}-{match['month']}-{match['day']}", f"{match['month']}-{match['day']}"}
    if match["date"]:
        day, month, *year = match["date"].split()
        short = f"{_MONTHS.index(month) + 1:02}-{int(day):02}"
        return {short, f"{year[0]}-{short}"} if year else {short}
    if match["estimate"]:
        return {interval(match["low"], match["high"]), interval(match["low"], match["high"], estimate=match["estimate"])}
    text = re.sub(r"\s*(?:%|per cent)$", "%", " ".join(match.group().split()))
    return {re.sub(_SIGNED, lambda number: _short(number.group()), text) if " to " in text else text}


def interval(low: float | str, high: float | str, *, estimate: float | str | None = None) -> str:
    """An interval, and what it is about, as the gate compares it.

    Examples
    --------
    >>> interval(-20, 7.0, estimate="-7")
    '-7 (-20 to 7)'
    """
    within = f"({_short(low)} to {_short(high)})"
    return within if estimate is None else f"{_short(estimate)} {within}"


def _short(number: float | str) -> str:
    exact = Decimal(str(number))
    return f"{exact.normalize() if exact else 0:f}"


@dataclass(frozen=True)
class Allowed:
    """What a release allows.

    Attributes
    ----------
    numbers
        Numbers wherever they stand; where sentences are known, in the gaps of those that are composed.
    forms
        Numbers in the form in which they stand.
    sentences
        The sentences that may be said. Without them a number passes in any sentence.
    alone
        Where sentences are known: the numbers that may stand by themselves, in a cell or along an axis.
    """

    numbers: frozenset[Decimal]
    forms: frozenset[str]
    sentences: Sentences | None = None
    alone: frozenset[Decimal] = frozenset()

    @classmethod
    def of(cls, texts: Iterable[str] = (), *, numbers: Iterable[float | int | str | Decimal] = (), forms: Iterable[str] = ()) -> Allowed:
        """From texts that hold no data or have passed disclosure control, and from numbers and forms as they are printed.

        Examples
        --------
        >>> found = Allowed.of(["On 4 October 2023 (record 7) 40 women applied; 61% passed, -7 (-20 to 7)."])
        >>> found.numbers, sorted(found.forms)
        (frozenset({Decimal('40')}), ['(-20 to 7)', '-7 (-20 to 7)', '10-04', '2023-10-04', '61%', 'record 7'])
        """
        free, bound = {_signed(str(number)) for number in numbers}, set(forms)
        for text in texts:
            plain = _plain(text).casefold()
            bound |= {written for match in _FORMS.finditer(plain) for written in _written(match)}
            free |= _numbers(_FORMS.sub(" ", plain))
        return cls(frozenset(free), frozenset(bound))


def check(pieces: Iterable[Piece], *, allowed: Allowed | Iterable[Decimal | int | str]) -> tuple[Finding, ...]:
    """Numbers that a release does not allow, by artefact and place.

    Examples
    --------
    >>> check([Piece("page.html", "alt text", "40 women, of whom 37 passed")], allowed=[40])
    (Finding(artefact='page.html', kind='alt text', count=1),)
    >>> check([Piece("page.html", "cell", "4")], allowed=Allowed.of(["4 October 2023"]))
    (Finding(artefact='page.html', kind='cell', count=1),)
    """
    known = allowed if isinstance(allowed, Allowed) else Allowed.of(numbers=allowed)
    strange: dict[tuple[str, str], set[Decimal | str]] = {}
    named = set[str]()
    for piece in pieces:
        places = [(piece.kind, piece.text)] + [("file name", re.sub(r"[_-]", " ", piece.artefact))] * (piece.artefact not in named)
        named.add(piece.artefact)
        for where, text in places:
            found = _strange(text, known)
            if found:
                strange.setdefault((piece.artefact, where), set()).update(found)
    return tuple(Finding("a file" if kind == "file name" else artefact, kind, len(found)) for (artefact, kind), found in strange.items())


def _strange(text: str, known: Allowed) -> set[Decimal | str]:
    """The numbers of a text that are not allowed where they stand."""
    if known.sentences is None:
        return _unknown(_plain(text).casefold(), known)
    found, by_themselves = set[Decimal | str](), replace(known, numbers=known.alone)
    rest = known.sentences.rest(text, allows=lambda said, one: _in_gaps(said, one, known))
    # Days, times and references count nobody, and may run over several lines of a cell.
    for line in _FORMS.sub(lambda match: _uncounted(match, known), rest).split("\n"):
        found |= _unknown(line, by_themselves) if _alone(line) else _among_words(line)
    return found


def _uncounted(match: re.Match[str], known: Allowed) -> str:
    return TAKEN * len(match.group()) if match["no_count"] and _written(match) <= known.forms else match.group()


def _unknown(text: str, known: Allowed) -> set[Decimal | str]:
    """The numbers that are allowed neither by themselves nor in the form in which they stand. A minus may be a dash."""
    rest = _FORMS.sub(lambda match: " " if _written(match) <= known.forms else match.group(), text)
    return {abs(number) for number in _numbers(rest) if not {number, abs(number)} & known.numbers}


def _in_gaps(said: str, one: Composed, known: Allowed) -> bool:
    """Whether the numbers in the gaps of a composed sentence may be told: all but those of its own words."""
    return _unknown(said, known) <= {abs(number) for number in _numbers(one.fixed)}


def _alone(line: str) -> bool:
    """Whether a line holds numbers and signs alone, as a cell or a mark on an axis does."""
    return TAKEN not in line and not re.search(r"[^\W\d_]", re.sub(r"(?<=\d)\s+to\s+(?=[-+\d])", " ", line))


def _among_words(line: str) -> set[Decimal | str]:
    """The numbers among words that are no sentence of the release: all of them."""
    return {abs(number) for number in _numbers(line)} | {" ".join(match.group().split()) for match in NUMBER_WORDS.finditer(line)}


def refuse(pieces: Iterable[Piece], *, allowed: Allowed | Iterable[Decimal | int | str]) -> None:
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
