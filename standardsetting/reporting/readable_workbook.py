"""What can be read out of a workbook, XLSX or OpenDocument: its cells as they are shown, and whatever else its parts hold.

The attributes with which our own workbooks are laid out are known by name and left out; every other text and attribute of every part is
read. So a place that nobody thought of (a chart, a cache, a property of one's own) is read as well.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from decimal import Decimal
from io import BytesIO
from typing import Any
from xml.etree import ElementTree

from standardsetting.disclosure.gate import Piece

# The attributes, by element, that hold numbers in our own workbooks and only lay them out.
_LAYOUT = (
    # a sheet of an .xlsx file
    "c.r c.s col.customWidth col.max col.min col.width dimension.ref hyperlink.ref pageMargins.bottom pageMargins.footer "
    "pageMargins.header pageMargins.left pageMargins.right pageMargins.top row.customHeight row.ht row.r row.spans "
    "sheetFormatPr.defaultRowHeight sheetView.showGridLines sheetView.tabSelected sheetView.workbookViewId tablePart.id tableParts.count "
    "table.id table.ref table.totalsRowShown tableColumn.id tableColumns.count tableStyleInfo.showColumnStripes "
    "tableStyleInfo.showFirstColumn tableStyleInfo.showLastColumn tableStyleInfo.showRowStripes "
    # its workbook, styles, properties and relations
    "alignment.wrapText borders.count calcPr.calcId calcPr.fullCalcOnLoad cellStyle.builtinId cellStyle.xfId cellStyleXfs.count "
    "cellStyles.count cellXfs.count color.auto color.rgb color.theme dxfs.count family.val fileVersion.lastEdited fileVersion.lowestEdited "
    "fileVersion.rupBuild fills.count fonts.count numFmt.numFmtId numFmts.count patternFill.patternType sheet.id sheet.sheetId sst.count "
    "sst.uniqueCount sz.val tableStyles.count tableStyles.defaultPivotStyle tableStyles.defaultTableStyle workbookPr.defaultThemeVersion "
    "workbookView.windowHeight workbookView.windowWidth workbookView.xWindow workbookView.yWindow xf.applyAlignment xf.applyBorder "
    "xf.applyFont xf.applyNumberFormat xf.borderId xf.fillId xf.fontId xf.numFmtId xf.xfId vector.size Relationship.Id Relationship.Type "
    "created.type modified.type "
    # an .ods file
    "document-content.version document-styles.version document-meta.version manifest.version table-cell.style-name table-cell.value "
    "table-column.style-name style.data-style-name number.decimal-places number.min-integer-digits table-column-properties.column-width "
    "text-properties.font-size text-properties.color table-cell-properties.border-bottom s.c"
)
_LAYS_OUT = frozenset(_LAYOUT.split())
# Attributes that name a place: of a link or a table in a sheet, and of another part of the file.
_OF_PLACES, _ADDRESS = {"location", "href", "target-range-address"}, re.compile(r"(?<=[!.])[A-Z]{1,3}\d+(?=:|\Z)")
_OF_PARTS = {"Target", "PartName"}
_PART = re.compile(r"[./]*(?:xl/)?(?:worksheets/)?(?:_rels/sheet|sheet|tables/table|theme/theme)\d+\.xml(?:\.rels)?")
_OUR_STYLE = re.compile(r"(?:cell|column|number)_\d+")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z?")
# What the library that writes .xlsx files says of itself in each of them.
_SAID_ALWAYS = {("AppVersion", "12.0000"), ("DocSecurity", "0")}
_KINDS = {"docProps/core.xml": "property", "docProps/custom.xml": "property", "docProps/app.xml": "application", "meta.xml": "property"}
# A theme is the same in every workbook and made of measures; only its names are read.
_NAMES_OF_A_THEME = {"name", "typeface"}
_PARAGRAPHS = {"p", "h", "si", "text"}
_QUOTED, _PATTERN = re.compile(r'"([^"]*)"'), re.compile(r"(?:[#0?,.%]|General)*")


def of_xlsx(name: str, content: bytes) -> Iterator[Piece]:
    """Every sheet, hidden or not, with comments, and what else there is: names, properties, strings that no cell shows, any other part."""
    import openpyxl

    book, strings = openpyxl.load_workbook(BytesIO(content)), set[str]()
    for sheet in book.worksheets:
        kind = "sheet" if sheet.sheet_state == "visible" else "hidden sheet"
        yield Piece(name, kind, sheet.title)
        for row in sheet.iter_rows():
            strings.update(cell.value for cell in row if isinstance(cell.value, str))
            yield Piece(name, kind, "\n".join(as_read(cell.value, str(cell.number_format)) for cell in row if cell.value is not None))
            yield Piece(name, "comment", "\n".join(f"{cell.comment.text}\n{cell.comment.author}" for cell in row if cell.comment))
    for part, root in _parts(name, content):
        if isinstance(root, Piece):
            yield root
            continue
        texts = _not_cells(part, root, sheets=len(book.sheetnames))
        hidden = [text for text in texts if part != "xl/sharedStrings.xml" or text not in strings]
        yield Piece(name, _KINDS.get(part, "elsewhere"), "\n".join(hidden))
        yield Piece(name, "defined name", "\n".join(text for node in _all(root, "definedName") for text in _said(node)))


def as_read(value: Any, pattern: str) -> str:
    """A cell as it is read: a fraction under a percentage format is a share, with every digit it has; words of a format are read too."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return "\n".join([_number(Decimal(str(value)), share=pattern.endswith("%")), *_words(pattern)])


def _number(exact: Decimal, *, share: bool) -> str:
    return f"{(exact * 100).normalize():f}%" if share else str(exact)


def _words(pattern: str) -> Iterator[str]:
    """What a number format adds to a number: words in quotation marks, and whatever else is no pattern of digits."""
    yield from _QUOTED.findall(pattern)
    if not _PATTERN.fullmatch(rest := _QUOTED.sub("", pattern)):
        yield rest


def _not_cells(part: str, root: ElementTree.Element, *, sheets: int) -> list[str]:
    """What a part says beside the cells that a sheet shows. A formula's text and the result that was stored with it are read."""
    if part.startswith("xl/theme/"):
        return [value for node in root.iter() for key, value in node.attrib.items() if key in _NAMES_OF_A_THEME]
    for cell in _all(root, "c"):
        if not any(_local(child.tag) == "f" for child in cell):
            for child in [child for child in cell if _local(child.tag) in ("v", "is")]:
                cell.remove(child)
    for pairs in _all(root, "HeadingPairs"):  # how many sheets there are
        for number in _all(pairs, "i4"):
            number.text = None if number.text == str(sheets) else number.text
    return list(_said(root))


def of_ods(name: str, content: bytes) -> Iterator[Piece]:
    """Every sheet row by row, with comments, and what else there is: properties, names of styles, any other part."""
    for part, root in _parts(name, content):
        if isinstance(root, Piece):
            yield root
            continue
        for sheet in _all(root, "table"):
            yield Piece(name, "sheet", "\n".join(sheet.attrib.values()))
            for row in _all(sheet, "table-row"):
                yield Piece(name, "comment", "\n".join(text for note in _all(row, "annotation") for text in _said(note)))
                yield Piece(name, "sheet", "\n".join([*row.attrib.values(), *(text for cell in row for text in _cell(cell))]))
                row.clear()
        yield Piece(name, _KINDS.get(part, "elsewhere"), "\n".join(_said(root)))


def _cell(cell: ElementTree.Element) -> Iterator[str]:
    """A cell of an OpenDocument sheet: its number as `as_read`, its text where that is another, and all else that it holds."""
    kind, value = (next((v for k, v in cell.attrib.items() if _local(k) == key), "") for key in ("value-type", "value"))
    number = _number(Decimal(value), share=kind == "percentage") if re.fullmatch(r"-?\d+(?:\.\d+)?", value) else value
    yield from filter(None, (number, *(text for text in _said(cell) if text not in (number, kind))))


def _parts(name: str, content: bytes) -> Iterator[tuple[str, ElementTree.Element | Piece]]:
    """Every part of a file, read as markup; where it is none, as it stands. Names and comments of parts come before them."""
    with zipfile.ZipFile(BytesIO(content)) as archive:
        notes = [part.comment for part in archive.infolist()]
        names = [part for part in archive.namelist() if not _PART.fullmatch(part)]
        yield "", Piece(name, "elsewhere", "\n".join([*names, *(note.decode("utf-8", "replace") for note in [archive.comment, *notes])]))
        for part in archive.namelist():
            parser = ElementTree.XMLParser(target=ElementTree.TreeBuilder(insert_comments=True, insert_pis=True))
            body = archive.read(part)
            try:
                yield part, ElementTree.fromstring(body, parser)
            except ElementTree.ParseError:
                yield part, Piece(name, "elsewhere", body.decode("utf-8", errors="replace"))


def _said(node: ElementTree.Element, *, inside: bool = False) -> Iterator[str]:
    """Every text and attribute of an element and what is in it; a paragraph's text in one piece, however it is formatted."""
    tag = _local(node.tag)
    for name, value in node.attrib.items():
        yield from _attribute(tag, _local(name), value)
    paragraph = tag in _PARAGRAPHS and not inside
    text = "".join(_letters(node)) if paragraph else node.text or ""
    if text.strip() and not inside and (tag, text) not in _SAID_ALWAYS and not _MOMENT.fullmatch(text):
        yield text
    for child in node:
        yield from _said(child, inside=inside or paragraph)
        if child.tail and child.tail.strip() and not (inside or paragraph):
            yield child.tail


def _attribute(tag: str, name: str, value: str) -> Iterator[str]:
    if f"{tag}.{name}" in _LAYS_OUT or (name in _OF_PARTS and _PART.fullmatch(value)):
        return
    if name in _OF_PLACES:
        yield ":".join(_ADDRESS.sub("", place) for place in value.split(":"))
    elif name == "formatCode":
        yield from _words(value)
    elif tag.endswith("style") and name == "name":
        yield "" if _OUR_STYLE.fullmatch(value) else value.replace("_", " ")
    else:
        yield value


def _letters(node: ElementTree.Element) -> Iterator[str]:
    """The text of a paragraph; spaces, tabs and new lines that are spelt out as elements stand as such."""
    yield " " if _local(node.tag) in ("s", "tab", "line-break") else node.text or ""
    for child in node:
        yield from _letters(child)
        yield child.tail or ""


def _all(root: ElementTree.Element, tag: str) -> list[ElementTree.Element]:
    return [node for node in root.iter() if _local(node.tag) == tag]


def _local(tag: Any) -> str:
    """A name without its namespace; of a comment or an instruction, which have none, nothing."""
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""
