"""What an earlier state of the product made still holds: its folder has no difference, its package verifies."""

from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import select
from sqlalchemy.engine import make_url

from mobile_contract.client.verify import verify_package
from mobile_contract.client.verify_origin import Trust
from schemas.retention import LOCK_MONTHS, months_after
from storage.outbox import JobKind
from storage.store import Store
from storage.tables.case import case_links
from storage.tables.recording import recordings
from tests.evidence import Said
from tests.kept import restored
from tests.owner import owner_of
from tests.stand import ROOT
from tests.supervision import drain
from tests.trust import trust_of
from workers.custody import integrate
from workers.fsck import run
from workers.retention import renew_locks

KEPT = sorted((ROOT / "tests" / "assets" / "kept").glob("*.tar.xz"))


@pytest.mark.parametrize("file", KEPT, ids=lambda path: path.name)
def test_what_was_kept_still_holds(file: Path, database_url: str, tmp_path: Path) -> None:
    """Migrated to the newest schema, every leaf folds and every row follows; the package has every claim."""
    url = make_url(owner_of(database_url))
    name = f"kept_{uuid4().hex[:12]}"
    server = url.set(drivername="postgresql", database="postgres").render_as_string(hide_password=False)
    empty = url.set(database=name).render_as_string(hide_password=False)
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
        try:
            with restored(file, empty, tmp_path) as store:
                said = Said()
                said.code = run(store, said)
                raised = _followed(store)
                after = Said()
                after.code = run(store, after)
                report = verify_package(tmp_path / "package.zip", Trust.parse(trust_of(store.settings)))
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    assert (said.faults, said.unchecked, said.code) == ([], [], 0)
    assert report.holds, report.failed()
    assert (after.faults, after.unchecked, after.code) == ([], [], 0)
    assert raised


def _followed(store: Store) -> bool:
    """Let a night pass: whether everything that is tied is kept for it then, and its lock stands so far ahead, unasked."""
    while renew_locks(store):
        pass
    drain(store, JobKind.RETAIN)
    integrate(store)
    with store.begin() as tx:
        tied = select(recordings).join(case_links, case_links.c.recording_id == recordings.c.id)
        rows = tx.connection.execute(tied.where(case_links.c.unlinked_at.is_(None))).all()
        now = tx.now
    stands = [store.objects.stat(row.object_key, row.version_id).retain_until for row in rows]
    is_raised = all(at is not None and at >= months_after(now, LOCK_MONTHS) for at in stands)
    return bool(rows) and is_raised and all(row.retention in ("open_case", "case") for row in rows)


def test_something_is_kept() -> None:
    """The first state that wrote the permanent record left its folder."""
    assert [path.name for path in KEPT][:1] == ["record-1.tar.xz"]
