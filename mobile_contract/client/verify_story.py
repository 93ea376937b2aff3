"""What a package tells of its case: every word of it from a leaf, an opening, or the fold of a chain."""

from collections.abc import Callable, Container, Iterable, Mapping
from datetime import datetime
from typing import Any

from schemas.base import Frozen, rfc3339
from schemas.case import CaseState
from schemas.checkpoint import Checkpoint
from schemas.leaf import Leaf, Unknown
from schemas.leaves_agency import AgencyAmend, AgencyOpen
from schemas.leaves_procedure import CaseDecideListed, DocumentFile
from schemas.leaves_review import ExportRequest
from schemas.life_account import AccountLife
from schemas.life_case import CaseLife
from schemas.life_evidence import RecordingLife
from schemas.life_inside import Committed
from schemas.life_monitoring import Attempt, MonitoringLife
from schemas.life_role import Term
from schemas.opening import Erased, Shown
from schemas.package_lines import WithheldLine
from schemas.package_record import Carried, Record
from schemas.procedure import Formality
from schemas.reference import ident_of, noun_of
from schemas.replay import Folded


class Said(Frozen):
    """A committed value: shown, or not shown on a ground, or erased."""

    value: Any = None
    not_shown: str | None = None
    erased: bool = False


class CaseTold(Frozen):
    """The case as its chain folds. `unknown_from` says from which number on that is not known."""

    id: str
    number: Said
    party: Said
    matter: Said
    place: Said
    agency: Said
    handlers: tuple[Said, ...]
    state: str
    opened_at: str
    unknown_from: int | None


class AgainTold(Frozen):
    """A later examination of a sealed recording: when, and the verdict before and after it."""

    at: str
    was: str
    verdict: str


class StoreTold(Frozen):
    """The store gave otherwise than was recorded: when that was found, and what."""

    at: str
    code: str


class RecordingTold(Frozen):
    """A recording of the case: what it is called, and what the server concluded."""

    id: str
    filename: Said
    state: str
    verdict: str
    is_evidence: bool
    received_at: str
    again: tuple[AgainTold, ...] = ()
    store: tuple[StoreTold, ...] = ()


class RecordTold(Frozen):
    """A record of fixed equipment: its state, and every attempt to tell the party."""

    id: str
    state: str
    is_evidence: bool
    notifications: tuple[str, ...]


class RoundTold(Frozen):
    """A round of legal review: what was said, and on how many grounds."""

    round: int
    opinion: str | None
    statement: Said
    grounds: int
    unanswered: int


class ScopeAnswerTold(Frozen):
    """Whether the case is of one kind of art. 58, and why."""

    kind: str
    applies: bool
    ground: Said


class ScopeTold(Frozen):
    """What the last conclusion of the investigation answered of art. 58."""

    person: Said
    at: str
    answers: tuple[ScopeAnswerTold, ...]


class ExemptionTold(Frozen):
    """By whom, when and why it was agreed that the case needs no legal review."""

    person: Said
    at: str
    reason: Said


class ActTold(Frozen):
    """What a person did in the case: the roles that carried it, as the log held them before it.

    Empty where the package withholds them. `corrected`: the log says otherwise of that time by now.
    """

    event: str
    at: str
    person: Said
    roles: tuple[str, ...]
    corrected: bool


class FactTold(Frozen):
    """A fact to be proven, and the evidence that is named for it."""

    text: Said
    evidence: tuple[str, ...]


class RecusalTold(Frozen):
    """Somebody who was barred from the case: who, on what ground, from when; and since when no longer, if ended."""

    person: Said
    ground: str
    reason: Said
    barred_at: str
    lifted_at: str | None
    lift_reason: Said


class FormalityTold(Frozen):
    """A duty of procedure: the documents that stand, and what its step found; `at_step` is None where that listed none."""

    formality: str
    documents: tuple[Said, ...]
    at_step: int | None
    why: Said


class DecisionTold(Frozen):
    """What the case ended in; `is_listed`: the decision says so, and lists its duties. Before version 2 it did neither."""

    is_listed: bool
    outcome: str = ""
    penalties: tuple[str, ...] = ()
    fine_fen: int | None = None


class WithheldTold(Frozen):
    """A leaf that is not shown: number n of a chain up to `last`, of what kind, on what ground."""

    of: str
    n: int
    last: int
    event: str
    ground: str


class Story(Frozen):
    """What a package tells."""

    as_of: str
    origin: str
    size: int | None
    case: CaseTold | None
    recordings: tuple[RecordingTold, ...]
    records: tuple[RecordTold, ...]
    rounds: tuple[RoundTold, ...]
    facts: tuple[FactTold, ...]
    recusals: tuple[RecusalTold, ...]
    decision: DecisionTold | None
    formalities: tuple[FormalityTold, ...]
    withheld: tuple[WithheldTold, ...]
    hidden: int
    acts: tuple[ActTold, ...] = ()
    scope: ScopeTold | None = None
    """None: no conclusion was asked."""
    exemption: ExemptionTold | None = None
    """While it stands."""
    looks: int | None = None
    """How many looks the log held at this evidence when the package was asked for; None: the request does not say."""


_Grounds = Mapping[tuple[str, str], str]


class _Teller:
    """Says what is committed to: its value, or the ground on which it is not shown."""

    def __init__(self, record: Record, grounds: _Grounds) -> None:
        self._by_commitment = {
            digest: grounds[one.digest, member]
            for one in record.carried.values()
            for member, digest in one.leaf.act.commitments().items()
            if (one.digest, member) in grounds
        }

    def said(self, value: Committed | None) -> Said:
        if value is None:
            return Said()
        if isinstance(value, Shown):
            return Said(value=value.value)
        return Said(erased=isinstance(value, Erased), not_shown=self._by_commitment.get(value.digest, ""))


def tell(
    record: Record,
    case: str,
    request: Carried | None,
    checkpoint: Checkpoint | None,
    *,
    grounds: _Grounds,
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
    teller = _Teller(record, grounds)
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
        recusals=() if life is None else tuple(_recusals(record, teller, life)),
        decision=None if life is None else _decision(life),
        formalities=() if life is None else tuple(_formalities(teller, life)),
        withheld=tuple(
            _withheld(record, one) for one in sorted(record.withheld, key=lambda one: (one.of, one.n))
        ),
        hidden=sum(member != "*" for _, member in grounds),
        acts=tuple(_acts(record, teller, case)),
        scope=None if life is None else _scope(record, teller, life),
        exemption=None if life is None else _exemption(record, teller, life),
        looks=_looks(request),
    )


def _looks(request: Carried | None) -> int | None:
    act = None if request is None else request.leaf.act
    return act.reads.count if isinstance(act, ExportRequest) and act.reads is not None else None


def _each(record: Record, kind: type[Any], told: Callable[[str, Any], Any]) -> Iterable[Any]:
    for of in sorted(record.folded):
        life = record.folded[of].life
        if isinstance(life, kind):
            yield told(of, life)


def _case(record: Record, teller: _Teller, folded: Folded, life: CaseLife) -> CaseTold:
    values = {name: teller.said(life.values.get(name)) for name in ("number", "party", "matter", "place")}
    return CaseTold(
        id=ident_of(folded.of),
        agency=teller.said(_agency(record, life.agency)),
        handlers=tuple(_name(record, teller, one) for one in sorted(life.handlers)),
        state=life.state,
        opened_at=rfc3339(life.moved_at["lead"]),
        unknown_from=folded.unknown_from or folded.not_understood_from,
        **values,
    )


def _agency(record: Record, name: str) -> Committed | None:
    """Return what the agency is called: the last of its leaves in the package that says so."""
    last: Committed | None = None
    for one in sorted(record.standing_alone, key=lambda one: one.index):
        leaf: Leaf = one.leaf
        if leaf.subject == name and isinstance(leaf.act, (AgencyOpen, AgencyAmend)) and leaf.act.name:
            last = leaf.act.name
    return last


def _name(record: Record, teller: _Teller, account: str) -> Said:
    folded = record.folded.get(account)
    life = None if folded is None else folded.life
    return teller.said(life.name) if isinstance(life, AccountLife) else Said(value=account)


def _recording(teller: _Teller, of: str, life: RecordingLife, *, is_evidence: bool) -> RecordingTold:
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


def _rounds(teller: _Teller, life: CaseLife) -> Iterable[RoundTold]:
    for one in life.rounds:
        yield RoundTold(
            round=one.round,
            opinion=one.opinion,
            statement=teller.said(one.statement),
            grounds=len(one.grounds),
            unanswered=one.unanswered,
        )


def _scope(record: Record, teller: _Teller, life: CaseLife) -> ScopeTold | None:
    if life.scope is None:
        return None
    return ScopeTold(
        person=_name(record, teller, life.scope.by),
        at=rfc3339(life.scope.at),
        answers=tuple(
            ScopeAnswerTold(kind=one.kind, applies=one.applies, ground=teller.said(one.ground))
            for one in life.scope.act.answers
        ),
    )


def _exemption(record: Record, teller: _Teller, life: CaseLife) -> ExemptionTold | None:
    one = life.exemption
    if one is None:
        return None
    return ExemptionTold(
        person=_name(record, teller, one.by), at=rfc3339(one.at), reason=teller.said(one.reason)
    )


def _acts(record: Record, teller: _Teller, case: str) -> Iterable[ActTold]:
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
            person=_name(record, teller, leaf.actor),
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


def _facts(teller: _Teller, life: CaseLife) -> Iterable[FactTold]:
    for fact in sorted(life.facts.values(), key=lambda fact: fact.position):
        if fact.withdrawn_at is None:
            yield FactTold(text=teller.said(fact.text), evidence=tuple(sorted(fact.named())))


def _recusals(record: Record, teller: _Teller, life: CaseLife) -> Iterable[RecusalTold]:
    for one in life.bars.values():
        yield RecusalTold(
            person=_name(record, teller, one.act.person),
            ground=one.act.ground,
            reason=teller.said(one.act.reason),
            barred_at=rfc3339(one.at),
            lifted_at=None if one.lifted_at is None else rfc3339(one.lifted_at),
            lift_reason=teller.said(one.lift_reason),
        )


def _decision(life: CaseLife) -> DecisionTold | None:
    if CaseState.DECIDED not in life.moved_at:
        return None
    taken = life.decision
    if taken is None or not isinstance(taken.act, CaseDecideListed):
        return DecisionTold(is_listed=False)
    act = taken.act
    return DecisionTold(is_listed=True, outcome=act.outcome, penalties=act.penalties, fine_fen=act.fine_fen)


def _formalities(teller: _Teller, life: CaseLife) -> Iterable[FormalityTold]:
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


def _document(teller: _Teller, act: DocumentFile) -> Said:
    """Return what a document is called, with number and day where these are shown."""
    title = teller.said(act.title)
    others = [teller.said(one).value for one in (act.number, act.dated)]
    if title.value is None:
        return title
    return Said(value=" ".join(str(one) for one in (title.value, *others) if one is not None))


def _withheld(record: Record, line: WithheldLine) -> WithheldTold:
    last = max((turn.n for turn in record.turns.get(line.of, ())), default=line.n)
    return WithheldTold(of=line.of, n=line.n, last=last, event=line.event, ground=line.ground)
