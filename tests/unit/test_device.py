"""Registered devices, the registry's signature, and the reference device's own memory and senses."""

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import ValidationError

from mobile_contract.client.capture import (
    CaptureWish,
    look_at,
    manifest_for,
    media_type,
)
from mobile_contract.client.device import DeviceFolder, DeviceState, Pending
from schemas.canonical import parse_canonical
from schemas.device import (
    DeviceRegistration,
    is_timely,
    key_algs,
    registration_bytes,
    sign_registration,
    verify_registration,
)
from schemas.errors import Conflict, SignatureInvalid
from schemas.jws import b64url
from schemas.manifest import build_manifest, parse_manifest
from tests.make_contract import TEST_JWK, TEST_KID

SEED = bytes(range(32))
REGISTRY = Ed25519PrivateKey.from_private_bytes(SEED).public_key().public_bytes_raw()
AT = datetime(2026, 3, 1, tzinfo=UTC)


def registration(**update: object) -> DeviceRegistration:
    members = {
        "device_id": UUID(int=1),
        "kid": TEST_KID,
        "jwk": TEST_JWK,
        "agency_id": UUID(int=2),
        "model": "test recorder",
        "enrolled_at": AT,
        "challenge": "c0" * 32,
    }
    return DeviceRegistration.model_validate({**members, **update})


def state(**update: object) -> DeviceState:
    members = {
        "device_id": "d",
        "kid": TEST_KID,
        "agency_id": "a",
        "seq": 0,
        "prev": "c0" * 32,
        "clock_offset_ms": 5,
        "clock_uncertainty_ms": 1,
        "clock_synced_at": AT,
    }
    return DeviceState.model_validate({**members, **update})


def pending(seq: int, path: Path, sha256: str = "ab" * 32) -> Pending:
    return Pending(seq=seq, path=str(path), payload="{}", signature="a..b", sha256=sha256)


def test_registration_signature_round_trip():
    """What the registry signed verifies with its public key."""
    verify_registration(registration(), sign_registration(registration(), SEED), REGISTRY)


@pytest.mark.parametrize(
    "update",
    [
        {"device_id": UUID(int=9)},
        {"agency_id": UUID(int=9)},
        {"model": "other"},
        {"enrolled_at": AT + timedelta(days=1)},
        {"challenge": "00" * 32},
        {"revoked_at": AT + timedelta(days=1)},
    ],
)
def test_every_fact_of_a_registration_is_signed(update):
    """Changing any fact breaks the registry's signature."""
    with pytest.raises(SignatureInvalid):
        verify_registration(registration(**update), sign_registration(registration(), SEED), REGISTRY)


@pytest.mark.parametrize("signature", ["", "not base64!", "AAAA"])
def test_a_malformed_registry_signature_is_refused(signature):
    """No other exception leaks from the verifier."""
    with pytest.raises(SignatureInvalid):
        verify_registration(registration(), signature, REGISTRY)


def test_registration_bytes_are_canonical_and_leave_out_what_is_not_there():
    """The signed bytes follow the canonical profile; a key in force carries no revocation."""
    members = parse_canonical(registration_bytes(registration()))
    assert "revoked_at" not in members
    assert members["kid"] == TEST_KID


def test_a_registration_names_its_own_key():
    """kid must be the thumbprint of jwk, so a registration cannot be moved to another key."""
    with pytest.raises(ValidationError):
        registration(kid="A" * 43)


def test_a_key_is_in_force_from_enrolment_until_revocation():
    """The interval is half open."""
    revoked_at = AT + timedelta(days=1)
    one = registration(revoked_at=revoked_at)
    assert one.in_force(AT)
    assert one.in_force(revoked_at - timedelta(milliseconds=1))
    assert not one.in_force(revoked_at)
    assert not one.in_force(AT - timedelta(milliseconds=1))


def test_the_kind_of_key_decides_its_algorithms():
    """P-256 signs ES256 only, Ed25519 under its two names only, anything else is not registered."""
    assert key_algs(TEST_JWK) == {"ES256"}
    assert key_algs({"kty": "OKP", "crv": "Ed25519", "x": b64url(REGISTRY)}) == {"Ed25519", "EdDSA"}
    with pytest.raises(SignatureInvalid):
        key_algs({"kty": "RSA", "n": "AA", "e": "AQAB"})


def test_the_key_file_is_private(tmp_path):
    """Nobody else on the machine can read the device key."""
    folder = DeviceFolder(tmp_path)
    made = folder.new_key()
    assert stat.S_IMODE((tmp_path / "key.pem").stat().st_mode) == 0o600
    assert folder.key().private_numbers() == made.private_numbers()


def test_state_round_trip(tmp_path):
    """What was saved is loaded; before enrolment there is nothing."""
    folder = DeviceFolder(tmp_path)
    assert folder.load() is None
    saved = folder.save(state(pending=(pending(1, tmp_path),)))
    assert folder.load() == saved


def test_a_crash_before_the_rename_leaves_the_old_state(tmp_path):
    """A half-written new file beside the state changes nothing."""
    folder = DeviceFolder(tmp_path)
    saved = folder.save(state())
    (tmp_path / "state.json.new").write_text('{"seq": 99')
    assert folder.load() == saved


def test_two_programs_cannot_sign_with_one_device(tmp_path):
    """The second one is told that the device is busy instead of signing the same seq."""
    with DeviceFolder(tmp_path).locked(), pytest.raises(Conflict), DeviceFolder(tmp_path).locked():
        pass


def test_an_unfinished_capture_is_found_by_path_and_bytes(tmp_path):
    """The same file goes on; another file under the same name is a new capture."""
    one = state(pending=(pending(1, tmp_path / "a"), pending(2, tmp_path / "b")))
    assert one.find(tmp_path / "b", "ab" * 32).seq == 2
    assert one.find(tmp_path / "b", "00" * 32) is None
    assert [each.seq for each in one.without(one.pending[0]).pending] == [2]
    moved = one.with_pending(pending(1, tmp_path / "c"))
    assert sorted(each.path for each in moved.pending) == [str(tmp_path / "b"), str(tmp_path / "c")]


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\xff\xd8\xff\xe1", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\0\0\0\x18ftypheic", "image/heic"),
        (b"\0\0\0\x18ftypmp42", "video/mp4"),
        (b"\0\0\0\x18ftypqt  ", "video/quicktime"),
        (b"\x1aE\xdf\xa3", "video/webm"),
        (b'<?xml version="1.0"?><gpx>', "application/gpx+xml"),
        (b"hello.jpg", "application/octet-stream"),
        (b"", "application/octet-stream"),
    ],
)
def test_media_type_by_first_bytes(head, kind):
    """The name of a file never decides its kind."""
    assert media_type(head) == kind


TRACK = b"""<?xml version="1.0"?><gpx><trk><trkseg>
<trkpt lat="45.5" lon="-13.25"><time>2020-05-01T10:00:00Z</time></trkpt></trkseg></trk></gpx>"""


def test_a_file_becomes_a_manifest_that_parses(tmp_path):
    """Digest, size, kind, time and next sequence number of a real file end in valid signed bytes."""
    path = tmp_path / "轨迹.gpx"
    path.write_bytes(TRACK)
    seen = look_at(path)
    manifest = manifest_for(seen, CaptureWish(officers=("1", "2"), case="c-1"), state(seq=4))
    parsed = parse_manifest(build_manifest(manifest))
    assert parsed.seq == 5
    assert parsed.files[0].size == len(TRACK)
    assert parsed.captured_at == datetime(2020, 5, 1, 10, tzinfo=UTC)
    assert parsed.loc.src == "track"
    assert parsed.context.case == "c-1"
    assert parsed.clock.offset_ms == 5


def test_a_photo_takes_its_time_from_the_file_and_no_place(tmp_path):
    """Without a track the time of writing is said, with its source, and no place is invented."""
    path = tmp_path / "a.jpg"
    path.write_bytes(b"\xff\xd8\xff\xe0")
    manifest = manifest_for(look_at(path), CaptureWish(officers=()), state())
    assert manifest.loc is None
    assert manifest.ext == {"captured_at_from": "file-mtime"}
    assert abs(manifest.captured_at.timestamp() - path.stat().st_mtime) < 0.001


LEEWAY, LIFE = timedelta(minutes=5), timedelta(minutes=2)
INSTANT = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("issued", "lifetime", "not_before", "is_held"),
    [
        (-LIFE - LEEWAY, LIFE, -LIFE, True),
        (-LIFE - LEEWAY - INSTANT, LIFE, -LIFE, False),
        (LEEWAY, LIFE, LEEWAY, True),
        (LEEWAY + INSTANT, LIFE, timedelta(0), False),
        (timedelta(0), LIFE, LEEWAY, True),
        (timedelta(0), LIFE, LEEWAY + INSTANT, False),
        (timedelta(0), LEEWAY, timedelta(0), True),
        (timedelta(0), LEEWAY + INSTANT, timedelta(0), False),
        (timedelta(0), timedelta(0), timedelta(0), False),
    ],
)
def test_an_assertion_holds_from_nbf_to_exp(issued, lifetime, not_before, is_held):
    """Each end is moved by the clock tolerance and by nothing else; more than five minutes is no lifetime."""
    times = {"issued": AT + issued, "expires": AT + issued + lifetime, "not_before": AT + not_before}
    assert is_timely(AT, **times) is is_held
