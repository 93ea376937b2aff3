"""What is asked of the access trail: how often somebody tried in vain."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, func, select

from schemas.ids import AccountId
from schemas.trail import TrailResult
from storage.tables.trail import trail_rows


def failed_tries(
    connection: Connection, account_id: AccountId, codes: Collection[str], since: datetime
) -> int:
    """Count what an account tried in vain since a time, by the refusals that it met.

    A refusal is noted when its request ends: requests at the same time do not see each other.
    """
    rows = trail_rows.c
    found = select(func.coalesce(func.sum(rows.times), 0)).where(
        rows.account_id == account_id,
        rows.result == TrailResult.FAILED.value,
        rows.code.in_(codes),
        rows.last_at > since,
    )
    return int(connection.scalar(found) or 0)
