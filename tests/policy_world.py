"""How rows stand to a person, told by plain reading: what the policy's SQL is held against."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Table, select

from schemas.actor import ADMINISTERING, Actor, ActorKind, Grant, Role
from schemas.audit import AuditState
from schemas.monitoring import OPEN_STATES
from schemas.policy import NONE, Relation
from storage.tables.actor import accounts, agencies, certificates, role_grants
from storage.tables.approval import approvals
from storage.tables.audit import audit_entries, audit_inspectors, audit_rechecks, audit_sample, audits
from storage.tables.case import case_handlers, case_links, cases
from storage.tables.monitoring import (
    monitoring_links,
    monitoring_media,
    monitoring_opinions,
    monitoring_records,
)
from storage.tables.recording import recordings
from storage.tables.rectification import rectification_steps, rectifications
from storage.tables.review import reviews

Row = Mapping[str, Any]
READ: Iterable[Table] = (
    accounts,
    agencies,
    approvals,
    certificates,
    role_grants,
    audits,
    audit_entries,
    audit_inspectors,
    audit_rechecks,
    audit_sample,
    cases,
    case_handlers,
    case_links,
    monitoring_links,
    monitoring_media,
    monitoring_opinions,
    monitoring_records,
    recordings,
    rectifications,
    rectification_steps,
    reviews,
)


class Kept:
    """The rows of a world, by table."""

    def __init__(self) -> None:
        self.rows: dict[str, list[Row]] = {}

    @classmethod
    def read(cls, connection: Connection, *more: Table) -> "Kept":
        """Read every row that says how somebody stands to something, and those of `more`."""
        made = cls()
        for table in (*READ, *more):
            made.rows[table.name] = [dict(row) for row in connection.execute(select(table)).mappings()]
        return made

    def all(self, table: Table) -> Sequence[Row]:
        return self.rows.get(table.name, [])

    def one(self, table: Table, ident: UUID) -> Row:
        (row,) = (row for row in self.all(table) if row["id"] == ident)
        return row


class Reference:
    """Relations told from the rows by plain reading, with nothing of the product's SQL."""

    def __init__(self, world: Kept, actor: Actor, at: datetime) -> None:
        self.w, self.actor, self.at = world, actor, at

    def of(self, noun: str, row: Row) -> Relation:
        told: dict[str, Callable[[Row], dict[Relation, bool]]] = {
            "recordings": self._recording,
            "cases": self._case,
            "exports": self._export,
            "monitoring_records": self._record,
            "audits": self._audit,
            "rectifications": self._rectification,
        }
        related = NONE
        for relation, is_so in (told[noun](row) if noun in told else {}).items():
            related |= relation if is_so else NONE
        return related

    def _is_own(self, recording: Row) -> bool:
        return recording["account_id"] == self.actor.id or bool(
            self.actor.certificates & set(recording["officers"])
        )

    def _handles(self, case: UUID) -> bool:
        return any(
            one["case_id"] == case and one["account_id"] == self.actor.id for one in self.w.all(case_handlers)
        )

    def _reviews(self, case: UUID) -> bool:
        return any(
            one["case_id"] == case and (one["state"] == "open" or one.get("reviewer_id") == self.actor.id)
            for one in self.w.all(reviews)
        )

    def _judges(self, record: Row) -> bool:
        return record["state"] in OPEN_STATES or any(
            one["monitoring_id"] == record["id"] and one["reviewer_id"] == self.actor.id
            for one in self.w.all(monitoring_opinions)
        )

    def _runs(self, audit: UUID) -> bool:
        return self.w.one(audits, audit)["agency_id"] in self.actor.agency_ids

    def _inspects(self, audit: UUID) -> bool:
        return any(
            one["audit_id"] == audit and one["account_id"] == self.actor.id
            for one in self.w.all(audit_inspectors)
        )

    def _is_drawn_case(self, case: UUID, audit: Callable[[UUID], bool]) -> bool:
        return any(one["member_id"] == case and audit(one["audit_id"]) for one in self.w.all(audit_sample))

    def _cases_of(self, recording: UUID) -> list[UUID]:
        return [
            one["case_id"]
            for one in self.w.all(case_links)
            if one["recording_id"] == recording and one["unlinked_at"] is None
        ]

    def _cases_of_record(self, record: UUID) -> list[UUID]:
        return [
            one["case_id"]
            for one in self.w.all(monitoring_links)
            if one["monitoring_id"] == record and one["unlinked_at"] is None
        ]

    def _records_of(self, recording: UUID) -> list[Row]:
        named = {
            one["monitoring_id"] for one in self.w.all(monitoring_media) if one["recording_id"] == recording
        }
        return [one for one in self.w.all(monitoring_records) if one["id"] in named]

    def _is_rechecked(self, recording: UUID, audit: Callable[[UUID], bool]) -> bool:
        return any(
            one["recording_id"] == recording and audit(one["audit_id"]) for one in self.w.all(audit_rechecks)
        )

    def _is_drawn(self, recording: UUID, audit: Callable[[UUID], bool]) -> bool:
        answered = {
            one["rectification_id"]
            for one in self.w.all(rectification_steps)
            if one["proof_recording_id"] == recording
        }
        return (
            self._is_rechecked(recording, audit)
            or any(self._is_drawn_case(case, audit) for case in self._cases_of(recording))
            or any(one["id"] in answered and audit(one["audit_id"]) for one in self.w.all(rectifications))
        )

    def _recording(self, row: Row) -> dict[Relation, bool]:
        linked, records = self._cases_of(row["id"]), self._records_of(row["id"])
        tied = [case for one in records for case in self._cases_of_record(one["id"])]
        return {
            Relation.OWN: self._is_own(row),
            Relation.HANDLED: any(map(self._handles, linked)),
            Relation.ASSIGNED: any(map(self._reviews, [*linked, *tied])),
            Relation.JUDGED: any(map(self._judges, records)),
            Relation.MONITORED: bool(records),
            Relation.SAMPLED: self._is_drawn(row["id"], self._runs),
            Relation.INSPECTED: self._is_drawn(row["id"], self._inspects),
            Relation.APPROVED: any(map(self._opens, self._approvals(row["id"]))),
            Relation.MENDED: self._is_to_mend(row["id"]),
        }

    def _approvals(self, recording: UUID) -> list[Row]:
        return [
            one
            for one in self.w.all(approvals)
            if one["recording_id"] == recording and one["account_id"] == self.actor.id
        ]

    def _opens(self, approval: Row) -> bool:
        granted, ended = approval.get("granted_at"), approval.get("ended_at")
        ends = min(one for one in (approval["until_at"], ended) if one is not None)
        return granted is not None and granted <= self.at < ends

    def _case(self, row: Row) -> dict[Relation, bool]:
        captured = [one for one in self.w.all(recordings) if row["id"] in self._cases_of(one["id"])]
        return {
            Relation.OWN: any(map(self._is_own, captured)),
            Relation.HANDLED: self._handles(row["id"]),
            Relation.ASSIGNED: self._reviews(row["id"]),
            Relation.SAMPLED: self._is_drawn_case(row["id"], self._runs),
            Relation.INSPECTED: self._is_drawn_case(row["id"], self._inspects),
            Relation.MENDED: self._is_to_mend(row["id"]),
        }

    def _is_to_mend(self, ident: UUID) -> bool:
        return any(
            ident in (one["member_id"], one.get("recording_id"))
            for one in self.w.all(rectifications)
            if one["agency_id"] == self.actor.agency_id and one["state"] != "closed"
        )

    def _export(self, row: Row) -> dict[Relation, bool]:
        is_own = row["requested_by"] == self.actor.id
        return {Relation.HANDLED: is_own, Relation.ASSIGNED: is_own}

    def _record(self, row: Row) -> dict[Relation, bool]:
        tied = self._cases_of_record(row["id"])
        media = [
            one["recording_id"] for one in self.w.all(monitoring_media) if one["monitoring_id"] == row["id"]
        ]

        def is_drawn(audit: Callable[[UUID], bool]) -> bool:
            return any(self._is_drawn_case(case, audit) for case in tied) or any(
                self._is_rechecked(one, audit) for one in media
            )

        return {
            Relation.ASSIGNED: any(map(self._reviews, tied)),
            Relation.JUDGED: self._judges(row),
            Relation.SAMPLED: is_drawn(self._runs),
            Relation.INSPECTED: is_drawn(self._inspects),
        }

    def _audit(self, row: Row) -> dict[Relation, bool]:
        said = any(
            one["audit_id"] == row["id"] and one["said_by"] == self.actor.id
            for one in self.w.all(audit_entries)
        )
        waits = row["state"] == AuditState.ENTERED or said
        return {
            Relation.OWN: waits,
            Relation.INSPECTED: self._inspects(row["id"]),
            Relation.AUDITED: row["target_agency_id"] == self.actor.agency_id,
        }

    def _rectification(self, row: Row) -> dict[Relation, bool]:
        is_own = row["raised_by"] == self.actor.id
        return {Relation.INSPECTED: is_own or self._inspects(row["audit_id"])}


def _has_security(world: Kept, own: Row, at: datetime) -> bool:
    """Say whether somebody who can log in is security administrator in an agency or above it."""
    above, up = {own["id"]}, own["parent_id"]
    while up is not None:
        above.add(up)
        up = world.one(agencies, up)["parent_id"]
    people = {
        row["id"]
        for row in world.all(accounts)
        if row["agency_id"] in above and row["is_active"] and row.get("password_hash") is not None
    }
    return any(
        row["account_id"] in people and row["role"] == Role.SECURITY and _grant(row).stands(at)
        for row in _grants(world)
    )


def _grant(row: Row) -> Grant:
    held = row["valid_during"]
    return Grant(role=Role(row["role"]), since=held.lower, until=held.upper)


def _grants(world: Kept) -> list[Row]:
    """Every grant as it is told now."""
    return [row for row in world.all(role_grants) if row["known_during"].upper is None]


def as_kept(world: Kept, person: Row, at: datetime) -> Actor:
    """Who somebody is, told from the rows: every grant with its dates, and the trees by walking them."""
    grants = tuple(_grant(row) for row in _grants(world) if row["account_id"] == person["id"])
    own = world.one(agencies, person["agency_id"])
    held = {one.role for one in grants if one.stands(at)}
    if Role.ADMIN in held and Role.SECURITY not in held and not _has_security(world, own, at):
        joined = [one for one in grants if one.role is Role.ADMIN and one.stands(at)]
        grants += tuple(one.model_copy(update={"role": Role.SECURITY}) for one in joined)
    below = {own["id"]}
    while own["is_supervising"] or held & ADMINISTERING:
        more = {row["id"] for row in world.all(agencies) if row["parent_id"] in below} - below
        if not more:
            break
        below |= more
    entrusted = {row["id"] for row in world.all(agencies) if row["principal_id"] == own["id"]}
    numbers = {row["number"] for row in world.all(certificates) if row["account_id"] == person["id"]}
    return Actor(
        id=person["id"],
        kind=ActorKind.ACCOUNT,
        agency_id=own["id"],
        agency_ids=frozenset(below),
        entrusted_ids=frozenset(entrusted),
        grants=grants,
        name=person["name"],
        certificates=frozenset(numbers),
    )
