"""What an earlier state of the product made still holds: its folder has no difference, its package verifies."""

from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy.engine import make_url

from api.custody import trust_of
from mobile_contract.client.verify import verify_package
from mobile_contract.client.verify_origin import Trust
from tests.evidence import Said
from tests.kept import restored
from tests.stand import ROOT
from workers.fsck import run

KEPT = sorted((ROOT / "tests" / "assets" / "kept").glob("*.tar.xz"))


@pytest.mark.parametrize("file", KEPT, ids=lambda path: path.name)
def test_what_was_kept_still_holds(file: Path, database_url: str, tmp_path: Path) -> None:
    """Migrated to the newest schema, every leaf folds and every row follows; the package has every claim."""
    url = make_url(database_url)
    name = f"kept_{uuid4().hex[:12]}"
    server = url.set(drivername="postgresql", database="postgres").render_as_string(hide_password=False)
    empty = url.set(database=name).render_as_string(hide_password=False)
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
        try:
            with restored(file, empty, tmp_path) as store:
                said = Said()
                said.code = run(store, said)
                report = verify_package(tmp_path / "package.zip", Trust.parse(trust_of(store.settings)))
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    assert (said.faults, said.unchecked, said.code) == ([], [], 0)
    assert report.holds, report.failed()


def test_something_is_kept() -> None:
    """The first state that wrote the permanent record left its folder."""
    assert [path.name for path in KEPT][:1] == ["record-1.tar.xz"]
