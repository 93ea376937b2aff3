"""Claims of origin: who signed the package, and what the signed custody log says.

A signature that fails is a mismatch with or without a trust file; one that holds proves something only when
its key was obtained apart from the package.
"""

import base64
import binascii

from mobile_contract.client.verify_bag import Bag
from mobile_contract.client.verify_report import Ledger
from schemas.base import Frozen
from schemas.chain import entry_hash
from schemas.checkpoint import Checkpoint, open_checkpoint, parse_checkpoint, parse_proof
from schemas.claim import ClaimFault, PackageClaim
from schemas.errors import Invalid
from schemas.merkle import verify_inclusion
from schemas.note import parse_vkey, verify_note
from schemas.package import CHECKPOINT, NOTE, TAG_MANIFEST, note_text, proof_name
from schemas.refusals_command import TRUST_INVALID
from schemas.refusals_custody import CHECKPOINT_DIFFERS

_KEY_BYTES = 32


class Trust(Frozen):
    """What an outsider got apart from the package. `registry_key` is 32 raw bytes."""

    origin: str
    log_vkey: str
    registry_key: bytes
    export_vkey: str

    @classmethod
    def parse(cls, members: object) -> "Trust":
        """Read a trust file; members it does not need (a checkpoint) are ignored.

        Raises:
            Invalid: slug `trust-invalid`.
        """
        try:
            if not isinstance(members, dict) or members.get("v") != 1:
                raise TRUST_INVALID("a trust file is an object of version 1")
            keys = {name: str(members[name]) for name in ("origin", "log_vkey", "export_vkey")}
            registry = base64.b64decode(str(members["registry_key"]), validate=True)
        except (KeyError, binascii.Error) as err:
            raise TRUST_INVALID("the trust file lacks a key or it is not base64") from err
        names = [parse_vkey(keys[name]).name for name in ("log_vkey", "export_vkey")]
        if len(registry) != _KEY_BYTES or names[0] != keys["origin"]:
            raise TRUST_INVALID("the trust file contradicts itself")
        return cls(registry_key=registry, **keys)


def verify_signer(bag: Bag, trust: Trust | None, ledger: Ledger) -> None:
    """Check who signed the digest of the tag manifest, for which case and export."""
    if bag.index is None or TAG_MANIFEST not in bag.files:
        ledger.fail(PackageClaim.PACKAGE_SIGNATURE, NOTE, ClaimFault.NOT_REACHED)
        return
    try:
        note = bag.decoded(NOTE)
        text = verify_note(note, trust.export_vkey) if trust else unsigned_text(note)
    except Invalid as err:
        ledger.fail_as(PackageClaim.PACKAGE_SIGNATURE, NOTE, err, otherwise=ClaimFault.NOTE_MALFORMED)
        return
    if text != note_text(bag.index, bag.files[TAG_MANIFEST].sha256):
        ledger.fail(PackageClaim.PACKAGE_SIGNATURE, NOTE, ClaimFault.NOTE_DIFFERS)
    else:
        ledger.hold_origin(PackageClaim.PACKAGE_SIGNATURE, NOTE)


def unsigned_text(note: str) -> str:
    """Return the text of a note whose signer we have no key of."""
    return note.rpartition("\n\n")[0] + "\n"


def verify_log(bag: Bag, trust: Trust | None, ledger: Ledger) -> Checkpoint | None:
    """Check the checkpoint, and that every leaf, shown or withheld, stands in its tree; return the checkpoint."""
    checkpoint = None
    try:
        note = bag.decoded(CHECKPOINT)
        checkpoint = open_checkpoint(note, trust.log_vkey) if trust else parse_checkpoint(unsigned_text(note))
        ledger.hold_origin(PackageClaim.CHECKPOINT_SIGNATURE, CHECKPOINT)
    except Invalid as err:
        ledger.fail_as(
            PackageClaim.CHECKPOINT_SIGNATURE, CHECKPOINT, err, otherwise=ClaimFault.CHECKPOINT_MALFORMED
        )
    for index, digest in sorted(bag.places):
        _verify_place(bag, checkpoint, ledger, index=index, digest=digest)
    return checkpoint


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
