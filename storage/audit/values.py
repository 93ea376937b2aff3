"""What audits are, as storage gives them out."""

from datetime import datetime
from functools import cache
from typing import NamedTuple

from sqlalchemy import RowMapping, Select, select

from schemas.audit import AuditKind, AuditState, AuditStep, RecheckOutcome
from schemas.base import Frozen, HexDigest
from schemas.ids import AccountId, AgencyId, AuditId, EntryId, MemberId, StandardId
from schemas.integrity import CheckResult
from schemas.office import Held
from schemas.randomness import Source
from schemas.recording import Recording
from schemas.reference import reference
from schemas.separation import Part
from schemas.setting_list import Items
from storage.reads.account import with_name
from storage.reads.agency import with_agency
from storage.tables.audit import audit_amendments, audit_entries, audits


class Audit(Frozen):
    """An audit as kept. `values` are shown, in canonical form, once a second person has confirmed them."""

    id: AuditId
    agency_id: AgencyId
    target_agency_id: AgencyId
    target_agency_name: str
    standard_id: StandardId
    title: str
    kind: AuditKind
    from_at: datetime
    until_at: datetime
    defect_permille: int
    confidence_permille: int
    size: int | None
    sources: tuple[Source, ...]
    state: AuditState
    population_count: int | None
    population_root: bytes | None
    plan: bytes | None
    plan_sha256: HexDigest | None
    values: tuple[str, ...]
    seed: bytes | None
    defined_by: str
    defined_at: datetime
    frozen_at: datetime | None
    freeze_entry_id: EntryId | None
    entered_by_id: AccountId | None
    entered_by: str | None
    entered_at: datetime | None
    enter_entry_id: EntryId | None
    confirmed_by: str | None
    confirmed_at: datetime | None
    confirm_entry_id: EntryId | None
    drawn_at: datetime | None
    draw_entry_id: EntryId | None
    dropped_by: str | None
    dropped_at: datetime | None
    drop_reason: str | None
    closed_by: str | None
    closed_at: datetime | None
    close_missing: int | None
    close_wide: int | None
    close_unmended: int | None
    close_reason: str | None
    version: int


class Amendment(Frozen):
    """What a draft said until it was amended; who amended it, when and why."""

    title: str
    target_agency_name: str
    kind: AuditKind
    from_at: datetime
    until_at: datetime
    defect_permille: int
    confidence_permille: int
    size: int | None
    sources: tuple[Source, ...]
    reason: str | None
    amended_by: str
    amended_at: datetime


class ValuesSaid(Frozen):
    """One word about the public values: entered, taken back, read otherwise, confirmed. `typed` as it was typed."""

    entry_id: EntryId
    step: AuditStep
    typed: tuple[str, ...]
    reason: str | None
    said_by: str
    said_at: datetime


class Drawn(Frozen):
    """One drawn member, smallest ticket first, and how far it has come; `is_asked` whether the reader is to score it."""

    rank: int
    member_id: MemberId
    label: str
    ticket: str
    rechecks: dict[str, int]
    scored_by: int
    is_own_scored: bool
    is_asked: bool

    @property
    def is_waiting(self) -> bool:
        """A recording of it is still to be re-hashed, so no human may open it."""
        return bool(self.rechecks.get(RecheckOutcome.WAITING))


class Inspector(Frozen):
    """Somebody who scores."""

    id: AccountId
    name: str
    agency_name: str


class Recheck(Frozen):
    """What re-hashing a drawn recording gave."""

    recording: Recording
    outcome: RecheckOutcome
    code: str
    sha256: HexDigest | None
    checked_at: datetime | None


class GivenScore(Frozen):
    """The scores of one inspector by item, and their remarks; `given_as` the roles by which, as known then."""

    inspector: str
    is_own: bool
    points: dict[str, int]
    remarks: dict[str, str]
    total: int
    given_at: datetime
    given_as: Held
    is_third: bool = False
    counts: bool = True


class PreCheck(Frozen):
    """What the system found out for an item, with what it rests on."""

    item: str
    check: CheckResult


class Terms(NamedTuple):
    """How an audit is scored: by how many, how far their totals may lie apart, and whose count beside a third's."""

    inspectors: int
    gap_points: int
    of_three: Items


class Member(Frozen):
    """A drawn member as an inspector sees it.

    `gap` is the widest distance of two totals, once all are given; beyond `gap_most` a third person scores it, who is
    `third` once named. `counts` of a score says whether it makes the `mean`, which stands once nobody is waited for.
    `kept_by` is how the inspector took part in it: one who did gives it no scores.
    """

    audit: Audit
    member_id: MemberId
    label: str
    rank: int
    rechecks: tuple[Recheck, ...]
    pre_checks: tuple[PreCheck, ...]
    scores: tuple[GivenScore, ...]
    gap: int | None
    gap_most: int
    third: Inspector | None
    mean: float | None
    inspectors_wanted: int
    kept_by: tuple[Part, ...]
    may_score: bool

    @property
    def is_wide(self) -> bool:
        """The totals of its inspectors lie further apart than the agency lets stand."""
        return self.gap is not None and self.gap > self.gap_most

    @property
    def is_unsettled(self) -> bool:
        """They do, and no third person has scored it."""
        return self.is_wide and not any(one.is_third for one in self.scores)


def audit_name(ident: AuditId) -> str:
    """Return the name of an audit, which is that of its chain."""
    return reference("audit", ident)


def drawn_name(kind: AuditKind, member_id: MemberId) -> str:
    """Return the name of what an audit of this kind drew."""
    return reference("case" if kind is AuditKind.CLOSED_CASES else "recording", member_id)


@cache
def select_audits() -> Select[tuple[object, ...]]:
    """Return the columns of `Audit`, joined."""
    query = select(audits, audits.c.entered_by.label("entered_by_id"))
    query = with_agency(query, audits.c.target_agency_id, label="target_agency_name")
    query = with_name(query, audits.c.defined_by, "definer")
    for column in (audits.c.entered_by, audits.c.confirmed_by, audits.c.dropped_by, audits.c.closed_by):
        query = with_name(query, column, f"name_{column.name}", is_optional=True)
    return query


@cache
def select_amendments() -> Select[tuple[object, ...]]:
    """Return the columns of `Amendment`, joined."""
    query = with_agency(
        select(audit_amendments), audit_amendments.c.target_agency_id, label="target_agency_name"
    )
    return with_name(query, audit_amendments.c.amended_by, "amender")


@cache
def select_entries() -> Select[tuple[object, ...]]:
    """Return the columns of `ValuesSaid`, joined."""
    return with_name(select(audit_entries), audit_entries.c.said_by, "sayer")


def audit_of(row: RowMapping) -> Audit:
    """Return the value of a row. An entered value stays hidden: who confirms it must not read it off."""
    return Audit.of_row(
        row,
        defined_by=row["definer"],
        entered_by=row["name_entered_by"],
        confirmed_by=row["name_confirmed_by"],
        dropped_by=row["name_dropped_by"],
        closed_by=row["name_closed_by"],
        values=(row["values"] or ()) if row["confirmed_at"] is not None else (),
    )
