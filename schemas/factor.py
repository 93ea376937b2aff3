"""The second factor of a local account: codes by time (RFC 6238), recovery codes, and how both are kept.

No clock and no randomness: time, secrets and nonces come in as arguments.
"""

import base64
import binascii
import hmac
import re
import unicodedata
from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor import InvalidToken
from cryptography.hazmat.primitives.twofactor.hotp import HOTP
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from schemas.actor import Role
from schemas.base import Frozen
from schemas.refusals_factor import FACTOR_OFFER_OVER, FACTOR_UNREADABLE

SECRET_BYTES = 20
"""RFC 4226, 4, R6 recommends 160 bits."""

DIGITS = 6
STEP_SECONDS = 30
"""RFC 6238, 5.2."""

WINDOW_STEPS = 1
"""So many steps before and after the server's own are taken: clocks differ (RFC 6238, 5.2 and 6)."""

RECOVERY_CODES = 10
MOST_RECOVERY_CODES = 100
"""What a reader of leaves takes: more are no list that a person keeps."""

RECOVERY_BYTES = 10
"""80 random bits a code; only keyed digests of them are kept."""

NONCE_BYTES = 12
"""Of AES-GCM (NIST SP 800-38D, 8.2.2): drawn anew for every secret."""

HALFWAY_LIFETIME = timedelta(minutes=5)
"""So long a log-in waits for its code."""

OFFER_LIFETIME = timedelta(minutes=15)
"""So long a secret that was shown may be confirmed, and a log-in waits for it: somebody gets an authenticator first."""

_LABEL = b"quancheng-factor\0"
_HASH = SHA1()  # noqa: S303 - the one that every authenticator knows; HMAC asks no more of it (RFC 6238, 1.2)
_CODE = re.compile(rf"[0-9]{{{DIGITS}}}")
_RECOVERY = re.compile(r"[A-Z2-7]{16}")
_GROUP = 4


class Demand(StrEnum):
    """What a log-in still wants when the password was right: a code, or that a second factor is set up first."""

    CODE = "code"
    ENROL = "enrol"


class CodeFault(StrEnum):
    """Why a code does not count."""

    WRONG = "wrong"
    USED = "used"


class Factor(Frozen):
    """The second factor of an account as its owner and an administrator see it; `codes_left` of its recovery codes."""

    id: UUID
    enrolled_at: datetime
    codes_left: int


def waits_for(demand: Demand) -> timedelta:
    """Return how long a log-in waits for what it wants."""
    return OFFER_LIFETIME if demand is Demand.ENROL else HALFWAY_LIFETIME


def is_demanded(roles: Collection[Role], wanted: Collection[Role]) -> bool:
    """Say whether an installation asks a second factor of somebody with these roles."""
    return not set(wanted).isdisjoint(roles)


def plain_code(typed: str) -> str:
    """Return a code as it is compared: full-width digits, blanks, hyphens and small letters are the same code."""
    text = unicodedata.normalize("NFKC", typed)
    return re.sub(r"[\s\-–—]", "", text).upper()


def is_timed(code: str) -> bool:
    """Say whether a plain code has the form of one by time."""
    return _CODE.fullmatch(code) is not None


def is_recovery(code: str) -> bool:
    """Say whether a plain code has the form of a recovery code."""
    return _RECOVERY.fullmatch(code) is not None


def step_of(at: datetime) -> int:
    """Return the number of the time step at a time: RFC 6238, 4.2, with T0 = 0."""
    return int(at.timestamp()) // STEP_SECONDS


def steps_of(secret: bytes, code: str, at: datetime) -> tuple[int, ...]:
    """Return the time steps around `at` of which this is the code, the newest first; none where it is of no step.

    The code of a step is that of RFC 4226, 5.3, by HMAC-SHA-1; compared in constant time.
    """
    now, made = step_of(at), HOTP(secret, DIGITS, _HASH)
    around = range(now + WINDOW_STEPS, now - WINDOW_STEPS - 1, -1)
    return tuple(step for step in around if _is_code(made, code, step))


def _is_code(made: HOTP, code: str, step: int) -> bool:
    try:
        made.verify(code.encode(), step)
    except InvalidToken:
        return False
    return True


def secret_text(secret: bytes) -> str:
    """Return a secret as a person types it into an authenticator: base32, in groups of four."""
    return _grouped(base64.b32encode(secret).decode(), " ")


def recovery_text(drawn: bytes) -> str:
    """Return a recovery code as a person keeps it, of 10 random bytes."""
    return _grouped(base64.b32encode(drawn).decode(), "-")


def _grouped(text: str, between: str) -> str:
    return between.join(text[at : at + _GROUP] for at in range(0, len(text), _GROUP))


def provisioning_uri(secret: bytes, login: str, issuer: str) -> str:
    """Return the address that a QR code holds (otpauth, Key Uri Format)."""
    return TOTP(secret, DIGITS, _HASH, STEP_SECONDS).get_provisioning_uri(login, issuer)


class FactorSeal:
    """Seals secrets for the database, and makes the keyed digests of recovery codes.

    Args:
        seed: 32 bytes that are kept outside the database; without them no code can be checked.
    """

    def __init__(self, seed: bytes) -> None:
        self._box = AESGCM(hmac.digest(seed, _LABEL + b"box", "sha256"))
        self._codes = hmac.digest(seed, _LABEL + b"recovery", "sha256")

    def sealed(self, secret: bytes, nonce: bytes, factor_id: UUID, account_id: UUID) -> bytes:
        """Return what is kept of a secret: nonce, ciphertext and tag, good for this factor of this account alone."""
        return nonce + self._box.encrypt(nonce, secret, _about(factor_id, account_id))

    def opened(self, sealed: bytes, factor_id: UUID, account_id: UUID) -> bytes:
        """Return the secret.

        Raises:
            IntegrityBroken: it was sealed under another key, or is of another factor (slug `factor-unreadable`).
        """
        try:
            return self._box.decrypt(
                sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], _about(factor_id, account_id)
            )
        except (InvalidTag, ValueError) as err:
            raise FACTOR_UNREADABLE(f"second factor {factor_id} does not open under this key") from err

    def recovery_hash(self, factor_id: UUID, code: str) -> bytes:
        """Return what is kept of a plain recovery code: 32 bytes that only a holder of the key can compare."""
        return hmac.digest(self._codes, factor_id.bytes + code.encode(), "sha256")

    def offer(self, secret: bytes, nonce: bytes, account_id: UUID, at: datetime) -> str:
        """Return a secret that was shown, as it travels on the page until it is confirmed."""
        plain = int(at.timestamp()).to_bytes(8, "big") + secret
        return base64.urlsafe_b64encode(
            nonce + self._box.encrypt(nonce, plain, _offered(account_id))
        ).decode()

    def offered(self, offer: str, account_id: UUID, now: datetime) -> bytes:
        """Return the secret of an offer.

        Raises:
            Conflict: it is not ours, of another account, or too old (slug `factor-offer-over`).
        """
        try:
            raw = base64.urlsafe_b64decode(offer.encode("ascii"))
            plain = self._box.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], _offered(account_id))
        except (InvalidTag, ValueError, binascii.Error) as err:
            raise FACTOR_OFFER_OVER("the secret was not offered to this account") from err
        if int(now.timestamp()) - int.from_bytes(plain[:8], "big") > OFFER_LIFETIME.total_seconds():
            raise FACTOR_OFFER_OVER("the secret was offered too long ago")
        return plain[8:]


def _about(factor_id: UUID, account_id: UUID) -> bytes:
    return b"factor\0" + factor_id.bytes + account_id.bytes


def _offered(account_id: UUID) -> bytes:
    return b"offer\0" + account_id.bytes
