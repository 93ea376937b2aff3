"""Search of part of a party's name among 100,000 cases, sealed, beside the same names in clear in the same database.

    python -m tests.stand run --parts database --durable -- python bench/names.py [--quick]

The peer is what the product did before names were sealed: the same list of the same cases, found by an index of the
characters and pairs of number and name in clear. Both return whole pages; the product's search opens what the index lets
through. Lists of cases are compared with the same rows read without opening anything. The two of a pair take turns.
"""

import argparse
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median, quantiles

import psycopg
from sqlalchemy import Text, literal_column, text

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from desks import database  # noqa: E402

from schemas.actor import Actor, Role  # noqa: E402
from schemas.case import Case  # noqa: E402
from schemas.policy import Action  # noqa: E402
from storage.act import fresh_id  # noqa: E402
from storage.case.values import select_cases  # noqa: E402
from storage.reads.policy import within  # noqa: E402
from storage.setup.migrate import upgrade  # noqa: E402
from storage.store import Store  # noqa: E402
from storage.tables.case import cases  # noqa: E402
from storage.transaction import Transaction  # noqa: E402
from storage.words import matching  # noqa: E402
from tests.factories import make_account, make_agency, make_settings  # noqa: E402
from tests.personal import seal_filled  # noqa: E402

TARGET_MS = 300
SLOWER = 1.1
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂英华玉萍红建国志文海云飞鹏宇晨欣怡子轩梓涵"
PLACES = ("盐都", "亭湖", "大丰", "建湖", "射阳", "阜宁", "滨海", "响水", "东台", "盐城")
TRADES = ("运输", "餐饮", "建材", "物流", "装饰", "商贸", "食品", "机械", "纺织", "园林")
KINDS = ("有限公司", "经营部", "商行", "店", "有限责任公司")
CLEAR = "coalesce(cases.number, '') || ' ' || coalesce(cases.party_clear, '')"

Look = Callable[[Transaction], object]


def name(dice: random.Random) -> str:
    """A name as parties have them: six of ten are people's."""
    if dice.random() < 0.6:
        return dice.choice(SURNAMES) + "".join(dice.choices(GIVEN, k=dice.choice((1, 2, 2))))
    middle = "".join(dice.choices(GIVEN, k=2))
    return dice.choice(PLACES) + middle + dice.choice(TRADES) + dice.choice(KINDS)


def fill(store: Store, many: int) -> tuple[Actor, list[str]]:
    """Make an agency with so many cases, their names sealed, and in clear beside it for the peer."""
    dice = random.Random(20261129)
    agency = make_agency(store)
    _, head = make_account(store, agency, Role.HEAD)
    names = [name(dice) for _ in range(many)]
    with store.begin() as tx:
        tx.connection.execute(text("ALTER TABLE cases ADD COLUMN party_clear text"))
        driver = tx.connection.connection.cursor()
        columns = "id, agency_id, number, party, party_clear, party_tokens, matter, place, state, version, opened_by"
        with driver.copy(f"COPY cases ({columns}, opened_at) FROM STDIN") as copy:
            for number, one in enumerate(names):
                known = (str(fresh_id()), str(agency), f"盐都〔2026〕{number:06}", one.encode(), one, "{}")
                copy.write_row((*known, "超限运输", "S229", "lead", 1, str(head.id), "2026-11-01T00:00:00Z"))
        seal_filled(tx.connection)
        tx.connection.execute(text(f"CREATE INDEX peer_words ON cases USING gin (search_grams({CLEAR}))"))
    return head, names


def searched(head: Actor, wanted: str) -> tuple[Look, Look]:
    """The product's search and the peer's."""

    def product(tx: Transaction) -> object:
        return [case.id for case in tx.cases.page(head, number=wanted).rows]

    def peer(tx: Transaction) -> object:
        held = matching(tx.connection, cases.c.id, literal_column(CLEAR, Text), wanted)
        return _rows(tx, head, held)

    return product, peer


def _rows(tx: Transaction, head: Actor, *conditions: object) -> object:
    inside = within(head, Action.CASE_VIEW, tx.now, cases)
    query = select_cases().where(inside, *conditions).order_by(cases.c.id.desc()).limit(51)
    return [row["id"] for row in tx.connection.execute(query).mappings()][:50]


def took(store: Store, look: Look) -> tuple[float, object]:
    """Milliseconds of one look, its transaction included, and what it found."""
    began = time.perf_counter()
    with store.begin() as tx:
        found = look(tx)
    return 1000 * (time.perf_counter() - began), found


def pieces(names: list[str], calls: int) -> list[str]:
    """Parts of names of one to four characters, as people type them: rare ones and common ones."""
    dice = random.Random(2)
    made = []
    for _ in range(calls):
        one, long = dice.choice(names), dice.randint(1, 4)
        start = dice.randrange(max(1, len(one) - long + 1))
        made.append(one[start : start + long])
    return made


def main() -> int:
    """Measure, and print both figures of each pair."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="a tenth of the data")
    many, calls = (10_000, 100) if options.parse_args().quick else (100_000, 400)
    with (
        tempfile.TemporaryDirectory(prefix="quancheng-names-") as folder,
        database(os.environ["DATABASE_URL"], "bench_names") as url,
    ):
        store = Store(make_settings(url, f"file://{folder}"))
        upgrade(store.engine)
        head, names = fill(store, many)
        with psycopg.connect(url.replace("+psycopg", "", 1), autocommit=True) as connection:
            connection.execute("VACUUM FULL ANALYZE")
        print(f"{many:,} cases, {calls} searches for parts of names; load {os.getloadavg()[0]:.1f}")
        product, peer = [], []
        for wanted in pieces(names, calls):
            ours, theirs = searched(head, wanted)
            for look in (ours, theirs):
                took(store, look)  # plans and pages are warm for both
            (own_ms, own), (peer_ms, other) = took(store, ours), took(store, theirs)
            if own != other:
                raise SystemExit(f"the two found other cases for {wanted!r}")
            product.append(own_ms)
            peer.append(peer_ms)
        p95, peer_p95 = (quantiles(one, n=20)[-1] for one in (product, peer))
        print(f"  sealed   p95 {p95:7.1f} ms  median {median(product):7.1f} ms  (target p95 {TARGET_MS} ms)")
        print(f"  in clear p95 {peer_p95:7.1f} ms  median {median(peer):7.1f} ms  ratio {p95 / peer_p95:.2f}")
        lists(store, head, calls)
        store.close()
    return 0


def lists(store: Store, head: Actor, calls: int) -> None:
    """The first page of cases, opened and masked, beside the same rows as the database gives them."""
    opened: list[float] = []
    plain: list[float] = []
    ways: list[tuple[list[float], Look]] = [
        (opened, lambda tx: tx.cases.page(head)),
        (plain, lambda tx: _plain_page(tx, head)),
    ]
    for number in range(2 * calls):
        for kept, look in ways if number % 2 else reversed(ways):
            kept.append(took(store, look)[0])
    ratio = median(opened) / median(plain)
    told = f"opened {median(opened):.2f} ms, in clear {median(plain):.2f} ms"
    print(f"  list of 50: {told}, ratio {ratio:.2f} (target {SLOWER})")


def _plain_page(tx: Transaction, head: Actor) -> object:
    """The list as it was before names were sealed: the same query and values, the name from the clear column."""
    inside = within(head, Action.CASE_VIEW, tx.now, cases)
    clear = literal_column("cases.party_clear").label("clear")
    query = select_cases().add_columns(clear).where(inside).order_by(cases.c.id.desc()).limit(51)
    rows = tx.connection.execute(query).mappings().all()
    return [Case.of_row(row, party=row["clear"], party_code=None, is_masked=False) for row in rows[:50]]


if __name__ == "__main__":
    sys.exit(main())
