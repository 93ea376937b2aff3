"""Rosters: a sheet in any form is the same table, every row says what is wrong with it, and none ends the others."""

import csv
import tracemalloc
import zipfile
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from io import BytesIO, StringIO
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.actor import Role
from schemas.errors import Invalid
from schemas.roster import MOST_ROWS, Roster, RosterFault, parse_roster
from storage.flow.sheet import Table, rows_of, sheet_bytes, table_of

HEAD = ["姓名", "登录名", "单位代码", "角色", "从", "到"]
LI = ["李明", "liming", "YZD-1", "执法人员、承办人", "2026-12-01", "2026-12-31"]
SPREADSHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def csv_of(table: Table, separator: str = ",") -> str:
    return "\r\n".join(separator.join(row) for row in table)


def xlsx_of(table: Table, *, head: str = "", is_shared: bool = True, encoding: str = "utf-8") -> bytes:
    """A book as spreadsheet programs write it: shared strings, empty cells left out."""
    strings = list(dict.fromkeys(cell for row in table for cell in row if cell))
    rows = "".join(
        f'<row r="{number}">'
        + "".join(
            cell_of(f"{chr(65 + k)}{number}", text, strings, is_shared=is_shared)
            for k, text in enumerate(row)
            if text
        )
        + "</row>"
        for number, row in enumerate(table, 1)
    )
    made = BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr(
            "xl/worksheets/sheet1.xml",
            f'{head}<worksheet xmlns="{SPREADSHEET}"><sheetData>{rows}</sheetData></worksheet>'.encode(
                encoding
            ),
        )
        items = "".join(f"<si><t>{text}</t></si>" for text in strings)
        book.writestr("xl/sharedStrings.xml", f'<sst xmlns="{SPREADSHEET}">{items}</sst>')
    return made.getvalue()


def cell_of(place: str, text: str, strings: Sequence[str], *, is_shared: bool) -> str:
    if is_shared:
        return f'<c r="{place}" t="s"><v>{strings.index(text)}</v></c>'
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


def faults(*row: str) -> tuple[RosterFault, ...]:
    (line,) = parse_roster([HEAD, [*row]])
    return line.faults


@pytest.mark.parametrize(
    "payload",
    [
        csv_of([HEAD, LI]).encode(),
        csv_of([HEAD, LI]).encode("utf-8-sig"),
        csv_of([HEAD, LI]).encode("gb18030"),
        csv_of([HEAD, LI], "\t").encode(),
        csv_of([HEAD, LI], ";").encode("gb18030"),
        xlsx_of([HEAD, LI]),
        xlsx_of([HEAD, LI], is_shared=False),
    ],
    ids=["utf-8", "mark", "gb18030", "pasted", "semicolons", "xlsx", "xlsx-inline"],
)
def test_every_form_is_the_same_table(payload: bytes) -> None:
    """What a person sees in a spreadsheet is what is read, however it was saved."""
    (line,) = parse_roster(table_of(payload))

    assert (line.number, line.faults) == (2, ())
    assert (line.row.name, line.row.login, line.row.agency) == ("李明", "liming", "YZD-1")
    assert line.row.roles == (Role.OFFICER, Role.HANDLER)
    assert line.row.valid_from == datetime(2026, 11, 30, 16, tzinfo=UTC)
    assert line.row.valid_until == datetime(2026, 12, 31, 16, tzinfo=UTC)


def test_days_of_a_spreadsheet_are_days() -> None:
    """A day that a program keeps as a number is the day it shows."""
    (line,) = parse_roster(table_of(xlsx_of([HEAD, [*LI[:4], "46357", "2026/12/31"]])))

    assert line.row.valid_from == datetime(2026, 11, 30, 16, tzinfo=UTC)
    assert line.faults == ()


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        (["", "liming", "YZD-1"], RosterFault.NAME),
        (["李明", "Li Ming", "YZD-1"], RosterFault.LOGIN),
        (["李明", "liming", ""], RosterFault.AGENCY),
        (["李明", "liming", "YZD-1", "皇帝"], RosterFault.ROLE),
        (["李明", "liming", "YZD-1", "执法人员，执法人员"], RosterFault.ROLE),
        (["李明", "liming", "YZD-1", "source"], RosterFault.ROLE),
        (["李明", "liming", "YZD-1", "系统管理员、执法人员"], RosterFault.ROLE_APART),
        (["李明", "liming", "YZD-1", "", "昨天"], RosterFault.DAY),
        (["李明", "liming", "YZD-1", "", "2026-12-02", "2026-12-01"], RosterFault.PERIOD),
    ],
)
def test_what_is_wrong_is_named(row: list[str], fault: RosterFault) -> None:
    """Each mistake has its own name, and stands beside its row."""
    assert faults(*row) == (fault,)


def test_all_faults_of_a_row_are_told_at_once() -> None:
    """Nobody has to send a sheet again for every mistake of one row."""
    assert set(faults("", "X Y", "", "皇帝", "x", "y")) == {
        RosterFault.NAME, RosterFault.LOGIN, RosterFault.AGENCY, RosterFault.ROLE, RosterFault.DAY
    }  # fmt: skip


def test_a_name_that_stands_twice_is_told_at_both() -> None:
    """Of two rows with one log-in name neither is taken for the right one; empty rows are no people."""
    rows = parse_roster([HEAD, LI, ["", "", ""], [*LI[:1], "other", *LI[2:]], LI])

    assert [(one.number, one.faults) for one in rows] == [
        (2, (RosterFault.LOGIN_TWICE,)),
        (4, ()),
        (5, (RosterFault.LOGIN_TWICE,)),
    ]


@pytest.mark.parametrize(
    ("table", "slug"),
    [
        ([], "roster-empty"),
        ([HEAD], "roster-empty"),
        ([["姓名", "电话"], ["李明", "1"]], "roster-header"),
        ([HEAD, *[LI] * (MOST_ROWS + 1)], "roster-long"),
    ],
)
def test_a_sheet_that_is_none_is_refused(table: Table, slug: str) -> None:
    """Without people, without its columns, or too long: one sentence for the whole."""
    with pytest.raises(Invalid) as caught:
        parse_roster(table)
    assert caught.value.slug == slug


def marked(payload: bytes, place: int, word: int) -> bytes:
    """An archive whose headers say something else: `place` is that of a word in the header of a member."""
    made = bytearray(payload)
    for sign, shift in ((b"PK\x03\x04", 0), (b"PK\x01\x02", 2)):  # the directory repeats it, two bytes on
        at = made.find(sign)
        while at >= 0:
            made[at + place + shift : at + place + shift + 2] = word.to_bytes(2, "little")
            at = made.find(sign, at + 4)
    return bytes(made)


FLAGS, METHOD = 6, 8
"""Places in the header of a member (APPNOTE 4.3.7)."""

BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    "payload",
    [
        b"PK\x03\x04 no archive",
        xlsx_of([HEAD, LI])[:200],
        xlsx_of([HEAD, LI], head=BOMB),
        xlsx_of([HEAD, LI], head=BOMB, encoding="utf-16"),
        marked(xlsx_of([HEAD, LI]), FLAGS, 1),
        *(marked(xlsx_of([HEAD, LI]), METHOD, method) for method in (0, 12, 14, 99)),
        xlsx_of([["x" * (17 * 1024 * 1024)]]),
        b"\xff\xff\xff",
        "姓名,登录名\0".encode(),
    ],
    ids=[
        *("no-zip", "cut", "entities", "entities in UTF-16", "with a password"),
        *("not packed", "not bzip2", "not lzma", "packed unknown"),
        *("bomb", "no-text", "nul"),
    ],
)
def test_a_file_that_is_no_sheet_is_refused(payload: bytes) -> None:
    """Whatever is sent is a table or one refusal; nothing is expanded beyond its bounds."""
    with pytest.raises(Invalid) as caught:
        table_of(payload)
    assert caught.value.slug == "roster-unreadable"


@given(st.binary(max_size=400))
def test_any_bytes_are_a_table_or_a_refusal(payload: bytes) -> None:
    """No file is a fault of ours, as a sheet or as rows of people."""
    for sent in (payload, b"PK\x03\x04" + payload):
        with suppress(Invalid):
            assert parse_roster(table_of(sent))


@given(st.lists(st.lists(st.text(max_size=12), max_size=8), max_size=6))
def test_any_cells_are_rows_with_names_for_their_faults(rows: Table) -> None:
    """Every row that is not empty is told, in order, under its own number."""
    try:
        lines = parse_roster([HEAD, *rows])
    except Invalid:
        assert not any(cell.strip() for row in rows for cell in row)
        return
    filled = [number for number, row in enumerate(rows, 2) if any(cell.strip() for cell in row)]
    assert [one.number for one in lines] == filled


def test_base64_alone_is_a_file() -> None:
    """What is no base64 is refused as the file that it is not."""
    with pytest.raises(Invalid):
        sheet_bytes("姓名")


def test_how_a_text_is_read_aloud_is_no_part_of_it() -> None:
    """Runs with a style each are one text; the readings that some programs add are left out (ECMA-376 part 1, 18.4.6)."""
    made = BytesIO()
    runs = "<si><r><t>李</t></r><r><rPr><b/></rPr><t>明</t></r><rPh sb='0' eb='1'><t>リ</t></rPh></si>"
    with zipfile.ZipFile(made, "w") as book:
        cells = '<c r="A1" t="s"><v>0</v></c><c r="C1"><f>1+1</f><v>2</v></c>'
        book.writestr(
            "xl/worksheets/sheet1.xml", f'<worksheet xmlns="{SPREADSHEET}"><row>{cells}</row></worksheet>'
        )
        book.writestr("xl/sharedStrings.xml", f'<sst xmlns="{SPREADSHEET}">{runs}</sst>')

    assert table_of(made.getvalue()) == [["李明", "", "2"]]


@given(
    st.lists(st.lists(st.text("abc 李,;\t'&<", max_size=5), min_size=1, max_size=5), min_size=1, max_size=5)
)
def test_rows_come_one_by_one_as_the_table_at_once(rows: Table) -> None:
    """A file in whatever encoding, and a book, read as a stream: each row as it was written, however many there are."""
    sheet = StringIO()
    csv.writer(sheet).writerows([["姓名,", "登录名"], *rows])
    expected = [["姓名,", "登录名"], *(row if row != [""] else [""] for row in rows)]
    for encoding in ("utf-8", "utf-8-sig", "gb18030"):
        found = list(rows_of(sheet.getvalue().encode(encoding)))
        assert found == expected
    book = xlsx_of([[escape(cell) for cell in row] for row in rows])
    read = [[*row, *[""] * (len(sent) - len(row))] for row, sent in zip(rows_of(book), rows, strict=True)]
    assert read == rows


def test_a_long_sheet_is_read_with_little_memory() -> None:
    """Of a book whose rows take megabytes only the texts of its people are held, and the last row is still told."""
    rows = [[f"人员{n}", f"p.{n}", f"YZD-{n % 9}", "执法人员", "2026-12-01", ""] for n in range(20_000)]
    book = long_book([HEAD, *rows, ["", "p.x", "YZD-1", "", "", ""]])
    tracemalloc.start()
    roster = Roster(rows_of(book))
    held, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    wrong = [(one.number, one.faults) for one in roster.lines() if one.faults]
    assert len(roster) == 20_001
    assert wrong == [(20_002, (RosterFault.NAME,))]
    assert held < 12 * 1024 * 1024
    assert peak < 24 * 1024 * 1024


def long_book(table: Table) -> bytes:
    """A book with a text of its own in every cell."""
    made = BytesIO()
    with (
        zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as book,
        book.open("xl/worksheets/sheet1.xml", "w") as part,
    ):
        part.write(f'<worksheet xmlns="{SPREADSHEET}"><sheetData>'.encode())
        for row in table:
            cells = "".join(f'<c t="inlineStr"><is><t>{cell}</t></is></c>' for cell in row)
            part.write(f"<row>{cells}</row>".encode())
        part.write(b"</sheetData></worksheet>")
    return made.getvalue()


@pytest.mark.parametrize(
    "payload",
    [
        long_book([["x" * 64] * 70_000]),
        ("姓名," + '"\n",' * 1_200_000).encode(),
        ("姓名," + "x," * 3_000_000).encode(),
        xlsx_of([["x"]], head=f"<!--{'x' * (5 * 1024 * 1024)}-->"),
    ],
    ids=["a row of a book", "a row over many lines", "a row of text", "a remark"],
)
def test_a_row_holds_so_much(payload: bytes) -> None:
    """What would have to be held whole is bounded, whatever the file as a whole may hold."""
    with pytest.raises(Invalid) as caught:
        table_of(payload)
    assert caught.value.slug == "roster-unreadable"
