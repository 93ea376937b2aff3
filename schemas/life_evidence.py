"""The lives of what is evidence: recordings, the manifests that declare them, monitoring records, sources."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from schemas.leaf import Leaf
from schemas.leaves_case import CaseLink, CaseUnlink, MonitoringLink, MonitoringUnlink
from schemas.leaves_monitoring import IntakeReceive, MonitoringNotify, MonitoringOpine
from schemas.leaves_recording import (
    ManifestDeclare,
    RecordingQuarantine,
    RecordingReceive,
    RecordingSeal,
    ScrubFind,
)
from schemas.life import FaultCode, Here, Unlawful, check_step, law
from schemas.life_inside import Committed
from schemas.monitoring import MonitoringState, OpinionWord, ReviewStage
from schemas.reference import ident_of


class ManifestLife(NamedTuple):
    """A kept manifest: what it says of its device's sequence stands in the document."""

    agency: str
    device: str
    kid: str
    seq: int
    sha256: str
    signature_sha256: str
    files: int
    by: str
    at: datetime


def apply_manifest(life: ManifestLife | None, leaf: Leaf, here: Here) -> ManifestLife:
    """Return the manifest after this leaf.

    Raises:
        Unlawful: a rule does not hold.
    """
    act = leaf.act
    if not isinstance(act, ManifestDeclare):
        raise Unlawful(FaultCode.EVENT)
    law(life is None, FaultCode.BEGUN_TWICE)
    law(here.seen.is_alive(act.device, here.index), FaultCode.KEY)
    law(here.seen.is_of(act.device, act.agency, here.index), FaultCode.AGENCY)
    return ManifestLife(
        act.agency,
        act.device,
        act.kid,
        act.seq,
        act.sha256,
        act.signature_sha256,
        act.files,
        leaf.actor,
        leaf.at,
    )


class RecordingLife(NamedTuple):
    """A recording: what was received, and what verification made of it."""

    received: RecordingReceive
    by: str
    received_at: datetime
    state: str
    verified: RecordingSeal | RecordingQuarantine | None = None
    verified_at: datetime | None = None
    ties: tuple[str, ...] = ()
    found: tuple[str, ...] = ()


def apply_recording(life: RecordingLife | None, leaf: Leaf, here: Here) -> RecordingLife:
    """Return the recording after this leaf.

    Raises:
        Unlawful: a rule does not hold.
    """
    act = leaf.act
    if isinstance(act, RecordingReceive):
        return _received(life, leaf, act, here)
    if life is None:
        raise Unlawful(FaultCode.NOT_BEGUN)
    match act:
        case RecordingSeal() | RecordingQuarantine():
            check_step(leaf, life.state, act.to)
            is_whole = act.size_bytes == life.received.size_bytes
            law(is_whole or isinstance(act, RecordingQuarantine), FaultCode.OUTCOME)
            return life._replace(state=act.to, verified=act, verified_at=leaf.at)
        case CaseLink():
            return life._replace(ties=(*life.ties, act.case))
        case CaseUnlink():
            law(act.case in life.ties or not here.is_whole, FaultCode.TIE)
            return life._replace(ties=tuple(case for case in life.ties if case != act.case))
        case ScrubFind():
            return life._replace(found=(*life.found, act.code))
        case _:
            raise Unlawful(FaultCode.EVENT)


def _received(life: RecordingLife | None, leaf: Leaf, act: RecordingReceive, here: Here) -> RecordingLife:
    check_step(leaf, None if life is None else life.state, act.to)
    law(here.seen.is_open(act.agency, here.index), FaultCode.AGENCY)
    law(here.seen.is_of(leaf.actor, act.agency, here.index), FaultCode.AGENCY)
    if act.manifest_sha256 is not None:
        law(here.seen.is_declared(act.manifest_sha256, act.agency, here.index), FaultCode.MANIFEST)
    return RecordingLife(act, leaf.actor, leaf.at, act.to)


class Given(NamedTuple):
    """An opinion on a monitoring record."""

    by: str
    at: datetime
    opinion: str
    reason_code: str | None
    reason: Committed | None


class Attempt(NamedTuple):
    """An attempt to tell the party, by whom and when it was entered."""

    made: MonitoringNotify
    by: str
    at: datetime


class MonitoringLife(NamedTuple):
    """A monitoring record. It is received by its batch; its own chain begins with whatever comes first."""

    state: str = MonitoringState.RECEIVED
    given: Mapping[str, Given] | None = None
    concluded_at: datetime | None = None
    ties: tuple[str, ...] = ()
    attempts: tuple[Attempt, ...] = ()


def apply_monitoring(life: MonitoringLife | None, leaf: Leaf, here: Here) -> MonitoringLife:
    """Return the record after this leaf.

    Raises:
        Unlawful: a rule does not hold.
    """
    act, known = leaf.act, life or MonitoringLife()
    match act:
        case MonitoringOpine():
            return _opined(known, leaf, act)
        case MonitoringNotify():
            law(act.attempted_at <= leaf.at, FaultCode.FUTURE)
            return known._replace(attempts=(*known.attempts, Attempt(act, leaf.actor, leaf.at)))
        case MonitoringLink():
            law(known.state == MonitoringState.VALID, FaultCode.EVIDENCE)
            return known._replace(ties=(*known.ties, act.case))
        case MonitoringUnlink():
            law(act.case in known.ties or not here.is_whole, FaultCode.TIE)
            return known._replace(ties=tuple(case for case in known.ties if case != act.case))
        case _:
            raise Unlawful(FaultCode.EVENT)


def _opined(life: MonitoringLife, leaf: Leaf, act: MonitoringOpine) -> MonitoringLife:
    check_step(leaf, life.state, act.to)
    given = dict(life.given or {})
    law(act.stage not in given, FaultCode.STAGE)
    law(all(one.by != leaf.actor for one in given.values()), FaultCode.SAME_PERSON)
    given[act.stage] = Given(leaf.actor, leaf.at, act.opinion, act.reason_code, act.reason)
    law(act.to == _state_of(given), FaultCode.OUTCOME)
    is_over = act.to in (MonitoringState.VALID, MonitoringState.INVALID)
    return life._replace(state=act.to, given=given, concluded_at=leaf.at if is_over else None)


def _state_of(given: Mapping[str, Given]) -> MonitoringState:
    if any(one.opinion == OpinionWord.INVALID for one in given.values()):
        return MonitoringState.INVALID
    return MonitoringState.VALID if given.keys() == set(ReviewStage) else MonitoringState.REVIEWING


class Batch(NamedTuple):
    """A batch as it was received, and the one before it: a source of many batches is folded without copies."""

    intake: str
    received: IntakeReceive
    by: str
    at: datetime
    before: "Batch | None"


class SourceLife(NamedTuple):
    """The batches of one machine account, gapless; `seq` is that of the last."""

    seq: int = 0
    last: Batch | None = None

    def batches(self) -> Iterator[Batch]:
        """Yield all, the last one first."""
        batch = self.last
        while batch is not None:
            yield batch
            batch = batch.before


def apply_source(life: SourceLife | None, leaf: Leaf, here: Here) -> SourceLife:
    """Return the source after this leaf.

    Raises:
        Unlawful: a rule does not hold.
    """
    act, known = leaf.act, life or SourceLife()
    if not isinstance(act, IntakeReceive):
        raise Unlawful(FaultCode.EVENT)
    law(ident_of(leaf.actor) == ident_of(here.of), FaultCode.SEQUENCE)
    law(act.seq == known.seq + 1, FaultCode.SEQUENCE)
    law(here.seen.is_of(leaf.actor, act.agency, here.index), FaultCode.AGENCY)
    return SourceLife(act.seq, Batch(leaf.subject, act, leaf.actor, leaf.at, known.last))
