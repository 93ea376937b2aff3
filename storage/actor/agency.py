"""The tree of agencies and units, as an administrator keeps it."""

from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Text,
    cast,
    exists,
    func,
    literal,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY

from schemas.actor import Actor
from schemas.agency import Agency, AgencyAmendIn, AgencyIn, StandingThere, code_holds
from schemas.event import Event
from schemas.ids import AgencyId
from schemas.leaves_agency import AgencyAmend, AgencyClose
from schemas.policy import Action, Subject, require, require_scope
from schemas.refusals_agency import (
    AGENCY_CLOSED,
    AGENCY_CODE_TAKEN,
    AGENCY_CODE_WRONG,
    AGENCY_CYCLE,
    AGENCY_NOT_FOUND,
    AGENCY_STANDING,
    AGENCY_TOP,
)
from storage.act import fresh_id
from storage.actor.actor import open_agency
from storage.collection import Collection
from storage.custody.values import shown
from storage.reads.agency import tree_below
from storage.reads.custody import version_in
from storage.reads.standing import standing_in
from storage.tables.actor import accounts, agencies
from storage.version import require_version

_TREE = text("SELECT pg_advisory_xact_lock(7_110_291_500_017)")
"""Held by whoever changes the tree: of two moves that together make a ring the second sees the first."""

_TEXTS = ARRAY(Text)
_VERSIONS = (Event.AGENCY_OPEN, Event.AGENCY_AMEND, Event.AGENCY_CLOSE)


def _require_open(agency: Agency) -> None:
    if agency.closed_at is not None:
        raise AGENCY_CLOSED("the agency is closed")


def _lock_tree(connection: Connection) -> None:
    connection.execute(_TREE)


class Agencies(Collection):
    """The agencies that an actor reaches."""

    def tree(self, actor: Actor) -> tuple[Agency, ...]:
        """Return every agency that the actor reaches, each behind the one above it, siblings by name.

        Raises:
            Refused: the actor may not see accounts.
        """
        allowed = require_scope(actor, Action.ACCOUNT_VIEW, self._now)
        inside = agencies.c.id.in_(sorted(allowed.agency_ids))
        above = agencies.alias("above")
        is_top = inside & ~exists().where(
            above.c.id == agencies.c.parent_id, above.c.id.in_(sorted(allowed.agency_ids))
        )
        place = func.concat(agencies.c.name, " ", cast(agencies.c.id, Text))
        top = select(
            agencies.c.id, func.array_append(cast([], _TEXTS), place).label("way"), literal(0).label("depth")
        )
        tree = top.where(is_top).cte("tree", recursive=True)
        below = select(agencies.c.id, func.array_append(tree.c.way, place), tree.c.depth + 1)
        tree = tree.union_all(below.where(agencies.c.parent_id == tree.c.id, inside))
        query = self._select(tree.c.depth).join(tree, tree.c.id == agencies.c.id).order_by(tree.c.way)
        return tuple(map(Agency.of_row, self._connection.execute(query).mappings()))

    def get(self, actor: Actor, agency_id: AgencyId) -> Agency:
        """Return one agency.

        Raises:
            NotFound: no such agency within the actor's reach (slug `agency-not-found`).
            Refused: the actor may not see accounts.
        """
        allowed = require_scope(actor, Action.ACCOUNT_VIEW, self._now)
        query = self._select(literal(0).label("depth")).where(
            agencies.c.id == agency_id, agencies.c.id.in_(sorted(allowed.agency_ids))
        )
        return self._one(query, Agency.of_row, AGENCY_NOT_FOUND("no such agency"))

    def open(self, actor: Actor, wish: AgencyIn) -> Agency:
        """Open a unit below another.

        Raises:
            NotFound: the agency above, or the principal, is outside the actor's reach (slug `agency-not-found`).
            Refused: the actor may not keep agencies.
            Conflict: the code is taken (slug `agency-code-taken`), or one of those is closed (`agency-closed`).
            Invalid: the code's last character is wrong (slug `agency-code-wrong`).
        """
        others = [one for one in (wish.parent_id, wish.principal_id) if one is not None]
        for one in others:
            require(actor, Action.AGENCY_KEEP, Subject(agency_id=self.get(actor, one).id), self._now)
        _lock_tree(self._connection)
        made = AgencyId(fresh_id())
        act = self._begin(actor, made, f"agency/{made}", relies=[f"agency/{one}" for one in others])
        for one in others:
            _require_open(self.get(actor, one))
        self._check_code(wish.code, made)
        open_agency(
            self._connection,
            act,
            ident=made,
            name=wish.name,
            kind=wish.kind,
            code=wish.code,
            is_supervising=wish.supervising,
            parent_id=wish.parent_id,
            principal_id=wish.principal_id,
        )
        return self.get(actor.model_copy(update={"agency_ids": actor.agency_ids | {made}}), made)

    def amend(self, actor: Actor, agency_id: AgencyId, wish: AgencyAmendIn, seen: int) -> Agency:
        """Say something else of a unit, or move it below another one.

        Raises:
            NotFound, Refused, Invalid: as for `open`.
            Conflict: the code is taken, the unit would lie below itself (slug `agency-cycle`), it is at the top, or it or
                the one above is closed (slug `agency-closed`).
            VersionConflict: somebody else changed it.
        """
        known = self.get(actor, agency_id)
        require(actor, Action.AGENCY_KEEP, Subject(agency_id=known.id), self._now)
        above = None if wish.parent_id is None else self.get(actor, wish.parent_id).id
        _lock_tree(self._connection)
        about = f"agency/{agency_id}"
        relies = [] if above is None or above == agency_id else [f"agency/{above}"]
        act = self._begin(actor, agency_id, about, relies=relies)
        held = self.get(actor, agency_id)
        require_version(held.version, seen)
        _require_open(held)
        if above is not None:
            _require_open(self.get(actor, above))
        changed = {
            name: value
            for name, value in wish.model_dump(exclude_unset=True).items()
            if value is not None and value != getattr(held, _COLUMNS.get(name, name))
        }
        if not changed:
            return held
        self._check_move(held, changed.get("parent_id"))
        if "code" in changed:
            self._check_code(changed["code"], agency_id)
        columns = {_COLUMNS.get(name, name): value for name, value in changed.items()}
        self._connection.execute(update(agencies).where(agencies.c.id == agency_id).values(**columns))
        act.write(
            AgencyAmend(
                parent=f"agency/{changed['parent_id']}" if "parent_id" in changed else None,
                supervising=changed.get("supervising"),
                name=shown(changed.get("name")),
                code=shown(changed.get("code")),
            ),
            about,
        )
        return self.get(actor, agency_id)

    def standing(self, agency_id: AgencyId) -> tuple[StandingThere, ...]:
        """Return what stands in an agency and keeps it from being closed; the caller has looked at the agency."""
        return standing_in(self._connection, agency_id, self._now)

    def close(self, actor: Actor, agency_id: AgencyId, seen: int) -> Agency:
        """Close an agency in which nobody and nothing at work stands any more; its history stays readable.

        Its chain is held: whoever is admitted, opens a case or comes below it meanwhile comes before, and is counted.

        Raises:
            NotFound, Refused, VersionConflict: as for `amend`.
            Conflict: something stands there (slug `agency-standing`; the facts count and name it), or it is closed
                (slug `agency-closed`).
        """
        known = self.get(actor, agency_id)
        require(actor, Action.AGENCY_KEEP, Subject(agency_id=known.id), self._now)
        _lock_tree(self._connection)
        about = f"agency/{agency_id}"
        act = self._begin(actor, agency_id, about)
        held = self.get(actor, agency_id)
        require_version(held.version, seen)
        _require_open(held)
        standing = self.standing(agency_id)
        if standing:
            counted = {one.kind.value: one.count for one in standing}
            named = {one.kind.value: list(one.names) for one in standing}
            raise AGENCY_STANDING("something stands there", standing=counted, names=named)
        self._connection.execute(update(agencies).where(agencies.c.id == agency_id).values(closed_at=act.at))
        act.write(AgencyClose(), about)
        return self.get(actor, agency_id)

    def _check_move(self, held: Agency, above: AgencyId | None) -> None:
        if above is None:
            return
        if held.parent_id is None:
            raise AGENCY_TOP("the agency at the top stays there")
        if above in tree_below(self._connection, held.id):
            raise AGENCY_CYCLE("an agency cannot lie below itself")

    def _check_code(self, code: str, agency_id: AgencyId) -> None:
        if not code_holds(code):
            raise AGENCY_CODE_WRONG("the last character does not check the others")
        taken = exists().where(agencies.c.code == code, agencies.c.id != agency_id)
        if self._connection.scalar(select(taken)):
            raise AGENCY_CODE_TAKEN("another agency has this code")

    def _select(self, depth: ColumnElement[int]) -> Select[tuple[Any, ...]]:
        principal = agencies.alias("principal")
        people = select(func.count()).where(accounts.c.agency_id == agencies.c.id, accounts.c.is_active)
        of = func.concat("agency/", cast(agencies.c.id, Text))
        return select(
            agencies,
            principal.c.name.label("principal_name"),
            people.scalar_subquery().label("people"),
            version_in(of, _VERSIONS).label("version"),
            depth,
        ).join(principal, principal.c.id == agencies.c.principal_id, isouter=True)


_COLUMNS = {"supervising": "is_supervising"}
