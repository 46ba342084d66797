"""All the text that an artefact holds, wherever it hides: the scan for identities reads what this returns.

Markup is not parsed but stripped, so that comments, attributes and broken places are read too. Names of tags and attributes, and attributes
that can hold nothing but coordinates, are left out.
"""

from __future__ import annotations

import base64
import binascii
import html
import json
import re
import zipfile
import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

from standardsetting.reporting.pdf_text import pdf_text

_COORDINATES = re.compile(
    r"\s(?:d|points|transform|viewBox|[xy][12]?|c[xy]|r[xy]?|width|height|offset)="
    r"\"(?:[-+\d.,\s%()]+|[MLHVCSQTAZmlhvcsqtaze](?![A-Za-z])|translate|scale|rotate|matrix|pt|px)*\""
)
# Addresses of cells: A10 is a place in every sheet, and may be somebody's number. The name of the sheet before it is read.
_CELLS = re.compile(
    r"(?<=\s)(?:r|ref|sqref|spans|activeCell|topLeftCell)=\"(?:[A-Z]{0,3}\d+[: ]?)+\"|(?<=!)\$?[A-Z]{1,3}\$?\d+(?=\")"
)
_PLACES, _IN_A_SHEET = re.compile(r"\s(?:table:target-range-address|xlink:href)=\"[^\"]*\""), re.compile(r"(?<=\.)[A-Z]{1,3}\d+(?=[:\"])")
# The fonts that a workbook's theme names for scripts ("Arab", "Thai") are the same in every workbook.
_SCRIPTS = re.compile(r'<a:font script="\w+" typeface="[^"]*"/>')
# A run of letters may be split by formatting: these tags are taken out without leaving a gap.
_INLINE = re.compile(r"</?(?:text:)?(?:b|i|u|em|strong|small|sub|sup|span|tspan|wbr|mark|a|t|r|rPh)(?:\s[^<>]*)?>")
_TAG_NAME = re.compile(r"</?[A-Za-z][\w:.-]*|[\w:.-]+(?=\s*=\s*[\"'])")
# Fonts are named in styles: elsewhere "font: Vera" is a text like any other.
_STYLES = re.compile(r"<style\b[^<>]*>.*?</style>|\sstyle\s*=\s*(?:\"[^\"]*\"|'[^']*')", re.DOTALL | re.IGNORECASE)
_FONTS = re.compile(r"font(?:-family)?\s*:[^;\"}]*", re.IGNORECASE)
_COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}\b")
_EMBEDDED = re.compile(r"data:([\w.+/-]*)[\w.+/=;-]*;base64,([A-Za-z0-9+/=\s]+)")


def text_of(path: Path) -> str:
    """Every text in a file: its words and what a reader would not see."""
    return from_bytes(path.read_bytes(), path.suffix.lower())


def from_bytes(content: bytes, kind: str) -> str:
    """Every text in a file's content; `kind` is the file name's ending."""
    if kind in (".html", ".htm", ".svg", ".xml", ".rels"):
        return _from_markup(content.decode("utf-8", errors="replace"))
    if kind in (".ipynb", ".json", ".jsonl"):
        return _from_json(content.decode("utf-8", errors="replace"))
    if kind in (".xlsx", ".ods"):
        return _from_workbook(content)
    if kind == ".pdf":
        return pdf_text(content)
    if kind == ".png":
        return _from_png(content)
    return content.decode("utf-8", errors="replace")


def _from_markup(markup: str) -> str:
    inside = [_from_embedded(kind, encoded) for kind, encoded in _EMBEDDED.findall(markup)]
    text = _EMBEDDED.sub(" ", markup) if inside else markup
    text = _COORDINATES.sub(" ", text)
    text = _COLOUR.sub(" ", _STYLES.sub(lambda style: _FONTS.sub(" ", style.group()), text))
    # With formatting taken out words are whole again; with a gap in its place, the attributes of those tags are still read.
    attributes = " ".join(tag for tag in _INLINE.findall(text) if "=" in tag)
    text = _INLINE.sub("", text) + " " + attributes
    return " ".join([html.unescape(_TAG_NAME.sub(" ", text)), *inside])


def _from_embedded(kind: str, encoded: str) -> str:
    try:
        content = base64.b64decode(encoded)
    except (binascii.Error, ValueError):
        return ""
    return from_bytes(content, ".svg" if "svg" in kind or "html" in kind else "." + kind.rpartition("/")[2])


def _from_json(text: str) -> str:
    try:
        lines = [json.loads(text)]
    except json.JSONDecodeError:
        return text
    return "\n".join(_strings(lines))


def _strings(node: Any, key: str = "") -> Iterator[str]:
    if isinstance(node, str):
        if key == "image/png":
            yield _from_embedded(key, node)
        else:
            yield _from_markup(node) if "<" in node and ">" in node else node
    elif isinstance(node, dict):
        for name, child in node.items():
            yield str(name)
            yield from _strings(child, str(name))
    elif isinstance(node, list):
        if node and all(isinstance(child, str) for child in node) and key in ("source", "text", "text/html", "image/svg+xml", "image/png"):
            yield from _strings("".join(node), key)
        else:
            for child in node:
                yield from _strings(child)
    elif node is not None and not isinstance(node, bool):
        yield repr(node)


def _from_workbook(content: bytes) -> str:
    with zipfile.ZipFile(BytesIO(content)) as parts:
        texts = [f"{part.filename} {_from_part(parts.read(part), Path(part.filename).suffix.lower())}" for part in parts.infolist()]
        notes = [parts.comment, *(part.comment for part in parts.infolist())]
        return "\n".join([*(note.decode("utf-8", errors="replace") for note in notes), *texts])


def _from_part(content: bytes, kind: str) -> str:
    """A part of a workbook: markup without cell addresses and script fonts, or an image, or whatever else was put there."""
    if kind in (".xml", ".rels", ".vml", ""):
        text = _SCRIPTS.sub(" ", _CELLS.sub(" ", content.decode("utf-8", errors="replace")))
        return _from_markup(_PLACES.sub(lambda place: _IN_A_SHEET.sub("", place.group()), text))
    return from_bytes(content, kind)


def _from_png(content: bytes) -> str:
    """The text chunks of an image: title, author, software, comments."""
    texts, place = [], 8
    while place + 8 <= len(content):
        size, kind = int.from_bytes(content[place : place + 4]), content[place + 4 : place + 8]
        chunk = content[place + 8 : place + 8 + size]
        if kind == b"tEXt":
            texts.append(chunk.replace(b"\0", b" ").decode("latin-1"))
        elif kind == b"zTXt":
            name, _, rest = chunk.partition(b"\0")
            texts.append(name.decode("latin-1") + " " + _inflated(rest[1:]).decode("latin-1"))
        elif kind == b"iTXt":
            texts.append(_international(chunk))
        elif kind == b"eXIf":
            texts.append(chunk.decode("latin-1"))
        place += size + 12
    return "\n".join(texts)


def _inflated(body: bytes) -> bytes:
    try:
        return zlib.decompress(body)
    except zlib.error:
        return b""


def _international(chunk: bytes) -> str:
    name, _, rest = chunk.partition(b"\0")
    language, _, rest_of = rest[2:].partition(b"\0")
    translated, _, text = rest_of.partition(b"\0")
    words = _inflated(text) if rest[:1] == b"\1" else text
    return b" ".join([name, language, translated, words]).decode("utf-8", errors="replace")
