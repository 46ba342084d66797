"""The numbers that a report about groups may print: those of its release, and those in words of ours that hold no data."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from standardsetting.disclosure.gate import Allowed, Piece, interval, refuse
from standardsetting.disclosure.release import DEFINITION, HEADER
from standardsetting.reporting.readable import pieces
from standardsetting.sealed import SEAL
from standardsetting.shipped import shipped

_ENGRAVED = (
    "prose/cohort.py",
    "tables/cohort.py",
    "figures/cohort.py",
    "prose/positive_action.py",
    "tables/positive_action.py",
    "figures/positive_action.py",
    "tables/table.py",
    "reporting/render.py",
    "reporting/template/index.html.j2",
)
# The numbers along axes: they measure, and count nobody. A whole number among them is a multiple of five, as protected counts are: a
# small true count must never be taken for a place on an axis.
_ALONG_AXES: tuple[str | float, ...] = (*range(0, 101, 5), *(f"{n / 20:.2f}" for n in range(101) if n % 20))
# Columns that are printed as shares (the first of each, where the others are there too) or as an interval, and those of the comparisons
# that are not printed: no leave for a count.
_SHARES = (("rate",), ("reference_rate",), ("share", "stage"), ("share", "gate"))
_INTERVALS = (("difference", "difference_low", "difference_high"),)
_UNPRINTED = ("concern", "shortfall", "flip_number")
# Numbers that the header names, and how they are read. Its other numbers count things.
_NUMBERED = {"number": ("record", "release"), "rules": ("rules",), "cut": ("total of",)}
# What the header holds for the program alone.
_FOR_THE_PROGRAM = {"editions", "policy", "warnings"}
# The scale of impact ratios, as one; its places are whole numbers too. Numbers that begin the items of a list in a PDF.
_SCALE, _ITEM = re.compile(r"(?<![\d.])0\.5\s+0\.8\s+1\s+1\.25\s+2(?![\d.])"), re.compile(r"^(\d{1,2})\.[ ]*$", re.MULTILINE)
# How many comparisons, groups or stages a sentence or a chart is about: numbers of things, of which no release need speak. Each sentence
# stands here whole, as it is written: with less of it, the same words would count people.
_OF_THINGS = re.compile(
    "|".join(
        rf"(?<![\w.,]){sentence}".replace(" ", r"\s+").replace("#", r"\d[\d,]*")
        for sentence in (
            r"# of # declared comparisons? shows? a gap\b",
            r"No material gap in # of # declared comparisons?\b",
            r"This cohort cannot tell: # of # declared comparisons? (?:is|are) too uncertain\b",
            r"# of # declared comparisons? cannot tell, or may not be shown\b",
            r"Impact ratios of # declared comparisons with 95% intervals; # more have no counts\.",
            r"# comparisons have figures, # of them declared in advance\."
            r"(?: # more have a verdict and no figures\.)?(?: # may not be shown\.)?",
            r"Lines of the share of # groups after each of # stages; a stage without a mark\b",
            r"pairs of lines for # groups and the others beside each, the per cent left\b",
            r"Impact ratios of # comparisons, a point for each of # processes, and the band\b",
            r"# of # comparisons? (?:has|have) a line that crosses [01], which is no difference\b",
            r"each leaves at least # possible values\.",
        )
    )
)
# What stands in brackets refers to a note; the pages of a PDF's contents stand above their title.
# A text of a program that nobody reads: a pattern, a key, the name of a file or of an encoding.
_NO_WORDS = re.compile(r"\\|\[\^?[\w]-|^\S*$")
_NUMBER_ALONE = re.compile(r"[-+]?[\d.]+")
_NOTE, _PAGES_LISTED = re.compile(r"\[note \d+\]"), re.compile(r"(?:^\d+\n)+(?=Contents$)", re.MULTILINE)


def gate_of(folder: Path) -> Callable[[Sequence[Path]], None]:
    """Every number in a finished artefact has to stand in the release of a folder, or in words that hold no data."""
    allowed = of_release(folder)

    def gate(artefacts: Sequence[Path]) -> None:
        refuse((piece for artefact in artefacts for piece in _unnumbered(list(pieces(artefact)))), allowed=allowed)

    return gate


def of_release(folder: Path) -> Allowed:
    """The numbers that a report on the release of a folder may print."""
    package = Path(__file__).parents[1]
    texts, numbers, forms = list[str](), list[str | float](_ALONG_AXES), list[str]()
    for file in sorted(folder.glob("*.json")):
        content = json.loads(file.read_text(encoding="utf-8"))
        if file.name == DEFINITION:
            texts += [text for _, text in _leaves(content) if isinstance(text, str) and not _NUMBER_ALONE.fullmatch(text)]
        elif file.name == HEADER:
            texts += content["header"]["labels"]["notes"]  # the titles of the levels that a note is about
            for name, leaf in _leaves(content):
                if name in _NUMBERED:
                    forms += [f"{word} {leaf}" for word in _NUMBERED[name]]
                elif isinstance(leaf, str):
                    texts.append(_OF_THINGS.sub(" ", leaf))
                elif name == "attacked":
                    numbers.append(leaf)
        elif file.name != SEAL:
            found = _of_table(content["columns"], content["data"])
            texts, numbers, forms = texts + found.texts, numbers + found.numbers, forms + found.forms
    texts += [words for name in _ENGRAVED for words in _words(package / name)]
    texts += [words for notebook in sorted(shipped("notebooks").glob("*.ipynb")) for words in _words(notebook)]
    return Allowed.of(texts, numbers=numbers, forms=forms)


@dataclass(frozen=True)
class _Printed:
    texts: list[str]
    numbers: list[str | float]
    forms: list[str]


def _of_table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> _Printed:
    """What the rows of a section print: their texts, numbers that stand alone in a cell, shares and intervals."""
    texts, numbers, forms = list[str](), list[str | float](), list[str]()
    shares = {names[0] for names in _SHARES if set(names) <= set(columns)}
    bound = {*shares, *(name for names in (*_INTERVALS, _UNPRINTED) if set(names) <= set(columns) for name in names)}
    for row in (dict(zip(columns, cells, strict=True)) for cells in rows):
        for name, cell in row.items():
            if isinstance(cell, str):
                texts.append(_OF_THINGS.sub(" ", cell))
            elif cell is not None and name not in bound:
                numbers.append(cell)
            elif cell is not None and name in shares:
                forms.append(f"{cell:g}%")
        for names in _INTERVALS:
            if all(row.get(name) is not None for name in names):
                estimate, low, high = (row[name] for name in names)
                forms += [interval(low, high), interval(low, high, estimate=estimate)]
    return _Printed(texts, numbers, forms)


def _leaves(node: Any, name: str = "") -> Iterator[tuple[str, str | float]]:
    """Every text and number of a nested content that somebody reads, with the name under which it stands."""
    if isinstance(node, Mapping):
        for key, child in node.items():
            if key not in _FOR_THE_PROGRAM:
                yield from _leaves(child, key)
    elif isinstance(node, list):
        for child in node:
            yield from _leaves(child, name)
    elif isinstance(node, str | int | float) and not isinstance(node, bool):
        yield name, node


def _unnumbered(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """Texts without the numbers that count pages, notes and things: a list of pages, references to notes, and the notes in their order."""
    note, items = 1, _items(pieces)
    for at, piece in enumerate(pieces):
        text = _ITEM.sub(lambda item, at=at: " " if (at, item.start()) in items else item.group(), piece.text)  # type: ignore[misc]
        for uncounted in (_NOTE, _PAGES_LISTED, _SCALE, _OF_THINGS):
            text = uncounted.sub(" ", text)
        if piece.kind == "sheet" and text.startswith(f"{note}\n"):
            text, note = text.partition("\n")[2], note + 1
        yield replace(piece, text=text)


def _items(pieces: Sequence[Piece]) -> set[tuple[int, int]]:
    """Where the items of a list begin: 1, 2 and so on in their order, two at least. Any other number on a line of its own is a number."""
    found, run = set[tuple[int, int]](), list[tuple[int, int]]()
    for at, piece in enumerate(pieces):
        for item in _ITEM.finditer(piece.text):
            number = int(item[1])
            run = [*run, (at, item.start())] if number == len(run) + 1 else [(at, item.start())] if number == 1 else []
            found |= set(run) if len(run) > 1 else set()
    return found


def _words(file: Path) -> Iterator[str]:
    """What a file of ours can put into a report: the texts of a module without its docstrings, a notebook's cells, a template.

    Sizes, positions and the names of cells never reach a reader. If they were allowed, so would be every small count.
    """
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".ipynb":
        yield from ("".join(cell["source"]) for cell in json.loads(text)["cells"])
    elif file.suffix == ".py":
        nodes = list(ast.walk(ast.parse(text)))
        never = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
        formats = [node.format_spec for node in nodes if isinstance(node, ast.FormattedValue) and node.format_spec]
        never |= {id(part) for each in formats for part in ast.walk(each)}
        words = (n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str) and id(n) not in never)
        yield from (text for text in words if not _NO_WORDS.search(text))
    else:
        yield re.sub(r"<[^<>]*>", " ", text)
