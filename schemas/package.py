"""The package of a case: a BagIt bag (RFC 8493) in one canonical container.

Three tiers of proof need three sets of tools: `sha256sum -c` for the bytes, openssl for signatures, our own
command or any C2SP tool for the log. The bag alone is unsigned, so `package.note` signs the digest of the tag
manifest, which covers every other file:

    VERIFY.md  bag-info.txt  bagit.txt          what this is, how to check it, and how much is in it
    data/index.json                             which file belongs to what; an order of files, nothing is said by it
    data/originals/<recording>/<name>           the bytes as received
    data/derivatives/<recording>/<name>         thumbnails and frames; never evidence themselves
    data/manifests/<sha256>.json, .jws          what the device declared and signed, verbatim
    data/monitoring/<record>.json, .path.json   rows of fixed equipment as kept, and the path of each to its batch
    data/intakes/<sha256>.json, .sig            what the server signed when their batch arrived
    data/reviews/<review>.json                  what the case rested on when a round began
    keys/<kid>.json                             device key, with the registry's signature
    log/leaves.jsonl, openings.jsonl            the leaves of every chain, and what opens their commitments
    log/chains.txt, hidden.txt                  how far each chain goes, and what is not shown: bound by export:request
    log/checkpoint, <digest>.tlog-proof         the signed tree, and where each leaf stands in it
    log/tiles.txt                               the end of the tree: proves it against checkpoints kept elsewhere
    log/catalogue.json, leaf.schema.json        the rules in force
    manifest-sha256.txt, tagmanifest-sha256.txt, package.note

Whatever a package says stands in a leaf, in an opening of one, or in a document whose digest a leaf holds.
"""

import unicodedata
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from schemas.base import HexDigest, Sha256Hex, WireIn
from schemas.canonical import canonical_bytes, parse_canonical
from schemas.container import Member, is_safe_part
from schemas.digest import sha256_hex
from schemas.errors import ManifestInvalid
from schemas.note import sign_note
from schemas.package_guide import GUIDE
from schemas.reference import CaseReference, Reference, ident_of
from schemas.refusals_export import INDEX_INVALID

INDEX = "data/index.json"
LEAVES = "log/leaves.jsonl"
OPENINGS = "log/openings.jsonl"
CHAINS = "log/chains.txt"
HIDDEN = "log/hidden.txt"
CHECKPOINT = "log/checkpoint"
CATALOGUE = "log/catalogue.json"
SCHEMA = "log/leaf.schema.json"
TREE = "log/tiles.txt"
"""Packages of before have none; then nothing is proven by it."""

GUIDE_NAME = "VERIFY.md"
BAGIT = "bagit.txt"
BAG_INFO = "bag-info.txt"
MANIFEST = "manifest-sha256.txt"
TAG_MANIFEST = "tagmanifest-sha256.txt"
NOTE = "package.note"

LOG_FILES = (LEAVES, OPENINGS, CHAINS, HIDDEN, CHECKPOINT, CATALOGUE, SCHEMA)
BAGIT_TEXT = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
MAX_FILENAME_CHARACTERS = 80
UNNAMED = "recording"
"""What an original is called whose name is not shown."""

MAX_TEXT_FILE_BYTES = 256 * 1024 * 1024
"""Longest file of a package that is read into memory: the leaves and openings of a huge case."""


class FileRole(StrEnum):
    """What a file is to the thing it belongs to."""

    ORIGINAL = "original"
    DERIVATIVE = "derivative"
    MANIFEST = "manifest"
    MANIFEST_SIGNATURE = "manifest-signature"
    KEY = "key"
    ROW = "row"
    ROW_PATH = "row-path"
    INTAKE = "intake"
    INTAKE_SIGNATURE = "intake-signature"
    EVIDENCE = "evidence"


class IndexedFile(WireIn):
    """A file, and to which thing it belongs as what."""

    file: str
    of: Reference
    role: FileRole


class PackageIndex(WireIn):
    """`data/index.json`: where to look for what. It finds files; it proves nothing and nothing is printed from it."""

    typ: Literal["quancheng-export"] = "quancheng-export"
    v: Literal[2] = 2
    case: CaseReference
    export: Reference
    request: Sha256Hex
    files: list[IndexedFile]


class RowPath(WireIn):
    """`data/monitoring/<record>.path.json`: where a row stands in its batch, from 0, and what leads to the root."""

    intake: Reference
    position: Annotated[int, Field(ge=0)]
    salt: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    path: list[Sha256Hex]


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed(Member):
    """A file of a package and its digest; `payload` holds small files, large ones are streamed."""

    sha256: HexDigest
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
    """Return the RFC 8785 bytes of the index, its files by name."""
    files = sorted(index.files, key=lambda one: one.file.encode())
    return canonical_bytes(index.model_copy(update={"files": files}).model_dump(mode="json"))


def parse_index(payload: bytes) -> PackageIndex:
    """Parse `data/index.json`; nothing but the bytes `index_bytes` makes is an index.

    Raises:
        Invalid: slug `index-invalid`.
    """
    try:
        index = PackageIndex.model_validate(parse_canonical(payload))
    except (ValidationError, ManifestInvalid) as err:
        raise INDEX_INVALID("the bytes are not an index of a package") from err
    if index_bytes(index) != payload or len({one.file for one in index.files}) != len(index.files):
        raise INDEX_INVALID("the index says more or less than one, or a file twice")
    return index


def path_bytes(path: RowPath) -> bytes:
    """Return the bytes of a row's path."""
    return canonical_bytes(path.model_dump(mode="json"))


def parse_path(payload: bytes) -> RowPath:
    """Parse a row's path; nothing but the bytes `path_bytes` makes is one.

    Raises:
        Invalid: slug `index-invalid`.
    """
    try:
        path = RowPath.model_validate(parse_canonical(payload))
    except (ValidationError, ManifestInvalid) as err:
        raise INDEX_INVALID("the bytes are not the path of a row") from err
    return path


def package_name(number: str, day: date) -> str:
    """Return what a package is called where it is kept: the number of its case, and the day on which it was ordered."""
    return f"{package_stem(number)}-{day:%Y-%m-%d}.zip"


def package_stem(number: str) -> str:
    """Return a case number as a file name or a folder can carry it."""
    return safe_filename(number, most=MAX_FILENAME_CHARACTERS - len("-2026-01-01.zip"))


def original_name(recording: str, filename: str) -> str:
    """Return the path of a recording's bytes."""
    return f"data/originals/{ident_of(recording)}/{safe_filename(filename)}"


def derivative_name(recording: str, kind: str, media_type: str) -> str:
    """Return the path of a derivative's bytes."""
    suffix = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}.get(media_type, "bin")
    return f"data/derivatives/{ident_of(recording)}/{safe_filename(kind)}.{suffix}"


def manifest_names(sha256: str) -> tuple[str, str]:
    """Return the paths of a capture manifest and of its signature."""
    return f"data/manifests/{sha256}.json", f"data/manifests/{sha256}.jws"


def intake_names(sha256: str) -> tuple[str, str]:
    """Return the paths of an intake's manifest and of its signature."""
    return f"data/intakes/{sha256}.json", f"data/intakes/{sha256}.sig"


def row_names(record: str) -> tuple[str, str]:
    """Return the paths of a record's row and of its path."""
    return f"data/monitoring/{ident_of(record)}.json", f"data/monitoring/{ident_of(record)}.path.json"


def evidence_name(review: str) -> str:
    """Return the path of what a round rested on."""
    return f"data/reviews/{ident_of(review)}.json"


def key_name(kid: str) -> str:
    """Return the path of a device key; a thumbprint is base64url and so a safe name."""
    return f"keys/{kid}.json"


def proof_name(digest: str) -> str:
    """Return the path of a leaf's proof file."""
    return f"log/{digest}.tlog-proof"


def safe_filename(filename: str, *, most: int = MAX_FILENAME_CHARACTERS) -> str:
    """Return a name of at most so many characters that every file system can hold and that still reads like `filename`."""
    text = unicodedata.normalize("NFC", filename)
    text = "".join(c if c == "." or is_safe_part(f"a{c}a") else "_" for c in text)
    stem, dot, suffix = text.rpartition(".")
    kept = most - len(suffix) - len(dot)
    short = f"{stem[:kept]}{dot}{suffix}" if dot and kept > 0 else text[:most]
    name = unicodedata.normalize("NFC", short.strip(" .") or UNNAMED)
    return name if is_safe_part(name) else f"_{name}"


def export_key_name(log_origin: str) -> str:
    """Return the name under which the export key signs and is published, `…/export`."""
    return f"{log_origin}/export"


def note_text(index: PackageIndex, tag_manifest_sha256: HexDigest) -> str:
    """Return the text the export key signs: which case, which request, and the digest of all files."""
    return (
        "quancheng export package v2\n"
        f"{index.case}\n"
        f"{index.export}\n"
        f"request {index.request}\n"
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
        f"External-Identifier: {index.export}\n"
        f"Payload-Oxum: {octets}.{len(payload)}\n"
    ).encode()


def complete(
    index: PackageIndex, given: Sequence[Packed], *, signer: str, seed: bytes
) -> tuple[list[Packed], HexDigest]:
    """Add index, bag files and signature to the files of a case; return all, sorted, and the digest signed.

    Args:
        index: Which file belongs to what.
        given: Originals, derivatives, documents, keys and log files.
        signer: Name of the export key (`export_key_name`).
        seed: Ed25519 seed of the export key, 32 bytes.
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
