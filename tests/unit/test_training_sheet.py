"""Training by a sheet: every row says what is wrong with it, whom it names, and whether it stands already."""

from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import Invalid
from schemas.ids import AccountId
from schemas.leaves_training import TrainingKind
from schemas.training import TrainingIn
from schemas.training_sheet import (
    MOST_ROWS,
    Attendee,
    Entered,
    LookedLine,
    Register,
    TrainingFault,
    look_at,
    new_of,
    parse_training,
)
from storage.flow.sheet import rows_of

HEAD = ["登录名", "执法证号", "培训日期", "培训类别", "学时", "培训内容"]
ROW = ["liming", "", "2026-03-05", "公共法律知识", "8", "行政处罚法"]
LI, WANG = (Attendee(AccountId(UUID(int=k)), name, is_active=True) for k, name in ((1, "李明"), (2, "王芳")))
GONE = Attendee(AccountId(UUID(int=3)), "张三", is_active=False)
TODAY = date(2026, 11, 29)
LAW = Entered(LI.id, TrainingKind.PUBLIC_LAW, 8, date(2026, 3, 5), "行政处罚法")


def register(*entered: Entered) -> Register:
    return Register({"liming": LI, "zhang": GONE}, {"京-1": LI, "京-2": WANG}, entered, TODAY)


def row(**changed: str) -> list[str]:
    names = ("login", "certificate", "held_on", "kind", "hours", "topic")
    return [changed.get(name, text) for name, text in zip(names, ROW, strict=True)]


def looked(*rows: list[str], entered: tuple[Entered, ...] = ()) -> tuple[LookedLine, ...]:
    return look_at(parse_training([HEAD, *rows]), register(*entered))


def test_a_row_says_what_a_form_says() -> None:
    """The members of an entry, its person by either name, and days as spreadsheets keep them."""
    (line,) = parse_training([HEAD, ROW])
    wish = TrainingIn(kind=TrainingKind.PUBLIC_LAW, hours=8, held_on=date(2026, 3, 5), topic="行政处罚法")
    assert (line.number, line.wish, line.faults) == (2, wish, ())
    for day in ("2026/03/05", "2026.03.05", "46086"):
        assert parse_training([HEAD, row(held_on=day)])[0].wish == wish
    for kind in ("public_law", "Public law", "公共法律"):
        assert parse_training([HEAD, row(kind=kind)])[0].wish == wish
    assert [one.person for one in looked(ROW, row(login="", certificate="京-2"))] == [LI, WANG]
    assert new_of(looked(ROW)) == (LAW,)


@pytest.mark.parametrize(
    ("changed", "faults"),
    [
        ({"login": ""}, [TrainingFault.PERSON]),
        ({"login": "stranger"}, [TrainingFault.PERSON]),
        ({"certificate": "京-9"}, [TrainingFault.PERSON]),
        ({"certificate": "京-2"}, [TrainingFault.PERSONS_DIFFER]),
        ({"login": "zhang"}, [TrainingFault.CLOSED]),
        ({"held_on": ""}, [TrainingFault.DAY]),
        ({"held_on": "三月五日"}, [TrainingFault.DAY]),
        ({"held_on": "1999-12-31"}, [TrainingFault.DAY]),
        ({"held_on": "2026-11-30"}, [TrainingFault.FUTURE]),
        ({"kind": "英语"}, [TrainingFault.KIND]),
        ({"hours": "0"}, [TrainingFault.HOURS]),
        ({"hours": "401"}, [TrainingFault.HOURS]),
        ({"hours": "1.5"}, [TrainingFault.HOURS]),
        ({"hours": "9" * 5000}, [TrainingFault.HOURS]),
        ({"topic": " "}, [TrainingFault.TOPIC]),
        ({"topic": "学" * 501}, [TrainingFault.TOPIC]),
        (
            {"login": "x", "hours": "", "topic": ""},
            [TrainingFault.PERSON, TrainingFault.HOURS, TrainingFault.TOPIC],
        ),
    ],
)
def test_every_fault_of_a_row_is_named(changed: dict[str, str], faults: list[TrainingFault]) -> None:
    """By the row's number; the rows beside it are not touched by it."""
    wrong, right = looked(row(**changed), row(login="", certificate="京-2"))
    assert (wrong.line.number, list(wrong.faults)) == (2, faults)
    assert (right.line.number, right.faults) == (3, ())


def test_the_rows_at_the_bounds_are_right() -> None:
    """One hour and four hundred, today, and a subject of five hundred characters."""
    rows = [row(hours=hours) for hours in ("1", "400")]
    rows += [row(held_on="2026-11-29"), row(topic="学" * 500), row(certificate="京-1")]
    assert [one.faults for one in looked(*rows[:-1])] == [(), (), (), ()]
    assert looked(rows[-1])[0].person == LI


def test_what_stands_already_is_left_out_and_no_fault() -> None:
    """The same person, day, kind, hours and subject, however the row names the person; any other member makes it new."""
    again, by_number, other = looked(
        ROW, row(login="", certificate="京-1"), row(topic="行政强制法"), entered=(LAW,)
    )
    assert [one.is_entered for one in (again, by_number, other)] == [True, True, False]
    assert [one.faults for one in (again, by_number, other)] == [(), (), ()]
    assert [one.topic for one in new_of((again, by_number, other))] == ["行政强制法"]
    for changed in ({"held_on": "2026-03-06"}, {"kind": "业务"}, {"hours": "9"}):
        assert not looked(row(**changed), entered=(LAW,))[0].is_entered


def test_two_rows_of_one_sheet_that_say_the_same_are_named() -> None:
    """Also where one names the person by log-in name and the other by certificate: nobody can tell which was meant."""
    twice = looked(ROW, row(login="", certificate="京-1"), row(hours="4"))
    assert [list(one.faults) for one in twice] == [[TrainingFault.TWICE], [TrainingFault.TWICE], []]


@pytest.mark.parametrize(
    ("rows", "slug"),
    [
        ([], "training-sheet-empty"),
        ([HEAD], "training-sheet-empty"),
        ([HEAD, ["", " "]], "training-sheet-empty"),
        ([HEAD[2:], ROW[2:]], "training-sheet-header"),
        ([HEAD[:-1], ROW[:-1]], "training-sheet-header"),
        ([HEAD, *[ROW] * (MOST_ROWS + 1)], "training-sheet-long"),
    ],
)
def test_what_is_no_sheet_of_training_is_refused(rows: list[list[str]], slug: str) -> None:
    """Nothing in it, a column that is missing, or more rows than one commit takes."""
    with pytest.raises(Invalid) as told:
        parse_training(rows)
    assert told.value.slug == slug


def test_as_many_rows_as_one_commit_takes_are_read() -> None:
    """The limit itself passes; empty rows do not count."""
    assert len(parse_training([HEAD, [""], *[ROW] * MOST_ROWS])) == MOST_ROWS


def test_every_encoding_is_the_same_sheet() -> None:
    """UTF-8 with and without its mark, and GB18030, as spreadsheet programs write them."""
    text = "\r\n".join(",".join(one) for one in (HEAD, ROW))
    told = {parse_training(rows_of(text.encode(encoding))) for encoding in ("utf-8", "utf-8-sig", "gb18030")}
    assert told == {parse_training([HEAD, ROW])}


@given(st.lists(st.lists(st.text(max_size=12), max_size=8), min_size=1, max_size=6))
def test_no_text_of_a_stranger_is_a_fault_of_ours(rows: list[list[str]]) -> None:
    """Whatever stands in the cells, a row is right or says why not."""
    for one in looked(ROW, *[[*cells] for cells in rows]):
        assert one.faults or one.entry is not None
