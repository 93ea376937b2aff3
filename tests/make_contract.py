"""Write everything in `mobile_contract/` that is derived from code: `python -m tests.make_contract`.

Keys and times are fixed, signatures are deterministic (RFC 6979): two runs give the same bytes, and a test
compares what is committed with what this program would write.
"""

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import rfc8785
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from api.app import openapi_document
from api.problems import status_of
from schemas.draw import draw, population_root, sample_size, seed_of
from schemas.errors import AnyRefusal
from schemas.jws import b64url, b64url_bytes, public_jwk, sign_detached, thumbprint
from schemas.manifest import (
    MANIFEST_TYP,
    Anchor,
    CaptureDevice,
    CaptureManifest,
    Clock,
    Context,
    Datum,
    Location,
    ManifestFile,
    build_manifest,
    manifest_schema,
)
from schemas.refusals import ANSWERED
from tests.make_leaves import leaf_contract
from tests.make_rows import batches

ROOT = Path(__file__).resolve().parent.parent / "mobile_contract"

# TEST KEYS. Published here, so worthless: no registry may ever hold them.
TEST_KEY = ec.derive_private_key(0x7E57_0001_7E57_0001_7E57_0001_7E57_0001, ec.SECP256R1())
OTHER_KEY = ec.derive_private_key(0x7E57_0002_7E57_0002_7E57_0002_7E57_0002, ec.SECP256R1())
TEST_JWK = public_jwk(TEST_KEY.public_key())
TEST_KID = thumbprint(TEST_JWK)
CHALLENGE = "c0" * 32
AT = datetime(2026, 3, 2, 1, 30, 0, tzinfo=UTC)
VALID = "valid"


class Vector(NamedTuple):
    """Bytes, their detached signature, and what a verifier must answer: `valid` or a slug."""

    name: str
    expected: str
    note: str
    payload: bytes
    signature: str


def valid_manifest() -> CaptureManifest:
    """Return the one manifest every vector is derived from."""
    return CaptureManifest(
        device=CaptureDevice(
            id="0198f0a0-0000-7000-8000-000000000001",
            kid=TEST_KID,
            model="test recorder",
            fw="1.0.0",
            app_id="cn.example.recorder",
            app_ver="2.1",
        ),
        seq=1,
        prev=CHALLENGE,
        boot_id="3f6f0a52-9d0e-4c0a-9a55-3a4b8a1f0c11",
        mono_ms=86_400_123,
        captured_at=AT,
        clock=Clock(source="server", offset_ms=-420, uncertainty_ms=35, synced_at=AT),
        anchor=Anchor(origin="quancheng.local/log", size=17, root=base64.b64encode(b"\1" * 32).decode()),
        loc=Location(
            lat_e7=333_380_000,
            lon_e7=1_201_540_000,
            acc_cm=450,
            crs=Datum.WGS84,
            src="gnss",
            mock=False,
            fix_at=AT,
        ),
        officers=("10320001001", "10320001002"),
        context=Context(case="示城管立字〔2026〕第001号", stage="现场检查"),
        files=(
            ManifestFile(
                name="现场-0001.jpg",
                role="original",
                media_type="image/jpeg",
                size=2_190_194,
                sha256="ab" * 32,
                w=4608,
                h=1976,
            ),
        ),
    )


def vectors() -> Iterator[Vector]:
    """Yield the valid manifest, then one vector per broken rule."""
    payload = build_manifest(valid_manifest())
    yield Vector(VALID, VALID, "every rule holds", payload, _signed(payload))
    for name, expected, note, change in _VALUES:
        value = json.loads(payload)
        change(value)
        changed = rfc8785.dumps(value)
        yield Vector(name, expected, note, changed, _signed(changed))
    for name, expected, note, rewrite in _BYTES:
        changed = rewrite(payload)
        yield Vector(name, expected, note, changed, _signed(changed))
    for name, note, sign in _SIGNATURES:
        yield Vector(name, "signature-invalid", note, payload, sign(payload))


def _signed(payload: bytes) -> str:
    return sign_detached(payload, TEST_KEY, kid=TEST_KID, typ=MANIFEST_TYP)


def _put(path: str, value: object) -> Callable[[dict[str, Any]], None]:
    def change(manifest: dict[str, Any]) -> None:
        *steps, last = (int(step) if step.isdigit() else step for step in path.split("."))
        place: Any = manifest
        for step in steps:
            place = place[step]
        place[last] = value

    return change


def _drop(path: str) -> Callable[[dict[str, Any]], None]:
    def change(manifest: dict[str, Any]) -> None:
        *steps, last = path.split(".")
        place: Any = manifest
        for step in steps:
            place = place[step]
        del place[last]

    return change


def _same_file_twice(manifest: dict[str, Any]) -> None:
    manifest["files"].append({**manifest["files"][0], "name": manifest["files"][0]["name"].upper()})


_MISSING, _UNKNOWN, _INVALID = "manifest-field-missing", "manifest-field-unknown", "manifest-field-invalid"

_VALUES: tuple[tuple[str, str, str, Callable[[dict[str, Any]], None]], ...] = (
    ("typ-missing", _MISSING, "not recognisable as a manifest", _drop("typ")),
    ("typ-wrong", _INVALID, "another kind of document", _put("typ", "quancheng-device-registration")),
    ("version-two", _INVALID, "a version this reader does not know", _put("v", 2)),
    ("version-true", _INVALID, "true is not 1", _put("v", True)),
    ("device-missing", _MISSING, "which key signs is not said", _drop("device")),
    ("kid-short", _INVALID, "kid is a thumbprint of 43 characters", _put("device.kid", "abc")),
    ("seq-zero", _INVALID, "the sequence starts at 1", _put("seq", 0)),
    ("seq-text", _INVALID, "a number in quotes is text", _put("seq", "1")),
    ("prev-short", _INVALID, "prev is 64 hexadecimal digits", _put("prev", "c0" * 31)),
    ("time-without-z", _INVALID, "local time without zone", _put("captured_at", "2026-03-02T09:30:00.000")),
    (
        "time-offset",
        _INVALID,
        "times end in Z, +08:00 is refused",
        _put("captured_at", "2026-03-02T09:30:00+08:00"),
    ),
    ("time-impossible", _INVALID, "30 February", _put("captured_at", "2026-02-30T01:30:00.000Z")),
    ("time-number", _INVALID, "seconds since 1970 are not a time here", _put("captured_at", 1_772_415_000)),
    ("mono-negative", _INVALID, "time since boot is not negative", _put("mono_ms", -1)),
    ("clock-missing", _MISSING, "how good the clock is must be said", _drop("clock")),
    ("lat-out-of-range", _INVALID, "more than 90 degrees", _put("loc.lat_e7", 900_000_001)),
    ("lon-out-of-range", _INVALID, "more than 180 degrees", _put("loc.lon_e7", -1_800_000_001)),
    ("datum-unknown", _INVALID, "the datum must be one of four", _put("loc.crs", "EPSG:4326")),
    ("mock-number", _INVALID, "mock is true or false", _put("loc.mock", 0)),
    ("officers-missing", _MISSING, "the list may be empty, not absent", _drop("officers")),
    (
        "exception-without-article",
        _MISSING,
        "an exception cites its article",
        _put("exception", {"reason": "夜间"}),
    ),
    ("files-empty", _INVALID, "a capture has at least one file", _put("files", [])),
    ("files-same-name", _INVALID, "names differ in more than case", _same_file_twice),
    ("file-name-path", _INVALID, "a name is not a path", _put("files.0.name", "../key.pem")),
    ("size-negative", _INVALID, "a size is not negative", _put("files.0.size", -1)),
    ("sha256-upper-case", _INVALID, "digests are lower-case", _put("files.0.sha256", "AB" * 32)),
    (
        "sha256-missing",
        _MISSING,
        "a file without digest proves nothing",
        lambda m: m["files"][0].pop("sha256"),
    ),
    ("field-unknown", _UNKNOWN, "extensions belong in ext", _put("colour", "blue")),
    ("file-field-unknown", _UNKNOWN, "the same inside a file", _put("files.0.md5", "00" * 16)),
    (
        "crit-unknown",
        "manifest-crit-unknown",
        "a critical extension not understood here",
        _put("crit", ["x-blur"]),
    ),
    ("float", "manifest-float", "integers in scaled units only", _put("ext", {"altitude": 12.5})),
    ("null", "manifest-null", "absent fields are left out", _put("anchor", None)),
    ("key-not-ascii", "manifest-not-canonical", "keys are ASCII", _put("ext", {"备注": "x"})),
)


def _spaced(payload: bytes) -> bytes:
    return json.dumps(json.loads(payload), ensure_ascii=False, sort_keys=True).encode()


def _unsorted(payload: bytes) -> bytes:
    reverse = dict(sorted(json.loads(payload).items(), reverse=True))
    return json.dumps(reverse, ensure_ascii=False, separators=(",", ":")).encode()


def _escaped(payload: bytes) -> bytes:
    return json.dumps(json.loads(payload), ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode()


def _padded(payload: bytes) -> bytes:
    return rfc8785.dumps({**json.loads(payload), "ext": {"pad": "x" * 70 * 1024}})


_BYTES: tuple[tuple[str, str, str, Callable[[bytes], bytes]], ...] = (
    ("empty", "manifest-not-json", "no bytes at all", lambda _: b""),
    ("truncated", "manifest-not-json", "the last byte is missing", lambda p: p[:-1]),
    ("byte-order-mark", "manifest-not-json", "UTF-8 without a mark", lambda p: b"\xef\xbb\xbf" + p),
    ("not-utf8", "manifest-not-json", "GB 18030 bytes", lambda p: p.decode().encode("gb18030")),
    ("top-array", "manifest-not-json", "an object stands at the top", lambda p: b"[" + p + b"]"),
    (
        "duplicate-key",
        "manifest-duplicate-key",
        "two readers would see two values",
        lambda p: b'{"seq":9,' + p[1:],
    ),
    (
        "integer-range",
        "manifest-integer-range",
        "2^53 does not fit a double",
        lambda p: p.replace(b'"mono_ms":86400123', b'"mono_ms":9007199254740992'),
    ),
    (
        "exponent",
        "manifest-float",
        "1e3 is a float",
        lambda p: p.replace(b'"mono_ms":86400123', b'"mono_ms":1e3'),
    ),
    (
        "nan",
        "manifest-float",
        "NaN is not JSON",
        lambda p: p.replace(b'"mono_ms":86400123', b'"mono_ms":NaN'),
    ),
    ("not-canonical-spaces", "manifest-not-canonical", "a space after each comma", _spaced),
    ("not-canonical-order", "manifest-not-canonical", "keys in reverse order", _unsorted),
    ("not-canonical-escapes", "manifest-not-canonical", "Chinese text as \\u escapes", _escaped),
    ("not-canonical-newline", "manifest-not-canonical", "a newline at the end", lambda p: p + b"\n"),
    ("too-large", "manifest-too-large", "70 KiB of padding", _padded),
)


def _with_header(members: Mapping[str, Any]) -> Callable[[bytes], str]:
    """Sign correctly under a header that must be refused whatever its signature says."""

    def sign(payload: bytes) -> str:
        header = b64url(json.dumps(dict(members), separators=(",", ":")).encode())
        der = TEST_KEY.sign(f"{header}.{b64url(payload)}".encode(), _ecdsa())
        return f"{header}..{b64url(_raw(der))}"

    return sign


def _ecdsa() -> ec.ECDSA:
    return ec.ECDSA(hashes.SHA256(), deterministic_signing=True)


def _raw(der: bytes) -> bytes:
    return b"".join(number.to_bytes(32, "big") for number in decode_dss_signature(der))


def _flipped(payload: bytes) -> str:
    header, _, signature = _signed(payload).split(".")
    raw = bytearray(b64url_bytes(signature))
    raw[40] ^= 1
    return f"{header}..{b64url(bytes(raw))}"


def _der(payload: bytes) -> str:
    header = _signed(payload).split(".")[0]
    return f"{header}..{b64url(TEST_KEY.sign(f'{header}.{b64url(payload)}'.encode(), _ecdsa()))}"


_GOOD = {"alg": "ES256", "kid": TEST_KID, "typ": MANIFEST_TYP}
_OTHER_KID = thumbprint(public_jwk(OTHER_KEY.public_key()))

_SIGNATURES: tuple[tuple[str, str, Callable[[bytes], str]], ...] = (
    ("signature-bit", "one bit of s flipped", _flipped),
    ("signature-der", "DER instead of the 64 bytes r||s", _der),
    ("signature-other-bytes", "made over other bytes", lambda p: _signed(p + b" ")),
    (
        "signature-other-key",
        "made by another key under this kid",
        lambda p: sign_detached(p, OTHER_KEY, kid=TEST_KID, typ=MANIFEST_TYP),
    ),
    ("signature-padded", "base64url carries no padding", lambda p: _signed(p) + "=="),
    (
        "signature-attached",
        "the payload must be detached",
        lambda p: _signed(p).replace("..", f".{b64url(p)}."),
    ),
    (
        "kid-other",
        "kid names another key",
        lambda p: sign_detached(p, OTHER_KEY, kid=_OTHER_KID, typ=MANIFEST_TYP),
    ),
    (
        "typ-other",
        "a signature made for enrolment",
        lambda p: sign_detached(p, TEST_KEY, kid=TEST_KID, typ="quancheng-enrol+jws"),
    ),
    ("alg-none", "no signature algorithm", _with_header({**_GOOD, "alg": "none"})),
    ("alg-hs256", "a symmetric algorithm with a public key", _with_header({**_GOOD, "alg": "HS256"})),
    ("alg-eddsa", "an algorithm of another kind of key", _with_header({**_GOOD, "alg": "EdDSA"})),
    ("header-jwk", "a header that brings its own key", _with_header({**_GOOD, "jwk": TEST_JWK})),
    ("header-crit", "a header with critical members", _with_header({**_GOOD, "crit": ["exp"], "exp": 1})),
    ("header-b64", "an unencoded payload (RFC 7797)", _with_header({**_GOOD, "b64": False, "crit": ["b64"]})),
    ("header-without-kid", "the key is not named", _with_header({"alg": "ES256", "typ": MANIFEST_TYP})),
)


def _published(refusal: AnyRefusal) -> dict[str, int | str]:
    words = {name: getattr(refusal, name) for name in ("zh", "en", "next_zh", "next_en")}
    return {"status": status_of(refusal), **words}


def contract() -> dict[str, bytes]:
    """Return every derived file: path below `mobile_contract/` → bytes."""
    made = {
        "openapi.json": _json(openapi_document()),
        "problems.json": _json(
            {"problems": {slug: _published(refusal) for slug, refusal in sorted(ANSWERED.items())}}
        ),
        "manifest.schema.json": _json(manifest_schema()),
        "vectors/keys.json": _json(_keys()),
    }
    index = []
    for vector in vectors():
        made[f"vectors/{vector.name}.manifest"] = vector.payload
        made[f"vectors/{vector.name}.jws"] = vector.signature.encode() + b"\n"
        index.append({"name": vector.name, "expected": vector.expected, "note": vector.note})
    made["vectors/index.json"] = _json({"vectors": index})
    made["vectors/draw.json"] = _json({"draws": draws(), "sizes": sizes()})
    made["vectors/rows.json"] = _json({"batches": batches()})
    return {**made, **leaf_contract()}


def draws() -> list[dict[str, Any]]:
    """Return populations with their public values, and what every implementation must draw from them."""
    uuids = [f"01a213b2-7d3a-7102-89f7-{number:012d}" for number in range(40)]
    made = []
    for name, population, size, values in (
        ("one of one", ["a"], 1, [b"7"]),
        ("all of three", ["b", "c", "a"], 3, [b"03 07 12"]),
        ("five of forty", uuids, 5, ["双色球 03 07 12 21 29 + 05".encode()]),
        ("two sources", uuids, 5, [b"03 07 12", bytes.fromhex("c0ffee")]),
        ("sources swapped", uuids, 5, [bytes.fromhex("c0ffee"), b"03 07 12"]),
        ("not ASCII", ["案卷-1", "案卷-2", "case-3", "é"], 2, [b"x"]),
    ):
        root = population_root(population)
        seed = seed_of(root, values)
        made.append(
            {
                "name": name,
                "population": population,
                "size": size,
                "values_hex": [value.hex() for value in values],
                "root": root.hex(),
                "seed": seed.hex(),
                "sample": list(draw(population, size, seed)),
            }
        )
    return made


def sizes() -> list[dict[str, int]]:
    """Return how many must be drawn to find at least one of the bad ones."""
    return [
        {
            "population": population,
            "defect_permille": defect,
            "confidence_permille": confidence,
            "size": sample_size(population, defect_permille=defect, confidence_permille=confidence),
        }
        for population in (1, 10, 1_000, 10_000, 1_000_000)
        for defect in (10, 20, 50, 100)
        for confidence in (900, 950, 990)
    ]


def _keys() -> dict[str, Any]:
    secret = b64url(TEST_KEY.private_numbers().private_value.to_bytes(32, "big"))
    return {
        "note": "test key, published and therefore worthless; never register it",
        "kid": TEST_KID,
        "public": TEST_JWK,
        "private": {**TEST_JWK, "d": secret},
    }


def _json(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode()


def kept() -> set[str]:
    """Return the vectors and pages that are there, as paths below `mobile_contract/`."""
    folders = (ROOT / "vectors", ROOT / "events")
    return {str(path.relative_to(ROOT)) for top in folders for path in top.rglob("*.*") if path.is_file()}


def main() -> None:
    """Write the files and remove vectors and pages that no longer exist."""
    made = contract()
    for path in kept():
        if path not in made:
            (ROOT / path).unlink()
    for name, payload in made.items():
        (ROOT / name).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / name).write_bytes(payload)


if __name__ == "__main__":
    main()
