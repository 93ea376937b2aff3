"""Move personal data to another key and tell it: how far it has come, and what stands in each column at the end.

Returns 0 when everything stands under the new key, 1 when something does not: it did not open, or was written by a
process that knows the key before alone.
"""

import time
from collections import Counter

from schemas.base import rfc3339
from schemas.trail import ZONE
from storage.reseal import Standing, answers_until, reseal, standing
from storage.store import Store
from workers.fsck import Teller

PROGRESS_SECONDS = 5.0
OK, LEFT = 0, 1


def run(store: Store, say: Teller) -> int:
    """Move everything and say what stands.

    Raises:
        EvidenceError: as `storage.reseal.reseal`.
    """
    rows: Counter[str] = Counter()
    said_at = time.monotonic()
    for moved in reseal(store):
        rows[moved.table] += moved.rows
        if time.monotonic() - said_at >= PROGRESS_SECONDS:
            said_at = time.monotonic()
            say("progress", f"… {', '.join(f'{table} {count}' for table, count in rows.items())}")
    with store.begin() as tx:
        columns = standing(tx.connection)
        until = answers_until(tx.connection)
    for one in columns:
        _tell(one, say)
    if sum(one.left for one in columns):
        said = "尚有值未改用新密钥：保留此前的密钥，查明后再次运行"
        say("left", f"✗ {said} some are not moved: keep the key before, see `quancheng fsck`, run it again")
        return LEFT
    text = "✓ 全部以新密钥加密 everything stands under the new key: PERSONAL_KEY_BEFORE may be taken away"
    if until is None:
        say("done", text, rows=rows.total(), until=None)
    else:
        # A request that was sent before the move is known by a digest that only the key before makes.
        at = f"{until.astimezone(ZONE):%Y-%m-%d %H:%M}"
        why = f"{at}（UTC+8）之后：此前的请求重发时须凭它识别 after that time: requests of before are known by it"
        say("done", f"{text}; {why}", rows=rows.total(), until=rfc3339(until))
    return OK


def _tell(one: Standing, say: Teller) -> None:
    left = f", {one.left} 个未改 not moved" if one.left else ""
    text = f"{one.column}: {one.values} 个值以新密钥加密 values under the new key{left}"
    say("column", text, column=one.column, values=one.values, left=one.left)
