"""Everything a broken, careless or hostile client sends: it is named in two languages, kept, and never a 500."""

import base64
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import select, update

from schemas.actor import Actor, Role
from schemas.case import CaseIn
from schemas.device import ENROL_TYP
from schemas.digest import sha256_hex
from schemas.jws import public_jwk, sign_detached, thumbprint
from storage.outbox import JobKind
from storage.store import Store
from storage.tables.recording import manifests, uploads
from tests.factories import (
    LOST,
    OFFICERS,
    TestDevice,
    assertion,
    enrol_device,
    faults,
    folder_url,
    make_account,
    make_agency,
    make_settings,
)
from tests.looks import taken
from tests.media import (
    billion_laughs,
    exif,
    gpx,
    jpeg,
    jpeg_bomb,
    mp4,
    truncated_jpeg,
    without_moov,
    zeroed_jpeg,
)
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from tests.tus import BODY, VERSION, bearer, captured, declared, offset_of, opened, patched, sent
from tests.web import TRUST
from workers.custody import integrate
from workers.media.sandbox.parent import Sandbox
from workers.runner import Runner
from workers.settings import WorkersSettings

MILLION = 1_000_000
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


NUL_HEADER = '{"alg":"ES256","kid":"\\u0000","typ":"JWT"}'
NUL_KID = f"{b64(NUL_HEADER).rstrip('=')}.e30.AAAA"
HALF_KID = f"{b64(NUL_HEADER.replace('u0000', 'ud800')).rstrip('=')}.e30.AAAA"
DEEP_HEADER = f"{b64('[' * 4000).rstrip('=')}.e30.AAAA"


@dataclass
class Line:
    """The server, the workers, and a reviewer who looks at what became of it."""

    store: Store
    sandbox: Sandbox
    url: str
    custodian: Actor
    handler: Actor
    reviewer: httpx.Client

    def client(self, device: TestDevice) -> httpx.Client:
        return httpx.Client(
            base_url=self.url, headers=bearer(device.token), verify=TRUST, timeout=PATIENCE_SECONDS
        )

    def looked_at(self, ident: UUID) -> dict:
        settings = WorkersSettings()
        for kind in (JobKind.VERIFY, JobKind.VERIFY_SLOW):
            Runner(self.store, self.sandbox, settings).drain(kind)
        answer = self.reviewer.get(f"/v1/recordings/{ident}")
        assert answer.status_code == 200
        return answer.json()

    def bytes_of(self, ident: UUID) -> bytes:
        return taken(self.reviewer, f"/v1/recordings/{ident}").content


@pytest.fixture(scope="module")
def line(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    store = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("bad"))))
    agency = make_agency(store)
    for number in OFFICERS:
        make_account(store, agency, Role.OFFICER, certificate=number)
    custodian = make_account(store, agency, Role.CUSTODIAN)[1]
    handler = make_account(store, agency, Role.HANDLER)[1]
    token, _ = make_account(store, agency, Role.HEAD)
    with (
        Sandbox() as sandbox,
        serving(store) as url,
        httpx.Client(base_url=url, headers=bearer(token), verify=TRUST, timeout=PATIENCE_SECONDS) as reviewer,
    ):
        yield Line(store, sandbox, url, custodian, handler, reviewer)
    store.close()


@pytest.fixture
def device(line: Line) -> TestDevice:
    return enrol_device(line.store, line.custodian)


@pytest.fixture
def client(line: Line, device: TestDevice) -> Iterator[httpx.Client]:
    with line.client(device) as made:
        yield made


def assert_problem(answer: httpx.Response, slug: str) -> dict:
    """The answer is that problem, in both languages, with a reference for the operator."""
    assert answer.headers["Content-Type"] == "application/problem+json", answer.text
    body = answer.json()
    assert body["slug"] == slug, body
    assert answer.status_code == body["status"] < 500
    for language in ("zh", "en"):
        assert body[language]["title"]
        assert body[language]["next"]
    assert body["reference"]
    return body


def finding(recording: dict, code: str) -> dict:
    """The check that carries the code, with its sentences."""
    found = [check for check in recording["checks"] if check["code"] == code]
    assert found, [(check["name"], check["code"]) for check in recording["checks"]]
    assert found[0]["zh"]
    assert found[0]["en"]
    assert "{" not in found[0]["zh"] + found[0]["en"]
    return found[0]


def named(device: TestDevice, **changed: str) -> dict[str, str]:
    """The manifest's device member, changed."""
    said = {
        "id": str(device.id),
        "kid": device.kid,
        "model": "test",
        "fw": "1",
        "app_id": "test",
        "app_ver": "1",
    }
    return {**said, **changed}


def kept_manifest(line: Line, payload: bytes) -> list[str]:
    """The states in which these very bytes stand in the database."""
    with line.store.begin() as tx:
        return list(tx.connection.scalars(select(manifests.c.state).where(manifests.c.payload == payload)))


def video_without_index(folder: Path) -> bytes:
    return without_moov(mp4(folder / "cut.mp4")).read_bytes()


FILES: dict[str, tuple[str, Callable[[Path], bytes], str]] = {
    "zero bytes": ("empty.jpg", lambda _: b"", "zero-bytes"),
    "truncated JPEG": ("cut.jpg", lambda _: truncated_jpeg(), "jpeg-damaged"),
    "JPEG with 64 KiB zeros": ("zeros.jpg", lambda _: zeroed_jpeg(), "jpeg-damaged"),
    "MP4 without moov": ("cut.mp4", video_without_index, "mp4-no-moov"),
    "text named .jpg": ("text.jpg", lambda _: "现场笔录\n".encode() * 50, "type-name-conflict"),
    "page named .jpg": (
        "page.jpg",
        lambda _: b"<html><script>alert(1)</script></html>",
        "type-name-conflict",
    ),
    "4,000 megapixels": ("bomb.jpg", lambda _: jpeg_bomb(), "image-too-large"),
    "impossible Exif date": (
        "date.jpg",
        lambda _: jpeg(with_exif=exif(taken="2026:13:45 99:99:99")),
        "exif-date-impossible",
    ),
    "billion laughs": ("laughs.gpx", lambda _: billion_laughs(), "xml-entities"),
    "a million points": ("long.gpx", lambda _: gpx(MILLION, step_e7=1), "track-thinned"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_bad_file_is_kept_and_named(
    line: Line, device: TestDevice, client: httpx.Client, tmp_path: Path, name: str
) -> None:
    """A file that is not what it claims is stored to the byte, concluded, and its fault is named."""
    filename, make, code = FILES[name]
    payload = make(tmp_path)
    ident = captured(client, device, filename, payload)
    found = line.looked_at(ident)

    finding(found, code)
    assert found["state"] in ("sealed", "quarantined")
    assert line.bytes_of(ident) == payload


def test_a_stranger_gets_no_token(line: Line) -> None:
    """A device whose key nobody registered gets no token, and is told so."""
    key = ec.generate_private_key(ec.SECP256R1())
    kid = thumbprint(public_jwk(key.public_key()))
    with line.store.begin() as tx:
        stated = assertion(key, kid, int(tx.now.timestamp()))
    form = {"grant_type": GRANT, "assertion": stated}

    assert_problem(
        httpx.post(f"{line.url}/v1/token", data=form, verify=TRUST, timeout=PATIENCE_SECONDS),
        "assertion-key-unknown",
    )


def test_a_strangers_manifest_is_kept_as_refused(
    line: Line, device: TestDevice, client: httpx.Client
) -> None:
    """A manifest under an unknown key is kept with its reason, and so is its file, in quarantine."""
    payload = jpeg()
    manifest = device.manifest({"a.jpg": payload}, device=named(device, kid="A" * 43))
    body = assert_problem(declared(client, device, manifest), "device-key-unknown")
    ident = sent(client, payload, filename="a.jpg", manifest=sha256_hex(manifest))
    found = line.looked_at(ident)

    assert body["kept"] is True
    assert body["status"] == 422
    assert kept_manifest(line, manifest) == ["refused"]
    assert found["state"] == "quarantined"
    assert line.bytes_of(ident) == payload


def test_a_revoked_key_is_refused_and_what_it_signed_is_kept(line: Line, device: TestDevice) -> None:
    """A revoked device's token ends; its manifest, brought by an account of its agency, is kept as refused."""
    manifest = device.manifest({"a.jpg": jpeg()})
    token, _ = make_account(line.store, device.actor.agency_id, Role.OFFICER)
    with line.store.begin() as tx:
        tx.devices.revoke(line.custodian, device.id, LOST)
    with (
        line.client(device) as own,
        httpx.Client(
            base_url=line.url, headers=bearer(token), verify=TRUST, timeout=PATIENCE_SECONDS
        ) as officer,
    ):
        assert_problem(own.get("/v1/recordings"), "not-authenticated")
        assert_problem(declared(officer, device, manifest), "device-key-revoked")

    assert kept_manifest(line, manifest) == ["refused"]


def test_a_wrong_signature_quarantines_the_file(line: Line, device: TestDevice, client: httpx.Client) -> None:
    """A manifest that was changed after signing is kept, and its file is quarantined with the reason."""
    payload = jpeg()
    other = device.sign(device.manifest({"other.jpg": b"x"}))
    manifest = device.manifest({"a.jpg": payload})
    answer = declared(client, device, manifest, **{"Quancheng-Signature": other})
    assert assert_problem(answer, "manifest-signature-invalid")["kept"] is True
    ident = sent(client, payload, filename="a.jpg", manifest=sha256_hex(manifest))
    found = line.looked_at(ident)

    finding(found, "manifest-signature-invalid")
    assert found["state"] == "quarantined"
    assert kept_manifest(line, manifest) == ["refused"]
    assert line.bytes_of(ident) == payload


@pytest.mark.parametrize("signature", ["", "x", "..", "a.b.c", "é..ü", "e30..AAAA", "." * 3000, "a" * 5000])
def test_any_signature_header_is_answered(
    line: Line, device: TestDevice, client: httpx.Client, signature: str
) -> None:
    """Whatever stands in the signature header, the answer is a problem and not a fault of ours."""
    answer = client.post(
        "/v1/manifests",
        content=device.manifest({"a.jpg": b"x"}),
        headers={b"Quancheng-Signature": signature.encode("latin-1")},
    )

    assert 400 <= answer.status_code < 500
    assert_problem(answer, answer.json()["slug"])


def test_a_wrong_digest_is_quarantined(line: Line, device: TestDevice, client: httpx.Client) -> None:
    """Other bytes than the manifest's are kept to the byte, quarantined and explained."""
    whole = jpeg()
    payload = whole[:-3] + b"\x00" + whole[-2:]
    manifest = device.manifest({"a.jpg": whole})
    declared(client, device, manifest)
    ident = sent(client, payload, filename="a.jpg", manifest=sha256_hex(manifest), sha256=sha256_hex(whole))
    found = line.looked_at(ident)

    finding(found, "digest-mismatch")
    assert (found["state"], found["verdict"]) == ("quarantined", "mismatch")
    assert line.bytes_of(ident) == payload


def test_a_wrong_size_is_named(line: Line, device: TestDevice, client: httpx.Client) -> None:
    """A file of another length than the manifest says is kept and the two numbers stand in the finding."""
    whole = jpeg()
    manifest = device.manifest({"a.jpg": whole})
    declared(client, device, manifest)
    payload = whole + b"\x00"
    ident = sent(client, payload, filename="a.jpg", manifest=sha256_hex(manifest), sha256=sha256_hex(whole))
    found = line.looked_at(ident)

    assert str(len(payload)) in finding(found, "size-mismatch")["en"]
    assert found["state"] == "quarantined"
    assert line.bytes_of(ident) == payload


def doubled(text: str) -> str:
    return text.replace('"v":1', '"v":1,"v":1')


MANIFESTS: dict[str, tuple[Callable[[str], str], str]] = {
    "duplicate key": (doubled, "manifest-duplicate-key"),
    "float": (lambda text: text.replace('"mono_ms":1000', '"mono_ms":1000.5'), "manifest-float"),
    "null": (lambda text: text.replace('"boot_id":"boot"', '"boot_id":null'), "manifest-null"),
    "huge integer": (
        lambda text: text.replace('"seq":1', '"seq":9007199254740993'),
        "manifest-integer-range",
    ),
    "digits without end": (
        lambda text: text.replace('"seq":1', f'"seq":{"9" * 6000}'),
        "manifest-not-json",
    ),
    "spaces": (lambda text: text.replace('"v":1', '"v": 1'), "manifest-not-canonical"),
    "unknown field": (lambda text: text.replace('"v":1', '"v":1,"x":1'), "manifest-field-unknown"),
    "not JSON": (lambda _: "{", "manifest-not-json"),
    "nothing": (lambda _: "", "manifest-not-json"),
    "nested too deep": (lambda _: "[" * 60_000, "manifest-not-json"),
    "NUL in a name": (lambda text: text.replace('"a.jpg"', '"a\\u0000.jpg"'), "manifest-field-invalid"),
    "NUL in a kid": (lambda text: text.replace('"kid":"', '"kid":"\\u0000'), "manifest-field-invalid"),
    "surrogate": (lambda text: text.replace('"a.jpg"', '"a\\ud800.jpg"'), "manifest-not-canonical"),
}


@pytest.mark.parametrize("name", MANIFESTS)
def test_a_broken_manifest_is_kept_and_named(
    line: Line, device: TestDevice, client: httpx.Client, name: str
) -> None:
    """A manifest that breaks a rule answers 422 with the rule, and its bytes are kept as refused."""
    change, slug = MANIFESTS[name]
    payload = change(device.manifest({"a.jpg": b"x"}).decode()).encode()
    body = assert_problem(declared(client, device, payload), slug)

    assert body["status"] == 422
    assert body["kept"] is True
    assert UUID(body["manifest_id"])
    assert kept_manifest(line, payload) == ["refused"]


def test_a_manifest_that_is_not_text_is_kept(line: Line, device: TestDevice, client: httpx.Client) -> None:
    """Bytes that are no UTF-8 are kept like any other broken manifest."""
    assert_problem(declared(client, device, b"\xff\xfe\x00{"), "manifest-not-json")

    assert kept_manifest(line, b"\xff\xfe\x00{") == ["refused"]


@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_manifest_over_the_limit_is_not_read_on(
    line: Line, device: TestDevice, client: httpx.Client, is_chunked: bool
) -> None:
    """70 KiB answer 413 whether the length is announced or not; the device still has those bytes."""
    payload = device.manifest({"a.jpg": b"x"}, ext={"x": "y" * 70 * 1024})
    body = iter([payload[:40_000], payload[40_000:]]) if is_chunked else payload
    answer = client.post("/v1/manifests", content=body, headers={"Quancheng-Signature": device.sign(payload)})

    assert assert_problem(answer, "manifest-too-large")["status"] == 413
    assert kept_manifest(line, payload) == []


def test_a_replayed_manifest_is_the_same_declaration(
    line: Line, device: TestDevice, client: httpx.Client
) -> None:
    """The same bytes from the same device answer 200 with the same id, under a new signature too."""
    manifest = device.manifest({"a.jpg": b"x"})
    first, again = declared(client, device, manifest), declared(client, device, manifest)

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["manifest_id"] == again.json()["manifest_id"]
    assert kept_manifest(line, manifest) == ["declared"]


def test_parallel_declarations_are_one(line: Line, device: TestDevice, client: httpx.Client) -> None:
    """The same manifest sent ten times at once is declared once; its file is opened once, too."""
    manifest = device.manifest({"a.jpg": b"abc"})
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: declared(client, device, manifest), range(10)))
        names = {"filename": "a.jpg", "manifest": sha256_hex(manifest), "sha256": sha256_hex(b"abc")}
        places = set(pool.map(lambda _: opened(client, 3, **names), range(10)))

    assert sorted(answer.status_code for answer in answers) == [200] * 9 + [201]
    assert len({answer.json()["manifest_id"] for answer in answers}) == 1
    assert kept_manifest(line, manifest) == ["declared"]
    assert len(places) == 1


def test_an_expired_file_of_a_manifest_can_be_sent_again(
    line: Line, device: TestDevice, client: httpx.Client
) -> None:
    """A device that comes back after the upload's end opens the same file of its manifest anew."""
    manifest = device.manifest({"a.jpg": b"abc"})
    declared(client, device, manifest)
    names = {"filename": "a.jpg", "manifest": sha256_hex(manifest), "sha256": sha256_hex(b"abc")}
    url = opened(client, 3, **names)
    with line.store.begin() as tx:
        past = tx.now - timedelta(seconds=1)
        ident = UUID(url.rsplit("/", 1)[1])
        tx.connection.execute(update(uploads).where(uploads.c.id == ident).values(expires_at=past))
        tx.uploads.expire(limit=100)
    again = opened(client, 3, **names)

    assert again != url
    assert patched(client, again, b"abc").status_code == 204
    assert declared(client, device, manifest).json()["files"][0]["upload"] == again


def test_another_devices_manifest_is_refused(line: Line, device: TestDevice, client: httpx.Client) -> None:
    """A manifest that another device of the agency replays is refused, and stays as it was declared."""
    manifest = device.manifest({"a.jpg": b"x"})
    declared(client, device, manifest)
    with line.client(enrol_device(line.store, line.custodian)) as other:
        assert assert_problem(declared(other, device, manifest), "manifest-replayed")["kept"] is True

    assert sorted(kept_manifest(line, manifest)) == ["declared", "refused"]


def test_a_replay_never_locks_the_device_out(line: Line, device: TestDevice, client: httpx.Client) -> None:
    """Another device that is faster is refused, twice the same; the one that signed then declares."""
    manifest = device.manifest({"a.jpg": b"x"})
    with line.client(enrol_device(line.store, line.custodian)) as other:
        refused = [assert_problem(declared(other, device, manifest), "manifest-replayed") for _ in range(2)]
    answers = [declared(client, device, manifest) for _ in range(2)]

    assert refused[0]["manifest_id"] == refused[1]["manifest_id"]
    assert [answer.status_code for answer in answers] == [201, 200]
    assert sorted(kept_manifest(line, manifest)) == ["declared", "refused"]


@pytest.mark.parametrize("is_device_first", [False, True])
def test_a_manifest_of_two_senders_is_one_declaration(
    line: Line, device: TestDevice, client: httpx.Client, is_device_first: bool
) -> None:
    """A docking station and the camera itself hand in the same signed bytes: one declaration, an upload for each."""
    token, _ = make_account(line.store, line.custodian.agency_id, Role.OFFICER)
    payload = jpeg()
    manifest = device.manifest({"a.jpg": payload})
    names = {"filename": "a.jpg", "manifest": sha256_hex(manifest), "sha256": sha256_hex(payload)}
    with httpx.Client(
        base_url=line.url, headers=bearer(token), verify=TRUST, timeout=PATIENCE_SECONDS
    ) as docking:
        senders = [client, docking] if is_device_first else [docking, client]
        answers = [declared(sender, device, manifest) for sender in senders]
        before = [answer.json()["files"][0].get("upload") for answer in answers]
        idents = {sent(sender, payload, **names) for sender in senders}
        again = [declared(sender, device, manifest).json()["files"][0]["recording_id"] for sender in senders]

    assert [answer.status_code for answer in answers] == [201, 200]
    assert len({answer.json()["manifest_id"] for answer in answers}) == 1
    assert before == [None, None]
    assert {UUID(ident) for ident in again} == idents
    assert [line.looked_at(ident)["state"] for ident in idents] == ["sealed", "sealed"]
    assert kept_manifest(line, manifest) == ["declared"]


def test_another_agencys_case_is_a_finding(line: Line, device: TestDevice, client: httpx.Client) -> None:
    """A case number of another agency is answered like one that does not exist, and the bytes are kept."""
    _, stranger = make_account(line.store, make_agency(line.store), Role.HANDLER)
    number = f"他案-{uuid4().hex[:6]}"
    with line.store.begin() as tx:
        tx.cases.open(stranger, CaseIn(number=number, party="x", matter="x", place="x"))
    payload = jpeg()
    ident = sent(client, payload, filename="a.jpg", case=number)
    found = line.looked_at(ident)

    finding(found, "case-unknown")
    assert found["cases"] == []
    assert line.bytes_of(ident) == payload


@pytest.mark.parametrize("is_chunked", [False, True])
def test_an_upload_never_passes_its_length(line: Line, client: httpx.Client, is_chunked: bool) -> None:
    """More bytes than declared answer 413; those within the length count, those beyond never do."""
    payload = jpeg()
    url = opened(client, len(payload), filename="a.jpg")
    body = iter([payload, b"excess"]) if is_chunked else payload + b"excess"
    assert_problem(patched(client, url, body), "upload-past-length")
    offset = offset_of(client, url)
    assert offset in (0, len(payload))
    if offset == 0:
        patched(client, url, payload)
    ident = UUID(client.post(f"{url}/complete").json()["recording_id"])

    assert line.looked_at(ident)["sha256"] == sha256_hex(payload)


@pytest.mark.parametrize(
    "path", ["d082cfcb-a1e1-496b-b693-d4ffc4bd58bc", "not-an-id", "%00", "..%2f..%2fetc"]
)
@pytest.mark.parametrize("method", ["HEAD", "PATCH", "DELETE", "GET", "POST"])
def test_an_unknown_upload_is_a_problem(client: httpx.Client, method: str, path: str) -> None:
    """An id that names nothing is refused as such by every method, without an offset."""
    url = f"/v1/uploads/{path}" + ("/receipt" if method == "GET" else "")
    meant = {"X-HTTP-Method-Override": "PATCH"} if method == "POST" else {}
    headers = {**VERSION, **BODY, "Upload-Offset": "0", **meant}
    answer = client.request(
        method, url, content=b"x" if method in ("PATCH", "POST") else None, headers=headers
    )

    assert answer.status_code in ((404,) if path == "not-an-id" else (404, 405))
    assert "Upload-Offset" not in answer.headers
    if method != "HEAD":
        assert_problem(answer, answer.json()["slug"])


@pytest.mark.parametrize(
    "header",
    ["filename", "filename !!!", "a b,a b", "ключ YQ==", f"case {b64(chr(0))}", f"filename {b64(chr(0))}",
     f"case {b64('x' * 5000)}", "filename /w==", f"manifest {b64('zz')}", f"sha256 {b64('A' * 64)}", "," * 500,
     f"filename {b64('a')},", f"sha256 {b64('g' * 64)}"],
)  # fmt: skip
def test_any_metadata_is_answered(client: httpx.Client, header: str) -> None:
    """Whatever stands in Upload-Metadata, an upload is opened or the metadata is refused."""
    answer = client.post(
        "/v1/uploads",
        headers={b"Tus-Resumable": b"1.0.0", b"Upload-Length": b"3", b"Upload-Metadata": header.encode()},
    )

    assert answer.status_code in (201, 400)
    if answer.status_code == 400:
        assert_problem(answer, "metadata-invalid")


@pytest.mark.parametrize("header", [f"sha256 {b64('A' * 64)}", "filename /w==", f"filename {b64('a b')}", ""])
def test_no_name_and_no_case_of_a_digest_refuses_bytes(client: httpx.Client, header: str) -> None:
    """An upper-case digest, a name in no encoding, no metadata at all: the upload is opened."""
    headers = {**VERSION, "Upload-Length": "3", "Upload-Metadata": header}

    assert client.post("/v1/uploads", headers=headers).status_code == 201


def test_a_name_of_an_old_system_is_read(line: Line, client: httpx.Client) -> None:
    """GBK, as old desktop programs send it, is shown as it was meant; other bytes by their numbers."""
    names = {"现场照片.jpg".encode("gb18030"): "现场照片.jpg", b"\xff.jpg": "_xff.jpg"}
    for raw, name in names.items():
        header = f"filename {base64.b64encode(raw).decode()}"
        answer = client.post(
            "/v1/uploads", headers={**VERSION, "Upload-Length": "3", "Upload-Metadata": header}
        )
        ident = answer.headers["Location"].rsplit("/", 1)[-1]
        with line.store.begin() as tx:
            kept = tx.connection.scalar(select(uploads.c.filename).where(uploads.c.id == UUID(ident)))
        assert kept == name


def test_a_header_that_stands_twice_is_refused(client: httpx.Client) -> None:
    """Two lengths are no length."""
    headers = [("Tus-Resumable", "1.0.0"), ("Upload-Length", "3"), ("Upload-Length", "4")]

    assert_problem(client.post("/v1/uploads", headers=headers), "header-invalid")


NUL_OR_SURROGATE = ["\\u0000", "\\ud800", "\\udfff"]


@pytest.mark.parametrize("bad", NUL_OR_SURROGATE)
@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/v1/cases", '{"number":"%","party":"x","matter":"x","place":"x"}'),
        ("/v1/cases", '{"number":"x","party":"x","matter":"x","place":"x","%":1}'),
        ("/v1/sessions", '{"login":"%","password":"x"}'),
        ("/v1/sessions", '{"login":"x","password":"%"}'),
        ("/v1/devices", '{"code":"%","jwk":{},"model":"x","name":"x","proof":"x"}'),
        ("/v1/devices", '{"code":"x","jwk":{"kty":"%"},"model":"%","name":"%","proof":"%"}'),
    ],
)
def test_text_that_cannot_be_stored_is_refused(line: Line, path: str, text: str, bad: str) -> None:
    """A NUL or half a surrogate pair in a JSON body is the sender's mistake and never a fault of ours."""
    token, _ = make_account(line.store, line.custodian.agency_id, Role.HANDLER)
    answer = httpx.post(
        f"{line.url}{path}",
        content=text.replace("%", bad),
        headers={**bearer(token), "Content-Type": "application/json"},
        verify=TRUST,
        timeout=PATIENCE_SECONDS,
    )

    assert 400 <= answer.status_code < 500
    assert_problem(answer, answer.json()["slug"])


@pytest.mark.parametrize(
    "query",
    ["q=%00", "case=%00", "officer=%00", "q=%ff%fe", "q=%25%5f%5c", "limit=0", "limit=x", "after=x", "from=x",
     "from=2026-01-01T00:00:00", "from=0000-01-01T00:00:00Z", "state=gone", "device=1", "q=" + "x" * 5000],
)  # fmt: skip
def test_any_filter_is_answered(line: Line, query: str) -> None:
    """Whatever is searched for, the answer is a list or a problem."""
    answer = line.reviewer.get(f"/v1/recordings?{query}")

    if answer.status_code != 200:
        assert_problem(answer, answer.json()["slug"])


@pytest.mark.parametrize(
    "stated", ["", "x", "a.b", "a.b.c", "e30.e30.AAAA", NUL_KID, HALF_KID, DEEP_HEADER, "." * 8000]
)
def test_any_assertion_is_answered(line: Line, stated: str) -> None:
    """Whatever is sent as an assertion, it gives a problem and no token."""
    answer = httpx.post(
        f"{line.url}/v1/token",
        data={"grant_type": GRANT, "assertion": stated},
        verify=TRUST,
        timeout=PATIENCE_SECONDS,
    )

    assert_problem(answer, answer.json()["slug"])
    assert "access_token" not in answer.text


@pytest.mark.parametrize(
    "claims",
    [{"exp": 10**30}, {"iat": 10**30, "exp": 10**30 + 60}, {"iat": -(10**18), "exp": 60 - 10**18}, {"exp": None},
     {"iat": True, "exp": True}, {"nbf": "x"}, {"nbf": 10**30}, {"nbf": None}, {"nbf": True},
     {"jti": "\0"}, {"jti": "\ud800"}, {"jti": ["x"]}, {"iss": None}, {"sub": "\0"}],
)  # fmt: skip
def test_any_claim_is_answered(line: Line, device: TestDevice, claims: dict[str, object]) -> None:
    """Claims of a registered device that no clock or table can hold give a problem and no token."""
    with line.store.begin() as tx:
        stated = assertion(device.key, device.kid, int(tx.now.timestamp()), **claims)
    answer = httpx.post(
        f"{line.url}/v1/token",
        data={"grant_type": GRANT, "assertion": stated},
        verify=TRUST,
        timeout=PATIENCE_SECONDS,
    )

    assert_problem(answer, answer.json()["slug"])


@pytest.mark.parametrize(
    "claims", [{"iat": -4000, "exp": -3880}, {"iat": 3600, "exp": 3720}, {"nbf": 3600}, {"exp": 301}]
)
def test_an_assertion_out_of_its_time_is_no_token(
    line: Line, device: TestDevice, claims: dict[str, int]
) -> None:
    """Ended an hour ago, issued or valid in an hour, or longer than five minutes: the server's time is told."""
    with line.store.begin() as tx:
        now = int(tx.now.timestamp())
    stated = assertion(device.key, device.kid, now, **{name: now + at for name, at in claims.items()})
    answer = httpx.post(
        f"{line.url}/v1/token",
        data={"grant_type": GRANT, "assertion": stated},
        verify=TRUST,
        timeout=PATIENCE_SECONDS,
    )
    assert assert_problem(answer, "assertion-expired")["server_time"]


@pytest.mark.parametrize(
    "jwk",
    [{}, {"kty": "EC"}, {"kty": "RSA", "n": "AQAB", "e": "AQAB"}, {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
     {"kty": "EC", "crv": "P-521", "x": "AA", "y": "AA"}, {"kty": "OKP", "crv": "Ed25519", "x": "*"},
     {"kty": "oct", "k": "AA"}],
)  # fmt: skip
def test_a_key_that_is_none_does_not_enrol(line: Line, jwk: dict[str, str]) -> None:
    """A public key of another kind, or off its curve, is refused, and the code is not used up."""
    with line.store.begin() as tx:
        code = tx.enrolments.issue_code(line.custodian).code
    key = ec.generate_private_key(ec.SECP256R1())
    good = public_jwk(key.public_key())
    proof = sign_detached(code.encode(), key, kid=thumbprint(good), typ=ENROL_TYP)
    wish = {"code": code, "model": "x", "name": "x", "proof": proof}
    answer = httpx.post(
        f"{line.url}/v1/devices", json={**wish, "jwk": jwk}, verify=TRUST, timeout=PATIENCE_SECONDS
    )

    assert_problem(answer, answer.json()["slug"])
    assert (
        httpx.post(
            f"{line.url}/v1/devices", json={**wish, "jwk": good}, verify=TRUST, timeout=PATIENCE_SECONDS
        ).status_code
        == 201
    )


@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_body_over_the_limit_is_refused(line: Line, is_chunked: bool) -> None:
    """A JSON body of 2 MiB is refused whether its length is announced or not."""
    payload = b'{"login":"' + b"x" * 2 * 1024 * 1024 + b'","password":"x"}'
    body = iter([payload[: 1 << 20], payload[1 << 20 :]]) if is_chunked else payload
    answer = httpx.post(
        f"{line.url}/v1/sessions",
        content=body,
        headers={"Content-Type": "application/json"},
        verify=TRUST,
        timeout=PATIENCE_SECONDS,
    )

    assert_problem(answer, "body-too-large")


def test_the_whole_line_stands_after_all_that(line: Line, device: TestDevice, client: httpx.Client) -> None:
    """After everything above, a good capture is sealed and the store re-derives from its bytes."""
    ident = captured(client, device, "good.jpg", jpeg())

    assert (line.looked_at(ident)["state"], line.looked_at(ident)["verdict"]) == ("sealed", "verified")
    integrate(line.store)
    assert faults(line.store) == []
