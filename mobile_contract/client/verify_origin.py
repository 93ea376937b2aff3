"""Claims of origin: who signed the package, and what the signed custody log says.

A signature that fails is a mismatch with or without a trust file; one that holds proves something only when
its key was obtained apart from the package.
"""

import base64
import binascii
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from typing import Any, TypeVar

from pydantic import Field, ValidationError

from mobile_contract.client.verify_bag import Bag
from mobile_contract.client.verify_report import Ledger
from schemas.act import Act
from schemas.base import Frozen
from schemas.chain import entry_hash
from schemas.checkpoint import Checkpoint, parse_checkpoint, parse_proof
from schemas.claim import ClaimFault, PackageClaim
from schemas.consistency import parse_tiles
from schemas.errors import Invalid
from schemas.leaf import Unknown, parse_leaf
from schemas.log_signers import LogSigners
from schemas.merkle import Tiles, verify_inclusion
from schemas.note import parse_vkey, verify_note
from schemas.package import CHECKPOINT, NOTE, TAG_MANIFEST, note_text, proof_name
from schemas.refusals_command import TRUST_INVALID
from schemas.refusals_custody import CHECKPOINT_DIFFERS

_KEY_BYTES = 32
Key = TypeVar("Key", bytes, str)


class EndedKey(Frozen):
    """A key of packages that is dead from the entry `ended` on; others may have had it since an entry, or a time."""

    vkey: str
    ended: int
    suspect_entry: int | None = None
    suspect_at: datetime | None = None

    def is_suspect(self, size: int, at: datetime | None) -> bool:
        """Say whether what covers `size` entries, of which the last is of the time `at`, was signed in doubtful days."""
        if self.suspect_entry is not None:
            return size > self.suspect_entry
        return self.suspect_at is not None and (at is None or at >= self.suspect_at)


class Trust(Frozen):
    """What an outsider got apart from the package. Keys of the registry are 32 raw bytes.

    `registry_keys` and `export_vkeys` are those that gave way to others: what they signed while in force holds.
    `checkpoint` is the state of the log that was newest then, `tiles` the end of its tree.
    """

    origin: str
    log_vkey: str
    registry_key: bytes
    export_vkey: str
    registry_keys: tuple[bytes, ...] = ()
    export_vkeys: tuple[str, ...] = ()
    ended: tuple[EndedKey, ...] = ()
    checkpoint: Checkpoint | None = None
    tiles: Tiles = Field(default_factory=dict)
    log_keys: tuple[tuple[int, str], ...] = ()
    """Every key of the log itself, each with the size from which on it signs; a file of before has `log_vkey` alone."""

    @property
    def signers(self) -> LogSigners:
        """By which key a checkpoint of a size is signed."""
        return LogSigners(self.log_keys or ((0, self.log_vkey),))

    @classmethod
    def parse(cls, members: object) -> "Trust":
        """Read a trust file; members it does not know are ignored, and those of before had no tiles.

        Raises:
            Invalid: slug `trust-invalid`.
        """
        try:
            if not isinstance(members, dict) or members.get("v") != 1:
                raise TRUST_INVALID("a trust file is an object of version 1")
            keys = {name: str(members[name]) for name in ("origin", "log_vkey")}
            registry = _keys(members, "registry_key", lambda text: base64.b64decode(text, validate=True))
            export = _keys(members, "export_vkey", str)
            ended = tuple(map(EndedKey.model_validate, members.get("ended", ())))
        except (KeyError, TypeError, ValidationError, binascii.Error) as err:
            raise TRUST_INVALID("the trust file lacks a key or it is not base64") from err
        names = [parse_vkey(one).name for one in (keys["log_vkey"], *export)]
        if any(len(one) != _KEY_BYTES for one in registry) or names[0] != keys["origin"]:
            raise TRUST_INVALID("the trust file contradicts itself")
        log_keys = _log_keys(members, keys["log_vkey"])
        checkpoint, tiles = _history(members, LogSigners(log_keys))
        return cls(
            origin=keys["origin"],
            log_vkey=keys["log_vkey"],
            registry_key=registry[0],
            registry_keys=registry[1:],
            export_vkey=export[0],
            export_vkeys=export[1:],
            ended=ended,
            checkpoint=checkpoint,
            tiles=tiles,
            log_keys=log_keys,
        )


def _keys(members: dict[str, Any], name: str, read: Callable[[str], Key]) -> tuple[Key, ...]:
    """Return the key in force, then the others; a file of before names none."""
    listed: Any = members.get(f"{name}s", [])
    if not isinstance(listed, list):
        raise TRUST_INVALID(f"{name}s is a list")
    return tuple(dict.fromkeys(read(str(one)) for one in [members[name], *listed]))


def _log_keys(members: dict[str, Any], newest: str) -> tuple[tuple[int, str], ...]:
    """Return the keys of the log, oldest first, the one in force last; a file of before names that alone."""
    try:
        listed = tuple((int(one["since"]), str(one["vkey"])) for one in members.get("log_keys", ()))
    except (KeyError, TypeError, ValueError) as err:
        raise TRUST_INVALID("log_keys is a list of keys, each with its size") from err
    names = {parse_vkey(one).name for _, one in listed} - {parse_vkey(newest).name}
    if names or (listed and (listed[-1][1] != newest or list(listed) != sorted(listed))):
        raise TRUST_INVALID("the keys of the log contradict each other")
    return listed or ((0, newest),)


def _history(members: dict[str, Any], signers: LogSigners) -> tuple[Checkpoint | None, Tiles]:
    note, tiles = members.get("checkpoint"), members.get("tiles") or ""
    try:
        checkpoint = None if note is None else signers.checkpoint(str(note))
        return checkpoint, parse_tiles(str(tiles))
    except Invalid as err:
        raise TRUST_INVALID("its checkpoint is not signed by its log key, or its tiles are none") from err


def verify_signer(bag: Bag, trust: Trust | None, ledger: Ledger) -> None:
    """Check who signed the digest of the tag manifest, for which case and export."""
    if bag.index is None or TAG_MANIFEST not in bag.files:
        ledger.fail(PackageClaim.PACKAGE_SIGNATURE, NOTE, ClaimFault.NOT_REACHED)
        return
    try:
        note = bag.decoded(NOTE)
        text = verify_note(note, trust.export_vkey, *trust.export_vkeys) if trust else unsigned_text(note)
    except Invalid as err:
        ledger.fail_as(PackageClaim.PACKAGE_SIGNATURE, NOTE, err, otherwise=ClaimFault.NOTE_MALFORMED)
        return
    if text != note_text(bag.index, bag.files[TAG_MANIFEST].sha256):
        ledger.fail(PackageClaim.PACKAGE_SIGNATURE, NOTE, ClaimFault.NOTE_DIFFERS)
    else:
        ledger.hold_origin(PackageClaim.PACKAGE_SIGNATURE, NOTE)


def verify_end(bag: Bag, trust: Trust | None, checkpoint: Checkpoint | None, ledger: Ledger) -> None:
    """Say where the key that signed a package had ended by then, or may have been in other hands.

    How far the log went that a package covers is the earliest that it can have been signed.
    """
    size = 0 if checkpoint is None else checkpoint.size
    for one in () if trust is None else trust.ended:
        if not _has_signed(bag, one.vkey):
            continue
        if size > one.ended:
            ledger.fail(PackageClaim.PACKAGE_SIGNATURE, NOTE, ClaimFault.KEY_ENDED)
        elif one.is_suspect(size, _last_at(bag)):
            ledger.skip(PackageClaim.PACKAGE_SIGNATURE, NOTE, ClaimFault.KEY_SUSPECT, is_required=False)


def _has_signed(bag: Bag, vkey: str) -> bool:
    try:
        verify_note(bag.decoded(NOTE), vkey)
    except Invalid:
        return False
    return True


def _last_at(bag: Bag) -> datetime | None:
    """Return the latest time of the leaves that are shown; what cannot be read is named elsewhere."""
    times = []
    for line in bag.leaves:
        with suppress(Invalid):
            times.append(parse_leaf(line.leaf).at)
    return max(times, default=None)


def unsigned_text(note: str) -> str:
    """Return the text of a note whose signer we have no key of."""
    return note.rpartition("\n\n")[0] + "\n"


def verify_log(bag: Bag, trust: Trust | None, ledger: Ledger) -> Checkpoint | None:
    """Check the checkpoint, and that every leaf, shown or withheld, stands in its tree; return the checkpoint."""
    checkpoint = None
    try:
        note = bag.decoded(CHECKPOINT)
        signers = None if trust is None else trust.signers.following(_said(bag))
        checkpoint = signers.checkpoint(note) if signers else parse_checkpoint(unsigned_text(note))
        ledger.hold_origin(PackageClaim.CHECKPOINT_SIGNATURE, CHECKPOINT)
    except Invalid as err:
        ledger.fail_as(
            PackageClaim.CHECKPOINT_SIGNATURE, CHECKPOINT, err, otherwise=ClaimFault.CHECKPOINT_MALFORMED
        )
    for index, digest in sorted(bag.places):
        _verify_place(bag, checkpoint, ledger, index=index, digest=digest)
    return checkpoint


def _said(bag: Bag) -> Iterator[tuple[int, Act | Unknown]]:
    """Yield what the leaves of a package say, in the order of the log: its own chain, with its keys, is whole in it."""
    for line in sorted(bag.leaves):
        with suppress(Invalid):  # named where leaves are read
            yield line.index, parse_leaf(line.leaf).act


def _verify_place(
    bag: Bag, checkpoint: Checkpoint | None, ledger: Ledger, *, index: int, digest: str
) -> None:
    name = proof_name(digest)
    if name not in bag.files:
        ledger.fail(PackageClaim.LOG_INCLUSION, digest, ClaimFault.PROOF_MISSING)
    elif checkpoint is None:
        ledger.skip(PackageClaim.LOG_INCLUSION, digest, ClaimFault.NOT_REACHED)
    else:
        try:
            _require_included(bag, checkpoint, index=index, name=name, digest=digest)
            ledger.hold_origin(PackageClaim.LOG_INCLUSION, digest)
        except Invalid as err:
            ledger.fail_as(PackageClaim.LOG_INCLUSION, digest, err, otherwise=ClaimFault.CHECKPOINT_MALFORMED)


def _require_included(bag: Bag, checkpoint: Checkpoint, *, index: int, name: str, digest: str) -> None:
    proof = parse_proof(bag.decoded(name))
    if proof.note != bag.decoded(CHECKPOINT) or proof.index != index:
        raise CHECKPOINT_DIFFERS("another checkpoint or index")
    verify_inclusion(
        proof.hashes,
        index=index,
        size=checkpoint.size,
        leaf=bytes.fromhex(entry_hash(digest)),
        root=checkpoint.root,
    )
