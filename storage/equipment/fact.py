"""Rows of the dated facts of fixed equipment: entered, and said anew."""

from datetime import datetime

from sqlalchemy import Connection, Table, insert, select
from sqlalchemy.dialects.postgresql import Range

from schemas.actor import Actor
from schemas.equipment import Certificate, EquipmentReview, Publication, Suspension
from schemas.equipment_amend import Fact, span_of, texts_of
from schemas.ids import EquipmentId
from schemas.leaves_equipment import EquipmentCorrect
from storage.act import Deed
from storage.custody.values import shown
from storage.tables.equipment import (
    equipment_certificates,
    equipment_publications,
    equipment_reviews,
    equipment_suspensions,
)
from storage.told import close_told

_TABLES = {
    Certificate: equipment_certificates,
    EquipmentReview: equipment_reviews,
    Publication: equipment_publications,
    Suspension: equipment_suspensions,
}


def enter_fact(
    connection: Connection,
    table: Table,
    deed: Deed,
    leaf: str,
    *,
    by: Actor,
    about: EquipmentId,
    span: Range[datetime],
    **values: object,
) -> None:
    """Enter a fact that holds in a span, by the leaf of this digest, hex."""
    digest = bytes.fromhex(leaf)
    connection.execute(
        insert(table).values(
            equipment_id=about,
            valid_during=span,
            known_during=Range(deed.at, None),
            recorded_by=by.id,
            entry=digest,
            leaf=digest,
            **values,
        )
    )


def restate_fact(
    connection: Connection,
    deed: Deed,
    leaf: str,
    known: Fact,
    *,
    by: Actor,
    span: Range[datetime] | None,
    **changed: object,
) -> None:
    """Say a fact anew, by the leaf of this digest; without a span nothing is said of it any more."""
    table, mine = _TABLES[type(known)], bytes.fromhex(known.leaf)
    row = connection.execute(select(table).where(table.c.leaf == mine)).mappings().one()
    close_told(connection, table, table.c.entry == row["entry"], deed.at)
    if span is None:
        return
    told = {name: value for name, value in row.items() if name != "id"} | changed
    ranges = {"valid_during": span, "known_during": Range(deed.at, None)}
    connection.execute(
        insert(table).values(**told | ranges | {"recorded_by": by.id, "leaf": bytes.fromhex(leaf)})
    )


def amend_act(entry: str, fact: Fact | None, reason: str) -> EquipmentCorrect:
    """Return what the log says of a corrected fact; None: it never was."""
    if fact is None:
        return EquipmentCorrect(entry=entry, reason=shown(reason))
    since, until = span_of(fact)
    texts = {"title" if name == "document" else name: shown(text) for name, text in texts_of(fact).items()}
    return EquipmentCorrect(entry=entry, from_=since, until=until, reason=shown(reason), **texts)
