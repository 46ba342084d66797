"""The workbook once more as an OpenDocument spreadsheet, for readers without Excel: the same sheets, cells, formats and marked tables.

It is translated from the finished workbook, so that the two cannot differ; the same workbook gives the same bytes. The parts are written as
OpenDocument 1.3 describes them: the type first and not packed, then cells, styles, properties and the list of parts.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Hashable, Iterator
from decimal import ROUND_HALF_UP, Decimal
from io import BytesIO
from typing import Any
from xml.etree import ElementTree

from standardsetting.errors import PublishingError

TYPE = "application/vnd.oasis.opendocument.spreadsheet"
_NAMES = {
    name: f"urn:oasis:names:tc:opendocument:xmlns:{urn}:1.0"
    for name, urn in {
        "office": "office", "table": "table", "text": "text", "style": "style", "number": "datastyle", "meta": "meta",
        "manifest": "manifest", "fo": "xsl-fo-compatible", "svg": "svg-compatible",
    }.items()
} | {"xlink": "http://www.w3.org/1999/xlink", "dc": "http://purl.org/dc/elements/1.1/"}  # fmt: skip
_VERSION = "1.3"
_TIME = (1980, 1, 1, 0, 0, 0)  # the earliest that an archive can say
_FONT, _POINTS = "Arial", "12pt"
_POINTS_A_WIDTH = 5.25  # a column's width in a workbook counts digits of 7 pixels, of which there are 96 in 72 points
_DEFAULT_WIDTH = 8.43
_TO_THE_SIDE = {"left": "start", "right": "end", "center": "center"}
_FIGURES = re.compile(r"(?P<grouped>#,##)?0(?:\.(?P<decimals>0+))?(?P<share>%)?")
_SENTENCE = re.compile(r'"([^"]*)"')
_PLAIN = "General"
_SPACES = re.compile("( {2,}|^ | $|\t)")


def to_open_document(workbook: bytes) -> bytes:
    """The OpenDocument spreadsheet that says what a workbook says.

    Not a general converter: it carries over what the workbooks of reports hold (texts, numbers and their formats, fonts, alignment, widths,
    links inside the workbook, marked tables, title and language) and nothing else.

    Parameters
    ----------
    workbook
        The content of an .xlsx file.

    Raises
    ------
    PublishingError
        A cell has a number format that reports do not use.

    Examples
    --------
    >>> from standardsetting.reporting.workbook import Sheet, to_workbook
    >>> book = to_workbook([Sheet("met", "Met", ("Who", "n"), ("text", "count"), (("all", 1250),))], title="T", about=["A"])
    >>> zipfile.ZipFile(BytesIO(to_open_document(book))).namelist()
    ['mimetype', 'content.xml', 'styles.xml', 'meta.xml', 'META-INF/manifest.xml']
    """
    import openpyxl

    book = openpyxl.load_workbook(BytesIO(workbook))
    parts = {"content.xml": _content(book), "styles.xml": _styles(book), "meta.xml": _meta(book)}
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("mimetype", _TIME), TYPE, zipfile.ZIP_STORED)
        for name, root in {**parts, "META-INF/manifest.xml": _manifest(list(parts))}.items():
            archive.writestr(zipfile.ZipInfo(name, _TIME), _written(root), zipfile.ZIP_DEFLATED)
    return stream.getvalue()


def _name(name: str) -> str:
    prefix, _, rest = name.partition(":")
    return f"{{{_NAMES[prefix]}}}{rest}"


def _node(parent: ElementTree.Element | None, tag: str, text: str = "", /, **attributes: str) -> ElementTree.Element:
    """An element; `table__style_name` stands for the attribute table:style-name."""
    named = {_name(name.replace("__", ":").replace("_", "-")): value for name, value in attributes.items()}
    node = ElementTree.Element(_name(tag), named) if parent is None else ElementTree.SubElement(parent, _name(tag), named)
    node.text = text or None
    return node


def _written(root: ElementTree.Element) -> bytes:
    for prefix, name in _NAMES.items():
        ElementTree.register_namespace(prefix, name)
    content: bytes = ElementTree.tostring(root, encoding="UTF-8", xml_declaration=True)
    return content


class _Styles:
    """The styles of one kind that the cells need, each written once and numbered in the order in which it is first needed."""

    def __init__(self, place: ElementTree.Element, kind: str) -> None:
        self.place, self.kind, self.names = place, kind, dict[Hashable, str]()

    def named(self, key: Hashable) -> tuple[str, bool]:
        """The name of a style, and whether it is new and has to be written."""
        new = key not in self.names
        return self.names.setdefault(key, f"{self.kind}_{len(self.names) + 1}"), new

    def add(self, name: str, **attributes: str) -> ElementTree.Element:
        return _node(self.place, "style:style", style__name=name, style__family=f"table-{self.kind}", **attributes)


def _content(book: Any) -> ElementTree.Element:
    root = _node(None, "office:document-content", office__version=_VERSION)
    _fonts(root)
    automatic = _node(root, "office:automatic-styles")
    sheet_by_sheet = _Sheets(automatic)
    spreadsheet = _node(_node(root, "office:body"), "office:spreadsheet")
    for sheet in book.worksheets:
        sheet_by_sheet.write(spreadsheet, sheet)
    ranges = _node(spreadsheet, "table:database-ranges")
    for sheet in book.worksheets:
        for table in sheet.tables.values():
            first, _, last = table.ref.partition(":")
            where = f"{_address(sheet.title, first)}:{_address(sheet.title, last)}"
            marked = _node(ranges, "table:database-range", table__name=table.displayName, table__target_range_address=where)
            marked.set(_name("table:contains-header"), "true")
    return root


class _Sheets:
    """Writes sheets, and the styles that their cells, and columns need."""

    def __init__(self, place: ElementTree.Element) -> None:
        self.cells, self.columns, self.formats = (_Styles(place, kind) for kind in ("cell", "column", "number"))

    def write(self, spreadsheet: ElementTree.Element, sheet: Any) -> None:
        page = _node(spreadsheet, "table:table", table__name=sheet.title)
        for width in _widths(sheet):
            _node(page, "table:table-column", table__style_name=self._wide(width * _POINTS_A_WIDTH))
        headings = {table.ref.partition(":")[0] for table in sheet.tables.values()}
        for cells in sheet.iter_rows():
            above = _node(page, "table:table-header-rows") if cells[0].coordinate in headings else page
            row = _node(above, "table:table-row")  # without a height, a reader makes it as high as its text needs
            filled = [place for place, cell in enumerate(cells) if cell.value is not None]
            for cell in cells[: max(filled, default=0) + 1]:
                self._cell(row, cell)

    def _wide(self, points: float) -> str:
        name, new = self.columns.named(points)
        if new:
            _node(self.columns.add(name), "style:table-column-properties", style__column_width=f"{points:.2f}pt")
        return name

    def _cell(self, row: ElementTree.Element, cell: Any) -> None:
        value, pattern = cell.value, str(cell.number_format)
        if value is None:
            _node(row, "table:table-cell")
            return
        style = {"table__style_name": self._styled(cell)}
        if isinstance(value, int | float):
            kind = "percentage" if pattern.endswith("%") else "float"
            node = _node(row, "table:table-cell", **style, office__value_type=kind, office__value=f"{Decimal(str(value)):f}")
            _node(node, "text:p", _shown(value, pattern))
        else:
            node = _node(row, "table:table-cell", **style, office__value_type="string")
            for line in str(value).split("\n"):
                _paragraph(node, line, link=cell.hyperlink.location if cell.hyperlink else None)

    def _styled(self, cell: Any) -> str:
        font, align = cell.font, cell.alignment
        letters = {"fo__font_size": f"{font.sz:g}pt", **({"fo__font_weight": "bold"} if font.b else {})}
        if font.u:
            letters |= {"style__text_underline_style": "solid", "style__text_underline_width": "auto"}
        if font.color is not None and font.color.type == "rgb":
            letters |= {"fo__color": f"#{font.color.rgb[-6:].lower()}"}
        box = {"style__vertical_align": "top"} if align.vertical == "top" else {}
        box |= {"fo__wrap_option": "wrap"} if align.wrap_text else {}
        box |= {"fo__border_bottom": "0.75pt solid #000000"} if cell.border.bottom.style else {}
        box |= {"style__text_align_source": "fix"} if align.horizontal in _TO_THE_SIDE else {}
        side = {"fo__text_align": _TO_THE_SIDE[align.horizontal]} if align.horizontal in _TO_THE_SIDE else {}
        pattern = self._format(str(cell.number_format)) if isinstance(cell.value, int | float) else ""
        name, new = self.cells.named((*letters.items(), *box.items(), *side.items(), pattern))
        if new:
            node = self.cells.add(name, style__parent_style_name="Default", **({"style__data_style_name": pattern} if pattern else {}))
            for kind, properties in (("table-cell", box), ("paragraph", side), ("text", letters)):
                if properties:
                    _node(node, f"style:{kind}-properties", **properties)
        return name

    def _format(self, pattern: str) -> str:
        """The name of the number style of a format; none for a number as it is."""
        if pattern == _PLAIN:
            return ""
        name, new = self.formats.named(pattern)
        if new and (words := _SENTENCE.fullmatch(pattern)):
            _node(_node(self.formats.place, "number:number-style", style__name=name), "number:text", words[1])
        elif new:
            figures = _figures(pattern)
            style = _node(self.formats.place, f"number:{'percentage' if figures['share'] else 'number'}-style", style__name=name)
            grouped = {"number__grouping": "true"} if figures["grouped"] else {}
            places = str(len(figures["decimals"] or ""))
            _node(style, "number:number", number__decimal_places=places, number__min_integer_digits="1", **grouped)
            if figures["share"]:
                _node(style, "number:text", "%")
        return name


def _figures(pattern: str) -> re.Match[str]:
    found = _FIGURES.fullmatch(pattern)
    if found is None:
        raise PublishingError("A table has a number format that reports do not use.", next_step="Mend the table function that made it.")
    return found


def _shown(value: float, pattern: str) -> str:
    """A number as a reader sees it.

    >>> _shown(1250, "#,##0"), _shown(0.125, "0%"), _shown(0.0004, '"under 1%"'), _shown(0.1, "General")
    ('1,250', '13%', 'under 1%', '0.1')
    """
    exact = Decimal(str(value))
    if pattern == _PLAIN:
        return f"{exact:f}"
    if words := _SENTENCE.fullmatch(pattern):
        return words[1]
    figures = _figures(pattern)
    places = len(figures["decimals"] or "")
    rounded = (exact * 100 if figures["share"] else exact).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    return f"{rounded:{',' if figures['grouped'] else ''}.{places}f}{figures['share'] or ''}"


def _paragraph(cell: ElementTree.Element, line: str, *, link: str | None) -> None:
    """A line of a text; spaces that a reader of markup would drop are spelt out."""
    node = _node(cell, "text:p")
    if link is not None:
        sheet, _, place = link.rpartition("!")
        node = _node(node, "text:a", xlink__type="simple", xlink__href=f"#{_address(sheet[1:-1], place)}")
    last: ElementTree.Element | None = None
    for piece in _SPACES.split(line):
        if piece and not piece.strip(" \t"):
            last = _node(node, "text:tab") if piece == "\t" else _node(node, "text:s", text__c=str(len(piece)))
        elif last is None:
            node.text = piece
        else:
            last.tail = piece


def _widths(sheet: Any) -> Iterator[float]:
    """The width of every column; a workbook tells it once for neighbours that are alike."""
    told = [(size.min, size.max, size.width) for size in sheet.column_dimensions.values()]
    for column in range(1, sheet.max_column + 1):
        yield next((width for first, last, width in told if first <= column <= last), _DEFAULT_WIDTH)


def _address(sheet: str, cell: str) -> str:
    plain = re.fullmatch(r"[^\W\d]\w*", sheet)
    return f"{sheet}.{cell}" if plain else "'" + sheet.replace("'", "''") + f"'.{cell}"


def _fonts(root: ElementTree.Element) -> None:
    faces = _node(root, "office:font-face-decls")
    _node(faces, "style:font-face", style__name=_FONT, svg__font_family=_FONT, style__font_family_generic="swiss")


def _styles(book: Any) -> ElementTree.Element:
    """What every cell starts from: language, font and size."""
    root = _node(None, "office:document-styles", office__version=_VERSION)
    _fonts(root)
    styles = _node(root, "office:styles")
    language, _, country = book.properties.language.partition("-")
    letters = {"style__font_name": _FONT, "fo__font_size": _POINTS, "fo__language": language, "fo__country": country}
    _node(_node(styles, "style:default-style", style__family="table-cell"), "style:text-properties", **letters)
    _node(styles, "style:style", style__name="Default", style__family="table-cell")
    return root


def _meta(book: Any) -> ElementTree.Element:
    root = _node(None, "office:document-meta", office__version=_VERSION)
    meta = _node(root, "office:meta")
    _node(meta, "dc:title", book.properties.title)
    _node(meta, "dc:language", book.properties.language)
    _node(meta, "meta:creation-date", f"{book.properties.created:%Y-%m-%dT%H:%M:%S}")
    return root


def _manifest(parts: list[str]) -> ElementTree.Element:
    root = _node(None, "manifest:manifest", manifest__version=_VERSION)
    for path, kind in (("/", TYPE), *((part, "text/xml") for part in parts)):
        _node(root, "manifest:file-entry", manifest__full_path=path, manifest__media_type=kind)
    return root
