"""What can be read out of an artefact: visible and alternative text, cells, comments, properties, names. The gate on numbers reads this.

Unlike `extract`, which looks for names wherever bytes can hide them, this leaves out what only shapes the page (styles, coordinates,
identifiers of elements), because a number there says nothing that the picture's own numbers do not.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from standardsetting.disclosure.gate import Piece
from standardsetting.reporting.pdf_text import pdf_text
from standardsetting.reporting.readable_workbook import of_ods, of_xlsx

# Attributes of our pages that shape or join what is on them; every other is read, in whatever quotation marks it stands.
_SHAPING = {
    "aria-labelledby", "charset", "class", "clip-path", "d", "fill", "font-family", "height", "href", "id", "patternunits", "role", "scope",
    "style", "tabindex", "transform", "viewbox", "width", "x", "xlink:href", "xmlns", "xmlns:xlink", "y",
}  # fmt: skip
_LINKS = {"href", "xlink:href"}
# Marks within a line: what stands on either side of them is read in one go.
_INLINE = {
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i", "ins", "kbd", "label",
    "mark", "meter", "nobr", "output", "q", "ruby", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "time", "tspan", "tt",
    "u", "var", "wbr",
}  # fmt: skip
_SAID_IN_A_STYLE = re.compile(r"/\*.*?\*/|\"[^\"]*\"|'[^']*'", re.DOTALL)
_AFTER_AN_END = re.compile(r"</[A-Za-z][^\s<>]*\s+([^<>]+)>")
_PAGE = re.compile(r"\bpage\s+\d+\s+of\s+(\d+)", re.IGNORECASE)
# Names of the places in a tagged PDF and of the vocabularies in its metadata: nobody reads them, and they count nobody.
_PLACE = re.compile(r"^\d+(?:-\d+)+$|\bhttps?://\S+", re.MULTILINE)
_TABLE = "application/vnd.standardsetting.table+json"


def pieces(artefact: Path) -> Iterator[Piece]:
    """Every readable text of an artefact with the place where it stood."""
    kind, content = artefact.suffix.lower(), artefact.read_bytes()
    if kind == ".html":
        yield from _of_markup(artefact.name, content.decode("utf-8"), "page")
    elif kind == ".ipynb":
        yield from _of_notebook(artefact.name, json.loads(content))
    elif kind == ".xlsx":
        yield from of_xlsx(artefact.name, content)
    elif kind == ".ods":
        yield from of_ods(artefact.name, content)
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


class _Reader(HTMLParser):
    """Sorts a page into text, attributes and comments as a browser does."""

    def __init__(self) -> None:
        super().__init__()
        self.text, self.attributes, self.comments, self.in_style = list[str](), list[str](), list[str](), False
        self.handle_comment = self.handle_decl = self.handle_pi = self.unknown_decl = self.comments.append  # type: ignore[assignment]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.in_style = tag == "style"
        self.text += [] if tag in _INLINE else ["\n"]
        # A link to a place in the page only joins; any other address is read.
        self.attributes += [v for name, v in attrs if v and (name not in _SHAPING or (name in _LINKS and not v.startswith("#")))]

    def handle_endtag(self, tag: str) -> None:
        self.in_style = False
        self.text += [] if tag in _INLINE else ["\n"]

    def handle_data(self, data: str) -> None:
        if self.in_style:
            self.comments += _SAID_IN_A_STYLE.findall(data)
        else:
            self.text.append(data)


def _of_markup(name: str, markup: str, place: str) -> Iterator[Piece]:
    reader = _Reader()
    reader.feed(markup)
    unread = html.unescape(reader.rawdata)  # what comes after the last tag; a tag or a comment that never ends
    yield Piece(name, "comment", "\n".join(reader.comments))
    yield Piece(name, "alternative text", "\n".join([*reader.attributes, *_AFTER_AN_END.findall(markup)]))
    yield Piece(name, place, "".join([*reader.text, unread]))


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


def _strings(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from _strings(child)
    elif node is not None:
        yield str(node)
