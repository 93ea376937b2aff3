"""The real stack that is tampered with: one small world, made lawfully once, and a copy of it for every injector."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import count
from pathlib import Path
from uuid import UUID

from sqlalchemy import text

from api.audit import draw_document
from api.custody import trust_file
from schemas.actor import Role
from schemas.case import Case
from schemas.package import package_name
from storage.objects.hashing import object_blocks
from storage.outbox import JobKind
from storage.setup.migrate import upgrade
from storage.store import Store
from tests.casework import Bureau
from tests.everything import lock
from tests.evidence import Copy, World, copy_of, make_world
from tests.factories import folder_url, make_account, make_settings
from tests.media import jpeg
from tests.supervision import drain
from tests.tamper.line import Line, line_of
from tests.traces import leave_traces
from workers.custody import integrate

TRACES = 300
"""Leaves that no row repeats: with them the tree has a second level of tiles."""


@dataclass
class Ground:
    """What was made lawfully; nothing here is tampered with, its copies are."""

    world: World
    folder: Path
    case: Case
    """A case of two photos, asked for as a package."""
    twins: tuple[UUID, UUID]
    """Two sealed recordings of equal size."""
    package: Path
    trust: Path
    """The trust file, as an outsider fetched it before anybody tampered with anything."""
    draw: Path
    ended: ExitStack = field(default_factory=ExitStack)
    _numbers: Iterator[int] = field(default_factory=count)

    def fresh(self, name: str) -> Path:
        """A folder that nobody has used."""
        made = self.folder / f"{name}-{next(self._numbers)}"
        made.mkdir()
        return made

    @contextmanager
    def copy(self) -> Iterator[Copy]:
        """Database, evidence store and keys as they were left."""
        with copy_of(self.world, self.fresh("copy")) as made:
            yield made

    @cached_property
    def sound(self) -> frozenset[str]:
        """What `fsck` says of a copy that nobody tampered with."""
        with self.copy() as copy:
            return fsck_codes(copy)

    @cached_property
    def line(self) -> Line:
        """A server and a worker over a copy, for devices that send what they should not."""
        return self.ended.enter_context(line_of(self.ended.enter_context(self.copy())))


def fsck_codes(copy: Copy) -> frozenset[str]:
    """What `fsck` names.

    Raises:
        AssertionError: it could not look at everything, or its exit code says otherwise.
    """
    said = copy.fsck()
    assert said.unchecked == [], said.unchecked
    assert said.code == (1 if said.faults else 0)
    return frozenset(code for code, _ in said.faults)


@contextmanager
def prepared(folder: Path) -> Iterator[Ground]:
    """Make the world over the database of the stand."""
    url, objects = os.environ["DATABASE_URL"], folder / "world"
    objects.mkdir()
    with closing(Store(make_settings(url, folder_url(objects)))) as empty:
        upgrade(empty.engine)
    with ExitStack() as ended:
        yield _made(make_world(url, objects), folder, ended)


def _made(world: World, folder: Path, ended: ExitStack) -> Ground:
    with closing(Store(world.settings)) as store:
        bureau = Copy(world, store).bureau
        case, twins = _photographed(bureau), (bureau.capture(), bureau.capture())
        with store.begin() as tx:
            leave_traces(tx.custody, TRACES)
        integrate(store)
        package = exported(store, bureau, case, folder)
        lock(store)
        integrate(store)
        trust, draw = folder / "trust.json", folder / "draw.json"
        with store.begin() as tx:
            trust.write_text(trust_file(tx).model_dump_json())
            top = tx.connection.scalar(
                text("SELECT agency_id FROM audits WHERE id = :id"), {"id": world.audit}
            )
        supervisor = make_account(store, top, Role.SUPERVISOR)[1]
        with store.begin() as tx:
            draw.write_text(draw_document(tx, supervisor, world.audit).model_dump_json())
        integrate(store)
    return Ground(replace(world, bureau=bureau), folder, case, twins, package, trust, draw, ended)


def _photographed(bureau: Bureau) -> Case:
    case = bureau.open()
    for width in (800, 640):
        bureau.device.capture(f"{width}.jpg", jpeg(width, 480), context={"case": case.number})
    drain(bureau.store, JobKind.VERIFY)
    return case


def exported(
    store: Store,
    bureau: Bureau,
    case: Case,
    folder: Path,
    *,
    sign: Callable[[Store], object] = integrate,
) -> Path:
    """Have the package of a case built as always, and fetch it; `sign` is the signer's work."""
    with store.begin() as tx:
        asked = tx.exports.request(bureau.handler, case.id)
    sign(store)
    drain(store, JobKind.EXPORT)
    with store.begin() as tx:
        built = tx.exports.known(asked.id)
    assert built.state == "ready", built.failure
    assert built.object_key is not None
    assert built.version_id is not None
    path = folder / package_name(case.number, built.created_at.date())
    path.write_bytes(b"".join(map(bytes, object_blocks(store.objects, built.object_key, built.version_id))))
    return path
