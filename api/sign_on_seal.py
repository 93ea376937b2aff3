"""What a browser keeps of a sign-on that it began: sealed, so that it can neither be read nor made by anybody else."""

import base64
import binascii
import hashlib
import hmac
from datetime import datetime

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import ValidationError

from schemas.sso import SIGN_ON_LIFETIME, SignOn

_LABEL = b"quancheng-sign-on\0"
_NAME_DIGITS = 8


class SignOnSeal:
    """Writes and reads it.

    Args:
        seed: A secret of the server; another one makes every sign-on that has begun unknown.
    """

    NONCE_BYTES = 12

    def __init__(self, seed: bytes) -> None:
        self._box = AESGCM(hmac.digest(seed, _LABEL, "sha256"))

    @staticmethod
    def name(state: str) -> str:
        """Return what tells the cookies of two sign-ons apart."""
        return hashlib.sha256(state.encode("utf-8", "surrogatepass")).hexdigest()[:_NAME_DIGITS]

    def sealed(self, begun: SignOn, nonce: bytes) -> str:
        """Return what the browser keeps; only ASCII that a cookie may hold."""
        box = nonce + self._box.encrypt(nonce, begun.model_dump_json().encode(), _LABEL)
        return base64.urlsafe_b64encode(box).decode()

    def opened(self, kept: str, now: datetime) -> SignOn | None:
        """Return the sign-on; None where it is none of ours, or too old."""
        try:
            raw = base64.urlsafe_b64decode(kept.encode("ascii"))
            plain = self._box.decrypt(raw[: self.NONCE_BYTES], raw[self.NONCE_BYTES :], _LABEL)
            found = SignOn.model_validate_json(plain)
        except (InvalidTag, ValueError, binascii.Error, ValidationError):
            return None
        age = int(now.timestamp()) - found.begun_at
        return found if 0 <= age <= SIGN_ON_LIFETIME.total_seconds() else None
