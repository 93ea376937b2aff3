"""The three desks on made data: batch intake, lists and queues, freeze and draw – each beside a named peer.

    python -m tests.stand run --parts database --durable -- python bench/desks.py [--quick]

Intake of plain rows is compared with a bare COPY of the same rows and with one INSERT per row, into a table of the
same columns, indexes and history. Lists, queues and the draw of 500 are compared with the same at a tenth of the data:
history grows tenfold, what waits does not, as people work it off: 1,000 records to review, 500 to link, 200 open cases,
20 captures that ask the officer. All recordings are one officer's, more than anybody makes in years. Words are looked for
by the head, who reads names whole: to whoever sees them masked a name is no hit, and its search costs nothing.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from statistics import quantiles
from uuid import uuid4

import psycopg
from sqlalchemy import text
from sqlalchemy.engine import make_url

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from quancheng_demo import NUMBER, found  # noqa: E402
from schemas.actor import Actor  # noqa: E402
from schemas.audit import AuditIn, AuditKind  # noqa: E402
from schemas.base import rfc3339  # noqa: E402
from schemas.integrity import Verdict  # noqa: E402
from schemas.monitoring import MonitoringState, ReviewStage  # noqa: E402
from schemas.page import Cursor  # noqa: E402
from schemas.randomness import SourceIn, SourceKind  # noqa: E402
from schemas.recording import RecordingFilter  # noqa: E402
from storage.flow.intake import receive_batch  # noqa: E402
from storage.flow.login import actor_of_password  # noqa: E402
from storage.monitoring.values import MonitoringFilter  # noqa: E402
from storage.setup.migrate import upgrade  # noqa: E402
from storage.store import Store, utc_now  # noqa: E402
from storage.transaction import Transaction  # noqa: E402
from tests.factories import make_settings  # noqa: E402
from tests.personal import seal_filled  # noqa: E402
from workers.custody import integrate  # noqa: E402

BATCH_ROWS = 1_000
CALLS = 200
DRAWN = 500

HISTORY = "(SELECT id FROM intakes WHERE seq = 0 AND sha256 = repeat('b', 64))"

FILL = """
INSERT INTO uploads (id, agency_id, account_id, filename, metadata, state, length_bytes, offset_bytes, part_bytes,
    object_key, opened_at, expires_at)
SELECT uuidv7(), :agency, :officer, 'photo-' || n || '.jpg', '', 'received', 4000000, 4000000, 8388608,
    'recordings/bench/' || n, now(), now() FROM generate_series(1, :many) AS n;
INSERT INTO manifests (agency_id, sha256, payload, signature, state, declared_at)
SELECT :agency, encode(sha256(n::text::bytea), 'hex'), '{{}}'::bytea, '', 'declared', now()
FROM generate_series(1, :many / 4) AS n;
INSERT INTO recordings (agency_id, upload_id, manifest_id, file_index, account_id, state, verdict, filename,
    media_type, size_bytes, sha256, object_key, version_id, officers, captured_at, corrected_at, received_at,
    verified_at, retain_until, retention, kept_until, locked_until, run)
SELECT :agency, u.id, m.id, u.n % 4, :officer, 'sealed',
    CASE WHEN random() < 0.02 THEN 'doubtful' ELSE 'verified' END, filename,
    'image/jpeg', length_bytes, encode(sha256(object_key::bytea), 'hex'), object_key, 'v',
    ARRAY['10320002001', '10320002002'], now() - random() * interval '80 days', now(),
    now() - random() * interval '80 days', now(), now() + interval '180 days', 'routine', now() + interval '180 days',
    now() + interval '180 days', 1
FROM (SELECT *, row_number() OVER (ORDER BY id) - 1 AS n FROM uploads WHERE object_key LIKE 'recordings/bench/%') AS u
    JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM manifests) AS m ON m.n = u.n / 4;
INSERT INTO presences (manifest_id, account_id, certificate_id, state, way, answered_at, leaf)
SELECT m.id, :officer, (SELECT id FROM certificates WHERE account_id = :officer), 'confirmed', 'login', now(),
    sha256(m.id::text::bytea) FROM (SELECT id FROM manifests ORDER BY id OFFSET 20) AS m;
INSERT INTO questions (about, number, kind, since)
SELECT m.id, number, 'presence', now() FROM (SELECT id FROM manifests ORDER BY id LIMIT 20) AS m,
    unnest(ARRAY['10320002001', '10320002002']) AS number ON CONFLICT DO NOTHING;
INSERT INTO cases (agency_id, number, party, party_tokens, matter, place, plates, state, opened_by, opened_at,
    filed_at, decided_at, closed_at, version)
SELECT :agency, 'B-' || n, convert_to('当事人 ' || n, 'UTF8'), '{{}}', '超限运输', 'S229',
    ARRAY['苏J' || lpad((n % 90000)::text, 5, '0')],
    CASE WHEN n > 200 THEN 'closed' ELSE 'investigating' END, :officer, now() - interval '60 days', now(), now(),
    CASE WHEN n > 200 THEN now() - random() * interval '50 days' END, 1
FROM generate_series(1, :many / 20) AS n;
INSERT INTO case_handlers (case_id, account_id) SELECT id, :officer FROM cases WHERE number LIKE 'B-%';
INSERT INTO case_links (case_id, recording_id, linked_by, linked_at)
SELECT c.id, r.id, 'service/worker', now() FROM
    (SELECT id, row_number() OVER (ORDER BY id) AS n FROM recordings) AS r
    JOIN (SELECT id, row_number() OVER (ORDER BY id) AS n FROM cases WHERE number LIKE 'B-%') AS c
    ON c.n = r.n % (:many / 20) + 1;
INSERT INTO intakes (agency_id, source_id, seq, prev, sha256, payload, signature, rows, received_at)
SELECT :agency, :officer, 0, repeat('0', 64), repeat('b', 64), ''::bytea, '', 1, now();
INSERT INTO monitoring_records (agency_id, equipment_id, record_id, intake_id, intake_index, raw, content_digest,
    captured_at, received_at, matter, plate, party_code, party, place, state, due_at, concluded_at, links)
SELECT :agency, :equipment, 'B-' || n, (SELECT id FROM intakes WHERE seq = 0), n, '{{}}'::bytea,
    sha256(n::text::bytea), now() - random() * interval '80 days', now(), '超限运输',
    '苏J' || lpad((n % 90000)::text, 5, '0'), NULL, convert_to('当事人 ' || n, 'UTF8'), 'S229',
    CASE WHEN n <= 1000 THEN 'received' WHEN n % 10 = 1 THEN 'invalid' ELSE 'valid' END,
    now() + random() * interval '9 days' - interval '2 days', CASE WHEN n > 1000 THEN now() END,
    CASE WHEN n > 1500 AND n % 10 <> 1 THEN 1 ELSE 0 END
FROM generate_series(1, :many) AS n;
INSERT INTO monitoring_links (case_id, monitoring_id, basis, linked_by, linked_at)
SELECT c.id, r.id, 'manual', 'service/worker', now() FROM
    (SELECT id, row_number() OVER (ORDER BY id) AS n FROM monitoring_records WHERE links = 1) AS r
    JOIN (SELECT id, row_number() OVER (ORDER BY id) AS n FROM cases WHERE number LIKE 'B-%') AS c
    ON c.n = r.n % (:many / 20) + 1;
INSERT INTO reviews (case_id, agency_id, round, state, submitted_by, submitted_at, due_at, evidence, evidence_sha256,
    version)
SELECT id, agency_id, 1, 'open', :officer, now(), now() + random() * interval '9 days', '{{}}', repeat('0', 64), 1
FROM cases WHERE number LIKE 'B-%' AND state = 'investigating' LIMIT 100;
"""


@contextmanager
def database(server: str, name: str) -> Iterator[str]:
    """Make a database for the time of the measurement."""
    admin = server.replace("postgresql+psycopg://", "postgresql://", 1)
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name}")
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


class World:
    """A demo organisation with many rows, and the people who look at them."""

    def __init__(self, url: str, folder: Path, many: int) -> None:
        self.store = Store(make_settings(url, f"file://{folder}", randomness_lead_seconds=0))
        upgrade(self.store.engine)
        self.passwords: dict[str, str] = {}
        found(self.store, self.passwords.update)
        self.people = {
            login: _actor(self.store, login, self.passwords)
            for login in ("chen", "liu", "xu", "zhang", "wu", "ding", "source")
        }
        with self.store.begin() as tx:
            equipment = tx.equipment.page(self.people["liu"]).rows[0]
            for one in FILL.split(";\n"):
                if one.strip():
                    tx.connection.execute(
                        text(one.replace("{{}}", "{}")),
                        {
                            "agency": self.people["chen"].agency_id,
                            "officer": self.people["chen"].id,
                            "equipment": equipment.id,
                            "many": many,
                        },
                    )
        with self.store.begin() as tx:
            seal_filled(tx.connection)
        with psycopg.connect(url.replace("+psycopg", "", 1), autocommit=True) as connection:
            connection.execute("VACUUM FULL ANALYZE")
        integrate(self.store)


def _actor(store: Store, login: str, passwords: dict[str, str]) -> Actor:
    name = passwords["source"] if login == "source" else login
    actor = actor_of_password(store, name, passwords[name])
    if actor is None:
        raise SystemExit(f"{login} cannot log in")
    return actor


def looks(world: World) -> dict[str, Callable[[Transaction], object]]:
    """What people open all day: each list somewhere in its middle, each queue from its start, the home page."""
    people = world.people
    with world.store.begin() as tx:
        middle = dict(
            zip(
                ("recordings", "cases", "monitoring_records"),
                (_middle(tx, table) for table in ("recordings", "cases", "monitoring_records")),
                strict=True,
            )
        )
    return {
        "recordings": lambda tx: tx.recordings.page(
            people["zhang"], RecordingFilter(), after=middle["recordings"]
        ),
        "recordings, doubtful": lambda tx: tx.recordings.page(
            people["zhang"], RecordingFilter(verdict=Verdict.DOUBTFUL)
        ),
        "cases": lambda tx: tx.cases.page(people["zhang"], after=middle["cases"]),
        "cases of a handler": lambda tx: tx.cases.page(people["chen"], after=middle["cases"]),
        "monitoring records": lambda tx: tx.monitoring.page(
            people["liu"], MonitoringFilter(), after=middle["monitoring_records"]
        ),
        "monitoring by plate": lambda tx: tx.monitoring.page(
            people["liu"], MonitoringFilter(text="苏J00042")
        ),
        "monitoring by words": lambda tx: tx.monitoring.page(
            people["zhang"], MonitoringFilter(text="当事人 4242")
        ),
        "monitoring by common words": lambda tx: tx.monitoring.page(
            people["zhang"], MonitoringFilter(text="当事人 苏J")
        ),
        "recordings by words": lambda tx: tx.recordings.page(
            people["zhang"], RecordingFilter(text="photo-4242")
        ),
        "cases by words": lambda tx: tx.cases.page(people["zhang"], number="当事人 42"),
        "waiting for a case": lambda tx: tx.monitoring.page(
            people["chen"], MonitoringFilter(state=MonitoringState.VALID, is_linked=False)
        ),
        "queue, first review": lambda tx: tx.monitoring.queue(people["liu"], ReviewStage.FIRST),
        "queue, legal review": lambda tx: tx.reviews.queue(people["xu"]),
        "home of a handler": lambda tx: tx.duties.waiting(people["chen"]),
        "home of a reviewer": lambda tx: tx.duties.waiting(people["xu"]),
    }


def _middle(tx: Transaction, table: str) -> Cursor:
    ident = tx.connection.execute(
        text(f"SELECT id FROM {table} ORDER BY id OFFSET (SELECT count(*) / 2 FROM {table}) LIMIT 1")
    ).scalar_one()
    return Cursor(ident=ident)


def p95(store: Store, look: Callable[[Transaction], object], calls: int) -> float:
    """Milliseconds within which 95 of 100 looks are answered, their transaction included."""
    took = []
    for _ in range(calls):
        began = time.perf_counter()
        with store.begin() as tx:
            look(tx)
        took.append(1000 * (time.perf_counter() - began))
    return quantiles(took, n=20)[-1]


def freeze_and_draw(world: World) -> tuple[float, float]:
    """Seconds to freeze everything that is sealed, and to draw 500 of it."""
    wu, ding, store = world.people["wu"], world.people["ding"], world.store
    now = utc_now()
    wish = AuditIn(
        title="bench",
        kind=AuditKind.SEALED_RECORDINGS,
        target_agency_id=world.people["chen"].agency_id,
        from_at=now - timedelta(days=100),
        until_at=now + timedelta(days=1),
        size=DRAWN,
        sources=[SourceIn(name="dice", kind=SourceKind.DICE, happens_at=now + timedelta(seconds=60))],
    )
    with store.begin() as tx:
        audit = tx.audit_drafts.define(wu, wish)
    began = time.perf_counter()
    with store.begin() as tx:
        audit = tx.audits.freeze(wu, audit.id, audit.version)
    froze = time.perf_counter() - began
    store.clock = lambda: utc_now() + timedelta(minutes=2)
    integrate(store)
    with store.begin() as tx:
        audit = tx.audit_values.enter(wu, audit.id, ["3 5 6"], audit.version)
    integrate(store)
    with store.begin() as tx:
        audit = tx.audit_values.confirm(ding, audit.id, ["3 5 6"], audit.version)
    integrate(store)
    began = time.perf_counter()
    with store.begin() as tx:
        tx.audits.draw(wu, audit.id, audit.version)
    drew = time.perf_counter() - began
    store.clock = utc_now
    return froze, drew


def rows(count: int) -> list[bytes]:
    """Plain rows as a scale sends them."""
    at = rfc3339(utc_now() - timedelta(hours=1))
    return [
        json.dumps(
            {
                "equipment": NUMBER,
                "record_id": uuid4().hex,
                "captured_at": at,
                "matter": "超限运输",
                "place": "S229 K12+300",
                "plate": f"苏J{number % 100_000:05d}",
                "party": "某某运输公司",
                "party_code": "91320903MA1DEM001U",
                "lat_e7": 333_475_000,
                "lon_e7": 1_201_626_000,
                "crs": "WGS84",
                "values": [{"name": "gross_weight", "value": "52300", "unit": "kg", "limit": "49000"}],
            },
            ensure_ascii=False,
        ).encode()
        for number in range(count)
    ]


def intake(world: World, url: str, batches: int) -> None:
    """Receive batches, and write the same rows by COPY and by INSERT into a table of the same shape."""
    lines = rows(batches * BATCH_ROWS)
    began = time.perf_counter()
    for start in range(0, len(lines), BATCH_ROWS):
        batch = dict(enumerate(lines[start : start + BATCH_ROWS], 1))
        receipt = receive_batch(world.store, world.people["source"], batch)
        if any(one.outcome != "received" for one in receipt.results):
            raise SystemExit("a row was not received")
    product = len(lines) / (time.perf_counter() - began)
    copied, alone, together = peers(url, batches)
    print(f"\nintake, {len(lines):,} plain rows in batches of {BATCH_ROWS:,}")
    print(f"  product (parsed, gated, signed, logged)    {product:9,.0f} rows/s")
    print(f"  bare COPY of the same rows                 {copied:9,.0f} rows/s  ratio {product / copied:.2f}")
    print(
        f"  one INSERT and one commit per row          {alone:9,.0f} rows/s  ratio {product / alone:.1f} (target 5)"
    )
    print(
        f"  one INSERT per row, commit per 1,000 rows  {together:9,.0f} rows/s  ratio {product / together:.1f}"
    )


def peers(url: str, batches: int) -> tuple[float, float, float]:
    """Rows per second of COPY, of single INSERTs, and of single INSERTs with a commit per batch."""
    plain = url.replace("postgresql+psycopg://", "postgresql://", 1)
    with psycopg.connect(plain) as connection:
        columns = [
            row[0]
            for row in connection.execute(
                "SELECT column_name FROM information_schema.columns WHERE table_name = 'monitoring_records' "
                "AND column_name <> 'id' ORDER BY ordinal_position"
            )
        ]
        listed = ", ".join(f'"{name}"' for name in columns)
        source = f"SELECT {listed} FROM monitoring_records ORDER BY id DESC LIMIT {batches * BATCH_ROWS}"
        with connection.cursor() as cursor:
            with cursor.copy(f"COPY ({source}) TO STDOUT (FORMAT binary)") as copy:
                binary = b"".join(copy)
            kept = cursor.execute(source).fetchall()
        connection.execute("CREATE TABLE peer (LIKE monitoring_records INCLUDING ALL)")
        connection.execute(f"INSERT INTO peer SELECT * FROM monitoring_records WHERE intake_id = {HISTORY}")
        connection.commit()
        began = time.perf_counter()
        with connection.cursor().copy(f"COPY peer ({listed}) FROM STDIN (FORMAT binary)") as copy:
            copy.write(binary)
        connection.commit()
        copied = len(kept) / (time.perf_counter() - began)
        alone = _inserted(connection, columns, kept[:2000], commit_every=1)
        together = _inserted(connection, columns, kept[:BATCH_ROWS], commit_every=BATCH_ROWS)
        return copied, alone, together


def _inserted(
    connection: psycopg.Connection, columns: list[str], kept: list[tuple], *, commit_every: int
) -> float:
    connection.execute(f"DELETE FROM peer WHERE intake_id <> {HISTORY}")
    connection.commit()
    places = ", ".join(["%s"] * len(columns))
    listed = ", ".join(f'"{name}"' for name in columns)
    wrapped = [
        [
            psycopg.types.json.Jsonb(v) if c in ("values", "findings") else v
            for c, v in zip(columns, row, strict=True)
        ]
        for row in kept
    ]
    began = time.perf_counter()
    for number, row in enumerate(wrapped, 1):
        connection.execute(f"INSERT INTO peer ({listed}) VALUES ({places})", row)
        if number % commit_every == 0:
            connection.commit()
    connection.commit()
    return len(kept) / (time.perf_counter() - began)


def main() -> int:
    """Measure at a tenth and at the whole, and print both."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="a tenth of the data")
    args = options.parse_args()
    many, calls, batches = (10_000, 60, 5) if args.quick else (100_000, CALLS, 20)
    server = os.environ["DATABASE_URL"]
    with (
        tempfile.TemporaryDirectory(prefix="quancheng-desks-") as name,
        database(server, "bench_small") as small_url,
        database(server, "bench_large") as large_url,
    ):
        small = World(small_url, Path(name), many // 10)
        large = World(large_url, Path(name), many)
        print(f"p95 of {calls} looks: {many // 10:,} and {many:,} recordings and monitoring records each")
        at_small, at_large = looks(small), looks(large)
        for label in at_small:
            p95(small.store, at_small[label], 10), p95(large.store, at_large[label], 10)
            few, lots = p95(small.store, at_small[label], calls), p95(large.store, at_large[label], calls)
            print(f"  {label:26} {few:7.1f} ms {lots:7.1f} ms  ratio {lots / few:.2f} (target 1.5)")
        few_s, many_s = freeze_and_draw(small), freeze_and_draw(large)
        for label, few_took, many_took in zip(("freeze", f"draw of {DRAWN}"), few_s, many_s, strict=True):
            print(f"  {label:26} {few_took:7.2f} s  {many_took:7.2f} s   ratio {many_took / few_took:.2f}")
        intake(large, large_url, batches)
        for world in (small, large):
            world.store.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
