"""Tries of passwords: counted before the password is looked at, shown to the owner of the account, then forgotten.

Where somebody comes from is personal data: it stands here alone, in no log and no leaf, and goes with its row.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, func, select, text, update

from schemas.actor import Actor
from schemas.base import Frozen
from schemas.errors import NotAuthenticated, Refusal
from schemas.ids import AccountId
from schemas.login import ACCOUNT_TIME, ELSEWHERE, LANE_TIME, LoginOutcome, Tally, name_hash, refusal
from schemas.policy import Action, require_scope
from schemas.refusals_actor import LOGIN_GUARDED
from storage.act import fresh_id
from storage.collection import Collection
from storage.reads.account import accounts_of, with_name
from storage.reads.login import locked_accounts
from storage.tables.login import login_tries

SHOWN = 50
LATELY = timedelta(days=7)
_FAILED = (LoginOutcome.WRONG, LoginOutcome.REFUSED)


class Counted(NamedTuple):
    """A try that was counted, by its id; or `refusal`, why it may not be made."""

    id: UUID | None
    refusal: Refusal[NotAuthenticated] | None


class Origin(Frozen):
    """What came from one address for one account: `wrong` passwords, `refused` without a look, the last log-in.

    The address is `schemas.login.ELSEWHERE` for what was refused wherever it came from.
    """

    account_id: AccountId
    account_name: str
    address: str
    wrong: int
    refused: int
    first_at: datetime
    last_at: datetime
    logged_in_at: datetime | None


class LoginTries(Collection):
    """Who tried which name, from where."""

    def count(
        self, login: str, account_id: AccountId | None, *, address: str, browser: bytes | None
    ) -> Counted:
        """Count one try of a name before its password is looked at, unless none is left.

        The caller commits before it looks: a crash in between leaves a try that counts.

        Args:
            login: What was typed.
            account_id: Whose name it is; None when nobody's.
            address: Where it comes from, in the form that is counted.
            browser: Which browser that logged in before, under the password that still stands; None for strangers.
        """
        named = name_hash(login)
        # One after the other, for this name alone: tries at the same time each see those before them.
        self._connection.execute(
            text("SELECT pg_advisory_xact_lock(:name)"),
            {"name": int.from_bytes(named[:8], "big", signed=True)},
        )
        where = {"name_hash": named, "account_id": account_id, "address": address, "browser": browser}
        said = refusal(self._tally(named, _lane(address, browser)), is_known=browser is not None)
        if said is LOGIN_GUARDED:
            self._note_refused({**where, "address": ELSEWHERE})
        elif said is not None:
            self._note_refused(where)
        if said is not None:
            return Counted(None, said)
        return Counted(self._keep(where, LoginOutcome.WRONG), None)

    def succeed(self, counted: Counted) -> None:
        """Note that the password of a counted try was right; of the log-ins from one place the last is kept."""
        row = self._connection.execute(
            update(login_tries)
            .where(login_tries.c.id == counted.id)
            .values(outcome=LoginOutcome.RIGHT)
            .returning(login_tries)
        ).one_or_none()
        if row is not None:
            self._connection.execute(
                delete(login_tries).where(
                    _same(row.name_hash, row.address, row.browser),
                    login_tries.c.address == row.address,
                    login_tries.c.outcome == LoginOutcome.RIGHT,
                    login_tries.c.id != row.id,
                    login_tries.c.tried_at <= row.tried_at,
                )
            )

    def unlock(self, login: str, account_id: AccountId) -> None:
        """Let wrong tries of an account up to now count no more; they are shown to its owner still.

        The caller has looked at who asks, and logged it.
        """
        where = {"name_hash": name_hash(login), "account_id": account_id, "address": ELSEWHERE}
        self._keep(where, LoginOutcome.UNLOCKED)

    def own(self, actor: Actor) -> tuple[Origin, ...]:
        """Return where this account's name was tried from, the last first."""
        return self._origins(login_tries.c.account_id == actor.account_id)

    def seen_by(self, actor: Actor) -> tuple[Origin, ...]:
        """Return where the accounts that the actor administers were tried from, the last first.

        Raises:
            Refused: the actor administers no accounts.
        """
        allowed = require_scope(actor, Action.ACCOUNT_VIEW, self._now)
        return self._origins(login_tries.c.account_id.in_(accounts_of(allowed.agency_ids)))

    def locked_of(self, account_ids: Iterable[AccountId]) -> frozenset[AccountId]:
        """Return those of the accounts from which wrong passwords keep an address, or all strangers, right now."""
        locked = locked_accounts(self._now)
        found = select(locked.c.account_id).where(locked.c.account_id.in_(list(account_ids)))
        return frozenset(AccountId(one) for one in self._connection.scalars(found))

    def failed_lately(self, actor: Actor) -> int:
        """Return how many tries of this account's name led to nothing in the last seven days."""
        tries = login_tries.c
        found = self._connection.scalar(
            select(func.sum(tries.times)).where(
                tries.account_id == actor.account_id,
                tries.outcome.in_(_FAILED),
                tries.tried_at > self._now - LATELY,
            )
        )
        return int(found or 0)

    def forget(self) -> None:
        """Delete what is too old, and of made-up names what is too much; again after a crash."""
        tries = login_tries.c
        kept_from = self._now - timedelta(days=self._unit.settings.login_tries_days)
        self._connection.execute(delete(login_tries).where(tries.tried_at < kept_from))
        made_up = tries.account_id.is_(None)
        self._connection.execute(
            delete(login_tries).where(made_up, tries.tried_at < self._now - ACCOUNT_TIME)
        )
        newest = select(tries.id).where(made_up).order_by(tries.tried_at.desc(), tries.id.desc())
        self._connection.execute(
            delete(login_tries).where(tries.id.in_(newest.offset(self._unit.settings.made_up_tries)))
        )

    def _tally(self, named: bytes, lane: ColumnElement[bool]) -> Tally:
        tries = login_tries.c
        lately = tries.tried_at > self._now - LANE_TIME
        entered = (
            select(func.max(tries.tried_at))
            .where(tries.name_hash == named, lately, lane, tries.outcome == LoginOutcome.RIGHT)
            .scalar_subquery()
        )
        unlocked = (
            select(func.max(tries.tried_at))
            .where(tries.name_hash == named, tries.outcome == LoginOutcome.UNLOCKED)
            .scalar_subquery()
        )
        since = func.greatest(entered, unlocked, self._now - LANE_TIME)
        row = self._connection.execute(
            select(
                func.count().filter(lane, tries.tried_at > since).label("of_lane"),
                func.count().label("of_account"),
            ).where(
                tries.name_hash == named,
                tries.tried_at > func.greatest(unlocked, self._now - ACCOUNT_TIME),
                tries.outcome == LoginOutcome.WRONG,
            )
        ).one()
        return Tally(of_lane=row.of_lane, of_account=row.of_account)

    def _note_refused(self, where: Mapping[str, Any]) -> None:
        """Count a refusal with those before it: however many come, they add one row for a place and an hour."""
        tries = login_tries.c
        noted = self._connection.execute(
            update(login_tries)
            .where(
                _same(where["name_hash"], where["address"], where["browser"]),
                tries.outcome == LoginOutcome.REFUSED,
                tries.tried_at > self._now - ACCOUNT_TIME,
            )
            .values(times=tries.times + 1, tried_at=self._now)
        )
        if not noted.rowcount:
            self._keep(where, LoginOutcome.REFUSED)

    def _keep(self, where: Mapping[str, Any], outcome: LoginOutcome) -> UUID:
        made = fresh_id()
        self._connection.execute(
            login_tries.insert().values(id=made, tried_at=self._now, outcome=outcome, **where)
        )
        return made

    def _origins(self, whose: ColumnElement[bool]) -> tuple[Origin, ...]:
        tries = login_tries.c

        def times(outcome: LoginOutcome) -> ColumnElement[int]:
            return func.coalesce(func.sum(tries.times).filter(tries.outcome == outcome), 0)

        query = select(
            tries.account_id,
            tries.address,
            times(LoginOutcome.WRONG).label("wrong"),
            times(LoginOutcome.REFUSED).label("refused"),
            func.min(tries.tried_at).label("first_at"),
            func.max(tries.tried_at).label("last_at"),
            func.max(tries.tried_at).filter(tries.outcome == LoginOutcome.RIGHT).label("logged_in_at"),
        )
        rows = self._connection.execute(
            with_name(query, tries.account_id, "account_name")
            .where(whose, tries.outcome != LoginOutcome.UNLOCKED)
            .group_by(tries.account_id, tries.address, text("account_name"))
            .order_by(text("last_at DESC"), tries.address)
            .limit(SHOWN)
        )
        return tuple(map(Origin.of_row, rows.mappings()))


def _lane(address: str, browser: bytes | None) -> ColumnElement[bool]:
    """Which tries are counted together: those of one known browser, or of the strangers at one address."""
    tries = login_tries.c
    if browser is not None:
        return tries.browser == browser
    return and_(tries.browser.is_(None), tries.address == address)


def _same(named: bytes, address: str, browser: bytes | None) -> ColumnElement[bool]:
    return and_(login_tries.c.name_hash == named, _lane(address, browser))
