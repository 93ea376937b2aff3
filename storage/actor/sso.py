"""Whom an issuer's word names, and the states that it brought back: each counts once."""

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from schemas.base import Frozen
from schemas.ids import AccountId
from schemas.leaves_account import AccountKind
from schemas.sso import SIGN_ON_LIFETIME, SsoMatch
from storage.actor.session import token_hash
from storage.collection import Collection, Unit
from storage.tables.actor import accounts, certificates
from storage.tables.sso import sign_ons


class Known(Frozen):
    """An open account of a person."""

    account_id: AccountId
    login: str


def forget_sign_ons(unit: Unit) -> None:
    """Delete states that are too old to be brought back again."""
    unit.connection.execute(delete(sign_ons).where(sign_ons.c.expires_at <= unit.now))


class SignOns(Collection):
    """Sign-ons by an issuer."""

    def take(self, state: str) -> bool:
        """Use up a state; says whether it was not used before. Of two at once one is the first."""
        put = insert(sign_ons).values(state_hash=token_hash(state), expires_at=self._now + SIGN_ON_LIFETIME)
        first = put.on_conflict_do_nothing(index_elements=[sign_ons.c.state_hash])
        return self._connection.scalar(first.returning(sign_ons.c.state_hash)) is not None

    def known(self, said: str, matches: SsoMatch) -> Known | None:
        """Return the open account of a person that an issuer's word names; None where there is none."""
        query = select(accounts.c.id, accounts.c.login).where(
            accounts.c.is_active, accounts.c.kind == AccountKind.PERSON
        )
        if matches is SsoMatch.CERTIFICATE:
            query = query.join(certificates, certificates.c.account_id == accounts.c.id).where(
                certificates.c.number == said
            )
        else:
            query = query.where(accounts.c.login == said)
        row = self._connection.execute(query).one_or_none()
        return None if row is None else Known(account_id=row.id, login=row.login)
