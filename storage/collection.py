"""What every collection shares: rows read one by one or by pages, and acts that enter the log with their change."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, literal, tuple_

from schemas.actor import Actor, ActorKind
from schemas.errors import NotFound
from schemas.ids import AgencyId
from schemas.page import Cursor, Page
from schemas.reference import noun_of
from schemas.refusals_request import CURSOR_INVALID
from storage.act import Deed
from storage.custody.custody import CustodyLog
from storage.outbox import Outbox
from storage.reads.account import moment_of, require_still
from storage.settings import StorageSettings

Value = TypeVar("Value")

_SIFTED = 2_000
"""So many rows a request looks at for one page, where not all that the database finds are of the list."""


@dataclass(frozen=True)
class Unit:
    """What every collection of one transaction stands on: its connection, its one time, its log and its jobs.

    `address` is where it is asked for from, as `schemas.address.origin` gives it; empty where the product asks itself.
    It is personal data: for the trail and for sessions alone.
    """

    connection: Connection
    settings: StorageSettings
    now: datetime
    clock: Callable[[], datetime] | None = None
    address: str = ""

    @cached_property
    def custody(self) -> CustodyLog:
        """The log; its entries become true with the transaction."""
        return CustodyLog(self.connection, self.clock)

    @cached_property
    def jobs(self) -> Outbox:
        """The jobs; they are handed out after the commit."""
        return Outbox(self.connection)


class By(NamedTuple):
    """A column by which a reader may sort a list: one that is never NULL, and that an index has with the id behind it.

    `parse` reads its value back from a cursor.
    """

    column: ColumnElement[Any]
    parse: Callable[[str], object] = str


class Order(NamedTuple):
    """How a list is ordered: by id, newest first; with a time, soonest first, and the id breaks ties.

    Both are columns of the query, under their own names. A list that a reader has sorted is ordered `by` another column,
    or by the id alone, downwards or not; the id breaks ties in the same direction.
    """

    ident: ColumnElement[UUID]
    at: ColumnElement[datetime] | None = None
    by: By | None = None
    is_descending: bool = True


_SORT_KEY = "sort_key"


def sorted_order(ident: ColumnElement[UUID], sorts: Mapping[str, By | None], wanted: str | None) -> Order:
    """Return the order that `wanted` names: a key of `sorts`, downwards behind a minus; newest first for no such key."""
    name = (wanted or "").removeprefix("-")
    if wanted is None or name not in sorts:
        return Order(ident)
    return Order(ident, by=sorts[name], is_descending=wanted.startswith("-"))


class Collection:
    """A noun's rows over one connection; the caller's transaction decides what becomes true.

    Queries, columns and scopes stand in the collections themselves: a method that takes an actor reads within
    that actor's scope, one that takes none is for the system or says that its caller has looked. What a method
    writes stands or falls with its entry: a crash before the commit leaves nothing. A comment says where a crash
    leaves something after all – in the store, in the answer that was not sent, in an earlier transaction.
    """

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._connection = unit.connection
        self._now = unit.now

    @property
    def _moment(self) -> ColumnElement[datetime] | datetime:
        """The time by which dated rights are judged in a query: that of the acts."""
        return moment_of(self._unit.clock)

    def _begin(
        self, actor: Actor | str, agency_id: AgencyId | None, *changes: str, relies: Iterable[str] = ()
    ) -> Deed:
        """Hold the chains of `changes`, and what the act relies on: its actor, the agency and `relies`.

        What was read to find the chains is read again behind this call. A crash before the commit leaves nothing.

        Raises:
            NotAuthenticated: the account was closed or lost a role since it asked.
            Busy: a further act of this transaction wants what somebody else holds (slug `chain-busy`).
            IntegrityBroken: a chain does not stand where its last leaf does (slug `chain-broken`).
        """
        who = actor if isinstance(actor, str) else actor.reference
        leant = {*relies, *(() if agency_id is None else (f"agency/{agency_id}",))}
        if noun_of(who) in ("account", "device"):
            leant.add(who)
        at = self._unit.custody.hold(*changes, relies=leant - set(changes))
        if isinstance(actor, Actor) and actor.kind is ActorKind.ACCOUNT:
            require_still(self._connection, actor, at)
        return Deed(self._unit.custody, who, at, agency_id)

    def _one(
        self, query: Select[tuple[Any, ...]], value: Callable[[RowMapping], Value], absent: NotFound
    ) -> Value:
        """Return the one row of a query as a value, or raise what says that there is none."""
        row = self._connection.execute(query).mappings().one_or_none()
        if row is None:
            raise absent
        return value(row)

    def _page(
        self,
        query: Select[tuple[Any, ...]],
        order: Order,
        *,
        after: Cursor | None,
        limit: int,
        keep: Callable[[RowMapping], bool] | None = None,
    ) -> Page[RowMapping]:
        """Return the rows behind `after` in the order of the list.

        Args:
            query: The list.
            order: Its order.
            after: Where the page before ended.
            limit: How many rows.
            keep: Which of the rows that the query finds really are of the list. Where few are, a page may have fewer
                rows than `limit`, and still another behind it: a request reads no more than `_SIFTED` rows.

        Raises:
            Invalid: the cursor is of a list with another order (slug `cursor-invalid`).
        """
        ranked = _ranked(order)
        if order.by is not None:
            query = query.add_columns(order.by.column.label(_SORT_KEY))
        rows: list[RowMapping] = []
        read = 0
        while True:
            some = query if after is None else query.where(_behind(order, after))
            found = self._connection.execute(some.order_by(*ranked).limit(limit + 1)).mappings().all()
            read += len(found)
            for number, row in enumerate(found[:limit], start=1):
                if keep is None or keep(row):
                    rows.append(row)
                if len(rows) == limit and number < len(found):
                    return Page(rows=tuple(rows), next=_place(order, row))
            if len(found) <= limit:
                return Page(rows=tuple(rows), next=None)
            after = _place(order, found[limit - 1])
            if read > _SIFTED:
                return Page(rows=tuple(rows), next=after)


def _ranked(order: Order) -> Sequence[ColumnElement[Any]]:
    if order.at is not None:
        return (order.at, order.ident)
    columns = (order.ident,) if order.by is None else (order.by.column, order.ident)
    return [one.desc() if order.is_descending else one.asc() for one in columns]


def _behind_sorted(order: Order, by: By, after: Cursor) -> ColumnElement[bool]:
    if after.key is None:
        raise CURSOR_INVALID("the cursor is of another list")
    try:
        value = by.parse(after.key)
    except ValueError as err:
        raise CURSOR_INVALID("the cursor is of another list") from err
    place = tuple_(by.column, order.ident)
    here = tuple_(literal(value), literal(after.ident))
    return place < here if order.is_descending else place > here


def _behind(order: Order, after: Cursor) -> ColumnElement[bool]:
    if order.by is not None:
        return _behind_sorted(order, order.by, after)
    if after.key is not None:
        raise CURSOR_INVALID("the cursor is of another list")
    if (order.at is None) is not (after.at is None):
        raise CURSOR_INVALID("the cursor is of another list")
    if order.at is None:
        return order.ident < after.ident if order.is_descending else order.ident > after.ident
    return tuple_(order.at, order.ident) > tuple_(after.at, after.ident)


def _place(order: Order, row: RowMapping) -> Cursor:
    if order.by is not None:
        value = row[_SORT_KEY]
        return Cursor(
            ident=row[order.ident], key=value.isoformat() if isinstance(value, datetime) else str(value)
        )
    return Cursor(ident=row[order.ident], at=None if order.at is None else row[order.at])
