"""The life of a case as its own chain tells it: values, handlers, ties, facts with their proofs, rounds, packages."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from schemas.case import EVIDENCE_STATES, CaseState
from schemas.leaf import Leaf
from schemas.leaves_case import (
    CaseAmend,
    CaseAppoint,
    CaseClose,
    CaseConclude,
    CaseDecide,
    CaseFile,
    CaseInvestigate,
    CaseLink,
    CaseOpen,
    CaseSubmit,
    CaseUnlink,
    MonitoringLink,
    MonitoringUnlink,
)
from schemas.leaves_review import (
    ExportBuild,
    ExportFail,
    ExportRequest,
    FactAdd,
    FactProve,
    FactUnprove,
    FactWithdraw,
    ReviewAnswer,
    ReviewPass,
    ReviewReject,
    ReviewSupplement,
)
from schemas.life import FaultCode, Here, Unlawful, check_step, law
from schemas.life_inside import (
    Committed,
    Fact,
    Link,
    Opinion,
    Package,
    Round,
    Tie,
    Unlink,
    added,
    answered,
    check_facts,
    live_fact,
    opined,
    proven,
    submitted,
    tied,
    unproven,
    untied,
)
from schemas.reference import noun_of

_VALUES = ("number", "party", "matter", "place", "party_code", "plates", "point", "occurred_at")
_Step = CaseFile | CaseInvestigate | CaseConclude | CaseSubmit | CaseDecide | CaseClose


class CaseLife(NamedTuple):
    """A case. `values` are its committed members by name; `moved_at` says when it came into a state."""

    agency: str
    principal: str | None
    opened_by: str
    state: str
    values: Mapping[str, Committed]
    handlers: frozenset[str]
    moved_at: Mapping[str, datetime]
    ties: Mapping[str, Tie]
    facts: Mapping[str, Fact]
    rounds: tuple[Round, ...]
    packages: Mapping[str, Package]


def apply_case(life: CaseLife | None, leaf: Leaf, here: Here) -> CaseLife:
    """Return the case after this leaf.

    Raises:
        Unlawful: a rule does not hold.
    """
    act = leaf.act
    if isinstance(act, CaseOpen):
        return _opened(life, leaf, act, here)
    if life is None:
        raise Unlawful(FaultCode.NOT_BEGUN)
    match act:
        case CaseAmend():
            after = _amended(life, act)
        case CaseAppoint():
            law(life.state != CaseState.CLOSED, FaultCode.CLOSED)
            law(act.handler not in life.handlers, FaultCode.HANDLER)
            after = life._replace(handlers=life.handlers | {act.handler})
        case CaseFile() | CaseInvestigate() | CaseConclude() | CaseSubmit() | CaseDecide() | CaseClose():
            after = _moved(life, leaf, act, here)
        case CaseLink() | MonitoringLink() | CaseUnlink() | MonitoringUnlink():
            after = _retied(life, leaf, act, here)
        case FactAdd() | FactWithdraw() | FactProve() | FactUnprove():
            after = _with_fact(life, leaf, act)
        case ReviewPass() | ReviewSupplement() | ReviewReject():
            after = _reviewed(life, leaf, act, here)
        case _:
            after = _answered_or_packed(life, leaf, here)
    return after


def _answered_or_packed(life: CaseLife, leaf: Leaf, here: Here) -> CaseLife:
    match leaf.act:
        case ReviewAnswer() as act:
            return life._replace(rounds=answered(life.rounds, leaf, act))
        case (ExportRequest() | ExportBuild() | ExportFail()) as act:
            return _packed(life, leaf, act, here)
        case _:
            raise Unlawful(FaultCode.EVENT)


def _opened(life: CaseLife | None, leaf: Leaf, act: CaseOpen, here: Here) -> CaseLife:
    check_step(leaf, None if life is None else life.state, act.to)
    law(here.seen.is_open(act.agency, here.index), FaultCode.AGENCY)
    law(here.seen.is_of(leaf.actor, act.agency, here.index), FaultCode.AGENCY)
    values = {name: value for name in _VALUES if (value := getattr(act, name)) is not None}
    return CaseLife(
        agency=act.agency,
        principal=act.principal,
        opened_by=leaf.actor,
        state=act.to,
        values=values,
        handlers=frozenset({leaf.actor}),
        moved_at={act.to: leaf.at},
        ties={},
        facts={},
        rounds=(),
        packages={},
    )


def _amended(life: CaseLife, act: CaseAmend) -> CaseLife:
    law(life.state in EVIDENCE_STATES, FaultCode.CLOSED)
    named = {field.value: getattr(act, field.value) for field in act.fields}
    values = {name: value for name, value in {**life.values, **named}.items() if value is not None}
    return life._replace(values=values)


def _moved(life: CaseLife, leaf: Leaf, act: _Step, here: Here) -> CaseLife:
    check_step(leaf, life.state, act.to)
    rounds = life.rounds
    if isinstance(act, CaseSubmit):
        law(any(fact.withdrawn_at is None for fact in life.facts.values()), FaultCode.FACTS)
        rounds = submitted(rounds, leaf, act, here.n)
    if isinstance(act, CaseDecide):
        law(bool(rounds) and rounds[-1].opinion == "pass", FaultCode.NOT_PASSED)
        check_facts(life.facts, life.ties, here)
    return life._replace(state=act.to, rounds=rounds, moved_at={**life.moved_at, act.to: leaf.at})


def _retied(life: CaseLife, leaf: Leaf, act: Link | Unlink, here: Here) -> CaseLife:
    is_by_hand = noun_of(leaf.actor) == "account"
    law(life.state in EVIDENCE_STATES or not is_by_hand, FaultCode.CLOSED)
    law(life.state != CaseState.CLOSED, FaultCode.CLOSED)
    if isinstance(act, (CaseLink, MonitoringLink)):
        return life._replace(ties=tied(life.ties, leaf, act, here, agency=life.agency))
    return life._replace(ties=untied(life.ties, leaf, act, here))


def _with_fact(life: CaseLife, leaf: Leaf, act: FactAdd | FactWithdraw | FactProve | FactUnprove) -> CaseLife:
    law(life.state in EVIDENCE_STATES, FaultCode.CLOSED)
    match act:
        case FactAdd():
            return life._replace(facts=added(life.facts, leaf, act))
        case FactWithdraw():
            fact = live_fact(life.facts, leaf)._replace(withdrawn_at=leaf.at)
        case FactProve():
            fact = proven(live_fact(life.facts, leaf), life.ties, leaf, act)
        case FactUnprove():
            fact = unproven(live_fact(life.facts, leaf), leaf, act.evidence)
    return life._replace(facts={**life.facts, leaf.subject: fact})


def _reviewed(life: CaseLife, leaf: Leaf, act: Opinion, here: Here) -> CaseLife:
    check_step(leaf, life.state, act.case_to)
    law(leaf.actor not in life.handlers, FaultCode.SAME_PERSON)
    rounds = opined(life.rounds, leaf, act)
    if isinstance(act, ReviewPass):
        check_facts(life.facts, life.ties, here)
    return life._replace(state=act.case_to, rounds=rounds)


def _packed(
    life: CaseLife, leaf: Leaf, act: ExportRequest | ExportBuild | ExportFail, here: Here
) -> CaseLife:
    if isinstance(act, ExportRequest):
        asked = Package(leaf.subject, act, leaf.actor, leaf.at)
        return life._replace(packages={**life.packages, here.digest: asked})
    package = life.packages.get(act.request)
    if package is None and not here.is_whole:  # its request may be among what is withheld
        return life
    if package is None or package.export != leaf.subject or package.state != "building":
        raise Unlawful(FaultCode.REQUEST)
    done = package._replace(state=act.to, ended=act, ended_at=leaf.at)
    return life._replace(packages={**life.packages, act.request: done})
