"""Passwords: hashed as argon2id, 64 MiB each, in a bounded number of places of this process.

No place is held while anything else is waited for. Whoever hashes on behalf of somebody who is not logged in holds
no connection meanwhile (`storage.flow.login`).
"""

import os
import secrets
import threading

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError, VerifyMismatchError

from schemas.refusals_actor import LOGIN_BUSY

_hasher = PasswordHasher()

PLACES = 2 if (os.cpu_count() or 1) >= 2 * _hasher.parallelism else 1
"""So many passwords are hashed at once, whoever asks: each takes four processors for itself, and 64 MiB."""

_NOBODY = _hasher.hash(secrets.token_hex(16))
"""Verified when the login is unknown, so that a stranger cannot tell logins apart by time."""
_places = threading.BoundedSemaphore(PLACES)


def hash_of(password: str) -> str:
    """Return what is kept of a password."""
    with _places:
        return _hasher.hash(password)


def is_password(kept: str | None, typed: str) -> bool:
    """Say whether `typed` is the password of which `kept` is kept; None is nobody's, and takes as long.

    Raises:
        Busy: there is no memory to look (slug `login-busy`).
    """
    with _places:
        try:
            _hasher.verify(kept or _NOBODY, typed.encode("utf-8", "surrogatepass"))
        except VerifyMismatchError:
            return False
        except VerificationError as err:
            raise LOGIN_BUSY("there is no memory to hash a password") from err
    return kept is not None
