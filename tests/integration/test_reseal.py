"""Personal data moves to another key beside what reads and writes it: killed, gone on with, found and audited."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError

from schemas.actor import Actor, Role
from schemas.base import Frozen
from schemas.errors import Conflict, IntegrityBroken, Invalid
from schemas.health import Health, HealthPart
from schemas.ids import AgencyId
from schemas.monitoring import NotificationIn, NotifyChannel, NotifyOutcome
from storage.idempotency import IdempotencyKey
from storage.monitoring.values import MonitoringFilter
from storage.reseal import PLACES, ends, standing
from storage.setup.home import KEY_BEFORE, TICKET_KEYS, Home
from storage.setup.migrate import check_key
from storage.store import Store
from storage.tables.base import PERSONAL, metadata
from tests.evidence import Clock, Copy, Said, World, copy_of, make_world
from tests.factories import make_account, seed64
from tests.owner import owner_of, owner_store, owning
from tests.stand import PATIENCE_SECONDS
from tests.stand.wait import until
from workers.custody import integrate
from workers.doctor import examine
from workers.fsck import OK
from workers.reseal import LEFT, run

ROOT = Path(__file__).resolve().parents[2]
NAME, CODE, PROOF = "某某运输公司", "91320903MA1DEM001U", "短信 13899990001"
KEY = IdempotencyKey(key="once", fingerprint=b"f" * 32)


class Answer(Frozen):
    """An answer that names a party."""

    party: str


@pytest.fixture(scope="module")
def world(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> World:
    made = make_world(database_url, tmp_path_factory.mktemp("moved"))
    clock = Clock()
    with closing(Store(made.settings, clock=clock)) as store:
        _, CLERK.actor = make_account(store, agency_of(store, made.record), Role.HANDLER)
        clock.ahead += timedelta(days=5)  # behind what the world did
        handler = made.bureau.handler
        with store.begin() as tx:
            wish = NotificationIn(
                channel=NotifyChannel.SMS,
                outcome=NotifyOutcome.SENT,
                proof=PROOF,
                attempted_at=tx.now,
            )
            tx.notifications.add(CLERK.actor, made.record, wish)
            tx.idempotency.once(handler, KEY, Answer, lambda: Answer(party=NAME))
        case = replace(made.bureau, store=store).open(party=NAME, party_code=CODE)
        integrate(store)
    return replace(made, case=case.id)


def agency_of(store: Store, record: UUID) -> AgencyId:
    with store.begin() as tx:
        query = text("SELECT agency_id FROM monitoring_records WHERE id = :id")
        return AgencyId(tx.connection.execute(query, {"id": record}).scalar_one())


class CLERK:
    """Who handles the record; its agency is not the bureau's."""

    actor: Actor


@pytest.fixture
def copy(world: World, tmp_path: Path) -> Iterator[Copy]:
    with copy_of(world, tmp_path) as made:
        made.store.close()  # nobody is left who knows the key before alone
        yield made


NEW = seed64()


@contextmanager
def keyed(copy: Copy, new: SecretStr | None = NEW, before: SecretStr | None = None) -> Iterator[Copy]:
    """The copy under these keys."""
    changed = {"personal_key": new, "personal_key_before": before}
    with closing(Store(copy.store.settings.model_copy(update=changed))) as store:
        yield Copy(copy.world, store)


def old(copy: Copy) -> SecretStr:
    found = copy.store.settings.personal_key
    assert found is not None
    return found


def moved(copy: Copy) -> Said:
    said = Said()
    with owner_store(copy.store) as store:
        said.code = run(store, said)
    return said


def reads(copy: Copy) -> None:
    """Whoever may, reads and finds it: by the name, by a part of it, by the code; a repeat gets its answer."""
    world, handler = copy.world, copy.world.bureau.handler
    with copy.store.begin() as tx:
        case = tx.cases.get(handler, world.case)
        assert (case.party, case.party_code) == (NAME, CODE)
        for asked in (NAME, "某运输", CODE):
            assert world.case in {one.id for one in tx.cases.page(handler, number=asked).rows}, asked
        record = tx.monitoring.get(CLERK.actor, world.record)
        (told,) = tx.notifications.of(record)
        assert told.proof == PROOF
        assert tx.monitoring.raw(CLERK.actor, world.record).startswith(b"{")
        assert record.party is not None
        found = tx.monitoring.page(CLERK.actor, MonitoringFilter(text=record.party), limit=200).rows
        assert world.record in {one.id for one in found}
        again = tx.idempotency.once(handler, KEY, Answer, lambda: Answer(party="done twice"))
        assert again.party == NAME
        assert tx.custody.openings_of([one.digest for one in tx.custody.chain(f"case/{world.case}")])


def left(copy: Copy) -> dict[str, int]:
    with copy.store.begin() as tx:
        return {one.column: one.left for one in standing(tx.connection) if one.left}


def test_every_sealed_column_is_moved() -> None:
    """Whatever is marked as sealed, beside openings and kept answers, is in the list."""
    marked = {
        f"{table.name}.{column.name}"
        for table in metadata.tables.values()
        for column in table.columns
        if column.info.get(PERSONAL)
    }
    listed = {place.named(name) for place in PLACES for name in place.columns}
    assert listed == marked | {"openings.opening", "idempotency_keys.answer"}


def test_everything_moves_and_the_new_key_alone_is_enough(copy: Copy) -> None:
    """Read and found before and after; told by column; again it moves nothing; under the old key alone nothing starts."""
    with keyed(copy, before=old(copy)) as both:
        reads(both)
        assert set(left(both)) == {place.named(name) for place in PLACES for name in place.columns}
        assert both.fsck().faults == []
        first, again = moved(both), moved(both)
        assert (first.code, first.end["rows"] > 0, again.code, again.end["rows"]) == (OK, True, OK, 0)
        assert first.end["until"] is not None
        told = {one["column"]: (one["values"] > 0, one["left"]) for one in first._of("column")}
        assert told == {place.named(name): (True, 0) for place in PLACES for name in place.columns}
        reads(both)
    with keyed(copy) as new:
        check_key(new.store.engine)
        said = new.fsck()
        assert (said.faults, said.unchecked, said.code) == ([], [], OK)
        with pytest.raises(
            Conflict
        ):  # a request of before is known by the key before; it is never done twice
            reads(new)
    with keyed(copy, new=old(copy)) as former, pytest.raises(IntegrityBroken):
        check_key(former.store.engine)


def test_killed_in_the_middle_it_goes_on(copy: Copy) -> None:
    """While one case is being written everything else moves; killed there, both keys read all, and the next run ends it."""
    url = copy.store.settings.database_url.get_secret_value()
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain) as writer:
        writer.execute("SELECT FROM cases WHERE id = %s FOR UPDATE", [copy.world.case])
        run = started(copy)
        try:
            wait_until_only(copy, {"cases.party", "cases.party_code"})
        finally:
            run.send_signal(signal.SIGKILL)
            run.wait()
        writer.rollback()
    with keyed(copy, before=old(copy)) as both:
        assert left(both) == {"cases.party": 1, "cases.party_code": 1}
        check_key(both.store.engine)
        reads(both)
        said = both.fsck()
        assert (said.faults, said.unchecked) == ([], [])
    again = started(copy)
    assert (again.wait(PATIENCE_SECONDS), left_under(copy)) == (OK, {})
    with keyed(copy) as new:
        said = new.fsck()
        assert (said.faults, said.unchecked, said.code) == ([], [], OK)


def started(copy: Copy) -> "subprocess.Popen[bytes]":
    """The command itself, with both keys in its environment."""
    return subprocess.Popen(
        [sys.executable, "quancheng.py", "reseal"], cwd=ROOT, env=os.environ | secrets(copy, NEW)
    )


def secrets(copy: Copy, new: SecretStr) -> dict[str, str]:
    """The environment of a command over the copy."""
    settings: Any = copy.store.settings
    names = (
        "database_url",
        "objects_url",
        "log_key",
        "registry_key",
        "export_key",
        "factor_key",
        *TICKET_KEYS,
    )
    given = {name.upper(): getattr(settings, name).get_secret_value() for name in names}
    keys = {"PERSONAL_KEY": new.get_secret_value(), "PERSONAL_KEY_BEFORE": old(copy).get_secret_value()}
    owner = {"MIGRATION_DATABASE_URL": owner_of(given["DATABASE_URL"])}
    return {**given, **owner, **keys, "QUANCHENG_HOME": str(copy.world.folder / "home")}


def left_under(copy: Copy) -> dict[str, int]:
    with keyed(copy, before=old(copy)) as both:
        return left(both)


def wait_until_only(copy: Copy, columns: set[str]) -> None:
    until(lambda: set(left_under(copy)) == columns, f"values under the key before stand in {columns} alone")


@pytest.mark.parametrize("before", ["another", "none", "the same"])
def test_a_wrong_key_stops_before_anything_is_written(copy: Copy, before: str) -> None:
    """In one sentence of both languages, and it repeats no key."""
    given = {"another": seed64(), "none": None, "the same": NEW}[before]
    with keyed(copy, before=old(copy)) as both:
        stood = left(both)
    with keyed(copy, before=given) as wrong, pytest.raises(Invalid) as refused:
        moved(wrong)
    assert refused.value.slug == "personal-key-before"
    assert "密钥" in refused.value.detail or "加密" in refused.value.detail
    assert "PERSONAL_KEY_BEFORE" in refused.value.detail
    assert NEW.get_secret_value() not in refused.value.detail
    with keyed(copy, before=old(copy)) as both:
        assert left(both) == stood


def test_it_waits_for_nobody_who_does_not_know_the_key(copy: Copy) -> None:
    """A process that would go on writing under the key before is named, and nothing is written."""
    with keyed(copy, new=old(copy)) as former, keyed(copy, before=old(copy)) as both:
        reads(former)
        with pytest.raises(Conflict) as refused:
            moved(both)
        assert refused.value.slug == "personal-key-others"
        former.store.close()
        assert moved(both).code == OK


@pytest.mark.parametrize(
    ("new", "has_before", "told"),
    [
        (NEW, True, [(Health.KEY_PRESENT, True, False), (Health.KEYS_MIXED, True, True)]),
        (NEW, False, [(Health.KEY_PRESENT, True, False), (Health.KEY_OTHER, False, False)]),
        (None, False, [(Health.KEY_PRESENT, True, False)]),
    ],
)
def test_the_doctor_says_under_which_keys_values_stand(
    copy: Copy,
    monkeypatch: pytest.MonkeyPatch,
    new: SecretStr | None,
    has_before: bool,
    told: list[tuple[Health, bool, bool]],
) -> None:
    """Two: with a warning; one that is not here: as a fault; the one in use: nothing beside that it is there."""
    given = secrets(copy, new or old(copy))
    monkeypatch.delenv("PERSONAL_KEY_BEFORE", raising=False)
    for name, value in (given if has_before else {**given, "PERSONAL_KEY_BEFORE": ""}).items():
        monkeypatch.setenv(name, value)
    found = [one for one in examine(Home(copy.world.folder)) if one.part is HealthPart.PERSONAL_KEY]

    assert [(one.code, one.is_good, one.is_warned) for one in found] == told


def test_a_data_folder_knows_the_key_before_by_its_file(tmp_path: Path) -> None:
    """The key in use takes another name, and the next start draws a new one."""
    home = Home(tmp_path)
    home.prepare()
    was = home.keys()
    assert KEY_BEFORE not in was
    (tmp_path / "keys" / "personal_key.b64").rename(tmp_path / "keys" / f"{KEY_BEFORE}.b64")
    home.prepare()
    now = home.keys()
    assert now[KEY_BEFORE] == was["personal_key"] != now["personal_key"]


def test_what_does_not_open_is_left_and_said(copy: Copy) -> None:
    """A value that somebody altered stops nothing, stands as it was, and the exit code says so."""
    with keyed(copy, before=old(copy)) as both:
        both.damage("UPDATE cases SET party = party || '\\x00'::bytea WHERE id = :id", id=copy.world.case)
        said = moved(both)
        assert said.code == LEFT
        assert said.lines[-1][0] == "left"
        assert left(both) == {"cases.party": 1, "cases.party_code": 1}
        with both.store.begin() as tx:
            assert len(ends(tx.connection)) > 0


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE monitoring_records SET raw = substr(raw, 1, 30)",
        "UPDATE monitoring_records SET content_digest = sha256('x')",
        "UPDATE monitoring_records SET raw = '\\x01' || substr(sha256('k'), 1, 8) || substr(raw, 10), record_id = 'x'",
        "UPDATE notifications SET proof = substr(proof, 1, 9) || sha256('x')",
        "UPDATE notifications SET proof = '\\x01' || substr(sha256('k'), 1, 8) || substr(proof, 10), channel = 'letter'",
        "UPDATE notifications SET recorded_at = now()",
        "DELETE FROM notifications",
    ],
)
def test_rows_that_never_change_take_nothing_else(copy: Copy, statement: str) -> None:
    """The same length under another key is all that the database lets through, and nothing beside it."""
    with (
        keyed(copy, before=old(copy)) as both,
        pytest.raises(IntegrityError),
        owning(both.store) as one,
    ):
        one.connection.execute(text(statement))
