"""The signer's runs: index and sign what has been committed, then keep it outside the database and tell it.

`Sequencer` needs the database alone, so that a store that hangs holds up nothing else; it signs nothing before the other
places of the log were asked once (`Publisher`), and nothing that goes back behind what it signed itself.
"""

from collections.abc import Mapping
from datetime import datetime

import structlog

from schemas.errors import Conflict
from schemas.leaf_catalogue import catalogue_sha256
from schemas.leaves_log import KeyRole
from schemas.log_signers import LogSigners
from schemas.note import vkey_of_seed
from schemas.refusals_custody import LOG_ROLLED_BACK
from storage.custody.anchor import Anchors, published
from storage.custody.identity import LogIdentity
from storage.custody.laid import Laying
from storage.custody.log_keys import dead_tickets, log_signers
from storage.custody.offers import held, offered
from storage.custody.signer import BATCH_ENTRIES, Sequenced, Signer
from storage.settings import StorageSettings, origin, seed
from storage.store import Store
from storage.ticket import signer_tickets
from workers.clock import ClockWatch, Step

log = structlog.get_logger()


class Publisher:
    """Keeps the log of one process outside the database: a locked object of the evidence store, and a file of its own.

    Its tiles and bundles are put beside the object before the checkpoint is told; those of a log of before follow in
    portions, and hold up nothing.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._anchors: Anchors | None = None
        self._laying: Laying | None = None
        self._is_laid = False
        self.is_checked = False
        """The database was held against both places, and nothing has contradicted since."""

    def run(self) -> int:
        """Check once, then publish what is signed; returns how many pieces of the log were kept.

        Raises:
            IntegrityBroken: the database is not what was published (`Anchors.check`); nothing is signed until it is.
            Unavailable: the evidence store or the database does not answer; the next run goes on.
            ValueError: the log's name or key is not set.
        """
        if not self.is_checked:
            self._check()
        published = 0
        while self._publish():
            published += 1
        if not self._is_laid:
            self._lay_rest()
        return published

    def _check(self) -> None:
        with self._store.begin() as tx:
            self._of_log().check(tx.connection, tx.now)
        self.is_checked = True

    def _publish(self) -> bool:
        anchors = self._of_log()
        with self._store.begin() as tx:
            journal = anchors.next_piece(tx.connection)
            at = tx.now
        if journal is None:
            return False
        try:
            anchors.keep(journal, at)
        except Conflict:
            # Another signer kept a piece that begins there: ours is told with it, or the log was forked.
            self.is_checked = False
            self._check()
            return True
        bundles = self._lay(journal.end, at)
        with self._store.begin() as tx:
            anchors.note(tx.connection, journal, at, bundles=bundles)
        return True

    def _lay(self, size: int, at: datetime) -> int:
        """Lay out what was kept up to a size, and return how many full bundles stand; the rest is left to later runs."""
        if self._laying is None:
            self._laying = Laying(self._store.objects, self._of_log().opened)
        with self._store.begin() as tx:
            laid = self._laying.next(tx.connection, size)
        self._laying.keep(laid, at)
        self._is_laid = laid.is_whole
        return laid.bundles

    def _lay_rest(self) -> None:
        with self._store.begin() as tx:
            last, at = published(tx.connection), tx.now
        if last is not None:
            self._lay(last.size, at)

    def _of_log(self) -> Anchors:
        settings = self._store.settings
        if self._anchors is None:
            # Whoever publishes has both: a missing one is named here, and not by an empty answer of the log.
            origin(settings)
            seed(settings.log_key, "LOG_KEY")
            with self._store.begin() as tx:
                signers = log_signers(tx.connection, settings)
            self._anchors = Anchors(self._store.objects, settings.quancheng_home, signers)
        return self._anchors


class Sequencer:
    """The runs of one process, which tells the log once by itself what it is, and again with whatever waits.

    Every batch is one transaction: what the log says of itself, indices, tiles, root, checkpoint. A crash leaves the
    batch pending, and the next run integrates it. Any number of processes may run; one acts, the others do nothing.
    """

    def __init__(self, store: Store, publisher: Publisher, watch: ClockWatch | None = None) -> None:
        self._store = store
        self._publisher = publisher
        self._watch = watch or ClockWatch()
        self._step: Step | None = None
        """A step of this machine's clock that no entry says yet."""
        self._said_at: int | None = None
        """At which number of the log's chain it said all that this process knows of it."""
        self._signed = 0
        """How far this process signed the log."""
        self._dead: set[str] = set()
        """Ids of the ticket keys that the log has ended."""
        self._offers: Mapping[KeyRole, str] = {}
        """The public keys that it has seen, its own and those of other processes."""
        self._held: Mapping[KeyRole, str] | None = None
        self._signers: LogSigners | None = None
        """The keys by which the log signs, read when its own chain has gone on."""

    def run(self, *, limit: int = BATCH_ENTRIES) -> int:
        """Sequence and sign until nothing is pending; returns how many entries gained their index.

        Nothing happens before the publisher has held the database against the other places. With nothing pending it
        still checks that the tree extends the last checkpoint.

        Raises:
            IntegrityBroken: the log was cut or rewritten; nothing was signed. Stop and page a person.
            Unavailable: the database did not answer.
            ValueError: the log's name or key, or one that signs tickets, is not set.
        """
        settings = self._store.settings
        key = seed(settings.log_key, "LOG_KEY")
        integrated = 0
        self._look_at_the_clock()
        while self._publisher.is_checked:
            offers = self._public_keys()
            with self._store.begin() as tx:
                signer = Signer(tx.connection, tx.clock)
                said_at, done = self._batch(signer, limit, offers)
                if self._signers is None or said_at != self._said_at:
                    self._signers = signer.signers(vkey_of_seed(origin(settings), key))
                signer.sign(key, origin(settings), at=tx.now, signers=self._signers)
                size = signer.signed_size()
                if size < self._signed:
                    raise LOG_ROLLED_BACK(f"this process signed {self._signed} entries, {size} are left")
            self._said_at, self._signed, self._offers = said_at, size, offers  # committed
            self._step = None if said_at is not None else self._step
            integrated += done.indexed
            _tell(done)
            if done.looked < limit:
                break
        return integrated

    def _batch(
        self, signer: Signer, limit: int, offers: Mapping[KeyRole, str]
    ) -> tuple[int | None, Sequenced]:
        """Return where the log says what this process knows of it, and what became of the entries that waited.

        Another process may know another catalogue and have said it last: whatever waits, the log is asked anew.
        What comes after nothing was seen to wait is left to the next run: it would be indexed unasked.
        """
        waits, is_said = signer.waits(), offers == self._offers
        if self._said_at is not None and not waits and is_said and self._step is None:
            return self._said_at, Sequenced()
        known = _identity(self._store.settings, offers)
        said_at = signer.begin(known, said_at=self._said_at if is_said else None)
        if said_at is None:
            return None, Sequenced()
        if said_at != self._said_at:
            self._dead = dead_tickets(signer.connection)
        if self._step is not None:
            signer.step(*self._step)
        return said_at, signer.sequence(known.tickets, dead=self._dead, limit=limit)

    def _public_keys(self) -> Mapping[KeyRole, str]:
        """Return those that may be announced: its own, derived once, stand before what others left."""
        if self._held is None:
            self._held = held(self._store.settings)
        return {**offered(self._store.settings), **self._held}

    def _look_at_the_clock(self) -> None:
        """Notice that somebody set the clock; several steps before one is told are one, from the first to the last."""
        step = self._watch.look()
        if step is None:
            return
        log.error("clock_stepped", before=step.before.isoformat(), after=step.after.isoformat())
        self._step = step if self._step is None else Step(self._step.before, step.after)


def _tell(done: Sequenced) -> None:
    for row, answer in done.refused:
        log.critical("entry_refused", row=row, code=answer.value)
    if done.waiting:
        log.error("entries_wait_for_a_newer_signer", count=done.waiting)


def integrate(store: Store, *, limit: int = BATCH_ENTRIES) -> int:
    """Do what a signer does that has just started: check, `Sequencer.run`, publish; returns how many gained their index."""
    publisher = Publisher(store)
    publisher.run()
    count = Sequencer(store, publisher).run(limit=limit)
    publisher.run()
    return count


def _identity(settings: StorageSettings, offers: Mapping[KeyRole, str]) -> LogIdentity:
    name = origin(settings)
    return LogIdentity(
        origin=name,
        vkey=vkey_of_seed(name, seed(settings.log_key, "LOG_KEY")),
        catalogue_sha256=catalogue_sha256(),
        keys=offers,
        tickets=signer_tickets(settings).keys(),
    )
