"""Training by a sheet: looked at row by row, then entered whole or not at all.

Every row that does not stand already gets its own entry, as if it had been typed. The chains of all people whom the sheet
names are held together; behind them the rows are looked at again, so that of two who hand in the same sheet the second
finds it entered. A crash before the one commit leaves nothing.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Text, cast, func, insert, select
from sqlalchemy.dialects.postgresql import ARRAY

from schemas.actor import Actor
from schemas.ids import AccountId
from schemas.leaves_account import AccountKind
from schemas.leaves_training import TrainingEnter, TrainingKind
from schemas.policy import Action, Subject, require
from schemas.reference import reference
from schemas.refusals_training import TRAINING_SHEET_FAULTY
from schemas.trail import day_of
from schemas.training_sheet import Attendee, Entered, LookedLine, Register, TrainingLine, look_at, new_of
from storage.act import Deed, fresh_id
from storage.collection import Collection
from storage.custody.custody import Entry
from storage.custody.values import shown
from storage.tables.actor import accounts, certificates
from storage.tables.training import trainings


class TakenSheet(NamedTuple):
    """The rows of a sheet as they were looked at, and how many of them were entered."""

    lines: tuple[LookedLine, ...]
    entered: int


class TrainingSheets(Collection):
    """Sheets of training of the agency whose certificates an actor keeps."""

    def looked_at(self, actor: Actor, lines: Sequence[TrainingLine]) -> tuple[LookedLine, ...]:
        """Return the rows with what the sheet alone could not tell; people of other agencies are nobody.

        Raises:
            Refused: the actor does not keep certificates.
        """
        return self._looked(actor, lines, day_of(self._now))

    def _looked(self, actor: Actor, lines: Sequence[TrainingLine], today: date) -> tuple[LookedLine, ...]:
        require(actor, Action.CERTIFICATE_KEEP, Subject(agency_id=actor.agency_id), self._now)
        by_login = self._people(actor, accounts.c.login, [one.texts.login for one in lines])
        by_certificate = self._people(actor, certificates.c.number, [one.texts.certificate for one in lines])
        people = {one.id for known in (by_login, by_certificate) for one in known.values()}
        return look_at(lines, Register(by_login, by_certificate, self._entered(people), today))

    def _people(self, actor: Actor, name: ColumnElement[str], names: Sequence[str]) -> dict[str, Attendee]:
        """Return the people of the agency behind log-in names, or behind numbers of certificates in whatever state."""
        asked = cast(sorted(set(names) - {""}), ARRAY(Text))  # one parameter, whatever their number
        query = select(name.label("named"), accounts.c.id, accounts.c.name, accounts.c.is_active).where(
            name.in_(select(func.unnest(asked))),
            accounts.c.kind == AccountKind.PERSON.value,
            accounts.c.agency_id == actor.agency_id,
        )
        if name.table is certificates:
            query = query.join(certificates, certificates.c.account_id == accounts.c.id)
        rows = self._connection.execute(query)
        return {row.named: Attendee(AccountId(row.id), row.name, row.is_active) for row in rows}

    def _entered(self, people: Iterable[AccountId]) -> frozenset[Entered]:
        known = trainings.c
        rows = self._connection.execute(
            select(known.account_id, known.kind, known.hours, known.held_on, known.topic).where(
                known.account_id.in_(sorted(people)), known.withdrawn_at.is_(None)
            )
        )
        return frozenset(
            Entered(row.account_id, TrainingKind(row.kind), row.hours, row.held_on, row.topic.strip())
            for row in rows
        )

    def take(self, actor: Actor, lines: Sequence[TrainingLine]) -> TakenSheet:
        """Enter every row that does not stand already: all in one commit, or none.

        Raises:
            Invalid: a row is wrong (slug `training-sheet-faulty`); the fact `rows` names the numbers of the first hundred.
            Refused: the actor does not keep certificates.
        """
        people = {one.person.id for one in _right(self.looked_at(actor, lines)) if one.person is not None}
        deed = self._begin(actor, actor.agency_id, *(reference("account", one) for one in sorted(people)))
        looked = _right(self._looked(actor, lines, day_of(deed.at)))
        new = new_of(looked)
        if new:
            self._enter(actor, deed, new)
        return TakenSheet(looked, len(new))

    def _enter(self, actor: Actor, deed: Deed, new: Sequence[Entered]) -> None:
        idents = [fresh_id() for _ in new]
        leaves = deed.write_all(_leaf(one, ident) for one, ident in zip(new, idents, strict=True))
        rows = [
            {
                **one._asdict(),
                "id": ident,
                "entered_by": actor.id,
                "entered_at": deed.at,
                "leaf": bytes.fromhex(leaf.digest),
            }
            for one, ident, leaf in zip(new, idents, leaves, strict=True)
        ]
        self._connection.execute(insert(trainings), rows)


def _leaf(one: Entered, ident: UUID) -> Entry:
    act = TrainingEnter(kind=one.kind, hours=one.hours, on=one.held_on.isoformat(), topic=shown(one.topic))
    return Entry(act, reference("training", ident), (reference("account", one.account_id),))


def _right(looked: tuple[LookedLine, ...]) -> tuple[LookedLine, ...]:
    wrong = [one.line.number for one in looked if one.faults]
    if wrong:
        raise TRAINING_SHEET_FAULTY("some rows are wrong", rows=wrong[:100])
    return looked
