"""Duties of procedure as the chain of a case tells them: which documents were filed, and which of them stand."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from schemas.case import CaseStep
from schemas.leaf import Leaf
from schemas.leaves_procedure import CaseCloseListed, CaseDecideListed, DocumentFile, DocumentWithdraw
from schemas.leaves_summary import CasePenalise, CasePenaliseAlone
from schemas.life import FaultCode, Here, Unlawful, is_hidden, law
from schemas.life_inside import Committed, Tie
from schemas.procedure import FILED, asked_by, is_recorded


class DocumentLife(NamedTuple):
    """A document that was filed, and how it ended."""

    document: str
    act: DocumentFile
    by: str
    at: datetime
    withdrawn_by: str | None = None
    withdrawn_at: datetime | None = None
    withdraw_reason: Committed | None = None


Documents = Mapping[str, DocumentLife]
"""Digest of the leaf that filed it → the document."""


def filed(
    documents: Documents, ties: Mapping[str, Tie], leaf: Leaf, act: DocumentFile, here: Here
) -> dict[str, DocumentLife]:
    """Return the documents with one more.

    Raises:
        Unlawful: no document shows this duty, or the recording is not tied.
    """
    law(act.formality in FILED, FaultCode.DOCUMENT)
    if act.recording is not None:
        law(act.recording in ties and ties[act.recording].stands, FaultCode.TIE)
    law(all(one.document != leaf.subject for one in documents.values()), FaultCode.BEGUN_TWICE)
    return {**documents, here.digest: DocumentLife(leaf.subject, act, leaf.actor, leaf.at)}


def withdrawn(documents: Documents, leaf: Leaf, act: DocumentWithdraw, here: Here) -> dict[str, DocumentLife]:
    """Return the documents with one of them withdrawn.

    Raises:
        Unlawful: no such document stands.
    """
    known = documents.get(act.filed)
    if is_hidden(known, here):
        return dict(documents)
    if known is None or known.document != leaf.subject or known.withdrawn_at is not None:
        raise Unlawful(FaultCode.DOCUMENT)
    ended = known._replace(withdrawn_by=leaf.actor, withdrawn_at=leaf.at, withdraw_reason=act.reason)
    return {**documents, act.filed: ended}


Listing = CaseDecideListed | CasePenalise | CaseCloseListed
_STEPS: Mapping[type, CaseStep] = MappingProxyType(
    {
        CaseDecideListed: CaseStep.DECIDE,
        **dict.fromkeys((CasePenalise, CasePenaliseAlone), CaseStep.PENALISE),
        CaseCloseListed: CaseStep.CLOSE,
    }
)


class Taken(NamedTuple):
    """A step that lists every duty of its own."""

    act: Listing
    by: str
    at: datetime


def check_listed(
    documents: Documents,
    leaf: Leaf,
    act: Listing,
    days: int | None,
    here: Here,
    *,
    is_summary: bool = False,
) -> None:
    """Refuse a list that is not that of the step, counts other documents than stand, or leaves a duty unsaid.

    Raises:
        Unlawful: `formalities-differ`, `formality-unsaid`.
    """
    named = tuple(one.formality for one in act.formalities)
    law(named == asked_by(_STEPS[type(act)], leaf.at, is_summary=is_summary), FaultCode.LISTED)
    for one in act.formalities:
        stand = sum(
            known.act.formality is one.formality and known.withdrawn_at is None
            for known in documents.values()
        )
        law(stand == one.documents if here.is_whole else None, FaultCode.LISTED)
        law((one.why is None) is is_recorded(one.formality, one.documents, days), FaultCode.UNSAID)
