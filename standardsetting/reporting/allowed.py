"""The numbers that a report about groups may print: those of its release, and those in words of ours that hold no data."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from standardsetting.disclosure.gate import Allowed, Piece, interval, refuse
from standardsetting.disclosure.release import DEFINITION, HEADER
from standardsetting.disclosure.sentences import TAKEN, Composed, Sentences
from standardsetting.reporting.composed import composed_in
from standardsetting.reporting.pdf_text import pdf_text
from standardsetting.reporting.readable import _PLACE, pieces
from standardsetting.sealed import SEAL
from standardsetting.shipped import shipped

_ENGRAVED = (
    "prose/cohort.py",
    "prose/findings.py",
    "tables/cohort.py",
    "figures/cohort.py",
    "prose/positive_action.py",
    "tables/positive_action.py",
    "figures/positive_action.py",
    "tables/table.py",
    "reporting/render.py",
    "reporting/workbook.py",
    "reporting/template/index.html.j2",
    "reporting/template/screen.css",
    "reporting/template/print.css",
)
# The numbers along axes: they measure, and count nobody. A whole number among them is a multiple of five, as protected counts are: a
# small true count must never be taken for a place on an axis.
_ALONG_AXES: tuple[str | float, ...] = (*range(0, 101, 5), *(f"{n / 20:.2f}" for n in range(101) if n % 20))
# Whole numbers on an axis of ratios stand with their decimals, as no count does.
_WITH_DECIMALS = [f"{n}.{noughts}" for n in range(6) for noughts in ("0", "00")]
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
# A text of a program that nobody reads: a pattern, a key, the name of a file or of an encoding.
_NO_WORDS = re.compile(r"\\|\[\^?[\w]-|^\S*$")
_NUMBER_ALONE = re.compile(r"[-+]?\d[\d,]*(?:\.\d+)?")
# Columns of whole texts: no name, and no words of theirs pass in another sentence.
_SAID = ("sentence", "content", "shown")
# The last line at the foot of a PDF's page.
_PAGE = re.compile(r"page \d+ of \d+")
# Hashes of the imprint and the name of a run, even where they are all digits; what the program that makes the PDF says of itself.
_IDENTIFIER = re.compile(r"\b(?:definition|rule) [0-9a-f]{8}\b|(?<=[a-z])-[0-9a-f]{12}\b|\bWeasyPrint [\d.]+\b|\bpdfuaid:part=\"1\"")
# What stands in brackets refers to a note; the pages of a PDF's contents stand above their title.
# An interval as a cell has it: no name.
_BETWEEN = re.compile(r"[-\d.,%]+ to [-\d.,%]+")
_NOTE, _PAGES_LISTED = re.compile(r"\[note \d+\]"), re.compile(r"(?:^\d+\n)+(?=Contents$)", re.MULTILINE)


def gate_of(folder: Path) -> Callable[[Sequence[Path]], None]:
    """Every number in a finished artefact has to stand in the release of a folder, or in words that hold no data."""
    allowed = of_release(folder)

    def gate(artefacts: Sequence[Path]) -> None:
        refuse((piece for artefact in artefacts for piece in _unnumbered(list(_read(artefact)))), allowed=allowed)

    return gate


def of_release(folder: Path) -> Allowed:
    """The numbers that a report on the release of a folder may print, and the sentences in which it may print them."""
    found, in_sentences = _Printed(), list[str | float]()
    for file in sorted(folder.glob("*.json")):
        content = json.loads(file.read_text(encoding="utf-8"))
        if file.name == DEFINITION:
            found.texts += [text for _, text in _leaves(content) if isinstance(text, str) and not _NUMBER_ALONE.fullmatch(text)]
            found.name([content["process"]["title"]])
        elif file.name == HEADER:
            labels = content["header"]["labels"]
            found.name([*labels["notes"], *labels["levels"].values(), *labels["stages"].values()])
            found.pairs += [f"1. {only}" for only in content["header"]["sequence"] if len(content["header"]["sequence"]) == 1]
            for name, leaf in _leaves(content):
                if name in _NUMBERED:
                    found.forms += [f"{word} {leaf}" for word in _NUMBERED[name]]
                if name in _NUMBERED or name == "attacked":
                    in_sentences.append(leaf)
                elif isinstance(leaf, str) and _NUMBER_ALONE.fullmatch(leaf):  # the edition of a code list
                    found.numbers.append(leaf)
                elif isinstance(leaf, str):
                    found.texts.append(leaf)
        elif file.name != SEAL:
            found.table(content["columns"], content["data"])
    fixed, composed = _our_own()
    texts = list(dict.fromkeys([*found.texts, *fixed]))
    told = Allowed.of(numbers=[*found.numbers, *in_sentences]).numbers
    return Allowed(
        numbers=told | {abs(number) for number in told},  # a sentence says "fewer" or "against" instead of the minus
        forms=Allowed.of(texts, forms=[*found.forms, *_WITH_DECIMALS]).forms,
        sentences=Sentences.of(texts, names=found.names, pairs=found.pairs, composed=composed),
        alone=Allowed.of(numbers=[*found.numbers, *_ALONG_AXES]).numbers,
    )


@lru_cache(maxsize=1)
def _our_own() -> tuple[tuple[str, ...], tuple[Composed, ...]]:
    """The fixed texts of the reports, and the sentences that they compose."""
    package = Path(__file__).parents[1]
    modules, notebooks = [package / name for name in _ENGRAVED], sorted(shipped("notebooks").glob("*.ipynb"))
    texts = tuple(words for file in (*modules, *notebooks) for words in _words(file))
    return texts, tuple(one for file in modules if file.suffix == ".py" for one in composed_in(file.read_text(encoding="utf-8")))


@dataclass
class _Printed:
    """What a release prints: texts, names within them, a name beside its number, numbers alone in a cell, shares and intervals."""

    texts: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    pairs: list[str] = field(default_factory=list)
    numbers: list[str | float] = field(default_factory=list)
    forms: list[str] = field(default_factory=list)

    def name(self, names: Iterable[str]) -> None:
        """Names of groups, stages and the like, as they stand, and as pictures and sentences shorten them."""
        for name in names:
            short = [name, re.sub(r" \([^)]*\)", "", name), name.split(" (")[0], name.partition(": ")[2]]
            short.append(name.removesuffix(" or not declared"))
            self.names += [*short, *(each[:36].rpartition(" ")[0] for each in short if len(each) > 36)]

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """What the rows of a section print."""
        shares = {names[0] for names in _SHARES if set(names) <= set(columns)}
        bound = {*shares, *(name for names in (*_INTERVALS, _UNPRINTED) if set(names) <= set(columns) for name in names)}
        for row in (dict(zip(columns, cells, strict=True)) for cells in rows):
            for name, cell in row.items():
                if isinstance(cell, str) and _NUMBER_ALONE.fullmatch(cell):
                    self.numbers.append(cell)
                elif isinstance(cell, str):
                    self.texts.append(cell)
                    self.forms += [f"{weeks} weeks" for weeks in re.findall(r"^weeks_(\d+)$", cell)]
                    if _BETWEEN.fullmatch(cell):
                        self.forms.append(cell)
                    elif name not in _SAID:
                        self.name([cell])
                elif cell is not None and name not in bound:
                    self.numbers.append(cell)
                elif cell is not None and name in shares:
                    self.forms.append(f"{cell:g}%")
            for names in _INTERVALS:
                if all(row.get(name) is not None for name in names):
                    estimate, low, high = (row[name] for name in names)
                    self.forms += [interval(low, high), interval(low, high, estimate=estimate)]
            self._pair(row)

    def _pair(self, row: Mapping[str, Any]) -> None:
        """A line of a picture told in words: the name, and the number of its own row."""
        for name in (row.get("step"), row.get("group")):
            told = [row.get("shown"), f"{row['ratio']:.2f}" if row.get("ratio") is not None else None]
            self.pairs += [f"{name} {number}" for number in told if name and number]


def _read(artefact: Path) -> Iterator[Piece]:
    """The texts of an artefact; of a PDF's pages, without their heads and feet, over which a sentence runs on."""
    if artefact.suffix.lower() != ".pdf":
        yield from pieces(artefact)
        return
    lines = pdf_text(artefact.read_bytes()).split("\n")
    feet = [at for at, line in enumerate(lines) if _PAGE.fullmatch(line.strip())]
    # Head and foot are the same lines on every page, above the number of the page.
    same = 0
    while len(feet) > 1 and feet[0] > same and len({lines[foot - same - 1] for foot in feet}) == 1:
        same += 1
    around = {at for foot in feet for at in range(foot - same, foot + 1)}
    yield Piece(artefact.name, "page", _PLACE.sub(" ", "\n".join(line for at, line in enumerate(lines) if at not in around)))


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
        for uncounted in (_IDENTIFIER, _NOTE, _PAGES_LISTED, _SCALE, _OF_THINGS):
            text = uncounted.sub(lambda found: TAKEN * len(found.group()), text)
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
    elif file.suffix == ".css":
        yield from re.findall(r"/\*.*?\*/", text, re.DOTALL)
    else:
        yield from re.split(r"<[^<>]*>", re.sub(r"</?code>", "", text))
        yield from re.findall(r'\bcontent="([^"]*)"', text)
