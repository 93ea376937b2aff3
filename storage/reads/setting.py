"""What holds for an agency at a time: read for other nouns, chosen by `schemas.setting.in_force`."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import NamedTuple

from sqlalchemy import Connection, RowMapping, and_, literal, select

from schemas.certificate import CertificateTerms
from schemas.ids import AgencyId
from schemas.setting import InForce, Name, Setting, SettingRow, in_force
from schemas.setting_list import Items, ListSetting
from schemas.tolerance import TOLERANCES, Tolerances
from storage.settings import StorageSettings
from storage.tables.actor import agencies
from storage.tables.setting import agency_settings

CERTIFICATE_SETTINGS = (Setting.WARNING_DAYS, Setting.CERTIFICATE_VERIFY_DAYS)


class Said(NamedTuple):
    """An agency with those above it, nearest first, and what they said of some settings."""

    line: tuple[AgencyId, ...]
    rows: tuple[SettingRow, ...]

    def at(
        self, name: Setting, at: datetime, installed: StorageSettings, known_at: datetime | None = None
    ) -> InForce[int]:
        """Return what holds of one setting for the first agency."""
        told = (row for row in self.rows if row.name is name)
        return in_force(told, self.line, at, installed=installed.installed(name), known_at=known_at)

    def list_at(
        self, name: ListSetting, at: datetime, installed: StorageSettings, known_at: datetime | None = None
    ) -> InForce[Items]:
        """Return what holds of one list for the first agency."""
        told = (row for row in self.rows if row.name is name)
        return in_force(told, self.line, at, installed=installed.installed_list(name), known_at=known_at)

    def soon(self, now: datetime, installed: StorageSettings) -> datetime:
        """Return until when an end is warned of; what was said of `WARNING_DAYS` is known."""
        return now + timedelta(days=self.at(Setting.WARNING_DAYS, now, installed).value)

    def certificate_terms(self, now: datetime, installed: StorageSettings) -> CertificateTerms:
        """Return the terms of certificates; what was said of `CERTIFICATE_SETTINGS` is known."""
        verified = timedelta(days=self.at(Setting.CERTIFICATE_VERIFY_DAYS, now, installed).value)
        return CertificateTerms(self.soon(now, installed), now - verified)


def said(connection: Connection, agency_id: AgencyId, names: Collection[Name]) -> Said:
    """Return what an agency and those above it, as the tree stands, said of some settings."""
    return said_each(connection, (agency_id,), names).get(agency_id, Said((), ()))


def said_each(
    connection: Connection, agency_ids: Collection[AgencyId], names: Collection[Name]
) -> Mapping[AgencyId, Said]:
    """Return the same for each of many agencies, by one query."""
    first = select(
        agencies.c.id.label("first"), agencies.c.id, agencies.c.parent_id, literal(0).label("step")
    ).where(agencies.c.id.in_(sorted(agency_ids)))
    line = first.cte("line", recursive=True)
    above = select(line.c.first, agencies.c.id, agencies.c.parent_id, line.c.step + 1).where(
        agencies.c.id == line.c.parent_id
    )
    line = line.union_all(above)
    about = and_(agency_settings.c.agency_id == line.c.id, agency_settings.c.name.in_(names))
    found = connection.execute(
        select(line.c.first, line.c.id.label("of"), agency_settings)
        .outerjoin_from(line, agency_settings, about)
        .order_by(line.c.first, line.c.step)
    ).mappings()
    return {of: _said(list(rows)) for of, rows in groupby(found, key=lambda row: AgencyId(row["first"]))}


def _said(rows: Sequence[RowMapping]) -> Said:
    return Said(
        line=tuple(dict.fromkeys(AgencyId(row["of"]) for row in rows)),
        rows=tuple(SettingRow.of_row(row) for row in rows if row["id"] is not None),
    )


def setting_at(
    connection: Connection, installed: StorageSettings, agency_id: AgencyId, name: Setting, at: datetime
) -> int:
    """Return the value of a setting for an agency at a time, as it is known now."""
    return said(connection, agency_id, (name,)).at(name, at, installed).value


def tolerances_at(
    connection: Connection, installed: StorageSettings, agency_id: AgencyId, at: datetime
) -> Tolerances:
    """Return what an agency allows at the receipt of something, by one query."""
    told = said(connection, agency_id, [Setting(name) for name in TOLERANCES])
    return Tolerances.of({name: told.at(Setting(name), at, installed).value for name in TOLERANCES})


def soon(connection: Connection, installed: StorageSettings, agency_id: AgencyId, now: datetime) -> datetime:
    """Return until when an end is warned of to people of an agency."""
    return said(connection, agency_id, (Setting.WARNING_DAYS,)).soon(now, installed)


def certificate_terms(
    connection: Connection, installed: StorageSettings, agency_id: AgencyId, now: datetime
) -> CertificateTerms:
    """Return until when ends of certificates are warned of to people of an agency, and after when each is verified."""
    return said(connection, agency_id, CERTIFICATE_SETTINGS).certificate_terms(now, installed)


def list_at(
    connection: Connection, installed: StorageSettings, agency_id: AgencyId, name: ListSetting, at: datetime
) -> Items:
    """Return a list for an agency at a time, as it is known now."""
    return said(connection, agency_id, (name,)).list_at(name, at, installed).value
