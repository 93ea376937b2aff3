"""Pages and the cursors between them."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import Invalid
from schemas.page import Cursor, Page

IDENT = UUID("0193a6d2-7c41-7d20-9a51-3f0a61c2b7e4")


@given(ident=st.uuids(), at=st.none() | st.datetimes(timezones=st.just(UTC)))
def test_a_cursor_comes_back_as_it_went(ident: UUID, at: datetime | None) -> None:
    """A cursor that travelled names the same row: to the microsecond, or a row would be shown twice."""
    cursor = Cursor(ident=ident, at=at)
    assert Cursor.parse(str(cursor)) == cursor


def test_the_form_of_a_cursor() -> None:
    """A list by id shows the id alone; one by time the time before it."""
    at = datetime(2026, 11, 28, 5, 12, 33, 417, tzinfo=UTC)
    assert str(Cursor(ident=IDENT)) == str(IDENT)
    assert str(Cursor(ident=IDENT, at=at)) == f"2026-11-28T05:12:33.000417Z~{IDENT}"


@pytest.mark.parametrize(
    "text", ["", "x", "~", f"~{IDENT}", f"x~{IDENT}", f"2026-11-28T05:12:33~{IDENT}", "2026-11-28T05:12:33Z~", f"{IDENT}~"]
)  # fmt: skip
def test_a_foreign_cursor_is_refused(text: str) -> None:
    """Whatever we did not give out is named as such and never taken for the first page."""
    with pytest.raises(Invalid) as caught:
        Cursor.parse(text)
    assert caught.value.slug == "cursor-invalid"


def test_a_page_of_rows_becomes_one_of_values() -> None:
    """Turning rows into values keeps their order and where the next page begins."""
    page = Page(rows=(1, 2), next=Cursor(ident=uuid4()))
    assert page.each(str) == Page(rows=("1", "2"), next=page.next)
    assert Page[int](rows=(), next=None).next_text is None
