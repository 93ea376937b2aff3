"""Who took part in which case, as one pass over the log tells: for `schemas.separation`, asked by the fold.

Everything is kept with the index from which it was so, and until which: an opinion is judged by what was so before it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import ClassVar, NamedTuple

from schemas.leaf import Leaf
from schemas.leaves_case import (
    CaseAppoint,
    CaseDecide,
    CaseFile,
    CaseLink,
    CaseOpen,
    CaseSubmit,
    CaseUnlink,
    MonitoringLink,
    MonitoringUnlink,
)
from schemas.leaves_monitoring import MonitoringOpine
from schemas.leaves_presence import PresenceConfirm, PresenceConfirmByCode
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
from schemas.monitoring import ReviewStage
from schemas.reference import noun_of
from schemas.separation import Part


class Share(NamedTuple):
    """A part that somebody took in a thing, from an index on; `until` is the index where a bar was lifted."""

    since: int
    who: str
    part: Part
    until: int | None = None


class Knot(NamedTuple):
    """A tie between a case and a piece of evidence; `until` is the index of its end."""

    since: int
    other: str
    until: int | None = None

    def stands(self, index: int) -> bool:
        """Say whether it stood at an index."""
        return self.since < index and (self.until is None or index < self.until)


@dataclass
class Participation:
    """Thing → the shares in it; case → its ties, and evidence → the same; manifest → what it declares."""

    shares: dict[str, list[Share]] = field(default_factory=dict)
    knots: dict[str, list[Knot]] = field(default_factory=dict)
    declared: dict[str, str] = field(default_factory=dict)
    """Digest of a manifest → the manifest."""
    captured_in: dict[str, str] = field(default_factory=dict)
    """Recording → the digest of the manifest that it names."""
    bars: dict[str, str] = field(default_factory=dict)
    """Bar → the person it is of."""

    def learn(self, index: int, leaf: Leaf) -> None:
        """Take one leaf of the log, in order of indices."""
        learn = self._LEARNS.get(type(leaf.act))
        if learn is not None:
            learn(self, index, leaf)

    def parts(self, who: str, thing: str, index: int) -> frozenset[Part]:
        """Return how somebody took part, before an index, in a case or a recording and in whatever is tied to it then."""
        near = [thing, *(knot.other for knot in self.knots.get(thing, ()) if knot.stands(index))]
        return frozenset(self._shares(who, near, index))

    def _shares(self, who: str, things: list[str], index: int) -> Iterator[Part]:
        for thing in things:
            manifest = self.declared.get(self.captured_in.get(thing, ""), "")
            for share in (*self.shares.get(thing, ()), *self.shares.get(manifest, ())):
                if share.who == who and share.since < index and (share.until is None or index < share.until):
                    yield share.part

    def _add(self, thing: str, index: int, who: str, part: Part) -> None:
        if noun_of(who) == "account":
            self.shares.setdefault(thing, []).append(Share(index, who, part))

    def _learn_capture(self, index: int, leaf: Leaf) -> None:
        match leaf.act:
            case ManifestDeclare() as act:
                self.declared.setdefault(act.sha256, leaf.subject)
            case RecordingReceive() as act:
                self._add(leaf.subject, index, leaf.actor, Part.CAPTURED)
                if act.manifest_sha256 is not None:
                    self.captured_in[leaf.subject] = act.manifest_sha256
            case PresenceConfirm() | PresenceConfirmByCode() as act:
                self._add(leaf.chains[0].of, index, act.person, Part.CAPTURED)
            case MonitoringOpine() as act:
                part = Part.JUDGED if act.stage == ReviewStage.FIRST else Part.AGREED
                self._add(leaf.subject, index, leaf.actor, part)
            case _:
                pass

    def _learn_case(self, index: int, leaf: Leaf) -> None:
        of = leaf.chains[0].of
        match leaf.act:
            case CaseAppoint() as act:
                self._add(of, index, act.handler, Part.HANDLES)
            case CaseOpen():
                self._add(of, index, leaf.actor, Part.HANDLES)
            case CaseSubmit():
                self._add(of, index, leaf.actor, Part.SUBMITTED)
            case CaseFile() | CaseDecide():
                self._add(of, index, leaf.actor, Part.LED)
            case _:
                self._add(of, index, leaf.actor, Part.REVIEWED)

    def _learn_bar(self, index: int, leaf: Leaf) -> None:
        of = leaf.chains[0].of
        if isinstance(leaf.act, RecusalBar):
            self.bars[leaf.subject] = leaf.act.person
            self._add(of, index, leaf.act.person, Part.BARRED)
            return
        who = self.bars.get(leaf.subject)
        self.shares[of] = [
            share._replace(until=index)
            if (share.who, share.part, share.until) == (who, Part.BARRED, None)
            else share
            for share in self.shares.get(of, ())
        ]

    def _learn_tie(self, index: int, leaf: Leaf) -> None:
        match leaf.act:
            case CaseLink() | CaseUnlink() as act:
                pair = (act.case, act.recording)
            case MonitoringLink() | MonitoringUnlink() as act:
                pair = (act.case, act.monitoring)
            case _:
                return
        is_tied = isinstance(leaf.act, CaseLink | MonitoringLink)
        for thing, other in (pair, pair[::-1]):
            known = self.knots.setdefault(thing, [])
            if is_tied:
                known.append(Knot(index, other))
            else:
                known[:] = [
                    knot._replace(until=index) if knot.other == other and knot.until is None else knot
                    for knot in known
                ]

    _LEARNS: ClassVar[Mapping[type, Callable[["Participation", int, Leaf], None]]] = MappingProxyType(
        {
            **dict.fromkeys((ManifestDeclare, RecordingReceive, MonitoringOpine), _learn_capture),
            **dict.fromkeys((PresenceConfirm, PresenceConfirmByCode), _learn_capture),
            **dict.fromkeys((CaseOpen, CaseAppoint, CaseSubmit, CaseFile, CaseDecide), _learn_case),
            **dict.fromkeys((ReviewPass, ReviewSupplement, ReviewReject), _learn_case),
            **dict.fromkeys(
                (ReviewPassQualified, ReviewSupplementQualified, ReviewRejectQualified), _learn_case
            ),
            **dict.fromkeys((RecusalBar, RecusalLift), _learn_bar),
            **dict.fromkeys((CaseLink, CaseUnlink, MonitoringLink, MonitoringUnlink), _learn_tie),
        }
    )
    """Class of an act → what takes it; of most there is nothing to learn."""
