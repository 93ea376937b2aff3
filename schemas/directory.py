"""Who and what existed at an index of the log: one pass over all leaves, some bytes for each thing.

A reducer asks it for what does not stand in its own chain. Every answer has three values: yes, no, and None where
nobody can tell – a package that withholds a chain, an index that is not given yet.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import ClassVar, NamedTuple

from schemas.actor import Role
from schemas.leaf import Leaf
from schemas.leaves_account import AccountAmend, AccountClose, AccountOpen, AccountTransfer
from schemas.leaves_agency import AgencyAmend, AgencyClose, AgencyOpen
from schemas.leaves_device import DeviceCode, DeviceEnrol, DeviceRevoke, DeviceVoid
from schemas.leaves_log import ClockStep, LogResume
from schemas.leaves_monitoring import IntakeReceive, IntakeReceiveRuled, MonitoringOpine, MonitoringReopen
from schemas.leaves_recording import (
    ManifestDeclare,
    RecordingDeclare,
    RecordingDeclareLater,
    RecordingQuarantine,
    RecordingReceive,
    RecordingSeal,
)
from schemas.leaves_role import RoleAmend, RoleEnd, RoleEndApart, RoleGrant, RoleGrantNamed
from schemas.participation import Participation
from schemas.qualification import Qualifications


class Span(NamedTuple):
    """From which index to which something was; `until` is None while it is."""

    since: int
    until: int | None = None
    agency: str = ""

    def covers(self, index: int) -> bool:
        """Say whether it was at this index."""
        return self.since < index and (self.until is None or index < self.until)


class Grant(NamedTuple):
    """A role of an account for a time, as told from an index to another; one that is not known here gives no right."""

    account: str
    role: str
    span: Span
    starts: datetime
    ends: datetime | None


def _is_within(grant: Grant, at: datetime) -> bool:
    return grant.starts <= at and (grant.ends is None or at < grant.ends)


class Code(NamedTuple):
    """A one-time code: for which device of which agency, until when; `until` is where it was taken back."""

    device: str
    agency: str
    since: int
    expires_at: datetime
    until: int | None = None


class Concluded(NamedTuple):
    """When a piece of evidence came, when it got its last state, and which ones it had before, in order."""

    since: int
    agency: str
    until: int | None = None
    state: str = ""
    before: tuple[tuple[int, str], ...] = ()

    def states(self) -> Iterator[tuple[int, str]]:
        """Yield the states with the indices of their leaves, the last one first."""
        if self.until is not None:
            yield self.until, self.state
        yield from reversed(self.before)


@dataclass
class Directory:
    """What one pass has learned. `is_complete`: it saw the whole log, so what is not in it was not."""

    is_complete: bool = False
    agencies: dict[str, Span] = field(default_factory=dict)
    actors: dict[str, Span] = field(default_factory=dict)
    belongs: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    grants: dict[str, tuple[Grant, ...]] = field(default_factory=dict)
    by_account: dict[str, list[str]] = field(default_factory=dict)
    codes: dict[str, Code] = field(default_factory=dict)
    manifests: dict[str, Span] = field(default_factory=dict)
    evidence: dict[str, Concluded] = field(default_factory=dict)
    papers: dict[str, tuple[int, str]] = field(default_factory=dict)
    intakes: dict[str, Span] = field(default_factory=dict)
    bounds: list[int] = field(default_factory=list)
    participation: Participation = field(default_factory=Participation)
    qualifications: Qualifications = field(default_factory=Qualifications)

    def learn(self, index: int, digest: str, leaf: Leaf) -> None:
        """Take one leaf of the log, in order of indices."""
        learn = self._LEARNS.get(type(leaf.act))
        if learn is not None:
            learn(self, index, digest, leaf)
        self.participation.learn(index, leaf)
        self.qualifications.learn(index, digest, leaf)

    def _learn_evidence(self, index: int, digest: str, leaf: Leaf) -> None:
        del digest
        match leaf.act:
            case RecordingReceive() as act:
                self.evidence[leaf.subject] = Concluded(index, act.agency)
            case RecordingSeal() | RecordingQuarantine() | MonitoringOpine() | MonitoringReopen() as act:
                known = self.evidence.get(leaf.subject) or Concluded(index, "")
                before = known.before if known.until is None else (*known.before, (known.until, known.state))
                self.evidence[leaf.subject] = known._replace(until=index, state=act.to, before=before)
            case RecordingDeclare() | RecordingDeclareLater() as act:
                if act.document is not None:
                    self.papers.setdefault(leaf.subject, (index, act.document))
            case ManifestDeclare() as act:
                self.manifests.setdefault(act.sha256, Span(index, agency=act.agency))
            case IntakeReceive() as act:
                self.intakes[leaf.subject] = Span(index, agency=act.agency)
            case _:  # a step of the clock, an absence of the signer
                self.bounds.append(index)

    def _learn_agency(self, index: int, digest: str, leaf: Leaf) -> None:
        del digest
        match leaf.act:
            case AgencyClose():
                self._end(self.agencies, leaf.subject, index)
            case DeviceCode() as act:
                self.codes[act.code] = Code(leaf.subject, act.agency, index, act.expires_at)
            case DeviceVoid() as act:
                self._void(index, leaf.subject, act)
            case AgencyOpen() | AgencyAmend() as act:
                if isinstance(act, AgencyOpen):
                    self.agencies[leaf.subject] = Span(index)
                if act.parent is not None:
                    self._move(leaf.subject, index, act.parent)
            case _:
                pass

    def _void(self, index: int, device: str, act: DeviceVoid) -> None:
        """Take a code back, once, by whoever it is of; any other leaf that says so is named in its chain."""
        known = self.codes.get(act.code)
        if known is not None and known.until is None and (known.device, known.agency) == (device, act.agency):
            self.codes[act.code] = known._replace(until=index)

    def _learn_actor(self, index: int, digest: str, leaf: Leaf) -> None:
        del digest
        match leaf.act:
            case AccountOpen() as act:
                self.actors[leaf.subject] = Span(index)
                self._move(leaf.subject, index, act.agency)
            case DeviceEnrol() as act:
                self.actors[leaf.subject] = Span(index - 1)  # it acts in this leaf itself
                self._move(leaf.subject, index - 1, act.agency)
            case AccountAmend() | AccountTransfer() as act:
                if act.agency is not None:
                    self._move(leaf.subject, index, act.agency)
            case _:
                self._end(self.actors, leaf.subject, index)

    def _learn_role(self, index: int, digest: str, leaf: Leaf) -> None:
        match leaf.act:
            case RoleGrant() | RoleGrantNamed() as act:
                account = leaf.chains[0].of
                self.grants[digest] = (Grant(account, act.role, Span(index), act.from_, act.until),)
                self.by_account.setdefault(account, []).append(digest)
            case RoleEnd(grant=grant) | RoleEndApart(grant=grant) if grant in self.grants:
                self._end_role(grant, index)
            case RoleAmend(grant=grant) as act if grant in self.grants:
                self._amend_role(index, leaf.at, act)
            case _:
                pass

    def _end_role(self, grant: str, index: int) -> None:
        *before, known = self.grants[grant]
        if known.span.until is None:  # a second end, which its chain names, gives no time back
            self.grants[grant] = (*before, known._replace(span=known.span._replace(until=index)))

    def _amend_role(self, index: int, at: datetime, act: RoleAmend) -> None:
        """Tell a role anew; one that is over by then gives no right any more, whatever is told of its past."""
        known = self.grants[act.grant][-1]
        self._end_role(act.grant, index)
        is_over = known.span.until is not None or any(
            ends is not None and ends <= at for ends in (known.ends, act.until)
        )
        if not is_over:
            told = known._replace(span=Span(index), starts=act.from_, ends=act.until)
            self.grants[act.grant] = (*self.grants[act.grant], told)

    _LEARNS: ClassVar[Mapping[type, "Callable[[Directory, int, str, Leaf], None]"]] = MappingProxyType(
        {
            **dict.fromkeys((RecordingReceive, RecordingSeal, RecordingQuarantine), _learn_evidence),
            **dict.fromkeys((RecordingDeclare, RecordingDeclareLater), _learn_evidence),
            **dict.fromkeys(
                (MonitoringOpine, MonitoringReopen, ManifestDeclare, IntakeReceive, IntakeReceiveRuled),
                _learn_evidence,
            ),
            **dict.fromkeys((ClockStep, LogResume), _learn_evidence),
            **dict.fromkeys((AgencyOpen, AgencyAmend, AgencyClose), _learn_agency),
            **dict.fromkeys((DeviceCode, DeviceVoid), _learn_agency),
            **dict.fromkeys((AccountOpen, AccountAmend, AccountTransfer, AccountClose), _learn_actor),
            **dict.fromkeys((DeviceEnrol, DeviceRevoke), _learn_actor),
            **dict.fromkeys((RoleGrant, RoleGrantNamed, RoleEnd, RoleEndApart, RoleAmend), _learn_role),
        }
    )
    """Class of an act → what takes it; of most there is nothing to learn."""

    def _move(self, actor: str, index: int, agency: str) -> None:
        self.belongs.setdefault(actor, []).append((index, agency))

    @staticmethod
    def _end(spans: dict[str, Span], name: str, index: int) -> None:
        if name in spans and spans[name].until is None:
            spans[name] = spans[name]._replace(until=index)

    def is_open(self, agency: str, index: int | None) -> bool | None:
        """Say whether an agency was there at an index."""
        return self._covers(self.agencies, agency, index)

    def is_alive(self, actor: str, index: int | None) -> bool | None:
        """Say whether an account was open, or a device's key alive; services always are."""
        if actor.startswith(("service/", "party/")):
            return True
        return self._covers(self.actors, actor, index)

    def has_role(self, account: str, roles: Collection[Role], at: datetime, index: int | None) -> bool | None:
        """Say whether an account held one of the roles at a time and an index."""
        if index is None:
            return None
        for digest in self.by_account.get(account, ()):
            for one in self.grants[digest]:
                if one.role in roles and one.span.covers(index) and _is_within(one, at):
                    return True
        return self._no()

    def is_of(self, actor: str, agency: str, index: int | None) -> bool | None:
        """Say whether an account or a device belonged to an agency at an index."""
        if index is None or actor not in self.belongs:
            return None
        known = [name for since, name in self.belongs[actor] if since < index]
        return known[-1] == agency if known else self._no()

    def is_vacant(self, agency: str, index: int | None) -> bool | None:
        """Say whether no open account, living device or open agency belonged to an agency at an index."""
        if index is None:
            return None
        there = (name for name in self.belongs if self.is_of(name, agency, index))
        if any(self.is_alive(name, index) or self.is_open(name, index) for name in there):
            return False
        return True if self.is_complete else None

    def is_received(self, evidence: str, agency: str, index: int | None) -> bool | None:
        """Say whether a piece of evidence of this agency was there at an index."""
        known = self.evidence.get(evidence)
        if index is None:
            return None
        if known is None:
            return self._no()
        return known.since < index and known.agency in ("", agency)

    def is_paper(self, recording: str, kind: str, index: int | None) -> bool | None:
        """Say whether a recording was declared to be a paper of this kind by an index; who knows its receipt knows that."""
        if index is None:
            return None
        since, said = self.papers.get(recording, (index, ""))
        if recording not in self.evidence:
            return self._no()
        return since < index and said == kind

    def is_concluded(self, evidence: str, states: Collection[str], index: int | None) -> bool | None:
        """Say whether a piece of evidence had one of these states at an index."""
        known = self.evidence.get(evidence)
        if index is None:
            return None
        if known is None or known.until is None:
            return self._no()
        return next((state in states for since, state in known.states() if since < index), False)

    def is_free(self, index: int | None) -> bool | None:
        """Say whether the leaf at an index is of somebody who had taken no part that keeps them from what it says.

        What leaves tell is told: the officers that a manifest names stand in no leaf, so nobody is free for certain.
        """
        if index is None:
            return None
        return False if index in self.participation.kept else None

    def is_qualified(self, account: str, digest: str, at: datetime, index: int | None) -> bool | None:
        """Say whether a leaf qualified an account for legal review at a time, as known at an index."""
        if index is None:
            return None
        told = self.qualifications.is_valid(account, digest, at, index)
        return self._no() if told is None else told

    def is_declared(self, sha256: str, agency: str, index: int | None) -> bool | None:
        """Say whether a manifest of this agency was kept at an index."""
        known = self.manifests.get(sha256)
        if index is None:
            return None
        return self._no() if known is None else known.since < index and known.agency == agency

    def is_bounded(self, index: int | None) -> bool | None:
        """Say whether a step of the clock or an absence of the signer stands before an index."""
        if index is None:
            return None
        return any(bound < index for bound in self.bounds) or self._no()

    def _covers(self, spans: dict[str, Span], name: str, index: int | None) -> bool | None:
        if index is None:
            return None
        known = spans.get(name)
        return self._no() if known is None else known.covers(index)

    def _no(self) -> bool | None:
        return False if self.is_complete else None
