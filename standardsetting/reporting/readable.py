"""What can be read out of an artefact: visible and alternative text, cells, comments, properties, names. The gate on numbers reads this.

Unlike `extract`, which looks for names wherever bytes can hide them, this leaves out what only shapes the page (styles, coordinates,
identifiers of elements), because a number there says nothing that the picture's own numbers do not.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

from standardsetting.disclosure.gate import Piece
from standardsetting.reporting.pdf_text import pdf_text

_STYLE = re.compile(r"<style\b.*?</style>|<defs\b.*?</defs>", re.DOTALL)
_COMMENT = re.compile(r"<!--(.*?)-->", re.DOTALL)
_SAID = re.compile(r"\b(?:alt|aria-label|title|content|summary|data-[\w-]+)=\"([^\"]*)\"")
_SPLIT = re.compile(r"</?(?:span|tspan|b|i|em|strong|small|sub|sup|a|wbr)\b[^<>]*>")
_TAG = re.compile(r"<[^<>]*>")
_PAGE = re.compile(r"\bpage\s+\d+\s+of\s+(\d+)", re.IGNORECASE)
# Names of the places in a tagged PDF and of the vocabularies in its metadata: nobody reads them, and they count nobody.
_PLACE = re.compile(r"^\d+(?:-\d+)+$|\bhttps?://\S+", re.MULTILINE)
_QUOTED = re.compile(r'"([^"]*)"')
_TABLE = "application/vnd.standardsetting.table+json"


def pieces(artefact: Path) -> Iterator[Piece]:
    """Every readable text of an artefact with the place where it stood."""
    kind, content = artefact.suffix.lower(), artefact.read_bytes()
    if kind == ".html":
        yield from _of_markup(artefact.name, content.decode("utf-8"), "page")
    elif kind == ".ipynb":
        yield from _of_notebook(artefact.name, json.loads(content))
    elif kind == ".xlsx":
        yield from _of_workbook(artefact.name, content)
    elif kind == ".pdf":
        yield Piece(artefact.name, "page", _unpaged(pdf_text(content)))
    else:
        yield Piece(artefact.name, "text", content.decode("utf-8", errors="replace"))


def _unpaged(text: str) -> str:
    """A PDF's text without its page numbers: those of the footers, and those at the ends of the lines of its contents list."""
    pages = max((int(number) for number in _PAGE.findall(text)), default=0)
    of_contents = (
        re.compile(rf"(?<=[^\W\d_])\s+(?:{'|'.join(str(page) for page in range(1, pages + 1))})\s*$", re.MULTILINE) if pages else _PAGE
    )
    return _PLACE.sub(" ", of_contents.sub(" ", _PAGE.sub(" ", text)))


def _of_markup(name: str, markup: str, place: str) -> Iterator[Piece]:
    markup = _STYLE.sub(" ", markup)
    for comment in _COMMENT.findall(markup):
        yield Piece(name, "comment", comment)
    markup = _COMMENT.sub(" ", markup)
    yield Piece(name, "alternative text", html.unescape("\n".join(_SAID.findall(markup))))
    yield Piece(name, place, html.unescape(_TAG.sub("\n", _SPLIT.sub("", markup))))


def _of_notebook(name: str, notebook: Any) -> Iterator[Piece]:
    for cell in notebook["cells"]:
        yield Piece(name, "cell", "".join(cell["source"]))
        for output in cell.get("outputs", ()):
            for kind, data in output.get("data", {}).items():
                if kind == _TABLE:
                    yield Piece(name, "table", "\n".join(_strings(data)))
                elif kind == "text/html":
                    yield from _of_markup(name, "".join(data), "output")
                else:
                    yield Piece(name, "output", "\n".join(_strings(data)))
            yield Piece(name, "output", "\n".join(_strings([output.get("text"), output.get("traceback")])))


def _of_workbook(name: str, content: bytes) -> Iterator[Piece]:
    """Every sheet, hidden or not, with comments, and the workbook's names and properties."""
    import openpyxl

    book = openpyxl.load_workbook(BytesIO(content))
    properties = book.properties
    yield Piece(
        name,
        "property",
        "\n".join(str(getattr(properties, part) or "") for part in ("title", "subject", "description", "keywords", "creator")),
    )
    yield Piece(name, "defined name", "\n".join(book.defined_names))
    for sheet in book.worksheets:
        kind = "sheet" if sheet.sheet_state == "visible" else "hidden sheet"
        yield Piece(name, kind, sheet.title)
        for row in sheet.iter_rows():
            yield Piece(name, kind, "\n".join(_read(cell) for cell in row if cell.value is not None))
            yield Piece(name, "comment", "\n".join(cell.comment.text for cell in row if cell.comment))


def _read(cell: Any) -> str:
    """A cell as it is read: a fraction under a percentage format is a share, with every digit it has; words of a format are read too."""
    number, pattern = isinstance(cell.value, int | float) and not isinstance(cell.value, bool), str(cell.number_format)
    words = _QUOTED.findall(pattern) if number else []
    share = number and pattern.endswith("%")
    return "\n".join([f"{(Decimal(str(cell.value)) * 100).normalize():f}%" if share else str(cell.value), *words])


def _strings(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from _strings(child)
    elif node is not None:
        yield str(node)
