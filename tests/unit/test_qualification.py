"""Who was qualified to give an opinion: what the register said at its time, as far as it was known then (art. 58)."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from schemas.actor import Role
from schemas.leaves_certificate import (
    CertificateCancel,
    CertificateRestore,
    CertificateSuspend,
    CertificateWithdraw,
)
from schemas.leaves_presence import PresenceConfirmByCode
from schemas.leaves_review import ReviewPassQualified
from schemas.life import FaultCode
from schemas.reference import noun_of
from schemas.replay import fold
from tests.leaf_examples import AT, members_of
from tests.leaf_history import LONG_AGO, World, begin, qualify
from tests.unit.test_separation_rules import faults, opened, submit

UNQUALIFIED = [FaultCode.UNQUALIFIED]


def passed_by(world: World, case: str, who: str, qualified_by: str) -> None:
    """The round of a case that is under investigation passes."""
    review = submit(world, case)
    given = {"round": 1, "grounds": (), "qualified_by": qualified_by}
    world.history.write(ReviewPassQualified, review, who, of=(case,), **given)


def reviewer_of(world: World) -> str:
    return world.people[Role.LEGAL_REVIEWER]


def own(world: World) -> str:
    return qualify(world, reviewer_of(world))


def own_for_a_newcomer(world: World) -> str:
    return qualify(world, reviewer_of(world), kind="legal-before")


def of_another(world: World) -> str:
    return qualify(world, world.seconds[Role.LEGAL_REVIEWER])


def of_another_kind(world: World) -> str:
    return qualify(world, reviewer_of(world), kind="enforcement")


def run_out(world: World) -> str:
    return qualify(world, reviewer_of(world), until=AT - timedelta(days=1))


def not_begun(world: World) -> str:
    return qualify(world, reviewer_of(world), from_=AT + timedelta(days=300))


def of_no_leaf(world: World) -> str:
    qualify(world, reviewer_of(world))
    return "ab" * 32


@pytest.mark.parametrize(
    ("named", "told"),
    [
        (own, []),
        (own_for_a_newcomer, []),
        (of_another, UNQUALIFIED),
        (of_another_kind, UNQUALIFIED),
        (run_out, UNQUALIFIED),
        (not_begun, UNQUALIFIED),
        (of_no_leaf, UNQUALIFIED),
    ],
)
def test_an_opinion_names_what_qualifies_its_giver(
    named: Callable[[World], str], told: list[FaultCode]
) -> None:
    """The leaf that is named is of the reviewer, of a kind that qualifies, and holds at the time of the opinion."""
    world = begin(3)
    case, _ = opened(world)
    passed_by(world, case, reviewer_of(world), named(world))
    assert faults(world, case) == told


def step(world: World, kind: type, since: datetime) -> str:
    certificate = next(
        leaf.leaf.subject
        for leaf in world.history.turns[reviewer_of(world)]
        if leaf.event == "certificate:issue"
    )
    custodian = world.people[Role.CUSTODIAN]
    return world.history.write(kind, certificate, custodian, of=(reviewer_of(world),), from_=since)


@pytest.mark.parametrize("kind", [CertificateSuspend, CertificateWithdraw, CertificateCancel])
def test_what_was_taken_back_before_qualifies_nobody(kind: type) -> None:
    """Suspended, withdrawn or cancelled from a time before the opinion: named; restored: the leaf that restored it."""
    world = begin(4)
    case, _ = opened(world)
    issued = own(world)
    step(world, kind, world.history.at)
    passed_by(world, case, reviewer_of(world), issued)
    assert faults(world, case) == UNQUALIFIED
    if kind is CertificateCancel:
        return
    world = begin(4)
    case, _ = opened(world)
    own(world)
    step(world, kind, LONG_AGO + timedelta(days=1))
    restored = step(world, CertificateRestore, world.history.at)
    passed_by(world, case, reviewer_of(world), restored)
    assert faults(world, case) == []


def test_what_is_taken_back_later_judges_no_opinion_anew() -> None:
    """Withdrawn afterwards, and be it from a time before: the opinion was given by what was known then."""
    world = begin(5)
    case, _ = opened(world)
    passed_by(world, case, reviewer_of(world), own(world))
    step(world, CertificateWithdraw, LONG_AGO + timedelta(days=1))
    assert faults(world, case) == []


def test_a_log_in_parts_accuses_nobody() -> None:
    """Where the reviewer's chain is withheld nobody can tell, and nothing is told."""
    world = begin(6)
    case, _ = opened(world)
    passed_by(world, case, reviewer_of(world), own(world))
    seen = world.history.directory()
    seen.is_complete = False
    seen.qualifications = type(seen.qualifications)()
    assert fold(case, world.history.turns[case], seen).faults == []


def test_a_partner_who_was_there_by_code_does_not_review() -> None:
    """By log-in or by a colleague's code: who was there took part."""
    world = begin(7)
    case, _ = opened(world)
    who = reviewer_of(world)
    manifest = next(of for of in world.history.turns if noun_of(of) == "manifest")
    certificate = members_of(PresenceConfirmByCode, is_full=True)["certificate"]
    named = {"person": who, "certificate": certificate, "partner": world.people[Role.OFFICER]}
    presence = world.history.thing("presence")
    world.history.write(PresenceConfirmByCode, presence, who, of=(manifest,), **named)
    passed_by(world, case, who, own(world))
    assert faults(world, case) == [FaultCode.SAME_PERSON]
