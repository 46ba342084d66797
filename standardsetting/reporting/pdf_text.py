"""All the text of a PDF: what its pages show, and every string its objects hold (metadata, bookmarks, alternative texts).

Readers made for people join words that stand in neighbouring cells, and take seconds over charts. This one takes a PDF apart as WeasyPrint
writes it: every text object is a line of its own. Where a PDF is built in another way, the general reader (pypdf) is asked.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Mapping
from io import BytesIO

_STREAM = re.compile(rb"(\d+) 0 obj\s*<<((?:(?!endobj).)*?)>>\s*stream\r?\n(.*?)\s*endstream", re.DOTALL)
_OBJECT = re.compile(rb"(\d+) 0 obj\s(.*?)\bendobj", re.DOTALL)
_NAMED = re.compile(rb"/(\S+)\s+(\d+) 0 R")
_TO_UNICODE = re.compile(rb"/ToUnicode\s+(\d+) 0 R")
_PAIR = re.compile(rb"<([0-9a-fA-F]+)>\s*<([0-9a-fA-F]+)>")
_RANGE = re.compile(rb"<([0-9a-fA-F]+)>\s*<([0-9a-fA-F]+)>\s*<([0-9a-fA-F]+)>")
_BLOCK = re.compile(rb"begin(bfchar|bfrange)(.*?)endbf", re.DOTALL)
_TEXT = re.compile(rb"\bBT\b(.*?)\bET\b", re.DOTALL)
_SHOWN = re.compile(rb"/(\S+)\s+[-\d.]+\s+Tf|<([0-9a-fA-F\s]+)>|\((?:[^()\\]|\\.)*\)|\b(Tr|TJ)\b")
_STRING = re.compile(rb"\((?:[^()\\]|\\.)*\)|<[0-9A-Fa-f\s]{4,}>", re.DOTALL)
_ESCAPE = re.compile(rb"\\(\r?\n|[0-7]{1,3}|.)", re.DOTALL)
_ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def pdf_text(content: bytes) -> str:
    """Every text in a PDF, one line a text object or string."""
    streams = {int(number): (head, _inflated(body) if b"FlateDecode" in head else body) for number, head, body in _STREAM.findall(content)}
    bare = _STREAM.sub(b" ", content)
    objects = dict(_objects(bare, streams))
    packed = [body for head, body in streams.values() if b"/ObjStm" in head]
    hidden = [_string(match.group()) for part in (bare, *packed) for match in _STRING.finditer(part)]
    metadata = [body.decode("utf-8", errors="replace") for head, body in streams.values() if b"/Metadata" in head]
    shown = _shown(streams, objects)
    return "\n".join([*(shown if shown is not None else _as_read_by_pypdf(content)), *hidden, *metadata])


def _objects(bare: bytes, streams: Mapping[int, tuple[bytes, bytes]]) -> Iterator[tuple[int, bytes]]:
    for number, body in _OBJECT.findall(bare):
        yield int(number), body
    for head, body in streams.values():
        first = re.search(rb"/First\s+(\d+)", head)
        if b"/ObjStm" in head and first:
            start = int(first.group(1))
            places = [int(entry) for entry in body[:start].split()]
            ends = [*places[3::2], len(body) - start]
            for number, place, end in zip(places[::2], places[1::2], ends, strict=True):
                yield number, body[start + place : start + end]


def _shown(streams: Mapping[int, tuple[bytes, bytes]], objects: Mapping[int, bytes]) -> list[str] | None:
    """Lines of text as the pages show them; None where a font's letters are not known, or there is no text at all."""
    letters: dict[bytes, dict[bytes, str]] = {}
    fonts = {number: table.group(1) for number, body in objects.items() if (table := _TO_UNICODE.search(body))}
    for body in (*objects.values(), *(head for head, _ in streams.values())):
        for name, number in _NAMED.findall(body):
            if int(number) in fonts and name not in letters:
                letters[name] = _letters(streams[int(fonts[int(number)])][1])
    lines: list[str] = []
    for head, body in streams.values():
        if b"/ObjStm" in head or b"/Metadata" in head or b"BT" not in body or b" Tf" not in body:
            continue
        for text in _TEXT.findall(body):
            line = _line(text, letters)
            if line is None:
                return None
            lines.append(line)
    return lines or None


def _line(text: bytes, letters: Mapping[bytes, Mapping[bytes, str]]) -> str | None:
    """The letters of one text object, or None where its font is not known."""
    known: Mapping[bytes, str] | None = None
    line: list[str] = []
    last = b""
    for match in _SHOWN.finditer(text):
        if match.group(3):
            # The words of a chart are set letter by letter; a space is a letter that was prepared and not set.
            line += [" "] if last == match.group(3) == b"Tr" else []
            last = match.group(3)
        elif match.group(1):
            known = letters.get(match.group(1))
        elif match.group(2) and known is not None:
            glyphs = re.sub(rb"\s", b"", match.group(2)).lower()
            line += [known.get(glyphs[at : at + 4], "\ufffd") for at in range(0, len(glyphs), 4)]
        else:
            return None
    return "".join(line)


def _letters(table: bytes) -> dict[bytes, str]:
    """A font's table from glyph numbers to letters."""
    found: dict[bytes, str] = {}
    for kind, block in _BLOCK.findall(table):
        if kind == b"bfchar":
            found.update((glyph.lower(), _utf16(letter)) for glyph, letter in _PAIR.findall(block))
        else:
            for low, high, letter in _RANGE.findall(block):
                for step, glyph in enumerate(range(int(low, 16), int(high, 16) + 1)):
                    found[b"%04x" % glyph] = chr(int(letter, 16) + step)
    return found


def _utf16(digits: bytes) -> str:
    return bytes.fromhex(digits.decode()).decode("utf-16-be", errors="replace")


def _inflated(body: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(body)
    except zlib.error:
        return b""


def _string(raw: bytes) -> str:
    if raw.startswith(b"("):
        content = _ESCAPE.sub(_unescaped, raw[1:-1])
    else:
        digits = re.sub(rb"\s", b"", raw[1:-1])
        content = bytes.fromhex(digits.decode() + "0" * (len(digits) % 2))
    return content.decode("utf-16" if content.startswith(b"\xfe\xff") else "utf-8", errors="replace")


def _unescaped(match: re.Match[bytes]) -> bytes:
    code = match.group(1)
    if code[:1] in b"01234567":
        return bytes([int(code, 8) & 255])
    return _ESCAPES.get(code, b"" if b"\n" in code else code)


def _as_read_by_pypdf(content: bytes) -> list[str]:
    from pypdf import PdfReader

    return [page.extract_text() for page in PdfReader(BytesIO(content)).pages]
