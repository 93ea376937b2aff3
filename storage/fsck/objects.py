"""The check of the object store: what rows and log name is there, locked, on top, and has the bytes that were recorded.

A store that does not answer is asked for the next object all the same: one unreadable file must not hide the others.
After `GIVE_UP` questions in a row without an answer it is down, and the rest is counted as not checked.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from schemas.base import HexDigest, rfc3339
from schemas.digest import CHUNK_BYTES, Hasher
from schemas.errors import EvidenceError, IntegrityBroken, Invalid, NotFound
from schemas.fsck import Checked, Fault, FaultCode, Found, Part, Unchecked
from storage.objects.port import Objects, Stat

GIVE_UP = 3


class Named(NamedTuple):
    """One version of an object and what is recorded of it; None where nothing was recorded yet.

    `demanded` is how far its lock must stand now for what it is kept for, `chunks` the kept digests of its chunks.
    """

    about: str
    key: str
    version_id: str
    size_bytes: int
    sha256: HexDigest | None
    retain_until: datetime | None
    demanded: datetime | None = None
    chunks: bytes | None = None


class Derived(NamedTuple):
    """One derivative of a recording."""

    about: str
    kind: str
    key: str
    version_id: str
    sha256: HexDigest
    chunks: bytes | None = None


class ObjectCheck:
    """Asks one store about many objects, and keeps count of what it did not answer."""

    def __init__(self, objects: Objects, *, with_bytes: bool) -> None:
        self._objects = objects
        self._with_bytes = with_bytes
        self._silent = 0
        self._skipped: dict[Part, tuple[str, int]] = {}

    def original(self, named: Named) -> Iterator[Found]:
        """Yield what differs for the bytes of a recording."""
        yield from self._ask(Part.OBJECTS, named.about, self._standing(named))
        if self._with_bytes and named.sha256 is not None:
            yield from self._ask(Part.BYTES, named.about, self._bytes(named))

    def derivative(self, derived: Derived) -> Iterator[Found]:
        """Yield what differs for the bytes of a derivative."""
        if self._with_bytes:
            yield from self._ask(Part.BYTES, derived.about, self._derived(derived))

    def rest(self) -> Iterator[Unchecked]:
        """Yield what was not asked any more, for the end of the run."""
        for part, (first, count) in self._skipped.items():
            yield Unchecked(
                part=part,
                subject=first,
                detail="证据存储没有应答 the object store does not answer",
                count=count,
            )

    def _ask(self, part: Part, about: str, question: Iterator[Found]) -> Iterator[Found]:
        if self._silent >= GIVE_UP:
            first, count = self._skipped.get(part, (about, 0))
            self._skipped[part] = (first, count + 1)
            return
        try:
            yield from question
        except EvidenceError as err:  # no answer, or one that says nothing of the object
            self._silent += 1
            yield Unchecked(part=part, subject=about, detail=err.detail)
        else:
            self._silent = 0

    def _standing(self, named: Named) -> Iterator[Found]:
        try:
            yield from _stat_faults(named, self._objects.stat(named.key, named.version_id))
        except (NotFound, Invalid):  # no object of that name, or no name of an object
            yield Fault(code=FaultCode.OBJECT_MISSING, subject=named.about, detail=named.key)
            yield Checked(part=Part.OBJECTS, count=1)
            return
        except IntegrityBroken:
            yield Fault(code=FaultCode.OBJECT_DAMAGED, subject=named.about, detail=named.key)
        if self._objects.newest(named.key) != named.version_id:
            # A delete marker or another version on top: the evidence is there, and somebody has been outside.
            yield Fault(code=FaultCode.OBJECT_HIDDEN, subject=named.about, detail=named.key)
        yield Checked(part=Part.OBJECTS, count=1)

    def _bytes(self, named: Named) -> Iterator[Found]:
        read = self._read(named.key, named.version_id)
        if read is None:
            return  # named where it was looked for, and not counted as read
        if read.sha256.value != named.sha256:
            yield Fault(code=FaultCode.OBJECT_BYTES_DIFFER, subject=named.about, detail=named.key)
        elif named.chunks not in (None, read.chunks):
            yield Fault(code=FaultCode.CHUNKS_DIFFER, subject=named.about, detail=named.key)
        yield Checked(part=Part.BYTES, count=1)

    def _derived(self, derived: Derived) -> Iterator[Found]:
        read = self._read(derived.key, derived.version_id)
        if read is None:
            yield Fault(code=FaultCode.DERIVATIVE_MISSING, subject=derived.about, detail=derived.kind)
            return
        if read.sha256.value != derived.sha256:
            yield Fault(code=FaultCode.DERIVATIVE_BYTES_DIFFER, subject=derived.about, detail=derived.kind)
        elif derived.chunks not in (None, read.chunks):
            yield Fault(code=FaultCode.CHUNKS_DIFFER, subject=derived.about, detail=derived.kind)
        yield Checked(part=Part.BYTES, count=1)

    def _read(self, key: str, version_id: str) -> Hasher | None:
        """Hash an object and its chunks; None where there is none.

        By a loop of its own: what the product's (`storage.objects.hashing`) recorded is what is judged here.
        """
        hasher = Hasher(with_sm3=False, with_chunks=True)
        buffer = memoryview(bytearray(CHUNK_BYTES))
        try:
            with self._objects.open(key, version_id) as source:
                while count := source.readinto(buffer):
                    hasher.update(buffer[:count])
        except (NotFound, Invalid):
            return None
        return hasher


def _stat_faults(named: Named, stat: Stat) -> Iterator[Fault]:
    if stat.size_bytes != named.size_bytes:
        yield Fault(code=FaultCode.OBJECT_SIZE_DIFFERS, subject=named.about, detail=str(stat.size_bytes))
    for code, until in (
        (FaultCode.RETENTION_MISSING, named.retain_until),
        (FaultCode.RETENTION_SHORT, named.demanded),
    ):
        # The store keeps whole seconds.
        if until is not None and (
            stat.retain_until is None or stat.retain_until < until.replace(microsecond=0)
        ):
            yield Fault(code=code, subject=named.about, detail=rfc3339(until.replace(microsecond=0)))
            return
