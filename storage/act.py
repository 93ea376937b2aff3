"""One act of one actor: its chains are held, its rows take its time, and its leaves are written from here."""

import secrets
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from schemas.act import Act, Process
from schemas.ids import AgencyId
from storage.custody.copying import NewLeaves
from storage.custody.custody import CustodyLog, Entry
from storage.custody.values import Appended


@dataclass(frozen=True)
class Deed:
    """Who acts, when, and for which agency; rows take time and actor from it as the leaves do."""

    log: CustodyLog
    actor: str
    at: datetime
    agency_id: AgencyId | None

    def leaning(self, relies: Iterable[str]) -> "Deed":
        """Hold more chains that the act relies on, found since; its one time is that of the last that was held."""
        return replace(self, at=self.log.hold(relies=relies))

    def write(self, act: Act, about: str, *within: str, ident: UUID | None = None) -> Appended:
        """Write the leaf of `act` about `noun/uuid`; `within` names chains that nothing else names.

        A crash before the commit leaves neither the change nor its leaf.
        """
        return self.log.append(act, about, *within, actor=self.actor, agency_id=self.agency_id, ident=ident)

    def write_all(self, entries: Iterable[Entry]) -> list[Appended]:
        """Write the leaves of one act in their order, many in a statement."""
        return self.log.append_all(entries, actor=self.actor, agency_id=self.agency_id)

    def write_few(self, entries: Sequence[Entry]) -> None:
        """Write the leaves of one act in their order, by one statement; one alone as `write` does."""
        if len(entries) > 1:
            self.write_all(entries)
            return
        for one in entries:
            self.write(one.act, one.about, *one.within, ident=one.ident)

    def make_new(self, entries: Sequence[Entry]) -> NewLeaves:
        """Make the leaves of things that are made with them, in their order: `CustodyLog.make_new`."""
        return self.log.make_new(entries, actor=self.actor)

    def enter_new(self, made: NewLeaves) -> None:
        """Enter leaves that were made: `CustodyLog.enter_new`."""
        self.log.enter_new(made, agency_id=self.agency_id)

    def next_number(self, of: str) -> int:
        """Return the number that the next leaf of a held chain will have."""
        return self.log.next_number(of)


def service(process: Process) -> str:
    """Return how leaves name a process of ours that acts by itself."""
    return f"service/{process}"


def fresh_id() -> UUID:
    """Return a new id, for a thing whose chain is held before its row is there: RFC 9562, version 7.

    As the database's own: 48 bits of milliseconds, 12 bits of their fraction, 62 random bits. Ids of one process sort
    by time.
    """
    now, fraction = divmod(time.time_ns(), 1_000_000)
    high = now << 16 | 7 << 12 | fraction * 4096 // 1_000_000
    return UUID(int=high << 64 | 2 << 62 | secrets.randbits(62))
