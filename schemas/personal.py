"""Personal data of parties – names, codes of people and companies, telephone numbers – as it is kept, found and masked.

The database holds ciphertext, and keyed tokens by which part of a name is found. Whoever has the database alone reads no
name, no code and no telephone number. What they do learn: how many different characters and pairs a name has, and about
how long it is; which values of one column have a character, a pair or the whole code in common; how often each of them
occurs. So a very common name can be guessed from how common it is, as with every index of equal things.

No clock and no randomness: nonces come in as arguments.
"""

import hmac
import re
import unicodedata
from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from schemas.act import Act
from schemas.leaves_monitoring import IntakeReceive
from schemas.refusals_personal import PERSONAL_UNREADABLE

NONCE_BYTES = 12
"""Of AES-GCM (NIST SP 800-38D, 8.2.2): drawn anew for every value; every column has a key of its own."""

KEY_ID_BYTES = 8
"""Names the key in every value: two may be known at once while values move to the newer."""

MARK: Final = b"\x01"
"""Begins a sealed value; no text and no JSON begins so."""

SEALED_COLUMNS = frozenset(
    {
        "cases.party",
        "cases.party_code",
        "monitoring_records.party",
        "monitoring_records.party_code",
        "monitoring_records.raw",
        "notifications.proof",
    }
)
"""Columns of personal data; what opens a member of a leaf that they repeat is sealed too."""

HEAD_BYTES = len(MARK) + KEY_ID_BYTES
"""So many bytes of a sealed value say that it is one, and under which key."""

_HEAD = HEAD_BYTES + NONCE_BYTES
_LABEL = b"quancheng-personal\0"
_TOKEN_BYTES = 8
_ROW_SALT = re.compile(r"row\.[1-9][0-9]*")
_OF_A_PERSON = 5
"""A name of up to so many characters is taken for a person's: the first is shown, and not how many follow."""
_CODE_SHOWN = 4
_STAR = "＊"


class PersonalSeal:
    """Seals personal data for the database, opens it, and makes the tokens by which it is found.

    Args:
        seed: 32 bytes that are kept outside the database; without them nothing that was sealed can be read.
        before: The key that values are moved away from. It opens what is not moved yet, and seals nothing.
    """

    def __init__(self, seed: bytes, before: "PersonalSeal | None" = None) -> None:
        self._seed = seed
        self.before = before
        self._keys: dict[tuple[bytes, str], bytes] = {}
        self._boxes: dict[str, AESGCM] = {}
        self.key_id = hmac.digest(seed, _LABEL + b"name", "sha256")[:KEY_ID_BYTES]

    def __repr__(self) -> str:
        return "PersonalSeal(…)"

    @property
    def head(self) -> bytes:
        """What every value that was sealed under this key begins with."""
        return MARK + self.key_id

    @property
    def known(self) -> "tuple[PersonalSeal, ...]":
        """The seals that open values here, the one that seals them first."""
        return (self,) if self.before is None else (self, self.before)

    def of(self, kept: bytes) -> "PersonalSeal":
        """Return the one that a value was sealed by.

        Raises:
            IntegrityBroken: neither the key nor the one before (slug `personal-unreadable`).
        """
        for one in self.known:
            if kept.startswith(one.head):
                return one
        raise PERSONAL_UNREADABLE("a value was not sealed under PERSONAL_KEY")

    def sealed(self, plain: bytes, nonce: bytes, column: str, row: str) -> bytes:
        """Return what is kept: mark, name of the key, nonce, ciphertext and tag, good in this column of this row alone.

        Args:
            plain: What is sealed.
            nonce: `NONCE_BYTES` that were never used before.
            column: `table.column`.
            row: What tells the row apart.
        """
        closed = self._box(column).encrypt(nonce, plain, self._about(column, row))
        return MARK + self.key_id + nonce + closed

    def opened(self, kept: bytes, column: str, row: str) -> bytes:
        """Return what was sealed.

        Raises:
            IntegrityBroken: it was sealed under another key, is of another row, or was altered (slug
                `personal-unreadable`).
        """
        own, nonce = self.of(kept), kept[HEAD_BYTES:_HEAD]
        try:
            return own._box(column).decrypt(nonce, kept[_HEAD:], own._about(column, row))  # noqa: SLF001 - of its class
        except (InvalidTag, ValueError) as err:
            raise PERSONAL_UNREADABLE("a sealed value is of another row, or was altered") from err

    def tokens(self, column: str, text: str) -> list[int]:
        """Return the tokens of a text's characters and pairs: 64 bits each, in an order that tells nothing of the text."""
        key = self._key(b"tokens", column)
        return sorted(_token(key, one) for one in grams(text))

    def asked(self, column: str, word: str) -> list[int]:
        """Return the tokens that a text has which holds a word: those of its pairs, as they hold its characters."""
        key = self._key(b"tokens", column)
        return sorted(_token(key, one) for one in asked_grams(word))

    def digest(self, column: str, value: bytes) -> bytes:
        """Return the keyed digest by which equal values of a column are found."""
        return hmac.digest(self._key(b"digest", column), value, "sha256")

    def _box(self, column: str) -> AESGCM:
        if column not in self._boxes:
            self._boxes[column] = AESGCM(self._key(b"box", column))
        return self._boxes[column]

    def _key(self, use: bytes, column: str) -> bytes:
        if (use, column) not in self._keys:
            self._keys[use, column] = hmac.digest(
                self._seed, _LABEL + use + b"\0" + column.encode(), "sha256"
            )
        return self._keys[use, column]

    def _about(self, column: str, row: str) -> bytes:
        return b"%b\0%b\0%b\0%b" % (_LABEL, self.key_id, column.encode(), row.encode())


def is_sealed(kept: bytes) -> bool:
    """Say whether kept bytes have the form of a sealed value."""
    return kept[: len(MARK)] == MARK


def fold(text: str) -> str:
    """Return a text as it is searched: full-width and capital letters are the plain ones (Unicode NFKC, lower case)."""
    return unicodedata.normalize("NFKC", text).lower()


def grams(text: str) -> frozenset[str]:
    """Return the characters and pairs of characters of a text as it is searched; none holds a blank."""
    words = fold(text).split()
    return frozenset(word[at : at + long] for word in words for at in range(len(word)) for long in (1, 2))


def asked_grams(text: str) -> frozenset[str]:
    """Return by which of its characters and pairs a text is looked for: its pairs, and a word of one character by that."""
    words = fold(text).split()
    return frozenset(word[at : at + 2] for word in words for at in range(max(1, len(word) - 1)))


def _token(key: bytes, gram: str) -> int:
    return int.from_bytes(hmac.digest(key, gram.encode(), "sha256")[:_TOKEN_BYTES], "big", signed=True)


@cache
def _members(kind: type[Act]) -> frozenset[str]:
    repeated: Mapping[str, str] = kind.spec.columns
    return frozenset(
        member for member in kind.salted if not SEALED_COLUMNS.isdisjoint(repeated.get(member, "").split())
    )


def is_personal(kind: type[Act], member: str) -> bool:
    """Say whether what opens this member of a leaf is sealed where it is kept.

    A row of a batch is personal data, and its salt in clear would let guesses of it be tried against the signed root.
    """
    if issubclass(kind, IntakeReceive):
        return _ROW_SALT.fullmatch(member) is not None
    return member in _members(kind)


def masked_name(name: str) -> str:
    """Return a name as it is shown to those who do not need it: 张＊ of a person, 盐城＊公司 of a company."""
    if len(name) <= _OF_A_PERSON:
        return name[:1] + _STAR if len(name) > 1 else _STAR
    return f"{name[:2]}{_STAR}{name[-2:]}"


def masked_code(code: str) -> str:
    """Return a code, or a telephone number, as it is shown to those who do not need it: 3209…001U."""
    shown = _CODE_SHOWN if len(code) >= 3 * _CODE_SHOWN else 1
    return f"{code[:shown]}…{code[-shown:]}"


def masked_text(text: str) -> str:
    """Return what stands in place of a sentence that may hold a name or a telephone number."""
    return _STAR if text else text


_MASKS: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {"party": masked_name, "party_code": masked_code, "proof": masked_text}
)


MASKED = frozenset(_MASKS)
"""Members that are masked."""


def masked(member: str, value: str) -> str:
    """Return a personal member of a case or a record as it is shown to those who do not need it."""
    return _MASKS[member](value)
