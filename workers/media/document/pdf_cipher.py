"""PDF that is encrypted and opens without a password (ISO 32000-2, 7.6): only what may be done with it is restricted.

Many offices issue such files. One that asks for a password stays closed: nothing is tried.
"""

import hashlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from cryptography.hazmat.decrepit.ciphers.algorithms import ARC4
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from workers.media.document.pdf_lexer import Value

_PAD = bytes.fromhex("28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A")
_BLOCK = 16
_LATEST = 5


class Key(NamedTuple):
    """The key of a document, and by which cipher its streams are under it: `rc4`, `aes`, `aes256`, or `none`."""

    secret: bytes
    cipher: str


def open_key(said: dict[str, Value], ident: bytes) -> Key | None:
    """Return the key that no password gives; None where the document asks for one, or is under another scheme."""
    version, revision = said.get("V"), said.get("R")
    texts = [said.get(one) for one in ("O", "U")]
    if said.get("Filter") != "Standard" or not all(isinstance(one, bytes) for one in texts):
        return None
    if not isinstance(version, int) or not isinstance(revision, int) or not 1 <= version <= _LATEST:
        return None
    cipher = _cipher(said, version)
    secret = _of_six(said, revision) if version == _LATEST else _of_two(said, revision, ident)
    return None if secret is None or cipher is None else Key(secret, cipher)


def _cipher(said: dict[str, Value], version: int) -> str | None:
    if version < 4:  # noqa: PLR2004 - filters of ciphers came with version 4
        return "rc4"
    name = said.get("StmF", "Identity")
    filters = said.get("CF")
    row = filters.get(name) if isinstance(filters, dict) else None
    method = row.get("CFM", "None") if isinstance(row, dict) else "None"
    return {"V2": "rc4", "AESV2": "aes", "AESV3": "aes256", "None": "none"}.get(str(method))


def _of_two(said: dict[str, Value], revision: int, ident: bytes) -> bytes | None:
    """Algorithms 2, 4 and 5: revisions 2 to 4."""
    owner, user, rights = said["O"], said["U"], said.get("P")
    length = said.get("Length", 40)
    if not isinstance(rights, int) or not isinstance(length, int):
        return None
    size = 5 if revision == 2 else max(5, min(16, length // 8 if length >= 40 else 16))  # noqa: PLR2004
    hidden = revision >= 4 and said.get("EncryptMetadata") is False  # noqa: PLR2004 - since revision 4
    told = _PAD + owner[:32] + (rights & 0xFFFF_FFFF).to_bytes(4, "little") + ident + b"\xff" * 4 * hidden
    secret = _md5(told)
    for _ in range(50 if revision > 2 else 0):  # noqa: PLR2004 - since revision 3
        secret = _md5(secret[:size])
    secret = secret[:size]
    if revision == 2:  # noqa: PLR2004 - as above
        return secret if _rc4(secret, _PAD) == user[:32] else None
    proof = _md5(_PAD + ident)
    for number in range(20):
        proof = _rc4(bytes(one ^ number for one in secret), proof)
    return secret if proof == user[:16] else None


def _of_six(said: dict[str, Value], revision: int) -> bytes | None:
    """Algorithm 2.A: revisions 5 and 6."""
    user, kept = said["U"], said.get("UE")
    if not isinstance(kept, bytes) or len(user) < 48 or len(kept) < 32:  # noqa: PLR2004 - a digest and two salts
        return None
    hashed = _hardened if revision > _LATEST else lambda salt: hashlib.sha256(salt).digest()
    if hashed(user[32:40]) != user[:32]:
        return None
    return _aes(hashed(user[40:48]), bytes(_BLOCK)).update(kept[:32])


def _hardened(salt: bytes) -> bytes:
    """Algorithm 2.B, of no password."""
    key, number = hashlib.sha256(salt).digest(), 0
    while True:
        coder = Cipher(AES(key[:16]), CBC(key[16:32])).encryptor()
        made = coder.update(key * 64)
        key = getattr(hashlib, ("sha256", "sha384", "sha512")[sum(made[:16]) % 3])(made).digest()
        number += 1
        if number >= 64 and made[-1] <= number - 32:  # noqa: PLR2004 - as the algorithm says
            return bytes(key[:32])


def opened(pieces: Iterable[bytes], key: Key, number: int, generation: int) -> Iterator[bytes]:
    """Yield the bytes of one stream without their cipher."""
    if key.cipher == "none":
        yield from pieces
        return
    secret = key.secret
    if key.cipher != "aes256":
        salt = b"sAlT" if key.cipher == "aes" else b""
        told = secret + number.to_bytes(3, "little") + generation.to_bytes(2, "little") + salt
        secret = _md5(told)[: min(len(secret) + 5, 16)]
    if key.cipher == "rc4":
        stream = Cipher(ARC4(secret), None).decryptor()
        yield from (stream.update(piece) for piece in pieces)
        return
    yield from _blocks(pieces, secret)


def _blocks(pieces: Iterable[bytes], secret: bytes) -> Iterator[bytes]:
    """Yield what AES gives, whose last block says how much of it was added."""
    vector, coder, last = b"", None, b""
    for piece in pieces:
        part = piece
        if coder is None:
            vector += part
            if len(vector) < _BLOCK:
                continue
            coder, part = _aes(secret, vector[:_BLOCK]), vector[_BLOCK:]
        made = last + coder.update(part)
        yield made[:-_BLOCK]
        last = made[-_BLOCK:]
    if last:
        yield last[: -last[-1]] if 0 < last[-1] <= _BLOCK else last


def _aes(secret: bytes, vector: bytes) -> CipherContext:
    return Cipher(AES(secret), CBC(vector)).decryptor()


def _rc4(secret: bytes, payload: bytes) -> bytes:
    return Cipher(ARC4(secret), None).encryptor().update(payload)


def _md5(payload: bytes) -> bytes:
    return hashlib.md5(payload, usedforsecurity=False).digest()
