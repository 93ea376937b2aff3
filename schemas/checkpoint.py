"""Checkpoints and inclusion proofs as text: C2SP tlog-checkpoint and tlog-proof, byte for byte.

A checkpoint says "the log `origin` had `size` entries under this `root`", signed. A proof file carries a
checkpoint and the path from one entry to its root, so a court needs nothing but the file, the entry and the
log's public key.
"""

import re

from pydantic import Field

from schemas.base import Frozen
from schemas.errors import Invalid
from schemas.merkle import HASH_BYTES, MAX_PROOF_HASHES, MAX_TREE_SIZE, verify_inclusion
from schemas.note import decode64, encode64, parse_vkey, verify_note
from schemas.refusals_custody import CHECKPOINT_MALFORMED

PROOF_HEADER = "c2sp.org/tlog-proof@v1"

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")
_MIN_LINES = 3  # origin, size, root


class Checkpoint(Frozen):
    """The head of a log: `size` entries (from 0) under the 32-byte `root`. Ours carry no extension lines."""

    origin: str = Field(min_length=1)
    size: int = Field(ge=0, le=MAX_TREE_SIZE)
    root: bytes = Field(min_length=HASH_BYTES, max_length=HASH_BYTES)
    extensions: tuple[str, ...] = ()


class LogProof(Frozen):
    """A parsed proof file. `note` is the checkpoint verbatim; `extra` is not authenticated by anything."""

    index: int = Field(ge=0, le=MAX_TREE_SIZE)
    hashes: tuple[bytes, ...]
    note: str
    extra: bytes | None = None


def checkpoint_text(checkpoint: Checkpoint) -> str:
    """Return the note text of a checkpoint: origin, size, base64 root, then any extension lines."""
    lines = [checkpoint.origin, str(checkpoint.size), encode64(checkpoint.root), *checkpoint.extensions]
    return "\n".join(lines) + "\n"


def parse_checkpoint(text: str) -> Checkpoint:
    """Parse the text of a checkpoint note, without its signatures (C2SP tlog-checkpoint).

    Raises:
        Invalid: slug `checkpoint-malformed`.
    """
    lines = text.split("\n")
    if lines.pop() != "" or len(lines) < _MIN_LINES or not all(lines):
        raise _malformed("a checkpoint is at least three non-empty lines")
    origin, size, root, *extensions = lines
    return Checkpoint(
        origin=origin,
        size=_decimal(size),
        root=_hash(root),
        extensions=tuple(extensions),
    )


def open_checkpoint(note: str, vkey: str) -> Checkpoint:
    """Return the checkpoint that the log with `vkey` signed.

    Raises:
        SignatureInvalid: the log's signature is absent or fails.
        Invalid: the note or the checkpoint is malformed, or its origin is not the key's name.
    """
    checkpoint = parse_checkpoint(verify_note(note, vkey))
    if checkpoint.origin != parse_vkey(vkey).name:
        raise _malformed("the checkpoint is of another log than the key")
    return checkpoint


def proof_text(index: int, proof: tuple[bytes, ...] | list[bytes], note: str) -> str:
    """Return the proof file for entry `index`: header, index, hashes from leaf to root, blank, checkpoint."""
    hashes = [encode64(each) for each in proof]
    return "\n".join([PROOF_HEADER, f"index {index}", *hashes, "", note])


def witness_request(old_size: int, proof: tuple[bytes, ...] | list[bytes], note: str) -> str:
    """Return what a witness is asked (C2SP tlog-witness): old size, consistency proof, blank, new checkpoint."""
    return "\n".join([f"old {old_size}", *map(encode64, proof), "", note])


def parse_proof(text: str) -> LogProof:
    """Parse a proof file (C2SP tlog-proof). Nothing is verified yet: see `verify_proof`.

    Raises:
        Invalid: slug `checkpoint-malformed`.
    """
    head, blank, note = text.partition("\n\n")
    lines = head.split("\n")
    if not blank or lines.pop(0) != PROOF_HEADER:
        raise _malformed(f"a proof starts with {PROOF_HEADER} and ends with a checkpoint")
    extra = None
    if lines and lines[0].startswith("extra "):
        extra = decode64(lines.pop(0).removeprefix("extra "), CHECKPOINT_MALFORMED)
    if not lines or not lines[0].startswith("index "):
        raise _malformed("the proof does not name an index")
    index = _decimal(lines.pop(0).removeprefix("index "))
    if len(lines) > MAX_PROOF_HASHES:
        raise _malformed(f"a proof has at most {MAX_PROOF_HASHES} hashes")
    return LogProof(index=index, hashes=tuple(_hash(line) for line in lines), note=note, extra=extra)


def verify_proof(text: str, *, leaf: bytes, vkey: str) -> Checkpoint:
    """Check a proof file against a leaf hash (32 bytes) and the log's key; return the checkpoint it rests on.

    Raises:
        SignatureInvalid: the checkpoint is not signed by the log.
        Invalid: the file is malformed, or the leaf is not in the tree (`proof-invalid`).
    """
    proof = parse_proof(text)
    checkpoint = open_checkpoint(proof.note, vkey)
    verify_inclusion(proof.hashes, index=proof.index, size=checkpoint.size, leaf=leaf, root=checkpoint.root)
    return checkpoint


def _decimal(text: str) -> int:
    if not _DECIMAL.fullmatch(text) or int(text) > MAX_TREE_SIZE:
        raise _malformed("a size or index is decimal, without leading zeroes, below 2^63")
    return int(text)


def _hash(text: str) -> bytes:
    raw = decode64(text, CHECKPOINT_MALFORMED)
    if len(raw) != HASH_BYTES:
        raise _malformed("a hash has 32 bytes")
    return raw


def _malformed(detail: str) -> Invalid:
    return CHECKPOINT_MALFORMED(detail)
