"""Settings of agencies: who set what from when on, and what holds. Rows are added and never changed."""

from datetime import datetime

from sqlalchemy import insert, select

from schemas.actor import Actor
from schemas.certificate import CertificateTerms
from schemas.ids import AgencyId, SettingId
from schemas.leaves_setting import SettingChange, SettingChangeList
from schemas.policy import Action, Subject, may, missing, require_scope
from schemas.reference import reference
from schemas.refusals_agency import AGENCY_NOT_FOUND
from schemas.setting import Setting, SettingEntry, SettingIn, Standing, StandingList
from schemas.setting_list import Items, ListSetting
from schemas.tolerance import Tolerances
from storage.act import fresh_id
from storage.collection import Collection
from storage.custody.values import shown
from storage.reads.account import with_name
from storage.reads.agency import name_of_agency, with_agency
from storage.reads.setting import certificate_terms, list_at, said, setting_at, soon, tolerances_at
from storage.tables.setting import agency_settings


class AgencySettings(Collection):
    """What agencies set, each by a document."""

    def value(self, name: Setting, agency_id: AgencyId, at: datetime) -> int:
        """Return what holds for an agency at the time of what is judged; for the product itself, not for a reader."""
        return setting_at(self._connection, self._unit.settings, agency_id, name, at)

    def soon(self, agency_id: AgencyId) -> datetime:
        """Return until when an end is warned of to people of an agency, by its setting as it holds now."""
        return soon(self._connection, self._unit.settings, agency_id, self._now)

    def certificate_terms(self, agency_id: AgencyId) -> CertificateTerms:
        """Return by when certificates are renewed and verified in an agency, as its settings hold now."""
        return certificate_terms(self._connection, self._unit.settings, agency_id, self._now)

    def tolerances(self, agency_id: AgencyId, at: datetime) -> Tolerances:
        """Return what an agency allows at the receipt of something; for the product itself, not for a reader."""
        return tolerances_at(self._connection, self._unit.settings, agency_id, at)

    def standing(self, actor: Actor, agency_id: AgencyId, at: datetime | None = None) -> tuple[Standing, ...]:
        """Return every setting of an agency as it holds at a time, now where none is said.

        Raises:
            Refused: the actor may see no settings.
            NotFound: no such agency within the actor's reach (slug `agency-not-found`).
        """
        self._require_seen(actor, agency_id)
        told = said(self._connection, agency_id, tuple(Setting))
        entries = {entry.id: entry for entry in self._entries(told.line)}
        found = [(name, told.at(name, at or self._now, self._unit.settings)) for name in Setting]
        return tuple(
            Standing(name, one.value, entries[one.row.id] if one.row else None) for name, one in found
        )

    def listed(self, name: ListSetting, agency_id: AgencyId, at: datetime) -> Items:
        """Return a list for an agency at the time of what is judged; for the product itself, not for a reader."""
        return list_at(self._connection, self._unit.settings, agency_id, name, at)

    def lists(
        self, actor: Actor, agency_id: AgencyId, at: datetime | None = None
    ) -> tuple[StandingList, ...]:
        """Return every list of an agency as it holds at a time, now where none is said.

        Raises:
            Refused, NotFound: as for `standing`.
        """
        self._require_seen(actor, agency_id)
        told = said(self._connection, agency_id, tuple(ListSetting))
        entries = {entry.id: entry for entry in self._entries(told.line)}
        found = [(name, told.list_at(name, at or self._now, self._unit.settings)) for name in ListSetting]
        return tuple(
            StandingList(name, one.value, entries[one.row.id] if one.row else None) for name, one in found
        )

    def agency_name(self, actor: Actor, agency_id: AgencyId) -> str:
        """Return what an agency is called.

        Raises:
            Refused, NotFound: as for `standing`.
        """
        self._require_seen(actor, agency_id)
        return str(self._connection.scalar(name_of_agency(agency_id)))

    def history(self, actor: Actor, agency_id: AgencyId) -> tuple[SettingEntry, ...]:
        """Return what an agency and those above it ever set, what was entered last first.

        Raises:
            Refused, NotFound: as for `standing`.
        """
        self._require_seen(actor, agency_id)
        return self._entries(said(self._connection, agency_id, tuple(Setting)).line)

    def change(self, actor: Actor, agency_id: AgencyId, wish: SettingIn) -> Standing | StandingList:
        """Set a value from a time on, by a document. What was concluded before stays as it is.

        Raises:
            NotFound: no such agency within the actor's reach (slug `agency-not-found`).
            Refused: the actor may not change settings there.
            Invalid: the number is outside its range (slug `setting-out-of-range`), or an item cannot stand in its list
                (`setting-item`).
        """
        self._require_seen(actor, agency_id)
        if not may(actor, Action.SETTING_KEEP, Subject(agency_id=agency_id), self._now):
            raise missing(Action.SETTING_KEEP)
        wish.check_range()
        made, of, source = SettingId(fresh_id()), reference("agency", agency_id), wish.source.strip()
        deed = self._begin(actor, agency_id, of)
        self._connection.execute(
            insert(agency_settings).values(
                id=made,
                agency_id=agency_id,
                name=wish.name,
                value=wish.value,
                items=None if wish.items is None else list(wish.items),
                valid_from=wish.from_at,
                known_at=deed.at,
                set_by=actor.account_id,
                source=source,
            )
        )
        deed.write(_leaf(wish, source), reference("setting", made), of)
        standing: tuple[Standing | StandingList, ...] = (
            self.lists(actor, agency_id, wish.from_at)
            if isinstance(wish.name, ListSetting)
            else self.standing(actor, agency_id, wish.from_at)
        )
        return next(one for one in standing if one.name is wish.name)

    def _require_seen(self, actor: Actor, agency_id: AgencyId) -> None:
        if agency_id not in require_scope(actor, Action.SETTING_VIEW, self._now).agency_ids:
            raise AGENCY_NOT_FOUND("no such agency")

    def _entries(self, line: tuple[AgencyId, ...]) -> tuple[SettingEntry, ...]:
        query = with_agency(select(agency_settings), agency_settings.c.agency_id)
        query = with_name(query, agency_settings.c.set_by, "setter")
        query = query.where(agency_settings.c.agency_id.in_(line)).order_by(
            agency_settings.c.known_at.desc(), agency_settings.c.id.desc()
        )
        return tuple(map(SettingEntry.of_row, self._connection.execute(query).mappings()))


def _leaf(wish: SettingIn, source: str) -> SettingChange | SettingChangeList:
    if not isinstance(wish.name, ListSetting):
        return SettingChange(name=wish.name, from_=wish.from_at, value=wish.value, source=shown(source))
    return SettingChangeList(
        name=wish.name,
        from_=wish.from_at,
        count=None if wish.items is None else len(wish.items),
        items=shown(wish.items),
        source=shown(source),
    )
