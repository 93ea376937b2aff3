"""Words inside of names: what is found must be what plain reading finds, however it is typed and however much there is."""

import random
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy import ColumnElement, func, insert, select, text

from schemas.actor import Actor, Role
from schemas.recording import RecordingFilter
from storage.act import fresh_id
from storage.personal import party_columns
from storage.store import Store
from storage.tables.case import CASE_NUMBER, cases
from storage.tables.monitoring import MONITORING_WORDS
from storage.tables.recording import RECORDING_WORDS, recordings
from storage.words import FEW
from tests.factories import enrol_device, folder_url, make_account, make_agency, make_settings
from tests.owner import owning

LETTERS = "盐都区运输有限公司张三李四 苏JａＢc12１２３%_\\'\"{},"


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    made = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("words"))))
    yield made
    made.close()


def head_of(store: Store, parties: list[str], *, prefix: str = "N") -> Actor:
    """Make an agency with a case for each party, and return its head."""
    agency = make_agency(store)
    _, head = make_account(store, agency, Role.HEAD)
    with store.begin() as tx:
        tx.connection.execute(
            insert(cases),
            [
                {
                    "id": (ident := fresh_id()),
                    "agency_id": agency,
                    "number": f"{prefix}-{number}",
                    **party_columns(tx.connection, cases, ident, {"party": party}),
                    "matter": "超限运输",
                    "place": "S229",
                    "state": "lead",
                    "version": 1,
                    "opened_by": head.id,
                    "opened_at": datetime.now(UTC),
                }
                for number, party in enumerate(parties)
            ],
        )
    return head


def numbers(store: Store, actor: Actor, wanted: str) -> set[str]:
    """Return the numbers of every case that is found, over all pages."""
    found: set[str] = set()
    after: UUID | None = None
    while True:
        with store.begin() as tx:
            page = tx.cases.page(actor, number=wanted, after=after, limit=200)
        found |= {case.number for case in page.rows}
        after = page.next
        if after is None:
            return found


def fold(words: str) -> str:
    return unicodedata.normalize("NFKC", words).lower()


def test_the_index_finds_what_plain_reading_finds(store: Store) -> None:
    """300 made names and 400 pieces of them, some mangled: the same cases as by reading each name."""
    dice = random.Random(20261125)
    parties = ["".join(dice.choices(LETTERS, k=dice.randint(1, 12))) for _ in range(300)]
    head = head_of(store, parties)
    for _ in range(400):
        party = dice.choice(parties)
        start = dice.randrange(len(party))
        wanted = party[start : start + dice.randint(1, 5)]
        if dice.random() < 0.2:
            wanted += dice.choice(LETTERS)
        expected = {
            f"N-{number}"
            for number, one in enumerate(parties)
            if all(fold(word) in fold(f"N-{number} {one}") for word in wanted.split())
        }
        assert numbers(store, head, wanted) == expected, wanted


def test_every_word_must_occur_in_any_order(store: Store) -> None:
    """Two words narrow the list, whatever stands between them and whichever comes first."""
    head = head_of(store, ["盐都某某运输有限公司", "盐都某某餐饮店", "大丰某某运输有限公司"])

    assert numbers(store, head, "运输 盐都") == {"N-0"}
    assert numbers(store, head, "  盐都  ") == {"N-0", "N-1"}
    assert numbers(store, head, "   ") == {"N-0", "N-1", "N-2"}
    assert numbers(store, head, "运输盐都") == set()


def test_a_number_is_found_exactly_among_many_that_hold_it(store: Store) -> None:
    """`N-1` is one case, however many `N-1…` there are; another agency's `N-1` is not it."""
    head = head_of(store, ["某店"] * 300)
    other = head_of(store, ["某店"] * 2)
    with store.begin() as tx:
        found = tx.cases.numbered(head, head.agency_id, "N-1")
        assert found is not None
        assert (found.number, found.agency_id) == ("N-1", head.agency_id)
        assert tx.cases.numbered(head, head.agency_id, "N-") is None
        assert tx.cases.numbered(head, other.agency_id, "N-1") is None


def test_a_common_word_is_found_in_full(store: Store) -> None:
    """More hits than are fetched by the index at once: none is lost, and another agency's do not crowd them out."""
    head_of(store, ["常见词公司"] * (FEW + 10), prefix="X")
    few = head_of(store, ["常见词公司"] * 3)
    many = head_of(store, ["常用名公司"] * (FEW + 10) + ["少见名公司"])

    assert numbers(store, few, "常见词") == {"N-0", "N-1", "N-2"}
    assert len(numbers(store, many, "常用名")) == FEW + 10
    assert numbers(store, many, "少见名") == {f"N-{FEW + 10}"}


def test_the_index_is_asked_by_what_is_rare(store: Store) -> None:
    """Four pairs of a word at most, and of those that most rows hold none but the rarest: the others leave out nothing."""
    head_of(store, ["某店"] * 2 * FEW, prefix="K2026")
    with owning(store) as tx:
        tx.connection.execute(text("ANALYZE cases"))
        asked = [
            tx.connection.scalar(select(func.rare_grams("ix_cases_words", word)))
            for word in ("k2026-42", "k2026", "k", "")
        ]
    assert ["42" in asked[0], "k2" in asked[0], len(asked[0]) <= 4] == [True, False, True]
    assert [len(one) for one in asked[1:]] == [1, 1, 0]


@pytest.mark.parametrize(
    ("table", "words"),
    [("recordings", RECORDING_WORDS), ("cases", CASE_NUMBER), ("monitoring_records", MONITORING_WORDS)],
)
def test_the_index_is_used(store: Store, table: str, words: ColumnElement[str]) -> None:
    """What is searched is what is indexed, letter by letter: the planner knows a way without reading every row."""
    with store.begin() as tx:
        tx.connection.execute(text("SET LOCAL enable_seqscan = off"))
        plan = tx.connection.scalars(
            text(f"EXPLAIN SELECT id FROM {table} WHERE search_grams({words}) @> search_grams('某店')")
        ).all()
    assert any(f"ix_{table}_words" in line for line in plan)


def test_a_recording_is_found_by_the_start_of_its_digest(store: Store) -> None:
    """Four hexadecimal digits or more, in either case; what follows must fit too."""
    agency = make_agency(store)
    _, head = make_account(store, agency, Role.HEAD)
    _, custodian = make_account(store, agency, Role.CUSTODIAN)
    device = enrol_device(store, custodian)
    ident = device.capture("现场照片.JPG", b"some bytes")
    with store.begin() as tx:
        digest = tx.recordings.get(head, ident).declared_sha256
        tx.connection.execute(recordings.update().where(recordings.c.id == ident).values(sha256=digest))
        assert digest is not None
        found = {
            text: [row.id for row in tx.recordings.page(head, RecordingFilter(text=text)).rows]
            for text in (
                digest,
                digest[:4].upper(),
                f" {digest[:9]} ",
                digest[:9] + "g",
                "照片 jpg",
                "照片 png",
            )
        }
    assert [bool(one) for one in found.values()] == [True, True, True, False, True, False]
