"""Recordings that look alike: codes as a verification made them, the comparison one after the other, and who is told what.

A hint for whoever judges (`likeness:view`): no verdict, no state and no leaf rests on it. The other recording is named
to who may open it; who may ask for it is told whose it is; everybody else, that there is one.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import and_, exists, insert, select, text, union_all, update
from sqlalchemy.dialects.postgresql import insert as insert_once

from schemas.actor import Actor
from schemas.ids import CaseId, RecordingId
from schemas.likeness import (
    Alike,
    AlikeInCase,
    CaseLikenesses,
    Likenesses,
    Search,
    Taken,
    Withheld,
    is_series,
)
from schemas.policy import Action
from schemas.recording import Recording
from storage.collection import Collection, Unit
from storage.outbox import JobKind
from storage.reads.agency import with_agency
from storage.reads.among import among
from storage.reads.case import cases_of, is_in_another
from storage.reads.policy import within
from storage.recording.values import recording_of, select_recordings
from storage.tables.likeness import likeness_searches, likenesses, picture_codes
from storage.tables.recording import recordings

KEPT = 50
"""So many of what resembles a recording are kept, other occasions before the same one, the nearest first."""

SHOWN = 100

_TURN = text("SELECT pg_advisory_xact_lock(7_110_291_500_018)")


class Near(NamedTuple):
    """The number of a code that is near another one, in how many bits they differ, and whether in a mirror."""

    number: int
    bits: int
    is_mirrored: bool = False


def ask_likeness(unit: Unit, recording_id: RecordingId, codes: Sequence[bytes], sender: UUID) -> None:
    """Keep the codes of a recording that is being sealed, and have it compared after the commit.

    Without a code – nothing can be made out in it – there is nothing to compare, and that is entered at once.
    """
    if not codes:
        none = {"at": unit.now, "codes": 0, "among": 0, "found": 0}
        unit.connection.execute(insert(likeness_searches).values(recording_id=recording_id, **none))
        return
    rows = [
        {"recording_id": recording_id, "position": position, "code": code}
        for position, code in enumerate(codes)
    ]
    unit.connection.execute(insert(picture_codes), rows)
    unit.jobs.enqueue(JobKind.LIKEN, recording_id, sender_id=sender)


class LikenessSearches(Collection):
    """Comparing, one recording after the other: each with all that were compared before, so each pair is met once."""

    def hold(self) -> None:
        """Wait for whoever compares; numbers are given under this lock, so that none is missing below the highest."""
        self._connection.execute(_TURN)

    def is_done(self, recording_id: RecordingId) -> bool:
        """Say whether a recording was compared."""
        done = exists().where(likeness_searches.c.recording_id == recording_id)
        return bool(self._connection.scalar(select(done)))

    def codes(self, recording_id: RecordingId) -> tuple[bytes, ...]:
        """Return the codes of a recording; none where its verification made none."""
        query = select(picture_codes.c.code).where(picture_codes.c.recording_id == recording_id)
        return tuple(map(bytes, self._connection.scalars(query.order_by(picture_codes.c.position))))

    def numbered(self, number: int, *, limit: int) -> list[tuple[int, bytes]]:
        """Return codes that were compared, from a number on, in order."""
        query = select(picture_codes.c.number, picture_codes.c.code).where(picture_codes.c.number >= number)
        rows = self._connection.execute(query.order_by(picture_codes.c.number).limit(limit))
        return [(row.number, bytes(row.code)) for row in rows]

    def enter(
        self,
        recording_id: RecordingId,
        codes: Sequence[bytes],
        near: Iterable[Near],
        *,
        among: int,
        found: int,
    ) -> None:
        """Enter that a recording was compared with the `among` codes before, and what of `found` was nearest.

        The caller holds the turn. A crash before the commit leaves it to be compared.
        """
        for position, code in enumerate(codes):
            row = {"recording_id": recording_id, "position": position, "code": code}
            self._connection.execute(insert_once(picture_codes).values(row).on_conflict_do_nothing())
            self._connection.execute(
                update(picture_codes)
                .where(picture_codes.c.recording_id == recording_id, picture_codes.c.position == position)
                .values(number=among + position + 1)
            )
        rows = [
            {"recording_id": recording_id, "other_id": ident, "bits": bits, "is_mirrored": is_mirrored}
            for ident, bits, is_mirrored in self._nearest(recording_id, near)
        ]
        if rows:
            self._connection.execute(insert(likenesses), rows)
        self._connection.execute(
            insert(likeness_searches).values(
                recording_id=recording_id, at=self._now, codes=len(codes), among=among, found=found
            )
        )

    def _nearest(
        self, recording_id: RecordingId, near: Iterable[Near]
    ) -> list[tuple[RecordingId, int, bool]]:
        """Return the recordings behind codes, but for this one and those of the same bytes, which are named elsewhere."""
        at: dict[int, tuple[int, bool]] = {}
        for one in near:
            apart = (one.bits, one.is_mirrored)
            at[one.number] = min(apart, at.get(one.number, apart))
        if not at:
            return []
        of = (recordings.c.id, recordings.c.sha256, recordings.c.device_id, recordings.c.captured_at)
        mine = self._connection.execute(select(*of).where(recordings.c.id == recording_id)).one()
        rows = self._connection.execute(
            select(picture_codes.c.number, *of)
            .join(recordings, recordings.c.id == picture_codes.c.recording_id)
            .where(picture_codes.c.number.in_(sorted(at)))
        )
        taken = Taken(mine.device_id, mine.captured_at)
        best: dict[RecordingId, tuple[bool, int, bool]] = {}
        for row in rows:
            if row.id == recording_id or row.sha256 == mine.sha256:
                continue
            bits, is_mirrored = at[row.number]
            is_one = not is_mirrored and is_series(taken, Taken(row.device_id, row.captured_at))
            rank = (is_one, bits, is_mirrored)
            best[row.id] = min(rank, best.get(row.id, rank))
        return [(ident, *rank[1:]) for ident, rank in sorted(best.items(), key=lambda one: one[1])[:KEPT]]


class _Pair(NamedTuple):
    """Two recordings of which the reader sees the first."""

    ident: RecordingId
    other: RecordingId
    bits: int
    is_mirrored: bool


class LikenessHints(Collection):
    """What a reader is told."""

    def of_recording(self, actor: Actor, found: Recording) -> Likenesses | None:
        """Return what a recording that the actor sees looks like; None where they are told no hints."""
        if not self._told(actor, [found.id]):
            return None
        pairs = self._pairs([found.id])
        opened = self._opened(actor, [one.other for one in pairs])
        numbers = cases_of(self._connection, actor, self._now, opened)
        alike = tuple(
            self._alike(found, opened[one.other], one, numbers) for one in pairs if one.other in opened
        )
        shut = [one.other for one in pairs if one.other not in opened]
        withheld = self._withheld(actor, shut)
        return Likenesses(self._search(found.id), alike, withheld, len(withheld) < len(shut))

    def of_case(self, actor: Actor, case_id: CaseId, held: Sequence[Recording]) -> CaseLikenesses:
        """Return which recordings of a case, `held`, look like one of another case and of another occasion."""
        mine = {one.id: one for one in held}
        told = self._told(actor, mine)
        pairs = [one for one in self._pairs(sorted(told), of_other_case=case_id) if one.other not in mine]
        opened = self._opened(actor, [one.other for one in pairs])
        numbers = cases_of(self._connection, actor, self._now, opened)
        made = [
            AlikeInCase(
                one.ident,
                mine[one.ident].filename,
                self._alike(mine[one.ident], opened[one.other], one, numbers),
            )
            for one in pairs
            if one.other in opened
        ]
        shut = {one.ident for one in pairs if one.other not in opened}
        return CaseLikenesses(tuple(one for one in made if not one.other.is_series), len(shut))

    def _told(self, actor: Actor, idents: Iterable[RecordingId]) -> frozenset[RecordingId]:
        mine = and_(
            among(recordings.c.id, idents), within(actor, Action.LIKENESS_VIEW, self._now, recordings)
        )
        return frozenset(map(RecordingId, self._connection.scalars(select(recordings.c.id).where(mine))))

    def _pairs(self, idents: Sequence[RecordingId], *, of_other_case: CaseId | None = None) -> list[_Pair]:
        """Return what looks like some recordings, the nearest first, at most 100; with a case, what another one holds."""
        one, other = likenesses.c.recording_id, likenesses.c.other_id
        how = (likenesses.c.bits, likenesses.c.is_mirrored)
        both = union_all(
            select(one.label("ident"), other.label("other"), *how).where(among(one, idents)),
            select(other, one, *how).where(among(other, idents)),
        ).subquery()
        query = select(both).order_by(both.c.bits, both.c.other).limit(SHOWN)
        if of_other_case is not None:
            query = query.where(is_in_another(both.c.other, of_other_case))
        rows = self._connection.execute(query)
        return [
            _Pair(RecordingId(row.ident), RecordingId(row.other), row.bits, row.is_mirrored) for row in rows
        ]

    def _opened(self, actor: Actor, idents: Sequence[RecordingId]) -> dict[RecordingId, Recording]:
        """Return those of the recordings that the actor may open."""
        if not idents:
            return {}
        query = select_recordings().where(
            recordings.c.id.in_(idents), within(actor, Action.RECORDING_VIEW, self._now, recordings)
        )
        found = map(recording_of, self._connection.execute(query).mappings())
        return {one.id: one for one in found}

    def _withheld(self, actor: Actor, idents: Sequence[RecordingId]) -> tuple[Withheld, ...]:
        """Return those that the actor may ask for."""
        if not idents:
            return ()
        query = with_agency(select(recordings.c.id), recordings.c.agency_id).where(
            recordings.c.id.in_(idents), within(actor, Action.APPROVAL_ASK, self._now, recordings)
        )
        rows = self._connection.execute(query.order_by(recordings.c.id))
        return tuple(Withheld(RecordingId(row.id), row.agency_name) for row in rows)

    def _search(self, recording_id: RecordingId) -> Search | None:
        row = self._connection.execute(
            select(likeness_searches).where(likeness_searches.c.recording_id == recording_id)
        ).one_or_none()
        return None if row is None else Search(row.at, row.codes, row.among, row.found)

    def _alike(
        self,
        found: Recording,
        other: Recording,
        pair: _Pair,
        numbers: Mapping[RecordingId, tuple[str, ...]],
    ) -> Alike:
        is_one = not pair.is_mirrored and is_series(
            Taken(found.device_id, found.captured_at), Taken(other.device_id, other.captured_at)
        )
        return Alike(other, pair.bits, pair.is_mirrored, is_one, numbers.get(other.id, ()))
