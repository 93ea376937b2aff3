"""Evidence that a person accepts (采信) where the checks alone do not carry it.

Administrative Penalty Law (2021) art. 46: evidence counts once it was verified as true. What the checks verified needs no
further word. Of anything else – doubtful, not checked, at odds with what is claimed of it – a person says why it proves a
fact all the same: ground, text, name. Nobody can accept bytes that are not those that were handed in.
"""

from enum import StrEnum

from schemas.examination import is_worse
from schemas.integrity import Verdict


class AcceptanceGround(StrEnum):
    """Why somebody takes a piece of evidence as true."""

    ORIGINAL_SEEN = "original_seen"
    MAKER_CONFIRMS = "maker_confirms"
    PARTY_CONFIRMS = "party_confirms"
    OTHER_EVIDENCE = "other_evidence"
    BESIDE_THE_FACT = "beside_the_fact"
    OTHER = "other"


def carries(accepted: Verdict | None, verdict: Verdict) -> bool:
    """Say whether a sealed recording proves something: it is verified, or was accepted and is no worse since.

    Args:
        accepted: The verdict of which somebody accepted it; None: nobody did.
        verdict: The verdict now.
    """
    return verdict is Verdict.VERIFIED or (accepted is not None and not is_worse(accepted, verdict))


CARRIED = tuple((was, now) for was in Verdict for now in Verdict if carries(was, now))
"""Every verdict of an acceptance beside every verdict of now that it covers, for those who ask a database."""
