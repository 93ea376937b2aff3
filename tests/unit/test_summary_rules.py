"""The summary procedure (arts 51 and 52): what may be decided on the spot, and what the fold says of what may not."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from schemas.actor import Role
from schemas.case import CaseState, CaseStep
from schemas.decision import PenaltyKind
from schemas.errors import Invalid
from schemas.ids import AccountId
from schemas.leaves_case import CaseClose, CaseFile, CaseLink, CaseOpen, TieBasis
from schemas.leaves_procedure import CaseCloseListed
from schemas.leaves_recording import RecordingSeal
from schemas.leaves_recusal import RecusalBar, RecusalGround
from schemas.leaves_review import FactAdd, FactProve
from schemas.leaves_summary import CasePenalise, CaseRecord, CaseRetract
from schemas.life import FaultCode
from schemas.life_of_case import CaseLife
from schemas.officer import NamedOfficer
from schemas.procedure import RULES, SUMMARY_RULES, Formality, asked_by, lines_of
from schemas.setting import DECLARED
from schemas.summary import LIMITS, PartyKind, PenaliseIn, acting, check_exception, check_summary
from tests.leaf_examples import AT, drawn
from tests.leaf_history import LONG_AGO, WORKER, World, _line, begin, received

NOW = datetime(2026, 11, 30, 4, tzinfo=UTC)
CITIZEN, COMPANY = "110101199003077758", "91320903MA1ABCDE01"
WISH: dict[str, Any] = {
    "party_kind": "citizen",
    "penalties": ["fine"],
    "fine_fen": 20_000,
    "basis": "条例第三十六条",
    "number": "当罚〔2026〕1号",
    "made_at": NOW - timedelta(hours=1),
    "place": "建军路",
    "officers": ["A-1", "A-2"],
    "is_refused": False,
}


def judge(
    most_yuan: int = 200, *, code: str | None = None, occurred: datetime | None = None, **said: Any
) -> str:
    """The slug that a penalty is refused with; empty where it is not."""
    wish = PenaliseIn.model_validate({**WISH, **said})
    try:
        check_summary(wish, most_yuan=most_yuan, party_code=code, occurred_at=occurred, now=NOW)
    except Invalid as err:
        return err.slug
    return ""


@pytest.mark.parametrize(
    ("said", "slug"),
    [
        ({}, ""),
        ({"fine_fen": 20_001}, "summary-fine-high"),
        ({"most_yuan": 100}, "summary-fine-high"),
        ({"party_kind": "organisation", "most_yuan": 3000, "fine_fen": 300_000}, ""),
        ({"party_kind": "organisation", "most_yuan": 3000, "fine_fen": 300_001}, "summary-fine-high"),
        ({"penalties": ["warning"], "fine_fen": None, "most_yuan": 0}, ""),
        ({"penalties": ["fine", "warning", "warning"]}, ""),
        ({"penalties": ["criticism"], "fine_fen": None}, "summary-kind"),
        ({"penalties": ["fine", "gains"]}, "summary-kind"),
        ({"code": CITIZEN}, ""),
        ({"code": CITIZEN, "party_kind": "organisation"}, "summary-party"),
        ({"code": COMPANY, "party_kind": "organisation"}, ""),
        ({"made_at": NOW}, ""),
        ({"made_at": NOW + timedelta(milliseconds=1)}, "summary-time"),
        ({"occurred": NOW - timedelta(hours=1)}, ""),
        ({"occurred": NOW - timedelta(minutes=59)}, "summary-time"),
    ],
)
def test_art_51_says_what_is_decided_on_the_spot(said: dict[str, Any], slug: str) -> None:
    """A warning or a fine within the party's own limit, neither in the future nor before the act."""
    assert judge(**said) == slug


@pytest.mark.parametrize(
    "changed",
    [
        {"fine_fen": None},
        {"penalties": ["warning"]},
        {"penalties": []},
        {"fine_fen": 0},
        {"basis": "  "},
        {"number": ""},
        {"place": " "},
        {"officers": []},
        {"officers": ["A"] * 9},
        {"party_kind": "club"},
        {"made_at": "2026-11-30T12:00:00"},
        {"unrecorded": [{"formality": "plea", "reason": "x"}] * 2},
        {"surprise": 1},
    ],
)
def test_a_penalty_is_entered_whole_or_not(changed: dict[str, Any]) -> None:
    """A fine without an amount, an amount without a fine, what is blank or unknown: no form."""
    with pytest.raises(ValueError):
        PenaliseIn.model_validate({**WISH, **changed})


def named(number: str, person: int, **said: bool) -> NamedOfficer:
    given = {"is_valid": True, "is_ours": True, "is_auxiliary": False, **said}
    return NamedOfficer(number=number, person=AccountId(_ident(person)), **given)


def _ident(person: int) -> Any:
    from uuid import UUID  # noqa: PLC0415 - a helper of one line

    return UUID(int=person)


@pytest.mark.parametrize(
    "known",
    [
        [],
        [named("A-1", 1)],
        [named("A-1", 1), named("A-2", 1)],
        [named("A-1", 1), named("A-2", 2, is_valid=False)],
        [named("A-1", 1), named("A-2", 2, is_ours=False)],
        [named("A-1", 1), named("A-2", 2, is_auxiliary=True)],
    ],
)
def test_fewer_than_two_officers_decide_nothing(known: list[NamedOfficer]) -> None:
    """Unknown, two certificates of one person, ended, another agency's, an auxiliary's (art. 42)."""
    with pytest.raises(Invalid) as refused:
        acting({"A-1", "A-2"}, known)
    assert refused.value.slug == "summary-officers"


def test_two_people_decide_and_a_third_is_held_to_the_same() -> None:
    """Whoever is named counts: a third one whose certificate had ended is not left out silently."""
    two = [named("A-2", 2), named("A-1", 1)]
    assert acting({"A-1", "A-2"}, two) == (_ident(1), _ident(2))
    with pytest.raises(Invalid):
        acting({"A-1", "A-2", "A-3"}, [*two, named("A-3", 3, is_valid=False)])


def test_one_person_decides_by_an_article_of_the_list_alone() -> None:
    """Not by another one, not beside a second officer, and never by nobody (art. 42)."""
    one, two = named("A-1", 1), named("A-2", 2)
    assert acting({"A-1"}, [one], is_excepted=True) == (_ident(1),)
    check_exception("某法第十条", ("某法第十条",))
    check_exception(None, ())
    for wrong in (
        lambda: check_exception("某法第九条", ("某法第十条",)),
        lambda: acting({"A-1", "A-2"}, [one, two], is_excepted=True),
    ):
        with pytest.raises(Invalid) as refused:
            wrong()
        assert refused.value.slug == "summary-exception"
    with pytest.raises(Invalid) as refused:
        acting({"A-1"}, [named("A-1", 1, is_valid=False)], is_excepted=True)
    assert refused.value.slug == "summary-officers"


def test_the_law_s_numbers_are_the_most_that_may_be_set() -> None:
    """200 and 3,000 yuan hold where nobody says anything, and no agency says more (art. 51)."""
    told = [DECLARED[LIMITS[kind]] for kind in PartyKind]
    assert [(one.default, one.most) for one in told] == [(200, 200), (3000, 3000)]


def test_only_the_duties_of_the_summary_procedure_are_asked() -> None:
    """Arts 44, 45 and 52 by the decision; nothing of 57–60, and nothing is left for the closing."""
    assert [one.articles for one in SUMMARY_RULES.values()] == ["44", "45", "52", "52"]
    at = datetime(2026, 11, 28, tzinfo=UTC)
    assert asked_by(CaseStep.PENALISE, at, is_summary=True) == tuple(SUMMARY_RULES)
    assert asked_by(CaseStep.CLOSE, at, is_summary=True) == ()
    assert asked_by(CaseStep.PENALISE, at) == ()
    lines = lines_of((), 3, {}, is_summary=True)
    assert [one.formality for one in lines if one.applies] == list(SUMMARY_RULES)
    assert [one.formality for one in lines_of((), 3, {})] == list(RULES)


def lead(world: World, *, is_proven: bool = True) -> str:
    """A lead with one sealed recording, and a fact that it proves."""
    history, handler = world.history, world.people[Role.HANDLER]
    case, fact = history.thing("case"), history.thing("fact")
    history.write(CaseOpen, case, handler, agency=world.agency, monitoring=None)
    recording = received(world)
    tie = {"case": case, "recording": recording, "basis": TieBasis.STATED}
    history.write(CaseLink, case, world.device, of=(case, recording), **tie)
    history.write(RecordingSeal, recording, WORKER, size_bytes=7)
    history.write(FactAdd, fact, handler, of=(case,), position=1)
    if is_proven:
        history.write(FactProve, fact, handler, of=(case,), evidence=recording)
    return case


def penalised(world: World, case: str, **said: Any) -> str:
    officers = tuple(sorted(f"account/{drawn(name)}" for name in ("first", "second")))
    told = {
        "officers": officers,
        "made_at": LONG_AGO,
        "formalities": tuple(map(_line, SUMMARY_RULES)),
        "penalties": (PenaltyKind.FINE,),
        "fine_fen": 20_000,
        **said,
    }
    return world.history.write(CasePenalise, case, world.people[Role.HANDLER], **told)


def faults(world: World, case: str) -> list[FaultCode]:
    return [one.code for one in world.history.folded()[case].faults]


def test_a_case_is_decided_on_the_spot_taken_back_filed_and_closed() -> None:
    """Taken back it is the lead that it was; filed it is closed with nothing more to list."""
    world = begin()
    case = lead(world)
    first = penalised(world, case)
    world.history.write(CaseRetract, case, world.people[Role.HANDLER], penalised=first)
    life = world.history.folded()[case].life
    assert isinstance(life, CaseLife)
    assert (life.state, life.decision, CaseState.DECIDED in life.moved_at) == (CaseState.LEAD, None, False)
    second = penalised(world, case)
    world.history.write(CaseRecord, case, world.people[Role.HEAD], penalised=second)
    world.history.write(CaseCloseListed, case, world.people[Role.HANDLER], formalities=())
    life = world.history.folded()[case].life
    assert isinstance(life, CaseLife)
    assert [one.stands for one in life.summaries.values()] == [False, True]
    assert life.state == CaseState.CLOSED
    assert faults(world, case) == []


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"formalities": ()}, FaultCode.LISTED),
        ({"formalities": tuple(map(_line, tuple(Formality)[:4]))}, FaultCode.LISTED),
        ({"made_at": AT + timedelta(days=900)}, FaultCode.FUTURE),
        ({"fine_fen": 20_001}, FaultCode.LIMITS),
        ({"fine_fen": 300_001, "party_kind": PartyKind.ORGANISATION}, FaultCode.LIMITS),
        ({"fine_fen": 5_001, "made_at": datetime(2021, 7, 14, 15, tzinfo=UTC)}, FaultCode.LIMITS),
    ],
)
def test_the_fold_names_what_may_not_be_decided_on_the_spot(said: dict[str, Any], code: FaultCode) -> None:
    """A list of another procedure, a date to come, a fine beyond the law of its day: the case stays a lead."""
    world = begin()
    case = lead(world)
    penalised(world, case, **said)
    assert faults(world, case) == [code]
    assert world.history.folded()[case].life.state == CaseState.LEAD


def test_a_fact_without_its_proof_forbids_it() -> None:
    """Art. 51 asks for established facts, as art. 40 does of any penalty."""
    world = begin()
    case = lead(world, is_proven=False)
    penalised(world, case)
    assert faults(world, case) == [FaultCode.UNPROVEN]


def test_nobody_decides_on_the_spot_who_is_barred() -> None:
    """A bar holds for the officers of the penalty as for whoever enters it (art. 43)."""
    world = begin()
    case, officers = lead(world), tuple(sorted((world.people[Role.OFFICER], world.seconds[Role.OFFICER])))
    bar = {"person": officers[0], "ground": RecusalGround.HEAD}
    world.history.write(
        RecusalBar, world.history.thing("recusal"), world.people[Role.HEAD], of=(case,), **bar
    )
    penalised(world, case, officers=officers)
    assert faults(world, case) == [FaultCode.BARRED]


def test_a_filed_case_is_not_decided_on_the_spot() -> None:
    """The ordinary way has begun."""
    world = begin()
    case = lead(world)
    world.history.write(CaseFile, case, world.people[Role.HEAD])
    penalised(world, case)
    assert faults(world, case) == [FaultCode.STEP]


@pytest.mark.parametrize("kind", [CaseClose, CaseCloseListed])
def test_what_is_not_filed_is_not_closed(kind: Any) -> None:
    """Art. 52, by whichever version of the leaf."""
    world = begin()
    case = lead(world)
    penalised(world, case)
    told = {} if kind is CaseClose else {"formalities": ()}
    world.history.write(kind, case, world.people[Role.HANDLER], **told)
    assert faults(world, case) == [FaultCode.UNRECORDED]


def test_nobody_files_what_they_made() -> None:
    """Neither an officer of the penalty nor whoever entered it."""
    world = begin()
    case, head = lead(world), world.people[Role.HEAD]
    officers = tuple(sorted((head, world.people[Role.OFFICER])))
    made = penalised(world, case, officers=officers)
    world.history.write(CaseRecord, case, head, penalised=made)
    assert faults(world, case) == [FaultCode.SAME_PERSON]
    world.history.write(CaseRecord, case, world.seconds[Role.HEAD], penalised=made)
    assert faults(world, case) == [FaultCode.SAME_PERSON]
    assert world.history.folded()[case].life.summary.recorded_by == world.seconds[Role.HEAD]


@pytest.mark.parametrize("kind", [CaseRecord, CaseRetract])
def test_what_is_filed_is_neither_filed_again_nor_taken_back(kind: Any) -> None:
    """Nor what another leaf entered, or none."""
    world = begin()
    case, head = lead(world), world.people[Role.HEAD]
    made = penalised(world, case)
    world.history.write(kind, case, head, penalised="0" * 64)
    world.history.write(CaseRecord, case, head, penalised=made)
    world.history.write(kind, case, head, penalised=made)
    assert faults(world, case) == [FaultCode.SUMMARY, FaultCode.SUMMARY]


@pytest.mark.parametrize(
    "members",
    [
        {"penalties": ("fine", "warning"), "fine_fen": None},
        {"penalties": ("warning", "fine")},
        {"penalties": ("gains",), "fine_fen": None},
        {"penalties": (PenaltyKind.WARNING,), "fine_fen": 1},
        {"officers": (f"account/{drawn('a')}",)},
        {"officers": (f"account/{drawn('a')}",) * 2},
    ],
)
def test_a_leaf_says_only_what_art_51_allows(members: dict[str, Any]) -> None:
    """Kinds, amount and two different officers are closed in the class itself."""
    world = begin()
    case = lead(world)
    with pytest.raises(ValueError):
        penalised(world, case, **members)
