"""Acts of looking on the world of `tests.acts`, drawn by chance."""

from random import Random
from uuid import UUID

from sqlalchemy import select

from schemas.look import LookFrom, LookIn, LookKind, LookReason, LookWay, WhyIn
from storage.tables.look import looks
from storage.transaction import Transaction
from tests.acts import NOBODY, Act, World


def look(world: World, chance: Random) -> None:
    idents = [ident for ident, _ in world.recordings[-4:]] or [NOBODY]
    wish = LookIn(
        kind=chance.choice([LookKind.OPEN, LookKind.OPEN, LookKind.DOWNLOAD, LookKind.PRINT]),
        reason_code=chance.choice(list(LookReason)),
        reason=chance.choice(["复议机关调阅", "巡视组调阅"]),
    )
    with world.store.begin() as tx:
        actor = world.who(chance, world.bureau.head, world.bureau.reviewer)
        tx.looks.open(actor, chance.choice(idents), wish, _origin(chance))


def fetch(world: World, chance: Random) -> None:
    why = WhyIn(reason_code=LookReason.DISPUTE)
    with world.store.begin() as tx:
        ident = chance.choice(world.exports) if world.exports else NOBODY
        tx.looks.fetch(world.who(chance, world.bureau.head), ident, why, _origin(chance))


def go_on_looking(world: World, chance: Random) -> None:
    with world.store.begin() as tx:
        act = chance.choice([tx.looks.seen, tx.looks.leave, tx.looks.close])
        act(world.who(chance, world.bureau.head, world.bureau.reviewer), _look(tx, chance))


def end_looks(world: World, _: Random) -> None:
    with world.store.begin() as tx:
        tx.looks.end_left(limit=5)


def _look(tx: Transaction, chance: Random) -> UUID:
    idents = list(tx.connection.scalars(select(looks.c.id).order_by(looks.c.id.desc()).limit(3)))
    return chance.choice(idents) if idents else NOBODY


def _origin(chance: Random) -> LookFrom:
    return LookFrom(way=chance.choice(list(LookWay)), address=f"10.0.0.{chance.randrange(3)}")


LOOKS: tuple[Act, ...] = (look, look, fetch, go_on_looking, end_looks)
