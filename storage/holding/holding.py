"""Who has devices: handed out, taken back, and what was said of that corrected.

Every act holds the chain of the device, so that two who hand it out at once meet there; an exclusion constraint would
stop whatever passed it by. What the register said is never overwritten: an act closes the rows that no longer hold, and
adds those that hold now.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, RowMapping, and_, func, select
from sqlalchemy.dialects.postgresql import Range, insert

from schemas.actor import Actor
from schemas.base import HexDigest
from schemas.holding import (
    CheckIn,
    CheckOccasion,
    CitedHolder,
    HoldingAmendIn,
    HoldingFact,
    IssueIn,
    Out,
    ReturnIn,
    check_holder,
    check_span,
)
from schemas.ids import AccountId, DeviceId
from schemas.integrity import CheckResult
from schemas.leaves_holding import DeviceAmend, DeviceIssue, DeviceReturn
from schemas.recording import Recording
from schemas.reference import reference
from schemas.refusals_holding import (
    HOLDING_NONE,
    HOLDING_OVERLAPS,
    HOLDING_PERSON,
    HOLDING_TIMES,
    HOLDING_UNKNOWN,
)
from storage.act import Deed
from storage.custody.values import shown
from storage.holding.check import enter_check
from storage.holding.keeping import Keeping, require_alive
from storage.reads.account import people_of
from storage.reads.device import devices_seen
from storage.reads.holding import (
    facts_where,
    having,
    holder_at,
    is_clock_unchecked,
    is_out,
    out_where,
    people_named,
)
from storage.reads.recording import declared_at
from storage.tables.holding import device_holdings
from storage.told import close_told


class Holdings(Keeping):
    """Who has which device, of the agencies whose devices an actor sees."""

    def issue(self, actor: Actor, device_id: DeviceId, wish: IssueIn) -> HoldingFact:
        """Hand a device out to a person of its agency, now or since a time before.

        Raises:
            NotFound: no such device in the actor's agencies.
            Refused: the actor does not keep devices.
            Conflict: it was revoked (`device-ended`), or somebody has it (`holding-overlaps`).
            Invalid: person (`holding-person`), times (`holding-times`), or a check that did not pass without a reason
                (`holding-reason`).
        """
        wish.check_reason()
        act, device = self._keeping(actor, device_id, wish.person_id)
        require_alive(device)
        since = wish.from_at or act.at
        self._check_times(device, since, None, act.at)
        if wish.due_at is not None and wish.due_at <= since:
            raise HOLDING_TIMES("it is to be back after it is handed out")
        self._require_person(device, wish.person_id, is_open=True)
        self._require_free(device_id, Range(since, None))
        about = reference("device", device_id)
        check = self._checked(act, actor, device_id, CheckOccasion.ISSUE, wish.check)
        issued = DeviceIssue(
            person=reference("account", wish.person_id),
            from_=since,
            due_at=wish.due_at,
            check=check,
            reason=shown(_words(wish.reason)),
        )
        leaf = act.write(issued, about)
        digest = bytes.fromhex(leaf.digest)
        self._insert(
            {
                "device_id": device_id,
                "person_id": wish.person_id,
                "valid_during": Range(since, None),
                "known_during": Range(act.at, None),
                "due_at": wish.due_at,
                "issue": digest,
                "issue_check": None if check is None else bytes.fromhex(check),
                "issue_reason": _words(wish.reason),
                "leaf": digest,
            }
        )
        return self._fact(digest)

    def take_back(self, actor: Actor, device_id: DeviceId, wish: ReturnIn) -> HoldingFact:
        """Enter that a device is back, now or since a time before; one whose key was revoked comes back, too.

        Raises:
            NotFound: no such device in the actor's agencies.
            Refused: the actor does not keep devices.
            Conflict: nobody has it (`holding-none`).
            Invalid: times (`holding-times`), or neither check nor reason (`holding-reason`).
        """
        wish.check_reason()
        act, device = self._keeping(actor, device_id)
        known = self._standing(and_(device_holdings.c.device_id == device_id, is_out()))
        if known is None:
            raise HOLDING_NONE("nobody has the device")
        since, until = known["valid_during"].lower, wish.until_at or act.at
        self._check_times(device, since, until, act.at)
        check = self._checked(act, actor, device_id, CheckOccasion.RETURN, wish.check)
        back = DeviceReturn(
            issue=bytes(known["issue"]).hex(),
            until=until,
            check=check,
            reason=shown(_words(wish.reason)),
        )
        leaf = act.write(back, reference("device", device_id))
        self._restate(
            known,
            act.at,
            leaf.digest,
            valid_during=Range(since, until),
            return_check=None if check is None else bytes.fromhex(check),
            return_reason=_words(wish.reason),
        )
        return self._fact(bytes(known["issue"]))

    def amend(self, actor: Actor, device_id: DeviceId, issue: HexDigest, wish: HoldingAmendIn) -> None:
        """Correct who had a device, from when to when; what was said before stays known for its time.

        Raises:
            NotFound: no such device in the actor's agencies, or nobody was handed it so (`holding-unknown`).
            Refused: the actor does not keep devices.
            Conflict: somebody else had it (`holding-overlaps`).
            Invalid: person (`holding-person`) or times (`holding-times`).
        """
        others = () if wish.person_id is None else (wish.person_id,)
        act, device = self._keeping(actor, device_id, *others)
        held = device_holdings.c
        mine = and_(held.device_id == device_id, held.issue == bytes.fromhex(issue))
        known = self._standing(mine)
        if known is None:
            raise HOLDING_UNKNOWN("nobody was handed the device so")
        reason, span = wish.reason.strip(), known["valid_during"]
        person = wish.person_id or AccountId(known["person_id"])
        since, until = wish.from_at or span.lower, wish.until_at or span.upper
        if not wish.never:
            self._check_times(device, since, until, act.at)
            self._require_person(device, person)
            self._require_free(device_id, Range(since, until), but=bytes(known["issue"]))
        said = DeviceAmend(
            issue=issue,
            person=None if wish.never else reference("account", person),
            from_=None if wish.never else since,
            until=None if wish.never else until,
            reason=shown(reason),
        )
        leaf = act.write(said, reference("device", device_id))
        changed = {"person_id": person, "valid_during": Range(since, until), "amend_reason": reason}
        self._restate(known, act.at, leaf.digest, **{} if wish.never else changed)

    def facts(self, actor: Actor, device_id: DeviceId) -> tuple[HoldingFact, ...]:
        """Return everything that the register ever said of who had a device: what it learned last stands last.

        Raises:
            NotFound: no such device in the actor's agencies.
            Refused: the actor may not see devices.
        """
        self._known(actor, device_id)
        return facts_where(self._connection, device_holdings.c.device_id == device_id)

    def out(self, actor: Actor) -> tuple[Out, ...]:
        """Return every device that is out, of the agencies whose devices the actor sees, the first to be back first.

        Raises:
            Refused: the actor may not see devices.
        """
        return out_where(self._connection, devices_seen(actor, self._now))

    def own(self, actor: Actor) -> tuple[Out, ...]:
        """Return the devices that whoever asks has."""
        return out_where(self._connection, device_holdings.c.person_id == actor.id)

    def people(self, actor: Actor, device_id: DeviceId) -> tuple[tuple[AccountId, str], ...]:
        """Return id and name of those to whom a device may be handed, by name.

        Raises:
            NotFound, Refused: as for `facts`.
        """
        return people_of(self._connection, self._known(actor, device_id).agency_id, is_open=True)

    def cited(self, recording: Recording) -> CitedHolder | None:
        """Return who had the device of a capture at its corrected time; the caller has looked at the recording.

        None where no device captured it, or where the register says nothing of that time.
        """
        device_id, at = recording.captured_by, recording.corrected_at
        if device_id is None or at is None or recording.manifest_id is None:
            return None
        declared = declared_at(self._connection, recording.manifest_id)
        then, now = (holder_at(self._connection, device_id, at, known) for known in (declared, self._now))
        if then is None and now is None:
            return None
        return CitedHolder(then, now, is_clock_unchecked(self._connection, recording.manifest_id))

    def holder_check(self, recording: Recording) -> CheckResult | None:
        """Hold those whom a capture names against who had its device then; for the product itself."""
        device_id, at = recording.captured_by, recording.corrected_at
        if device_id is None or at is None or recording.manifest_id is None or not recording.officers:
            return None
        return check_holder(
            people_named(self._connection, recording.officers),
            having(self._connection, device_id, at, self._now),
            is_unchecked=is_clock_unchecked(self._connection, recording.manifest_id),
        )

    def _checked(
        self, act: Deed, actor: Actor, device_id: DeviceId, occasion: CheckOccasion, wish: CheckIn | None
    ) -> str | None:
        if wish is None:
            return None
        return enter_check(self._connection, act, actor, device_id, (occasion, wish))

    def _require_person(self, device: Row[Any], person_id: AccountId, *, is_open: bool = False) -> None:
        known = people_of(self._connection, device.agency_id, is_open=is_open)
        if not any(person_id == one for one, _ in known):
            raise HOLDING_PERSON("a device is handed to people of its agency")

    @staticmethod
    def _check_times(device: Row[Any], since: datetime, until: datetime | None, now: datetime) -> None:
        check_span(since, until, now)
        if since < device.enrolled_at:
            raise HOLDING_TIMES("the device was not enrolled yet")

    def _require_free(self, device_id: DeviceId, span: Range[datetime], *, but: bytes | None = None) -> None:
        held = device_holdings.c
        other = facts_where(
            self._connection,
            held.device_id == device_id,
            func.upper_inf(held.known_during),
            held.valid_during.overlaps(span),
            held.issue.is_distinct_from(but),
        )
        if other:
            raise HOLDING_OVERLAPS("somebody has the device within that time", issue=other[0].issue)

    def _standing(self, condition: ColumnElement[bool]) -> RowMapping | None:
        held = device_holdings.c
        query = select(device_holdings).where(condition, func.upper_inf(held.known_during))
        return self._connection.execute(query).mappings().one_or_none()

    def _restate(self, known: RowMapping, at: datetime, leaf: str, **changed: object) -> None:
        """Close what is told of one handing out, and tell it anew; without changes nothing is told any more."""
        close_told(self._connection, device_holdings, device_holdings.c.issue == known["issue"], at)
        if changed:
            told = {name: value for name, value in known.items() if name != "id"}
            self._insert(told | changed | {"known_during": Range(at, None), "leaf": bytes.fromhex(leaf)})

    def _insert(self, row: dict[str, Any]) -> None:
        self._connection.execute(insert(device_holdings).values(**row))

    def _fact(self, issue: bytes) -> HoldingFact:
        held = device_holdings.c
        (found,) = facts_where(self._connection, held.issue == issue, func.upper_inf(held.known_during))
        return found


def _words(reason: str | None) -> str | None:
    return None if reason is None else reason.strip()
