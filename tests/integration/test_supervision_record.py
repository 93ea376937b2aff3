"""What equipment, batches, reviews and supervision leave in the permanent record: lawful chains, and no word."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import Table, select, text

from schemas.actor import Role
from schemas.digest import sha256_hex
from schemas.equipment import (
    CertificateIn,
    EquipmentIn,
    EquipmentKind,
    EquipmentReviewIn,
    PublicationIn,
    ReviewKind,
    SuspensionIn,
)
from schemas.errors import Conflict, VersionConflict
from schemas.manifest import Datum
from schemas.monitoring import (
    InvalidReason,
    NotificationIn,
    NotifyChannel,
    NotifyOutcome,
    OpinionIn,
    OpinionWord,
    ReviewStage,
)
from schemas.opening import parse_opening
from schemas.randomness import SourceIn, SourceKind
from schemas.rectification import RectificationIn, RectificationStep, RectificationStepIn
from schemas.standard import DEMO_STANDARD, ItemScore
from storage.outbox import JobKind
from storage.store import Store
from storage.tables.audit import audits
from storage.tables.custody import openings
from storage.tables.equipment import equipment
from storage.tables.monitoring import monitoring_records
from storage.tables.rectification import rectifications
from tests.factories import folder_url, make_account, make_settings
from tests.media import jpeg
from tests.monitoring import Highway, jpeg_media, make_highway
from tests.replayed import folded, leaves_of
from tests.stand import PATIENCE_SECONDS
from tests.supervision import Bureau, Clock, drain, make_supervision

MINE = ("agency", "audit", "equipment", "monitoring", "source")
MARK = "Zzmark"
LATITUDE, LONGITUDE = 331_234_567, 1_207_654_321
VERSIONED: dict[str, Table] = {
    "audit": audits,
    "equipment": equipment,
    "monitoring": monitoring_records,
    "rectification": rectifications,
}


@pytest.fixture(scope="module")
def bureau(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bureau]:
    clock = Clock()
    made = make_settings(database_url, folder_url(tmp_path_factory.mktemp("supervision")))
    store = Store(made, clock=clock)
    yield make_supervision(store, clock, recordings=3)
    store.close()


@pytest.fixture(scope="module")
def road(bureau: Bureau) -> Highway:
    return make_highway(bureau.store)


def marked(what: str) -> str:
    """A text that a leaf must never hold."""
    return f"{MARK} {what} 张三"


def lawful(store: Store) -> None:
    """Every chain of the family is whole, nothing is against any of its leaves, and rows repeat what they say."""
    found = folded(store, *MINE)
    assert [fault for one in found.values() for fault in one.faults] == []
    versions = {of: n for one in found.values() for of, n in one.versions.items()}
    with store.begin() as tx:
        heads = tx.connection.execute(text("SELECT of, n, head FROM chains")).all()
        for noun, table in VERSIONED.items():
            for ident, version in tx.connection.execute(select(table.c.id, table.c.version)):
                assert versions.get(f"{noun}/{ident}", 0) == version
    assert {row.of: (row.n, row.head.hex()) for row in heads if row.of in found} == {
        of: (one.n, one.head) for of, one in found.items()
    }


def test_no_word_of_anybody_enters_a_leaf(bureau: Bureau, road: Highway) -> None:
    """Whatever text the writers of this family are given stands in openings, and in no leaf."""
    store = bureau.store
    _marked_equipment(road)
    rows = _marked_records(road)
    _marked_audit(bureau)

    told = "\n".join(payload.decode() for _, _, payload in leaves_of(store)).lower()
    with store.begin() as tx:
        digests = [bytes(one).hex() for one in tx.connection.scalars(select(openings.c.digest).distinct())]
        opened = [one for kept in tx.custody.openings_of(digests).values() for one in kept.values()]
        raws = [tx.monitoring.raw(road.handler, one) for one in rows]
    shown = {parse_opening(one).member for one in opened if MARK.encode() in one}
    assert MARK.lower() not in told
    assert "张三" not in told
    assert all(str(degrees) not in told for degrees in (LATITUDE, LONGITUDE))
    assert all(sha256_hex(raw) not in told for raw in raws)
    assert all(MARK.encode() in raw for raw in raws)
    assert shown == {
        *("number", "name", "site", "standard", "issuer", "title", "url", "reason", "proof", "filename"),
        *("remark.1", "text"),
    }
    assert {of.partition("/")[0] for of in folded(store, *MINE)} == set(MINE)
    lawful(store)


def _marked_equipment(road: Highway) -> None:
    wish = EquipmentIn(
        number=f"{MARK}-1",
        name=marked("name"),
        kind=EquipmentKind.CAMERA,
        site=marked("site"),
        standard=marked("standard"),
        lat_e7=LATITUDE,
        lon_e7=LONGITUDE,
        crs=Datum.WGS84,
    )
    who = road.custodian
    with road.store.begin() as tx:
        made = tx.equipment.register(who, wish)
        past = tx.now - timedelta(days=1)
        later = tx.now + timedelta(days=1)
        paper = CertificateIn(
            number=marked("paper"), issuer=marked("issuer"), valid_from=past, valid_until=later
        )
        made = tx.equipment.certify(who, made.id, paper, made.version)
        review = EquipmentReviewIn(kind=ReviewKind.LEGAL, document=marked("document"), reviewed_at=past)
        made = tx.equipment.review(who, made.id, review, made.version)
        shown = PublicationIn(url=f"https://example.invalid/{MARK}", published_at=past)
        made = tx.equipment.publish(who, made.id, shown, made.version)
        pause = SuspensionIn(reason=marked("reason"))
        made = tx.equipment.suspend(who, made.id, pause, made.version)
        made = tx.equipment.resume(who, made.id, made.version)
        tx.equipment.bind(who, made.id, road.source.account_id, made.version)


def _marked_records(road: Highway) -> list[UUID]:
    """Two records with words in every member that takes some: one found valid and told of, one found invalid."""
    words = {name: marked(name) for name in ("matter", "place", "party")} | {"record_id": f"{MARK}-1"}
    picture = {**jpeg_media(jpeg(32, 24)), "filename": f"{MARK}.jpg"}
    batch = road.send(road.row(**words), road.row(**{**words, "record_id": f"{MARK}-2"}, media=[picture]))
    drain(road.store, JobKind.VERIFY)
    assert [one.problem for one in batch.results] == [None, None]
    first, second = (one.id for one in batch.results)
    assert first is not None
    assert second is not None
    with road.store.begin() as tx:
        attempt = NotificationIn(
            channel=NotifyChannel.SMS, outcome=NotifyOutcome.SENT, attempted_at=tx.now, proof=marked("proof")
        )
        tx.notifications.add(road.handler, first, attempt)
    for who, stage in ((road.second, ReviewStage.SECOND), (road.first, ReviewStage.FIRST)):
        with road.store.begin() as tx:
            seen = tx.monitoring.get(who, first).version
            wish = OpinionIn(opinion=OpinionWord.VALID, reason=marked("reason"))
            tx.monitoring.opine(who, first, stage, wish, seen)
    wish = OpinionIn(opinion=OpinionWord.INVALID, reason_code=InvalidReason.UNCLEAR, reason=marked("reason"))
    with road.store.begin() as tx:
        tx.monitoring.opine(road.first, second, ReviewStage.FIRST, wish, 0)
    return [first, second]


def _marked_audit(bureau: Bureau) -> None:
    source = SourceIn(
        name=marked("source"), kind=SourceKind.DICE, happens_at=bureau.clock() + timedelta(minutes=30)
    )
    made = bureau.rechecked(title=marked("title"), sources=[source])
    one = bureau.inspectors[0]
    with bureau.store.begin() as tx:
        tx.audit_scores.assign(bureau.supervisor, made.id, one.account_id, made.version)
        member_id = tx.audit_scores.drawn(bureau.supervisor, made.id)[0].member_id
        full = [ItemScore(code=item.code, points=item.points) for item in DEMO_STANDARD.items]
        low = ItemScore(code=full[0].code, points=0, remark=marked("remark"))
        tx.audit_scores.score(one, made.id, member_id, [low, *full[1:]])
        wish = RectificationIn(member_id=member_id, item_code="B1", text=marked("text"))
        raised = tx.rectifications.raise_(one, made.id, wish)
    for who, step in (
        (bureau.head, RectificationStep.ANSWER),
        (bureau.supervisor, RectificationStep.RETURN),
        (bureau.head, RectificationStep.ANSWER),
        (bureau.supervisor, RectificationStep.VERIFY),
        (bureau.supervisor, RectificationStep.CLOSE),
    ):
        with bureau.store.begin() as tx:
            seen = tx.rectifications.get(who, raised.id).version
            tx.rectifications.step(who, raised.id, step, RectificationStepIn(text=marked("text")), seen)
    bureau.close(made)


def test_batches_and_papers_at_once(bureau: Bureau) -> None:
    """Sources hand in while their equipment is suspended and resumed: nobody waits in a ring, every leaf is lawful."""
    roads = [make_highway(bureau.store) for _ in range(3)]

    def send(road: Highway) -> int:
        receipts = [road.send(*(road.row() for _ in range(3))) for _ in range(8)]
        return sum(len(one.results) for one in receipts)

    def keep(road: Highway) -> int:
        keeper = make_account(bureau.store, road.agency, Role.CUSTODIAN)[1]
        done = 0
        for _ in range(8):
            try:
                with bureau.store.begin() as tx:
                    seen = tx.equipment.get(keeper, road.equipment_id)
                    seen = tx.equipment.suspend(keeper, seen.id, SuspensionIn(reason="检修"), seen.version)
                    tx.equipment.resume(keeper, seen.id, seen.version)
                done += 1
            except (Conflict, VersionConflict):
                continue
        return done

    with ThreadPoolExecutor(max_workers=9) as pool:
        sent = [pool.submit(send, road) for road in roads for _ in range(2)]
        kept = [pool.submit(keep, road) for road in roads]
        assert [one.result(timeout=PATIENCE_SECONDS) for one in sent] == [24] * 6
        assert all(one.result(timeout=PATIENCE_SECONDS) for one in kept)
    lawful(bureau.store)
