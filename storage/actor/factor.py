"""Second factors: set up, asked for, given up; and log-ins whose password was right, on their way to one.

A secret leaves the database sealed, and is opened only to make the code that is expected. A code counts once: the step of
the last one that was used stands in the row, and moves in the transaction that opens what it opens.

What a crash leaves, step by step:
  after the offer      nothing: the secret stands on its owner's screen alone
  after the enrolment  a factor that stands, and recovery codes that nobody saw; its owner replaces it
"""

import secrets
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, and_, delete, func, select, update

from schemas.factor import (
    NONCE_BYTES,
    RECOVERY_BYTES,
    RECOVERY_CODES,
    SECRET_BYTES,
    CodeFault,
    Demand,
    Factor,
    FactorSeal,
    is_demanded,
    is_recovery,
    is_timed,
    plain_code,
    provisioning_uri,
    recovery_text,
    secret_text,
    steps_of,
    waits_for,
)
from schemas.ids import AccountId
from schemas.leaves_account import AccountKind
from schemas.leaves_factor import FactorEnd, FactorEnrol, FactorRecover
from schemas.refusals_factor import FACTOR_KEY_MISSING, LOGIN_HALFWAY_OVER
from schemas.trail import LoginWay, Noted, TrailEvent, TrailResult
from storage.act import Deed, fresh_id
from storage.actor.session import token_hash
from storage.collection import Collection, Unit
from storage.custody.values import shown
from storage.reads.account import roles_of
from storage.settings import StorageSettings, seed
from storage.tables.actor import accounts
from storage.tables.factor import halfways, recovery_codes, second_factors
from storage.trail.note import note

TOKEN_BYTES = 32
METHOD = "totp"


class Offer(NamedTuple):
    """A secret as it is shown once: as text, as the address that a QR code holds, and sealed for the way back."""

    secret: str
    uri: str
    sealed: str

    def __repr__(self) -> str:
        return "Offer(…)"


class Confirmed(NamedTuple):
    """A secret whose owner has typed the code of a step."""

    secret: bytes
    step: int

    def __repr__(self) -> str:
        return "Confirmed(…)"


class Half(NamedTuple):
    """A log-in that waits for its second factor, under the password that still stands."""

    account_id: AccountId
    login: str
    password_hash: str
    browser: bytes | None
    try_id: UUID | None


def seal_of(settings: StorageSettings) -> FactorSeal:
    """Return what opens secrets.

    Raises:
        Unavailable: this server has no key for second factors (slug `factor-key-missing`).
    """
    if settings.factor_key is None:
        raise FACTOR_KEY_MISSING("FACTOR_KEY (or FACTOR_KEY_FILE) is not set")
    return FactorSeal(seed(settings.factor_key, "FACTOR_KEY"))


def end_factor(connection: Connection, act: Deed, account_id: AccountId, reason: str | None = None) -> bool:
    """End the second factor of an account, whose chain is held; says whether one stood."""
    ended = connection.scalar(
        update(second_factors)
        .where(_standing(account_id))
        .values(ended_at=act.at)
        .returning(second_factors.c.id)
    )
    if ended is not None:
        act.write(FactorEnd(reason=shown(reason)), f"factor/{ended}", f"account/{account_id}")
    return ended is not None


def forget_halfways(unit: Unit) -> None:
    """Delete log-ins that nobody finished, and note each: somebody knew the password. Again after a crash."""
    over = delete(halfways).where(halfways.c.expires_at <= unit.now)
    gone = unit.connection.execute(over.returning(halfways.c.account_id, halfways.c.address)).all()
    for row in sorted(gone, key=lambda one: (str(one.account_id), one.address)):
        tried = Noted(
            TrailEvent.LOGIN, TrailResult.FAILED, account_id=row.account_id, code=LOGIN_HALFWAY_OVER.slug
        )
        note(unit, tried, address=row.address)


def _standing(account_id: AccountId) -> ColumnElement[bool]:
    return and_(second_factors.c.account_id == account_id, second_factors.c.ended_at.is_(None))


class Factors(Collection):
    """The second factors of accounts; the caller has looked at who asks."""

    def hold(self, account_id: AccountId) -> None:
        """Hold the chain of the account: what stands is read behind this call, and nobody else changes it meanwhile."""
        about = f"account/{account_id}"
        self._begin(about, None, about)

    def of(self, account_id: AccountId) -> Factor | None:
        """Return the second factor that stands; None where there is none."""
        left = (
            select(func.count())
            .where(recovery_codes.c.factor_id == second_factors.c.id, recovery_codes.c.used_at.is_(None))
            .scalar_subquery()
        )
        row = (
            self._connection.execute(
                select(second_factors.c.id, second_factors.c.enrolled_at, left.label("codes_left")).where(
                    _standing(account_id)
                )
            )
            .mappings()
            .one_or_none()
        )
        return None if row is None else Factor.of_row(row)

    @property
    def is_offered(self) -> bool:
        """Whether this server has a key for second factors."""
        return self._unit.settings.factor_key is not None

    def demand(self, account_id: AccountId) -> Demand | None:
        """Return what a log-in of this account wants beside the password; a machine's wants nothing."""
        if self.of(account_id) is not None:
            return Demand.CODE
        return Demand.ENROL if self.is_demanded(account_id) else None

    def is_demanded(self, account_id: AccountId) -> bool:
        """Say whether this installation asks a second factor of whoever has this account."""
        wanted = self._unit.settings.second_factor_roles
        if not wanted:
            return False
        row = self._connection.execute(
            select(accounts.c.kind, roles_of(accounts.c.id, self._moment).label("roles")).where(
                accounts.c.id == account_id
            )
        ).one()
        return row.kind == AccountKind.PERSON and is_demanded(row.roles, wanted)

    def offer(self, account_id: AccountId, login: str, issuer: str) -> Offer:
        """Draw a secret and show it; nothing is kept.

        Raises:
            Unavailable: this server has no key for second factors (slug `factor-key-missing`).
        """
        secret = secrets.token_bytes(SECRET_BYTES)
        sealed = seal_of(self._unit.settings).offer(
            secret, secrets.token_bytes(NONCE_BYTES), account_id, self._now
        )
        return Offer(secret_text(secret), provisioning_uri(secret, login, issuer), sealed)

    def offered_again(self, account_id: AccountId, login: str, issuer: str, sealed: str) -> Offer:
        """Show an offer once more, after a code that was wrong.

        Raises:
            Conflict: it counts no more (slug `factor-offer-over`).
            Unavailable: as for an offer.
        """
        secret = seal_of(self._unit.settings).offered(sealed, account_id, self._now)
        return Offer(secret_text(secret), provisioning_uri(secret, login, issuer), sealed)

    def confirmed(self, account_id: AccountId, offer: str, typed: str) -> Confirmed | CodeFault:
        """Look at the first code of a secret that was offered.

        Raises:
            Conflict: the offer counts no more (slug `factor-offer-over`).
            Unavailable: this server has no key for second factors (slug `factor-key-missing`).
        """
        seal = seal_of(self._unit.settings)
        secret = seal.offered(offer, account_id, self._now)
        steps = steps_of(secret, plain_code(typed), self._now)
        if not steps:
            return CodeFault.WRONG
        row = self._row(account_id)
        if row is not None and seal.opened(row.sealed, row.id, account_id) == secret:
            return CodeFault.USED  # the very form was sent before
        return Confirmed(secret, steps[0])

    def enrol(self, account_id: AccountId, confirmed: Confirmed) -> tuple[str, ...]:
        """Set up a second factor, in place of one that stands; return its recovery codes, which are shown once."""
        about, ident, seal = f"account/{account_id}", fresh_id(), seal_of(self._unit.settings)
        act = self._begin(about, None, about)
        self._connection.execute(update(second_factors).where(_standing(account_id)).values(ended_at=act.at))
        sealed = seal.sealed(confirmed.secret, secrets.token_bytes(NONCE_BYTES), ident, account_id)
        codes = tuple(recovery_text(secrets.token_bytes(RECOVERY_BYTES)) for _ in range(RECOVERY_CODES))
        hashes = [seal.recovery_hash(ident, plain_code(one)) for one in codes]
        self._connection.execute(
            second_factors.insert().values(
                id=ident,
                account_id=account_id,
                method=METHOD,
                sealed=sealed,
                last_step=confirmed.step,
                enrolled_at=act.at,
            )
        )
        rows = [
            {"factor_id": ident, "number": number, "code_hash": one}
            for number, one in enumerate(hashes, start=1)
        ]
        self._connection.execute(recovery_codes.insert(), rows)
        record = {f"code.{number}": one.hex() for number, one in enumerate(hashes, start=1)}
        enrolled = FactorEnrol(
            method=METHOD, codes=len(codes), record=shown({**record, "sealed": sealed.hex()})
        )
        act.write(enrolled, f"factor/{ident}", about)
        return codes

    def prove(self, account_id: AccountId, typed: str) -> LoginWay | CodeFault:
        """Use up a code by time, or a recovery code, of the factor that stands.

        Raises:
            Unavailable: this server has no key for second factors (slug `factor-key-missing`).
            IntegrityBroken: the kept secret does not open (slug `factor-unreadable`).
        """
        code, about = plain_code(typed), f"account/{account_id}"
        if not (is_timed(code) or is_recovery(code)):
            return CodeFault.WRONG
        # Held before any row of it: whoever takes the factor away meets us here.
        act = self._begin(about, None, about)
        return self._prove_timed(account_id, code) if is_timed(code) else self._recover(act, account_id, code)

    def _prove_timed(self, account_id: AccountId, code: str) -> LoginWay | CodeFault:
        row = self._row(account_id)
        if row is None:
            return CodeFault.WRONG
        secret = seal_of(self._unit.settings).opened(row.sealed, row.id, account_id)
        steps = steps_of(secret, code, self._now)
        if not steps:
            return CodeFault.WRONG
        # Of two with the same code at once the second waited for the chain, and finds the step used.
        used = self._connection.execute(
            update(second_factors)
            .where(second_factors.c.id == row.id, second_factors.c.last_step < steps[0])
            .values(last_step=steps[0])
        )
        return LoginWay.CODE if used.rowcount else CodeFault.USED

    def _recover(self, act: Deed, account_id: AccountId, code: str) -> LoginWay | CodeFault:
        seal = seal_of(self._unit.settings)
        standing = self._connection.scalar(select(second_factors.c.id).where(_standing(account_id)))
        if standing is None:
            return CodeFault.WRONG
        known = recovery_codes.c
        row = self._connection.execute(
            select(known.number, known.used_at).where(
                known.factor_id == standing, known.code_hash == seal.recovery_hash(standing, code)
            )
        ).one_or_none()
        if row is None:
            return CodeFault.WRONG
        if row.used_at is not None:
            return CodeFault.USED
        self._connection.execute(
            update(recovery_codes)
            .where(known.factor_id == standing, known.number == row.number)
            .values(used_at=act.at)
        )
        act.write(FactorRecover(code=row.number), f"factor/{standing}", f"account/{account_id}")
        return LoginWay.RECOVERY

    def end(self, account_id: AccountId) -> bool:
        """Give up the own second factor, whose code was proved; says whether one stood."""
        about = f"account/{account_id}"
        return end_factor(self._connection, self._begin(about, None, about), account_id)

    def _row(self, account_id: AccountId) -> "_Kept | None":
        known = second_factors.c
        row = self._connection.execute(
            select(known.id, known.sealed).where(_standing(account_id))
        ).one_or_none()
        return None if row is None else _Kept(row.id, bytes(row.sealed))


class _Kept(NamedTuple):
    id: UUID
    sealed: bytes


class Halfways(Collection):
    """Log-ins that wait for their second factor."""

    def open(
        self,
        account_id: AccountId,
        password_hash: str,
        demand: Demand,
        *,
        browser: bytes | None = None,
        try_id: UUID | None = None,
    ) -> str:
        """Let a log-in wait whose password was right; return the token by which it goes on."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        self._connection.execute(
            halfways.insert().values(
                token_hash=token_hash(token),
                account_id=account_id,
                address=self._unit.address,
                browser=browser,
                password_digest=token_hash(password_hash),
                try_id=try_id,
                expires_at=self._now + waits_for(demand),
            )
        )
        return token

    def find(self, token: str, *, is_held: bool = False) -> Half | None:
        """Return the log-in that waits; None where its time is over, or the account's password no longer stands.

        `is_held`: nobody else finishes it until the transaction ends; of two at once the second finds it over.
        """
        query = (
            select(halfways, accounts.c.login, accounts.c.password_hash)
            .join(accounts, accounts.c.id == halfways.c.account_id)
            .where(
                halfways.c.token_hash == token_hash(token),
                halfways.c.expires_at > self._now,
                accounts.c.is_active,
            )
        )
        row = self._connection.execute(query.with_for_update(of=halfways) if is_held else query).one_or_none()
        if row is None or token_hash(row.password_hash or "") != row.password_digest:
            return None
        browser = None if row.browser is None else bytes(row.browser)
        return Half(row.account_id, row.login, row.password_hash, browser, row.try_id)

    def close(self, token: str) -> None:
        """End the wait."""
        self._connection.execute(delete(halfways).where(halfways.c.token_hash == token_hash(token)))
