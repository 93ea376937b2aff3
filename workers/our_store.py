"""Whether the store that answers is the one that recordings were kept in: nothing is called lost by another one."""

from schemas.errors import IntegrityBroken, NotFound
from schemas.recording import Recording
from schemas.refusals_objects import OBJECTS_ANOTHER
from storage.store import Store

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
