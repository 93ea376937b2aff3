"""What other nouns ask of tries of passwords: whom they keep out."""

from datetime import datetime

from sqlalchemy import ColumnElement, Subquery, and_, exists, func, or_, select, union

from schemas.login import ACCOUNT_TIME, ACCOUNT_TRIES, LANE_TIME, LANE_TRIES, LoginOutcome
from storage.tables.login import login_tries


def locked_accounts(now: datetime) -> Subquery:
    """Return `account_id` of the accounts from which wrong tries keep an address, a browser, or all strangers at a time.

    Tries before a log-in from the same place, or before they were let go, do not count.
    """
    tries, later = login_tries.c, login_tries.alias("later")
    is_same_lane = and_(
        later.c.outcome == LoginOutcome.RIGHT,
        later.c.address == tries.address,
        later.c.browser.is_not_distinct_from(tries.browser),
    )
    unlocked = later.c.outcome == LoginOutcome.UNLOCKED

    def let_go(*ways: ColumnElement[bool]) -> ColumnElement[bool]:
        return exists().where(
            later.c.account_id == tries.account_id, later.c.tried_at >= tries.tried_at, or_(*ways)
        )

    wrong = and_(tries.account_id.is_not(None), tries.outcome == LoginOutcome.WRONG)
    by_lane = (
        select(tries.account_id)
        .where(wrong, tries.tried_at > now - LANE_TIME, ~let_go(is_same_lane, unlocked))
        .group_by(tries.account_id, tries.address, tries.browser)
        .having(func.count() >= LANE_TRIES)
    )
    by_account = (
        select(tries.account_id)
        .where(wrong, tries.tried_at > now - ACCOUNT_TIME, ~let_go(unlocked))
        .group_by(tries.account_id)
        .having(func.count() >= ACCOUNT_TRIES)
    )
    return union(by_lane, by_account).subquery("locked")
