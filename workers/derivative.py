"""Make one copy for viewing of a recording: for people's eyes, after the verdict, and never in its way.

Order, and what a crash leaves:
  1. one streamed read of the stored version → digest, size, a scratch copy for the decoder      waiting
  2. the copy is made in a confined child, and comes piece by piece into a second scratch file   waiting
  3. the copy put into the store (same bytes, same key: repeating is harmless)                   waiting
  4. row, custody entry and end of the job in one commit                                         made
What cannot be made is a row with its reason. A decoder that crashed, hung or ate its memory is tried again.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import IO

import structlog

from schemas.base import HexDigest
from schemas.derivative import (
    TRANSIENT,
    ClockKind,
    Derivation,
    DerivationFailure,
    DerivativeKind,
    MadeCopy,
)
from schemas.digest import Hasher
from schemas.errors import IntegrityBroken
from schemas.ids import DerivationId
from schemas.recording import Recording
from schemas.refusals_objects import OBJECT_BROKEN
from schemas.scrub import StoreFault
from storage.objects.values import PART_BYTES
from storage.outbox import MAX_ATTEMPTS, Job
from storage.store import Store
from workers.media.making.maker import Maker
from workers.media.making.wish import CannotError, Made, Wish
from workers.recording import Verifier
from workers.scratch import scratch
from workers.task import concluding, in_portions

log = structlog.get_logger()


@dataclass(frozen=True)
class Deriver:
    """What making a copy needs; one per thread, because the maker serves one file at a time."""

    verifier: Verifier
    maker: Maker

    @property
    def store(self) -> Store:
        """The store."""
        return self.verifier.store

    def run(self, job: Job) -> None:
        """Make the copy of `job` and enter it, or say why there is none.

        Raises:
            Unavailable: database or store did not answer, or there is no room for a copy; uses no attempt.
            LeaseLost: another worker holds the job; nothing was written.
        """
        ident = DerivationId(job.subject_id)
        with self.store.begin() as tx:
            asked = tx.derivations.waiting(ident)
            if asked is None:
                tx.jobs.finish(job)
                return
            recording = tx.recordings.known(asked.recording_id)
        try:
            made, chunks = self._made(asked, recording)
        except CannotError as why:
            self._without(job, why.failure)
            return
        except IntegrityBroken as err:  # elsewhere this stops the task; here finding it out ends it
            held = self.verifier.held(recording)
            with concluding(self.store, job) as tx:
                tx.derivations.fail_on_store(asked, StoreFault(err.slug), held.sha256.value if held else None)
            log.critical("sealed_bytes_differ", recording_id=str(recording.id), problem=err.slug)
            return
        with concluding(self.store, job) as tx:
            tx.derivations.conclude(asked, made, chunks)
        log.info("derivative_made", recording_id=str(recording.id), kind=asked.kind.value)

    def give_up(self, job: Job, error: str) -> None:
        """Say that it could not be made; the recording is what it was.

        Raises:
            Unavailable: the database did not answer; the job may come here again.
        """
        with self.store.begin() as tx:
            if tx.jobs.fail(job, error):  # otherwise somebody else holds the job and will conclude
                tx.derivations.fail(DerivationId(job.subject_id), DerivationFailure.OTHER)

    def _without(self, job: Job, failure: DerivationFailure) -> None:
        if failure in TRANSIENT and job.attempts < MAX_ATTEMPTS:
            with self.store.begin() as tx:
                tx.jobs.retry(job, failure)
            return
        with concluding(self.store, job) as tx:
            tx.derivations.fail(DerivationId(job.subject_id), failure)
        log.warning("derivative_not_made", derivation_id=str(job.subject_id), failure=failure.value)

    def _made(self, asked: Derivation, recording: Recording) -> tuple[MadeCopy, bytes | None]:
        """Make the copy and put it into the store; the digests of its chunks go with it.

        Raises:
            CannotError: none can be made of these bytes.
            IntegrityBroken: they are not those that were verified.
        """
        with self.verifier.copied(recording) as (hasher, path), scratch(self.verifier.settings) as out:
            if hasher.sha256.value != recording.sha256:
                raise OBJECT_BROKEN(
                    "the store gave other bytes than were verified", recording_id=str(recording.id)
                )
            made = self.maker.make(path, _wish(asked.kind, recording), out.fileno())
            return self._kept(asked, hasher.sha256.value, made, out)

    def _kept(
        self, asked: Derivation, parent_sha256: HexDigest, made: Made, out: IO[bytes]
    ) -> tuple[MadeCopy, bytes | None]:
        read = Hasher(with_sm3=False, with_chunks=True)
        for part in _parts(out):
            read.update(part)
        key = f"derivatives/{asked.recording_id}/{asked.kind}-{read.sha256.value[:16]}"
        stored = self.store.objects.put_stream(key, _parts(out))
        copy = MadeCopy(
            media_type=made.media_type,
            object_key=key,
            version_id=stored.version_id,
            size_bytes=read.size_bytes,
            sha256=read.sha256.value,
            parent_sha256=parent_sha256,
            params=made.params,
        )
        return copy, read.chunks


def _parts(out: IO[bytes]) -> Iterator[bytes]:
    out.seek(0)
    yield from iter(partial(out.read, PART_BYTES), b"")


def _wish(kind: DerivativeKind, recording: Recording) -> Wish:
    """Return what is asked for, with the time that the capture began by the best clock there is."""
    if recording.corrected_at is not None and recording.clock_offset_ms is not None:
        return Wish(
            kind=kind,
            begins_at_ms=round(recording.corrected_at.timestamp() * 1000),
            clock=ClockKind.CORRECTED,
        )
    if recording.captured_at is not None:
        return Wish(
            kind=kind, begins_at_ms=round(recording.captured_at.timestamp() * 1000), clock=ClockKind.DEVICE
        )
    return Wish(kind=kind)


PORTION = 500


def ask_for_copies(store: Store) -> int:
    """Ask, in portions, for every copy that is missing, failed, or was made by an older version; returns how many.

    A crash leaves what was asked so far; asked again, only the rest is added.
    """
    return in_portions(store, lambda tx, after: tx.derivations.ask_outdated(after=after, limit=PORTION))
