"""Re-derive everything from bytes: digests, tree, signatures, states. Trusts no row; changes nothing.

Each difference is one finding with a stable code. A store that does not answer is an error of the run, not a
finding: a check that did not run must not look like one that passed.
"""

from collections.abc import Iterator
from typing import Any, Protocol

from schemas.base import Frozen
from schemas.custody import Event, subject
from schemas.digest import CHUNK_BYTES, Hasher
from schemas.errors import NotFound
from schemas.ids import RecordingId
from schemas.note import vkey_of_seed
from schemas.recording import Derivative, Recording, RecordingState
from schemas.verdict import breaks_binding
from storage.fsck.custody import CustodyAudit
from storage.fsck.desks import DesksAudit
from storage.settings import seed
from storage.store import Store
from workers.manifest import manifest_claims

PAGE = 200


class Difference(Frozen):
    """What was found to differ; `subject` names the row or object."""

    code: str
    subject: str
    detail: str = ""


class Teller(Protocol):
    """Where the run says what it does."""

    def __call__(self, event: str, text: str, **facts: object) -> None: ...


def run(store: Store, say: Teller, *, with_bytes: bool = True) -> int:
    """Check everything; return 0 when nothing differs, else 1."""
    found = 0
    for difference in differences(store, with_bytes=with_bytes):
        found += 1
        text = f"✗ {difference.code} {difference.subject} {difference.detail}"
        say("difference", text, **difference.model_dump())
    with store.begin() as tx:
        counted = tx.recordings.total()
    say("done", f"{counted} recordings, {found} differences", recordings=counted, differences=found)
    return 1 if found else 0


def differences(store: Store, *, with_bytes: bool) -> Iterator[Difference]:
    """Yield every difference between bytes, rows and log."""
    settings = store.settings
    vkey = vkey_of_seed(settings.log_origin, seed(settings.log_key, "LOG_KEY"))
    with store.begin() as tx:
        for fault in CustodyAudit(tx.connection, vkey).run():
            yield Difference(code=fault.code, subject=fault.subject, detail=fault.detail)
    with store.begin() as tx:
        for fault in DesksAudit(tx.connection, tx.custody).run():
            yield Difference(code=fault.code, subject=fault.subject, detail=fault.detail)
    after: RecordingId | None = None
    while True:
        with store.begin() as tx:
            page = tx.recordings.everything(after=after, limit=PAGE)
        for recording in page:
            yield from recording_differences(store, recording, with_bytes=with_bytes)
        if len(page) < PAGE:
            return
        after = page[-1].id


def recording_differences(store: Store, recording: Recording, *, with_bytes: bool) -> Iterator[Difference]:
    """Yield what differs for one recording."""
    name = subject("recording", recording.id)
    with store.begin() as tx:
        leaves = {entry["event"]: entry["facts"] for entry in tx.recordings.leaves(recording.id)}
        made = tx.recordings.derivatives(recording.id)
        claims = manifest_claims(tx, recording)
    yield from _state_differences(recording, leaves, name)
    yield from _lock_differences(store, recording, name)
    if with_bytes:
        yield from _byte_differences(store, recording, leaves, name)
        for derivative in made:
            yield from _derivative_differences(store, recording, derivative, name)
    broken = claims.is_unlisted or any(breaks_binding(check) for check in claims.checks)
    if broken and recording.state is RecordingState.SEALED:
        yield Difference(code="sealed-with-broken-claim", subject=name)


def _state_differences(
    recording: Recording, leaves: dict[str, dict[str, Any]], name: str
) -> Iterator[Difference]:
    if Event.RECORDING_RECEIVE not in leaves:
        yield Difference(code="receipt-entry-missing", subject=name)
    wanted = {
        RecordingState.SEALED: Event.RECORDING_SEAL,
        RecordingState.QUARANTINED: Event.RECORDING_QUARANTINE,
    }.get(recording.state)
    concluded = {Event.RECORDING_SEAL, Event.RECORDING_QUARANTINE} & leaves.keys()
    if concluded != ({wanted} if wanted else set()):
        yield Difference(code="state-differs-from-log", subject=name, detail=recording.state.value)
        return
    if wanted is None:
        return
    facts = leaves[wanted]
    for field in ("sha256", "sm3", "size_bytes", "object_key", "version_id"):
        if getattr(recording, field) != facts.get(field):
            yield Difference(code="row-differs-from-log", subject=name, detail=field)


def _lock_differences(store: Store, recording: Recording, name: str) -> Iterator[Difference]:
    try:
        stat = store.objects.stat(recording.object_key, recording.version_id)
    except NotFound:
        yield Difference(code="object-missing", subject=name, detail=recording.object_key)
        return
    if stat.size_bytes != recording.size_bytes:
        yield Difference(code="object-size-differs", subject=name)
    if store.objects.newest(recording.object_key) != recording.version_id:
        # A delete marker or another version on top: the evidence is there, and somebody has been outside.
        yield Difference(code="object-hidden", subject=name, detail=recording.object_key)
    if recording.state is RecordingState.RECEIVED or recording.retain_until is None:
        return
    if stat.retain_until is None or stat.retain_until < recording.retain_until.replace(microsecond=0):
        yield Difference(code="retention-missing", subject=name)


def _byte_differences(
    store: Store, recording: Recording, leaves: dict[str, dict[str, Any]], name: str
) -> Iterator[Difference]:
    if recording.state is RecordingState.RECEIVED:
        return
    try:
        hasher = _hash(store, recording.object_key, recording.version_id)
    except NotFound:
        return  # already reported with the lock
    if hasher.sha256.value != recording.sha256:
        yield Difference(code="object-bytes-differ", subject=name)
    declared = leaves.get(Event.RECORDING_RECEIVE, {}).get("declared_sha256")
    if declared not in (None, recording.sha256) and recording.state is RecordingState.SEALED:
        yield Difference(code="sealed-with-other-bytes", subject=name)


def _derivative_differences(
    store: Store, recording: Recording, derivative: Derivative, name: str
) -> Iterator[Difference]:
    try:
        hasher = _hash(store, derivative.object_key, derivative.version_id)
    except NotFound:
        yield Difference(code="derivative-missing", subject=name, detail=derivative.kind)
        return
    if hasher.sha256.value != derivative.sha256:
        yield Difference(code="derivative-bytes-differ", subject=name, detail=derivative.kind)
    if derivative.parent_sha256 != recording.sha256:
        yield Difference(code="derivative-parent-differs", subject=name, detail=derivative.kind)


def _hash(store: Store, key: str, version_id: str) -> Hasher:
    hasher = Hasher(with_sm3=False)
    buffer = memoryview(bytearray(CHUNK_BYTES))
    with store.objects.open(key, version_id) as source:
        while count := source.readinto(buffer):
            hasher.update(buffer[:count])
    return hasher
