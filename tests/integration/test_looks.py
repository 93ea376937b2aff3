"""Looks at evidence: an entry each, one while it stands, an end by the worker alone, and who reads who looked."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from uuid import UUID, uuid4

import pytest
from pydantic import ValidationError
from sqlalchemy import func, select

from schemas.actor import Actor, Role
from schemas.base import whole_milliseconds
from schemas.errors import EvidenceError
from schemas.event import Event
from schemas.fsck import Fault, FaultCode
from schemas.leaf import Leaf
from schemas.leaves_look import ExportFetch, ViewClose, ViewDownload, ViewOpen, ViewPrint
from schemas.leaves_review import ExportRequest, LeafReads
from schemas.look import (
    Look,
    LookFilter,
    LookFrom,
    LookIn,
    LookKind,
    LookReason,
    LookWay,
    WhyIn,
    masked,
    reads_sha256,
    usual_reason,
)
from storage.custody.values import Logged
from storage.fsck.look import check_looks
from storage.look.look import Looks
from storage.objects.values import Stored
from storage.store import Store, utc_now
from storage.tables.custody import custody_entries
from storage.tables.look import looks
from tests.casework import Bureau, make_bureau, swapped
from tests.factories import folder_url, make_account, make_agency, make_settings
from workers.custody import integrate

HERE = LookFrom(way=LookWay.CONSOLE, address="10.20.30.40")
THERE = LookFrom(way=LookWay.CONSOLE, address="10.20.30.41")
WISH = LookIn(reason_code=LookReason.CASE_HANDLING)
PRINT = LookIn(kind=LookKind.PRINT, reason_code=LookReason.CASE_HANDLING)
OTHER = WhyIn(reason_code=LookReason.OTHER, reason="信访件 2026-7 号")
IDLE = timedelta(minutes=30)


class Still:
    """Server time that stands until a test moves it: what is noted does not depend on how fast the machine is."""

    def __init__(self) -> None:
        self.now = whole_milliseconds(utc_now())

    def __call__(self) -> datetime:
        return self.now


class Office:
    """A bureau, and what happens at its recordings."""

    def __init__(self, store: Store, clock: Still) -> None:
        self.store = store
        self.clock = clock
        self.bureau: Bureau = make_bureau(store)
        self.officer = self.bureau.officers[0]
        integrate(store)

    def open(
        self, recording: UUID, wish: LookIn = WISH, origin: LookFrom = HERE, actor: Actor | None = None
    ) -> Look:
        with self.store.begin() as tx:
            return tx.looks.open(actor or self.bureau.head, recording, wish, origin)

    def asked(
        self,
        look: UUID | None,
        thing: UUID,
        origin: LookFrom = HERE,
        *,
        taken: bool = False,
        still: bool = False,
    ) -> str | None:
        """What is answered where content is asked for; None where it is given."""
        try:
            with self.store.begin() as tx:
                tx.looks.require(self.bureau.head, look, thing, origin, taken=taken, still=still)
        except EvidenceError as err:
            return err.slug
        return None

    def wait(self, **length: float) -> None:
        self.clock.now += timedelta(**length)

    def ended(self) -> int:
        with self.store.begin() as tx:
            return tx.looks.end_left(limit=100)

    def row(self, look: Look) -> Look:
        with self.store.begin() as tx:
            found = tx.connection.execute(select(looks).where(looks.c.id == look.id)).mappings().one()
            return Look.of_row(found)

    def entries(self, look: Look) -> tuple[Logged, ...]:
        with self.store.begin() as tx:
            return tx.custody.entries_for(f"view/{look.id}")

    def count(self, recording: UUID) -> int:
        with self.store.begin() as tx:
            return tx.lookers.count(recording)

    def faults(self) -> list[Fault]:
        with self.store.engine.connect() as connection:
            return [one for one in check_looks(connection) if isinstance(one, Fault)]


@pytest.fixture(scope="module")
def office(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    clock = Still()
    store = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("looks"))), clock=clock)
    yield Office(store, clock)
    store.close()


@pytest.fixture(autouse=True)
def nothing_open(office: Office) -> None:
    """What the tests before left open has ended."""
    office.wait(hours=1)
    office.ended()


@pytest.fixture
def recording(office: Office) -> UUID:
    return office.bureau.capture()


def test_a_look_is_an_entry_of_the_recording(office: Office) -> None:
    """The leaf names who, what, why and how; the text and the address are committed, and nothing of the case is there."""
    case = office.bureau.open()
    recording = office.bureau.capture(case)
    wish = LookIn(reason_code=LookReason.DISPUTE, reason="复议机关调阅")
    look = office.open(recording, wish)

    (one,) = office.entries(look)
    assert isinstance(one.leaf, Leaf)
    assert isinstance(one.act, ViewOpen)
    assert one.leaf.chains == ()
    assert one.leaf.actor == office.bureau.head.reference
    assert one.act.facts() == {
        "recording": f"recording/{recording}",
        "way": "console",
        "reason_code": "dispute",
    }
    with office.store.begin() as tx:
        kept = tx.custody.openings_of([one.digest])[one.digest]
        payload = tx.custody.leaf(one.entry_id)
    assert kept.keys() == {"reason", "address"}
    assert "复议机关调阅".encode() in kept["reason"]
    assert HERE.address.encode() in kept["address"]
    for told in (payload, *kept.values()):
        assert case.number.encode() not in told
        assert str(case.id).encode() not in told
    assert not any(secret in payload for secret in ("复议机关调阅".encode(), HERE.address.encode()))


def test_each_kind_has_its_own_event(office: Office, recording: UUID) -> None:
    """To look, to take the original, to print and to take a package are four events; only a look has an end."""
    opened = office.open(recording)
    taken = office.open(recording, LookIn(kind=LookKind.DOWNLOAD, reason_code=LookReason.CASE_HANDLING))
    printed = office.open(recording, PRINT)
    case = office.bureau.open()
    office.bureau.capture(case)
    with office.store.begin() as tx:
        export = tx.exports.request(office.bureau.handler, case.id)
    with pytest.raises(EvidenceError) as refused, office.store.begin() as tx:
        tx.looks.fetch(office.bureau.handler, export.id, OTHER, HERE)
    assert refused.value.slug == "export-not-ready"
    with office.store.begin() as tx:
        digest = "ab" * 32
        stored = Stored(version_id="v-1", size_bytes=7)
        tx.exports.ready(export, stored, key="exports/a.zip", sha256=digest, tagmanifest_sha256=digest)
    with office.store.begin() as tx:
        fetched = tx.looks.fetch(office.bureau.handler, export.id, OTHER, HERE)
        acts = [one.act for one in tx.custody.entries_for(f"export/{export.id}")]
    office.wait(hours=1)
    office.ended()

    assert [type(one.act) for one in office.entries(opened)] == [ViewOpen, ViewClose]
    assert [type(one.act) for one in office.entries(taken)] == [ViewDownload]
    assert [type(one.act) for one in office.entries(printed)] == [ViewPrint]
    assert isinstance(acts[-1], ExportFetch)
    assert acts[-1].sha256 == digest
    assert office.row(fetched).export_id == export.id
    assert office.faults() == []


def test_a_print_shows_one_picture_and_no_more(office: Office, recording: UUID) -> None:
    """Under a print one still picture is given, no film, no original; an ended one, or another's, prints nothing."""
    look = office.open(recording, PRINT)

    def standing(actor: Actor, at: UUID | None, origin: LookFrom = HERE) -> UUID | None:
        with office.store.begin() as tx:
            found = tx.looks.printing(actor, at, recording, origin)
            return found and found.id

    head = office.bureau.head
    assert office.asked(look.id, recording, still=True) is None
    assert office.asked(look.id, recording) == "look-needed"
    assert office.asked(look.id, recording, taken=True, still=True) == "look-needed"
    assert standing(head, look.id) == look.id
    assert standing(head, office.open(recording).id) is None
    assert standing(head, None) is None
    assert standing(office.officer, look.id) is None
    assert standing(head, look.id, THERE) is None
    office.wait(minutes=31)
    assert standing(head, look.id) is None
    assert office.open(recording, PRINT).id != look.id
    assert office.ended() == 1  # the look; a print has no end


def test_the_same_look_is_one_while_it_stands(office: Office, recording: UUID) -> None:
    """The same again is the same look; another reason, place or kind is another, and so is the same after its end."""
    first = office.open(recording)
    assert office.open(recording).id == first.id
    others = [
        office.open(recording, LookIn(reason_code=LookReason.DISPUTE)),
        office.open(recording, LookIn(reason_code=LookReason.CASE_HANDLING, reason="再看一遍")),
        office.open(recording, origin=THERE),
        office.open(recording, LookIn(kind=LookKind.DOWNLOAD, reason_code=LookReason.CASE_HANDLING)),
        office.open(recording, actor=office.officer),
    ]
    office.wait(minutes=31)
    others.append(office.open(recording))

    assert len({first.id, *(one.id for one in others)}) == 7
    assert office.count(recording) == 7


def test_two_tabs_at_once_are_one_look(office: Office, recording: UUID) -> None:
    """Eight requests at the same instant make one entry."""
    barrier = Barrier(8)

    def press(_: int) -> UUID:
        barrier.wait()
        return office.open(recording).id

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(press, range(8)))) == 1
    assert office.count(recording) == 1


def test_content_is_given_under_a_look_of_ones_own_at_this_thing_from_this_place(office: Office) -> None:
    """No look, somebody else's, one at another recording, from elsewhere, or of another kind: nothing is given."""
    recording, another = office.bureau.capture(), office.bureau.capture()
    mine = office.open(recording)
    theirs = office.open(recording, actor=office.officer)

    assert office.asked(mine.id, recording) is None
    assert office.asked(None, recording) == "look-needed"
    assert office.asked(uuid4(), recording) == "look-needed"
    assert office.asked(theirs.id, recording) == "look-needed"
    assert office.asked(mine.id, another) == "look-needed"
    assert office.asked(mine.id, recording, THERE) == "look-needed"
    assert office.asked(mine.id, recording, taken=True) == "look-needed"
    taken = office.open(recording, LookIn(kind=LookKind.DOWNLOAD, reason_code=LookReason.CASE_HANDLING))
    assert office.asked(taken.id, recording, taken=True) is None
    assert office.asked(taken.id, recording) is None


def test_a_look_ends_by_disuse_and_lives_by_use(office: Office, recording: UUID) -> None:
    """Half an hour without a sign ends it; each use puts that off, noted every ten seconds at most."""
    look = office.open(recording)
    office.wait(seconds=5)
    assert office.asked(look.id, recording) is None
    assert office.row(look).seen_at == look.seen_at
    office.wait(minutes=29)
    assert office.asked(look.id, recording) is None
    office.wait(minutes=29)
    assert office.asked(look.id, recording) is None
    office.wait(minutes=31)

    assert office.asked(look.id, recording) == "look-ended"
    with pytest.raises(EvidenceError) as refused, office.store.begin() as tx:
        tx.looks.seen(office.bureau.head, look.id)
    assert refused.value.slug == "look-ended"
    assert office.ended() == 1
    assert office.asked(look.id, recording) == "look-ended"
    assert office.row(look).seconds == 58 * 60 + 5


def test_a_page_that_is_left_ends_its_look_unless_another_goes_on(office: Office, recording: UUID) -> None:
    """After a page was left, another tab's sign, or a page loaded again, keeps the look; without one it ends soon."""
    look, head = office.open(recording), office.bureau.head
    office.wait(seconds=40)
    with office.store.begin() as tx:
        tx.looks.leave(head, look.id)
    office.wait(minutes=1)
    assert office.ended() == 0
    assert office.asked(look.id, recording) is None
    office.wait(minutes=20)
    with office.store.begin() as tx:
        tx.looks.leave(head, look.id)
    office.wait(minutes=4)

    assert office.asked(look.id, recording) == "look-ended"
    assert office.ended() == 1
    assert office.row(look).seconds == 21 * 60 + 40


def test_an_end_is_said_once(office: Office, recording: UUID) -> None:
    """Closing twice, signs after the end and two workers at once change nothing: one closing entry, one length."""
    look, head = office.open(recording), office.bureau.head
    office.wait(seconds=75)
    for _ in range(2):
        with office.store.begin() as tx:
            tx.looks.close(head, look.id)
        office.wait(seconds=60)
    with office.store.begin() as tx:
        tx.looks.leave(head, look.id)
    barrier = Barrier(2)

    def work(_: int) -> int:
        barrier.wait()
        return office.ended()

    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(work, range(2))) == 1
    assert office.ended() == 0
    with office.store.begin() as tx:
        tx.looks.close(head, look.id)

    opened, closed = office.entries(look)
    assert isinstance(closed.act, ViewClose)
    assert closed.leaf.actor == "service/worker"
    assert closed.act.of == opened.digest
    assert closed.act.seconds == office.row(look).seconds == 75
    assert office.faults() == []


def test_nobody_ends_a_look_of_somebody_else(office: Office, recording: UUID) -> None:
    """A stranger's look is none: no sign, no leaving, no end."""
    look = office.open(recording)
    for act in (Looks.seen, Looks.leave, Looks.close):
        with pytest.raises(EvidenceError) as refused, office.store.begin() as tx:
            act(tx.looks, office.officer, look.id)
        assert refused.value.slug == "look-unknown"
    assert office.asked(look.id, recording) is None


def test_a_clock_that_goes_back_makes_no_seconds(office: Office, recording: UUID) -> None:
    """A sign of life before the opening is a look of no length, never one of less."""
    look = office.open(recording)
    with office.store.begin() as tx:
        tx.connection.execute(
            looks.update()
            .where(looks.c.id == look.id)
            .values(seen_at=look.opened_at - timedelta(hours=1), expires_at=look.opened_at)
        )

    assert office.ended() == 1
    assert office.row(look).seconds == 0
    assert office.faults() == []


def test_seconds_that_never_were_are_named(office: Office, recording: UUID) -> None:
    """A closing entry with more seconds than there were, or of a look that is none, is unlawful, whoever wrote it."""
    look = office.open(recording)
    (opened,) = office.entries(look)
    names = [f"view/{look.id}", f"view/{uuid4()}"]
    with office.store.begin() as tx, tx.connection.begin_nested() as undone:
        tx.custody.hold()
        for about in names:
            act = ViewClose(of=opened.digest, seconds=10**9)
            tx.custody.append(act, about, actor="service/worker")
        found = [one for one in check_looks(tx.connection) if isinstance(one, Fault)]
        undone.rollback()

    assert {(one.code, one.subject) for one in found} == {(FaultCode.LEAF_UNLAWFUL, name) for name in names}
    assert office.faults() == []


def test_a_request_says_how_many_looks_the_log_held(office: Office) -> None:
    """Those at its evidence and at packages of the case, as far as the log has numbered them; a false count is named."""
    bureau, store = office.bureau, office.store
    case = bureau.open()
    recording, another = bureau.capture(case), bureau.capture()
    made = [office.open(recording), office.open(recording, origin=THERE), office.open(recording, PRINT)]
    office.open(another)
    integrate(store)
    office.open(recording, actor=office.officer)  # the log has no number for it yet
    with store.begin() as tx:
        export = tx.exports.request(bureau.handler, case.id)
        (asked,) = [one.act for one in tx.custody.entries_for(f"export/{export.id}")]
    digests = [office.entries(one)[0].digest for one in made]

    assert isinstance(asked, ExportRequest)
    assert asked.reads == LeafReads(count=3, sha256=reads_sha256(digests))
    integrate(store)
    assert office.faults() == []
    with store.begin() as tx, tx.connection.begin_nested() as undone:
        moved = looks.update().where(looks.c.id == made[0].id).values(recording_id=another)
        tx.connection.execute(moved)
        found = [one for one in check_looks(tx.connection) if isinstance(one, Fault)]
        undone.rollback()
    assert (FaultCode.LEAF_UNLAWFUL, f"export/{export.id}") in {(one.code, one.subject) for one in found}


def test_who_may_not_watch_may_not_look(office: Office, recording: UUID) -> None:
    """A custodian sees facts and no content; an administrator, and whoever is of elsewhere, not even that."""
    custodian = make_account(office.store, office.bureau.agency, Role.CUSTODIAN)[1]
    admin = make_account(office.store, office.bureau.agency, Role.ADMIN)[1]
    stranger = make_account(office.store, make_agency(office.store), Role.HEAD)[1]
    told = {}
    for actor in (custodian, admin, stranger, office.bureau.device.actor):
        with pytest.raises(EvidenceError) as refused:
            office.open(recording, actor=actor)
        told[actor.id] = refused.value.slug

    assert list(told.values()) == [
        "permission-missing",
        "permission-missing",
        "recording-unknown",
        "permission-missing",
    ]
    assert office.count(recording) == 0


def test_a_quarantined_recording_is_looked_at_like_any(office: Office) -> None:
    """What is kept as a copy that failed is evidence too: its looks are entries."""
    recording = office.bureau.capture(None, swapped())
    look = office.open(recording)

    assert office.asked(look.id, recording) is None
    assert office.count(recording) == 1


def test_who_reads_who_looked(office: Office) -> None:
    """The head sees all, addresses whole; the handler of the case masked ones; others nothing; everybody their own."""
    bureau = office.bureau
    case = bureau.open()
    recording = bureau.capture(case)
    other = make_account(office.store, bureau.agency, Role.HANDLER, Role.OFFICER)[1]
    office.open(recording, LookIn(reason_code=LookReason.OTHER, reason="巡视组调阅"), actor=office.officer)
    office.open(recording, actor=bureau.handler)
    with office.store.begin() as tx:
        whole = tx.lookers.of_recording(bureau.head, recording).rows
        owner = tx.lookers.of_recording(bureau.handler, recording).rows
        first = tx.lookers.of_recording(bureau.head, recording, limit=1)
        rest = tx.lookers.of_recording(bureau.head, recording, after=first.next, limit=1)
        own = tx.lookers.own(bureau.handler).rows
    for actor, slug in ((office.officer, "permission-missing"), (other, "recording-unknown")):
        with pytest.raises(EvidenceError) as refused, office.store.begin() as tx:
            tx.lookers.of_recording(actor, recording)
        assert refused.value.slug == slug

    assert [one.look.account_id for one in whole] == [bureau.handler.id, office.officer.id]
    assert {one.address for one in whole} == {"10.20.30.40"}
    assert {one.address for one in owner} == {"10.20.*.*"}
    assert [one.look.reason for one in owner] == [None, "巡视组调阅"]
    assert [one.roles for one in whole] == [
        tuple(sorted(one.roles)) for one in (bureau.handler, office.officer)
    ]
    assert (first.rows + rest.rows, rest.next) == (whole, None)
    assert own[0].look.recording_id == recording
    assert own[0].address == "10.20.30.40"
    assert own[0].about == "a.bin"


def test_the_trail_reader_reads_who_looked_and_nothing_else(office: Office) -> None:
    """All looks of the people of the agency, searched by name, address and day; no name of a file; nobody else may."""
    bureau, reader = office.bureau, make_account(office.store, office.bureau.agency, Role.TRAIL_READER)[1]
    recording = bureau.capture()
    look = office.open(recording, origin=LookFrom(way=LookWay.API, address="10.77.0.1"))
    elsewhere = make_account(office.store, make_agency(office.store), Role.TRAIL_READER)[1]
    with office.store.begin() as tx:
        here = tx.lookers.trail(reader, LookFilter(address="10.77.0.1")).rows
        named = tx.lookers.trail(reader, LookFilter(person=bureau.head.name, since=look.opened_at)).rows
        later = tx.lookers.trail(reader, LookFilter(since=look.opened_at + timedelta(seconds=1))).rows
        before = tx.lookers.trail(reader, LookFilter(address="10.77.0.1", until=look.opened_at)).rows
        foreign = tx.lookers.trail(elsewhere, LookFilter()).rows
    with pytest.raises(EvidenceError) as refused, office.store.begin() as tx:
        tx.lookers.trail(bureau.head, LookFilter())

    assert [(one.look.id, one.address, one.about) for one in here] == [(look.id, "10.77.0.1", "")]
    assert look.id in {one.look.id for one in named}
    assert (later, before, foreign) == ((), (), ())
    assert refused.value.slug == "permission-missing"


def test_a_tie_that_ended_shows_no_looks(office: Office) -> None:
    """Who looked is for the handlers of a case that the recording is tied to now."""
    bureau = office.bureau
    case = bureau.open()
    recording = bureau.capture(case)
    office.open(recording)
    with office.store.begin() as tx:
        found = tx.recordings.known(recording)
        assert tx.lookers.reader(bureau.handler, found).may_read
        seen = tx.cases.get(bureau.handler, case.id).version
        tx.cases.unlink(bureau.handler, case.id, recording, "与本案无关", seen)
        assert not tx.lookers.reader(bureau.handler, found).may_read


def test_nothing_is_written_where_the_commit_fails(office: Office, recording: UUID) -> None:
    """An act that ends before its commit leaves no look, no entry, and so no content."""
    made: list[Look] = []

    def cut() -> None:
        with office.store.begin() as tx:
            made.append(tx.looks.open(office.bureau.head, recording, WISH, HERE))
            raise RuntimeError("the power went")

    with pytest.raises(RuntimeError):
        cut()

    assert office.asked(made[0].id, recording) == "look-needed"
    assert office.entries(made[0]) == ()
    assert office.count(recording) == 0


@pytest.mark.parametrize("text", ["", " ", "x", "  x "])
def test_another_reason_is_said_in_words(text: str) -> None:
    """The list is closed; what it lacks is said in a text, and a single letter is none."""
    with pytest.raises(ValidationError):
        WhyIn(reason_code=LookReason.OTHER, reason=text)
    with pytest.raises(ValidationError):
        WhyIn(reason_code=LookReason.OTHER, reason="a\0b" + text)


def test_the_usual_reason_is_that_of_the_narrowest_role() -> None:
    """Every role has one, so that looking is one click; nobody without a role is guessed at."""
    assert usual_reason({Role.HANDLER, Role.OFFICER}) is LookReason.CASE_HANDLING
    assert usual_reason({Role.LEGAL_REVIEWER, Role.HEAD}) is LookReason.LEGAL_REVIEW
    assert usual_reason({Role.INSPECTOR}) is LookReason.SUPERVISION
    assert usual_reason(()) is LookReason.OTHER


@pytest.mark.parametrize(
    ("address", "shown"),
    [("10.20.30.40", "10.20.*.*"), ("2001:db8:1:2::/64", "2001:db8:*"), ("unknown", "unknown")],
)
def test_a_masked_address_tells_no_machine_from_its_neighbours(address: str, shown: str) -> None:
    """Half of it is left; what is no address stays."""
    assert masked(address) == shown


def test_rows_and_entries_are_as_many(office: Office) -> None:
    """Whatever the tests above did: each look has its leaf, and each leaf its look."""
    begun = (Event.VIEW_OPEN, Event.VIEW_DOWNLOAD, Event.VIEW_PRINT, Event.EXPORT_FETCH)
    with office.store.begin() as tx:
        rows = tx.connection.scalar(select(func.count()).select_from(looks))
        leaves = tx.connection.scalar(
            select(func.count()).select_from(custody_entries).where(custody_entries.c.event.in_(begun))
        )

    assert rows == leaves
    assert office.faults() == []
