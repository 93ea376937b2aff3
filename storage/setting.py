"""Settings of agencies: who set what from when on, and what holds. Rows are added and never changed."""

from datetime import datetime

from sqlalchemy import insert, select

from schemas.actor import Actor
from schemas.ids import AgencyId, SettingId
from schemas.leaves_setting import SettingChange
from schemas.policy import Action, Subject, may, missing, require_scope
from schemas.reference import reference
from schemas.refusals_account import AGENCY_NOT_FOUND
from schemas.setting import Setting, SettingEntry, SettingIn, Standing
from storage.act import fresh_id
from storage.collection import Collection
from storage.custody.values import shown
from storage.reads.account import with_name
from storage.reads.agency import name_of_agency, with_agency
from storage.reads.setting import said, setting_at
from storage.tables.setting import agency_settings


class AgencySettings(Collection):
    """What agencies set, each by a document."""

    def value(self, name: Setting, agency_id: AgencyId, at: datetime) -> int:
        """Return what holds for an agency at the time of what is judged; for the product itself, not for a reader."""
        return setting_at(self._connection, self._unit.settings, agency_id, name, at)

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

    def change(self, actor: Actor, agency_id: AgencyId, wish: SettingIn) -> Standing:
        """Set a value from a time on, by a document. What was concluded before stays as it is.

        Raises:
            NotFound: no such agency within the actor's reach (slug `agency-not-found`).
            Refused: the actor may not change settings there.
            Invalid: the number is outside its range (slug `setting-out-of-range`).
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
                valid_from=wish.from_at,
                known_at=deed.at,
                set_by=actor.account_id,
                source=source,
            )
        )
        set_ = SettingChange(name=wish.name, from_=wish.from_at, value=wish.value, source=shown(source))
        deed.write(set_, reference("setting", made), of)
        return next(one for one in self.standing(actor, agency_id, wish.from_at) if one.name is wish.name)

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
