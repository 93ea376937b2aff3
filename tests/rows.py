"""Rows in every table of the desks, made from the schema: whatever may be absent is absent, or all is present.

A column that must have a value gets one by its type, by the CHECK that lists its words, or from `SPELLED`; a key
refers to the row that was put last. So a new column, nullable or not, is part of the tests the day it is added.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, Column, Connection, Table, select
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSTZRANGE, Range
from sqlalchemy.types import Boolean, Date, DateTime, Integer, LargeBinary, Uuid

import storage.tables  # noqa: F401 - the metadata is whole with it
from schemas.media import MediaFacts
from schemas.monitoring import MeasuredValue
from schemas.randomness import Source
from schemas.standard import StandardItem
from storage.personal import sealed
from storage.tables.base import PERSONAL, metadata
from tests.members import members

AT = datetime(2026, 9, 1, 1, 30, tzinfo=UTC)
ELSEWHERE = frozenset(
    {
        *(
            "accounts",
            "agencies",
            "certificates",
            "certificate_facts",
            "memberships",
            *("device_check_items", "device_checks", "device_descriptions", "device_holdings"),
            "partner_code_tries",
            "partner_codes",
            "presences",
            "recusals",
            *("case_decisions", "case_documents", "case_formalities", "case_proposals", "case_summaries"),
            "agency_settings",
            "shifts",
            "sessions",
            "assertions",
            "login_tries",
            "enrolment_codes",
            "role_grants",
            "account_links",
            "admissions",
            "second_factors",
            "recovery_codes",
            "halfways",
            "sign_ons",
            "trail_rows",
            "trail_seals",
        ),
        *(
            "heartbeats",
            "jobs",
            "chain_places",
            "chains",
            "checkpoints",
            "custody_entries",
            "log_tiles",
            "openings",
        ),
        *("upload_parts", "upload_tails"),
        *("idempotency_keys", "object_chunks", "readings", "renewals", "scrubs"),
    }
)
"""People log in and the log is signed: their rows come from the product itself, and no page of a desk lists them."""

SPELLED: Mapping[str, object] = {
    "added_by": "service/api",
    "assigned_by": "service/api",
    "channel": "sms",
    "checks.code": "",
    "checks.name": "digest",
    "checks.severity": "none",
    "audit_rechecks.code": "",
    "crs": "WGS84",
    "audit_amendments.kind": "closed_cases",
    "declarations.origin": "copied",
    "derivations.kind": "sheet",
    "derivations.params": {"version": 1, "tool": "a tool"},
    "derivatives.kind": "thumbnail",
    "equipment.kind": "axle_scale",
    "exports.failure": "",
    "gate_faults": ["certificate-missing"],
    "item_code": "A1",
    "linked_by": "service/api",
    "looks.reason_code": "dispute",
    "media_type": "image/jpeg",
    "offset_bytes": 0,
    "reason_code": "unclear",
    "removed_by": "service/api",
    "review_grounds.item": "evidence",
    "review_grounds.subject": None,
    "run": 1,
    "scrub_finds.code": "object-broken",
    "unlinked_by": "service/api",
}
LATER = frozenset({"valid_until", "until_at", "expires_at", "due_at", "retain_until"})
ENDS = frozenset({"unlinked_at", "removed_at", "withdrawn_at", "revoked_at"})
"""A row that has ended is shown on few pages: it stands beside a living one, not in its place."""

NEEDED: Mapping[str, frozenset[str]] = {
    "audit_entries": frozenset({"typed"}),
    "audits.confirmed": frozenset({"population_root"}),
    "audits.entered": frozenset({"population_root"}),
    "audits.frozen": frozenset({"population_root"}),
    "audits.drawn": frozenset({"population_root", "seed"}),
    "audits.closed": frozenset({"population_root", "seed"}),
    "declarations": frozenset({"source"}),
    "exports.ready": frozenset({"object_key", "version_id", "size_bytes", "sha256", "ready_at"}),
    "fact_evidence": frozenset({"recording_id"}),
    "looks": frozenset({"recording_id"}),
    "notes": frozenset({"case_id"}),
    "recordings": frozenset({"run", "retention"}),
    "recordings.sealed": frozenset({"sha256", "retain_until"}),
    "reviews.given": frozenset({"opinion", "reviewer_id", "given_at", "statement"}),
    "tags": frozenset({"case_id"}),
    "uploads": frozenset({"device_id"}),
}
"""What a row of a table, or of one of its states, has by a CHECK, or by the one place that writes it."""

BARRED: Mapping[str, frozenset[str]] = {
    "audit_entries": frozenset({"reason"}),
    "derivations": frozenset({"failure"}),
    "examinations": frozenset({"failure"}),
    "fact_evidence": frozenset({"monitoring_id"}),
    "looks": frozenset({"export_id"}),
    "notes": frozenset({"recording_id", "withdrawn_by", "withdraw_reason"}),
    "reviews.open": frozenset({"opinion"}),
    "tags": frozenset({"recording_id", "ended_by", "ended_at"}),
    "trainings": frozenset({"withdrawn_by", "reason"}),
    "uploads": frozenset({"account_id"}),
}
"""What it cannot have by a CHECK, beside what it needs or before its time."""


_NUMBERS = count(1)


class Rows:
    """What was put, by table; the last of each is what the next rows refer to."""

    def __init__(
        self, connection: Connection, known: Mapping[str, UUID], *, is_full: bool, **spelled: object
    ) -> None:
        """Nothing is put yet.

        Args:
            connection: Within a transaction.
            known: Rows that are there: `agencies`, `accounts`, and a `colleague` for what takes two people.
            is_full: Whether everything is present, or whatever may be absent is.
            spelled: Values of columns by their names, such as the key of an object that is in the store.
        """
        self._connection = connection
        self._spelled = {**SPELLED, **spelled}
        self._is_full = is_full
        self._last = dict(known)
        self.ids: dict[str, list[UUID]] = {}

    def put_all(self) -> None:
        """Put one row into every table; of a noun with states, one in each of them."""
        for table in metadata.sorted_tables:
            if table.name not in ELSEWHERE:
                for state in words_of(table, "state") or [None]:
                    self.put(table, **({} if state is None else {"state": state}))

    def put(self, table: Table, **given: Any) -> None:
        """Put one row; what it holds beside `given` follows from the schema."""
        names = (table.name, f"{table.name}.{given.get('state')}")
        needed, barred = (
            frozenset[str]().union(*(known.get(name, ()) for name in names)) for known in (NEEDED, BARRED)
        )
        values = {
            column.name: self._value(table, column)
            for column in table.columns
            if column.name not in barred | {"id"} and self._is_wanted(column, needed)
        }
        if "id" in table.columns:
            self._last[table.name] = values["id"] = given.get("id", uuid4())
            self.ids.setdefault(table.name, []).append(values["id"])
        values |= {
            name: sealed(self._connection, table.c[name], values["id"], text)
            for name, text in values.items()
            if table.c[name].info.get(PERSONAL)
        }
        self._connection.execute(table.insert().values(**{**values, **given}))

    def _is_wanted(self, column: Column[Any], needed: frozenset[str]) -> bool:
        may_be_absent = column.nullable or column.server_default is not None
        if column.name in ENDS:
            return False
        return self._is_full or not may_be_absent or column.name in needed

    def _value(self, table: Table, column: Column[Any]) -> Any:
        for name in (f"{table.name}.{column.name}", column.name):
            if name in self._spelled:
                return self._spelled[name]
        if column.name == "member_id":
            return self._last["cases"]
        if column.foreign_keys:
            return self._referred(column)
        words = words_of(table, column.name)
        if words:
            return words[0]
        if isinstance(column.type, JSONB):
            return _json(f"{table.name}.{column.name}", is_full=self._is_full)
        return next(_NUMBERS) if isinstance(column.type, Integer) else _plain(column)

    def _referred(self, column: Column[Any]) -> Any:
        to = next(iter(column.foreign_keys)).column
        target = to.table
        if to.name != "id":  # by the leaf that made it
            return self._connection.scalar(select(to).where(target.c.id == self._last[target.name]))
        if column.unique:  # one each
            self.put(target)
        if column.name == "other_id":  # a pair is of two
            return self.ids[target.name][-2]
        # Two people by a CHECK: one entered the value or asked, another confirms or grants.
        return self._last["colleague" if column.name in {"confirmed_by", "granted_by"} else target.name]


def words_of(table: Table, column: str) -> list[str]:
    """The words that a CHECK lists for a column."""
    for check in table.constraints:
        if isinstance(check, CheckConstraint):
            listed = re.fullmatch(rf"{column} IN \((.*)\)", str(check.sqltext))
            if listed:
                return re.findall(r"'([a-z_]+)'", listed.group(1))
    return []


def _plain(column: Column[Any]) -> Any:
    kind = column.type
    if isinstance(kind, DateTime):
        return AT + timedelta(days=300) if column.name in LATER else AT
    if isinstance(kind, Date):
        return AT.date()
    if isinstance(kind, TSTZRANGE):
        return Range(AT, AT + timedelta(days=300) if column.name == "valid_during" else None)
    if column.info.get(PERSONAL):
        return f"某某〔{next(_NUMBERS)}〕店"
    payload = uuid4().bytes * 2 if column.unique or column.name == "entry" else b"0" * 32
    listed = [1] if isinstance(kind, ARRAY) and isinstance(kind.item_type, Integer) else ["一"]
    for wanted, value in ((Boolean, True), (LargeBinary, payload), (ARRAY, listed), (Uuid, uuid4())):
        if isinstance(kind, wanted):
            return value
    return uuid4().hex + uuid4().hex if "sha256" in column.name else f"文字〔{next(_NUMBERS)}〕号"


def _json(name: str, *, is_full: bool) -> Any:
    """What a column of JSON holds, by the model that reads it."""
    made = {
        "audit_entries.typed": lambda: ["03 07"],
        "audit_amendments.sources": lambda: [members(Source, is_full=is_full)],
        "audits.sources": lambda: [members(Source, is_full=is_full)],
        "audits.values": lambda: ["03 07"],
        "monitoring_records.values": lambda: [
            members(MeasuredValue, is_full=one) for one in (is_full, False)
        ],
        "monitoring_records.findings": lambda: ["party-code-invalid"],
        "recordings.facts": lambda: members(MediaFacts, is_full=is_full),
        "standards.items": lambda: {
            "en": "Standard",
            "items": [members(StandardItem, is_full=is_full, code="A1")],
        },
    }
    empty: Any = [] if name in {"manifests.files", "manifests.findings"} else {}
    return made[name]() if name in made else empty
