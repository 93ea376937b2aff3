"""Who took part in which case, as one pass over the log tells: for `schemas.separation`, asked by the fold.

What somebody is to do is judged when its leaf is met, by what was so before it. So the past needs no keeping: a tie that
ended and a bar that was lifted are gone, and of a hundred thousand recordings stand who took part and what they are tied
to now, each person once.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import ClassVar

from schemas.leaf import Leaf
from schemas.leaves_case import (
    CaseAppoint,
    CaseDecide,
    CaseFile,
    CaseLink,
    CaseLinkPaper,
    CaseOpen,
    CaseSubmit,
    CaseUnlink,
    MonitoringLink,
    MonitoringLinkRuled,
    MonitoringUnlink,
)
from schemas.leaves_ending import CaseAnnul, CaseRefuse, CaseRestore
from schemas.leaves_monitoring import MonitoringOpine
from schemas.leaves_presence import PresenceConfirm, PresenceConfirmByCode
from schemas.leaves_procedure import CaseDecideListed
from schemas.leaves_recording import ManifestDeclare, RecordingReceive
from schemas.leaves_recusal import RecusalBar, RecusalLift
from schemas.leaves_review import (
    ReviewPass,
    ReviewPassQualified,
    ReviewReject,
    ReviewRejectQualified,
    ReviewSupplement,
    ReviewSupplementQualified,
)
from schemas.leaves_scope import CaseConcludeProposed, CaseConcludeScoped, CaseExempt
from schemas.leaves_scoring import AuditScore
from schemas.leaves_summary import CasePenalise, CasePenaliseAlone, CaseRecord
from schemas.monitoring import ReviewStage
from schemas.reference import noun_of
from schemas.separation import Charge, Part, kept_by

Share = tuple[str, Part]
"""Who took part, and how."""


@dataclass(slots=True, eq=False)
class _Taken:
    """A thing in which people took part."""

    shares: tuple[Share, ...] = ()

    def around(self) -> Iterator["_Taken"]:
        """Yield the thing, and all that is tied to it now."""
        yield self


@dataclass(slots=True, eq=False)
class _Evidence(_Taken):
    """A recording or a record; `capture` is what its manifest declares, which other recordings may share."""

    capture: _Taken | None = None
    cases: "tuple[_Case, ...]" = ()

    def itself(self) -> Iterator[_Taken]:
        yield self
        if self.capture is not None:
            yield self.capture

    def around(self) -> Iterator[_Taken]:
        yield from self.itself()
        yield from self.cases


@dataclass(slots=True, eq=False)
class _Case(_Taken):
    evidence: set[_Evidence] = field(default_factory=set)

    def around(self) -> Iterator[_Taken]:
        yield self
        for one in self.evidence:
            yield from one.itself()


@dataclass
class Participation:
    """What stands after the last leaf that was learned.

    Attributes:
        kept: Indices of the leaves whose person had taken a part that keeps them from what the leaf says.
        cases: By name, as all things.
        evidence: Recordings and records.
        manifests: What they declare.
        declared: The same by digest.
        bars: Bar → the person it is of.
    """

    kept: set[int] = field(default_factory=set)
    cases: dict[str, _Case] = field(default_factory=dict)
    evidence: dict[str, _Evidence] = field(default_factory=dict)
    manifests: dict[str, _Taken] = field(default_factory=dict)
    declared: dict[str, _Taken] = field(default_factory=dict)
    bars: dict[str, str] = field(default_factory=dict)
    _shares: dict[Share, Share] = field(default_factory=dict)
    """Each share once, however many things hold it."""

    def learn(self, index: int, leaf: Leaf) -> None:
        """Take one leaf of the log, in order of indices."""
        learn = self._LEARNS.get(type(leaf.act))
        if learn is not None:
            learn(self, index, leaf)

    def _judge(self, index: int, charge: Charge, who: str, thing: _Taken | None) -> None:
        around = () if thing is None else thing.around()
        if kept_by(charge, {part for one in around for name, part in one.shares if name == who}):
            self.kept.add(index)

    def _add(self, thing: _Taken, who: str, part: Part) -> None:
        if noun_of(who) == "account" and (who, part) not in thing.shares:
            thing.shares = (*thing.shares, self._shares.setdefault((who, part), (who, part)))

    def _learn_capture(self, index: int, leaf: Leaf) -> None:
        del index
        match leaf.act:
            case ManifestDeclare() as act:
                manifest = self.manifests.setdefault(leaf.subject, _Taken())
                self.declared.setdefault(act.sha256, manifest)
            case RecordingReceive() as act:
                recording = self._evidence(leaf.subject)
                recording.capture = self.declared.get(act.manifest_sha256 or "")
                self._add(recording, leaf.actor, Part.CAPTURED)
            case PresenceConfirm() | PresenceConfirmByCode() as act:
                self._add(self.manifests.setdefault(leaf.chains[0].of, _Taken()), act.person, Part.CAPTURED)
            case MonitoringOpine() as act:
                part = Part.JUDGED if act.stage == ReviewStage.FIRST else Part.AGREED
                self._add(self._evidence(leaf.subject), leaf.actor, part)
            case _:
                pass

    def _learn_case(self, index: int, leaf: Leaf) -> None:
        case = self._case(leaf.chains[0].of)
        match leaf.act:
            case CaseAppoint() as act:
                self._judge(index, Charge.HANDLE, act.handler, case)
                self._add(case, act.handler, Part.HANDLES)
            case CaseOpen():
                self._add(case, leaf.actor, Part.HANDLES)
            case CaseSubmit():
                self._add(case, leaf.actor, Part.SUBMITTED)
            case CaseConcludeScoped():
                self._add(case, leaf.actor, Part.CONCLUDED)
            case CaseExempt():
                self._judge(index, Charge.EXEMPT, leaf.actor, case)
                self._add(case, leaf.actor, Part.LED)
            case CasePenalise() as act:
                for who in (leaf.actor, *act.officers):
                    self._add(case, who, Part.PENALISED)
            case CaseRecord():
                self._judge(index, Charge.RECORD, leaf.actor, case)
                self._add(case, leaf.actor, Part.LED)
            case CaseFile() | CaseDecide() | CaseDecideListed() | CaseRefuse() | CaseAnnul() | CaseRestore():
                self._add(case, leaf.actor, Part.LED)
            case _:
                self._judge(index, Charge.REVIEW, leaf.actor, case)
                self._add(case, leaf.actor, Part.REVIEWED)

    def _learn_score(self, index: int, leaf: Leaf) -> None:
        if isinstance(leaf.act, AuditScore):
            member = leaf.act.member
            drawn = self.cases.get(member) or self.evidence.get(member)
            self._judge(index, Charge.INSPECT, leaf.actor, drawn)

    def _learn_bar(self, index: int, leaf: Leaf) -> None:
        del index
        case = self._case(leaf.chains[0].of)
        if isinstance(leaf.act, RecusalBar):
            self.bars[leaf.subject] = leaf.act.person
            self._add(case, leaf.act.person, Part.BARRED)
            return
        lifted = (self.bars.pop(leaf.subject, ""), Part.BARRED)
        case.shares = tuple(share for share in case.shares if share != lifted)

    def _learn_tie(self, index: int, leaf: Leaf) -> None:
        del index
        match leaf.act:
            case CaseLink() | CaseUnlink() as act:
                case, evidence = self._case(act.case), self._evidence(act.recording)
            case MonitoringLink() | MonitoringUnlink() as act:
                case, evidence = self._case(act.case), self._evidence(act.monitoring)
            case _:
                return
        others = tuple(one for one in evidence.cases if one is not case)
        if isinstance(leaf.act, CaseLink | MonitoringLink):
            case.evidence.add(evidence)
            evidence.cases = (*others, case)
        else:
            case.evidence.discard(evidence)
            evidence.cases = others

    def _case(self, name: str) -> _Case:
        return self.cases.get(name) or self.cases.setdefault(name, _Case())

    def _evidence(self, name: str) -> _Evidence:
        return self.evidence.get(name) or self.evidence.setdefault(name, _Evidence())

    _LEARNS: ClassVar[Mapping[type, Callable[["Participation", int, Leaf], None]]] = MappingProxyType(
        {
            **dict.fromkeys((ManifestDeclare, RecordingReceive, MonitoringOpine), _learn_capture),
            **dict.fromkeys((PresenceConfirm, PresenceConfirmByCode), _learn_capture),
            **dict.fromkeys((CaseOpen, CaseAppoint, CaseSubmit, CaseFile, CaseDecide), _learn_case),
            **dict.fromkeys((CaseConcludeScoped, CaseExempt, CaseDecideListed), _learn_case),
            **dict.fromkeys((CaseConcludeProposed, CasePenalise, CasePenaliseAlone, CaseRecord), _learn_case),
            **dict.fromkeys((CaseRefuse, CaseAnnul, CaseRestore), _learn_case),
            **dict.fromkeys((ReviewPass, ReviewSupplement, ReviewReject), _learn_case),
            **dict.fromkeys(
                (ReviewPassQualified, ReviewSupplementQualified, ReviewRejectQualified), _learn_case
            ),
            **dict.fromkeys((RecusalBar, RecusalLift), _learn_bar),
            **dict.fromkeys(
                (CaseLink, CaseLinkPaper, CaseUnlink, MonitoringLink, MonitoringLinkRuled, MonitoringUnlink),
                _learn_tie,
            ),
            AuditScore: _learn_score,
        }
    )
    """Class of an act → what takes it; of most there is nothing to learn."""
