"""Which kinds of equipment need a verification certificate, as an agency says: read for whoever judges a gate."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, select

from schemas.equipment import EquipmentKind
from schemas.gate import CertificateRule, KindsFrom
from schemas.ids import AgencyId
from schemas.setting_list import Items, ListSetting
from storage.reads.agency import with_agency
from storage.reads.setting import Said, said_each
from storage.settings import StorageSettings
from storage.tables.setting import agency_settings

_NAME = ListSetting.CERTIFICATE_KINDS


class Rules(NamedTuple):
    """What some agencies say, and what the installation does."""

    said: Mapping[AgencyId, Said]
    installed: StorageSettings

    def needs(
        self, agency_id: AgencyId, kind: EquipmentKind | str, at: datetime, known_at: datetime | None = None
    ) -> bool:
        """Say whether a kind needed a certificate at a time: as known at another, now where none is given."""
        return str(kind) in self._list_at(agency_id, at, known_at)

    def kinds(self, agency_id: AgencyId, since: datetime, until: datetime) -> tuple[KindsFrom, ...]:
        """Return the lists of all times from one to another, as they are known now."""
        begins = {row.valid_from for row in self.said[agency_id].rows if since < row.valid_from <= until}
        found = [KindsFrom(None, self._list_at(agency_id, since))]
        for at in sorted(begins):
            kinds = self._list_at(agency_id, at)
            if kinds != found[-1].kinds:
                found.append(KindsFrom(at, kinds))
        return tuple(found)

    def _list_at(self, agency_id: AgencyId, at: datetime, known_at: datetime | None = None) -> Items:
        return self.said[agency_id].list_at(_NAME, at, self.installed, known_at).value


def rules_of(connection: Connection, installed: StorageSettings, agency_ids: Collection[AgencyId]) -> Rules:
    """Return what agencies say of certificates, by one query."""
    said = said_each(connection, agency_ids, (_NAME,))
    return Rules({one: said.get(one, Said((), ())) for one in agency_ids}, installed)


def rule_at(
    connection: Connection,
    installed: StorageSettings,
    agency_id: AgencyId,
    kind: EquipmentKind | str,
    at: datetime,
    *,
    known_at: datetime | None = None,
) -> CertificateRule:
    """Return whether a kind needs a certificate at a time, and by which source."""
    told = rules_of(connection, installed, [agency_id]).said[agency_id]
    found = told.list_at(_NAME, at, installed, known_at)
    is_needed = str(kind) in found.value
    if found.row is None:
        return CertificateRule(is_needed=is_needed)
    query = with_agency(select(agency_settings.c.source), agency_settings.c.agency_id)
    row = connection.execute(query.where(agency_settings.c.id == found.row.id)).mappings().one()
    return CertificateRule(
        is_needed=is_needed,
        source=row["source"],
        agency_name=row["agency_name"],
        since=found.row.valid_from,
    )
