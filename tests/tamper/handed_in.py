"""Classes 19, 22 to 28, 30, 32, 33 and 44: what a device or whoever holds its key sends, over HTTP, to the real server."""

import base64
import io
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from PIL import Image

from schemas.actor import Role
from schemas.base import rfc3339
from schemas.checkpoint import Checkpoint, parse_checkpoint
from schemas.digest import sha256_hex
from schemas.manifest import MANIFEST_TYP, RULES
from schemas.note import encode64
from storage.store import utc_now
from tests.alike import captioned, coded, scene
from tests.factories import LOST, TestDevice, make_account
from tests.media import jpeg
from tests.stand import ROOT
from tests.tamper.ground import Ground
from tests.tamper.line import Line
from tests.tamper.table import Probe, Seen
from tests.tus import captured, declared, sent

VECTORS = ROOT / "mobile_contract" / "vectors"
HOME = {
    "lat_e7": 333_400_000,
    "lon_e7": 1_201_500_000,
    "acc_cm": 500,
    "crs": "WGS84",
    "src": "gnss",
    "mock": False,
}
FAR_E7 = 30_000_000
"""Some 300 km further north."""


def photo(width: int = 800) -> bytes:
    """A picture that says nothing of itself."""
    return jpeg(width, 480, with_exif=Image.Exif())


def reported(act: Callable[[Line, TestDevice, httpx.Client], UUID]) -> Probe:
    """What the verification's report says of what an honest device sends, and of what is sent here."""

    def probe(ground: Ground) -> Seen:
        line = ground.line
        honest, device = line.device(), line.device()
        with line.client(honest.token) as client:
            control = line.reported(captured(client, honest, "a.jpg", photo()))
        with line.client(device.token) as client:
            return Seen(control, line.reported(act(line, device, client)))

    return probe


def answered(act: Callable[[Line, TestDevice, httpx.Client], frozenset[str]]) -> Probe:
    """What the API answers to an honest declaration, and to what is sent here."""

    def probe(ground: Ground) -> Seen:
        line = ground.line
        device = line.device()
        with line.client(device.token) as client:
            control = slug_of(declared(client, device, device.manifest({"a.jpg": b"x"})))
            return Seen(control, act(line, device, client))

    return probe


def slug_of(answer: httpx.Response) -> frozenset[str]:
    """The slug of a refusal; none where the server did what it was asked."""
    return frozenset({answer.json()["slug"]}) if answer.is_error else frozenset()


def postdated(_: Line, device: TestDevice, client: httpx.Client) -> UUID:
    """A capture that says to be of tomorrow."""
    later = rfc3339(utc_now() + timedelta(days=1))
    clock = {"source": "ntp", "offset_ms": 0, "uncertainty_ms": 10, "synced_at": later}
    place = {**HOME, "fix_at": later}
    return captured(client, device, "a.jpg", photo(), captured_at=later, clock=clock, loc=place)


def quoted(change: Callable[[Checkpoint], Checkpoint]) -> Probe:
    """Two captures that quote a checkpoint: the newest one of the log, and one that it never had."""

    def probe(ground: Ground) -> Seen:
        line = ground.line
        with line.store.begin() as tx:
            seen = parse_checkpoint((tx.custody.latest_checkpoint() or "").partition("\n\n")[0] + "\n")

        def found(checkpoint: Checkpoint) -> frozenset[str]:
            device = line.device()
            anchor = {"origin": checkpoint.origin, "size": checkpoint.size, "root": encode64(checkpoint.root)}
            with line.client(device.token) as client:
                return line.reported(captured(client, device, "a.jpg", photo(), anchor=anchor))

        return Seen(found(seen), found(change(seen)))

    return probe


def of_another_history(seen: Checkpoint) -> Checkpoint:
    """The same number of entries under another root."""
    return seen.model_copy(update={"root": bytes(32)})


def to_come(seen: Checkpoint) -> Checkpoint:
    """More entries than there are."""
    return seen.model_copy(update={"size": seen.size + 1_000_000})


def replayed_elsewhere(line: Line, device: TestDevice, client: httpx.Client) -> frozenset[str]:
    """A manifest is sent twice, which is one declaration; then by another device, under its own token."""
    manifest = device.manifest({"b.jpg": b"y"})
    first, again = (declared(client, device, manifest) for _ in range(2))
    assert first.json()["manifest_id"] == again.json()["manifest_id"]
    with line.client(line.device().token) as other:
        return slug_of(declared(other, device, manifest))


def gap(_: Line, device: TestDevice, client: httpx.Client) -> UUID:
    """The first capture is never handed in, the second is."""
    device.manifest({"a.jpg": b"never sent"})
    return captured(client, device, "b.jpg", photo())


def fork(_: Line, device: TestDevice, client: httpx.Client) -> UUID:
    """A copy of the key signs another capture under the number that is used."""
    before = device.prev
    captured(client, device, "a.jpg", photo())
    device.seq, device.prev = device.seq - 1, before
    return captured(client, device, "b.jpg", photo(640))


def clock_back(_: Line, device: TestDevice, client: httpx.Client) -> UUID:
    """Within one boot both clocks of the device are two hours earlier than before."""
    captured(client, device, "a.jpg", photo(), mono_ms=3 * 3_600_000)
    earlier = rfc3339(utc_now() - timedelta(hours=2))
    return captured(client, device, "b.jpg", photo(640), captured_at=earlier, mono_ms=3_600_000)


def mocked(_: Line, device: TestDevice, client: httpx.Client) -> UUID:
    """The place comes from a mock provider."""
    return captured(
        client, device, "a.jpg", photo(), loc={**HOME, "mock": True, "fix_at": rfc3339(utc_now())}
    )


def teleported(_: Line, device: TestDevice, client: httpx.Client) -> UUID:
    """Three hundred kilometres within a minute."""
    captured(client, device, "a.jpg", photo())
    there = {**HOME, "lat_e7": HOME["lat_e7"] + FAR_E7, "fix_at": rfc3339(utc_now())}
    return captured(client, device, "b.jpg", photo(640), loc=there)


def generated(_: Line, device: TestDevice, client: httpx.Client) -> UUID:
    """A picture that no camera took, signed by an honest device that was held before it."""
    return captured(client, device, "a.jpg", coded(scene(uuid4().int % 10_000)))


def trimmed(payload: bytes) -> bytes:
    """Without its end."""
    return payload[:-9]


def stripped(payload: bytes) -> bytes:
    """The same picture saved anew, without its metadata."""
    out = io.BytesIO()
    Image.open(io.BytesIO(payload)).save(out, "JPEG", quality=60)
    return out.getvalue()


def other_bytes(change: Callable[[bytes], bytes]) -> Callable[[Line, TestDevice, httpx.Client], UUID]:
    """What is handed in is not what the manifest was signed over."""

    def send(_: Line, device: TestDevice, client: httpx.Client) -> UUID:
        whole = jpeg()
        manifest = device.manifest({"a.jpg": whole})
        declared(client, device, manifest)
        names = {"filename": "a.jpg", "manifest": sha256_hex(manifest), "sha256": sha256_hex(whole)}
        return sent(client, change(whole), **names)

    return send


def reused(ground: Ground) -> Seen:
    """A picture of one case, smaller, captioned and saved anew, is handed in to another: what its reader is shown."""
    line, bureau = ground.line, ground.line.bureau
    number = uuid4().int % 10_000
    first, second = bureau.open(), bureau.open()
    device = line.device()

    def send(payload: bytes, case: str, days: int) -> UUID:
        at = rfc3339(utc_now() - timedelta(days=days))
        with line.client(device.token) as client:
            ident = captured(client, device, "p.jpg", payload, captured_at=at, context={"case": case})
        line.reported(ident)
        return ident

    def shown(ident: UUID) -> frozenset[str]:
        with line.store.begin() as tx:
            found = tx.likenesses.of_recording(bureau.head, tx.recordings.get(bureau.head, ident))
        return frozenset() if found is None else frozenset(one.likeness.value for one in found.others)

    control = shown(send(coded(scene(number)), first.number, 2))
    again = coded(captioned(scene(number)).resize((200, 150)), quality=30)
    return Seen(control, shown(send(again, second.number, 0)))


def after_revocation(line: Line, device: TestDevice, _: httpx.Client) -> frozenset[str]:
    """What a revoked key signed is brought by an account of its agency."""
    token, _actor = make_account(line.store, device.actor.agency_id, Role.OFFICER)
    manifest = device.manifest({"b.jpg": b"y"})
    with line.store.begin() as tx:
        tx.devices.revoke(line.custodian, device.id, LOST)
    with line.client(token) as officer:
        return slug_of(declared(officer, device, manifest))


def algorithm_confused(_: Line, device: TestDevice, client: httpx.Client) -> frozenset[str]:
    """Signed by nothing; by HMAC under the public key; by Ed25519 under a key of P-256: all are refused alike."""
    signers: dict[str, Callable[[bytes], bytes]] = {
        "none": lambda _: b"",
        "HS256": lambda body: _hmac(device, body),
        "EdDSA": lambda body: Ed25519PrivateKey.generate().sign(body),
    }
    found = []
    for alg, sign in signers.items():
        manifest = device.manifest({f"{alg}.jpg": b"y"})
        head = _url({"alg": alg, "kid": device.kid, "typ": MANIFEST_TYP})
        made = f"{head}..{_b64(sign(f'{head}.{_b64(manifest)}'.encode()))}"
        found.append(slug_of(declared(client, device, manifest, **{"Quancheng-Signature": made})))
    return frozenset.intersection(*found)


def _hmac(device: TestDevice, body: bytes) -> bytes:
    numbers = device.key.public_key().public_numbers()
    mac = hmac.HMAC(numbers.x.to_bytes(32, "big"), hashes.SHA256())
    mac.update(body)
    return mac.finalize()


def _url(members: dict[str, str]) -> str:
    return _b64(json.dumps(members, separators=(",", ":")).encode())


def _b64(payload: bytes) -> str:
    return base64.urlsafe_b64encode(payload).rstrip(b"=").decode()


def ambiguous(_: Line, device: TestDevice, client: httpx.Client) -> frozenset[str]:
    """Every bad manifest of the published vectors that breaks a rule of its form: each is refused by its own rule."""
    rules = {one.slug for one in RULES}
    listed = json.loads((VECTORS / "index.json").read_bytes())["vectors"]
    expected: dict[str, Any] = {one["name"]: one["expected"] for one in listed if one["expected"] in rules}
    for name, slug in expected.items():
        answer = declared(client, device, (VECTORS / f"{name}.manifest").read_bytes())
        assert slug_of(answer) == {slug}, (name, answer.text)
    return frozenset(expected.values())


def retried(line: Line, _: TestDevice, __: httpx.Client) -> frozenset[str]:
    """A request is repeated under its key, which opens no second case; then the key is used for another request."""
    token = line.bureau.tokens[line.bureau.handler.id]
    key = {"Idempotency-Key": f'"{uuid4()}"'}
    wish = {"number": f"重-{uuid4().hex[:8]}", "party": "某店", "matter": "占道", "place": "路口"}
    with line.client(token) as client:
        first, again = (client.post("/v1/cases", json=wish, headers=key) for _ in range(2))
        assert first.json()["id"] == again.json()["id"]
        return slug_of(client.post("/v1/cases", json={**wish, "party": "另一店"}, headers=key))
