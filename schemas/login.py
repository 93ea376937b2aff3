"""Who may try a password, and how often; and the browser that proves a former log-in.

A try is counted before its password is looked at, by what was typed as the name: nobody learns from a refusal
whether an account of that name exists. Strangers share a number of tries per address and one per account; a browser
that logged in before has tries of its own, so that nobody who guesses can keep the owner of the account out.
"""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from schemas.base import Frozen
from schemas.errors import NotAuthenticated, Refusal
from schemas.refusals_actor import LOGIN_GUARDED, LOGIN_LOCKED

LANE_TRIES = 10
LANE_TIME = timedelta(minutes=15)
ACCOUNT_TRIES = 100
ACCOUNT_TIME = timedelta(hours=1)

ELSEWHERE = "elsewhere"
"""Stands for the address of tries that were refused wherever they came from."""

BROWSER_BYTES = 16
BROWSER_LIFETIME = timedelta(days=180)
"""A browser is known for half a year after its last log-in."""

_LABEL = b"quancheng-known-browser\0"
_DIGEST_BYTES = 16
_PARTS = 5
_VERSION = "1"


class LoginOutcome(StrEnum):
    """What became of a try. It is `wrong` from when it is counted until its password was found right.

    `unlocked` is no try: whoever administers the account lets those before it count no more.
    """

    WRONG = "wrong"
    RIGHT = "right"
    REFUSED = "refused"
    UNLOCKED = "unlocked"


class Tally(NamedTuple):
    """Wrong tries that count.

    `of_lane`: in 15 minutes from one address, or from one known browser, since the last log-in there. `of_account`:
    in an hour from everywhere.
    """

    of_lane: int
    of_account: int


def refusal(tally: Tally, *, is_known: bool) -> Refusal[NotAuthenticated] | None:
    """Return why one more try may not be made; None when it may."""
    if tally.of_lane >= LANE_TRIES:
        return LOGIN_LOCKED
    if tally.of_account >= ACCOUNT_TRIES and not is_known:
        return LOGIN_GUARDED
    return None


def name_hash(login: str) -> bytes:
    """Return what tries are counted by; a name that nobody has is counted like any other, and kept by nobody."""
    return hashlib.sha256(login.encode("utf-8", "surrogatepass")).digest()


class KnownBrowser(Frozen):
    """What a browser of a former log-in proves: that of `login`, under the password of `fingerprint`."""

    browser: bytes
    fingerprint: bytes


class BrowserSeal:
    """Writes and reads what a browser keeps of a log-in. It opens no session and names nobody.

    Args:
        seed: A secret of the server; another one makes every browser unknown.
    """

    def __init__(self, seed: bytes) -> None:
        self._key = hmac.digest(seed, _LABEL, "sha256")

    def written(self, login: str, password_hash: str, browser: bytes, at: datetime) -> str:
        """Return what a browser keeps after a log-in at `at`; only ASCII that a cookie may hold."""
        parts = (
            _VERSION,
            browser.hex(),
            str(int(at.timestamp())),
            self.fingerprint(password_hash).hex(),
        )
        return ".".join((*parts, self._mac(login, parts)))

    def read(self, text: str, login: str, now: datetime) -> KnownBrowser | None:
        """Return what a browser proves for `login`; None when it is not ours, of another account, or too old.

        Whether the password is still the same is seen by `fingerprint`.
        """
        parts = text.split(".")
        if len(parts) != _PARTS or parts[0] != _VERSION or not text.isascii():
            return None
        if not hmac.compare_digest(parts[-1], self._mac(login, parts[:-1])):
            return None
        since = datetime.fromtimestamp(int(parts[2]), UTC)  # ours: the digest says so
        if now - since > BROWSER_LIFETIME:
            return None
        return KnownBrowser(browser=bytes.fromhex(parts[1]), fingerprint=bytes.fromhex(parts[3]))

    def fingerprint(self, password_hash: str) -> bytes:
        """Return what changes with the password, and tells nothing of it."""
        return hmac.digest(self._key, b"password\0" + password_hash.encode(), "sha256")[:_DIGEST_BYTES]

    def _mac(self, login: str, parts: Sequence[str]) -> str:
        said = b"browser\0" + name_hash(login) + ".".join(parts).encode()
        return hmac.digest(self._key, said, "sha256").hex()
