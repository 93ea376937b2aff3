"""What whoever holds the database, and perhaps the log's key, does to the log as a whole; no trigger fires."""

from pathlib import Path
from typing import Any

from sqlalchemy import delete, insert, select, text, update

from schemas.checkpoint import Checkpoint, checkpoint_text
from schemas.merkle import extend, root_from_tiles
from schemas.note import sign_note
from storage.settings import seed
from storage.store import Store
from storage.tables.custody import chains, checkpoints, custody_entries, log_tiles
from tests.forging import as_superuser, next_place
from workers.custody import Publisher, Sequencer

_OF_CUT = "SELECT id FROM custody_entries WHERE leaf_index >= :n"


def note_file(store: Store) -> Path:
    """The signer's own file."""
    (found,) = (store.settings.quancheng_home / "signer").glob("*.checkpoint")
    return found


def roll_back(store: Store, to: int) -> None:
    """Leave a database as an older backup has it: shorter, and sound in itself."""
    with as_superuser(store) as tx:
        run = tx.connection.execute
        run(text(f"DELETE FROM chain_places WHERE entry IN ({_OF_CUT})"), {"n": to})
        run(text("DELETE FROM custody_entries WHERE leaf_index >= :n OR leaf_index IS NULL"), {"n": to})
        run(text("DELETE FROM checkpoints WHERE size > :n"), {"n": to})
        run(text("DELETE FROM chains WHERE of NOT IN (SELECT of FROM chain_places)"))
        for of, n in run(select(chains.c.of, chains.c.n)).all():
            place = next_place(tx, of)
            if place.n != n + 1:
                stands = {"n": place.n - 1, "head": bytes.fromhex(place.prev)}
                run(update(chains).where(chains.c.of == of).values(**stands))
        retile(tx)


def retile(tx: Any) -> dict[tuple[int, int], bytes]:
    """Make the tiles of the entries that are left, and return them."""
    indexed = select(custody_entries.c.leaf_hash).where(custody_entries.c.leaf_index.is_not(None))
    hashes = tx.connection.scalars(indexed.order_by(custody_entries.c.leaf_index))
    tiles = extend(lambda _level, _n: b"", 0, [bytes(one) for one in hashes])
    tx.connection.execute(delete(log_tiles))
    tx.connection.execute(
        insert(log_tiles), [{"level": level, "n": n, "hashes": one} for (level, n), one in tiles.items()]
    )
    return tiles


def signed_anew(store: Store, *, is_told: bool = True) -> int:
    """Make tiles and the one checkpoint of what is there now, signed by the log's own key; returns its size.

    Args:
        store: The log, with its key.
        is_told: Served as published; else the product's own signer goes on from it.
    """
    with as_superuser(store) as tx:
        tiles = retile(tx)
        size = tx.custody.size()
        root = root_from_tiles(size, lambda level, n: tiles.get((level, n), b""))
        origin = store.settings.log_origin
        body = checkpoint_text(Checkpoint(origin=origin, size=size, root=root))
        note = sign_note(body, origin, seed(store.settings.log_key, "LOG_KEY"))
        tx.connection.execute(delete(checkpoints))
        tx.connection.execute(
            insert(checkpoints).values(
                size=size, root=root, note=note, signed_at=tx.now, published_at=tx.now if is_told else None
            )
        )
    return size


def blindly_signed(store: Store) -> None:
    """Sign and tell as a signer does whose look at the other places of the log was patched out."""
    blind = Publisher(store)
    blind.is_checked = True
    Sequencer(store, blind).run()
    with as_superuser(store) as tx:
        tx.connection.execute(text("UPDATE checkpoints SET published_at = now() WHERE published_at IS NULL"))
