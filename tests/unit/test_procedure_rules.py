"""Duties of procedure: when one is recorded, and what the fold says of documents that nobody could file."""

from datetime import UTC, datetime, timedelta

import pytest

from schemas.actor import Role
from schemas.case import CaseStep
from schemas.decision import DecisionOutcome
from schemas.declaration import DocumentKind, HandInWay, Origin
from schemas.leaves_case import (
    CaseClose,
    CaseConclude,
    CaseDecide,
    CaseFile,
    CaseInvestigate,
    CaseLink,
    CaseLinkPaper,
    CaseOpen,
    CaseSubmit,
    CaseUnlink,
)
from schemas.leaves_procedure import CaseDecideListed, DocumentFile, DocumentWithdraw, ListedFormality
from schemas.leaves_recording import RecordingDeclare, RecordingSeal
from schemas.leaves_review import FactAdd, FactProve, ReviewPass
from schemas.life import FaultCode
from schemas.procedure import FILED, RULES, Formality, asked_by, days_since, is_recorded
from schemas.replay import Folded
from tests.leaf_examples import AT
from tests.leaf_history import World, begin, received, shown_text


def opened(world: World) -> str:
    case = world.history.thing("case")
    world.history.write(CaseOpen, case, world.people[Role.HANDLER], of=(case,), agency=world.agency)
    return case


def filed(world: World, case: str, document: str, **said: object) -> str:
    given = {"formality": Formality.NOTICE, "recording": None, **said}
    return world.history.write(DocumentFile, document, world.people[Role.HANDLER], of=(case,), **given)


def withdrawn(world: World, case: str, document: str, leaf: str) -> None:
    world.history.write(DocumentWithdraw, document, world.people[Role.HEAD], of=(case,), filed=leaf)


def faults(world: World, case: str) -> list[FaultCode]:
    return [one.code for one in world.history.folded()[case].faults]


def test_every_duty_has_a_rule_in_the_order_of_the_procedure() -> None:
    """The law of 2021 and its articles; six are answered for at the decision, one at the end."""
    assert tuple(RULES) == tuple(Formality)
    assert [one.articles for one in RULES.values()] == ["44", "45", "63", "57", "59", "60", "61"]
    at = datetime(2026, 11, 28, tzinfo=UTC)
    assert asked_by(CaseStep.DECIDE, at) == tuple(Formality)[:6]
    assert asked_by(CaseStep.CLOSE, at) == (Formality.SERVICE,)


def test_nothing_is_asked_before_the_law_holds() -> None:
    """It is in force since 2021-07-15, a day of Beijing."""
    begins = datetime(2021, 7, 14, 16, tzinfo=UTC)
    assert asked_by(CaseStep.DECIDE, begins)
    assert asked_by(CaseStep.DECIDE, begins - timedelta(seconds=1)) == ()


@pytest.mark.parametrize(("days", "kept"), [(None, False), (0, True), (90, True), (91, False)])
def test_ninety_days_are_kept_or_not(days: int | None, kept: bool) -> None:
    """No document shows the term, and no day of it shows anything else."""
    assert is_recorded(Formality.TERM, 3, days) is kept
    for one in FILED:
        assert is_recorded(one, 1, days)
        assert not is_recorded(one, 0, days)


def test_days_are_counted_by_the_calendar_of_beijing() -> None:
    """Filed a minute before midnight there, a minute later is the first day."""
    filed_at = datetime(2026, 1, 5, 15, 59, tzinfo=UTC)
    assert days_since(filed_at, filed_at + timedelta(minutes=1)) == 1
    assert days_since(filed_at, filed_at + timedelta(seconds=59)) == 0
    assert days_since(None, filed_at) is None


def test_the_fold_names_a_document_that_nobody_could_file() -> None:
    """A recording that is not tied, a duty that is computed, one document twice."""
    world = begin(20)
    case = opened(world)
    document = world.history.thing("document")
    filed(world, case, document, recording=received(world))
    filed(world, case, document, formality=Formality.TERM)
    assert faults(world, case) == [FaultCode.TIE, FaultCode.DOCUMENT]
    filed(world, case, document)
    filed(world, case, document)
    assert faults(world, case)[2:] == [FaultCode.BEGUN_TWICE]


def test_the_fold_names_a_withdrawal_that_nobody_could_make() -> None:
    """Once, by its own leaf, of the document that it filed."""
    world = begin(21)
    case = opened(world)
    document, other = world.history.thing("document"), world.history.thing("document")
    leaf = filed(world, case, document)
    withdrawn(world, case, other, leaf)
    withdrawn(world, case, document, "ab" * 32)
    withdrawn(world, case, document, leaf)
    withdrawn(world, case, document, leaf)
    assert faults(world, case) == [FaultCode.DOCUMENT] * 3


def listed(formality: Formality, documents: int = 0, why: str | None = "没有文书") -> ListedFormality:
    return ListedFormality(formality=formality, documents=documents, why=why and shown_text(why))


WHOLE = [
    listed(one, why=None if one is Formality.TERM else "没有文书") for one in asked_by(CaseStep.DECIDE, AT)
]


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        (WHOLE, None),
        (WHOLE[1:], FaultCode.LISTED),
        (WHOLE[::-1], FaultCode.LISTED),
        ([listed(Formality.NOTICE, 1, None), *WHOLE[1:]], FaultCode.LISTED),
        ([listed(Formality.NOTICE, why=None), *WHOLE[1:]], FaultCode.UNSAID),
        ([*WHOLE[:-1], listed(Formality.TERM)], FaultCode.UNSAID),
    ],
)
def test_the_fold_names_a_list_that_is_not_the_step_s(
    lines: list[ListedFormality], fault: FaultCode | None
) -> None:
    """Every duty in its order, as many documents as stand, a reason beside each that is not recorded and no other."""
    world = begin(22)
    folded = decided(world, lines)
    assert [one.code for one in folded.faults] == [code for code in (fault,) if code]
    assert (folded.life.state == "decided") is (fault is None)


def decided(world: World, lines: list[ListedFormality]) -> Folded:
    """Decide a case with these lines; return how it folds."""
    case = passed(world)
    told = {"outcome": DecisionOutcome.MINOR, "penalties": (), "fine_fen": None, "formalities": tuple(lines)}
    world.history.write(CaseDecideListed, case, world.people[Role.HEAD], of=(case,), **told)
    return world.history.folded()[case]


def passed(world: World) -> str:
    """A case up to a passed review."""
    case = opened(world)
    handler, head = world.people[Role.HANDLER], world.people[Role.HEAD]
    recording = received(world)
    write = world.history.write
    write(CaseFile, case, head, of=(case,))
    write(CaseInvestigate, case, handler, of=(case,))
    tie = {"case": case, "recording": recording, "basis": "manual"}
    write(CaseLink, case, handler, of=(case, recording), **tie)
    write(RecordingSeal, recording, "service/worker", size_bytes=7)
    fact = world.history.thing("fact")
    write(FactAdd, fact, handler, of=(case,), position=1)
    write(FactProve, fact, handler, of=(case,), evidence=recording)
    write(CaseConclude, case, handler, of=(case,))
    review = world.history.thing("review")
    write(CaseSubmit, case, handler, of=(case,), review=review, round=1)
    write(ReviewPass, review, world.people[Role.LEGAL_REVIEWER], of=(case,), round=1, grounds=())
    return case


def paper_of(world: World, kind: DocumentKind | None) -> str:
    """A recording that its bringer declared to be this paper."""
    bringer = world.people[Role.OFFICER]
    recording = received(world, bringer)
    said = {"way": HandInWay.BROWSER, "origin": Origin.TAKEN, "source": None, "document": kind}
    world.history.write(RecordingDeclare, recording, bringer, **said)
    return recording


def tie(world: World, case: str, recording: str, kind: DocumentKind | None) -> None:
    by, said = world.people[Role.HANDLER], {"case": case, "recording": recording, "basis": "manual"}
    if kind is None:
        world.history.write(CaseLink, case, by, of=(case, recording), **said)
    else:
        world.history.write(CaseLinkPaper, case, by, of=(case, recording), document=kind, **said)


@pytest.mark.parametrize(
    ("said", "tied_as", "state", "fault"),
    [
        (DocumentKind.SERVICE_RECEIPT, DocumentKind.SERVICE_RECEIPT, "decided", None),
        (DocumentKind.SERVICE_RECEIPT, None, "decided", FaultCode.CLOSED),
        (DocumentKind.INTERVIEW_RECORD, DocumentKind.INTERVIEW_RECORD, "decided", FaultCode.CLOSED),
        (DocumentKind.INTERVIEW_RECORD, DocumentKind.SERVICE_RECEIPT, "decided", FaultCode.DOCUMENT),
        (None, DocumentKind.SERVICE_RECEIPT, "decided", FaultCode.DOCUMENT),
        (DocumentKind.SERVICE_RECEIPT, DocumentKind.SERVICE_RECEIPT, "legal_review", FaultCode.CLOSED),
        (DocumentKind.SERVICE_RECEIPT, DocumentKind.SERVICE_RECEIPT, "closed", FaultCode.CLOSED),
    ],
)
def test_the_fold_ties_to_a_decided_case_what_the_law_has_follow_it(
    said: DocumentKind | None, tied_as: DocumentKind | None, state: str, fault: FaultCode | None
) -> None:
    """By what its bringer declared, while the case is decided and not closed; nothing else, and by no other name."""
    world = begin(23)
    case, recording = passed(world), paper_of(world, said)
    if state != "legal_review":
        world.history.write(CaseDecide, case, world.people[Role.HEAD], of=(case,))
    if state == "closed":
        world.history.write(CaseClose, case, world.people[Role.HANDLER], of=(case,))
    tie(world, case, recording, tied_as)
    assert faults(world, case) == [code for code in (fault,) if code]


def test_the_fold_lets_go_of_what_followed_a_decision_and_of_nothing_before_it() -> None:
    """A paper tied by mistake comes off a decided case again; what the decision rests on does not."""
    world = begin(24)
    case, recording = passed(world), paper_of(world, DocumentKind.SERVICE_RECEIPT)
    (evidence,) = world.history.folded()[case].life.ties
    world.history.write(CaseDecide, case, world.people[Role.HEAD], of=(case,))
    tie(world, case, recording, DocumentKind.SERVICE_RECEIPT)
    for one in (recording, evidence):
        about = {"case": case, "recording": one}
        world.history.write(CaseUnlink, case, world.people[Role.HANDLER], of=(case, one), **about)
    assert faults(world, case) == [FaultCode.CLOSED]
