"""Separation of duties: which part keeps somebody from what, and what one pass over the log tells of it."""

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.actor import Reach, Role
from schemas.errors import Refused
from schemas.leaf import parse_leaf
from schemas.leaves_audit import AuditConfirm, AuditDefine, AuditDraw, AuditEnter, AuditFreeze
from schemas.leaves_case import (
    CaseAppoint,
    CaseConclude,
    CaseFile,
    CaseInvestigate,
    CaseLink,
    CaseOpen,
    CaseSubmit,
    CaseUnlink,
    MonitoringLink,
    TieBasis,
)
from schemas.leaves_presence import PresenceConfirm, PresenceConfirmByCode
from schemas.leaves_recording import RecordingSeal
from schemas.leaves_recusal import RecusalBar, RecusalGround, RecusalLift
from schemas.leaves_review import FactAdd, FactProve, ReviewPass, ReviewSupplement
from schemas.leaves_role import RoleGrantNamed
from schemas.leaves_scoring import AuditAssign, AuditScore, LeafScore
from schemas.life import FaultCode
from schemas.participation import Participation
from schemas.reference import noun_of
from schemas.replay import fold
from schemas.separation import KEPT_FROM, Charge, Part, check_charge, kept_by
from tests.leaf_examples import members_of
from tests.leaf_history import API, LONG_AGO, WORKER, World, begin, received, story_of_a_record

SLUGS = {
    Charge.HANDLE: "handler-reviewed",
    Charge.REVIEW: "reviewer-took-part",
    Charge.INSPECT: "inspector-took-part",
    Charge.EXEMPT: "exempter-concluded",
    Charge.RECORD: "summary-own",
}
MATRIX = {
    Part.CAPTURED: {Charge.REVIEW, Charge.INSPECT},
    Part.HANDLES: {Charge.REVIEW, Charge.INSPECT},
    Part.SUBMITTED: {Charge.REVIEW, Charge.INSPECT},
    Part.CONCLUDED: {Charge.REVIEW, Charge.INSPECT, Charge.EXEMPT},
    Part.PENALISED: {Charge.REVIEW, Charge.INSPECT, Charge.RECORD},
    Part.LED: {Charge.REVIEW, Charge.INSPECT},
    Part.JUDGED: {Charge.REVIEW, Charge.INSPECT},
    Part.AGREED: {Charge.INSPECT},
    Part.REVIEWED: {Charge.HANDLE, Charge.INSPECT},
    Part.BARRED: set(Charge),
}
"""The rule once more, by part: what the law asks, written down apart from the table."""

MOST_BYTES = 800
"""Of one recording with its manifest, two people who confirmed and one tie."""


def test_the_rule_is_the_one_that_was_written_down() -> None:
    """Every part keeps from exactly these charges."""
    assert {part: {charge for charge in Charge if part in KEPT_FROM[charge]} for part in Part} == MATRIX


@given(st.sampled_from(Charge), st.sets(st.sampled_from(Part)))
def test_who_took_part_is_refused_by_name(charge: Charge, parts: set[Part]) -> None:
    """What keeps somebody away is named, in one order; what does not is let be."""
    forbidding = [part for part in Part if part in parts and charge in MATRIX[part]]
    assert list(kept_by(charge, parts)) == forbidding
    if not forbidding:
        check_charge(charge, parts)
        return
    with pytest.raises(Refused) as refused:
        check_charge(charge, parts)
    if Part.BARRED in parts:
        assert refused.value.slug == "recused"
        return
    assert refused.value.slug == SLUGS[charge]
    assert refused.value.facts["parts"] == [part.value for part in forbidding]


def opened(world: World, *, opener: str | None = None) -> tuple[str, str]:
    """A case under investigation with one sealed recording that proves its fact, all by the first people."""
    history = world.history
    case, fact, recording = history.thing("case"), history.thing("fact"), received(world)
    handler = opener or world.people[Role.HANDLER]
    history.write(CaseOpen, case, handler, agency=world.agency, monitoring=None)
    history.write(CaseFile, case, world.people[Role.HEAD])
    history.write(CaseInvestigate, case, handler)
    tie = {"case": case, "recording": recording, "basis": TieBasis.STATED}
    history.write(CaseLink, case, world.device, of=(case, recording), **tie)
    history.write(RecordingSeal, recording, WORKER, size_bytes=7)
    history.write(FactAdd, fact, handler, of=(case,), position=1)
    history.write(FactProve, fact, handler, of=(case,), evidence=recording)
    return case, recording


def submit(world: World, case: str, number: int = 1, *, by: str | None = None) -> str:
    """One round of legal review, open."""
    handler = by or world.people[Role.HANDLER]
    review = world.history.thing("review")
    world.history.write(CaseConclude, case, handler)
    world.history.write(CaseSubmit, case, handler, review=review, round=number)
    return review


def opine(world: World, case: str, review: str, who: str, number: int = 1) -> None:
    world.history.write(ReviewPass, review, who, of=(case,), round=number, grounds=())


def faults(world: World, of: str) -> list[FaultCode]:
    return [one.code for one in fold(of, world.history.turns[of], world.history.directory()).faults]


def confirmed(world: World, who: str, *, by_code: bool = False) -> None:
    """Say that somebody was at the last capture, by own log-in or by the code of a colleague."""
    history = world.history
    manifest = next(of for of in reversed(history.turns) if noun_of(of) == "manifest")
    kind = PresenceConfirmByCode if by_code else PresenceConfirm
    named = {"person": who, "certificate": members_of(kind, is_full=True)["certificate"]}
    history.write(kind, history.thing("presence"), who, of=(manifest,), **named)


def reviewer_who(world: World, case: str, part: Part) -> str:
    """Make a legal reviewer take this part in the case, lawfully in itself."""
    history, who = world.history, world.people[Role.LEGAL_REVIEWER]
    role = {Part.LED: Role.HEAD, Part.SUBMITTED: Role.HANDLER, Part.JUDGED: Role.EVIDENCE_REVIEWER}.get(part)
    if role is not None:
        other = world.people[role]
        world.people = {**world.people, Role.LEGAL_REVIEWER: other}
        grant(world, other, Role.LEGAL_REVIEWER)
        who = other
    if part is Part.CAPTURED:
        confirmed(world, who)
    if part is Part.HANDLES:
        history.write(CaseAppoint, case, world.people[Role.HEAD], handler=who)
    if part is Part.JUDGED:
        for record in story_of_a_record(world, outcome="valid"):
            found = record
        tie = {"case": case, "monitoring": found}
        history.write(MonitoringLink, found, world.people[Role.HANDLER], of=(case, found), **tie)
    return who


def grant(world: World, account: str, role: Role) -> None:
    history = world.history
    given = {"role": role, "reach": Reach.AGENCY, "from_": LONG_AGO, "until": None}
    history.write(RoleGrantNamed, history.thing("role"), API, of=(account,), **given)


@pytest.mark.parametrize("part", [Part.CAPTURED, Part.HANDLES, Part.SUBMITTED, Part.LED, Part.JUDGED])
def test_the_fold_names_a_reviewer_who_took_part(part: Part) -> None:
    """The same opinion by somebody who took no part is lawful; by one who did it is named, and moves nothing."""
    for is_fair in (True, False):
        world = begin(7)
        case, _ = opened(world)
        who = reviewer_who(world, case, part)
        free = world.seconds[Role.LEGAL_REVIEWER]
        review = submit(world, case)
        opine(world, case, review, free if is_fair else who)
        assert faults(world, case) == ([] if is_fair else [FaultCode.SAME_PERSON])


def test_whoever_confirmed_by_a_code_took_part_as_by_own_login() -> None:
    """The second version of the leaf tells no less than the first."""
    world = begin(7)
    case, _ = opened(world)
    confirmed(world, world.people[Role.LEGAL_REVIEWER], by_code=True)
    opine(world, case, submit(world, case), world.people[Role.LEGAL_REVIEWER])
    assert faults(world, case) == [FaultCode.SAME_PERSON]


def test_what_one_pass_keeps_of_a_recording_is_small() -> None:
    """Of a hundred thousand recordings that were captured by two, confirmed and tied, all must fit: 80 MB at the most."""
    world, many = begin(15), 500
    case, _ = opened(world)
    for _ in range(many):
        recording = received(world)
        for person in list(world.people.values())[:2]:
            confirmed(world, person)
        tie = {"case": case, "recording": recording, "basis": TieBasis.STATED}
        world.history.write(CaseLink, case, world.device, of=(case, recording), **tie)
    kept = Participation()
    tracemalloc.start()
    for index, payload in enumerate(world.history.payloads):
        kept.learn(index, parse_leaf(payload))
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(kept.evidence) == many + 1
    assert held / many < MOST_BYTES


def test_a_tie_that_has_ended_keeps_nobody_away() -> None:
    """What is no longer tied to the case when the opinion is given is no part in it."""
    world = begin(8)
    case, recording = opened(world)
    who = reviewer_who(world, case, Part.CAPTURED)
    handler = world.people[Role.HANDLER]
    other = received(world)
    world.history.write(RecordingSeal, other, WORKER, size_bytes=7)
    world.history.write(
        CaseLink, case, handler, of=(case, other), case=case, recording=other, basis=TieBasis.MANUAL
    )
    fact = world.history.thing("fact")
    world.history.write(FactAdd, fact, handler, of=(case,), position=2)
    world.history.write(FactProve, fact, handler, of=(case,), evidence=other)
    world.history.write(CaseUnlink, case, handler, of=(case, recording), case=case, recording=recording)
    review = submit(world, case)
    grounds = members_of(ReviewSupplement, is_full=True)["grounds"]
    world.history.write(ReviewSupplement, review, who, of=(case,), round=1, grounds=grounds)
    assert faults(world, case) == []


def test_a_part_that_was_taken_later_changes_nothing() -> None:
    """An opinion is judged by what was so before it: whoever confirms afterwards to have been there broke no rule."""
    world = begin(9)
    case, _ = opened(world)
    review = submit(world, case)
    opine(world, case, review, world.people[Role.LEGAL_REVIEWER])
    reviewer_who(world, case, Part.CAPTURED)
    assert faults(world, case) == []


def test_the_fold_names_a_reviewer_who_is_made_a_handler() -> None:
    """Who gave a legal review of a case does not handle it afterwards."""
    world = begin(10)
    case, _ = opened(world)
    review, reviewer = submit(world, case), world.people[Role.LEGAL_REVIEWER]
    grounds = members_of(ReviewSupplement, is_full=True)["grounds"]
    world.history.write(ReviewSupplement, review, reviewer, of=(case,), round=1, grounds=grounds)
    world.history.write(CaseAppoint, case, world.people[Role.HEAD], handler=reviewer)
    assert faults(world, case) == [FaultCode.SAME_PERSON]


@pytest.mark.parametrize("is_case", [True, False], ids=["case", "recording"])
@pytest.mark.parametrize("role", [Role.HANDLER, Role.HEAD, Role.LEGAL_REVIEWER, Role.INSPECTOR])
def test_the_fold_names_an_inspector_who_took_part(role: Role, *, is_case: bool) -> None:
    """Scores of whoever handled, led or reviewed what was drawn are named, of a case and of its recording alike."""
    world = begin(11)
    case, recording = opened(world)
    opine(world, case, submit(world, case), world.people[Role.LEGAL_REVIEWER])
    who = world.people[role]
    if role is not Role.INSPECTOR:
        grant(world, who, Role.INSPECTOR)
    audit = _drawn(world, who)
    member, scores = case if is_case else recording, (LeafScore(code="A1", points=1),)
    world.history.write(AuditScore, audit, who, member=member, scores=scores, total=1)
    assert faults(world, audit) == ([] if role is Role.INSPECTOR else [FaultCode.SAME_PERSON])


def _drawn(world: World, inspector: str) -> str:
    history, supervisor = world.history, world.people[Role.SUPERVISOR]
    audit, values = history.thing("audit"), "ab" * 32
    history.write(AuditDefine, audit, supervisor, agency=world.agency, target=world.agency)
    history.write(AuditFreeze, audit, supervisor, count=9, size=3)
    history.write(AuditEnter, audit, supervisor, values_sha256=values)
    history.write(AuditConfirm, audit, world.seconds[Role.SUPERVISOR], values_sha256=values)
    history.write(AuditDraw, audit, supervisor, size=3)
    history.write(AuditAssign, audit, supervisor, inspector=inspector)
    return audit


def bar(world: World, case: str, who: str, *, by: str | None = None) -> tuple[str, str]:
    """Bar somebody from a case, by their own word or by somebody's; returns the bar and its leaf."""
    recusal = world.history.thing("recusal")
    ground = RecusalGround.OWN if by is None else RecusalGround.HEAD
    given = {"person": who, "ground": ground}
    return recusal, world.history.write(RecusalBar, recusal, by or who, of=(case,), **given)


@pytest.mark.parametrize("by_head", [True, False])
def test_the_fold_names_every_act_of_whoever_is_barred(*, by_head: bool) -> None:
    """From the bar to its end an act is named and moves nothing; before and behind it is lawful."""
    world = begin(12)
    case, _ = opened(world)
    handler, head = world.people[Role.HANDLER], world.people[Role.HEAD]
    recusal, leaf = bar(world, case, handler, by=head if by_head else None)
    for position in (5, 6):
        world.history.write(FactAdd, world.history.thing("fact"), handler, of=(case,), position=position)
    assert faults(world, case) == [FaultCode.BARRED] * 2
    world.history.write(RecusalLift, recusal, head, of=(case,), bar=leaf)
    world.history.write(FactAdd, world.history.thing("fact"), handler, of=(case,), position=5)
    assert faults(world, case) == [FaultCode.BARRED] * 2


def test_evidence_that_states_its_case_is_tied_whoever_hands_it_in() -> None:
    """A bar never drops evidence: what a barred person hands in says for itself where it belongs."""
    world = begin(13)
    case, _ = opened(world)
    officer = world.people[Role.OFFICER]
    bar(world, case, officer)
    recording = received(world, officer)
    tie = {"case": case, "recording": recording, "basis": TieBasis.STATED}
    world.history.write(CaseLink, case, officer, of=(case, recording), **tie)
    assert faults(world, case) == []


@pytest.mark.parametrize(
    ("by", "person", "ground", "fault"),
    [
        (Role.HANDLER, Role.LEGAL_REVIEWER, RecusalGround.HEAD, FaultCode.ROLE),
        (Role.HEAD, Role.LEGAL_REVIEWER, RecusalGround.OWN, FaultCode.GRANT),
        (Role.HEAD, Role.HEAD, RecusalGround.PARTY, FaultCode.GRANT),
        (Role.HEAD, Role.OFFICER, RecusalGround.PARTY, FaultCode.TWICE),
    ],
)
def test_the_fold_names_a_bar_that_nobody_could_make(
    by: Role, person: Role, ground: RecusalGround, fault: FaultCode
) -> None:
    """Nobody but the head bars others, nobody is barred by the word of another, nor twice."""
    world = begin(14)
    case, _ = opened(world)
    bar(world, case, world.people[Role.OFFICER])
    given = {"person": world.people[person], "ground": ground}
    world.history.write(RecusalBar, world.history.thing("recusal"), world.people[by], of=(case,), **given)
    assert faults(world, case) == [fault]


def test_the_fold_names_an_end_that_nobody_could_make() -> None:
    """A bar is lifted once, by its own leaf, by somebody else."""
    world = begin(15)
    case, _ = opened(world)
    head, other = world.people[Role.HEAD], world.seconds[Role.HEAD]
    recusal, leaf = bar(world, case, head)
    world.history.write(RecusalLift, recusal, head, of=(case,), bar=leaf)
    world.history.write(RecusalLift, recusal, other, of=(case,), bar="ab" * 32)
    world.history.write(RecusalLift, recusal, other, of=(case,), bar=leaf)
    world.history.write(RecusalLift, recusal, other, of=(case,), bar=leaf)
    assert faults(world, case) == [FaultCode.BARRED, FaultCode.BAR, FaultCode.BAR]


def test_the_fold_names_a_barred_inspector() -> None:
    """Who is barred from a case scores neither it nor a recording that is tied to it."""
    world = begin(16)
    case, recording = opened(world)
    who = world.people[Role.INSPECTOR]
    bar(world, case, who)
    for member in (case, recording):
        audit = _drawn(world, who)
        scores = (LeafScore(code="A1", points=1),)
        world.history.write(AuditScore, audit, who, member=member, scores=scores, total=1)
        assert faults(world, audit) == [FaultCode.SAME_PERSON]
