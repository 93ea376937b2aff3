"""What a certificate was at a time, as known at another, and what its leaves make of it."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from schemas.act import Act
from schemas.certificate import (
    STEPS,
    Certificate,
    CertificateFact,
    CertificateNeed,
    CertificateStep,
    CertificateTerms,
    fact_at,
    was_valid,
)
from schemas.chain import genesis
from schemas.directory import Directory
from schemas.errors import TransitionRefused
from schemas.leaf import Leaf, Place
from schemas.leaves_certificate import (
    CertificateCancel,
    CertificateRestore,
    CertificateState,
    CertificateSuspend,
    CertificateVerify,
    CertificateWithdraw,
)
from schemas.leaves_certificate_issue import CertificateIssue, CertificateKind
from schemas.life import FaultCode, Here, Unlawful
from schemas.life_certificate import CertificateLife, issued, restated, verified
from storage.custody.values import shown
from tests.leaf_examples import drawn

NOON = datetime(2026, 6, 1, 4, tzinfo=UTC)
"""Twelve o'clock in UTC+8."""

FIRST, UNTIL = NOON - timedelta(days=100), NOON
ACCOUNT, SUBJECT = f"account/{drawn('a')}", f"certificate/{drawn('c')}"


def days(number: float) -> datetime:
    """So many days behind the certificate's first."""
    return FIRST + timedelta(days=number)


def said(act: Act, at: datetime, n: int) -> tuple[Leaf, Here]:
    place = Place(n=n, of=ACCOUNT, prev=genesis(ACCOUNT))
    leaf = Leaf(
        id=drawn(f"{n}"), salt="00" * 16, actor=ACCOUNT, subject=SUBJECT, at=at, chains=(place,), act=act
    )
    return leaf, Here(ACCOUNT, n, f"{n:064x}", n, Directory(), is_whole=True)


def begun() -> CertificateLife:
    act = CertificateIssue(
        from_=FIRST, until=UNTIL, kind=CertificateKind.ENFORCEMENT, number=shown("10320001001")
    )
    leaf, here = said(act, days(0), 1)
    return issued(leaf, act, here)


LEAVES = {
    CertificateState.SUSPENDED: CertificateSuspend,
    CertificateState.VALID: CertificateRestore,
    CertificateState.WITHDRAWN: CertificateWithdraw,
    CertificateState.CANCELLED: CertificateCancel,
}


def lived(*steps: tuple[CertificateState, float, float]) -> CertificateLife:
    """A certificate to which this was done: to which state, from which day on, said on which day."""
    life = begun()
    for n, (state, since, at) in enumerate(steps, start=2):
        act = LEAVES[state].model_validate({"from": days(since), "to": state, "reason": shown(f"理由 {n}")})
        leaf, here = said(act, days(at), n)
        life = restated(life, leaf, act, here)
    return life


def facts(life: CertificateLife) -> tuple[CertificateFact, ...]:
    return tuple(
        CertificateFact(
            state=CertificateState(one.state),
            valid_from=one.valid_from,
            valid_until=one.valid_until,
            known_from=one.known_from,
            known_until=one.known_until,
            reason=None,
            leaf=one.leaf,
        )
        for one in life.told
    )


SUSPENDED = (CertificateState.SUSPENDED, 10, 20)
"""Suspended from the tenth day on, as was said on the twentieth."""

RESTORED = (CertificateState.VALID, 30, 40)
CORRECTED = (CertificateState.VALID, 10, 40)


@pytest.mark.parametrize(
    ("steps", "at", "known", "state"),
    [
        ((), 5, 0, CertificateState.VALID),
        ((), -0.001, 50, None),
        ((), 100, 50, None),
        ((), 99.999, 50, CertificateState.VALID),
        ((SUSPENDED,), 15, 19.999, CertificateState.VALID),
        ((SUSPENDED,), 15, 20, CertificateState.SUSPENDED),
        ((SUSPENDED,), 9.999, 20, CertificateState.VALID),
        ((SUSPENDED, RESTORED), 15, 50, CertificateState.SUSPENDED),
        ((SUSPENDED, RESTORED), 30, 50, CertificateState.VALID),
        ((SUSPENDED, RESTORED), 30, 39.999, CertificateState.SUSPENDED),
        ((SUSPENDED, CORRECTED), 15, 50, CertificateState.VALID),
        ((SUSPENDED, CORRECTED), 15, 25, CertificateState.SUSPENDED),
        ((SUSPENDED, CORRECTED), 15, 15, CertificateState.VALID),
        ((SUSPENDED,), 15, -1, None),
    ],
)
def test_how_it_stood_as_known(
    steps: Iterable[tuple[CertificateState, float, float]],
    at: float,
    known: float,
    state: CertificateState | None,
) -> None:
    """Half-open ranges, ending at noon; a correction changes what is known from then on, and nothing before."""
    told = facts(lived(*steps))
    fact = fact_at(told, days(at), days(known))

    assert (fact and fact.state) == state
    assert was_valid(told, days(at), days(known)) is (state is CertificateState.VALID)


@pytest.mark.parametrize(
    "steps",
    [(), (SUSPENDED,), (SUSPENDED, RESTORED), (SUSPENDED, CORRECTED, (CertificateState.SUSPENDED, 10, 60))],
)
def test_of_one_time_as_known_at_one_there_is_one_word(
    steps: Iterable[tuple[CertificateState, float, float]],
) -> None:
    """No two rows overlap in both ranges, and at every time the register says something of every day."""
    told = facts(lived(*steps))
    for known in range(0, 100, 5):
        for at in range(0, 100, 5):
            assert sum(one.covers(days(at), days(known)) for one in told) == 1, (at, known)


def test_two_acts_of_one_moment_leave_no_row_that_was_said_for_none() -> None:
    """What was said and taken back within one millisecond was never said."""
    life = lived((CertificateState.SUSPENDED, 10, 20), (CertificateState.VALID, 10, 20))

    assert all(one.known_until is None or one.known_from < one.known_until for one in life.told)
    assert was_valid(facts(life), days(15), days(20))


def test_cancelled_after_it_ran_out() -> None:
    """Nothing of its dates changes by it, and nothing more may be done to it."""
    life = lived((CertificateState.CANCELLED, 120, 130))

    assert life.state == CertificateState.CANCELLED
    assert was_valid(facts(life), days(50), days(140))
    for step in CertificateStep:
        with pytest.raises(TransitionRefused):
            STEPS.after(CertificateState.CANCELLED, step, None)


@pytest.mark.parametrize(
    ("steps", "code"),
    [
        (((CertificateState.SUSPENDED, 21, 20),), FaultCode.FUTURE),
        (((CertificateState.SUSPENDED, -1, 20),), FaultCode.PERIOD),
        (((CertificateState.SUSPENDED, 100, 120),), FaultCode.PERIOD),
        (((CertificateState.VALID, 10, 20),), FaultCode.STEP),
        ((SUSPENDED, SUSPENDED), FaultCode.STEP),
        (((CertificateState.WITHDRAWN, 10, 20), SUSPENDED), FaultCode.STEP),
        (((CertificateState.CANCELLED, 10, 20), CORRECTED), FaultCode.STEP),
    ],
)
def test_what_is_against_the_rules_is_named(
    steps: Iterable[tuple[CertificateState, float, float]], code: FaultCode
) -> None:
    """In the future, outside its dates, or no step from its state."""
    with pytest.raises(Unlawful) as refused:
        lived(*steps)

    assert refused.value.code is code


@pytest.mark.parametrize(
    ("state", "at", "code"),
    [
        (None, 30, None),
        (None, -1, FaultCode.PERIOD),
        (None, 51, FaultCode.FUTURE),
        (CertificateState.CANCELLED, 30, FaultCode.STEP),
    ],
)
def test_verified_within_its_life(state: CertificateState | None, at: float, code: FaultCode | None) -> None:
    """Neither before its first nor in the future, and not once it is over."""
    life = lived() if state is None else lived((state, 10, 20))
    act = CertificateVerify(verified_at=days(at))
    leaf, here = said(act, days(50), 9)
    if code is None:
        assert verified(life, leaf, act, here).verified_at == days(at)
        return
    with pytest.raises(Unlawful) as refused:
        verified(life, leaf, act, here)
    assert refused.value.code is code


@pytest.mark.parametrize(
    ("state", "verified_days", "now", "needs"),
    [
        (CertificateState.VALID, None, 50, ()),
        (CertificateState.VALID, None, 336, (CertificateNeed.ENDING,)),
        (CertificateState.VALID, None, 366, (CertificateNeed.UNVERIFIED,)),
        (CertificateState.VALID, 300, 366, ()),
        (CertificateState.SUSPENDED, None, 366, (CertificateNeed.UNVERIFIED,)),
        (CertificateState.WITHDRAWN, None, 366, ()),
        (CertificateState.VALID, None, 400, ()),
    ],
)
def test_what_has_to_be_done(
    state: CertificateState, verified_days: int | None, now: int, needs: tuple[CertificateNeed, ...]
) -> None:
    """What ends until a time, and what was not verified for a year; what is over needs nothing."""
    lasts = 366 if CertificateNeed.ENDING in needs else 400
    one = Certificate(
        **dict.fromkeys(("id", "account_id", "agency_id"), UUID(drawn("x"))),
        holder="王",
        agency_name="局",
        number="1",
        kind=CertificateKind.ENFORCEMENT,
        valid_from=FIRST,
        valid_until=days(lasts),
        state=state,
        verified_at=None if verified_days is None else days(verified_days),
        version=1,
    )

    assert one.needs(days(now), CertificateTerms(days(now + 30), days(now - 365))) == needs
