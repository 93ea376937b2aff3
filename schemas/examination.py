"""Examining a sealed recording again: what was asked, what came of it, and what the newer checks say otherwise."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from schemas.base import Frozen
from schemas.checks.claims import DEVICE_KEY, MANIFEST_SIGNATURE
from schemas.checks.content import CONTENT
from schemas.checks.holding import HOLDER
from schemas.checks.manifest import CAPTURE_TIME, CASE, CLOCK, HAND_IN, OFFICERS, PLACE, SEQUENCE
from schemas.checks.streams import KEYFRAMES, PACKETS
from schemas.checks.structure import DEMUXER
from schemas.checks.table import CHECKS
from schemas.checks.timing import TIMING
from schemas.digest import sha256_hex
from schemas.examined import Measure
from schemas.ids import AccountId, ExaminationId, RecordingId
from schemas.integrity import Check, CheckResult, Severity, Verdict
from schemas.media import MediaFacts, Medium, medium_of


class ExaminationState(StrEnum):
    """From the asking to its end."""

    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"


class Examination(Frozen):
    """One examination of a sealed recording after the first.

    `asked_by` is absent where the operator asked, or the product itself; `every_frame`: a film is decoded frame by frame.

    `run`, `verdict`, `was` – the verdict before – and `examined_at` are there once it is done; `failure` is the slug of
    what kept it from being done.
    """

    id: ExaminationId
    recording_id: RecordingId
    asked_by: AccountId | None
    asked_at: datetime
    every_frame: bool = False
    run: int | None = None
    verdict: Verdict | None = None
    was: Verdict | None = None
    examined_at: datetime | None = None
    failure: str | None = None

    @property
    def state(self) -> ExaminationState:
        """How far it is."""
        if self.failure is not None:
            return ExaminationState.FAILED
        return ExaminationState.WAITING if self.run is None else ExaminationState.DONE

    @property
    def is_worse(self) -> bool:
        """The recording is worth less than was known before."""
        return self.verdict is not None and self.was is not None and is_worse(self.was, self.verdict)


_SEEN_OR_CODED = frozenset(check.name for check in (PACKETS, KEYFRAMES, DEMUXER, TIMING, CONTENT))
"""Checks of a film whose doubts are about its frames: where one has any, each frame is worth a look."""


def is_of_every_frame(facts: MediaFacts) -> bool:
    """Say whether a film was decoded frame by frame, to its end."""
    rows = [one for one in facts.examined or () if one.measure is Measure.FRAMES]
    return bool(rows) and all(one.is_whole for one in rows)


def asks_every_frame(media_type: str, facts: MediaFacts, checks: Iterable[CheckResult]) -> bool:
    """Say whether the first verdict on a film leaves a doubt about its frames, and not every frame was decoded."""
    if medium_of(media_type) is not Medium.VIDEO or facts.codec is None or is_of_every_frame(facts):
        return False
    return any(one.name in _SEEN_OR_CODED and one.severity.rank >= Severity.WARN.rank for one in checks)


_RANK = {Verdict.VERIFIED: 0, Verdict.NOT_CHECKED: 1, Verdict.DOUBTFUL: 2, Verdict.MISMATCH: 3}


def is_worse(was: Verdict, now: Verdict) -> bool:
    """Say whether a verdict weighs more against a recording than the one before."""
    return _RANK[now] > _RANK[was]


class Change(NamedTuple):
    """A check that says otherwise than before; absent where it was not made."""

    name: str
    before: CheckResult | None
    after: CheckResult | None


def changes(before: Iterable[CheckResult], after: Iterable[CheckResult]) -> tuple[Change, ...]:
    """Return what the newer results say otherwise, in their order, then what is no more said.

    A check that says the same by another version is no change.
    """
    old, new = ({one.name: one for one in made} for made in (before, after))
    names = [*new, *(name for name in old if name not in new)]
    return tuple(
        Change(name, old.get(name), new.get(name))
        for name in names
        if _said(old.get(name)) != _said(new.get(name))
    )


def _said(one: CheckResult | None) -> tuple[str, str, str, Mapping[str, object]] | None:
    return None if one is None else (one.outcome, one.severity, one.code, one.params if one.code else {})


AS_OF_RECEIPT = frozenset(
    check.name
    for check in (
        *(MANIFEST_SIGNATURE, DEVICE_KEY, SEQUENCE, CLOCK, CAPTURE_TIME),
        *(OFFICERS, PLACE, CASE, HAND_IN, HOLDER),
    )
)
"""Checks of people, keys, clocks and duties: judged as of the receipt, taken as they were, never judged anew."""


def edition_of(media_type: str) -> str:
    """Name the list of checks of the bytes that a file of this type is held against today: medium and digest.

    A check that had nothing to say leaves no result, so that results alone do not tell a list that has grown since. What
    nobody can look into is held against every check: one that is new may read it.
    """
    return _EDITIONS[medium_of(media_type)]


def edition(medium: Medium, checks: Iterable[Check]) -> str:
    """Name a list of checks as far as it is about the bytes of recordings of this kind."""
    listed = sorted(
        f"{one.name}/{one.version}"
        for one in checks
        if one.media and one.name not in AS_OF_RECEIPT and (medium is Medium.OTHER or medium in one.media)
    )
    return f"{medium}-{sha256_hex(' '.join(listed).encode())[:16]}"


_EDITIONS = {medium: edition(medium, CHECKS.values()) for medium in Medium}
EDITIONS = frozenset(_EDITIONS.values())
"""Today's lists, of every medium."""


def is_outdated(made: Mapping[str, int], held_against: str | None) -> bool:
    """Say whether a result, check → version, was made by older or fewer checks of the bytes than there are now."""
    return held_against not in EDITIONS or any(
        version < CHECKS[name].version
        for name, version in made.items()
        if name in CHECKS and name not in AS_OF_RECEIPT
    )
