"""Classes 8 to 13, 16, 18, 35, 43 and 44: the log, by whoever holds its database, and where it says so its keys too."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import psycopg
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.engine import make_url

from schemas.act import Process
from schemas.chain import leaf_digest
from schemas.leaf import leaf_bytes, parse_leaf
from schemas.leaves_log import ClockStep, LogResume
from storage.setup.writer import check_writer
from storage.store import Store, utc_now
from storage.ticket import tickets
from tests import injectors_log as log
from tests.chains import indexed_acts
from tests.evidence import Copy
from tests.factories import seed64
from tests.forging import as_superuser
from tests.forging_log import blindly_signed, note_file, roll_back, signed_anew
from tests.injectors_objects import piece_path
from tests.server import serving
from tests.tamper.asking import monitored, refused, verified
from tests.tamper.ground import Ground, exported, fsck_codes
from tests.tamper.stored import refused_by_log
from tests.tamper.table import Probe, Seen
from tests.traces import leave_trace
from workers.custody import integrate

CUT = 5
DAY = timedelta(days=1)
_OLDEST_TRACE = "FROM custody_entries WHERE event = 'upload:expire' ORDER BY leaf_index LIMIT 1"


_UNKEYED = """
DO $$ DECLARE one record; BEGIN
  FOR one IN SELECT conname FROM pg_constraint WHERE conrelid = 'custody_entries'::regclass AND contype = 'u'
  LOOP EXECUTE format('ALTER TABLE custody_entries DROP CONSTRAINT %I', one.conname); END LOOP;
END $$
"""


def go_on(store: Store, count: int = 3) -> None:
    """Lawful work: leaves, indexed, signed and told."""
    with store.begin() as tx:
        for number in range(count):
            leave_trace(tx.custody, offset_bytes=number)
    integrate(store)


def every_tile_edited(ground: Ground) -> Seen:
    """The first byte of each tile of each level; found only if every one of them is named."""
    with ground.copy() as copy:
        tiles = copy.scalar("SELECT array_agg('tile/' || level || '/' || n) FROM log_tiles")
        assert any(one.startswith("tile/1/") for one in tiles)
        log.tile_altered(copy)
        named = {about for code, about in copy.fsck().faults if code == "tile-differs"}
    return Seen(ground.sound, frozenset({"tile-differs"} if named == set(tiles) else ()))


def bundle_edited(copy: Copy) -> None:
    """The digest of an entry that outsiders were told, in the table that the bundles are made from."""
    copy.damage(f"UPDATE custody_entries SET digest = sha256(digest) WHERE id = (SELECT id {_OLDEST_TRACE})")


def tile_edited(copy: Copy) -> None:
    """A tile that is served, and nothing else."""
    log.tile_altered(copy)


def tail_cut(copy: Copy) -> None:
    """The newest entries go, and what is left is signed by the log's own key."""
    roll_back(copy.store, copy.scalar("SELECT max(size) FROM checkpoints") - CUT)
    signed_anew(copy.store)


def rewritten(copy: Copy, *, with_tickets: bool = False) -> None:
    """An old entry is another one: hash, tiles and checkpoint made anew under the log's own key.

    Args:
        copy: What is tampered with.
        with_tickets: The keys of the writing processes are stolen, too: every signature inside of the database holds.
    """
    index, old = (copy.scalar(f"SELECT {one} {_OLDEST_TRACE}") for one in ("leaf_index", "leaf"))
    leaf = parse_leaf(bytes(old))
    payload = leaf_bytes(replace(leaf, act=leaf.act.model_copy(update={"offset_bytes": 999})))
    copy.relog(index, payload)
    if with_tickets:
        signed = tickets(copy.store.settings).sign(leaf.event, leaf_digest(payload))
        copy.damage(
            "UPDATE custody_entries SET ticket = :ticket, ticket_kid = :kid WHERE leaf_index = :index",
            ticket=signed.signature,
            kid=signed.kid,
            index=index,
        )
        copy.damage(
            "UPDATE openings SET digest = :new WHERE digest = :old",
            new=bytes.fromhex(leaf_digest(payload)),
            old=bytes.fromhex(leaf_digest(bytes(old))),
        )
    signed_anew(copy.store, is_told=not with_tickets)


def everything_rewritten(copy: Copy) -> None:
    """Root on every host of the operator: database, evidence store and signer's file, with every key there is."""
    pieces = piece_path(copy).parents[1]
    rewritten(copy, with_tickets=True)
    shutil.rmtree(pieces)
    note_file(copy.store).unlink()
    integrate(copy.store)
    assert fsck_codes(copy) == frozenset(), "whoever holds everything leaves nothing inside that contradicts"


def signed_by_another(ask: Callable[[Store], frozenset[str]]) -> Probe:
    """The whole log is signed anew by a key that is not its own; what is asked of it holds the right one."""

    def probe(ground: Ground) -> Seen:
        with ground.copy() as copy:
            go_on(copy.store)
            control = ask(copy.store)
            with closing(Store(copy.store.settings.model_copy(update={"log_key": seed64()}))) as forger:
                signed_anew(forger)
            return Seen(control, ask(copy.store))

    return probe


def start_of_signer(store: Store) -> frozenset[str]:
    """Why a signer that starts on this log ends at once."""
    return refused(lambda: check_writer(store, Process.SIGNER))


def reordered(copy: Copy) -> None:
    """Two neighbours of the log change places, and the tiles fit."""
    index = copy.scalar(f"SELECT leaf_index {_OLDEST_TRACE}")
    for here, there in ((index, -1), (index + 1, index), (-1, index + 1)):
        copy.damage(
            "UPDATE custody_entries SET leaf_index = :there WHERE leaf_index = :here", here=here, there=there
        )
    copy.retile()


def signer(inject: Callable[[Copy], object]) -> Probe:
    """Whether the product's own signer goes on, before and after."""

    def probe(ground: Ground) -> Seen:
        with ground.copy() as copy:
            control = refused(lambda: go_on(copy.store))
            inject(copy)
            return Seen(control, refused(lambda: integrate(copy.store)))

    return probe


def restored(*, is_file_lost: bool) -> Probe:
    """A database of before the last entries comes back, under a signer with its file or on a new host without."""

    def probe(ground: Ground) -> Seen:
        with ground.copy() as copy:
            control = refused(lambda: go_on(copy.store))
            with dumped(copy) as older:
                go_on(copy.store)
                if is_file_lost:
                    note_file(copy.store).unlink()
                with closing(older()) as store:
                    return Seen(control, refused(lambda: integrate(store)))

    return probe


@contextmanager
def dumped(copy: Copy) -> Iterator[Callable[[], Store]]:
    """The database as it is now; yields what restores it beside the store and the files as they are then."""
    url = make_url(copy.store.settings.database_url.get_secret_value())
    name = f"dump_{uuid4().hex[:12]}"
    server = url.set(drivername="postgresql", database="postgres").render_as_string(hide_password=False)
    copy.store.engine.dispose()
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {url.database}")
        address = SecretStr(url.set(database=name).render_as_string(hide_password=False))
        settings = copy.store.settings.model_copy(update={"database_url": address})
        try:
            yield lambda: Store(settings)
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def followed(inject: Callable[[Copy], object]) -> Probe:
    """A monitor outside that looked before, and looks again after."""

    def probe(ground: Ground) -> Seen:
        with ground.copy() as copy:
            go_on(copy.store)
            with serving(copy.store) as url:
                state = ground.fresh("monitor")
                control = monitored(url, state, ground.trust)
                inject(copy)
                return Seen(control, monitored(url, state, ground.trust))

    return probe


def first_look(inject: Callable[[Copy], object]) -> Probe:
    """A monitor outside that never looked before, and holds the key alone: it fetches the whole log."""

    def probe(ground: Ground) -> Seen:
        with ground.copy() as copy, serving(copy.store) as url:
            control = monitored(url, ground.fresh("monitor"), ground.trust)
            inject(copy)
            return Seen(control, monitored(url, ground.fresh("monitor"), ground.trust))

    return probe


def forked(ground: Ground) -> Seen:
    """Two histories under the true key, each shown to somebody; here to one monitor, one after the other."""
    state = ground.fresh("monitor")
    with ground.copy() as one, ground.copy() as other:
        go_on(one.store, 3)
        go_on(other.store, 5)
        with serving(one.store) as url:
            control = monitored(url, state, ground.trust)
        with serving(other.store) as url:
            return Seen(control, monitored(url, state, ground.trust))


def packed_from(inject: Callable[[Copy], object]) -> Probe:
    """A package that the tampered server builds and signs, for whoever kept a trust file of earlier."""

    def probe(ground: Ground) -> Seen:
        control = verified(ground.package, ground.trust)
        with ground.copy() as copy:
            go_on(copy.store)
            inject(copy)
            package = exported(
                copy.store, copy.bureau, ground.case, ground.fresh("package"), sign=blindly_signed
            )
            return Seen(control, verified(package, ground.trust))

    return probe


def clock_moved(by: timedelta) -> Probe:
    """A server whose clock goes wrong by a day writes; what the signer says of it, as an entry of the log."""

    def probe(ground: Ground) -> Seen:
        with ground.copy() as copy:
            integrate(copy.store)
            before = _bounds(copy.store)
            go_on(copy.store)
            control = _bounds(copy.store)[len(before) :]
            with (
                closing(Store(copy.store.settings, clock=lambda: utc_now() + by)) as wrong,
                wrong.begin() as tx,
            ):
                leave_trace(tx.custody)
            integrate(copy.store)
            return Seen(frozenset(control), frozenset(_bounds(copy.store)[len(before) :]))

    return probe


def _bounds(store: Store) -> list[str]:
    return [one.spec.event for one in indexed_acts(store) if isinstance(one, LogResume | ClockStep)]


def lost_before_its_index(copy: Copy) -> None:
    """What was acknowledged and not yet sequenced is gone, leaf, place, chain and openings; the row is there."""
    about = f"recording/{copy.bureau.device.send('b.bin', b'acknowledged')}"
    mine = "(SELECT {0} FROM custody_entries WHERE leaf_index IS NULL AND subject = :about)"
    copy.damage(f"DELETE FROM openings WHERE digest IN {mine.format('digest')}", about=about)
    copy.damage("DELETE FROM chains WHERE of = :about", about=about)
    copy.damage(f"DELETE FROM chain_places WHERE entry IN {mine.format('id')}", about=about)
    copy.damage(f"DELETE FROM custody_entries WHERE id IN {mine.format('id')}", about=about)


def entry_doubled(ground: Ground) -> Seen:
    """A superuser takes the key off the table and enters the last leaf of a case a second time, with its own ticket."""
    with ground.copy() as copy:
        integrate(copy.store)
        control = refused_by_log(copy.store)
        with as_superuser(copy.store) as tx:
            run = tx.connection.execute
            run(text(_UNKEYED))
            run(
                text(
                    "INSERT INTO custody_entries"
                    " (entry_id, event, ev, actor, subject, at, leaf, digest, leaf_hash, ticket, ticket_kid)"
                    " SELECT gen_random_uuid(), event, ev, actor, subject, at, leaf, digest, leaf_hash, ticket, ticket_kid"
                    " FROM custody_entries WHERE subject = :about ORDER BY id DESC LIMIT 1"
                ),
                {"about": f"case/{copy.world.case}"},
            )
        integrate(copy.store)
        return Seen(control, refused_by_log(copy.store))
