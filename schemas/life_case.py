"""The life of a case as its own chain tells it: values, handlers, ties, facts with their proofs, rounds, packages."""

from types import MappingProxyType

from schemas.actor import Role
from schemas.case import EVIDENCE_STATES, OVER_STATES, CaseState
from schemas.decision import PROVEN_OUTCOMES
from schemas.declaration import DocumentKind
from schemas.leaf import Leaf
from schemas.leaves_annotation import NoteAdd, NoteWithdraw, TagSet
from schemas.leaves_case import (
    CaseAmend,
    CaseAppoint,
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
    MonitoringLink,
    MonitoringLinkRuled,
    MonitoringUnlink,
    TieBasis,
)
from schemas.leaves_ending import CaseAnnul, CaseRefuse, CaseRestore
from schemas.leaves_procedure import CaseCloseListed, CaseDecideListed, DocumentFile, DocumentWithdraw
from schemas.leaves_recusal import RecusalBar, RecusalGround, RecusalLift
from schemas.leaves_review import (
    ExportBuild,
    ExportFail,
    ExportRequest,
    FactAccept,
    FactAdd,
    FactProve,
    FactUnprove,
    FactWithdraw,
    ReviewAnswer,
    ReviewPass,
    ReviewPassQualified,
    ReviewReject,
    ReviewRejectQualified,
    ReviewSupplement,
    ReviewSupplementQualified,
)
from schemas.leaves_scope import CaseConcludeProposed, CaseConcludeScoped, CaseExempt, CaseReopen
from schemas.leaves_summary import CasePenalise, CasePenaliseAlone, CaseRecord, CaseRetract
from schemas.life import FaultCode, Here, Takes, Unlawful, check_step, is_hidden, law, taken
from schemas.life_annotation import annotated
from schemas.life_inside import (
    Fact,
    Opinion,
    Package,
    QualifiedOpinion,
    accepted,
    added,
    answered,
    check_facts,
    check_record,
    check_recording,
    live_fact,
    opined,
    proven,
    submitted,
    tied,
    unproven,
    untied,
)
from schemas.life_of_case import Bar, CaseLife, Exemption, Scoped, moved
from schemas.life_procedure import Taken, check_listed, filed, withdrawn
from schemas.life_summary import penalised, recorded, retracted
from schemas.procedure import days_since, may_follow
from schemas.reference import noun_of

_HEAD = frozenset({Role.HEAD})
_VALUES = ("number", "party", "matter", "place", "party_code", "plates", "point", "occurred_at")
_Conclude = CaseConclude | CaseConcludeScoped | CaseConcludeProposed
_Decided = CaseDecide | CaseDecideListed
_Step = CaseFile | CaseInvestigate | CaseRefuse | CaseAnnul


def apply_case(life: CaseLife | None, leaf: Leaf, here: Here) -> CaseLife:
    """Return the case after this leaf.

    Raises:
        Unlawful: a rule does not hold.
    """
    act = leaf.act
    if type(act) is CaseOpen:
        return _opened(life, leaf, act, here)
    after = taken(CASE_TAKES, life, leaf, here)
    is_stated = isinstance(act, CaseLink) and act.basis is TieBasis.STATED
    law(is_stated or life is None or not life.is_barred(leaf.actor), FaultCode.BARRED)
    return after


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


def _amended(life: CaseLife, leaf: Leaf, act: CaseAmend, here: Here) -> CaseLife:
    del leaf, here
    law(life.state in EVIDENCE_STATES, FaultCode.CLOSED)
    named = {field.value: getattr(act, field.value) for field in act.fields}
    values = {name: value for name, value in {**life.values, **named}.items() if value is not None}
    return life._replace(values=values)


def _appointed(life: CaseLife, leaf: Leaf, act: CaseAppoint, here: Here) -> CaseLife:
    del leaf
    law(here.seen.is_free(here.index), FaultCode.SAME_PERSON)
    law(life.state not in OVER_STATES, FaultCode.CLOSED)
    law(act.handler not in life.handlers, FaultCode.HANDLER)
    return life._replace(handlers=life.handlers | {act.handler})


def _moved(life: CaseLife, leaf: Leaf, act: _Step, here: Here) -> CaseLife:
    del here
    return moved(life, leaf, act.to)


def _concluded(life: CaseLife, leaf: Leaf, act: _Conclude, here: Here) -> CaseLife:
    after = moved(life, leaf, act.to)
    if isinstance(act, CaseConclude):
        return after._replace(scope=None)
    scope = Scoped(here.n, act, leaf.actor, leaf.at)
    return after._replace(scope=scope, scopes=(*life.scopes, scope))


def _reopened(life: CaseLife, leaf: Leaf, act: CaseReopen | CaseRestore, here: Here) -> CaseLife:
    del here
    return moved(life, leaf, act.to)._replace(exemption=None)


def _exempted(life: CaseLife, leaf: Leaf, act: CaseExempt, here: Here) -> CaseLife:
    after = moved(life, leaf, act.to)
    law(not life.rounds, FaultCode.SCOPE)
    law(life.scope is not None and not any(one.applies for one in life.scope.act.answers), FaultCode.SCOPE)
    law(here.seen.is_free(here.index), FaultCode.SAME_PERSON)
    law(any(fact.withdrawn_at is None for fact in life.facts.values()), FaultCode.FACTS)
    if life.is_found:
        check_facts(life.facts, life.ties, here)
    return after._replace(exemption=Exemption(leaf.actor, leaf.at, act.reason))


def _submitted(life: CaseLife, leaf: Leaf, act: CaseSubmit, here: Here) -> CaseLife:
    after = moved(life, leaf, act.to)
    law(any(fact.withdrawn_at is None for fact in life.facts.values()), FaultCode.FACTS)
    return after._replace(rounds=submitted(life.rounds, leaf, act, here.n), exemption=None)


def _decided(life: CaseLife, leaf: Leaf, act: _Decided, here: Here) -> CaseLife:
    after = moved(life, leaf, act.to)
    is_passed = bool(life.rounds) and life.rounds[-1].opinion == "pass"
    law(is_passed or life.state == CaseState.REVIEW_NOT_NEEDED, FaultCode.NOT_PASSED)
    if isinstance(act, CaseDecide) or act.outcome in PROVEN_OUTCOMES:
        check_facts(life.facts, life.ties, here)
    return after


def _decided_listed(life: CaseLife, leaf: Leaf, act: CaseDecideListed, here: Here) -> CaseLife:
    after = _decided(life, leaf, act, here)
    is_proposed = life.proposal in (None, act.outcome)
    law(is_proposed or act.reason is not None, FaultCode.DIFFERS)
    check_listed(life.documents, leaf, act, days_since(life.moved_at.get(CaseState.FILED), leaf.at), here)
    return after._replace(decision=Taken(act, leaf.actor, leaf.at))


def _closed(life: CaseLife, leaf: Leaf, act: CaseClose | CaseCloseListed, here: Here) -> CaseLife:
    after = moved(life, leaf, act.to)
    law(life.summary is None or life.summary.recorded_at is not None, FaultCode.UNRECORDED)
    if isinstance(act, CaseClose):
        return after
    check_listed(life.documents, leaf, act, None, here, is_summary=life.summary is not None)
    return after._replace(closing=Taken(act, leaf.actor, leaf.at))


def _recording_tied(life: CaseLife, leaf: Leaf, act: CaseLink | CaseLinkPaper, here: Here) -> CaseLife:
    paper = act.document if isinstance(act, CaseLinkPaper) else None
    _check_tying(life, leaf, paper)
    ties = tied(life.ties, leaf, act.recording, act.basis, here, paper=paper)
    check_recording(leaf, act, here, agency=life.agency)
    return life._replace(ties=ties)


def _record_tied(
    life: CaseLife, leaf: Leaf, act: MonitoringLink | MonitoringLinkRuled, here: Here
) -> CaseLife:
    _check_tying(life, leaf)
    ties = tied(life.ties, leaf, act.monitoring, act.basis, here)
    check_record(act, here)
    return life._replace(ties=ties)


def _recording_untied(life: CaseLife, leaf: Leaf, act: CaseUnlink, here: Here) -> CaseLife:
    tie = life.ties.get(act.recording)
    _check_tying(life, leaf, None if tie is None else tie.paper)
    return life._replace(ties=untied(life.ties, leaf, act.recording, act.reason, here))


def _record_untied(life: CaseLife, leaf: Leaf, act: MonitoringUnlink, here: Here) -> CaseLife:
    _check_tying(life, leaf)
    return life._replace(ties=untied(life.ties, leaf, act.monitoring, act.reason, here))


def _check_tying(life: CaseLife, leaf: Leaf, paper: DocumentKind | None = None) -> None:
    """Refuse a change of what a case rests on; a paper that comes after the decision is tied, and untied, then."""
    is_by_hand = noun_of(leaf.actor) == "account"
    is_due = may_follow(CaseState(life.state), paper, leaf.at)
    law(life.state in EVIDENCE_STATES or is_due or not is_by_hand, FaultCode.CLOSED)
    law(life.state not in OVER_STATES, FaultCode.CLOSED)


def _fact_added(life: CaseLife, leaf: Leaf, act: FactAdd, here: Here) -> CaseLife:
    del here
    _check_evidence(life)
    return life._replace(facts=added(life.facts, leaf, act))


def _fact_withdrawn(life: CaseLife, leaf: Leaf, act: FactWithdraw, here: Here) -> CaseLife:
    del act, here
    _check_evidence(life)
    return _with_fact(life, leaf, live_fact(life.facts, leaf)._replace(withdrawn_at=leaf.at))


def _fact_proven(life: CaseLife, leaf: Leaf, act: FactProve, here: Here) -> CaseLife:
    del here
    _check_evidence(life)
    return _with_fact(life, leaf, proven(live_fact(life.facts, leaf), life.ties, leaf, act))


def _fact_unproven(life: CaseLife, leaf: Leaf, act: FactUnprove, here: Here) -> CaseLife:
    del here
    _check_evidence(life)
    return _with_fact(life, leaf, unproven(live_fact(life.facts, leaf), leaf, act.evidence))


def _fact_accepted(life: CaseLife, leaf: Leaf, act: FactAccept, here: Here) -> CaseLife:
    _check_evidence(life)
    return _with_fact(life, leaf, accepted(live_fact(life.facts, leaf), leaf, act, here))


def _check_evidence(life: CaseLife) -> None:
    law(life.state in EVIDENCE_STATES, FaultCode.CLOSED)


def _with_fact(life: CaseLife, leaf: Leaf, fact: Fact) -> CaseLife:
    return life._replace(facts={**life.facts, leaf.subject: fact})


def _reviewed(life: CaseLife, leaf: Leaf, act: Opinion, here: Here) -> CaseLife:
    check_step(leaf, life.state, act.case_to)
    law(leaf.actor not in life.handlers, FaultCode.SAME_PERSON)
    law(here.seen.is_free(here.index), FaultCode.SAME_PERSON)
    if isinstance(act, QualifiedOpinion):
        told = here.seen.is_qualified(leaf.actor, act.qualified_by, leaf.at, here.index)
        law(told, FaultCode.UNQUALIFIED)
    return life._replace(state=act.case_to, rounds=opined(life.rounds, leaf, act))


def _passed(life: CaseLife, leaf: Leaf, act: ReviewPass | ReviewPassQualified, here: Here) -> CaseLife:
    after = _reviewed(life, leaf, act, here)
    if life.is_found:
        check_facts(life.facts, life.ties, here)
    return after


def _answered(life: CaseLife, leaf: Leaf, act: ReviewAnswer, here: Here) -> CaseLife:
    del here
    return life._replace(rounds=answered(life.rounds, leaf, act))


def _asked(life: CaseLife, leaf: Leaf, act: ExportRequest, here: Here) -> CaseLife:
    asked = Package(leaf.subject, act, leaf.actor, leaf.at)
    return life._replace(packages={**life.packages, here.digest: asked})


def _packed(life: CaseLife, leaf: Leaf, act: ExportBuild | ExportFail, here: Here) -> CaseLife:
    package = life.packages.get(act.request)
    if is_hidden(package, here):
        return life
    if package is None or package.export != leaf.subject or package.state != "building":
        raise Unlawful(FaultCode.REQUEST)
    done = package._replace(state=act.to, ended=act, ended_at=leaf.at)
    return life._replace(packages={**life.packages, act.request: done})


def _barred(life: CaseLife, leaf: Leaf, act: RecusalBar, here: Here) -> CaseLife:
    law(not life.is_barred(act.person), FaultCode.TWICE)
    is_own = act.ground is RecusalGround.OWN
    law(is_own is (leaf.actor == act.person), FaultCode.GRANT)
    law(is_own or here.seen.has_role(leaf.actor, _HEAD, leaf.at, here.index), FaultCode.ROLE)
    return life._replace(bars={**life.bars, here.digest: Bar(leaf.subject, act, leaf.actor, leaf.at)})


def _lifted(life: CaseLife, leaf: Leaf, act: RecusalLift, here: Here) -> CaseLife:
    known = life.bars.get(act.bar)
    if is_hidden(known, here):
        return life
    if known is None or known.recusal != leaf.subject or known.lifted_at is not None:
        raise Unlawful(FaultCode.BAR)
    lifted = known._replace(lifted_by=leaf.actor, lifted_at=leaf.at, lift_reason=act.reason)
    return life._replace(bars={**life.bars, act.bar: lifted})


def _document_filed(life: CaseLife, leaf: Leaf, act: DocumentFile, here: Here) -> CaseLife:
    law(life.state not in OVER_STATES, FaultCode.CLOSED)
    return life._replace(documents=filed(life.documents, life.ties, leaf, act, here))


def _document_withdrawn(life: CaseLife, leaf: Leaf, act: DocumentWithdraw, here: Here) -> CaseLife:
    law(life.state not in OVER_STATES, FaultCode.CLOSED)
    return life._replace(documents=withdrawn(life.documents, leaf, act, here))


def _annotated(life: CaseLife, leaf: Leaf, act: NoteAdd | NoteWithdraw | TagSet, here: Here) -> CaseLife:
    return life._replace(beside=annotated(life.beside, leaf, act, here))


CASE_TAKES: Takes[CaseLife] = MappingProxyType(
    {
        CaseAmend: _amended,
        CaseAppoint: _appointed,
        CaseFile: _moved,
        CaseInvestigate: _moved,
        CaseRefuse: _moved,
        CaseAnnul: _moved,
        CaseRestore: _reopened,
        **dict.fromkeys((CaseConclude, CaseConcludeScoped, CaseConcludeProposed), _concluded),
        CaseReopen: _reopened,
        CaseExempt: _exempted,
        CaseSubmit: _submitted,
        CaseDecide: _decided,
        CaseDecideListed: _decided_listed,
        **dict.fromkeys((CaseClose, CaseCloseListed), _closed),
        **dict.fromkeys((CasePenalise, CasePenaliseAlone), penalised),
        CaseRecord: recorded,
        CaseRetract: retracted,
        **dict.fromkeys((CaseLink, CaseLinkPaper), _recording_tied),
        CaseUnlink: _recording_untied,
        MonitoringLink: _record_tied,
        MonitoringLinkRuled: _record_tied,
        MonitoringUnlink: _record_untied,
        RecusalBar: _barred,
        RecusalLift: _lifted,
        **dict.fromkeys((NoteAdd, NoteWithdraw, TagSet), _annotated),
        DocumentFile: _document_filed,
        DocumentWithdraw: _document_withdrawn,
        FactAdd: _fact_added,
        FactWithdraw: _fact_withdrawn,
        FactProve: _fact_proven,
        FactUnprove: _fact_unproven,
        FactAccept: _fact_accepted,
        **dict.fromkeys((ReviewPass, ReviewPassQualified), _passed),
        **dict.fromkeys((ReviewSupplement, ReviewSupplementQualified), _reviewed),
        **dict.fromkeys((ReviewReject, ReviewRejectQualified), _reviewed),
        ReviewAnswer: _answered,
        ExportRequest: _asked,
        ExportBuild: _packed,
        ExportFail: _packed,
    }
)
