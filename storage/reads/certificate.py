"""What the register said of certificates: the SQL form of `schemas.certificate`, and its rows."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, func, select

from schemas.certificate import ENDS_SOON, VERIFIABLE, VERIFIED_WITHIN, CertificateFact, CertificateNeed
from schemas.ids import AccountId, CertificateId
from schemas.leaves_certificate import CertificateState
from storage.tables.actor import certificate_facts, certificates


def was_valid(certificate_id: ColumnElement[Any], at: datetime, known: datetime) -> ColumnElement[bool]:
    """Say of the certificate behind a column whether it was valid at `at`, as known at `known`."""
    told = certificate_facts.c
    return exists().where(
        told.certificate_id == certificate_id,
        told.state == CertificateState.VALID.value,
        told.valid_during.contains(at),
        told.known_during.contains(known),
    )


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


def numbers_of(connection: Connection, account_id: AccountId) -> frozenset[str]:
    """Return the numbers of every certificate that an account ever held."""
    known = certificates.c
    return frozenset(connection.scalars(select(known.number).where(known.account_id == account_id)))


def kept_until_after(now: datetime) -> ColumnElement[bool]:
    """Say of a certificate whether it is held: neither withdrawn nor cancelled, and not run out."""
    known = certificates.c
    return and_(known.valid_until > now, known.state.in_([state.value for state in VERIFIABLE]))


def needing(need: CertificateNeed, now: datetime) -> ColumnElement[bool]:
    """Say of a certificate whether something has to be done about it: the SQL form of `Certificate.needs`."""
    known = certificates.c
    kept = kept_until_after(now)
    match need:
        case CertificateNeed.ENDING:
            return and_(kept, known.valid_until <= now + ENDS_SOON)
        case CertificateNeed.UNVERIFIED:
            verified = func.greatest(func.coalesce(known.verified_at, known.valid_from), known.valid_from)
            return and_(kept, verified <= now - VERIFIED_WITHIN)
