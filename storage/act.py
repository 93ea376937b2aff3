"""One act of one actor: its time, who acts, and every entry that speaks of it are written from here."""

from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from schemas.custody import CustodyEntry, Event
from schemas.ids import AgencyId, EntryId
from storage.custody import Appended, CustodyLog


@dataclass(frozen=True)
class Act:
    """Who acts, when, and for which agency; rows take their time and actor from the act as the log does."""

    log: CustodyLog
    actor: str
    at: datetime
    agency_id: AgencyId | None

    def record(self, event: Event, about: str, **facts: object) -> Appended:
        """Append an entry about `noun/uuid` to the caller's transaction; facts that are None are left out.

        A crash before the commit leaves neither the change nor its entry.
        """
        known = {name: value for name, value in facts.items() if value is not None}
        entry = CustodyEntry(
            entry_id=EntryId(uuid4()), event=event, actor=self.actor, subject=about, at=self.at, facts=known
        )
        return self.log.append(entry, agency_id=self.agency_id)
