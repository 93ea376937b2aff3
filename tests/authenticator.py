"""An authenticator of a person: the codes of a secret at a time, written from RFC 4226 and 6238 apart from the product."""

import base64
import hmac
from datetime import datetime, timedelta

STEP = timedelta(seconds=30)


def secret_of(text: str) -> bytes:
    """The bytes behind a secret as a page shows it."""
    return base64.b32decode(text.replace(" ", ""))


def code_of(secret: bytes, at: datetime) -> str:
    """The six digits that stand on the phone at a time."""
    step = int(at.timestamp()) // int(STEP.total_seconds())
    digest = hmac.digest(secret, step.to_bytes(8, "big"), "sha1")
    place = digest[-1] & 0x0F
    number = int.from_bytes(digest[place : place + 4], "big") & 0x7FFF_FFFF
    return f"{number % 1_000_000:06d}"
