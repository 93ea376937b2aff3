"""The package of a case, asked for, built by a worker, and brought out of the store."""

from pathlib import Path

from schemas.case import Case
from storage.outbox import JobKind
from storage.store import Store
from tests.casework import Bureau
from workers.custody import integrate
from workers.media.sandbox.parent import Sandbox
from workers.runner import Runner
from workers.settings import WorkersSettings


def packaged(store: Store, bureau: Bureau, case: Case, path: Path) -> Path:
    """The package of a case as a worker builds it."""
    with store.begin() as tx:
        wanted = tx.exports.request(bureau.handler, case.id).id
    integrate(store)
    with Sandbox() as sandbox:
        Runner(store, sandbox, WorkersSettings()).drain(JobKind.EXPORT)
    with store.begin() as tx:
        built = tx.exports.known(wanted)
    buffer = bytearray(built.size_bytes)
    view, at = memoryview(buffer), 0
    with store.objects.open(built.object_key, built.version_id) as source:
        while count := source.readinto(view[at:]):
            at += count
    path.write_bytes(buffer)
    return path
