"""What lives inside a case: ties, facts with their proofs, rounds of legal review, packages."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from schemas.acceptance import carries
from schemas.declaration import DocumentKind
from schemas.integrity import Verdict
from schemas.leaf import Leaf
from schemas.leaves_case import (
    HANDLERS,
    CaseLink,
    CaseLinkPaper,
    CaseSubmit,
    MonitoringLink,
    TieBasis,
)
from schemas.leaves_review import (
    ExportBuild,
    ExportFail,
    ExportRequest,
    FactAccept,
    FactAdd,
    FactProve,
    LeafGround,
    ReviewAnswer,
    ReviewPass,
    ReviewPassQualified,
    ReviewReject,
    ReviewRejectQualified,
    ReviewSupplement,
    ReviewSupplementQualified,
)
from schemas.life import FaultCode, Here, Unlawful, law
from schemas.monitoring import MonitoringState
from schemas.opening import Erased, Hidden, Shown
from schemas.recording import RecordingState
from schemas.reference import noun_of

Committed = Shown[Any] | Hidden | Erased
QualifiedOpinion = ReviewPassQualified | ReviewSupplementQualified | ReviewRejectQualified
Opinion = ReviewPass | ReviewSupplement | ReviewReject | QualifiedOpinion

_HOLDING = frozenset({RecordingState.SEALED, MonitoringState.VALID})


class Tie(NamedTuple):
    """A tie to a piece of evidence: from leaf `n` on, until `ended_n` where it has ended.

    `before` is the tie of the same evidence that had ended when this one was made. `paper`: what a document that
    was tied after the decision is.
    """

    n: int
    basis: TieBasis | None
    by: str
    at: datetime
    ended_n: int | None = None
    ended_by: str | None = None
    ended_at: datetime | None = None
    reason: Committed | None = None
    before: "Tie | None" = None
    paper: DocumentKind | None = None

    def all(self) -> "tuple[Tie, ...]":
        """Return it and the ties before it, the last one first."""
        return (self, *(self.before.all() if self.before else ()))

    @property
    def stands(self) -> bool:
        """It has not ended."""
        return self.ended_n is None


class Accepted(NamedTuple):
    """The last acceptance of a piece of evidence."""

    act: FactAccept
    by: str
    at: datetime


class Proof(NamedTuple):
    """Evidence named for a fact; the same evidence may be named anew after it was withdrawn."""

    by: str
    at: datetime
    ended_by: str | None = None
    ended_at: datetime | None = None
    accepted: "Accepted | None" = None


class Fact(NamedTuple):
    """A fact to be proven. `proofs` holds every naming of a piece of evidence, the last one last."""

    position: int
    text: Committed
    by: str
    at: datetime
    withdrawn_at: datetime | None = None
    proofs: Mapping[str, tuple[Proof, ...]] | None = None

    def named(self) -> list[str]:
        """Return the evidence that is named now."""
        return [name for name, proofs in (self.proofs or {}).items() if proofs[-1].ended_at is None]


class GroundLife(NamedTuple):
    """A ground of an opinion with its answer."""

    item: str
    subject: str | None
    text: Committed
    answer: Committed | None = None
    by: str | None = None
    at: datetime | None = None


class Round(NamedTuple):
    """A round of legal review; `opinion` is the verb of the leaf that gave it."""

    review: str
    round: int
    due_at: datetime
    evidence_sha256: str
    submitted_by: str
    submitted_at: datetime
    n: int
    opinion: str | None = None
    reviewer: str | None = None
    given_at: datetime | None = None
    statement: Committed | None = None
    grounds: tuple[GroundLife, ...] = ()

    @property
    def unanswered(self) -> int:
        """Grounds without an answer."""
        return sum(ground.answer is None for ground in self.grounds)


class Package(NamedTuple):
    """An export: what it was asked for, and how it ended."""

    export: str
    asked: ExportRequest
    by: str
    at: datetime
    state: str = "building"
    ended: ExportBuild | ExportFail | None = None
    ended_at: datetime | None = None


def tied(
    ties: Mapping[str, Tie],
    leaf: Leaf,
    evidence: str,
    basis: TieBasis | None,
    here: Here,
    *,
    paper: DocumentKind | None = None,
) -> dict[str, Tie]:
    """Return the ties with one more to this evidence.

    Raises:
        Unlawful: it stands already.
    """
    law(not (evidence in ties and ties[evidence].stands), FaultCode.TIE_TWICE)
    made = Tie(here.n, basis, leaf.actor, leaf.at, before=ties.get(evidence), paper=paper)
    return {**ties, evidence: made}


def check_recording(leaf: Leaf, act: CaseLink, here: Here, *, agency: str) -> None:
    """Refuse a tie to a recording that is not there.

    Raises:
        Unlawful: it is not there or of another agency, was declared to be another paper, or whoever hands it in ties
            more than what is stated with it.
    """
    if act.basis is not TieBasis.STATED:
        law(noun_of(leaf.actor) == "account", FaultCode.ROLE)
        law(here.seen.has_role(leaf.actor, HANDLERS, leaf.at, here.index), FaultCode.ROLE)
    law(here.seen.is_received(act.recording, agency, here.index), FaultCode.EVIDENCE)
    if isinstance(act, CaseLinkPaper):
        law(here.seen.is_paper(act.recording, act.document, here.index), FaultCode.DOCUMENT)


def check_record(act: MonitoringLink, here: Here) -> None:
    """Refuse a tie to a monitoring record that is not valid (art. 41).

    Raises:
        Unlawful: it is not there, or not valid.
    """
    law(here.seen.is_concluded(act.monitoring, {MonitoringState.VALID}, here.index), FaultCode.EVIDENCE)


def untied(
    ties: Mapping[str, Tie], leaf: Leaf, evidence: str, reason: Committed | None, here: Here
) -> dict[str, Tie]:
    """Return the ties with that to this evidence ended.

    Raises:
        Unlawful: it does not stand.
    """
    law(evidence in ties and ties[evidence].stands, FaultCode.TIE)
    ended = ties[evidence]._replace(ended_n=here.n, ended_by=leaf.actor, ended_at=leaf.at, reason=reason)
    return {**ties, evidence: ended}


def added(facts: Mapping[str, Fact], leaf: Leaf, act: FactAdd) -> dict[str, Fact]:
    """Return the facts with one more.

    Raises:
        Unlawful: it is there, or its position is taken.
    """
    law(leaf.subject not in facts, FaultCode.BEGUN_TWICE)
    law(all(fact.position != act.position for fact in facts.values()), FaultCode.POSITION)
    return {**facts, leaf.subject: Fact(act.position, act.text, leaf.actor, leaf.at)}


def live_fact(facts: Mapping[str, Fact], leaf: Leaf) -> Fact:
    """Return the fact a leaf is about.

    Raises:
        Unlawful: it is not there, or withdrawn.
    """
    fact = facts.get(leaf.subject)
    if fact is None or fact.withdrawn_at is not None:
        raise Unlawful(FaultCode.FACT)
    return fact


def proven(fact: Fact, ties: Mapping[str, Tie], leaf: Leaf, act: FactProve) -> Fact:
    """Return the fact with one more piece of evidence.

    Raises:
        Unlawful: the evidence is not tied, or named already.
    """
    law(act.evidence in ties and ties[act.evidence].stands, FaultCode.TIE)
    law(act.evidence not in fact.named(), FaultCode.TIE_TWICE)
    proofs = dict(fact.proofs or {})
    proofs[act.evidence] = (*proofs.get(act.evidence, ()), Proof(leaf.actor, leaf.at))
    return fact._replace(proofs=proofs)


def unproven(fact: Fact, leaf: Leaf, evidence: str) -> Fact:
    """Return the fact without this piece of evidence.

    Raises:
        Unlawful: it is not named.
    """
    law(evidence in fact.named(), FaultCode.EVIDENCE)
    proofs = dict(fact.proofs or {})
    last = proofs[evidence][-1]._replace(ended_by=leaf.actor, ended_at=leaf.at)
    proofs[evidence] = (*proofs[evidence][:-1], last)
    return fact._replace(proofs=proofs)


def accepted(fact: Fact, leaf: Leaf, act: FactAccept, here: Here) -> Fact:
    """Return the fact with an acceptance of one of its pieces of evidence.

    Raises:
        Unlawful: the evidence is not named or not sealed, or was accepted at this verdict.
    """
    law(act.evidence in fact.named(), FaultCode.EVIDENCE)
    law(here.seen.is_concluded(act.evidence, {RecordingState.SEALED}, here.index), FaultCode.EVIDENCE)
    proofs = dict(fact.proofs or {})
    last = proofs[act.evidence][-1]
    is_needless = last.accepted is not None and carries(last.accepted.act.verdict, act.verdict)
    law(act.verdict is not Verdict.VERIFIED and not is_needless, FaultCode.TWICE)
    told = last._replace(accepted=Accepted(act, leaf.actor, leaf.at))
    proofs[act.evidence] = (*proofs[act.evidence][:-1], told)
    return fact._replace(proofs=proofs)


def check_facts(facts: Mapping[str, Fact], ties: Mapping[str, Tie], here: Here) -> None:
    """Refuse while a fact has no evidence that is tied and sealed or valid (art. 40).

    Raises:
        Unlawful: slug `fact-unproven`.
    """
    for fact in facts.values():
        if fact.withdrawn_at is None:
            law(_is_proven(fact, ties, here), FaultCode.UNPROVEN)


def _is_proven(fact: Fact, ties: Mapping[str, Tie], here: Here) -> bool | None:
    standing = [name for name in fact.named() if name in ties and ties[name].stands]
    told = [here.seen.is_concluded(name, _HOLDING, here.index) for name in standing]
    return True if any(told) else None if None in told else False


def submitted(rounds: tuple[Round, ...], leaf: Leaf, act: CaseSubmit, n: int) -> tuple[Round, ...]:
    """Return the rounds with a new open one.

    Raises:
        Unlawful: the last is not given or has grounds without an answer, or the number is not the next.
    """
    law(act.round == len(rounds) + 1, FaultCode.ROUND)
    if rounds:
        law(rounds[-1].opinion is not None, FaultCode.ROUND)
        law(not rounds[-1].unanswered, FaultCode.UNANSWERED)
    law(all(one.review != act.review for one in rounds), FaultCode.BEGUN_TWICE)
    opened = Round(act.review, act.round, act.due_at, act.evidence_sha256, leaf.actor, leaf.at, n)
    return (*rounds, opened)


def opined(rounds: tuple[Round, ...], leaf: Leaf, act: Opinion) -> tuple[Round, ...]:
    """Return the rounds with the opinion of the open one.

    Raises:
        Unlawful: no round is open, or the open one is another.
    """
    law(bool(rounds) and rounds[-1].opinion is None, FaultCode.ROUND)
    law((rounds[-1].review, rounds[-1].round) == (leaf.subject, act.round), FaultCode.ROUND)
    law(leaf.actor != rounds[-1].submitted_by, FaultCode.SAME_PERSON)
    given = rounds[-1]._replace(
        opinion=leaf.event.partition(":")[2],
        reviewer=leaf.actor,
        given_at=leaf.at,
        statement=act.statement,
        grounds=tuple(map(_ground, act.grounds)),
    )
    return (*rounds[:-1], given)


def _ground(ground: LeafGround) -> GroundLife:
    return GroundLife(ground.item, ground.subject, ground.text)


def answered(rounds: tuple[Round, ...], leaf: Leaf, act: ReviewAnswer) -> tuple[Round, ...]:
    """Return the rounds with one more ground answered.

    Raises:
        Unlawful: no such round or ground, or it is answered.
    """
    law(1 <= act.round <= len(rounds) and rounds[act.round - 1].review == leaf.subject, FaultCode.ROUND)
    one = rounds[act.round - 1]
    law(one.opinion is not None and act.position <= len(one.grounds), FaultCode.ROUND)
    ground = one.grounds[act.position - 1]
    law(ground.answer is None, FaultCode.ANSWERED)
    told = ground._replace(answer=act.answer, by=leaf.actor, at=leaf.at)
    grounds = (*one.grounds[: act.position - 1], told, *one.grounds[act.position :])
    return (*rounds[: act.round - 1], one._replace(grounds=grounds), *rounds[act.round :])
