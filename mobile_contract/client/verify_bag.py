"""Read a package: container, digests of every byte, and the bag's own lists. Nothing here needs a key."""

import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import BinaryIO

from mobile_contract.client.verify_report import Ledger
from schemas.base import HexDigest
from schemas.claim import ClaimFault, PackageClaim
from schemas.container import PlacedMember, read_container
from schemas.digest import CHUNK_BYTES, Hasher
from schemas.errors import Invalid
from schemas.package import (
    BAG_INFO,
    BAGIT,
    BAGIT_TEXT,
    CHAINS,
    HIDDEN,
    INDEX,
    LEAVES,
    MANIFEST,
    MAX_TEXT_FILE_BYTES,
    NOTE,
    OPENINGS,
    TAG_MANIFEST,
    TREE,
    FileRole,
    PackageIndex,
    Packed,
    bag_info,
    digest_lines,
    parse_index,
)
from schemas.package_lines import LeafLine, WithheldLine, parse_leaves
from schemas.refusals_custody import NOTE_MALFORMED

_LINE = re.compile(r"([0-9a-f]{64})  (.+)")
_STREAMED = ("data/originals/", "data/derivatives/")
_LONG = frozenset({INDEX, LEAVES, OPENINGS, CHAINS, HIDDEN, MANIFEST, TAG_MANIFEST, TREE})
_SM3 = b'"sm3":'
_PROOF = ".tlog-proof"
_LINE_BYTES = 67
"""Of a list, beside the name: 64 hex digits, two blanks, a newline."""

_LIST_SLACK_BYTES = 256 * 1024
"""A list that is off by less is read, and each of its files named."""

_INDEX_LINE_BYTES = 2048
_LEAF_LINE_BYTES = 512 * 1024
"""A leaf in base64, or all that opens it; each has a file with its proof."""
_MAX_SHORT_BYTES = 1024 * 1024
"""Manifests, proofs, keys and notes have a few kilobytes; what is longer is not read into memory."""


@dataclass
class Bag:
    """What was read: every file with its digest, SM3 of originals where a leaf states one, and the small files."""

    files: dict[str, Packed] = field(default_factory=dict)
    sm3: dict[str, str] = field(default_factory=dict)
    index: PackageIndex | None = None
    leaves: tuple[LeafLine, ...] = ()
    withheld: tuple[WithheldLine, ...] = ()
    leaves_fault: Invalid | None = None
    used: set[str] = field(default_factory=set)

    @cached_property
    def has_sm3(self) -> bool:
        """Whether a leaf states the SM3 of anything; asked for once the leaves are read."""
        return any(_SM3 in one.leaf for one in self.leaves)

    @property
    def places(self) -> set[tuple[int, str]]:
        """Index and digest of every leaf, shown or withheld."""
        return {(one.index, one.digest) for one in self.leaves} | {
            (one.index, one.digest) for one in self.withheld
        }

    def take(self, of: str, role: FileRole, *, sha256: str | None = None) -> Packed | None:
        """Return the file that belongs to a thing as this; of several, the one with this digest."""
        for name in self._indexed.get((of, role), ()):
            file = self.files.get(name)
            if file is not None and sha256 in (None, file.sha256):
                self.used.add(name)
                return file
        return None

    @cached_property
    def _indexed(self) -> dict[tuple[str, FileRole], list[str]]:
        found: dict[tuple[str, FileRole], list[str]] = {}
        for one in () if self.index is None else self.index.files:
            found.setdefault((one.of, one.role), []).append(one.file)
        return found

    def text(self, name: str) -> bytes:
        """Return a small file; empty when it is absent or too long, which other claims report."""
        file = self.files.get(name)
        return (file.payload or b"") if file else b""

    def pass_over(self, *things: str) -> None:
        """Note that the files of these things are accounted for, though nothing could be said of them."""
        for of in things:
            for role in FileRole:
                self.used |= {*self._indexed.get((of, role), ())}

    def decoded(self, name: str) -> str:
        """Return a small file as text.

        Raises:
            Invalid: not UTF-8.
        """
        try:
            return self.text(name).decode("utf-8")
        except UnicodeDecodeError as err:
            raise NOTE_MALFORMED(f"{name} is not UTF-8") from err

    @property
    def payload(self) -> list[Packed]:
        """The files under `data/`."""
        return [file for name, file in self.files.items() if name.startswith("data/")]


def read_bag(stream: BinaryIO, ledger: Ledger) -> Bag | None:
    """Read everything once and enter the claims about bytes; None when the container is broken."""
    try:
        members = read_container(lambda at, length: _read_at(stream, at, length), stream.seek(0, 2))
    except Invalid as err:
        name = str(err.facts.get("name", ""))
        detail = f"{err.detail} {name}".strip() + _place(err)
        ledger.fail(PackageClaim.CONTAINER, "container", ClaimFault.CONTAINER_BROKEN, detail=detail)
        return None
    ledger.hold(PackageClaim.CONTAINER, "container")
    if not _is_bounded(members, ledger):
        return None
    bag = Bag()
    broken = _digest_all(stream, members, bag)
    _enter_files(bag, broken, ledger)
    _enter_leaves(bag, ledger)
    _enter_index(bag, ledger)
    return bag


def _is_bounded(members: Sequence[PlacedMember], ledger: Ledger) -> bool:
    """Say whether what the package says of itself can be as long as it is; else nothing of it is read.

    The lists have a line for each file, so their length is known; index and leaves cannot be longer than what they name.
    """
    sizes = {member.name: member.size_bytes for member in members}
    proofs = sum(name.endswith(_PROOF) for name in sizes)
    lines = dict.fromkeys((True, False), 0)
    for name in sizes:
        lines[name.startswith("data/")] += _LINE_BYTES + len(name.encode())
    faults = [
        (PackageClaim.BAG, name, ClaimFault.BAG_MALFORMED)
        for name, expected in ((MANIFEST, lines[True]), (TAG_MANIFEST, lines[False]))
        if abs(sizes.get(name, 0) - expected) > _LIST_SLACK_BYTES
    ]
    if sizes.get(INDEX, 0) > _INDEX_LINE_BYTES * len(sizes):
        faults.append((PackageClaim.INDEX, INDEX, ClaimFault.INDEX_INVALID))
    faults += [
        (PackageClaim.LOG_INCLUSION, name, ClaimFault.ENTRIES_INVALID)
        for name in (LEAVES, OPENINGS, CHAINS, HIDDEN)
        if sizes.get(name, 0) > _LEAF_LINE_BYTES * (proofs + 1)
    ]
    for claim, subject, code in faults:
        ledger.fail(claim, subject, code, detail=f"{sizes.get(subject, 0)} bytes, {len(sizes)} files")
    return not faults


def _place(err: Invalid) -> str:
    return f" @ {err.facts['at']}" if "at" in err.facts else ""


def _read_at(stream: BinaryIO, at: int, length: int) -> bytes:
    stream.seek(at)
    return stream.read(length)


def _digest_all(stream: BinaryIO, members: tuple[PlacedMember, ...], bag: Bag) -> set[str]:
    """Digest every member; return the names of those that differ from their CRC-32."""
    broken = set()
    for member in sorted(members, key=lambda member: member.name != LEAVES):
        with_sm3 = member.name.startswith("data/originals/") and bag.has_sm3
        hasher, crc, kept = Hasher(with_sm3=with_sm3), 0, []
        is_kept = _is_text(member)
        for chunk in _chunks(stream, member):
            hasher.update(chunk)
            crc = zlib.crc32(chunk, crc)
            if is_kept:
                kept.append(chunk)
        if crc != member.crc32:
            broken.add(member.name)
        bag.files[member.name] = Packed(
            name=member.name,
            size_bytes=member.size_bytes,
            crc32=crc,
            sha256=hasher.sha256.value,
            payload=b"".join(kept) if is_kept else None,
        )
        if member.name == LEAVES:  # read first: they say of which files the SM3 is asked for
            _read_leaves(bag)
        if hasher.sm3 is not None:
            bag.sm3[member.name] = hasher.sm3.value
    return broken


def _read_leaves(bag: Bag) -> None:
    try:
        bag.leaves, bag.withheld = parse_leaves(bag.text(LEAVES))
    except Invalid as err:
        bag.leaves_fault = err


def _enter_leaves(bag: Bag, ledger: Ledger) -> None:
    if bag.leaves_fault is not None:
        detail = bag.leaves_fault.detail
        ledger.fail(PackageClaim.LOG_INCLUSION, LEAVES, ClaimFault.ENTRIES_INVALID, detail=detail)
    elif LEAVES not in bag.files:
        ledger.fail(PackageClaim.LOG_INCLUSION, LEAVES, ClaimFault.FILE_MISSING)


def _is_text(member: PlacedMember) -> bool:
    limit = MAX_TEXT_FILE_BYTES if member.name in _LONG else _MAX_SHORT_BYTES
    return not member.name.startswith(_STREAMED) and member.size_bytes <= limit


def _chunks(stream: BinaryIO, member: PlacedMember) -> Iterator[bytes]:
    stream.seek(member.content_at)
    left = member.size_bytes
    while left and (chunk := stream.read(min(left, CHUNK_BYTES))):
        left -= len(chunk)
        yield chunk


def _enter_files(bag: Bag, broken: set[str], ledger: Ledger) -> None:
    listed = _parse_lines(bag, MANIFEST, ledger) | _parse_lines(bag, TAG_MANIFEST, ledger)
    for name, file in sorted(bag.files.items()):
        if name in broken:
            ledger.fail(PackageClaim.FILE, name, ClaimFault.CRC_DIFFERS)
        elif name in (TAG_MANIFEST, NOTE):  # covered by the note's text and signature
            ledger.hold(PackageClaim.FILE, name)
        elif name not in listed:
            ledger.fail(PackageClaim.FILE, name, ClaimFault.FILE_NOT_LISTED)
        elif listed[name] != file.sha256:
            ledger.fail(PackageClaim.FILE, name, ClaimFault.DIGEST_DIFFERS)
        else:
            ledger.hold(PackageClaim.FILE, name)
    for name in sorted(listed.keys() - bag.files.keys()):
        ledger.fail(PackageClaim.FILE, name, ClaimFault.FILE_MISSING)


def _parse_lines(bag: Bag, name: str, ledger: Ledger) -> dict[str, str]:
    """Read a bag manifest. It must list its half of the files, sorted, in one spelling."""
    listed = {}
    for line in bag.text(name).decode("utf-8", "replace").split("\n")[:-1]:
        match = _LINE.fullmatch(line)
        if match:
            listed[match[2]] = match[1]
    files = (Packed(name=n, size_bytes=0, crc32=0, sha256=HexDigest(digest)) for n, digest in listed.items())
    is_payload = name == MANIFEST
    halves = {listed_name.startswith("data/") for listed_name in listed} - {is_payload}
    if name not in bag.files or halves or digest_lines(files) != bag.text(name):
        ledger.fail(PackageClaim.BAG, name, ClaimFault.BAG_MALFORMED)
    else:
        ledger.hold(PackageClaim.BAG, name)
    return listed


def _enter_index(bag: Bag, ledger: Ledger) -> None:
    if bag.text(BAGIT) != BAGIT_TEXT.encode():
        ledger.fail(PackageClaim.BAG, BAGIT, ClaimFault.BAG_MALFORMED)
    else:
        ledger.hold(PackageClaim.BAG, BAGIT)
    try:
        bag.index = parse_index(bag.text(INDEX))
    except Invalid as err:
        ledger.fail(PackageClaim.INDEX, INDEX, ClaimFault.INDEX_INVALID, detail=err.detail)
        return
    if bag.text(BAG_INFO) != bag_info(bag.index, bag.payload):
        ledger.fail(PackageClaim.BAG, BAG_INFO, ClaimFault.OXUM_DIFFERS)
    else:
        ledger.hold(PackageClaim.BAG, BAG_INFO)
