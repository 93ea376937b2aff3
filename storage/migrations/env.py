"""Run migrations over the connection that `storage.setup.migrate` hands in, in one transaction each."""

from alembic import context

import storage.tables  # noqa: F401 - fills the metadata
from storage.tables.base import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    transaction_per_migration=True,
    compare_server_default=False,
)
with context.begin_transaction():
    context.run_migrations()
