"""A person hands in from a browser: under the log-in, with a declaration, and never by a page of somebody else."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

import httpx
import pytest
from pikepdf import Encryption
from sqlalchemy import func, select, update

from api.deps import COOKIE
from api.form_token import FORM_TOKEN, form_token
from schemas.actor import Actor, Role
from schemas.case import CaseState
from schemas.declaration import Declaration, DocumentKind, HandInWay, Origin
from schemas.digest import sha256_hex
from schemas.document import DOCX
from schemas.errors import Refused
from schemas.event import Event
from schemas.fsck import FaultCode
from schemas.integrity import Outcome, Verdict
from schemas.leaves_recording import RecordingDeclare
from schemas.opening import Shown
from schemas.recording import Recording, RecordingFilter, RecordingState
from storage.outbox import JobKind
from storage.recording.upload import NewUpload
from storage.store import Store
from storage.tables.declaration import declarations
from storage.tables.recording import uploads
from tests.bringing import FULL, TAKEN, bring, brought, browser
from tests.casework import Bureau, make_bureau
from tests.everything import lock
from tests.factories import acts_of, events_of, faults, folder_url, make_account, make_settings
from tests.media import exif, jpeg
from tests.media_documents import letter, pdf, repacked, report, resaved
from tests.owner import owning
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from tests.supervision import drain
from tests.tus import VERSION, bearer, metadata, offset_of, opened, patched
from tests.web import TRUST
from workers.custody import integrate

SAID = Declaration(way=HandInWay.BROWSER, origin=Origin.TAKEN)


@dataclass
class Desk:
    store: Store
    url: str
    bureau: Bureau
    token: str
    person: Actor

    def client(self, **headers: str) -> httpx.Client:
        return browser(self.url, self.token, **headers)

    def found(self, ident: UUID) -> Recording:
        with self.store.begin() as tx:
            return tx.recordings.known(ident)  # type: ignore[arg-type]

    def outcome(self, ident: UUID, name: str) -> tuple[Outcome, str]:
        with self.store.begin() as tx:
            (one,) = (row.check for row in tx.recordings.checks(ident) if row.check.name == name)  # type: ignore[arg-type]
        return one.outcome, one.code

    def open_uploads(self) -> int:
        with self.store.begin() as tx:
            return tx.connection.scalar(select(func.count()).select_from(uploads)) or 0


@pytest.fixture(scope="module")
def desk(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    store = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("browser"))))
    bureau = make_bureau(store)
    integrate(store)
    with serving(store) as url:
        yield Desk(store, url, bureau, bureau.tokens[bureau.handler.id], bureau.handler)  # type: ignore[index]
    store.close()


def _opening(said: object = None, **more: str) -> dict[str, str]:
    pairs = {"filename": "a.bin", "sha256": sha256_hex(b"abc")}
    if said is not None:
        pairs["declaration"] = said if isinstance(said, str) else json.dumps(said)
    return {**VERSION, "Upload-Length": "3", "Upload-Metadata": metadata(**pairs), **more}


def test_a_session_sends_with_the_token_of_its_forms_and_gets_a_receipt(desk: Desk) -> None:
    """Opened, sent in two pieces, told and received under the cookie; the receipt is there after the commit alone."""
    with desk.client() as client:
        url = opened(client, 6, filename="a.bin", sha256=sha256_hex(b"abcdef"))
        assert client.get(f"{url}/receipt").json()["slug"] == "upload-incomplete"
        assert patched(client, url, b"abc").status_code == 204
        assert offset_of(client, url) == 3
        assert patched(client, url, b"def", 3).status_code == 204
        receipt = client.get(f"{url}/receipt").json()
    assert desk.found(UUID(receipt["recording_id"])).account_id == desk.person.id


@pytest.mark.parametrize(
    ("headers", "slug"),
    [
        ({}, "cross-site"),
        ({FORM_TOKEN: ""}, "form-stale"),
        ({FORM_TOKEN: "0" * 64}, "form-stale"),
        ({FORM_TOKEN: "own", "Sec-Fetch-Site": "cross-site"}, "form-foreign"),
        ({FORM_TOKEN: "own", "Origin": "https://elsewhere.example"}, "form-foreign"),
    ],
)
@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
def test_a_cookie_alone_changes_nothing(desk: Desk, method: str, headers: dict[str, str], slug: str) -> None:
    """Each request of a transfer asks for the token of this session's forms, and for a page of ours."""
    with desk.client() as own:
        url = opened(own, 3, filename="a.bin")
        given = {name: form_token(desk.token) if text == "own" else text for name, text in headers.items()}
        before = desk.open_uploads()
        cookies = {COOKIE: desk.token}
        with httpx.Client(
            base_url=desk.url, cookies=cookies, verify=TRUST, timeout=PATIENCE_SECONDS
        ) as client:
            if method == "POST":
                answer = client.post("/v1/uploads", headers={**_opening(), **given})
            elif method == "PATCH":
                answer = patched(client, url, b"abc", **given)
            else:
                answer = client.delete(url, headers={**VERSION, **given})
        assert (answer.status_code, answer.json()["slug"]) == (403, slug)
        assert desk.open_uploads() == before
        assert offset_of(own, url) == 0


def test_the_token_of_the_forms_opens_no_other_change(desk: Desk) -> None:
    """Least privilege: what is not a transfer is still changed by bearer token alone."""
    with desk.client() as client:
        answer = client.post("/v1/cases", json={"number": "x", "party": "x", "matter": "x", "place": "x"})
        assert (answer.status_code, answer.json()["slug"]) == (403, "cross-site")
        url = opened(client, 3, filename="a.bin")
        assert client.post(f"{url}/complete").json()["slug"] == "cross-site"


def test_a_session_that_has_ended_is_told_so_and_its_upload_goes_on_under_the_next(desk: Desk) -> None:
    """401, not a page; whoever logs in again finds the offset, and another person finds nothing."""
    with desk.client() as client, browser(desk.url, "0" * 43) as ended:
        url = opened(client, 6, filename="a.bin")
        patched(client, url, b"abc")
        answer = patched(ended, url, b"def", 3)
        assert (answer.status_code, answer.json()["slug"]) == (401, "not-authenticated")
        assert offset_of(client, url) == 3
        other = make_account(desk.store, desk.bureau.agency, Role.OFFICER)[0]
        with browser(desk.url, other) as another:
            assert another.head(url, headers=VERSION).status_code == 404
        assert patched(client, url, b"def", 3).status_code == 204


@pytest.mark.parametrize("said", [TAKEN, FULL], ids=["sparse", "full"])
@pytest.mark.parametrize("by", HandInWay)
def test_what_is_declared_is_kept_and_logged_with_the_receipt(
    desk: Desk, said: dict[str, str], by: HandInWay
) -> None:
    """One leaf of its own behind the receipt, texts salted; by which door it came is not the sender's to say."""
    payload = json.dumps([said, by]).encode()
    headers = {} if by is HandInWay.BROWSER else bearer(desk.token)
    with desk.client(**headers) as client:
        ident = brought(client, payload, said)
        told = client.get(f"/v1/recordings/{ident}").json()
    declared = desk.found(ident).declaration
    assert declared is not None
    assert declared.way is by
    kept = declared.model_dump(mode="json", exclude_none=True)
    assert kept | {"made_at": ""} == said | {"way": by, "made_at": ""}
    assert {name: text for name, text in told["declaration"].items() if text} | {"made_at": ""} == (
        kept | {"made_at": ""}
    )
    assert told["document"] == said.get("document")
    assert events_of(desk.store, f"recording/{ident}") == [Event.RECORDING_RECEIVE, Event.RECORDING_DECLARE]
    act = acts_of(desk.store, f"recording/{ident}")[-1]
    assert isinstance(act, RecordingDeclare)
    assert set(act.facts()) <= {"way", "origin", "document", "made_at"}
    for name in ("source", "maker", "method", "media_type"):
        committed = getattr(act, name)
        assert (committed.value if isinstance(committed, Shown) else None) == said.get(name)
    assert faults(desk.store) == []


@pytest.mark.parametrize("said", [" ", "{", "[]", {"origin": "copied"}, {"origin": "taken", "maker": "\0"}])
def test_a_declaration_that_breaks_a_rule_opens_nothing(desk: Desk, said: object) -> None:
    """It is refused before a byte is sent, under its own name."""
    before = desk.open_uploads()
    with desk.client() as client:
        answer = client.post("/v1/uploads", headers=_opening(said))
    assert (answer.status_code, answer.json()["slug"]) == (400, "declaration-invalid")
    assert desk.open_uploads() == before


def test_a_device_declares_by_its_manifest(desk: Desk) -> None:
    """What a device says is signed; it has no word beside that."""
    wish = NewUpload(length_bytes=3, filename="a.bin", declaration=SAID)
    with pytest.raises(Refused) as caught, desk.store.begin() as tx:
        tx.uploads.open(desk.bureau.device.actor, wish)
    assert caught.value.slug == "declaration-of-device"


def test_who_submits_nothing_has_no_page_and_opens_nothing(desk: Desk) -> None:
    """Refused by the page and by the transfer alike."""
    token = make_account(desk.store, desk.bureau.agency, Role.LEGAL_REVIEWER)[0]
    with browser(desk.url, token) as client:
        assert client.get("/console/hand-in").status_code == 403
        assert client.post("/v1/uploads", headers=_opening(TAKEN)).json()["slug"] == "permission-missing"
        assert "/console/hand-in" not in client.get("/console").text


def test_the_page_offers_what_may_be_said_and_the_case_that_is_named(desk: Desk) -> None:
    """Nothing is chosen beforehand but the case one came from; one out of reach is none."""
    case = desk.bureau.open()
    stranger = make_account(desk.store, desk.bureau.agency, Role.OFFICER)[0]
    with desk.client() as client, browser(desk.url, stranger) as other:
        page = client.get("/console/hand-in", params={"case": str(case.id)}).text
        assert f'name="case" maxlength="64" list="cases" value="{case.number}"' in page
        assert " checked" not in page
        assert "<noscript>" in page
        assert f"/console/hand-in?case={case.id}" in client.get(f"/console/cases/{case.id}").text
        assert "/console/hand-in" in client.get("/console/recordings").text
        assert other.get("/console/hand-in", params={"case": str(case.id)}).status_code == 404
        decided = desk.bureau.at(CaseState.DECIDED)
        told = client.get("/console/hand-in", params={"case": str(decided.id)}).text
        assert f'list="cases" value="{decided.number}"' in told
        assert "文书类型选为处罚决定书、送达回证" in told
        assert f"/console/hand-in?case={decided.id}" in client.get(f"/console/cases/{decided.id}").text
        over = desk.bureau.at(CaseState.CLOSED)
        lock(desk.store)
        told = client.get("/console/hand-in", params={"case": str(over.id)}).text
        assert f"{over.number} 已不能再关联记录。" in told
        assert 'list="cases" value=""' in told
        assert f'<option value="{over.number}">' not in told
        assert f"/console/hand-in?case={over.id}" not in client.get(f"/console/cases/{over.id}").text
        said = client.get("/console/hand-in/token").json()
        assert said == {"token": form_token(desk.token), "actor": str(desk.person.id)}


def test_a_paper_is_verified_and_tied_to_its_case(desk: Desk) -> None:
    """The bytes are those that were declared; the signature says not checked, and why; no officer is missed in it."""
    case = desk.bureau.open()
    with desk.client() as client:
        ident = brought(client, report(), FULL, filename="询问笔录.pdf", case=case.number)
    drain(desk.store, JobKind.VERIFY)

    found = desk.found(ident)
    assert (found.state, found.verdict, found.remarks) == (RecordingState.SEALED, Verdict.VERIFIED, 0)
    assert desk.outcome(ident, "manifest_signature") == (Outcome.NOT_CHECKED, "handed-in-by-browser")
    assert (found.captured_at, found.corrected_at, found.place) == (None, None, None), "nothing is filled in"
    with desk.store.begin() as tx:
        assert [one.recording_id for one in tx.cases.links(case.id)] == [ident]
        wanted = RecordingFilter(document=DocumentKind.INTERVIEW_RECORD)
        assert ident in [one.id for one in tx.recordings.page(desk.person, wanted).rows]
        wanted = RecordingFilter(document=DocumentKind.DECISION)
        assert ident not in [one.id for one in tx.recordings.page(desk.person, wanted).rows]
    with desk.client() as client:
        page = client.get(f"/console/recordings/{ident}").text
        assert "字节与交来人申报的一致，已封存；没有设备签名。" in page
        for text in ("交来说明", "询问笔录", "某店监控主机硬盘", "王执法", "2026-11-29 10:00:00", "现场复制"):
            assert text in page
        listed = client.get("/console/recordings", params={"document": "interview_record"}).text
        assert str(ident) in listed
        assert str(ident) not in client.get("/console/recordings", params={"document": "decision"}).text


def test_a_photo_says_its_place_and_time_itself_or_nobody_does(desk: Desk) -> None:
    """With both it is verified as these bytes, with the remark that it names no officers; without, it is not checked."""
    said, silent = jpeg(), jpeg(with_exif=exif(taken=None, offset=None, place=None))
    with desk.client() as client:
        telling, mute = (brought(client, one, TAKEN) for one in (said, silent))
    drain(desk.store, JobKind.VERIFY)
    found = [desk.found(one) for one in (telling, mute)]
    assert [one.verdict for one in found] == [Verdict.VERIFIED, Verdict.NOT_CHECKED]
    assert found[0].remarks == 1, "fewer than two officers"
    assert all(one.captured_at is None for one in found)


def test_a_photo_that_is_called_a_paper_still_names_no_officers(desk: Desk) -> None:
    """What is written names its people itself; the word of who brings a photo takes nothing off what is asked of one."""
    paper = {**TAKEN, "document": "scene_record"}
    with desk.client() as client:
        photo, written = brought(client, jpeg(), paper), brought(client, pdf(), paper, filename="笔录.pdf")
    drain(desk.store, JobKind.VERIFY)
    assert desk.outcome(photo, "officers") == (Outcome.MISMATCH, "officers-fewer-than-two")
    with desk.store.begin() as tx:
        assert "officers" not in {row.check.name for row in tx.recordings.checks(written)}


def test_a_file_that_was_altered_between_hashing_and_sending_is_kept_apart_and_explained(desk: Desk) -> None:
    """The declared digest is the promise: other bytes are quarantined, with what was said of them."""
    with desk.client() as client:
        ident = brought(client, b"other bytes", FULL, sha256=sha256_hex(b"the bytes that were hashed"))
        drain(desk.store, JobKind.VERIFY)
        found = desk.found(ident)
        assert (found.state, found.verdict) == (RecordingState.QUARANTINED, Verdict.MISMATCH)
        assert desk.outcome(ident, "digest") == (Outcome.MISMATCH, "digest-mismatch")
        page = client.get(f"/console/recordings/{ident}").text
    assert "为什么隔离" in page
    assert "交来说明" in page
    assert faults(desk.store) == []


def test_an_encrypted_document_is_kept_and_says_that_nobody_looked(desk: Desk) -> None:
    """Behind a password the bytes are those that were declared, and no more is checked; no page is to be drawn."""
    locked = resaved(pdf(), encryption=Encryption(owner="o", user="u"))
    with desk.client() as client:
        ident = brought(client, locked, FULL, filename="加密.pdf")
        drain(desk.store, JobKind.VERIFY)
        assert client.get(f"/console/recordings/{ident}").status_code == 200
    found = desk.found(ident)
    assert (found.state, found.sha256) == (RecordingState.SEALED, sha256_hex(locked))
    assert found.verdict is not Verdict.VERIFIED
    assert desk.outcome(ident, "digest") == (Outcome.VERIFIED, "")
    with desk.store.begin() as tx:
        assert tx.derivations.of_recording(found.id) == ()


def test_a_document_with_macros_is_kept_and_its_macros_are_told(desk: Desk) -> None:
    """Sealed as it came, with a doubt for a person to judge; the page offers the original and runs nothing of it."""
    risky = repacked(letter(), {"word/vbaProject.bin": b"Sub AutoOpen()"})
    with desk.client() as client:
        ident = brought(client, risky, FULL | {"media_type": DOCX}, filename="带宏.docx")
        drain(desk.store, JobKind.VERIFY)
        page = client.get(f"/console/recordings/{ident}").text
    found = desk.found(ident)
    assert (found.state, found.sha256) == (RecordingState.SEALED, sha256_hex(risky))
    assert desk.outcome(ident, "document_active")[1] != ""
    assert "宏" in page
    assert "<iframe" not in page
    assert "<object" not in page


def test_the_same_opening_under_one_key_is_one_upload(desk: Desk) -> None:
    """A double click is the same upload; under another declaration the key is refused."""
    with desk.client(**{"Idempotency-Key": "0123456789abcdef"}) as client:
        first, again = (client.post("/v1/uploads", headers=_opening(TAKEN)) for _ in range(2))
        assert first.headers["Location"] == again.headers["Location"]
        assert client.post("/v1/uploads", headers=_opening(FULL)).status_code == 409


def test_a_row_that_was_altered_is_named(desk: Desk) -> None:
    """Who says of a file what the log does not, in the table, is found."""
    ident = bring(desk.store, desk.person, "a.bin", b"altered", SAID)
    integrate(desk.store)
    assert faults(desk.store) == []
    own = declarations.c.recording_id == ident
    with owning(desk.store) as tx:
        tx.connection.execute(update(declarations).where(own).values(maker="别人"))
    assert {code for code, _ in faults(desk.store)} == {FaultCode.COLUMN_DIFFERS.value}
    with owning(desk.store) as tx:
        tx.connection.execute(update(declarations).where(own).values(maker=None))


def test_an_upload_without_a_declaration_is_as_before(desk: Desk) -> None:
    """Stock clients declare nothing: nothing is entered, and nobody answers for the bytes."""
    with desk.client() as client:
        url = opened(client, 3, filename="a.bin", sha256=sha256_hex(b"xyz"))
        patched(client, url, b"xyz")
        ident = UUID(client.get(f"{url}/receipt").json()["recording_id"])
    drain(desk.store, JobKind.VERIFY)
    assert desk.found(ident).declaration is None
    assert desk.outcome(ident, "manifest_signature") == (Outcome.NOT_CHECKED, "manifest-absent")
