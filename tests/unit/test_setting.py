"""Settings: which row of which agency counts at a time, and what may be set."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from schemas.errors import Invalid
from schemas.ids import AgencyId, SettingId
from schemas.members import Slug
from schemas.setting import DECLARED, Setting, SettingIn, SettingRow, in_force

UNIT, ABOVE = AgencyId(uuid4()), AgencyId(uuid4())
LINE = (UNIT, ABOVE)
DAY = timedelta(days=1)
START = datetime(2026, 1, 1, tzinfo=UTC)


def row(agency: AgencyId, value: int | None, begins: int, known: int = 0) -> SettingRow:
    """A row that holds from a day on, entered on another."""
    return SettingRow(
        id=SettingId(uuid4()),
        agency_id=agency,
        name=Setting.HAND_IN_HOURS,
        value=value,
        valid_from=START + begins * DAY,
        known_at=START + known * DAY,
    )


def holds(rows: list[SettingRow], day: int, known: int | None = None) -> int:
    at = None if known is None else START + known * DAY
    return in_force(rows, LINE, START + day * DAY, installed=24, known_at=at).value


def test_a_change_counts_from_its_beginning() -> None:
    """Before its first moment the old value holds, from it on the new one; without any the installation's does."""
    rows = [row(UNIT, 48, 10), row(UNIT, 36, 20)]
    assert [holds(rows, day) for day in (9, 10, 19, 20)] == [24, 48, 48, 36]


def test_of_two_with_the_same_beginning_the_later_known_counts() -> None:
    """A correction supersedes without being dated back; as known before it, the first still holds."""
    rows = [row(UNIT, 48, 10, known=9), row(UNIT, 72, 10, known=12)]
    assert holds(rows, 11) == 72
    assert [holds(rows, 11, known=day) for day in (8, 9, 11, 12)] == [24, 48, 48, 72]


def test_an_agency_takes_what_stands_above_it_until_it_says_something() -> None:
    """The nearest agency that says a number counts; saying none again takes the one above, and that is dated too."""
    rows = [row(ABOVE, 36, 0), row(UNIT, 48, 10), row(UNIT, None, 20)]
    assert [holds(rows, day) for day in (0, 10, 20)] == [36, 48, 36]
    assert in_force(rows, (ABOVE,), START + 15 * DAY, installed=24).value == 36


AGENCIES = st.sampled_from(LINE)
ROWS = st.lists(
    st.builds(row, AGENCIES, st.none() | st.integers(1, 99), st.integers(0, 9), st.integers(0, 9)), max_size=8
)


@given(rows=ROWS, day=st.integers(0, 9))
def test_rows_of_later_times_change_nothing_before(rows: list[SettingRow], day: int) -> None:
    """What begins after a time, or became known after a moment, is no part of the answer for it."""
    at = START + day * DAY
    now = in_force(rows, LINE, at, installed=24)
    assert in_force([one for one in rows if one.valid_from <= at], LINE, at, installed=24) == now
    known = [one for one in rows if one.known_at <= at]
    assert in_force(rows, LINE, at, installed=24, known_at=at) == in_force(known, LINE, at, installed=24)


def test_every_setting_is_declared_within_its_own_range() -> None:
    """Each name is a slug that a leaf may hold, and its default may be set."""
    assert set(DECLARED) == set(Setting)
    for name, known in DECLARED.items():
        TypeAdapter(Slug).validate_python(name.value)
        assert known.least <= known.default <= known.most, name


@pytest.mark.parametrize("name", Setting)
def test_a_number_outside_its_range_is_refused(name: Setting) -> None:
    """The bounds pass, the numbers beside them do not; none at all passes."""
    known = DECLARED[name]
    wish = SettingIn(name=name, value=known.least, from_at=START, source="文件")
    for value in (known.least, known.most, None):
        wish.model_copy(update={"value": value}).check_range()
    for value in (known.least - 1, known.most + 1):
        with pytest.raises(Invalid) as caught:
            wish.model_copy(update={"value": value}).check_range()
        assert caught.value.slug == "setting-out-of-range"


@pytest.mark.parametrize("changed", [{"source": " "}, {"from_at": "2026-01-01T00:00:00"}, {"name": "sleep"}])
def test_a_change_names_setting_document_and_zone(changed: dict[str, object]) -> None:
    """Without a document, without a zone of time, or of something that is no setting, nothing is asked."""
    given = {"name": "hand-in-hours", "value": 48, "from_at": START, "source": "文件"}
    with pytest.raises(ValidationError):
        SettingIn.model_validate({**given, **changed})
