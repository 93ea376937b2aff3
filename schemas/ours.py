"""What we hold is read under its own rule: a fault in it is our damage, never the mistake of whoever asks.

The rules of `schemas` say `Invalid` of bytes, and the store says `NotFound` of a key, whoever made them. Where the
bytes are ours, and the key is one that a row names, the same finding means that something was altered or lost.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from schemas.errors import IntegrityBroken, Invalid, NotFound, Refusal


@contextmanager
def ours(refusal: Refusal[IntegrityBroken], detail: str) -> Iterator[None]:
    """Read or judge what was kept, and nothing that was just submitted.

    Raises:
        IntegrityBroken: `refusal`, where what was kept is not there or breaks its rules.
    """
    try:
        yield
    except (Invalid, NotFound) as err:
        raise refusal(detail) from err
