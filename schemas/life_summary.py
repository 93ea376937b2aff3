"""Penalties on the spot as the chain of a case tells them: entered, filed with the agency, or the entry taken back."""

from schemas.case import CaseState
from schemas.leaf import Leaf
from schemas.leaves_summary import CasePenalise, CasePenaliseAlone, CaseRecord, CaseRetract
from schemas.life import FaultCode, Here, Unlawful, check_step, is_hidden, law
from schemas.life_inside import check_facts
from schemas.life_of_case import CaseLife, SummaryLife, moved
from schemas.life_procedure import Taken, check_listed
from schemas.summary import most_fen


def penalised(life: CaseLife, leaf: Leaf, act: CasePenalise | CasePenaliseAlone, here: Here) -> CaseLife:
    """Return the case as it was decided on the spot.

    Raises:
        Unlawful: it is no lead, a fact is not proven, an officer is barred, a duty is left unsaid, it is dated later, or
            the fine is higher than the law of then lets anybody be fined on the spot.
    """
    after = moved(life, leaf, act.to)
    law(any(fact.withdrawn_at is None for fact in life.facts.values()), FaultCode.FACTS)
    check_facts(life.facts, life.ties, here)
    law(not any(map(life.is_barred, act.officers)), FaultCode.BARRED)
    law(act.made_at <= leaf.at, FaultCode.FUTURE)
    law((act.fine_fen or 0) <= most_fen(act.party_kind, act.made_at), FaultCode.LIMITS)
    check_listed(life.documents, leaf, act, None, here, is_summary=True)
    summaries = {**life.summaries, here.digest: SummaryLife(act, leaf.actor, leaf.at)}
    return after._replace(summaries=summaries, decision=Taken(act, leaf.actor, leaf.at))


def recorded(life: CaseLife, leaf: Leaf, act: CaseRecord, here: Here) -> CaseLife:
    """Return the case with its decision on the spot filed.

    Raises:
        Unlawful: no such decision stands unfiled, or whoever files it made or entered it.
    """
    check_step(leaf, life.state, act.to)
    law(here.seen.is_free(here.index), FaultCode.SAME_PERSON)
    known = _unfiled(life, act.penalised, here)
    if known is None:
        return life
    law(leaf.actor not in {known.by, *known.act.officers}, FaultCode.SAME_PERSON)
    filed = known._replace(recorded_by=leaf.actor, recorded_at=leaf.at, record_remark=act.reason)
    return life._replace(summaries={**life.summaries, act.penalised: filed})


def retracted(life: CaseLife, leaf: Leaf, act: CaseRetract, here: Here) -> CaseLife:
    """Return the case as the lead that it was: when it was opened stays, and nothing is decided.

    Raises:
        Unlawful: no such decision stands unfiled.
    """
    check_step(leaf, life.state, act.to)
    moved_at = {state: at for state, at in life.moved_at.items() if state != CaseState.DECIDED}
    after = life._replace(state=act.to, moved_at=moved_at, decision=None)
    known = _unfiled(life, act.penalised, here)
    if known is None:
        return after
    ended = known._replace(retracted_by=leaf.actor, retracted_at=leaf.at, retract_reason=act.reason)
    return after._replace(summaries={**life.summaries, act.penalised: ended})


def _unfiled(life: CaseLife, digest: str, here: Here) -> SummaryLife | None:
    """Return the decision that a leaf names; None where its own leaf is withheld."""
    known = life.summaries.get(digest)
    if is_hidden(known, here):
        return None
    if known is None or not known.stands or known.recorded_at is not None:
        raise Unlawful(FaultCode.SUMMARY)
    return known
