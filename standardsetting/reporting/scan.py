"""The last look before publishing: does any artefact hold anything that identifies a person or a characteristic?

A hit is told as artefact, kind and count, never as the token itself.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from standardsetting.reporting.extract import text_of

SHORTEST_TOKEN = 3
LARGEST_COUNT = 9_999  # a number up to here could be a count of the report's own
# A word; or a number with its decimals, kept whole so that an identity number is not found among somebody's decimals.
_WORD = re.compile(r"(?:\d+|(?<![^\W_]))\.\d+(?:\.\d+)*(?![^\W\d_])|[^\W_]+")
_WHOLE = re.compile(r"(\d+)\.0+\Z")
_DIGITS = re.compile(r"(?<![\w.])[+(]?\d[\d\s()/.:+-]*\d(?!\w)")
# One person's own number or address is no word of ours, whatever the definition says.
_NEVER_SKIPPED = frozenset({"candidate", "email", "telephone", "monitoring key"})
_EDGES = "()/.:-"
_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"))
# Words that the drawing, workbook and PDF libraries write into every file of theirs.
_BOILERPLATE = (
    "axes figure patch line2d xtick ytick text legend collection pathcollection linecollection polycollection matplotlib dejavu sans "
    "microsoft excel worksheets office theme normal table sheet major minor latin weasyprint identity adobe print area titles named ranges "
    "application docsecurity python ipython kernel notebook jupyter markdown code cells outputs metadata stream stdout image svg"
)


@dataclass(frozen=True)
class Hit:
    """Something that identifies, in an artefact: which file, what kind, how many different tokens. Never which."""

    artefact: str
    kind: str
    count: int


@dataclass(frozen=True)
class Scan:
    """What a scan found, and how hard it looked.

    Attributes
    ----------
    hits
        By artefact and kind.
    searched, skipped
        Tokens looked for; tokens that cannot be told from the report's own words and numbers.
    artefacts
        Files looked into.
    """

    hits: tuple[Hit, ...]
    searched: int
    skipped: int
    artefacts: int


@dataclass(frozen=True)
class Search:
    """What must not be found, made ready to be looked for; see `scan` for the rules.

    Attributes
    ----------
    singles, phrases, literals
        Single words, sequences of words, and numbers with separators as they are written; each with its kind.
    skipped
        How many tokens are not looked for.
    """

    singles: Mapping[str, str]
    phrases: Mapping[tuple[str, ...], str]
    literals: Mapping[str, str]
    skipped: int

    @classmethod
    def of(cls, identities: pd.DataFrame, *, vocabulary: Iterable[str] = (), largest_count: int = LARGEST_COUNT) -> Search:
        """A search for identities, without the words and numbers that the report uses by itself."""
        known = set(_BOILERPLATE.split()).union(*(words(text) for text in vocabulary))
        return cls(*_sorted_out(identities, known, largest_count))

    def look(self, paths: Iterable[Path]) -> Scan:
        """Search artefacts, their names and everything hidden in them."""
        files = list(paths)
        hits = [hit for file in files for hit in self._look_into(file)]
        return Scan(tuple(hits), len(self.singles) + len(self.phrases) + len(self.literals), self.skipped, len(files))

    def _look_into(self, file: Path) -> list[Hit]:
        text = normal(f"{file.name}\n{text_of(file)}")
        sequence = _wholes(_WORD.findall(text))
        present = set(sequence)
        found: dict[str, int] = defaultdict(int)
        for token in present & self.singles.keys():
            found[self.singles[token]] += 1
        for phrase in _phrases_in(sequence, present, self.phrases):
            found[self.phrases[phrase]] += 1
        for token in _literals_in(text, self.literals):
            found[self.literals[token]] += 1
        return [Hit(artefact=file.name, kind=kind, count=count) for kind, count in sorted(found.items())]


def scan(paths: Iterable[Path], identities: pd.DataFrame, *, vocabulary: Iterable[str] = (), largest_count: int = LARGEST_COUNT) -> Scan:
    """Search artefacts, their names and everything hidden in them for identities.

    Case and white space do not matter. A token of one word matches a whole word; a token of several words matches them in this order,
    whatever stands between them. Not searched, and counted as skipped: tokens of fewer than three characters; numbers that could be a count
    of the report; and single words of the product's own vocabulary, which are found only as part of a longer token (a surname that is a
    common word, inside the full name).

    Parameters
    ----------
    paths
        Files to look into.
    identities
        `kind` and `token`, one row a token.
    vocabulary
        Texts whose words the report uses by itself: its notebook, its program, the process definition.
    largest_count
        Whole numbers up to this could be counts of the report itself.

    Examples
    --------
    >>> import tempfile
    >>> page = Path(tempfile.mkdtemp()) / "page.html"
    >>> _ = page.write_text('<p title="seen by A. Canary">Total 14</p>')
    >>> scan([page], pd.DataFrame({"kind": ["name", "name"], "token": ["a canary", "b wren"]})).hits
    (Hit(artefact='page.html', kind='name', count=1),)
    """
    return Search.of(identities, vocabulary=vocabulary, largest_count=largest_count).look(paths)


def normal(text: str) -> str:
    """Text as it is compared: casefolded, compatibility forms and invisible characters gone."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).translate(_INVISIBLE)
    return text.casefold()


def words(text: str) -> list[str]:
    """The words of a text as they are compared: `Mean 3.0 of 12.5` gives mean, 3, of, 12.5."""
    return _wholes(_WORD.findall(normal(text)))


def _wholes(sequence: Sequence[str]) -> list[str]:
    return [word if "." not in word else (_WHOLE.sub(r"\1", word)) for word in sequence]


def _sorted_out(
    identities: pd.DataFrame, known: set[str], largest_count: int
) -> tuple[dict[str, str], dict[tuple[str, ...], str], dict[str, str], int]:
    """Tokens as single words, as phrases, and as numbers with separators to be found as they are written; and how many are skipped."""
    singles: dict[str, str] = {}
    phrases: dict[tuple[str, ...], str] = {}
    literals: dict[str, str] = {}
    skipped = 0
    for kind, token in zip(identities["kind"].tolist(), identities["token"].tolist(), strict=True):
        token = normal(str(token).strip())
        parts = [token] if token.isalnum() else _wholes(_WORD.findall(token))
        digits = "".join(parts)
        if len(digits) < SHORTEST_TOKEN:
            skipped += 1
        elif digits.replace(".", "").isdecimal():
            if len(digits) < 5 or (len(parts) == 1 and _could_be_ours(digits, largest_count)):
                skipped += 1
            elif len(parts) == 1:
                singles[parts[0]] = kind
            else:
                literals[" ".join(piece.strip(_EDGES) for piece in token.split())] = kind
        elif len(parts) > 1:
            phrases[tuple(parts)] = kind
        elif parts[0] in known and kind not in _NEVER_SKIPPED:
            skipped += 1
        else:
            singles[parts[0]] = kind
    return singles, phrases, literals, skipped


def _phrases_in(sequence: Sequence[str], present: set[str], phrases: Mapping[tuple[str, ...], str]) -> list[tuple[str, ...]]:
    plausible = [phrase for phrase in phrases if phrase[0] in present and all(word in present for word in phrase)]
    if not plausible:
        return []
    first = {phrase[0] for phrase in plausible}
    places: dict[str, list[int]] = defaultdict(list)
    for place, word in enumerate(sequence):
        if word in first:
            places[word].append(place)
    return [p for p in plausible if any(tuple(sequence[at : at + len(p)]) == p for at in places[p[0]])]


def _could_be_ours(digits: str, largest_count: int) -> bool:
    """A whole number that could be a count, or a decimal too short to be anybody's reference number."""
    return int(digits) <= largest_count if digits.isdecimal() else len(digits) < 9


def _literals_in(text: str, literals: Mapping[str, str]) -> set[str]:
    """Numbers with separators (a telephone number, a date of birth) as they are written, not inside a longer number."""
    if not literals:
        return set()
    longest = max(token.count(" ") for token in literals) + 1
    seen: set[str] = set()
    for run in set(_DIGITS.findall(text)):
        pieces = [piece.strip(_EDGES) for piece in run.split()]
        seen.update(" ".join(pieces[at : at + size]) for size in range(1, longest + 1) for at in range(len(pieces) - size + 1))
    return seen & literals.keys()
