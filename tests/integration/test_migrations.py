from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, inspect

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
