"""What has a leaf and no chain to be folded.

Refused manifests, standards, administrators' links, seals of the access trail, pictures of records.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Text, and_, case, cast, func, select

from schemas.errors import Invalid
from schemas.event import Event
from schemas.fsck import Checked, Fault, FaultCode, Found, Part, Unchecked
from schemas.leaf import Leaf, parse_leaf
from schemas.leaves_account import AccountAdmit
from schemas.leaves_agency import StandardPublish
from schemas.leaves_log import TrailSeal
from schemas.leaves_recording import ManifestRefuse, RecordingReceive
from schemas.manifest import ManifestState
from schemas.monitoring_row import MonitoringIn, kept_row
from schemas.recording import RecordingState
from schemas.reference import UUID_FORM, ident_of
from schemas.standard import Standard
from storage.fsck.mirror import Mirror, Told, differences, value_of
from storage.fsck.opening import opened_leaf, openings_by
from storage.fsck.personal import NO_KEY, raw_row, seal_over
from storage.fsck.reading import PAGE_ROWS, acts_of, leaves_about
from storage.tables.actor import admissions
from storage.tables.audit import standards
from storage.tables.case import case_links
from storage.tables.custody import custody_entries
from storage.tables.monitoring import monitoring_media, monitoring_records
from storage.tables.recording import manifests, recordings
from storage.tables.trail import trail_seals

REFUSED = Mirror(
    manifests,
    manifests.c.id,
    (),
    ("agency_id", "sha256", "state", "problem", "declared_at"),
    condition=manifests.c.state == ManifestState.REFUSED,
    digests=("payload", "signature"),
)
STANDARD = Mirror(
    standards, standards.c.id, (), ("code", "version", "name", "is_demo", "sha256", "created_at")
)
ADMISSION = Mirror(admissions, admissions.c.id, (), ("is_first", "code_hash", "expires_at", "offered_at"))
TRAIL = Mirror(trail_seals, trail_seals.c.id, (), ("day", "count", "root", "kept_from", "sealed_at"))
_UUID = re.compile(UUID_FORM)
MEDIA = Mirror(monitoring_media, monitoring_media.c.monitoring_id, (), ("position", "recording_id"))


def check_unchained(connection: Connection) -> Iterator[Found]:
    """Yield every such row that no leaf speaks of, every leaf without its row, and every column that differs."""
    yield from _check(connection, REFUSED, "manifest", Event.MANIFEST_REFUSE)
    yield from _check(connection, STANDARD, "standard", Event.STANDARD_PUBLISH)
    yield from _check(connection, ADMISSION, "account", Event.ACCOUNT_ADMIT)
    yield from _check(connection, TRAIL, "trail", Event.TRAIL_SEAL)
    yield from _standard_faults(connection)
    yield from _media_faults(connection)
    yield from _item_faults(connection)


def _item_faults(connection: Connection) -> Iterator[Fault]:
    """Ties repeat which manifest's file their recording meets; a list counts copies by it."""
    is_item = and_(
        recordings.c.file_index.is_not(None), recordings.c.state != RecordingState.QUARANTINED.value
    )
    item = case((is_item, func.concat(recordings.c.manifest_id, "/", recordings.c.file_index)))
    query = (
        select(case_links.c.case_id)
        .join(recordings, recordings.c.id == case_links.c.recording_id)
        .where(case_links.c.item.is_distinct_from(item))
        .order_by(case_links.c.id)
    )
    for case_id in connection.scalars(query):
        yield Fault(code=FaultCode.COLUMN_DIFFERS, subject=f"case/{case_id}", detail="case_links.item")


def _check(connection: Connection, mirror: Mirror, noun: str, event: Event) -> Iterator[Found]:
    name: ColumnElement[str] = func.concat(f"{noun}/", cast(mirror.owner, Text))
    logged = select(custody_entries.c.subject).where(custody_entries.c.event == event)
    wanted = mirror.rows(name.label("about")).union(logged).subquery()
    query = select(wanted.c.about).order_by(wanted.c.about).limit(PAGE_ROWS)
    page = connection.scalars(query).all()
    while page:
        yield from _page_faults(connection, mirror, page, event)
        yield Checked(part=Part.DOCUMENTS, count=len(page))
        page = connection.scalars(query.where(wanted.c.about > page[-1])).all()


def _page_faults(
    connection: Connection, mirror: Mirror, page: Sequence[str], event: Event
) -> Iterator[Fault]:
    idents = [ident_of(about) for about in page]
    kept = mirror.read(connection, [UUID(one) for one in idents if _UUID.fullmatch(one)])
    told: dict[str, list[Mapping[str, object]]] = defaultdict(list)
    for leaf in _opened(connection, page, event):
        told[leaf.subject].append(_row(leaf))
    for about in page:
        rows: Told = {mirror.name: told.get(about, [])}
        yield from differences(mirror, about, rows, kept.get(ident_of(about), []))


def _opened(connection: Connection, subjects: Sequence[str], event: Event) -> Iterator[Leaf]:
    rows = connection.execute(
        select(custody_entries.c.leaf, custody_entries.c.digest).where(
            custody_entries.c.subject.in_(subjects), custody_entries.c.event == event
        )
    ).all()
    known = openings_by(connection, [row.digest for row in rows])
    for row in rows:
        try:
            leaf = parse_leaf(bytes(row.leaf))
        except Invalid:  # the check of the log names it
            continue
        yield opened_leaf(leaf, known.get(bytes(row.digest).hex(), {}))


def _row(leaf: Leaf) -> Mapping[str, object]:
    match leaf.act:
        case ManifestRefuse() as act:
            return _refused(act, leaf.at)
        case StandardPublish() as act:
            return _published(act, leaf.at)
        case AccountAdmit() as act:
            return _offered(act, leaf.at)
        case TrailSeal() as act:
            return {**act.model_dump(), "sealed_at": leaf.at}
        case _:
            raise TypeError(leaf.event)


def _refused(act: ManifestRefuse, at: datetime) -> Mapping[str, object]:
    return {
        "agency_id": ident_of(act.agency),
        "sha256": act.sha256,
        "state": ManifestState.REFUSED,
        "problem": act.problem,
        "declared_at": at,
        "payload": act.sha256,
        "signature": act.signature_sha256,
    }


def _published(act: StandardPublish, at: datetime) -> Mapping[str, object]:
    return {
        **{name: getattr(act, name) for name in ("code", "version", "is_demo", "sha256")},
        "name": value_of(act.name),
        "created_at": at,
    }


def _offered(act: AccountAdmit, at: datetime) -> Mapping[str, object]:
    return {
        "is_first": act.first,
        "code_hash": value_of(act.code_hash),
        "expires_at": act.expires_at,
        "offered_at": at,
    }


def _standard_faults(connection: Connection) -> Iterator[Fault]:
    rows = connection.execute(
        select(
            standards.c.id, standards.c.code, standards.c.version, standards.c.name, standards.c.is_demo
        ).add_columns(standards.c.sha256, cast(standards.c["items"], Text).label("kept_items"))
    )
    for row in rows:
        if _standard(row) != row.sha256:
            yield Fault(code=FaultCode.COLUMN_DIFFERS, subject=f"standard/{row.id}", detail="standards.items")


def _standard(row: Any) -> str:  # noqa: ANN401 - a row
    """Return the digest of a standard as it is kept; nothing where it is none."""
    try:
        document = json.loads(row.kept_items)
        return Standard.of_kept(
            code=row.code, version=row.version, name=row.name, is_demo=row.is_demo, document=document
        ).sha256
    except (ValueError, LookupError, TypeError, RecursionError):
        return ""


def _media_faults(connection: Connection) -> Iterator[Fault | Unchecked]:
    """A row of a batch names its pictures: an upload, or a picture inside the row, whose receipt names the row."""
    records = select(
        monitoring_records.c.id,
        monitoring_records.c.intake_id,
        monitoring_records.c.intake_index,
        monitoring_records.c.raw,
    ).order_by(monitoring_records.c.id)
    seal = seal_over(connection)
    page = connection.execute(records.limit(PAGE_ROWS)).all()
    while page:
        if seal is None:
            yield Unchecked(part=Part.DOCUMENTS, subject="monitoring_media", detail=NO_KEY, count=len(page))
        kept = MEDIA.read(connection, [row.id for row in page])
        named = [f"recording/{one['recording_id']}" for rows in kept.values() for one in rows]
        received = {
            about: acts_of(leaves, RecordingReceive)
            for about, leaves in leaves_about(connection, named, (RecordingReceive,)).items()
        }
        for row in page:
            stated = _stated(raw_row(seal, row.id, bytes(row.raw)) or b"")
            if stated is not None and not _is_shown(row, stated, kept.get(str(row.id), []), received):
                about = f"monitoring/{row.id}"
                yield Fault(
                    code=FaultCode.COLUMN_DIFFERS, subject=about, detail="monitoring_media.recording_id"
                )
        page = connection.execute(records.where(monitoring_records.c.id > page[-1].id).limit(PAGE_ROWS)).all()


def _stated(raw: bytes) -> MonitoringIn | None:
    try:
        return kept_row(raw).row
    except Invalid:
        return None


def _is_shown(
    row: Any,  # noqa: ANN401 - a row
    stated: MonitoringIn,
    kept: Sequence[Mapping[str, object]],
    received: Mapping[str, Sequence[RecordingReceive]],
) -> bool:
    by_position = {one["position"]: received.get(f"recording/{one['recording_id']}", ()) for one in kept}
    if len(kept) != len(stated.media) or by_position.keys() != set(range(len(stated.media))):
        return False
    for position, media in enumerate(stated.media):
        for act in by_position[position]:
            place = (act.intake, act.row, act.position)
            if media.upload is not None and act.upload != str(media.upload):
                return False
            if media.upload is None and place != (f"intake/{row.intake_id}", row.intake_index, position):
                return False
        if not by_position[position]:
            return False
    return True
