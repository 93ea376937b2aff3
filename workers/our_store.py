"""Whether the store that answers is the one that recordings were kept in: nothing is called lost by another one.

And whether it is the store that does not answer, or one object alone that it cannot give.
"""

import time
from collections.abc import Callable
from typing import TypeVar

from schemas.errors import IntegrityBroken, NotFound, Unavailable
from schemas.recording import Recording
from schemas.refusals_objects import OBJECTS_ANOTHER, OBJECTS_DAMAGED
from storage.objects.port import Objects
from storage.store import Store

Given = TypeVar("Given")

TRIES = 3
TRY_SECONDS = 1.5
"""An object that cannot be read while others can is tried so often, and so far apart, before it is called damaged."""

TOLD_BY = 20
"""So many of the newest recordings are asked for before one that is missing is called lost."""


def require_ours(store: Store, recording: Recording) -> None:
    """Refuse to judge a missing recording by a store that holds none of the newest ones.

    Raises:
        Unavailable: it holds none (slug `objects-another`), or did not answer.
    """
    with store.begin() as tx:
        others = tx.recordings.newest_kept(recording.id, limit=TOLD_BY)
    if not any(_is_there(store, *one) for one in others):
        raise OBJECTS_ANOTHER("none of the newest recordings is there", asked=len(others) + 1)


def _is_there(store: Store, key: str, version_id: str) -> bool:
    try:
        store.objects.stat(key, version_id)
    except NotFound:
        return False
    except IntegrityBroken:  # damaged, and so it is there
        return True
    return True


def insisted(objects: Objects, read: Callable[[], Given]) -> Given:
    """Return what reading one object gives; one that again and again is not given by a store that answers is damaged.

    Raises:
        IntegrityBroken: it is damaged (slug `objects-damaged`), or what `read` says.
        Unavailable: the store itself does not answer.
    """
    for number in range(1, TRIES + 1):
        try:
            return read()
        except Unavailable as err:
            objects.newest("heartbeat")
            if number == TRIES:
                raise OBJECTS_DAMAGED("one object cannot be read, and the store answers") from err
            time.sleep(TRY_SECONDS)
    raise AssertionError("the last try returns or raises")
