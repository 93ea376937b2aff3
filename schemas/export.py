"""The export of a case, and the package it becomes: a BagIt bag (RFC 8493) in one canonical container.

Three tiers of proof need three sets of tools: `sha256sum -c` for the bytes, openssl for signatures, our own
command or any C2SP tool for the log. The bag alone is unsigned, so `package.note` signs the digest of the tag
manifest, which covers every other file:

    VERIFY.md  bag-info.txt  bagit.txt          what this is, how to check it, and how much is in it
    data/index.json                             what the case consists of, in RFC 8785 form
    data/originals/<recording>/<name>           the bytes as received
    data/derivatives/<recording>/<name>         thumbnails and frames; never evidence themselves
    data/manifests/<sha256>.json, .jws          what the device declared and signed, verbatim
    data/monitoring/<record>.json               rows of fixed equipment, as kept
    data/intakes/<sha256>.json, .sig            what the server signed when their batch arrived
    data/reviews/<review>.json                  what the case rested on when a round began
    keys/<kid>.json                             device key, with the registry's signature
    log/entries.jsonl, <entry>.tlog-proof, checkpoint
    manifest-sha256.txt, tagmanifest-sha256.txt, package.note
"""

import base64
import json
import unicodedata
import zlib
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError

from schemas.base import HexDigest, Sha256Hex, WireIn
from schemas.canonical import canonical_bytes, parse_canonical
from schemas.container import Member, is_safe_part
from schemas.digest import sha256_hex
from schemas.errors import ManifestInvalid
from schemas.event import Event
from schemas.export_desks import PackagedDesks
from schemas.integrity import CheckResult, Outcome, Severity
from schemas.note import sign_note
from schemas.package_guide import GUIDE
from schemas.refusals_export import ENTRIES_INVALID, EXPORT_NOT_READY, INDEX_INVALID
from schemas.step import Begin, Step, Steps

INDEX = "data/index.json"
ENTRIES = "log/entries.jsonl"
CHECKPOINT = "log/checkpoint"
GUIDE_NAME = "VERIFY.md"
BAGIT = "bagit.txt"
BAG_INFO = "bag-info.txt"
MANIFEST = "manifest-sha256.txt"
TAG_MANIFEST = "tagmanifest-sha256.txt"
NOTE = "package.note"

BAGIT_TEXT = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
MAX_FILENAME_CHARACTERS = 80
MAX_TEXT_FILE_BYTES = 256 * 1024 * 1024
"""Longest file of a package that is read into memory: the index and the log's entries of a huge case."""


class ExportState(StrEnum):
    """building → ready | failed."""

    BUILDING = "building"
    READY = "ready"
    FAILED = "failed"


class ExportStep(StrEnum):
    """What ends the building of a package."""

    BUILD = "build"
    FAIL = "fail"


STEPS: Steps[ExportStep, ExportState, None] = Steps(
    begins=(Begin(ExportState.BUILDING, Event.EXPORT_REQUEST, dated="created_at"),),
    refused=EXPORT_NOT_READY,
    rows=(
        Step(
            name=ExportStep.BUILD,
            starts=frozenset({ExportState.BUILDING}),
            end=ExportState.READY,
            event=Event.EXPORT_BUILD,
            dated="ready_at",
        ),
        Step(
            name=ExportStep.FAIL,
            starts=frozenset({ExportState.BUILDING}),
            end=ExportState.FAILED,
            event=Event.EXPORT_FAIL,
        ),
    ),
)
"""Nobody takes these steps by hand: the exporter ends what was asked for."""


class PackagedCheck(WireIn):
    """One check as it was recorded; a sentence for it stands in the catalogue under `code`."""

    name: str
    version: int
    outcome: Outcome
    severity: Severity
    code: str
    params: dict[str, Any] = Field(default_factory=dict)

    @classmethod
    def of(cls, check: CheckResult) -> Self:
        """Take over a check; parameters without a value are left out, null is not canonical."""
        params = {key: value for key, value in check.params.items() if value is not None}
        return cls(**check.model_dump(exclude={"params"}), params=params)

    @property
    def result(self) -> CheckResult:
        """The check as it was recorded.

        Raises:
            ValueError: it contradicts itself.
        """
        return CheckResult(**self.model_dump())


class PackagedDerivative(WireIn):
    """A derivative; `parent_sha256` is the digest of the recording it was made from."""

    file: str
    kind: str
    media_type: str
    tool: str
    size_bytes: int
    sha256: Sha256Hex
    parent_sha256: Sha256Hex


class PackagedManifest(WireIn):
    """Where a recording's manifest and its signature are; `file_index` is its place in the manifest."""

    file: str
    signature_file: str
    sha256: Sha256Hex
    state: Literal["declared", "refused"]
    file_index: int | None = None
    problem: str | None = None
    kid: str | None = None


class PackagedRecording(WireIn):
    """A recording. Times are RFC 3339 with milliseconds; sizes are bytes."""

    id: str
    state: Literal["received", "sealed", "quarantined"]
    verdict: Literal["verified", "doubtful", "mismatch", "not_checked"]
    file: str
    filename: str
    media_type: str
    size_bytes: int
    sha256: Sha256Hex
    sm3: Sha256Hex | None = None
    declared_sha256: HexDigest | None = None
    captured_at: str | None = None
    corrected_at: str | None = None
    received_at: str
    officers: list[str]
    device_id: str | None = None
    device_name: str | None = None
    place: dict[str, int | str] | None = None
    manifest: PackagedManifest | None = None
    checks: list[PackagedCheck]
    derivatives: list[PackagedDerivative]
    linked_at: str
    entries: list[str]


class PackagedCase(WireIn):
    """The case as it stood when the package was built."""

    id: str
    number: str
    agency: str
    party: str
    matter: str
    place: str
    state: str
    handlers: list[str]
    opened_at: str
    occurred_at: str | None = None


class PackageIndex(WireIn):
    """`data/index.json`: everything the package says, apart from the bytes."""

    typ: Literal["quancheng-export"] = "quancheng-export"
    v: Literal[1] = 1
    export_id: str
    requested_by: str
    created_at: str
    case: PackagedCase
    recordings: list[PackagedRecording]
    desks: PackagedDesks | None = None


class PackagedEntry(WireIn):
    """One line of `log/entries.jsonl`: a leaf of the log, verbatim, and its index."""

    entry_id: str
    index: Annotated[int, Field(ge=0)]
    leaf: str


class Packed(Member):
    """A file of a package and its digest; `payload` holds small files, large ones are streamed."""

    sha256: Sha256Hex
    payload: bytes | None = None


def packed(name: str, payload: bytes) -> Packed:
    """Return a file that is in memory."""
    return Packed(
        name=name,
        size_bytes=len(payload),
        crc32=zlib.crc32(payload),
        sha256=sha256_hex(payload),
        payload=payload,
    )


def index_bytes(index: PackageIndex) -> bytes:
    """Return the RFC 8785 bytes of the index.

    Raises:
        ManifestInvalid: a parameter of a check is outside the canonical profile.
    """
    return canonical_bytes(index.model_dump(mode="json", exclude_none=True))


def parse_index(payload: bytes) -> PackageIndex:
    """Parse `data/index.json`; nothing but the bytes `index_bytes` makes is an index.

    Raises:
        Invalid: slug `index-invalid`.
    """
    try:
        index = PackageIndex.model_validate(parse_canonical(payload))
    except (ValidationError, ManifestInvalid) as err:
        raise INDEX_INVALID("the bytes are not an index of a package") from err
    if index_bytes(index) != payload:
        raise INDEX_INVALID("the index says more or less than one")
    return index


def entries_bytes(leaves: Iterable[tuple[int, str, bytes]]) -> bytes:
    """Return `log/entries.jsonl` of (index, entry id, leaf bytes), in order of index."""
    lines = (
        canonical_bytes({"entry_id": entry_id, "index": at, "leaf": base64.b64encode(leaf).decode()})
        for at, entry_id, leaf in sorted(leaves)
    )
    return b"".join(line + b"\n" for line in lines)


def parse_entries(payload: bytes) -> list[tuple[int, str, bytes]]:
    """Parse `log/entries.jsonl`; indices must rise and every line must be canonical.

    Raises:
        Invalid: slug `entries-invalid`.
    """
    try:
        rows = [PackagedEntry.model_validate(json.loads(line)) for line in payload.splitlines()]
        found = [(row.index, row.entry_id, base64.b64decode(row.leaf, validate=True)) for row in rows]
    except (ValueError, RecursionError) as err:  # pydantic's, base64's and JSON's errors are ValueErrors
        raise ENTRIES_INVALID("the custody entries cannot be read") from err
    indices = [index for index, _, _ in found]
    if len(set(indices)) != len(indices) or entries_bytes(found) != payload:
        raise ENTRIES_INVALID("the custody entries are not in order and in canonical form")
    return found


def original_name(recording_id: str, filename: str) -> str:
    """Return the path of a recording's bytes."""
    return f"data/originals/{recording_id}/{safe_filename(filename)}"


def derivative_name(recording_id: str, kind: str, media_type: str) -> str:
    """Return the path of a derivative's bytes."""
    suffix = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}.get(media_type, "bin")
    return f"data/derivatives/{recording_id}/{safe_filename(kind)}.{suffix}"


def proof_name(entry_id: str) -> str:
    """Return the path of an entry's proof file."""
    return f"log/{entry_id}.tlog-proof"


def key_name(kid: str) -> str:
    """Return the path of a device key; a thumbprint is base64url and so a safe name."""
    return f"keys/{kid}.json"


def safe_filename(filename: str) -> str:
    """Return a name that every file system can hold and that still reads like `filename`."""
    text = unicodedata.normalize("NFC", filename)
    text = "".join(c if c == "." or is_safe_part(f"a{c}a") else "_" for c in text)
    stem, dot, suffix = text.rpartition(".")
    kept = MAX_FILENAME_CHARACTERS - len(suffix) - len(dot)
    short = f"{stem[:kept]}{dot}{suffix}" if dot and kept > 0 else text[:MAX_FILENAME_CHARACTERS]
    name = unicodedata.normalize("NFC", short.strip(" .") or "recording")
    return name if is_safe_part(name) else f"_{name}"


def export_key_name(log_origin: str) -> str:
    """Return the name under which the export key signs and is published, `…/export`."""
    return f"{log_origin}/export"


def note_text(index: PackageIndex, tag_manifest_sha256: HexDigest) -> str:
    """Return the text the export key signs: which case, which export, and the digest of all its files."""
    number = " ".join("".join(c if c.isprintable() else " " for c in index.case.number).split())
    return (
        "quancheng export package v1\n"
        f"case {index.case.id} {number}\n"
        f"export {index.export_id}\n"
        f"tagmanifest-sha256 {tag_manifest_sha256}\n"
    )


def digest_lines(files: Iterable[Packed]) -> bytes:
    """Return a BagIt manifest, which is also the input of `sha256sum -c`, sorted by name."""
    return b"".join(
        f"{file.sha256}  {file.name}\n".encode() for file in sorted(files, key=lambda f: f.name.encode())
    )


def bag_info(index: PackageIndex, payload: Sequence[Member]) -> bytes:
    """Return `bag-info.txt` (RFC 8493 section 2.2.2) of the payload under `data/`."""
    octets = sum(file.size_bytes for file in payload)
    return (
        f"Bag-Software-Agent: quancheng\n"
        f"Bagging-Date: {index.created_at[:10]}\n"
        f"External-Identifier: {index.export_id}\n"
        f"Payload-Oxum: {octets}.{len(payload)}\n"
    ).encode()


def complete(
    index: PackageIndex, given: Sequence[Packed], *, signer: str, seed: bytes
) -> tuple[list[Packed], HexDigest]:
    """Add index, bag files and signature to the files of a case; return all, sorted, and the digest signed.

    Args:
        index: What the package says.
        given: Originals, derivatives, manifests, keys and log files.
        signer: Name of the export key (`export_key_name`).
        seed: Ed25519 seed of the export key, 32 bytes.

    Raises:
        ManifestInvalid: the index is outside the canonical profile.
    """
    files = [*given, packed(INDEX, index_bytes(index))]
    payload = [file for file in files if file.name.startswith("data/")]
    files += [
        packed(GUIDE_NAME, GUIDE.encode()),
        packed(BAGIT, BAGIT_TEXT.encode()),
        packed(BAG_INFO, bag_info(index, payload)),
        packed(MANIFEST, digest_lines(payload)),
    ]
    tags = packed(TAG_MANIFEST, digest_lines(f for f in files if not f.name.startswith("data/")))
    note = sign_note(note_text(index, tags.sha256), signer, seed)
    files += [tags, packed(NOTE, note.encode())]
    return sorted(files, key=lambda file: file.name.encode()), tags.sha256


def registration_payload(registration: Mapping[str, Any], signature: str) -> bytes:
    """Return the bytes of `keys/<kid>.json`: the registry's statement and its signature."""
    return canonical_bytes({"registration": dict(registration), "signature": signature})
