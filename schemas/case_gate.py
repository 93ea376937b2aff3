"""What a step of a case is judged by beside the state it starts from, and what forbids it."""

from schemas.base import Frozen
from schemas.refusals_case import (
    CASE_FACTS_MISSING,
    CASE_GROUNDS_UNANSWERED,
    CASE_NOT_PASSED,
    FACT_UNPROVEN,
    REVIEW_GIVEN,
)
from schemas.refusals_scope import REVIEW_BEGUN, REVIEW_DEMANDED, REVIEW_NEEDED, SCOPE_UNKNOWN
from schemas.refusals_summary import SUMMARY_NONE, SUMMARY_RECORDED, SUMMARY_UNRECORDED


class CaseFacts(Frozen):
    """What the gates of a step look at.

    `is_passed`: the last round was given `pass`. `unanswered`: grounds of the last round without an answer.
    `facts`: facts to be proven; `unproven`: those without sealed evidence that holds. Of art. 58: `is_scoped`: the last
    conclusion answered all four kinds; `applying`: of how many the case is; `is_demanded`: a rule of the agency asks for
    a review; `is_reviewed`: a round was submitted before; `is_exempt`: the head agreed that none is needed. `is_found`: a
    decision finds that the act was done, or the last conclusion proposes so; where it does not, nothing needs a proof.
    `is_summary`: it was decided on the spot (art. 51), and that was not taken back; `is_recorded`: the head filed that
    decision (art. 52).
    """

    is_passed: bool = False
    is_open: bool = False
    unanswered: int = 0
    facts: int = 0
    unproven: int = 0
    is_scoped: bool = False
    applying: int = 0
    is_demanded: bool = False
    is_reviewed: bool = False
    is_exempt: bool = False
    is_found: bool = True
    is_summary: bool = False
    is_recorded: bool = False


def _check_named(facts: CaseFacts) -> None:
    if not facts.facts:
        raise CASE_FACTS_MISSING("no fact to be proven is named")


def check_submission(facts: CaseFacts) -> None:
    """A fact is named, and what the last round asked is answered."""
    _check_named(facts)
    if facts.unanswered:
        raise CASE_GROUNDS_UNANSWERED(
            f"{facts.unanswered} ground(s) of the last review are not answered", unanswered=facts.unanswered
        )


def check_exemption(facts: CaseFacts) -> None:
    """Art. 58: of none of its kinds, by no rule of the agency, and not under review before. Its evidence stands, too."""
    if facts.is_reviewed:
        raise REVIEW_BEGUN("a round was submitted before")
    if not facts.is_scoped:
        raise SCOPE_UNKNOWN("the last conclusion answered none of the kinds of art. 58")
    if facts.applying:
        raise REVIEW_NEEDED(f"the case is of {facts.applying} kind(s) of art. 58", applying=facts.applying)
    if facts.is_demanded:
        raise REVIEW_DEMANDED("a rule of the agency asks for a review")
    _check_named(facts)
    if facts.is_found:
        _check_proofs(facts)


def check_decision(facts: CaseFacts) -> None:
    """Legal review passed it, or the head agreed that none is needed (art. 58); every fact is proven (art. 40)."""
    if not facts.is_exempt and (facts.is_open or not facts.is_passed):
        raise CASE_NOT_PASSED("legal review has not passed it (art. 58)")
    if facts.is_found:
        _check_proofs(facts)


def _check_proofs(facts: CaseFacts) -> None:
    if facts.unproven:
        raise FACT_UNPROVEN(
            f"{facts.unproven} fact(s) have no evidence that holds (art. 40)", unproven=facts.unproven
        )


def check_open(facts: CaseFacts) -> None:
    """A round is open."""
    if not facts.is_open:
        raise REVIEW_GIVEN("no review is open")


def check_pass(facts: CaseFacts) -> None:
    """Nothing can be proven later: the evidence of a reviewed case stands; what is proposed as not found needs none."""
    check_open(facts)
    if facts.is_found:
        _check_proofs(facts)


def check_penalty(facts: CaseFacts) -> None:
    """Art. 51: the facts are established: one is named, and each is proven, as for any penalty (art. 40)."""
    _check_named(facts)
    _check_proofs(facts)


def check_recordable(facts: CaseFacts) -> None:
    """A decision on the spot stands that the head has not filed yet (art. 52)."""
    if not facts.is_summary:
        raise SUMMARY_NONE("the case was not decided on the spot")
    if facts.is_recorded:
        raise SUMMARY_RECORDED("the decision on the spot is filed with the agency")


def check_closing(facts: CaseFacts) -> None:
    """Art. 52: what was decided on the spot is filed with the agency before the case ends."""
    if facts.is_summary and not facts.is_recorded:
        raise SUMMARY_UNRECORDED("the decision on the spot is not filed with the agency")
