"""A certificate that is annulled: which records it touches, what leaves say of it, and what a record is after it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from schemas.checks.table import CHECKS
from schemas.directory import Concluded, Directory
from schemas.equipment import Certificate
from schemas.equipment_annul import Judged, Void, is_touched, uncovered, void_of
from schemas.errors import Invalid
from schemas.ids import AccountId
from schemas.monitoring import (
    FIRST_ROUND,
    OPEN_STATES,
    STEPS,
    Given,
    MonitoringState,
    MonitoringStep,
    OpinionWord,
    ReviewStage,
    state_of,
)
from schemas.review_findings import SeenRecord, check_reopened

AT = datetime(2026, 11, 30, 9, tzinfo=UTC)
DAY = timedelta(days=1)
HEX = "a" * 64


def certificate(since: datetime = AT - 100 * DAY, until: datetime = AT + 100 * DAY) -> Certificate:
    return Certificate(
        entry=HEX,
        leaf=HEX,
        known_from=AT - 100 * DAY,
        number="C-1",
        issuer="省计量院",
        valid_from=since,
        valid_until=until,
    )


def judged(**changed: Any) -> Judged:
    given = {"state": MonitoringState.VALID, "captured_at": AT - 5 * DAY, "needs_certificate": True}
    return Judged(**{**given, **changed})


@dataclass
class Case:
    """A record and what covers it beside the annulled certificate."""

    record: Judged
    others: tuple[Certificate, ...] = ()


@pytest.mark.parametrize(
    ("case", "touched"),
    [
        (Case(judged()), True),
        (Case(judged(captured_at=AT - 10 * DAY)), True),
        (Case(judged(captured_at=AT - 10 * DAY - timedelta(milliseconds=1))), False),
        (Case(judged(captured_at=AT + 100 * DAY)), False),
        (Case(judged(needs_certificate=False)), False),
        (Case(judged(state=MonitoringState.INVALID)), False),
        (Case(judged(state=MonitoringState.REVIEWING)), False),
        (Case(judged(state=MonitoringState.RECHECK)), False),
        (Case(judged(), (certificate(AT - 6 * DAY, AT),)), False),
        (Case(judged(), (certificate(AT - 4 * DAY, AT),)), True),
        (Case(judged(), (certificate(AT - 9 * DAY, AT - 5 * DAY),)), True),
    ],
)
def test_a_record_is_touched_that_rested_on_the_certificate_alone(case: Case, *, touched: bool) -> None:
    """Found valid, captured in the void time, of a kind that needed one, and covered by no other: then, and only then."""
    void = void_of(certificate(), AT - 10 * DAY, AT)
    assert void == Void(AT - 10 * DAY, AT + 100 * DAY)
    assert is_touched(case.record, void, case.others) is touched


def test_void_from_the_beginning_is_its_whole_time() -> None:
    """Without a time nothing that was captured under it is left."""
    assert void_of(certificate(), None, AT) == Void(AT - 100 * DAY, AT + 100 * DAY)


@pytest.mark.parametrize(
    ("since", "slug"),
    [
        (AT + DAY, "fact-in-future"),
        (AT - 100 * DAY, "annul-outside-validity"),
        (AT - 101 * DAY, "annul-outside-validity"),
    ],
)
def test_it_is_void_from_a_time_within_its_validity(since: datetime, slug: str) -> None:
    """Nobody annuls for a time to come, and one that was void from its first day is void from the beginning."""
    with pytest.raises(Invalid) as refused:
        void_of(certificate(), since, AT)
    assert refused.value.slug == slug


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        (-100, 100, []),
        (-200, 200, []),
        (-100, 50, [(50, 100)]),
        (-50, 100, [(-100, -50)]),
        (-50, 50, [(-100, -50), (50, 100)]),
        (100, 200, [(-100, 100)]),
        (-200, -100, [(-100, 100)]),
    ],
)
def test_a_correction_uncovers_what_it_takes_away(
    since: int, until: int, expected: list[tuple[int, int]]
) -> None:
    """What was covered before and is not after it, at either end; all of it where nothing of it is left."""
    after = certificate(AT + since * DAY, AT + until * DAY)
    assert [(one.since, one.until) for one in uncovered(certificate(), after)] == [
        (AT + begin * DAY, AT + end * DAY) for begin, end in expected
    ]
    assert uncovered(certificate(), None) == (Void(AT - 100 * DAY, AT + 100 * DAY),)


def test_a_record_that_was_reopened_is_judged_like_a_new_one() -> None:
    """Nobody's opinion of an earlier round counts: it waits, is under review, and both or one end it again."""
    assert state_of([], FIRST_ROUND) is MonitoringState.RECEIVED
    assert state_of([], FIRST_ROUND + 1) is MonitoringState.RECHECK
    assert STEPS[MonitoringStep.REOPEN].starts == {MonitoringState.VALID}
    assert {MonitoringState.RECEIVED, MonitoringState.REVIEWING, MonitoringState.RECHECK} == OPEN_STATES
    one = Given(stage=ReviewStage.SECOND, reviewer_id=AccountId(UUID(int=1)), opinion=OpinionWord.VALID)
    two = Given(stage=ReviewStage.FIRST, reviewer_id=AccountId(UUID(int=2)), opinion=OpinionWord.VALID)
    assert state_of([one], 2) is MonitoringState.REVIEWING
    assert state_of([one, two], 2) is MonitoringState.VALID


def test_what_a_record_was_is_asked_at_an_index() -> None:
    """A tie of before a re-opening rests on a valid record, one of after it does not, whatever came later."""
    one = "monitoring/1"
    known = Concluded(
        1, "", 30, "valid", ((5, "reviewing"), (8, "valid"), (20, "recheck"), (25, "reviewing"))
    )
    seen = Directory(is_complete=True, evidence={one: known})
    told = [seen.is_concluded(one, {"valid"}, index) for index in (8, 9, 20, 21, 26, 30, 31)]
    assert told == [False, True, True, False, False, False, True]


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (MonitoringState.VALID, ""),
        (MonitoringState.RECHECK, "record-to-recheck"),
        (MonitoringState.REVIEWING, "record-to-recheck"),
        (MonitoringState.INVALID, "record-found-invalid"),
    ],
)
def test_a_case_gives_away_that_its_record_waits_again(state: MonitoringState, code: str) -> None:
    """It was valid when it was linked: whatever else it is now, whoever reviews the case is told."""
    seen = SeenRecord(subject="monitoring/1", faults=(), is_recorded_later=False, linked_at=AT, state=state)
    assert (check_reopened(seen).code or "") == code
    assert CHECKS["reopened"].version == 1
