"""One check's own failure ends that check alone, and a run tells a person more often than a program."""

from collections.abc import Iterator

import pytest
from sqlalchemy.exc import OperationalError

from quancheng_tell import Teller
from schemas.fsck import Checked, Found, Part, Unchecked
from schemas.refusals_objects import OBJECTS_UNAVAILABLE
from storage.fsck.run import guarded


def broken_off(error: Exception) -> Iterator[Found]:
    yield Checked(part=Part.REVIEWS, count=1000)
    raise error


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OperationalError("SELECT 1", {}, ConnectionError("hidden")), "the database did not answer"),
        (OBJECTS_UNAVAILABLE("the store is away"), "Unavailable"),
        (KeyError("hidden"), "KeyError"),
        (RecursionError("hidden"), "RecursionError"),
        (OverflowError("hidden"), "OverflowError"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_check_that_fails_is_named_as_not_checked(error: Exception, said: str) -> None:
    """What it had looked at counts, the rest is named, and nothing of the error's own words is repeated."""
    first, last = list(guarded(Part.REVIEWS, broken_off(error)))

    assert first == Checked(part=Part.REVIEWS, count=1000)
    assert isinstance(last, Unchecked)
    assert last.part is Part.REVIEWS
    assert said in last.detail
    assert "hidden" not in last.detail


def test_progress_is_for_a_person(capsys: pytest.CaptureFixture[str]) -> None:
    """JSON lines hold findings and the end; how far a run has come stands between them for nobody."""
    for as_json in (True, False):
        Teller(as_json=as_json)("progress", "… 2000 log entries")

    assert capsys.readouterr().out.count("2000") == 1
