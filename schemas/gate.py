"""The gate that a record of fixed equipment must pass before it is evidence: what its equipment lacked at the capture.

Administrative Penalty Law art. 41 asks both reviews and a published location of all equipment; Metrology Law art. 9 asks a
verification certificate of the kinds on its mandatory list alone. Which kinds those are is dated data of an agency
(`certificate-kinds`), so the answer is handed in.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from schemas.base import Frozen
from schemas.equipment import EquipmentFacts, EquipmentKind, GateFault, ReviewKind, Suspension
from schemas.monitoring import MonitoringState, ReviewFault
from schemas.refusals_monitoring import ARTICLE_41 as FORBIDDEN_BY_41
from schemas.refusals_monitoring import METROLOGY_9 as FORBIDDEN_BY_9
from schemas.words import Words

ARTICLE_41 = Words("行政处罚法第四十一条", "Administrative Penalty Law, art. 41")
METROLOGY_9 = Words("计量法第九条", "Metrology Law, art. 9")
LAWS: Mapping[GateFault, Words] = MappingProxyType(
    {
        GateFault.CERTIFICATE_MISSING: METROLOGY_9,
        GateFault.TECHNICAL_REVIEW_MISSING: ARTICLE_41,
        GateFault.LEGAL_REVIEW_MISSING: ARTICLE_41,
        GateFault.PUBLICATION_MISSING: ARTICLE_41,
        GateFault.SUSPENDED: ARTICLE_41,
    }
)
"""Which law asks for the fact that is missing."""


def law_of(fault: str) -> Words:
    """Return the law by which a fault of the gate, or of the review, keeps a record from being evidence."""
    return ARTICLE_41 if fault in set(ReviewFault) else LAWS[GateFault(fault)]


class CertificateRule(Frozen):
    """Whether a kind of equipment needs a certificate at a time, by which document of which agency.

    Without `source`, by the mandatory list of the metrology law as the installation has it.
    """

    is_needed: bool
    source: str | None = None
    agency_name: str | None = None
    since: datetime | None = None


class KindsFrom(NamedTuple):
    """The kinds that need a certificate from a time on; without a time before all others."""

    since: datetime | None
    kinds: tuple[str, ...]


def is_needed(kinds: tuple[KindsFrom, ...], kind: EquipmentKind | str, at: datetime) -> bool:
    """Say whether a kind needs a certificate at a time, by lists in order of their times."""
    held = [one for one in kinds if one.since is None or one.since <= at]
    return bool(held) and str(kind) in held[-1].kinds


class GateState(StrEnum):
    """What is said of one condition of the gate."""

    HELD = "held"
    MISSING = "missing"
    NOT_NEEDED = "not-needed"


class Condition(NamedTuple):
    """One condition, by the fault that names its absence, and how it stands."""

    fault: GateFault
    state: GateState


def conditions(faults: tuple[str, ...], *, certificate: bool) -> tuple[Condition, ...]:
    """Return every condition of the gate with how it stands; one that is not asked for never reads as held."""
    return tuple(Condition(fault, _state(fault, faults, certificate=certificate)) for fault in GateFault)


def _state(fault: GateFault, faults: tuple[str, ...], *, certificate: bool) -> GateState:
    if fault is GateFault.CERTIFICATE_MISSING and not certificate:
        return GateState.NOT_NEEDED
    return GateState.MISSING if fault in faults else GateState.HELD


def gate_faults(
    facts: EquipmentFacts, captured_at: datetime, known: datetime | None = None, *, certificate: bool
) -> tuple[GateFault, ...]:
    """Return what was missing when the record was captured, as known at a time, now where none is given.

    `certificate` says whether equipment of this kind needed one then. Empty means the gate was open.
    """
    return _faults(facts.said(known), captured_at, certificate=certificate)


def _faults(said: EquipmentFacts, captured_at: datetime, *, certificate: bool) -> tuple[GateFault, ...]:
    reviewed = {one.kind for one in said.reviews if one.reviewed_at <= captured_at}
    certified = any(one.valid_from <= captured_at < one.valid_until for one in said.certificates)
    published = any(one.published_at <= captured_at for one in said.publications)
    suspended = any(_covers(one, captured_at) for one in said.suspensions)
    missing = {
        GateFault.CERTIFICATE_MISSING: certificate and not certified,
        GateFault.TECHNICAL_REVIEW_MISSING: ReviewKind.TECHNICAL not in reviewed,
        GateFault.LEGAL_REVIEW_MISSING: ReviewKind.LEGAL not in reviewed,
        GateFault.PUBLICATION_MISSING: not published,
        GateFault.SUSPENDED: suspended,
    }
    return tuple(fault for fault, is_missing in missing.items() if is_missing)


def _covers(suspension: Suspension, at: datetime) -> bool:
    return suspension.from_at <= at and (suspension.until_at is None or at < suspension.until_at)


def recorded_later(facts: EquipmentFacts, captured_at: datetime, *, certificate: bool) -> bool:
    """Say whether the gate is open only by what was entered, or corrected, after the capture.

    Such facts count, they may be true, but a reviewer must see that the register learned of them afterwards.
    """
    said, known = facts.said(), facts.said(captured_at)
    known = known.model_copy(update={"suspensions": said.suspensions})
    return not _faults(said, captured_at, certificate=certificate) and bool(
        _faults(known, captured_at, certificate=certificate)
    )


def check_evidence(state: MonitoringState, faults: Collection[str]) -> None:
    """Say whether a record may be linked as evidence: found valid by two, its equipment as the law asks.

    Raises:
        Conflict: slug `article-41`, or `metrology-9` where a certificate alone is missing; the facts name what is missing
            and, for each, the law that asks for it.
    """
    missing = [str(fault) for fault in faults]
    if state is MonitoringState.INVALID:
        missing.insert(0, ReviewFault.FOUND_INVALID.value)
    elif state is not MonitoringState.VALID:
        missing.insert(0, ReviewFault.NOT_REVIEWED.value)
    if not missing:
        return
    laws = [law_of(one).zh for one in missing]
    refusal = FORBIDDEN_BY_9 if set(missing) == {GateFault.CERTIFICATE_MISSING} else FORBIDDEN_BY_41
    raise refusal(
        f"the law forbids it as evidence: {', '.join(missing)}",
        article="、".join(dict.fromkeys(laws)),
        missing=missing,
        laws=laws,
    )
