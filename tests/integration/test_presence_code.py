"""A code on the spot: whoever scans it confirms what names both, for themselves, once; all else is refused by name."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from threading import Barrier

import httpx
import pytest
from sqlalchemy import select

from api.deps import COOKIE
from api.form_token import form_token
from schemas.actor import Actor, Role
from schemas.digest import sha256_hex
from schemas.errors import EvidenceError
from schemas.ids import ManifestId, RecordingId
from schemas.leaves_presence import PresenceConfirm, PresenceConfirmByCode, PresenceDeny, PresenceWay
from schemas.presence import PresenceAnswer, PresenceIn, PresenceState
from schemas.presence_code import CODE_LIFETIME, MOST_TRIES, TRIES_TIME, ScanIn
from schemas.recording import Recording
from schemas.shift import ShiftCloseIn, ShiftIn
from schemas.trail import TrailEvent, TrailFilter, TrailResult
from storage.recording.presence_code import Try
from storage.store import Store
from storage.tables.presence import partner_codes
from tests.casework import Bureau, make_bureau
from tests.evidence import Clock
from tests.factories import faults, folder_url, make_account, make_agency, make_settings
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from tests.tus import bearer
from tests.web import TRUST

_AT_ONCE = 40


@dataclass
class World:
    """A bureau of two officers who are on duty together, served by a clock that a test moves."""

    store: Store
    clock: Clock
    bureau: Bureau
    url: str

    @property
    def shows(self) -> Actor:
        return self.bureau.officers[0]

    @property
    def scans(self) -> Actor:
        return self.bureau.officers[1]

    def captured(self, **changed: object) -> Recording:
        ident = self.bureau.device.capture("a.jpg", b"a picture", **changed)
        with self.store.begin() as tx:
            return tx.recordings.known(RecordingId(ident))

    def code(self) -> str:
        with self.store.begin() as tx:
            return tx.partner_codes.show(self.shows).code

    def tried(self, who: Actor | None = None) -> Try:
        with self.store.begin() as tx:
            return tx.partner_codes.count(who or self.scans)

    def seen(self, code: str, who: Actor | None = None) -> set[ManifestId]:
        tried = self.tried(who)
        with self.store.begin() as tx:
            return {one.manifest_id for one in tx.partner_codes.scan(tried, code).questions}

    def confirm(self, code: str, *recordings: Recording, who: Actor | None = None) -> int:
        idents = tuple(manifest_of(one) for one in recordings)
        tried = self.tried(who)
        with self.store.begin() as tx:
            return tx.partner_codes.confirm(tried, ScanIn(code=code, manifest_ids=idents))

    def refused(self, code: str, who: Actor | None = None) -> str:
        with pytest.raises(EvidenceError) as told:
            self.seen(code, who)
        return told.value.slug

    def states(self, recording: Recording) -> list[tuple[PresenceState, PresenceWay | None]]:
        with self.store.begin() as tx:
            found = tx.presences.of_recording(recording)
        assert found is not None
        return [(one.state, one.way) for one in found.named]

    def token(self, who: Actor) -> str:
        with self.store.begin() as tx:
            return tx.accounts.open_session(who.account_id).token

    def client(self, who: Actor) -> httpx.Client:
        return httpx.Client(
            base_url=self.url, headers=bearer(self.token(who)), verify=TRUST, timeout=PATIENCE_SECONDS
        )

    def browser(self, token: str) -> httpx.Client:
        return httpx.Client(
            base_url=self.url, cookies={COOKIE: token}, verify=TRUST, timeout=PATIENCE_SECONDS
        )


@pytest.fixture(scope="module")
def world(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    clock = Clock()
    store = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("code"))), clock=clock)
    with serving(store) as url:
        yield World(store, clock, make_bureau(store), url)
    store.close()


def manifest_of(recording: Recording) -> ManifestId:
    assert recording.manifest_id is not None
    return recording.manifest_id


def test_one_press_confirms_what_names_both(world: World) -> None:
    """Not the partner's own presence, not what names one alone: the leaf says by whose code, and nothing else changes."""
    both = [world.captured(), world.captured()]
    alone = world.captured(officers=["10320001002"])
    code = world.code()
    seen = world.seen(code)
    assert {manifest_of(one) for one in both} <= seen
    assert manifest_of(alone) not in seen

    assert world.confirm(code, *both) == len(both)
    for one in both:
        assert world.states(one) == [
            (PresenceState.NAMED, None),
            (PresenceState.CONFIRMED, PresenceWay.SCAN),
        ]
        assert faults(world.store, manifest_of(one)) == []
    with world.store.begin() as tx:
        (leaf,) = [
            entry.leaf.act
            for entry in tx.custody.chain(f"manifest/{manifest_of(both[0])}")
            if isinstance(entry.leaf.act, (PresenceConfirm, PresenceConfirmByCode))
        ]
    assert isinstance(leaf, PresenceConfirmByCode)
    assert (leaf.person, leaf.partner) == (world.scans.reference, world.shows.reference)


def test_a_code_counts_once_for_whoever_scans_it(world: World) -> None:
    """What was confirmed is not confirmed again, by the same code or by another one."""
    first, second = world.captured(), world.captured()
    code = world.code()
    world.confirm(code, first)
    assert world.refused(code) == "partner-code-ended"
    with pytest.raises(EvidenceError) as again:
        world.confirm(code, second)
    assert again.value.slug == "partner-code-ended"
    other = world.code()
    assert manifest_of(first) not in world.seen(other)
    with pytest.raises(EvidenceError) as answered:
        world.confirm(other, first)
    assert answered.value.slug == "presence-answered"
    world.confirm(other, second)  # what was refused used nothing up


def test_of_two_presses_at_once_one_counts(world: World) -> None:
    """Two tabs of the same person: the second finds the first there."""
    recordings = world.captured(), world.captured()
    code = world.code()

    def press(recording: Recording) -> str:
        try:
            return str(world.confirm(code, recording))
        except EvidenceError as err:
            return err.slug

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(press, recordings)) == ["1", "partner-code-ended"]


def test_nothing_beside_what_names_both_of_the_duty(world: World) -> None:
    """Ids that the page did not show are refused: of one alone, of another day; then nothing at all is confirmed."""
    alone = world.captured(officers=["10320001002"])
    both = world.captured()
    world.clock.ahead += timedelta(days=2)
    late = world.captured(captured_at=_rfc(world), clock=_clock(world))
    code = world.code()
    assert world.seen(code) == {manifest_of(late)}
    for foreign in (alone, both):
        with pytest.raises(EvidenceError) as refused:
            world.confirm(code, late, foreign)
        assert refused.value.slug == "presence-unasked"
    assert world.states(late)[1] == (PresenceState.NAMED, None)
    assert world.confirm(code, late) == 1


def test_a_denial_is_by_own_login_alone(world: World) -> None:
    """What was confirmed by a code may be denied, by log-in; the database takes no other."""
    late = world.captured(captured_at=_rfc(world), clock=_clock(world))
    world.confirm(world.code(), late)
    no = PresenceIn(answer=PresenceAnswer.DENIED, reason="看错了，当日不在")
    with world.store.begin() as tx:
        tx.presences.answer(world.scans, manifest_of(late), no)
    assert world.states(late)[1] == (PresenceState.DENIED, PresenceWay.LOGIN)
    with world.store.begin() as tx:
        written = [entry.leaf.act for entry in tx.custody.chain(f"manifest/{manifest_of(late)}")]
    assert isinstance(written[-1], PresenceDeny)
    assert faults(world.store, manifest_of(late)) == []


def test_codes_that_do_not_count_are_refused_by_name(world: World) -> None:
    """Unknown, own, taken back, replaced, run out, of a closed account, and of somebody who shares no capture."""
    world.captured(captured_at=_rfc(world), clock=_clock(world))
    assert world.refused("ABCD-EFGH") == "partner-code-unknown"
    code = world.code()
    assert world.refused(code, world.shows) == "partner-code-own"
    assert world.seen(f" {code.lower().replace('-', ' ')} ")
    with world.store.begin() as tx:
        tx.partner_codes.void(world.shows)
    assert world.refused(code) == "partner-code-ended"
    assert world.refused(code) == "partner-code-ended"
    old, new = world.code(), world.code()
    assert world.refused(old) == "partner-code-unknown"
    stranger = make_account(world.store, make_agency(world.store), Role.OFFICER, certificate="外-1")[1]
    assert world.refused(new, stranger) == "partner-code-foreign"
    world.clock.ahead += CODE_LIFETIME
    assert world.refused(new) == "partner-code-ended"
    unnamed = make_account(world.store, world.bureau.agency, Role.HANDLER)[1]
    with pytest.raises(EvidenceError) as told, world.store.begin() as tx:
        tx.partner_codes.show(unnamed)
    assert told.value.slug == "partner-code-unnamed"


def test_what_is_kept_of_a_code_tells_nothing(world: World) -> None:
    """Forty bits are soon tried: the digest is keyed, and plain SHA-256 of the code is not it."""
    code = world.code()
    with world.store.begin() as tx:
        kept = tx.connection.scalar(
            select(partner_codes.c.code_hash).where(partner_codes.c.account_id == world.shows.id)
        )
    plain = {sha256_hex(text.encode()) for text in (code, code.replace("-", ""))}
    assert bytes(kept).hex() not in plain


def test_tries_are_counted_and_end(world: World) -> None:
    """Ten codes that are none, and no further one is looked at for a while, not even a right one; right ones count not."""
    world.clock.ahead += TRIES_TIME
    world.captured(captured_at=_rfc(world), clock=_clock(world))
    code = world.code()
    with world.client(world.scans) as client:
        for _ in range(MOST_TRIES):
            answer = client.post("/v1/presence/scans/preview", json={"code": "ABCD-EFGH"})
            assert (answer.status_code, answer.json()["slug"]) == (404, "partner-code-unknown")
        spent = client.post("/v1/presence/scans/preview", json={"code": code})
        assert (spent.status_code, spent.json()["slug"]) == (403, "partner-code-tries-spent")
        world.clock.ahead += TRIES_TIME + timedelta(minutes=1)
        fresh = world.code()
        for _ in range(MOST_TRIES + 1):
            assert client.post("/v1/presence/scans/preview", json={"code": fresh}).status_code == 200
        assert client.post("/v1/presence/scans/preview", json={"code": fresh}).status_code == 200


def test_of_many_tries_at_once_no_more_are_looked_at(world: World) -> None:
    """A count that each reads before any is written would let all of them through."""
    world.captured(captured_at=_rfc(world), clock=_clock(world))
    guesser = make_account(world.store, world.bureau.agency, Role.OFFICER, certificate="猜-1")[1]
    start = Barrier(_AT_ONCE)
    with world.client(guesser) as client:

        def guess(number: int) -> str:
            start.wait()
            answer = client.post("/v1/presence/scans/preview", json={"code": f"ABCD-EF{number:02}"})
            return str(answer.json()["slug"])

        with ThreadPoolExecutor(_AT_ONCE) as pool:
            answers = Counter(pool.map(guess, range(_AT_ONCE)))
    assert answers == {"partner-code-unknown": MOST_TRIES, "partner-code-tries-spent": _AT_ONCE - MOST_TRIES}


def test_a_phone_asks_the_api(world: World) -> None:
    """Shown, looked at, confirmed, taken back: by the routes of the contract; the trail names both."""
    recording = world.captured(captured_at=_rfc(world), clock=_clock(world))
    reader = make_account(world.store, world.bureau.agency, Role.TRAIL_READER)[1]
    with world.client(world.shows) as shows, world.client(world.scans) as scans:
        made = shows.post("/v1/presence/codes")
        assert made.status_code == 201
        code = made.json()["code"]
        assert made.json()["page"] == f"/console/presence/scan?code={code}"
        seen = scans.post("/v1/presence/scans/preview", json={"code": code}).json()
        assert (seen["partner"], seen["name"]) == ("10320001001", "测试")
        assert str(recording.manifest_id) in [one["manifest_id"] for one in seen["questions"]]
        wish = {"code": code, "manifest_ids": [str(recording.manifest_id)]}
        assert scans.post("/v1/presence/scans", json=wish).json() == {"confirmed": 1}
        assert shows.delete("/v1/presence/codes").status_code == 204
        there = shows.get(f"/v1/recordings/{recording.id}/presence").json()["named"]
    assert [(one["state"], one["way"]) for one in there] == [("named", None), ("confirmed", "scan")]
    with world.store.begin() as tx:
        rows = tx.trail.page(reader, TrailFilter(result=TrailResult.DONE), limit=10).rows
    told = [(one.event, one.account_id, one.about) for one in rows]
    shown = world.shows.account_id
    assert told[0] == (TrailEvent.PARTNER_CODE_VOID, shown, "")
    assert (TrailEvent.PARTNER_CODE_USE, world.scans.account_id, f"account/{shown}") in told
    assert (TrailEvent.PARTNER_CODE_MADE, shown, "") in told


def test_the_pages(world: World) -> None:
    """Code and picture are shown once; the partner's page lists, and one press confirms; a wrong code is a calm page."""
    recording = world.captured(captured_at=_rfc(world), clock=_clock(world))
    of_shows, of_scans = world.token(world.shows), world.token(world.scans)
    with world.browser(of_shows) as shows, world.browser(of_scans) as scans:
        assert "出示同伴确认码" in shows.get("/console/presence").text
        page = shows.post("/console/presence/code", data={"csrf": form_token(of_shows)}).text
        code = page.split('<span class="secret">')[1].split("</span>")[0]
        assert "<svg" in page
        own = shows.get("/console/presence").text
        assert code not in own
        assert "重新出示" in own
        wrong = scans.get("/console/presence/scan?code=AAAA-AAAA")
        assert wrong.status_code == 404
        assert "没有这个同伴确认码" in wrong.text
        listed = scans.get(f"/console/presence/scan?code={code}").text
        assert str(recording.manifest_id) in listed
        sent = {"csrf": form_token(of_scans), "code": code, "manifest_ids": [str(recording.manifest_id)]}
        assert scans.post("/console/presence/scan", data=sent).headers["Location"] == "/console/presence"
        again = scans.post("/console/presence/scan", data=sent)
        assert (again.status_code, "已用它确认过" in again.text) == (409, True)
        assert "现场扫同伴出示的码" in scans.get(f"/console/recordings/{recording.id}").text
        assert scans.get("/console/presence/scan").headers["Location"] == "/console/presence"


def test_whoever_is_not_logged_in_comes_back_to_the_code(world: World) -> None:
    """A phone that opens the picture's address logs in first, and is led back."""
    with httpx.Client(base_url=world.url, verify=TRUST, timeout=PATIENCE_SECONDS) as client:
        led = client.get("/console/presence/scan?code=ABCD-EFGH").headers["Location"]
    assert led == "/console/login?back=%2Fconsole%2Fpresence%2Fscan%3Fcode%3DABCD-EFGH"


def test_a_code_covers_the_duty_of_both(world: World) -> None:
    """What was captured before it and behind its end is not shown; a day after its end the last 24 hours are again."""
    world.clock.ahead += timedelta(days=2)
    before = world.captured(captured_at=_rfc(world), clock=_clock(world))
    world.clock.ahead += timedelta(hours=1)
    wish = ShiftIn(device_id=world.bureau.device.id, officers=("10320001002",))
    with world.store.begin() as tx:
        duty = tx.shifts.open(world.shows, wish)
    inside = world.captured(captured_at=_later(world), clock=_clock(world))
    assert world.seen(world.code()) == {manifest_of(inside)}

    world.clock.ahead += timedelta(hours=1)
    with world.store.begin() as tx:
        tx.shifts.close(world.shows, duty.id, ShiftCloseIn())
    behind = world.captured(captured_at=_later(world), clock=_clock(world))
    assert world.seen(world.code()) == {manifest_of(inside)}
    with pytest.raises(EvidenceError) as outside:
        world.confirm(world.code(), before)
    assert outside.value.slug == "presence-unasked"

    world.clock.ahead += timedelta(hours=22, minutes=30)
    assert world.seen(world.code()) == {manifest_of(inside)}
    world.clock.ahead += timedelta(hours=1, minutes=29)
    assert world.seen(world.code()) == {manifest_of(inside)}, "over for less than a day"
    world.clock.ahead += timedelta(minutes=2)
    assert world.refused(world.code()) == "partner-code-foreign"
    later = world.captured(captured_at=_rfc(world), clock=_clock(world))
    assert world.seen(world.code()) == {manifest_of(later)}
    assert manifest_of(behind) not in world.seen(world.code())


def _later(world: World) -> str:
    """A second later: times of manifests are whole seconds, and a duty may begin within one."""
    world.clock.ahead += timedelta(seconds=1)
    return _rfc(world)


def _rfc(world: World) -> str:
    return world.clock().strftime("%Y-%m-%dT%H:%M:%SZ")


def _clock(world: World) -> dict[str, object]:
    return {"source": "ntp", "offset_ms": 0, "uncertainty_ms": 10, "synced_at": _rfc(world)}
