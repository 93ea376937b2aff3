"""The sequencer's run: index, integrate and sign whatever custody entries have been committed."""

from schemas.leaf_catalogue import catalogue_sha256
from schemas.leaves_log import KeyRole
from storage.custody.identity import LogIdentity
from storage.custody.signer import BATCH_ENTRIES, Signer
from storage.settings import StorageSettings, seed
from storage.store import Store


def integrate(store: Store, *, limit: int = BATCH_ENTRIES) -> int:
    """Sequence and sign until nothing is pending; returns how many entries gained their index.

    Every batch is one transaction: indices, tiles, root, checkpoint. A crash leaves the batch pending, and
    the next run integrates it. Any number of processes may call this; one acts, the others return 0. With
    nothing pending it still checks that the tree extends the last checkpoint.

    Raises:
        IntegrityBroken: the log was cut or rewritten; nothing was signed. Stop and page a person.
        Unavailable: the database did not answer.
        ValueError: the log's key is not set.
    """
    key = seed(store.settings.log_key, "LOG_KEY")
    # A transaction of its own: its chain is held by nobody else, and a crash after it leaves a log that says less.
    with store.begin() as tx:
        signer = Signer(tx.connection, tx.clock)
        if signer.begin(_identity(store.settings)):
            signer.sign(key, store.settings.log_origin, at=tx.now)
    integrated = 0
    while True:
        with store.begin() as tx:
            count = Signer(tx.connection).sequence(limit=limit)
            Signer(tx.connection).sign(key, store.settings.log_origin, at=tx.now)
        integrated += count
        if count < limit:
            return integrated


def _identity(settings: StorageSettings) -> LogIdentity:
    """The keys that this process holds are the ones it can speak of; another process adds its own."""
    held = {
        KeyRole.LOG: ("LOG_KEY", settings.log_key),
        KeyRole.REGISTRY: ("REGISTRY_KEY", settings.registry_key),
        KeyRole.EXPORT: ("EXPORT_KEY", settings.export_key),
    }
    return LogIdentity(
        origin=settings.log_origin,
        catalogue_sha256=catalogue_sha256(),
        keys={role: seed(key, name) for role, (name, key) in held.items() if key is not None},
    )
