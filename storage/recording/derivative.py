"""Copies for viewing: asked for with the verdict, by a person or by the operator; made once each, and never evidence."""

from collections.abc import Iterable, Sequence
from uuid import UUID, uuid5

from sqlalchemy import ColumnElement, and_, or_, select, true, update

from schemas.act import Process
from schemas.actor import Actor
from schemas.base import HexDigest
from schemas.derivative import (
    MAKERS,
    Derivation,
    DerivationFailure,
    DerivationState,
    DerivativeKind,
    MadeCopy,
    wanted,
)
from schemas.document import PDF
from schemas.ids import DerivationId, RecordingId
from schemas.leaves_recording import DerivativeMake
from schemas.media import MediaFacts
from schemas.policy import Action
from schemas.recording import RecordingState
from schemas.reference import reference
from schemas.refusals_recording import DERIVATIVE_NOT_MADE, DERIVATIVE_UNKNOWN, RECORDING_UNKNOWN
from schemas.scrub import StoreFault
from storage.act import service
from storage.chunk import keep_chunks
from storage.collection import Collection
from storage.custody.values import shown
from storage.reads.policy import require_within
from storage.recording.keeping import enter_derivations
from storage.recording.scrub import keep_find
from storage.tables.derivative import derivations
from storage.tables.recording import recordings

_MEDIA = or_(
    recordings.c.media_type.startswith("video/"),
    recordings.c.media_type.startswith("audio/"),
    recordings.c.media_type == PDF,
)


class Derivations(Collection):
    """What was asked to be made of recordings, and what came of it."""

    def of_recording(self, recording_id: RecordingId) -> tuple[Derivation, ...]:
        """Return of each kind the one that is shown, of a recording that the caller may see.

        A newer one that waits or failed hides none that was made: the made one is shown, and stands before it.
        """
        query = select(derivations).where(derivations.c.recording_id == recording_id)
        rows = self._connection.execute(query.order_by(derivations.c.id)).mappings()
        shown_: dict[tuple[DerivativeKind, bool], Derivation] = {}
        for one in map(Derivation.of_row, rows):
            shown_[one.kind, one.state is DerivationState.MADE] = one
        return tuple(
            one
            for (kind, is_made), one in sorted(
                shown_.items(), key=lambda at: (list(MAKERS).index(at[0][0]), not at[0][1])
            )
            if is_made or (kind, True) not in shown_ or one.id > shown_[kind, True].id
        )

    def made(self, recording_id: RecordingId, kind: DerivativeKind) -> Derivation:
        """Return the newest of a kind that was made, of a recording that the caller may watch.

        Raises:
            NotFound: there is none (slug `derivative-unknown`).
        """
        for one in self.of_recording(recording_id):
            if one.kind is kind and one.state is DerivationState.MADE:
                return one
        raise DERIVATIVE_UNKNOWN("no such derivative")

    def ask(self, actor: Actor, recording_id: RecordingId, kind: DerivativeKind) -> Derivation:
        """Have a copy made anew; while one waits, asking again is that one.

        Raises:
            Refused: the actor may not have recordings examined.
            NotFound: no such recording within the actor's scope (slug `recording-unknown`).
            Conflict: nothing of that kind is made of it (slug `derivative-not-made`).
        """
        mine = require_within(actor, Action.RECORDING_EXAMINE, self._now, recordings)
        query = select(recordings).where(recordings.c.id == recording_id, mine)
        row = self._connection.execute(query).mappings().one_or_none()
        if row is None:
            raise RECORDING_UNKNOWN("no such recording")
        facts = MediaFacts.model_validate(row["facts"], strict=False)
        if row["state"] == RecordingState.RECEIVED or kind not in wanted(row["media_type"], facts):
            raise DERIVATIVE_NOT_MADE("nothing of that kind is made of it")
        self._enter([(recording_id, kind)], actor.id, actor.id)
        return next(one for one in reversed(self.of_recording(recording_id)) if one.kind is kind)

    def ask_outdated(self, *, after: RecordingId | None, limit: int) -> tuple[int, RecordingId | None]:
        """Have made what is missing, what failed, and what an older version of ours made.

        For the operator: it has no scope. Returns how many were added, and the last recording that was looked at, for
        the next portion; None where none is left.
        """
        query = (
            select(recordings.c.id, recordings.c.agency_id, recordings.c.media_type, recordings.c.facts)
            .where(
                recordings.c.state != RecordingState.RECEIVED,
                _MEDIA,
                true() if after is None else recordings.c.id > after,
            )
            .order_by(recordings.c.id)
            .limit(limit)
        )
        rows = self._connection.execute(query).all()
        good = self._current([row.id for row in rows])
        added = 0
        for row in rows:
            facts = MediaFacts.model_validate(row.facts, strict=False)
            missing = [
                (RecordingId(row.id), kind)
                for kind in wanted(row.media_type, facts)
                if (row.id, kind) not in good
            ]
            added += self._enter(missing, None, row.agency_id)
        return added, RecordingId(rows[-1].id) if rows else None

    def _current(self, idents: Sequence[UUID]) -> frozenset[tuple[UUID, str]]:
        """Return what waits or was made by today's version."""
        is_waiting = and_(derivations.c.made_at.is_(None), derivations.c.failure.is_(None))
        is_new = or_(*(_is_of_today(kind, version) for kind, version in MAKERS.items()))
        rows = self._connection.execute(
            select(derivations.c.recording_id, derivations.c.kind).where(
                derivations.c.recording_id.in_(idents), or_(is_waiting, is_new)
            )
        )
        return frozenset((row.recording_id, row.kind) for row in rows)

    def _enter(
        self, asked: Iterable[tuple[RecordingId, DerivativeKind]], by: UUID | None, sender: UUID
    ) -> int:
        return enter_derivations(self._connection, asked, by=by, sender=sender, at=self._now)

    def waiting(self, ident: DerivationId) -> Derivation | None:
        """Return what a job is about; None where it was done."""
        query = select(derivations).where(derivations.c.id == ident)
        found = Derivation.of_row(self._connection.execute(query).mappings().one())
        return found if found.state is DerivationState.WAITING else None

    def conclude(self, asked: Derivation, made: MadeCopy, chunks: bytes | None = None) -> None:
        """Enter a copy that lies in the store; `chunks` are the digests of its chunks.

        A crash before the commit leaves what was asked, and an object that no row names.
        """
        agency_id = self._connection.execute(
            select(recordings.c.agency_id).where(recordings.c.id == asked.recording_id)
        ).scalar_one()
        of, about = reference("recording", asked.recording_id), reference("derivative", asked.id)
        act = self._begin(service(Process.WORKER), agency_id, of)
        values = made.model_dump()
        self._connection.execute(
            update(derivations)
            .where(derivations.c.id == asked.id, derivations.c.made_at.is_(None))
            .values(**values, made_at=act.at)
        )
        keep_chunks(self._connection, made.object_key, made.version_id, chunks)
        leaf = DerivativeMake(
            kind=asked.kind,
            asked_by=None if asked.asked_by is None else reference("account", asked.asked_by),
            **{name: value for name, value in values.items() if name != "params"},
            params=shown(made.params),
        )
        act.write(leaf, about, of, ident=uuid5(asked.id, DerivativeMake.spec.event))

    def fail_on_store(self, asked: Derivation, code: StoreFault, sha256: HexDigest | None) -> None:
        """Say, in the log too, that the store gave other bytes than were verified; `sha256` is theirs, None of nothing."""
        agency_id = self._connection.execute(
            select(recordings.c.agency_id).where(recordings.c.id == asked.recording_id)
        ).scalar_one()
        act = self._begin(service(Process.WORKER), agency_id, reference("recording", asked.recording_id))
        self.fail(asked.id, DerivationFailure.BYTES)
        keep_find(self._connection, act, asked.recording_id, code, sha256, cause=asked.id)

    def fail(self, ident: DerivationId, failure: DerivationFailure) -> None:
        """Say why none could be made; the recording is what it was."""
        self._connection.execute(
            update(derivations)
            .where(derivations.c.id == ident, derivations.c.made_at.is_(None))
            .values(failure=failure)
        )


def _is_of_today(kind: DerivativeKind, version: int) -> ColumnElement[bool]:
    return and_(derivations.c.kind == kind, derivations.c.params["version"].as_integer() >= version)
