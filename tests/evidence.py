"""A small world with everything that `fsck` looks at, copied for every test that damages it.

One database and one folder are made once a module; a copy of both is cheap, and a damaged copy is thrown away.
"""

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.engine import make_url

from schemas.actor import Role
from schemas.audit import AuditIn, AuditKind
from schemas.chain import tree_hash
from schemas.look import LookFrom, LookIn, LookReason, LookWay
from schemas.merkle import extend
from schemas.randomness import SourceIn, SourceKind
from schemas.trail import TrailResult
from storage.objects.folder import FolderObjects
from storage.outbox import JobKind
from storage.settings import StorageSettings
from storage.store import Store, utc_now
from storage.tables.recording import recordings
from tests.casework import Bureau, make_bureau
from tests.everything import lock
from tests.factories import enrol_device, folder_url, make_account, make_agency, make_settings
from tests.media import jpeg
from tests.monitoring import make_highway
from tests.owner import owner_of, unguarded
from workers.custody import integrate
from workers.fsck import run
from workers.media.sandbox.parent import Sandbox
from workers.runner import Runner
from workers.settings import WorkersSettings
from workers.trail import seal_trail

VALUE = "03 07 12 21 29 + 05"


class Clock:
    """Server time that a test moves forward."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def __call__(self) -> Any:
        return utc_now() + self.ahead


@dataclass(frozen=True)
class World:
    """What was made, by id. `spare` is a device that captured nothing; its enrolment is the log's last entry.

    `photo` has a manifest and a thumbnail, `sealed` a manifest; `waiting` is received, its entry has no index yet.
    """

    settings: StorageSettings
    folder: Path
    bureau: Bureau
    photo: UUID
    sealed: UUID
    waiting: UUID
    spare: UUID
    record: UUID
    case: UUID
    review: UUID
    audit: UUID


def make_world(database_url: str, folder: Path) -> World:
    """One of everything, lawfully, over a database and a folder of its own; nothing stays open."""
    clock = Clock()
    settings = make_settings(database_url, folder_url(folder))
    with closing(Store(settings, clock=clock)) as store:
        top = make_agency(store, is_supervising=True)
        bureau = make_bureau(store, above=top)
        photo = bureau.device.capture("photo.jpg", jpeg())
        _verify(store)
        _, review = bureau.submitted()
        road = make_highway(store)
        record = road.valid()
        road.one()
        lock(store)
        audit = _audit(store, bureau, clock, top)
        with store.begin() as tx:
            (sealed,) = (one.id for one in tx.recordings.of_case(review.case_id))
            why = LookIn(reason_code=LookReason.CASE_HANDLING)
            tx.looks.open(bureau.handler, sealed, why, LookFrom(way=LookWay.API, address="10.1.2.3"))
        spare = enrol_device(store, make_account(store, bureau.agency, Role.CUSTODIAN)[1])
        integrate(store)
        waiting = bureau.device.send("waiting.bin", b"waiting")
        _trail(store, clock)
    return World(
        settings=settings,
        folder=folder,
        bureau=bureau,
        photo=photo,
        sealed=sealed,
        waiting=waiting,
        spare=spare.id,
        record=record,
        case=review.case_id,
        review=review.id,
        audit=audit,
    )


def _trail(store: Store, clock: Clock) -> None:
    """A day of four log-ins and three days without any, all sealed; the log has not integrated the seals."""
    for n in range(4):
        with store.begin(f"10.1.2.{n}") as tx:
            tx.trail.login("nobody", TrailResult.FAILED, "login-failed")
    clock.ahead += timedelta(days=4)
    assert seal_trail(store) >= 4


def _verify(store: Store) -> None:
    settings = WorkersSettings(lease_seconds=30)
    with Sandbox() as sandbox:
        Runner(store, sandbox, settings).drain(JobKind.VERIFY)


def _audit(store: Store, bureau: Bureau, clock: Clock, top: UUID) -> UUID:
    """An audit of the bureau's recordings, drawn."""
    supervisor, colleague = (make_account(store, top, Role.SUPERVISOR)[1] for _ in range(2))
    now = clock()
    source = SourceIn(name="双色球", kind=SourceKind.LOTTERY, happens_at=now + timedelta(minutes=30))
    wish = AuditIn(
        title="抽查",
        kind=AuditKind.SEALED_RECORDINGS,
        target_agency_id=bureau.agency,
        from_at=now - timedelta(days=1),
        until_at=now + timedelta(days=1),
        size=1,
        sources=[source],
    )
    with store.begin() as tx:
        made = tx.audit_drafts.define(supervisor, wish)
        made = tx.audits.freeze(supervisor, made.id, made.version)
    integrate(store)
    clock.ahead += timedelta(hours=1)
    with store.begin() as tx:
        made = tx.audit_values.enter(supervisor, made.id, [VALUE], made.version)
    integrate(store)
    with store.begin() as tx:
        made = tx.audit_values.confirm(colleague, made.id, [VALUE], made.version)
    integrate(store)
    with store.begin() as tx:
        made = tx.audits.draw(supervisor, made.id, made.version)
    integrate(store)
    return made.id


@dataclass
class Copy:
    """A copy of the world that may be damaged."""

    world: World
    store: Store

    @property
    def bureau(self) -> Bureau:
        """The people and the device, acting on this copy."""
        made = self.world.bureau
        return replace(made, store=self.store, device=replace(made.device, store=self.store))

    def damage(self, statement: str, **values: object) -> None:
        """Change what the database guards, as somebody with all rights can."""
        with unguarded(self.store) as tx:
            assert tx.connection.execute(text(statement), values).rowcount != 0

    def scalar(self, query: str, **values: object) -> Any:
        with self.store.begin() as tx:
            return tx.connection.execute(text(query), values).scalar_one()

    def path(self, recording: UUID) -> Path:
        """Where the bytes of a recording are."""
        with self.store.begin() as tx:
            row = tx.connection.execute(recordings.select().where(recordings.c.id == recording)).one()
        assert isinstance(self.store.objects, FolderObjects)
        return self.store.objects.path(row.object_key, row.version_id)

    def derived(self, recording: UUID) -> Path:
        """Where the bytes of its derivative are."""
        one = "FROM derivatives WHERE recording_id = :id"
        key = self.scalar(f"SELECT object_key {one}", id=recording)
        assert isinstance(self.store.objects, FolderObjects)
        return self.store.objects.path(key, self.scalar(f"SELECT version_id {one}", id=recording))

    def relog(self, index: int, leaf: bytes) -> None:
        """Put another leaf at an index and make hash and tiles fit; only what was signed still tells."""
        self.damage(
            "UPDATE custody_entries SET leaf = :leaf, digest = sha256(:leaf), leaf_hash = :hash WHERE leaf_index = :index",
            leaf=leaf,
            hash=tree_hash(leaf),
            index=index,
        )
        self.retile()

    def retile(self) -> None:
        """Make the tiles of the entries that are left."""
        with self.store.begin() as tx:
            rows = tx.connection.execute(
                text("SELECT leaf_hash FROM custody_entries WHERE leaf_index IS NOT NULL ORDER BY leaf_index")
            ).scalars()
            tiles = extend(lambda _level, _n: b"", 0, [bytes(one) for one in rows])
        for (level, n), tile in tiles.items():
            self.damage(
                "UPDATE log_tiles SET hashes = :tile WHERE level = :level AND n = :n",
                tile=tile,
                level=level,
                n=n,
            )

    def fsck(self, *, with_bytes: bool = True) -> "Said":
        """Run it as the command does."""
        said = Said()
        said.code = run(self.store, said, with_bytes=with_bytes)
        return said


class Said:
    """What a run said, and its exit code."""

    def __init__(self) -> None:
        self.code = -1
        self.lines: list[tuple[str, str, dict[str, Any]]] = []

    def __call__(self, event: str, text: str, **facts: object) -> None:
        self.lines.append((event, text, facts))

    def _of(self, event: str) -> list[dict[str, Any]]:
        return [facts for name, _, facts in self.lines if name == event]

    @property
    def faults(self) -> list[tuple[str, str]]:
        return [(one["code"], one["subject"]) for one in self._of("difference")]

    @property
    def unchecked(self) -> list[dict[str, Any]]:
        return self._of("unchecked")

    @property
    def end(self) -> dict[str, Any]:
        assert self.lines[-1][0] == "done"
        return self.lines[-1][2]


@contextmanager
def copy_of(world: World, folder: Path) -> Iterator[Copy]:
    """A copy of database and folder for the length of a block."""
    url = make_url(world.settings.database_url.get_secret_value())
    name = f"copy_{uuid4().hex[:12]}"
    shutil.copytree(world.folder, folder, dirs_exist_ok=True)
    owner = make_url(owner_of(world.settings.database_url.get_secret_value()))
    server = owner.set(drivername="postgresql", database="postgres").render_as_string(hide_password=False)
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {url.database}")
        copied = url.set(database=name).render_as_string(hide_password=False)
        changed = {
            "database_url": SecretStr(copied),
            "objects_url": SecretStr(folder_url(folder)),
            "quancheng_home": folder / "home",
        }
        store = Store(world.settings.model_copy(update=changed))
        try:
            yield Copy(world=world, store=store)
        finally:
            store.close()
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
