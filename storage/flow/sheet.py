"""The cells of a sheet that somebody sends: XLSX (ECMA-376), or CSV in UTF-8, with or without its mark, or GB18030.

Rows are read one by one: of a book its shared texts are held, and one row; of a file of text one row. How much a file and a
row may hold is counted before and while it is unpacked, and no document type is read.
"""

import base64
import codecs
import csv
import lzma
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from io import BytesIO, TextIOWrapper
from xml.parsers.expat import ExpatError

from schemas.refusals_roster import ROSTER_UNREADABLE
from storage.flow.book import MOST_BYTES, MOST_COLUMNS, ROW_BYTES, Rows, SharedTexts, read

Table = list[list[str]]

SENT_BYTES = 16 * 1024 * 1024
"""Of a file that somebody sends: four times what 100,000 people take as text."""

_PIECE = 64 * 1024
_ZIP = b"PK\x03\x04"
_UNREADABLE = (
    ValueError,
    LookupError,
    EOFError,
    OSError,
    RuntimeError,  # it asks a password, or is packed in a way that is not known here
    csv.Error,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    ExpatError,
)


def rows_of(payload: bytes) -> Iterator[list[str]]:
    """Yield the cells of the first sheet, row by row.

    Raises:
        Invalid: it is none of the forms that are read (slug `roster-unreadable`).
    """
    try:
        yield from _of_xlsx(payload) if payload.startswith(_ZIP) else _of_csv(payload)
    except _UNREADABLE as err:
        raise ROSTER_UNREADABLE(f"the file cannot be read: {type(err).__name__}") from err


def table_of(payload: bytes) -> Table:
    """Return all rows at once: `rows_of`."""
    return list(rows_of(payload))


def _of_csv(payload: bytes) -> Iterator[list[str]]:
    # Lines end in any of the three ways, also inside quotes, and are told apart as they are read.
    text = TextIOWrapper(BytesIO(payload), encoding=_encoding_of(payload))
    head = next(text, "").removesuffix("\n")
    separator = max("\t,;", key=head.count)
    text.seek(0)
    lines = _Lines(text)
    for row in csv.reader(lines, delimiter=separator):
        lines.left = ROW_BYTES
        yield row[:MOST_COLUMNS]


class _Lines:
    """Lines of a file, as many as a row may hold until `left` is set again."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self.left = ROW_BYTES

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.left -= len(line)
        if self.left < 0 or "\0" in line:
            raise ValueError("no text holds a NUL, and no row so much")
        return line


def _encoding_of(payload: bytes) -> str:
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    try:
        for at in range(0, len(payload), _PIECE):
            decoder.decode(payload[at : at + _PIECE], at + _PIECE >= len(payload))
    except UnicodeDecodeError:
        return "gb18030"
    return "utf-8-sig"


def _of_xlsx(payload: bytes) -> Iterator[list[str]]:
    with zipfile.ZipFile(BytesIO(payload)) as book:
        if sum(one.file_size for one in book.infolist()) > MOST_BYTES:
            raise ValueError("the file is too large when it is unpacked")
        names = book.namelist()
        sheets = sorted(name for name in names if re.fullmatch(r"xl/worksheets/sheet[0-9]+\.xml", name))
        texts = "xl/sharedStrings.xml"
        shared = list(read(book, texts, SharedTexts())) if texts in names else []
        yield from read(book, sheets[0], Rows(shared))


def sheet_bytes(text: str) -> bytes:
    """Return the bytes of a sheet that came as base64.

    Raises:
        Invalid: it is not base64 (slug `roster-unreadable`).
    """
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as err:
        raise ROSTER_UNREADABLE("the sheet is not base64") from err
