import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.util.exc import CommandError
from sqlalchemy import create_engine, inspect, text

from storage.setup.migrate import _LOCK, downgrade, pending, upgrade
from storage.tables.base import metadata


def test_empty_to_head_and_back(empty_database_url: str) -> None:
    """An empty database comes to head, one step down and up again, and then equals the tables in code."""
    engine = create_engine(empty_database_url)

    assert pending(engine)
    upgrade(engine)
    assert not pending(engine)
    downgrade(engine, "-1")
    assert pending(engine)
    upgrade(engine)
    downgrade(engine, "base")
    assert set(inspect(engine).get_table_names()) <= {"alembic_version"}
    upgrade(engine)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()


HANDED_IN = """
SET LOCAL session_replication_role = replica;
INSERT INTO devices (agency_id, kid, jwk, algs, name, model, challenge, registration, registration_signature, enrolled_at)
VALUES (gen_random_uuid(), 'its-key', '{}', '{}', 'n', 'm', 'c', '', '', now());
INSERT INTO manifests (agency_id, sha256, payload, signature, state, kid, declared_at)
VALUES (gen_random_uuid(), 'a', '', 's', 'declared', 'its-key', now());
"""


def test_a_declaration_by_a_person_comes_to_name_its_device(empty_database_url: str) -> None:
    """Rows of a manifest that a person handed in named no device; their leaves did. Nobody may change one afterwards."""
    engine = create_engine(empty_database_url)
    upgrade(engine)
    downgrade(engine, "20261128_0007")
    with engine.begin() as connection:
        connection.execute(text(HANDED_IN))
    upgrade(engine)

    named = "SELECT count(*) FROM manifests JOIN devices ON devices.id = manifests.device_id"
    guarded = (
        "SELECT tgenabled FROM pg_trigger WHERE tgname = 'append_only' AND tgrelid = 'manifests'::regclass"
    )
    with engine.connect() as connection:
        assert connection.scalar(text(named)) == 1
        assert connection.scalar(text(guarded)) == "O"
    engine.dispose()


GIVEN = """
INSERT INTO agencies (id, name, code, kind) VALUES ('00000000-0000-0000-0000-00000000000a', 'x', 'x', 'agency');
INSERT INTO accounts (id, agency_id, login, name, kind) VALUES
('00000000-0000-0000-0000-00000000000b', '00000000-0000-0000-0000-00000000000a', 'x', 'x', 'person');
INSERT INTO role_grants (id, account_id, role, reach, valid_from, valid_until, granted_at, ended_at, leaf) VALUES
('00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-00000000000b', 'head', 'agency',
    '2026-03-01Z', NULL, '2026-03-01Z', NULL, '\\x01'),
('00000000-0000-0000-0000-000000000002', '00000000-0000-0000-0000-00000000000b', 'officer', 'agency',
    '2026-03-01Z', '2026-09-01Z', '2026-03-01Z', '2026-06-01Z', '\\x02'),
('00000000-0000-0000-0000-000000000003', '00000000-0000-0000-0000-00000000000b', 'handler', 'agency',
    '2026-09-01Z', NULL, '2026-03-01Z', '2026-06-01Z', '\\x03');
INSERT INTO custody_entries (entry_id, event, actor, subject, at, ev, leaf, digest, leaf_hash)
SELECT gen_random_uuid(), 'role:end', 'service/api', 'role/x', '2026-06-01Z', 2,
    convert_to('{"facts":{"grant":"' || grant_leaf || '"}}', 'UTF8'), decode('a0' || grant_leaf, 'hex') || '\\x00', ''
FROM (VALUES ('02'), ('03')) AS ended (grant_leaf);
"""


def test_roles_that_were_ended_become_two_words(empty_database_url: str) -> None:
    """A grant that stands is one row; an ended one is what was said until then, and its shorter time since."""
    engine = create_engine(empty_database_url)
    upgrade(engine)
    downgrade(engine, "20261129_0045")
    with engine.begin() as connection:
        connection.execute(text(GIVEN))
        connection.execute(
            text("INSERT INTO openings (digest, member, opening) VALUES ('\\xa00200', 'reason', :opening)"),
            {"opening": '{"member":"reason","salt":"00","value":"调离"}'.encode()},
        )
    upgrade(engine)

    told = "SELECT right(grant_id::text, 1), valid_during, known_during, reason, leaf FROM role_grants ORDER BY 1, 3"
    with engine.connect() as connection:
        rows = [
            (
                one,
                valid.lower.month,
                valid.upper and valid.upper.month,
                known.lower.month,
                known.upper and known.upper.month,
                reason,
                bytes(leaf).hex(),
            )
            for one, valid, known, reason, leaf in connection.execute(text(told))
        ]
    assert rows == [
        ("1", 3, None, 3, None, None, "01"),
        ("2", 3, 9, 3, 6, None, "02"),
        ("2", 3, 6, 6, None, "调离", "a00200"),
        ("3", 9, None, 3, 6, None, "03"),
    ]
    downgrade(engine, "20261129_0045")
    with engine.connect() as connection:
        kept = connection.execute(
            text(
                "SELECT right(id::text, 1), valid_until IS NULL, ended_at IS NULL FROM role_grants ORDER BY 1"
            )
        )
        assert [tuple(row) for row in kept] == [("1", True, True), ("2", False, False)]
    engine.dispose()


SUSPENDED = """
INSERT INTO agencies (id, name, code, kind) VALUES ('00000000-0000-0000-0000-00000000001a', 'y', 'y', 'agency');
INSERT INTO accounts (id, agency_id, login, name, kind) VALUES
('00000000-0000-0000-0000-00000000001b', '00000000-0000-0000-0000-00000000001a', 'y', 'y', 'person');
INSERT INTO equipment
    (id, agency_id, number, name, kind, site, standard, state, version, registered_by, registered_at)
VALUES ('00000000-0000-0000-0000-00000000001c', '00000000-0000-0000-0000-00000000001a', 'x', 'x', 'camera', 'x', 'x',
    'suspended', 9, '00000000-0000-0000-0000-00000000001b', '2026-01-01Z');
INSERT INTO equipment_certificates
    (equipment_id, number, issuer, valid_from, valid_until, recorded_by, recorded_at)
SELECT '00000000-0000-0000-0000-00000000001c', number, 'x', '2026-01-01Z', '2027-01-01Z',
    '00000000-0000-0000-0000-00000000001b', at FROM (VALUES ('1', '2026-02-01Z'::timestamptz), ('2', '2026-03-01Z'))
    AS paper (number, at);
INSERT INTO equipment_reviews (equipment_id, kind, document, reviewed_at, recorded_by, recorded_at) VALUES
('00000000-0000-0000-0000-00000000001c', 'legal', 'x', '2026-01-01Z', '00000000-0000-0000-0000-00000000001b',
    '2026-02-01Z');
INSERT INTO equipment_suspensions (equipment_id, from_at, until_at, reason, recorded_by, recorded_at) VALUES
('00000000-0000-0000-0000-00000000001c', '2026-04-01Z', '2026-06-01Z', 'x', '00000000-0000-0000-0000-00000000001b',
    '2026-05-01Z'),
('00000000-0000-0000-0000-00000000001c', '2026-07-01Z', NULL, 'y', '00000000-0000-0000-0000-00000000001b',
    '2026-07-01Z');
INSERT INTO custody_entries (entry_id, event, actor, subject, at, ev, leaf, digest, leaf_hash)
SELECT gen_random_uuid(), 'equipment:' || event, 'account/00000000-0000-0000-0000-00000000001b',
    'equipment/00000000-0000-0000-0000-00000000001c', at, 1, '', digest, ''
FROM (VALUES ('certify', '2026-02-01Z'::timestamptz, '\\x01'::bytea), ('certify', '2026-03-01Z', '\\x02'),
    ('review', '2026-02-01Z', '\\x03'), ('suspend', '2026-05-01Z', '\\x04'), ('resume', '2026-06-02Z', '\\x05'),
    ('suspend', '2026-07-01Z', '\\x06')) AS said (event, at, digest);
"""
REGISTERED = """
INSERT INTO equipment
    (id, agency_id, number, name, kind, site, standard, state, version, registered_by, registered_at)
VALUES ('00000000-0000-0000-0000-00000000001d', '00000000-0000-0000-0000-00000000001a', 'y', 'y', 'camera', 'y', 'y',
    'in_service', 1, '00000000-0000-0000-0000-00000000001b', '2026-01-01Z');
INSERT INTO custody_entries (entry_id, event, actor, subject, at, ev, leaf, digest, leaf_hash) VALUES
(gen_random_uuid(), 'equipment:register', 'account/00000000-0000-0000-0000-00000000001b',
    'equipment/00000000-0000-0000-0000-00000000001c', '2026-01-01Z', 1, '', '\\x07', '');
"""
VERSIONS = """
SELECT number, valid_during = tstzrange(NULL, NULL) AS is_always, lower(known_during) AS known, leaf
FROM equipment_descriptions WHERE upper_inf(known_during) ORDER BY number
"""
WORDS = """
SELECT entry, leaf, lower(valid_during), upper(valid_during), lower(known_during), upper(known_during) FROM {}
ORDER BY leaf
"""


def test_facts_of_equipment_get_their_leaves(empty_database_url: str) -> None:
    """Each row names the leaf that entered it; a suspension that ended is what was said until then, and its time since.

    What equipment is is what its registration said, of always; what has no leaf stands under its own id.
    """
    engine = create_engine(empty_database_url)
    upgrade(engine)
    downgrade(engine, "20261129_0048")
    with engine.begin() as connection:
        connection.execute(text(SUSPENDED))
        connection.execute(text(REGISTERED))
    upgrade(engine)
    with engine.connect() as connection:
        rows = connection.execute(text(VERSIONS)).all()
    assert [(row.number, row.is_always, row.known.year, bytes(row.leaf).hex()[-2:]) for row in rows] == [
        ("x", True, 2026, "07"),
        ("y", True, 2026, "1d"),
    ]

    told = {}
    with engine.connect() as connection:
        for name in ("certificates", "reviews", "suspensions"):
            rows = connection.execute(text(WORDS.format(f"equipment_{name}")))
            told[name] = [
                (bytes(row[0]).hex(), bytes(row[1]).hex(), *(one and one.month for one in row[2:]))
                for row in rows
            ]
    assert told == {
        "certificates": [("01", "01", 1, 1, 2, None), ("02", "02", 1, 1, 3, None)],
        "reviews": [("03", "03", 1, None, 2, None)],
        "suspensions": [
            ("04", "04", 4, None, 5, 6),
            ("04", "05", 4, 6, 6, None),
            ("06", "06", 7, None, 7, None),
        ],
    }
    downgrade(engine, "20261129_0048")
    with engine.connect() as connection:
        spans = connection.execute(
            text("SELECT from_at, until_at FROM equipment_suspensions ORDER BY from_at")
        )
        assert [(since.month, until and until.month) for since, until in spans] == [(4, 6), (7, None)]
    engine.dispose()


def test_a_migration_that_fails_stops_no_later_one(database_url: str) -> None:
    """The lock that lets one go first is given back also where it fails: the next try does not wait for ever."""
    engine = create_engine(database_url)
    other = create_engine(database_url)
    try:
        with pytest.raises(CommandError):
            upgrade(engine, "no-such-revision")
        with other.connect() as connection:
            assert connection.scalar(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": _LOCK})
    finally:
        engine.dispose()
        other.dispose()
