"""C2SP signed notes: text, a blank line, then signature lines of an em dash, a key name and base64.

Only Ed25519 keys (type 0x01) are ours; lines of other keys (witnesses, rotated keys) are ignored as the
specification demands. A line that claims a key we know and does not verify refuses the whole note.
"""

import base64
import binascii
import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from schemas.base import Frozen
from schemas.errors import Invalid, Refusal
from schemas.refusals_custody import NOTE_MALFORMED, VKEY_INVALID
from schemas.refusals_manifest import SIGNATURE_INVALID

MAX_NOTE_CHARACTERS = 1_000_000
MAX_SIGNATURES = 100
"""The specification asks for at least 16; a limit keeps a hostile note from costing time."""

_ED25519 = b"\x01"
_PUBLIC_BYTES = 32
_KEY_ID_BYTES = 4
_LINE_START = "\N{EM DASH} "
_FIRST_PRINTABLE = " "


class NoteKey(Frozen):
    """A verifier key: `name`, the 4-byte `key_id` and the 32-byte Ed25519 `public` key."""

    name: str
    key_id: bytes
    public: bytes


class _Signature(Frozen):
    name: str
    key_id: bytes
    payload: bytes


def vkey(name: str, public: bytes) -> str:
    """Return `name+<hex key id>+<base64 of type and public key>`, the form in which a key is published.

    Raises:
        Invalid: the name breaks the format (empty, a space, a plus, a control character), or the key is not
            32 bytes.
    """
    _require_name(name)
    if len(public) != _PUBLIC_BYTES:
        raise VKEY_INVALID("an Ed25519 public key has 32 bytes")
    return f"{name}+{_key_id(name, public).hex()}+{encode64(_ED25519 + public)}"


def vkey_of_seed(name: str, seed: bytes) -> str:
    """Return the verifier key of the signer that holds `seed` (32 bytes)."""
    return vkey(name, Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw())


def parse_vkey(text: str) -> NoteKey:
    """Parse a verifier key.

    Raises:
        Invalid: malformed, of another type than Ed25519, or its key id is not that of its name and key.
    """
    parts = text.split("+", 2)  # base64 may hold a plus, a name may not
    if len(parts) != 3:  # noqa: PLR2004 - name, key id, key
        raise VKEY_INVALID("a verifier key is name+id+key")
    name, key_id, encoded = parts
    raw = decode64(encoded, VKEY_INVALID)
    if raw[:1] != _ED25519 or vkey(name, raw[1:]) != text:
        raise VKEY_INVALID("the verifier key contradicts its own key id or type")
    return NoteKey(name=name, key_id=bytes.fromhex(key_id), public=raw[1:])


def public_of_vkey(text: str) -> str | None:
    """Return the public key of a verifier key, base64 of 32 bytes; None where it is none."""
    try:
        return encode64(parse_vkey(text).public)
    except Invalid:
        return None


def sign_note(text: str, name: str, seed: bytes) -> str:
    """Sign `text` (ends in a newline) with the Ed25519 `seed` (32 bytes) and return the whole note.

    Raises:
        Invalid: the text or the name breaks the format.
    """
    _require_name(name)
    _require_text(text)
    private = Ed25519PrivateKey.from_private_bytes(seed)
    key_id = _key_id(name, private.public_key().public_bytes_raw())
    return f"{text}\n{_LINE_START}{name} {encode64(key_id + private.sign(text.encode()))}\n"


def verify_note(note: str, *vkeys: str) -> str:
    """Return the text of a note that at least one of `vkeys` signed; all their signatures must verify.

    Raises:
        Invalid: the note is malformed (slug `note-malformed`) or a key is (`vkey-invalid`).
        SignatureInvalid: a known key's signature fails, or none of them signed.
    """
    known = {(key.name, key.key_id): key for key in map(parse_vkey, vkeys)}
    text, signatures = _parse(note)
    verified = 0
    for signature in signatures:
        key = known.get((signature.name, signature.key_id))
        if key is not None:
            _verify(text, signature, key)
            verified += 1
    if not verified:
        raise SIGNATURE_INVALID("no key we trust has signed this note")
    return text


def _verify(text: str, signature: _Signature, key: NoteKey) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature.payload, text.encode())
    except InvalidSignature as err:
        raise SIGNATURE_INVALID(f"the signature of {key.name} does not verify") from err


def _parse(note: str) -> tuple[str, list[_Signature]]:
    if len(note) > MAX_NOTE_CHARACTERS:
        raise _malformed("the note is too long")
    text, blank, lines = note.rpartition("\n\n")
    if not blank or not lines.endswith("\n"):
        raise _malformed("a note is text, a blank line and signature lines, each ended by a newline")
    _require_text(text + "\n")
    signatures = [_parse_line(line) for line in lines[:-1].split("\n")]
    if len(signatures) > MAX_SIGNATURES:
        raise _malformed(f"more than {MAX_SIGNATURES} signatures")
    return text + "\n", signatures


def _parse_line(line: str) -> _Signature:
    name, space, encoded = line.removeprefix(_LINE_START).partition(" ")
    if not line.startswith(_LINE_START) or not space:
        raise _malformed("a signature line is an em dash, a key name and base64")
    _require_name(name)
    raw = decode64(encoded, NOTE_MALFORMED)
    if len(raw) <= _KEY_ID_BYTES:
        raise _malformed("a signature is longer than its key id")
    return _Signature(name=name, key_id=raw[:_KEY_ID_BYTES], payload=raw[_KEY_ID_BYTES:])


def _key_id(name: str, public: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + _ED25519 + public).digest()[:_KEY_ID_BYTES]


def _require_name(name: str) -> None:
    if not name or "+" in name or any(c.isspace() or c < _FIRST_PRINTABLE for c in name):
        raise _malformed("a key name is not empty and holds no space, plus or control character")
    _require_unicode(name)


def _require_text(text: str) -> None:
    if not text.endswith("\n") or any(c < _FIRST_PRINTABLE and c != "\n" for c in text):
        raise _malformed("the text must end in a newline and hold no other control character")
    _require_unicode(text)


def _require_unicode(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as err:
        raise _malformed("the text holds a lone surrogate") from err


def encode64(raw: bytes) -> str:
    """Return standard base64 with padding (RFC 4648 section 4)."""
    return base64.b64encode(raw).decode("ascii")


def decode64(text: str, refusal: Refusal[Invalid]) -> bytes:
    """Decode standard base64; only the one canonical spelling of the bytes is accepted.

    Raises:
        Invalid: `refusal`.
    """
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as err:
        raise refusal("this is not base64") from err
    if encode64(raw) != text:
        raise refusal("this is not the canonical base64 of its bytes")
    return raw


def _malformed(detail: str) -> Invalid:
    return NOTE_MALFORMED(detail)
