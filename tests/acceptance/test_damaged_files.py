"""Files that are damaged, misplaced or of another kind than they say: each gives its finding or the right answer, without a cell's text."""

from __future__ import annotations

import codecs
import datetime as dt
import gzip
import io
import zipfile
from collections.abc import Callable
from decimal import Decimal
from functools import partial

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

RIGHT = ""


# Each is a `Case` of tests/conftest.py: name, how to break it, kind of finding, table, row.
CASES: list[tuple] = []


# ---- the bytes of a CSV file -----------------------------------------------------------------------------------------------


def rewrite(process, *, table: str, how: Callable[[bytes], bytes], form: str = "csv") -> None:
    process.write(**{table: form})
    path = process.file(table, form)
    path.write_bytes(how(path.read_bytes()))


def on_line(number: int, how: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    def apply(data: bytes) -> bytes:
        lines = data.split(b"\n")
        lines[number] = how(lines[number])
        return b"\n".join(lines)

    return apply


def recoded(encoding: str, *, mark: bytes = b"") -> Callable[[bytes], bytes]:
    return lambda data: mark + data.decode().encode(encoding)


BYTES = [
    ("empty", lambda data: b"", "empty file"), ("only line ends", lambda data: b"\n\r\n\n", "empty file"),
    ("header without line end", lambda data: data.split(b"\n")[0], "no rows"),
    ("NUL in a cell", on_line(1, lambda line: line.replace(b",", b"\0,", 1)), "NUL byte"),
    ("NUL in the header", on_line(0, lambda line: b"\0" + line), "NUL byte"),
    ("nothing but NUL", lambda data: b"\0" * 500, "NUL byte"),
    ("cell too many", on_line(1, lambda line: line + b",Quillfeather"), "wrong number of cells"),
    ("cell too few", on_line(1, lambda line: line.rsplit(b",", 1)[0]), "wrong number of cells"),
    ("cut off inside the last row", lambda data: data.rstrip().rsplit(b",", 2)[0], "wrong number of cells"),
    ("every row too long", lambda data: data.replace(b"\n", b",\n").replace(b",\n", b"\n", 1), "wrong number of cells"),
    ("quote opened and never closed", on_line(1, lambda line: b'"' + line), "quotation mark not closed"),
    ("title above the header", lambda data: b"Export of Zebediah Quillfeather\n\n" + data, "title rows above the header"),
    ("title with commas above", lambda data: b"Quillfeather,12,13\n" + data, "title rows above the header"),
    ("a workbook named csv", lambda data: b"PK\x03\x04" + data, "content does not fit the extension"),
    ("a Parquet file named csv", lambda data: b"PAR1" + data, "content does not fit the extension"),
    ("an old Office file named csv", lambda data: b"\xd0\xcf\x11\xe0" + data, "content does not fit the extension"),
    ("a byte no alphabet has", on_line(1, lambda line: line[:3] + b"\x81\xff" + line[3:]), "not readable as text"),
    ("UTF-16 without its mark", recoded("utf-16-le"), "NUL byte"),
    ("UTF-16 cut in two", lambda data: recoded("utf-16")(data)[:-1], "not readable as text"),
    ("UTF-8 with its mark", recoded("utf-8", mark=codecs.BOM_UTF8), RIGHT), ("UTF-16 with its mark", recoded("utf-16"), RIGHT),
    ("big-endian UTF-16", recoded("utf-16-be", mark=codecs.BOM_UTF16_BE), RIGHT),
    ("semicolons", lambda data: data.replace(b",", b";"), RIGHT), ("tabs", lambda data: data.replace(b",", b"\t"), RIGHT),
    ("spreadsheet's delimiter line", lambda data: b"sep=;\r\n" + data.replace(b",", b";"), RIGHT),
    ("Windows line ends", lambda data: data.replace(b"\n", b"\r\n"), RIGHT),
    ("old Mac line ends", lambda data: data.replace(b"\n", b"\r"), RIGHT),
    ("blank lines at the end", lambda data: data + b"\n\n\n", "blank row"),
    ("blank row of commas", lambda data: data + b"," * data.split(b"\n")[0].count(b",") + b"\n", "blank row"),
    ("every cell quoted", lambda data: b"\n".join(b'"' + x.replace(b",", b'","') + b'"' for x in data.rstrip().split(b"\n")), RIGHT),
    ("a page of HTML", lambda data: b"<html><table><tr><td>Quillfeather</td></tr></table></html>", "column missing"),
    ("JSON", lambda data: b'[{"candidate_id": "QXCAND001"}]\n', "column missing"),
]  # fmt: skip
for table in ("ratings", "exceptions"):
    for name, how, kind in BYTES:
        CASES.append((f"{table} csv {name}", partial(rewrite, table=table, how=how), kind, table))


def compress(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)


def swallow(data: bytes) -> bytes:
    """An opening quote in the last cell of one row, and one in the last cell of a row further down."""
    lines = data.split(b"\n")
    for number in (2, 6):
        head, tail = lines[number].rsplit(b",", 1)
        lines[number] = head + b',"' + tail if number == 2 else head + b"," + tail + b'"'
    return b"\n".join(lines)


CASES.append(("ratings csv compressed", partial(rewrite, table="ratings", how=compress), "{any}"))
break_it = partial(rewrite, table="ratings", how=swallow)
CASES.append(("ratings csv rows swallowed by a quote", break_it, "quotation mark not closed", "ratings", 3))
break_it = partial(rewrite, table="candidates", how=lambda data: data.replace(b"Zeb", b"Z\xe9b", 1))
CASES.append(("candidates csv Windows text", break_it, "read as Windows text", "candidates"))


# ---- the bytes and sheets of a workbook ------------------------------------------------------------------------------------


def in_workbook(process, *, table: str, how: Callable[[openpyxl.Workbook], None]) -> None:
    process.write(**{table: "xlsx"})
    path = process.file(table, "xlsx")
    book = openpyxl.load_workbook(path)
    how(book)
    book.save(path)


def archive(**parts: bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as package:
        for name, data in parts.items():
            package.writestr(name, data)
    return content.getvalue()


def overwrite_sheet(data: bytes) -> bytes:
    start = data.index(b"xl/worksheets/sheet1.xml") + 60
    return data[:start] + b"\xff" * 200 + data[start + 200 :]


WORKBOOK_BYTES = [
    ("empty", lambda data: b"", "empty file"), ("text", lambda data: b"candidate_id,value\nQXCAND001,courage\n",
    "content does not fit the extension"),
    ("cut to a half", lambda data: data[: len(data) // 2], "damaged workbook"),
    ("last bytes lost", lambda data: data[:-30], "damaged workbook"),
    ("first kilobyte", lambda data: data[:1000], "damaged workbook"),
    ("zip mark and rubbish", lambda data: b"PK\x03\x04" + b"q" * 900, "damaged workbook"),
    ("bytes of the sheet overwritten", overwrite_sheet, "damaged workbook"),
    ("a zip of something else", lambda data: archive(readme=b"Quillfeather"), "damaged workbook"),
    ("an old workbook", lambda data: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(900), "old Excel format"),
    ("a password", lambda data: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(90) + "EncryptedPackage".encode("utf-16-le"),
    "password-protected workbook"),
    ("a picture", lambda data: b"\x89PNG\r\n\x1a\n" + bytes(300), "content does not fit the extension"),
]  # fmt: skip


def blank_out(book) -> None:
    for row in book.active.iter_rows():
        for cell in row:
            cell.value = None


WORKBOOKS = [
    ("a second sheet with cells", lambda book: book.create_sheet("Quillfeather").append(["Quillfeather"]), "several sheets"),
    ("a second sheet, blank", lambda book: book.create_sheet("Notes"), RIGHT),
    ("a hidden second sheet", lambda book: (book.create_sheet("Lists").append(["a"]), setattr(book["Lists"], "sheet_state",
    "hidden")), RIGHT),
    ("no cells", blank_out, "empty sheet"),
    ("headings merged", lambda book: book.active.merge_cells("A1:B1"), "merged cells"),
    ("cells merged", lambda book: book.active.merge_cells("A3:A4"), "merged cells"),
    ("title rows", lambda book: (book.active.insert_rows(1, 2), book.active.cell(1, 1, "Quillfeather")), "title rows above the header"),
    ("a cell far away", lambda book: book.active.cell(1_000_000, 16_000, "Quillfeather"), "cell far away from the table"),
    ("blank rows between", lambda book: book.active.insert_rows(4, 2), "blank row"),
    ("formatted columns without cells", lambda book: setattr(book.active.cell(2, 30), "number_format", "0.00"), RIGHT),
    ("cells beside the table", lambda book: book.active.cell(5, 30, "Quillfeather"), "blank heading"),
]  # fmt: skip
for name, how, kind in WORKBOOK_BYTES:
    CASES.append((f"interviews xlsx {name}", partial(rewrite, table="interviews", how=how, form="xlsx"), kind, "interviews"))
for name, how, kind in WORKBOOKS:
    CASES.append((f"interviews xlsx {name}", partial(in_workbook, table="interviews", how=how), kind, "interviews"))


def on_sheet(process, *, sheet: str) -> None:
    process.extra["ratings"] = f'sheet = "{sheet}"'
    process.write(ratings="xlsx")


CASES.append(("sheet missing", partial(on_sheet, sheet="Scores"), "sheet missing"))
CASES.append(("sheet named", partial(on_sheet, sheet="export "), RIGHT))


# ---- Parquet ---------------------------------------------------------------------------------------------------------------


def as_arrow(process, *, column: Callable[[list[str]], pa.Array], name: str = "rating") -> None:
    process.write(ratings="parquet")
    path = process.file("ratings", "parquet")
    table = pq.read_table(path)
    place = table.column_names.index(name)
    pq.write_table(table.set_column(place, name, column(table.column(name).to_pylist())), path)


PARQUET_COLUMNS = [
    ("whole numbers", lambda cells: pa.array([int(c) for c in cells], pa.int8()), RIGHT),
    ("floats", lambda cells: pa.array([float(c) for c in cells], pa.float32()), RIGHT),
    ("decimals", lambda cells: pa.array([Decimal(f"{c}.00") for c in cells]), RIGHT),
    ("a dictionary", lambda cells: pa.array(cells).dictionary_encode(), RIGHT),
    ("large text", lambda cells: pa.array(cells, pa.large_string()), RIGHT),
    ("text as a view", lambda cells: pa.array(cells, pa.string_view()), RIGHT),
    ("true and false", lambda cells: pa.array([c == "3" for c in cells]), "true or false where a rating was expected"),
    ("times", lambda cells: pa.array([dt.datetime(2023, 4, 3)] * len(cells)), "date where a rating was expected"),
    ("days", lambda cells: pa.array([dt.date(2023, 4, 3)] * len(cells)), "date where a rating was expected"),
    ("nothing", lambda cells: pa.nulls(len(cells)), "blank rating"),
    ("not-a-number floats", lambda cells: pa.array([float("nan")] * len(cells)), "blank rating"),
    ("infinite floats", lambda cells: pa.array([float("inf")] * len(cells)), "rating is not a number"),
    ("lists", lambda cells: pa.array([[c] for c in cells]), "column of an unknown type"),
    ("records", lambda cells: pa.array([{"a": c} for c in cells]), "column of an unknown type"),
    ("bytes", lambda cells: pa.array([c.encode() for c in cells], pa.binary()), "column of an unknown type"),
]  # fmt: skip
for name, column, kind in PARQUET_COLUMNS:
    CASES.append((f"ratings parquet of {name}", partial(as_arrow, column=column), kind))
PARQUET_BYTES = [
    ("empty", lambda data: b"", "empty file"), ("text", lambda data: b"candidate_id\n", "content does not fit the extension"),
    ("cut to a half", lambda data: data[: len(data) // 2], "damaged Parquet file"),
    ("last byte lost", lambda data: data[:-1], "damaged Parquet file"),
    ("bytes overwritten", lambda data: data[:-300] + b"\xff" * 200 + data[-100:], "damaged Parquet file"),
]  # fmt: skip
for name, how, kind in PARQUET_BYTES:
    CASES.append((f"ratings parquet {name}", partial(rewrite, table="ratings", how=how, form="parquet"), kind))


# ---- the file itself -------------------------------------------------------------------------------------------------------


def misplace(process, *, table: str, how: str) -> None:
    process.write()
    path = process.file(table)
    if how == "renamed":
        path.rename(path.with_suffix(".doc"))
        definition = process.folder / "process.toml"
        definition.write_text(definition.read_text().replace(path.name, f"{table}.doc"))
        return
    path.unlink()
    if how == "a folder":
        path.mkdir()
    if how == "a link out":
        (process.folder.parent / "elsewhere.csv").write_text("candidate_id\n")
        path.symlink_to(process.folder.parent / "elsewhere.csv")
    if how == "a link to itself":
        path.symlink_to(path)


MISPLACED = {
    "gone": "file missing", "a folder": "folder instead of a file", "a link out": "file outside the process folder",
    "renamed": "file type not known", "a link to itself": "file cannot be opened",
}  # fmt: skip
for table in ("candidates", "ratings", "interviews", "exceptions"):
    for how, kind in MISPLACED.items():
        CASES.append((f"{table} is {how}", partial(misplace, table=table, how=how), kind, table))


def pointed_elsewhere(process, *, file: str) -> None:
    process.write()
    definition = process.folder / "process.toml"
    definition.write_text(definition.read_text().replace('"ratings.csv"', f'"{file}"'))


CASES.append(("a path with dots", partial(pointed_elsewhere, file="../ratings.csv"), "file outside the process folder"))
CASES.append(("a path through a file", partial(pointed_elsewhere, file="interviews.csv/ratings.csv"), "folder instead of a file"))
CASES.append(("a name too long", partial(pointed_elsewhere, file="q" * 3000 + ".csv"), "file cannot be opened"))
CASES.append(("a name with a NUL", partial(pointed_elsewhere, file="a\\u0000b.csv"), "file cannot be opened"))


def test_there_are_many_ways():
    assert len({one[0] for one in CASES}) == len(CASES) >= 120


def test_a_finding_or_the_right_answer(broken, small_process, break_and_judge):
    break_and_judge(small_process, broken)
