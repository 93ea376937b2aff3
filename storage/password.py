"""Passwords: hashed as argon2id, 64 MiB each, in a bounded number of places of this process.

No place is held while anything else is waited for. Whoever hashes on behalf of somebody who is not logged in holds
no connection meanwhile (`storage.flow.login`).
"""

import base64
import os
import secrets
import threading
from typing import NamedTuple, NewType

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError, VerifyMismatchError

from schemas.refusals_actor import LOGIN_BUSY

PasswordHash = NewType("PasswordHash", str)
"""What is kept of a password, as the reference implementation of argon2 writes it (`$argon2id$v=19$m=…$salt$hash`)."""

_hasher = PasswordHasher()

PLACES = 2 if (os.cpu_count() or 1) >= 2 * _hasher.parallelism else 1
"""So many passwords are hashed at once, whoever asks: each takes four processors for itself, and 64 MiB."""

_places = threading.BoundedSemaphore(PLACES)


MACHINE_BYTES = 24
"""Of randomness in the password of a machine."""


class FreshPassword(NamedTuple):
    """A machine's password and what is kept of it: made before the transaction in which its account is opened."""

    password: str
    password_hash: PasswordHash

    def __repr__(self) -> str:
        return "FreshPassword(…)"


def fresh_password() -> FreshPassword:
    """Make a password; hashing it is meant to be slow, and no transaction may wait for that."""
    made = secrets.token_urlsafe(MACHINE_BYTES)
    return FreshPassword(made, hash_of(made))


def hash_of(password: str) -> PasswordHash:
    """Return what is kept of a password."""
    with _places:
        return PasswordHash(_hasher.hash(password))


def _hash_of_nobody() -> str:
    """Return a hash that was drawn, of which nobody has a password: no process hashes one at its start."""
    drawn = (secrets.token_bytes(size) for size in (_hasher.salt_len, _hasher.hash_len))
    salt, digest = (base64.b64encode(one).rstrip(b"=").decode() for one in drawn)
    cost = f"m={_hasher.memory_cost},t={_hasher.time_cost},p={_hasher.parallelism}"
    return f"$argon2id$v=19${cost}${salt}${digest}"


_NOBODY = _hash_of_nobody()
"""Verified when the login is unknown, so that a stranger cannot tell logins apart by time."""


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
