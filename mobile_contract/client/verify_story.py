"""What a package tells of its case: every word of it from a leaf, an opening, or the fold of a chain."""

from collections.abc import Callable, Container, Iterable
from datetime import datetime
from typing import Any

from mobile_contract.client.verify_said import Grounds, Said, Teller, declared_told
from mobile_contract.client.verify_summary import summaries
from mobile_contract.client.verify_told import (
    ActTold,
    AgainTold,
    CaseTold,
    CorrectedTold,
    CorrectionTold,
    DecisionTold,
    ExemptionTold,
    FactTold,
    FormalityTold,
    RecordingTold,
    RecordTold,
    RecusalTold,
    RoundTold,
    ScopeAnswerTold,
    ScopeTold,
    StoreTold,
    Story,
    WithheldTold,
)
from schemas.base import rfc3339
from schemas.case import CaseState
from schemas.checkpoint import Checkpoint
from schemas.leaf import Leaf, Unknown
from schemas.leaves_agency import AgencyAmend, AgencyOpen
from schemas.leaves_correction import CorrectionMake
from schemas.leaves_procedure import CaseDecideListed, DocumentFile
from schemas.leaves_review import ExportRequest
from schemas.life_account import AccountLife
from schemas.life_evidence import RecordingLife
from schemas.life_inside import Committed
from schemas.life_monitoring import Attempt, MonitoringLife
from schemas.life_of_case import CaseLife
from schemas.life_role import Term
from schemas.package_lines import WithheldLine
from schemas.package_record import Carried, Record
from schemas.procedure import Formality
from schemas.reference import ident_of, noun_of
from schemas.replay import Folded


def tell(
    record: Record,
    case: str,
    request: Carried | None,
    checkpoint: Checkpoint | None,
    *,
    grounds: Grounds,
    evidence: Container[str],
) -> Story:
    """Return what the record tells of a case, as of the request that closes it.

    Args:
        record: The leaves of the package, folded.
        case: The case, `case/uuid`.
        request: The leaf of the request.
        checkpoint: Of the log, where it can be read.
        grounds: (digest, member) → why it is not shown.
        evidence: Recordings and records that are evidence of the case now.
    """
    teller = Teller(record, grounds)
    folded = record.folded.get(case)
    life = folded.life if folded is not None and isinstance(folded.life, CaseLife) else None
    return Story(
        as_of="" if request is None else rfc3339(request.leaf.at),
        origin="" if checkpoint is None else checkpoint.origin,
        size=None if checkpoint is None else checkpoint.size,
        case=None if life is None or folded is None else _case(record, teller, folded, life),
        recordings=tuple(
            _each(
                record, RecordingLife, lambda of, one: _recording(teller, of, one, is_evidence=of in evidence)
            )
        ),
        records=tuple(
            _each(record, MonitoringLife, lambda of, one: _record(of, one, is_evidence=of in evidence))
        ),
        rounds=() if life is None else tuple(_rounds(teller, life)),
        facts=() if life is None else tuple(_facts(teller, life)),
        recusals=() if life is None else tuple(_recusals(teller, life)),
        decision=None if life is None else _decision(life),
        formalities=() if life is None else tuple(_formalities(teller, life)),
        withheld=tuple(
            _withheld(record, one) for one in sorted(record.withheld, key=lambda one: (one.of, one.n))
        ),
        hidden=sum(member != "*" for _, member in grounds),
        acts=tuple(_acts(record, teller, case)),
        scope=None if life is None else _scope(teller, life),
        exemption=None if life is None else _exemption(teller, life),
        summaries=() if life is None else tuple(summaries(teller, life)),
        corrections=tuple(_corrections(record, teller)),
        looks=_looks(request),
    )


def _corrections(record: Record, teller: Teller) -> Iterable[CorrectionTold]:
    """Tell each correction once, whatever number of chains of the package it stands in."""
    events = {one.digest: one.event for one in record.withheld}
    events |= {one.digest: one.leaf.event for one in record.carried.values()}
    told = set()
    for one in sorted(record.carried.values(), key=lambda carried: carried.index):
        act = one.leaf.act
        if not isinstance(act, CorrectionMake):
            continue
        made = CorrectionTold(
            entry=act.entry,
            event=events.get(act.entry),
            at=rfc3339(one.leaf.at),
            members=tuple(
                CorrectedTold(member=each.member, value=teller.said(each.value)) for each in act.members
            ),
            approvals=tuple(map(teller.name, act.approvals)),
            reason=teller.said(act.reason),
        )
        if made not in told:
            told.add(made)
            yield made


def _looks(request: Carried | None) -> int | None:
    act = None if request is None else request.leaf.act
    return act.reads.count if isinstance(act, ExportRequest) and act.reads is not None else None


def _each(record: Record, kind: type[Any], told: Callable[[str, Any], Any]) -> Iterable[Any]:
    for of in sorted(record.folded):
        life = record.folded[of].life
        if isinstance(life, kind):
            yield told(of, life)


def _case(record: Record, teller: Teller, folded: Folded, life: CaseLife) -> CaseTold:
    named = _agency(record, life.agency)
    values = {name: teller.said(life.values.get(name)) for name in ("number", "party", "matter", "place")}
    return CaseTold(
        id=ident_of(folded.of),
        agency=teller.said(None if named is None else named[0]),
        agency_said_at=None if named is None else rfc3339(named[1]),
        handlers=tuple(teller.name(one) for one in sorted(life.handlers)),
        state=life.state,
        opened_at=rfc3339(life.moved_at["lead"]),
        unknown_from=folded.unknown_from or folded.not_understood_from,
        **values,
    )


def _agency(record: Record, name: str) -> tuple[Committed, datetime] | None:
    """Return what the agency is called, and since when: the last of its leaves in the package that says so.

    Its chain is not here, so a later leaf may be missing: the name is told with its date.
    """
    last: tuple[Committed, datetime] | None = None
    for one in sorted(record.standing_alone, key=lambda one: one.index):
        leaf: Leaf = one.leaf
        if leaf.subject == name and isinstance(leaf.act, (AgencyOpen, AgencyAmend)) and leaf.act.name:
            last = leaf.act.name, leaf.at
    return last


def _recording(teller: Teller, of: str, life: RecordingLife, *, is_evidence: bool) -> RecordingTold:
    return RecordingTold(
        id=ident_of(of),
        filename=teller.said(life.received.filename),
        state=life.state,
        verdict="not_checked" if life.verified is None else life.verified.verdict.value,
        is_evidence=is_evidence,
        received_at=rfc3339(life.received_at),
        again=tuple(
            AgainTold(at=rfc3339(one.at), was=one.made.was.value, verdict=one.made.verdict.value)
            for one in life.examined
        ),
        store=tuple(StoreTold(at=rfc3339(one.at), code=one.made.code) for one in life.found.values()),
        declared=declared_told(life.declared, teller.said),
    )


def _record(of: str, life: MonitoringLife, *, is_evidence: bool) -> RecordTold:
    return RecordTold(
        id=ident_of(of),
        state=life.state,
        is_evidence=is_evidence,
        notifications=tuple(_attempt(one) for one in life.attempts),
    )


def _attempt(one: Attempt) -> str:
    return f"{rfc3339(one.made.attempted_at)} {one.made.channel} {one.made.outcome}"


def _rounds(teller: Teller, life: CaseLife) -> Iterable[RoundTold]:
    for one in life.rounds:
        yield RoundTold(
            round=one.round,
            opinion=one.opinion,
            statement=teller.said(one.statement),
            grounds=len(one.grounds),
            unanswered=one.unanswered,
        )


def _scope(teller: Teller, life: CaseLife) -> ScopeTold | None:
    if life.scope is None:
        return None
    return ScopeTold(
        person=teller.name(life.scope.by),
        at=rfc3339(life.scope.at),
        answers=tuple(
            ScopeAnswerTold(kind=one.kind, applies=one.applies, ground=teller.said(one.ground))
            for one in life.scope.act.answers
        ),
        proposal=life.proposal,
    )


def _exemption(teller: Teller, life: CaseLife) -> ExemptionTold | None:
    one = life.exemption
    if one is None:
        return None
    return ExemptionTold(person=teller.name(one.by), at=rfc3339(one.at), reason=teller.said(one.reason))


def _acts(record: Record, teller: Teller, case: str) -> Iterable[ActTold]:
    for leaf in record.leaves(case).values() if case in record.turns else ():
        if noun_of(leaf.actor) != "account" or isinstance(leaf.act, Unknown):
            continue
        folded = record.folded.get(leaf.actor)
        life = None if folded is None else folded.life
        roles = life.roles.values() if isinstance(life, AccountLife) else ()
        carrying = [role for role in roles if role.grant.role in leaf.act.spec.roles]
        held = [role for role in carrying if _was_held(role.told, leaf.at)]
        yield ActTold(
            event=leaf.event,
            at=rfc3339(leaf.at),
            person=teller.name(leaf.actor),
            roles=tuple(sorted({str(role.grant.role) for role in held})),
            corrected=any(role.now is None or not _holds(role.now, leaf.at) for role in held),
        )


def _was_held(told: Iterable[Term], at: datetime) -> bool:
    """Say whether a role was held at a time, by what was told then."""
    return any(
        one.known_from <= at and (one.known_until is None or at < one.known_until) and _holds(one, at)
        for one in told
    )


def _holds(term: Term, at: datetime) -> bool:
    return term.valid_from <= at and (term.valid_until is None or at < term.valid_until)


def _facts(teller: Teller, life: CaseLife) -> Iterable[FactTold]:
    for fact in sorted(life.facts.values(), key=lambda fact: fact.position):
        if fact.withdrawn_at is None:
            yield FactTold(text=teller.said(fact.text), evidence=tuple(sorted(fact.named())))


def _recusals(teller: Teller, life: CaseLife) -> Iterable[RecusalTold]:
    for one in life.bars.values():
        yield RecusalTold(
            person=teller.name(one.act.person),
            ground=one.act.ground,
            reason=teller.said(one.act.reason),
            barred_at=rfc3339(one.at),
            lifted_at=None if one.lifted_at is None else rfc3339(one.lifted_at),
            lift_reason=teller.said(one.lift_reason),
        )


def _decision(life: CaseLife) -> DecisionTold | None:
    if CaseState.DECIDED not in life.moved_at or life.summary is not None:
        return None
    taken = life.decision
    if taken is None or not isinstance(taken.act, CaseDecideListed):
        return DecisionTold(is_listed=False)
    act = taken.act
    return DecisionTold(is_listed=True, outcome=act.outcome, penalties=act.penalties, fine_fen=act.fine_fen)


def _formalities(teller: Teller, life: CaseLife) -> Iterable[FormalityTold]:
    taken = [one.act for one in (life.decision, life.closing) if one is not None]
    found = {one.formality: one for act in taken for one in act.formalities}
    for formality in Formality:
        documents = [one.act for one in life.documents.values() if one.withdrawn_at is None]
        mine = tuple(_document(teller, act) for act in documents if act.formality is formality)
        line = found.get(formality)
        if mine or line is not None:
            yield FormalityTold(
                formality=formality,
                documents=mine,
                at_step=None if line is None else line.documents,
                why=teller.said(None if line is None else line.why),
            )


def _document(teller: Teller, act: DocumentFile) -> Said:
    """Return what a document is called, with number and day where these are shown."""
    title = teller.said(act.title)
    others = [teller.said(one).value for one in (act.number, act.dated)]
    if title.value is None:
        return title
    return Said(value=" ".join(str(one) for one in (title.value, *others) if one is not None))


def _withheld(record: Record, line: WithheldLine) -> WithheldTold:
    last = max((turn.n for turn in record.turns.get(line.of, ())), default=line.n)
    return WithheldTold(of=line.of, n=line.n, last=last, event=line.event, ground=line.ground)
