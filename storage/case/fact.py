"""Facts to be proven and their evidence: added and withdrawn, never rewritten."""

from sqlalchemy import ColumnElement, and_, func, select, update
from sqlalchemy.dialects.postgresql import insert

from schemas.acceptance import carries
from schemas.actor import Actor
from schemas.fact import AcceptanceIn, Fact, FactIn, Proof, ProofIn
from schemas.ids import CaseId, FactId
from schemas.integrity import Verdict
from schemas.leaves_review import FactAccept, FactAdd, FactProve, FactUnprove, FactWithdraw
from schemas.policy import Action
from schemas.recording import RecordingState
from schemas.reference import reference
from schemas.refusals_case import (
    ACCEPTANCE_IMPOSSIBLE,
    ACCEPTANCE_NEEDLESS,
    EVIDENCE_NOT_LINKED,
    FACT_UNKNOWN,
    PROOF_UNKNOWN,
)
from storage.act import Deed, fresh_id
from storage.case.case import Cases
from storage.case.values import require_open
from storage.collection import Collection, Unit
from storage.custody.values import shown
from storage.reads.evidence import is_evidence, proofs_of
from storage.tables.case import case_facts, fact_evidence


class Facts(Collection):
    """What a case has to prove. A fact is no new version of the case, but whoever changes one has seen the last."""

    def __init__(self, unit: Unit, cases_: Cases) -> None:
        super().__init__(unit)
        self._cases = cases_

    def add(self, actor: Actor, case_id: CaseId, wish: FactIn, seen: int) -> Fact:
        """Name a fact to be proven; naming one twice gives the fact that stands.

        Raises:
            NotFound: no such case within the actor's scope.
            Refused: the actor does not run this case.
            TransitionRefused: the case is under review or decided (slug `case-under-review`).
            VersionConflict: somebody else changed the case.
        """
        deed = self._changing(actor, case_id, seen)
        text = wish.text.strip()
        for fact in self.of_case(case_id):
            if fact.text == text:
                return fact
        fact_id = FactId(fresh_id())
        last = self._connection.scalar(
            select(func.max(case_facts.c.position)).where(case_facts.c.case_id == case_id)
        )
        position = (last or 0) + 1
        self._connection.execute(
            insert(case_facts).values(
                id=fact_id,
                case_id=case_id,
                position=position,
                text=text,
                added_by=deed.actor,
                added_at=deed.at,
            )
        )
        self._write(deed, FactAdd(position=position, text=shown(text)), case_id, fact_id)
        return self._fact(case_id, fact_id)

    def withdraw(self, actor: Actor, case_id: CaseId, fact_id: FactId, seen: int) -> None:
        """Withdraw a fact; it stays in the table with its date.

        Raises:
            NotFound: no such case in scope, or no such fact (slug `fact-unknown`).
            Refused, TransitionRefused, VersionConflict: as for `add`.
        """
        deed = self._changing(actor, case_id, seen)
        self._fact(case_id, fact_id)
        self._connection.execute(
            update(case_facts).where(case_facts.c.id == fact_id).values(withdrawn_at=deed.at)
        )
        self._write(deed, FactWithdraw(), case_id, fact_id)

    def prove(self, actor: Actor, case_id: CaseId, fact_id: FactId, proof: ProofIn, *, seen: int) -> Fact:
        """Name evidence of the case as proof of a fact; naming it twice changes nothing.

        Raises:
            NotFound: no such case in scope, or no such fact (slug `fact-unknown`).
            Conflict: the evidence is not linked to the case (slug `evidence-not-linked`).
            Refused, TransitionRefused, VersionConflict: as for `add`.
        """
        deed = self._changing(actor, case_id, seen)
        self._fact(case_id, fact_id)
        self._require_linked(case_id, proof)
        made = self._connection.scalar(
            insert(fact_evidence)
            .values(fact_id=fact_id, added_by=deed.actor, added_at=deed.at, **proof.model_dump())
            .on_conflict_do_nothing()
            .returning(fact_evidence.c.id)
        )
        if made is not None:
            self._write(deed, FactProve(evidence=proof.subject), case_id, fact_id)
        return self._fact(case_id, fact_id)

    def unprove(self, actor: Actor, case_id: CaseId, fact_id: FactId, proof: ProofIn, *, seen: int) -> Fact:
        """Take evidence away from a fact; the row stays with its date.

        Raises:
            NotFound: no such case in scope, fact (slug `fact-unknown`) or proof (slug `proof-unknown`).
            Refused, TransitionRefused, VersionConflict: as for `add`.
        """
        deed = self._changing(actor, case_id, seen)
        self._fact(case_id, fact_id)
        ended = self._connection.execute(
            update(fact_evidence)
            .where(fact_evidence.c.fact_id == fact_id, fact_evidence.c.removed_at.is_(None), _names(proof))
            .values(removed_at=deed.at, removed_by=deed.actor)
        ).rowcount
        if not ended:
            raise PROOF_UNKNOWN("this is no evidence of the fact")
        self._write(deed, FactUnprove(evidence=proof.subject), case_id, fact_id)
        return self._fact(case_id, fact_id)

    def accept(
        self, actor: Actor, case_id: CaseId, fact_id: FactId, wish: AcceptanceIn, *, seen: int
    ) -> Fact:
        """Accept a recording as evidence of a fact that its checks alone do not carry, at the verdict it has now.

        An acceptance ends with the evidence that it is of: who withdraws that names and accepts it anew.

        Raises:
            NotFound: no such case in scope, fact (slug `fact-unknown`) or evidence of it (slug `proof-unknown`).
            Conflict: it is being verified or quarantined (slug `acceptance-impossible`), or needs no acceptance
                (slug `acceptance-needless`).
            Refused, TransitionRefused, VersionConflict: as for `add`.
        """
        deed = self._changing(actor, case_id, seen)
        proof = self._proof(self._fact(case_id, fact_id), wish)
        verdict = Verdict(proof.verdict)
        if proof.state != RecordingState.SEALED:
            raise ACCEPTANCE_IMPOSSIBLE("only what is sealed can be accepted", state=proof.state)
        if carries(None if proof.acceptance is None else proof.acceptance.verdict, verdict):
            raise ACCEPTANCE_NEEDLESS("it needs no acceptance", verdict=verdict)
        text = wish.text.strip()
        standing = and_(
            fact_evidence.c.fact_id == fact_id,
            fact_evidence.c.removed_at.is_(None),
            fact_evidence.c.recording_id == wish.recording_id,
        )
        told = {
            "acceptance_ground": wish.ground,
            "acceptance_verdict": verdict,
            "acceptance_text": text,
            "accepted_by": actor.account_id,
            "accepted_at": deed.at,
        }
        self._connection.execute(update(fact_evidence).where(standing).values(**told))
        act = FactAccept(evidence=proof.subject, ground=wish.ground, verdict=verdict, text=shown(text))
        self._write(deed, act, case_id, fact_id)
        return self._fact(case_id, fact_id)

    @staticmethod
    def _proof(fact: Fact, wish: AcceptanceIn) -> Proof:
        for proof in fact.proofs:
            if proof.recording_id == wish.recording_id:
                return proof
        raise PROOF_UNKNOWN("this is no evidence of the fact")

    def of_case(self, case_id: CaseId) -> tuple[Fact, ...]:
        """Return the facts of a case in order, without withdrawn ones; the caller has checked the case."""
        standing = and_(case_facts.c.case_id == case_id, case_facts.c.withdrawn_at.is_(None))
        rows = self._connection.execute(
            select(case_facts).where(standing).order_by(case_facts.c.position)
        ).mappings()
        proofs = proofs_of(self._connection, case_id)
        return tuple(
            Fact(
                **{name: row[name] for name in ("id", "position", "text", "added_at")},
                proofs=tuple(proofs[row["id"]]),
            )
            for row in rows
        )

    def _fact(self, case_id: CaseId, fact_id: FactId) -> Fact:
        for fact in self.of_case(case_id):
            if fact.id == fact_id:
                return fact
        raise FACT_UNKNOWN("the case has no such fact")

    def _changing(self, actor: Actor, case_id: CaseId, seen: int) -> Deed:
        deed, case = self._cases.changing(actor, case_id, Action.CASE_RUN, seen)
        require_open(case)
        return deed

    def _require_linked(self, case_id: CaseId, proof: ProofIn) -> None:
        if not is_evidence(self._connection, case_id, proof):
            raise EVIDENCE_NOT_LINKED("the evidence is not linked to the case")

    @staticmethod
    def _write(
        deed: Deed,
        act: FactAdd | FactWithdraw | FactProve | FactUnprove | FactAccept,
        case_id: CaseId,
        fact_id: FactId,
    ) -> None:
        deed.write(act, reference("fact", fact_id), reference("case", case_id))


def _names(proof: ProofIn) -> ColumnElement[bool]:
    if proof.recording_id:
        return fact_evidence.c.recording_id == proof.recording_id
    return fact_evidence.c.monitoring_id == proof.monitoring_id
