"""Who stands behind the certificates that a capture names, as of a time."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, or_, select

from schemas.actor import Role
from schemas.ids import AgencyId
from schemas.leaves_certificate_issue import CertificateKind
from schemas.officer import NamedOfficer
from storage.reads.account import has_role
from storage.reads.certificate import was_valid
from storage.reads.membership import agency_at
from storage.tables.actor import accounts, agencies, certificates


def certificates_of(connection: Connection, agency_ids: Collection[AgencyId], name: str) -> tuple[str, ...]:
    """Return the numbers of the certificates of everybody of exactly this name in some agencies."""
    found = (
        select(certificates.c.number)
        .join(accounts, accounts.c.id == certificates.c.account_id)
        .where(accounts.c.name == name, accounts.c.agency_id.in_(sorted(agency_ids)))
    )
    return tuple(connection.scalars(found.order_by(certificates.c.number)))


def named_officers(
    connection: Connection, numbers: Collection[str], *, agency_id: AgencyId, at: datetime, known: datetime
) -> tuple[NamedOfficer, ...]:
    """Return what the register knows of certificates that a device of an agency names.

    As of the time `at`, as known at `known`: so whoever has moved since is still of the agency where they were then.
    """
    ours = agencies.alias("ours")
    entrusting = select(ours.c.principal_id).where(ours.c.id == agency_id).scalar_subquery()
    fits = or_(
        agencies.c.id == agency_id,
        agencies.c.principal_id.is_not_distinct_from(agency_id),
        agencies.c.id.is_not_distinct_from(entrusting),
    )
    is_auxiliary = or_(
        certificates.c.kind != CertificateKind.ENFORCEMENT.value, has_role(Role.AUXILIARY, at, known)
    )
    rows = connection.execute(
        select(
            certificates.c.number,
            certificates.c.account_id.label("person"),
            was_valid(certificates.c.id, at, known).label("is_valid"),
            fits.label("is_ours"),
            is_auxiliary.label("is_auxiliary"),
        )
        .join(accounts, accounts.c.id == certificates.c.account_id)
        .join(agencies, agencies.c.id == agency_at(at, known))
        .where(certificates.c.number.in_(numbers))
        .order_by(certificates.c.number)
    ).mappings()
    return tuple(map(NamedOfficer.of_row, rows))


def officers_of(connection: Connection, agency_id: AgencyId) -> list[tuple[str, str]]:
    """Return number and name of the certificates of enforcement of an agency's people, by name; accounts are open."""
    rows = connection.execute(
        select(certificates.c.number, accounts.c.name)
        .join(accounts, accounts.c.id == certificates.c.account_id)
        .where(
            accounts.c.agency_id == agency_id,
            accounts.c.is_active,
            certificates.c.kind == CertificateKind.ENFORCEMENT.value,
        )
        .order_by(accounts.c.name, certificates.c.number)
    )
    return [(row.number, row.name) for row in rows]
