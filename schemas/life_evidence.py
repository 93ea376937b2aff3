"""The lives of what is evidence: recordings, and the manifests that declare them."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from schemas.checks.claims import BY_BROWSER, MANIFEST_SIGNATURE
from schemas.declaration import HandInWay, Origin
from schemas.leaf import Leaf
from schemas.leaves_annotation import NoteAdd, NoteWithdraw, TagSet
from schemas.leaves_case import CaseLink, CaseLinkPaper, CaseUnlink
from schemas.leaves_finding import FindingAnswer
from schemas.leaves_presence import PresenceConfirm, PresenceConfirmByCode, PresenceDeny, PresenceSettle
from schemas.leaves_recording import (
    Declared,
    DerivativeMake,
    ManifestDeclare,
    RecordingDeclare,
    RecordingDeclareLater,
    RecordingExamine,
    RecordingQuarantine,
    RecordingReceive,
    RecordingSeal,
    ScrubFind,
)
from schemas.leaves_retention import RetentionMark, RetentionRaise
from schemas.life import FaultCode, Here, Takes, Unlawful, check_step, is_hidden, law, taken
from schemas.life_annotation import Annotations, annotated
from schemas.presence import PresenceAnswer
from schemas.recording import RecordingState
from schemas.retention import ENDLESS, OF_CASES, RetentionClass


class AnswerLife(NamedTuple):
    """What somebody whom a capture names said, by the name of the answer; `digest` is that of its leaf."""

    said: PresenceConfirm | PresenceConfirmByCode | PresenceDeny
    state: PresenceAnswer
    at: datetime
    digest: str
    settled: PresenceSettle | None = None
    settled_by: str | None = None
    settled_at: datetime | None = None


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
    answers: Mapping[str, AnswerLife] = MappingProxyType({})


def apply_manifest(life: ManifestLife | None, leaf: Leaf, here: Here) -> ManifestLife:
    """Return the manifest after this leaf.

    Raises:
        Unlawful: a rule does not hold.
    """
    act = leaf.act
    if type(act) is not ManifestDeclare:
        return taken(MANIFEST_TAKES, life, leaf, here)
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


def _confirmed(life: ManifestLife, leaf: Leaf, act: PresenceConfirm, here: Here) -> ManifestLife:
    law(not any(one.said.person == act.person for one in life.answers.values()), FaultCode.TWICE)
    return _answered(life, leaf, AnswerLife(act, PresenceAnswer.CONFIRMED, leaf.at, here.digest))


def _confirmed_by_code(
    life: ManifestLife, leaf: Leaf, act: PresenceConfirmByCode, here: Here
) -> ManifestLife:
    law(act.partner != act.person, FaultCode.ACTOR)
    law(not any(one.said.person == act.person for one in life.answers.values()), FaultCode.TWICE)
    return _answered(life, leaf, AnswerLife(act, PresenceAnswer.CONFIRMED, leaf.at, here.digest))


def _denied(life: ManifestLife, leaf: Leaf, act: PresenceDeny, here: Here) -> ManifestLife:
    mine = [one for one in life.answers.values() if one.said.person == act.person]
    law(all(one.state is PresenceAnswer.CONFIRMED for one in mine), FaultCode.TWICE)
    return _answered(life, leaf, AnswerLife(act, PresenceAnswer.DENIED, leaf.at, here.digest))


def _answered(life: ManifestLife, leaf: Leaf, one: AnswerLife) -> ManifestLife:
    """Only whoever is named answers, and each answer has a name of its own."""
    law(leaf.actor == one.said.person, FaultCode.ACTOR)
    law(leaf.subject not in life.answers, FaultCode.BEGUN_TWICE)
    return life._replace(answers={**life.answers, leaf.subject: one})


def _settled(life: ManifestLife, leaf: Leaf, act: PresenceSettle, here: Here) -> ManifestLife:
    del here
    known = life.answers.get(leaf.subject)
    if known is None or known.state is not PresenceAnswer.DENIED or known.digest != act.denial:
        raise Unlawful(FaultCode.NOT_BEGUN)
    law(known.settled is None, FaultCode.TWICE)
    after = known._replace(settled=act, settled_by=leaf.actor, settled_at=leaf.at)
    return life._replace(answers={**life.answers, leaf.subject: after})


MANIFEST_TAKES: Takes[ManifestLife] = MappingProxyType(
    {
        PresenceConfirm: _confirmed,
        PresenceConfirmByCode: _confirmed_by_code,
        PresenceDeny: _denied,
        PresenceSettle: _settled,
    }
)


class ExplainedLife(NamedTuple):
    """What somebody said to a finding, by the name of the explanation."""

    answer: FindingAnswer
    by: str
    at: datetime


class ExaminedLife(NamedTuple):
    """A later examination of a sealed recording, and when it was."""

    made: RecordingExamine
    at: datetime


class FoundLife(NamedTuple):
    """What the store gave otherwise, and when that was found, by the name of the find."""

    made: ScrubFind
    at: datetime


class MadeLife(NamedTuple):
    """A copy for viewing, and when it was made."""

    made: DerivativeMake
    at: datetime


class KeptLife(NamedTuple):
    """For how long it is kept, and since when that was so, by the name of the change."""

    raised: RetentionRaise
    at: datetime


class MarkLife(NamedTuple):
    """That it is kept for ever, or no longer, by whom and since when, by the name of the mark."""

    made: RetentionMark
    by: str
    at: datetime


class RecordingLife(NamedTuple):
    """A recording: what was received, and what verification made of it; of `kept` the last counts."""

    received: RecordingReceive
    by: str
    received_at: datetime
    state: str
    verified: RecordingSeal | RecordingQuarantine | None = None
    verified_at: datetime | None = None
    ties: tuple[str, ...] = ()
    found: Mapping[str, FoundLife] = MappingProxyType({})
    explained: Mapping[str, ExplainedLife] = MappingProxyType({})
    examined: tuple[ExaminedLife, ...] = ()
    copies: Mapping[str, MadeLife] = MappingProxyType({})
    kept: Mapping[str, KeptLife] = MappingProxyType({})
    marks: Mapping[str, MarkLife] = MappingProxyType({})
    declared: Declared | None = None
    beside: Annotations = Annotations()

    @property
    def is_marked(self) -> bool:
        """The last mark counts."""
        return bool(self.marks) and tuple(self.marks.values())[-1].made.stands


def apply_recording(life: RecordingLife | None, leaf: Leaf, here: Here) -> RecordingLife:
    """Return the recording after this leaf.

    Raises:
        Unlawful: a rule does not hold.
    """
    act = leaf.act
    if type(act) is RecordingReceive:
        return _received(life, leaf, act, here)
    return taken(RECORDING_TAKES, life, leaf, here)


def _received(life: RecordingLife | None, leaf: Leaf, act: RecordingReceive, here: Here) -> RecordingLife:
    check_step(leaf, None if life is None else life.state, act.to)
    law(here.seen.is_open(act.agency, here.index), FaultCode.AGENCY)
    law(here.seen.is_of(leaf.actor, act.agency, here.index), FaultCode.AGENCY)
    if act.manifest_sha256 is not None:
        law(here.seen.is_declared(act.manifest_sha256, act.agency, here.index), FaultCode.MANIFEST)
    return RecordingLife(act, leaf.actor, leaf.at, act.to)


def _said_of(life: RecordingLife, leaf: Leaf, act: Declared, here: Here) -> RecordingLife:
    """Its bringer says once where it comes from, before anybody looked at it."""
    del here
    law(life.declared is None, FaultCode.TWICE)
    law(life.state == RecordingState.RECEIVED, FaultCode.STEP)
    law(leaf.actor == life.by, FaultCode.ACTOR)
    law((act.source is not None) is (act.origin is Origin.COPIED), FaultCode.OUTCOME)
    return life._replace(declared=act)


def _sealed(life: RecordingLife, leaf: Leaf, act: RecordingSeal, here: Here) -> RecordingLife:
    after = _verified(life, leaf, act, here)
    law(act.size_bytes == life.received.size_bytes, FaultCode.OUTCOME)
    return after


def _verified(
    life: RecordingLife, leaf: Leaf, act: RecordingSeal | RecordingQuarantine, here: Here
) -> RecordingLife:
    check_step(leaf, life.state, act.to)
    is_brought = life.declared is not None and life.declared.way is HandInWay.BROWSER
    law(is_brought or not _is_by_browser(act) or not here.is_whole, FaultCode.OUTCOME)
    return life._replace(state=act.to, verified=act, verified_at=leaf.at)


def _is_by_browser(act: RecordingSeal | RecordingQuarantine) -> bool:
    """Say whether a verdict rests on a person's declaration in the place of a device's signature."""
    word = act.checks.get(MANIFEST_SIGNATURE.name, "")
    return word.split("/")[1:2] == [BY_BROWSER]


def _examined(life: RecordingLife, leaf: Leaf, act: RecordingExamine, here: Here) -> RecordingLife:
    """The bytes are those that were sealed, and each result goes on from the one before."""
    sealed = life.verified
    if is_hidden(sealed, here):
        return life._replace(examined=(*life.examined, ExaminedLife(act, leaf.at)))
    if sealed is None or life.state != RecordingState.SEALED:
        raise Unlawful(FaultCode.STEP)
    before = life.examined[-1].made if life.examined else sealed
    law((act.sha256, act.size_bytes) == (sealed.sha256, sealed.size_bytes), FaultCode.OUTCOME)
    law((act.run, act.was) == (before.run + 1, before.verdict) or not here.is_whole, FaultCode.OUTCOME)
    return life._replace(examined=(*life.examined, ExaminedLife(act, leaf.at)))


def _copied(life: RecordingLife, leaf: Leaf, act: DerivativeMake, here: Here) -> RecordingLife:
    """A copy is of the bytes that were verified; each has a name of its own."""
    law(leaf.subject not in life.copies, FaultCode.BEGUN_TWICE)
    if not is_hidden(life.verified, here):
        law(life.verified is not None, FaultCode.STEP)
        law(life.verified is None or act.parent_sha256 == life.verified.sha256, FaultCode.OUTCOME)
    return life._replace(copies={**life.copies, leaf.subject: MadeLife(act, leaf.at)})


def _kept(life: RecordingLife, leaf: Leaf, act: RetentionRaise, here: Here) -> RecordingLife:
    """A class has an end or none, and names the case that gives it, to which the recording is tied.

    A picture that came with a record is tied by it, and in the record's chain.
    """
    law(leaf.subject not in life.kept, FaultCode.BEGUN_TWICE)
    law(life.verified is not None or is_hidden(life.verified, here), FaultCode.STEP)
    law((act.until is None) is (act.class_ in ENDLESS), FaultCode.OUTCOME)
    law((act.because is not None) is (act.class_ in OF_CASES), FaultCode.OUTCOME)
    law((act.class_ is RetentionClass.PERMANENT) is life.is_marked or not here.is_whole, FaultCode.OUTCOME)
    is_tied = act.because in life.ties or life.received.intake is not None
    law(act.because is None or is_tied or not here.is_whole, FaultCode.TIE)
    return life._replace(kept={**life.kept, leaf.subject: KeptLife(act, leaf.at)})


def _marked(life: RecordingLife, leaf: Leaf, act: RetentionMark, here: Here) -> RecordingLife:
    """Each says otherwise than the one before."""
    law(leaf.subject not in life.marks, FaultCode.BEGUN_TWICE)
    law(act.stands is not life.is_marked or not here.is_whole, FaultCode.TWICE)
    return life._replace(marks={**life.marks, leaf.subject: MarkLife(act, leaf.actor, leaf.at)})


def _linked(life: RecordingLife, leaf: Leaf, act: CaseLink | CaseLinkPaper, here: Here) -> RecordingLife:
    del leaf, here
    return life._replace(ties=(*life.ties, act.case))


def _unlinked(life: RecordingLife, leaf: Leaf, act: CaseUnlink, here: Here) -> RecordingLife:
    del leaf
    law(act.case in life.ties or not here.is_whole, FaultCode.TIE)
    return life._replace(ties=tuple(case for case in life.ties if case != act.case))


def _found(life: RecordingLife, leaf: Leaf, act: ScrubFind, here: Here) -> RecordingLife:
    """It changes nothing that was concluded; each has a name of its own."""
    del here
    law(leaf.subject not in life.found, FaultCode.BEGUN_TWICE)
    return life._replace(found={**life.found, leaf.subject: FoundLife(act, leaf.at)})


def _explained(life: RecordingLife, leaf: Leaf, act: FindingAnswer, here: Here) -> RecordingLife:
    """Each person says one thing to each finding."""
    del here
    law(leaf.subject not in life.explained, FaultCode.BEGUN_TWICE)
    said = {(one.answer.code, one.by) for one in life.explained.values()}
    law((act.code, leaf.actor) not in said, FaultCode.ANSWERED)
    return life._replace(explained={**life.explained, leaf.subject: ExplainedLife(act, leaf.actor, leaf.at)})


def _annotated(
    life: RecordingLife, leaf: Leaf, act: NoteAdd | NoteWithdraw | TagSet, here: Here
) -> RecordingLife:
    return life._replace(beside=annotated(life.beside, leaf, act, here))


RECORDING_TAKES: Takes[RecordingLife] = MappingProxyType(
    {
        **dict.fromkeys((RecordingDeclare, RecordingDeclareLater), _said_of),
        RecordingSeal: _sealed,
        RecordingQuarantine: _verified,
        RecordingExamine: _examined,
        DerivativeMake: _copied,
        RetentionRaise: _kept,
        RetentionMark: _marked,
        **dict.fromkeys((CaseLink, CaseLinkPaper), _linked),
        CaseUnlink: _unlinked,
        ScrubFind: _found,
        FindingAnswer: _explained,
        **dict.fromkeys((NoteAdd, NoteWithdraw, TagSet), _annotated),
    }
)
