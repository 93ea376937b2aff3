"""The sequencer's run: index, integrate and sign whatever custody entries have been committed."""

from schemas.leaf_catalogue import catalogue_sha256
from schemas.leaves_log import KeyRole
from storage.custody.identity import LogIdentity
from storage.custody.signer import BATCH_ENTRIES, Signer
from storage.settings import StorageSettings, seed
from storage.store import Store


class Sequencer:
    """The runs of one process, which tells the log once by itself what it is, and again with whatever waits.

    Every batch is one transaction: what the log says of itself, indices, tiles, root, checkpoint. A crash leaves the
    batch pending, and the next run integrates it. Any number of processes may run; one acts, the others do nothing.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._said_at: int | None = None
        """At which number of the log's chain it said all that this process knows of it."""

    def run(self, *, limit: int = BATCH_ENTRIES) -> int:
        """Sequence and sign until nothing is pending; returns how many entries gained their index.

        With nothing pending it still checks that the tree extends the last checkpoint.

        Raises:
            IntegrityBroken: the log was cut or rewritten; nothing was signed. Stop and page a person.
            Unavailable: the database did not answer.
            ValueError: the log's key is not set.
        """
        settings = self._store.settings
        key = seed(settings.log_key, "LOG_KEY")
        integrated = 0
        while True:
            with self._store.begin() as tx:
                signer = Signer(tx.connection, tx.clock)
                said_at, count = self._batch(signer, limit)
                signer.sign(key, settings.log_origin, at=tx.now)
            self._said_at = said_at  # committed
            integrated += count
            if count < limit:
                return integrated

    def _batch(self, signer: Signer, limit: int) -> tuple[int | None, int]:
        """Return where the log says what this process knows of it, and how many entries gained their index.

        Another process may know another catalogue and have said it last: whatever waits, the log is asked anew.
        What comes after nothing was seen to wait is left to the next run: it would be indexed unasked.
        """
        waits = signer.waits()
        if self._said_at is not None and not waits:
            return self._said_at, 0
        said_at = signer.begin(_identity(self._store.settings), said_at=self._said_at)
        return said_at, 0 if said_at is None else signer.sequence(limit=limit)


def integrate(store: Store, *, limit: int = BATCH_ENTRIES) -> int:
    """Do what a process does that has just started: `Sequencer.run`."""
    return Sequencer(store).run(limit=limit)


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
