"""What the register said of certificates: the SQL form of `schemas.certificate`, and its rows."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, select

from schemas.certificate import (
    VERIFIABLE,
    YEARLY,
    CertificateFact,
    CertificateNeed,
    CertificateTerms,
    Qualification,
)
from schemas.ids import AccountId, AgencyId, CertificateId
from schemas.leaves_certificate import CertificateState
from schemas.qualification import QUALIFYING
from storage.tables.actor import accounts, certificate_facts, certificates


def was_valid(certificate_id: ColumnElement[Any], at: datetime, known: datetime) -> ColumnElement[bool]:
    """Say of the certificate behind a column whether it was valid at `at`, as known at `known`."""
    return exists().where(certificate_facts.c.certificate_id == certificate_id, *_is_valid(at, known))


def _is_valid(at: datetime, known: datetime) -> tuple[ColumnElement[bool], ...]:
    told = certificate_facts.c
    is_said = told.state == CertificateState.VALID.value
    return (is_said, told.valid_during.contains(at), told.known_during.contains(known))


def facts_of(
    connection: Connection, idents: Collection[CertificateId]
) -> dict[CertificateId, tuple[CertificateFact, ...]]:
    """Return everything the register ever said of certificates: what it learned last stands last."""
    told = certificate_facts.c
    rows = connection.execute(
        select(certificate_facts)
        .where(told.certificate_id.in_(idents))
        .order_by(func.lower(told.known_during), told.valid_during)
    )
    found: dict[CertificateId, list[CertificateFact]] = defaultdict(list)
    for row in rows:
        found[row.certificate_id].append(
            CertificateFact(
                state=CertificateState(row.state),
                valid_from=row.valid_during.lower,
                valid_until=row.valid_during.upper,
                known_from=row.known_during.lower,
                known_until=row.known_during.upper,
                reason=row.reason,
                leaf=bytes(row.leaf).hex(),
            )
        )
    return {ident: tuple(found[ident]) for ident in idents}


def holders_of(connection: Connection, agency_id: AgencyId, numbers: Collection[str]) -> dict[str, AccountId]:
    """Return whose certificates of some numbers are, of people of an agency whose accounts are open."""
    rows = connection.execute(
        select(certificates.c.number, certificates.c.account_id)
        .join(accounts, accounts.c.id == certificates.c.account_id)
        .where(certificates.c.number.in_(numbers), accounts.c.agency_id == agency_id, accounts.c.is_active)
    )
    return {row.number: AccountId(row.account_id) for row in rows}


def colleagues(connection: Connection, agency_id: AgencyId) -> list[tuple[str, str]]:
    """Return number and name of the certificates of people of an agency whose accounts are open, by name."""
    rows = connection.execute(
        select(certificates.c.number, accounts.c.name)
        .join(accounts, accounts.c.id == certificates.c.account_id)
        .where(accounts.c.agency_id == agency_id, accounts.c.is_active)
        .order_by(accounts.c.name, certificates.c.number)
    )
    return [(row.number, row.name) for row in rows]


def certificate_naming(
    connection: Connection, account_id: AccountId, numbers: Collection[str]
) -> CertificateId:
    """Return the certificate of an account that is among some numbers; of several, the lowest number."""
    found: CertificateId = connection.execute(
        select(certificates.c.id)
        .where(certificates.c.account_id == account_id, certificates.c.number.in_(numbers))
        .order_by(certificates.c.number)
        .limit(1)
    ).scalar_one()
    return found


def qualified_by(connection: Connection, account_id: AccountId, at: datetime) -> str | None:
    """Return the leaf that says of an account, at a time and as known then, what art. 58 asks of a legal reviewer.

    Its digest, hex; None: nothing of the kind is in the register. Of several, the one that was entered first.
    """
    leaf: bytes | None = connection.scalar(_qualifying(account_id, at))
    return None if leaf is None else leaf.hex()


def qualifications_at(
    connection: Connection, asked: Iterable[tuple[UUID, datetime]]
) -> dict[tuple[UUID, datetime], Qualification]:
    """Return what qualified accounts at times, as known then: the row that `qualified_by` names, for pages.

    What is absent was given without an entry: legal reviews rest on one since leaves name it.
    """
    found = {}
    for account_id, at in asked:
        told, now = certificate_facts.c, certificate_facts.alias("now").c
        is_said = exists().where(
            now.certificate_id == told.certificate_id,
            now.state == CertificateState.VALID.value,
            now.valid_during.contains(at),
            func.upper_inf(now.known_during),
        )
        row = (
            connection.execute(
                _qualifying(account_id, at).add_columns(
                    certificates.c.kind,
                    func.lower(told.valid_during).label("valid_from"),
                    func.upper(told.valid_during).label("valid_until"),
                    func.lower(told.known_during).label("known_from"),
                    is_said.label("is_said"),
                )
            )
            .mappings()
            .one_or_none()
        )
        if row is not None:
            found[account_id, at] = Qualification.of_row(row)
    return found


def _qualifying(account_id: UUID, at: datetime) -> Select[Any]:
    """Return the query of the leaf that qualifies an account; of several, the one that was entered first."""
    told = certificate_facts.c
    return (
        select(told.leaf)
        .join(certificates, certificates.c.id == told.certificate_id)
        .where(
            certificates.c.account_id == account_id,
            certificates.c.kind.in_([kind.value for kind in QUALIFYING]),
            *_is_valid(at, at),
        )
        .order_by(func.lower(told.known_during), told.id)
        .limit(1)
    )


def numbers_of(connection: Connection, account_id: AccountId) -> frozenset[str]:
    """Return the numbers of every certificate that an account ever held."""
    known = certificates.c
    return frozenset(connection.scalars(select(known.number).where(known.account_id == account_id)))


def numbers_held(account_id: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return the numbers of every certificate that the account behind a column ever held, as one array."""
    known = certificates.c
    return func.array(select(known.number).where(known.account_id == account_id).scalar_subquery())


def kept_until_after(now: datetime) -> ColumnElement[bool]:
    """Say of a certificate whether it is held: neither withdrawn nor cancelled, and not run out."""
    known = certificates.c
    return and_(known.valid_until > now, known.state.in_([state.value for state in VERIFIABLE]))


def needing(need: CertificateNeed, now: datetime, terms: CertificateTerms) -> ColumnElement[bool]:
    """Say of a certificate whether something has to be done about it: the SQL form of `Certificate.needs`."""
    known = certificates.c
    kept = kept_until_after(now)
    match need:
        case CertificateNeed.ENDING:
            return and_(kept, known.valid_until <= terms.soon)
        case CertificateNeed.UNVERIFIED:
            verified = func.greatest(func.coalesce(known.verified_at, known.valid_from), known.valid_from)
            is_yearly = known.kind.in_([kind.value for kind in YEARLY])
            return and_(kept, is_yearly, verified <= terms.verified_after)
