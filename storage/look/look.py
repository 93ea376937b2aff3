"""Looks at evidence: each is an entry of the log before a byte is given, and ends in one with its seconds.

1. `open` or `fetch` says who looks, at what and why; the caller's commit makes it true. Content asked for by the id that
   it returns is behind that commit: where the log cannot commit, there is no id, and so no byte.
2. `require` is asked in front of every answer with content. Ranges and reloads use the look that stands.
3. `end_left` closes what was left, expired or ended: the worker alone writes how long a look was, by the last sign
   of life that the server met. A crash anywhere leaves a look that it closes later.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select, text, update

from schemas.act import Act, Process
from schemas.actor import Actor
from schemas.ids import AgencyId, ExportId, LookId, RecordingId
from schemas.leaves_look import ExportFetch, ViewClose, ViewDownload, ViewOpen, ViewPrint
from schemas.look import (
    LEFT_LIFETIME,
    SIGN_OF_LIFE,
    Look,
    LookFrom,
    LookIn,
    LookKind,
    LookReason,
    WhyIn,
    closing_id,
    seconds_between,
)
from schemas.policy import Action, missing
from schemas.reference import reference
from schemas.refusals_export import EXPORT_NOT_READY
from schemas.refusals_look import LOOK_ENDED, LOOK_NEEDED, LOOK_UNKNOWN
from schemas.refusals_setting import LOOK_REASON_UNLISTED
from schemas.setting_list import ListSetting
from storage.act import Deed, fresh_id, service
from storage.collection import Collection, Unit
from storage.custody.custody import Entry
from storage.custody.values import shown
from storage.export.export import Exports
from storage.reads.setting import list_at
from storage.recording.recording import Recordings
from storage.tables.look import looks

_OPEN = and_(text("looks.kind = 'open'"), looks.c.closed_at.is_(None))
"""As the index of open looks says it, whose words a parameter would hide from the planner."""


_ALONE = text(
    "SELECT pg_advisory_xact_lock(hashtextextended(one, 0)) FROM unnest(CAST(:names AS text[])) AS one"
)
"""Two tabs at once are one look; the names are sorted, so that no two wait in a ring."""

_LEAVES = {LookKind.OPEN: ViewOpen, LookKind.DOWNLOAD: ViewDownload, LookKind.PRINT: ViewPrint}
_SHOW = (LookKind.OPEN, LookKind.DOWNLOAD, LookKind.FETCH)


class Asked(NamedTuple):
    """What is looked at, by whom, how, why and from where: looks of the same are one while it stands."""

    actor: Actor
    kind: LookKind
    thing: UUID
    why: WhyIn
    origin: LookFrom

    @property
    def column(self) -> str:
        """Where the thing stands."""
        return "export_id" if self.kind is LookKind.FETCH else "recording_id"

    def row(self) -> dict[str, Any]:
        """Return what its row says of it."""
        return {
            "kind": self.kind.value,
            "way": self.origin.way.value,
            self.column: self.thing,
            "account_id": self.actor.id,
            "reason_code": self.why.reason_code.value,
            "reason": self.why.reason or None,
            "address": self.origin.address,
        }

    def same(self) -> list[ColumnElement[bool]]:
        """Return the conditions that a look is the same as this one."""
        known = [looks.c[name] == value for name, value in self.row().items()]  # with None: IS NULL
        return [*known, _OPEN] if self.kind is LookKind.OPEN else known

    def members(self) -> dict[str, Any]:
        """Return what its leaf says of why and from where."""
        return {
            "way": self.origin.way,
            "reason_code": self.why.reason_code.value,
            "reason": shown(self.why.reason),
            "address": shown(self.origin.address),
        }


def _leaf(asked: Asked) -> Act:
    """Return what the log says of a look at a recording."""
    return _LEAVES[asked.kind](recording=reference("recording", asked.thing), **asked.members())


def _alone(actor: Actor, thing: UUID) -> str:
    return f"look of {actor.id} at {thing}"


class Looks(Collection):
    """Who looked at recordings and took packages away."""

    def __init__(self, unit: Unit, recordings: Recordings, exports: Exports) -> None:
        super().__init__(unit)
        self._recordings = recordings
        self._exports = exports

    def open(self, actor: Actor, recording_id: RecordingId, wish: LookIn, origin: LookFrom) -> Look:
        """Begin a look at a recording, or go on with the one that stands for the same reason from the same place.

        Raises:
            NotFound, Refused: the actor may not watch it.
            Invalid: the actor's agency takes no such reason (slug `look-reason-unlisted`).
        """
        found = self._recordings.watchable(actor, recording_id)
        asked = Asked(actor, wish.kind, recording_id, wish, origin)
        return self._enter(asked, _leaf(asked), found.agency_id)

    def fetch(self, actor: Actor, export_id: ExportId, why: WhyIn, origin: LookFrom) -> Look:
        """Begin to take a package away, or go on.

        Raises:
            NotFound: no such export within the actor's scope.
            Conflict: it is not ready (slug `export-not-ready`).
        """
        found = self._exports.get(actor, export_id)
        if found.sha256 is None:
            raise EXPORT_NOT_READY("the package is not ready", state=found.state)
        asked = Asked(actor, LookKind.FETCH, export_id, why, origin)
        return self._enter(asked, ExportFetch(sha256=found.sha256, **asked.members()), found.agency_id)

    def print_all(
        self,
        actor: Actor,
        agency_id: AgencyId,
        recording_ids: Iterable[RecordingId],
        why: WhyIn,
        origin: LookFrom,
    ) -> None:
        """Enter a print of each of these recordings of one agency, or go on with those that stand: one act of all.

        Raises:
            Refused: the actor may not watch one of them.
            Invalid: the actor's agency takes no such reason (slug `look-reason-unlisted`).
        """
        wanted = sorted(set(recording_ids))
        self._require_reason(actor, why)
        if set(wanted) - self._recordings.watched(actor, wanted):
            raise missing(Action.RECORDING_WATCH)
        if not wanted:
            return
        deed = self._begin(actor, agency_id)
        self._connection.execute(_ALONE, {"names": [_alone(actor, one) for one in wanted]})
        asked = {one: Asked(actor, LookKind.PRINT, one, why, origin) for one in wanted}
        going_on = self._going_on(asked[wanted[0]], wanted)
        fresh = {LookId(fresh_id()): one for one in wanted if one not in going_on}
        entries = [
            Entry(_leaf(asked[one]), reference("view", look_id), ident=look_id)
            for look_id, one in fresh.items()
        ]
        rows = [
            {"id": look_id, "leaf": bytes.fromhex(written.digest), **asked[one].row(), **self._times(deed)}
            for (look_id, one), written in zip(fresh.items(), deed.write_all(entries), strict=True)
        ]
        if rows:
            self._connection.execute(looks.insert(), rows)

    def _going_on(self, asked: Asked, recording_ids: Iterable[RecordingId]) -> frozenset[RecordingId]:
        """Put off the end of looks that stand, alike but for their recordings, and return at which they are."""
        alike = [looks.c[name] == value for name, value in asked.row().items() if name != asked.column]
        noted = (
            update(looks)
            .where(*alike, looks.c.recording_id.in_(list(recording_ids)), looks.c.expires_at > self._moment)
            .values(seen_at=self._moment, expires_at=self._moment + self._idle)
            .returning(looks.c.recording_id)
        )
        return frozenset(self._connection.scalars(noted))

    def _times(self, deed: Deed) -> dict[str, Any]:
        return {"opened_at": deed.at, "seen_at": deed.at, "expires_at": deed.at + self._idle}

    def reasons(self, actor: Actor) -> tuple[LookReason, ...]:
        """Return the reasons to look that the actor's agency takes now, in its order."""
        name, installed = ListSetting.LOOK_REASONS, self._unit.settings
        listed = list_at(self._connection, installed, actor.agency_id, name, self._now)
        return tuple(map(LookReason, listed))

    def _require_reason(self, actor: Actor, why: WhyIn) -> None:
        if why.reason_code not in self.reasons(actor):
            raise LOOK_REASON_UNLISTED("the agency takes no such reason")

    def _enter(self, asked: Asked, leaf: Act, agency_id: AgencyId) -> Look:
        self._require_reason(asked.actor, asked.why)
        deed = self._begin(asked.actor, agency_id)
        self._connection.execute(_ALONE, {"names": [_alone(asked.actor, asked.thing)]})
        row = asked.row()
        known = self._note(*asked.same(), looks.c.expires_at > self._moment)
        if known is not None:
            return known
        look_id = LookId(fresh_id())
        subject = reference("view", look_id)
        if asked.kind is LookKind.FETCH:
            subject = reference("export", asked.thing)
        written = deed.write(leaf, subject, ident=look_id)
        made = (
            looks.insert()
            .values(
                id=look_id,
                leaf=bytes.fromhex(written.digest),
                **self._times(deed),
                **row,
            )
            .returning(looks)
        )
        return Look.of_row(self._connection.execute(made).mappings().one())

    def require(
        self,
        actor: Actor,
        look_id: LookId | None,
        thing: UUID,
        origin: LookFrom,
        *,
        taken: bool,
        still: bool = False,
    ) -> None:
        """Refuse content where no look of the actor at this thing, from this address, stands; note its use.

        Args:
            actor: Who asks.
            look_id: The look that is named.
            thing: The recording, or the package.
            origin: From where.
            taken: Whether the answer is a file to keep: looking alone is another thing.
            still: Whether it is one picture, which a print shows too.

        Raises:
            PreconditionRequired: there is no such look (`look-needed`), or it has ended (`look-ended`).
        """
        kinds = (
            [LookKind.DOWNLOAD, LookKind.FETCH] if taken else [*_SHOW, *([LookKind.PRINT] if still else [])]
        )
        mine = and_(
            looks.c.id == look_id,
            looks.c.account_id == actor.id,
            looks.c.address == origin.address,
            looks.c.kind.in_(kinds),
            or_(looks.c.recording_id == thing, looks.c.export_id == thing),
        )
        fresh = looks.c.expires_at > self._moment + (self._idle - SIGN_OF_LIFE)
        found = self._connection.execute(
            select(looks.c.expires_at > self._moment, fresh, looks.c.closed_at).where(mine)
        ).one_or_none()
        if found is None:
            raise LOOK_NEEDED("no look at this is named", kind="download" if taken else "open")
        lives, is_fresh, closed_at = found
        if closed_at is not None or not lives:
            raise LOOK_ENDED("the look has ended")
        if not is_fresh:
            self._note(mine, waits=False)

    def standing(
        self, actor: Actor, recording_ids: Iterable[RecordingId], origin: LookFrom
    ) -> dict[RecordingId, Look]:
        """Return the looks of the actor that stand, by this door and from this address; the newest at each recording."""
        rows = self._connection.execute(
            select(looks)
            .where(
                _OPEN,
                looks.c.account_id == actor.id,
                looks.c.recording_id.in_(list(recording_ids)),
                looks.c.way == origin.way.value,
                looks.c.address == origin.address,
                looks.c.expires_at > self._moment,
            )
            .order_by(looks.c.id)
        ).mappings()
        return {row["recording_id"]: Look.of_row(row) for row in rows}

    def printing(
        self, actor: Actor, look_id: LookId | None, recording_id: RecordingId, origin: LookFrom
    ) -> Look | None:
        """Return the actor's print of a recording that stands, from this address, and note its use; None without one."""
        return self._note(
            looks.c.id == look_id,
            looks.c.account_id == actor.id,
            looks.c.recording_id == recording_id,
            looks.c.address == origin.address,
            looks.c.kind == LookKind.PRINT.value,
            looks.c.expires_at > self._moment,
        )

    def seen(self, actor: Actor, look_id: LookId) -> Look:
        """Note that a look goes on.

        Raises:
            NotFound: the actor has no such look.
            PreconditionRequired: it has ended (slug `look-ended`).
        """
        found = self._note(*self._living(actor, look_id))
        if found is None:
            self._require_own(actor, look_id)
            raise LOOK_ENDED("the look has ended")
        return found

    def leave(self, actor: Actor, look_id: LookId) -> None:
        """Note that a page was left: the look ends a little later, unless another page goes on with it.

        Raises:
            NotFound: the actor has no such look.
        """
        soon = func.least(looks.c.expires_at, self._moment + LEFT_LIFETIME)
        self._end(actor, look_id, soon)

    def close(self, actor: Actor, look_id: LookId) -> None:
        """End a look; once it has ended, nothing changes it.

        Raises:
            NotFound: the actor has no such look.
        """
        self._end(actor, look_id, self._moment)

    def _end(self, actor: Actor, look_id: LookId, at: Any) -> None:  # noqa: ANN401 - a time, or an expression
        ended = self._connection.execute(
            update(looks).where(*self._living(actor, look_id)).values(seen_at=self._moment, expires_at=at)
        )
        if not ended.rowcount:
            self._require_own(actor, look_id)

    def _living(self, actor: Actor, look_id: LookId) -> tuple[ColumnElement[bool], ...]:
        mine = and_(looks.c.id == look_id, looks.c.account_id == actor.id)
        return mine, looks.c.closed_at.is_(None), looks.c.expires_at > self._moment

    def _require_own(self, actor: Actor, look_id: LookId) -> None:
        known = select(looks.c.id).where(looks.c.id == look_id, looks.c.account_id == actor.id)
        if self._connection.scalar(known) is None:
            raise LOOK_UNKNOWN("no such look")

    @property
    def _idle(self) -> timedelta:
        return timedelta(seconds=self._unit.settings.look_idle_seconds)

    def _note(self, *conditions: ColumnElement[bool], waits: bool = True) -> Look | None:
        """Put off the end of a look that is used; a range does not wait for whoever else is doing so."""
        one = select(looks.c.id).where(looks.c.closed_at.is_(None), *conditions)
        one = one.order_by(looks.c.id.desc()).limit(1).with_for_update(skip_locked=not waits)
        noted = (
            update(looks)
            .where(looks.c.id == one.scalar_subquery())
            .values(seen_at=self._moment, expires_at=self._moment + self._idle)
            .returning(looks)
        )
        row = self._connection.execute(noted).mappings().one_or_none()
        return None if row is None else Look.of_row(row)

    def end_left(self, *, limit: int) -> int:
        """Close looks that have ended, and return how many: each gets its one closing entry, with its seconds."""
        over = and_(_OPEN, looks.c.expires_at <= self._moment)
        wanted = select(looks.c.id).where(over).order_by(looks.c.id).limit(limit)
        idents = self._connection.scalars(wanted).all()
        if not idents:
            return 0
        deed = self._begin(service(Process.WORKER), None)
        rows = self._connection.execute(
            select(looks)
            .where(looks.c.id.in_(idents), over)
            .order_by(looks.c.id)
            .with_for_update(skip_locked=True)
        ).mappings()
        ended = 0
        for row in rows.all():
            look = Look.of_row(row)
            seconds = seconds_between(look.opened_at, min(look.seen_at, deed.at))
            act = ViewClose(of=bytes(row["leaf"]).hex(), seconds=seconds)
            deed.write(act, reference("view", look.id), ident=closing_id(look.id))
            self._connection.execute(
                update(looks).where(looks.c.id == look.id).values(closed_at=deed.at, seconds=seconds)
            )
            ended += 1
        return ended
