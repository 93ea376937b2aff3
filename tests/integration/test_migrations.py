from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, inspect, text

from storage.setup.migrate import downgrade, pending, upgrade
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
