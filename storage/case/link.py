"""The dated ties between recordings and cases: made once, ended by a dated counter-entry, never deleted."""

from uuid import UUID

from sqlalchemy import ColumnElement, Connection, select, update
from sqlalchemy.dialects.postgresql import insert

from schemas.case import EVIDENCE_STATES, OVER_STATES, CaseLink
from schemas.ids import CaseId, RecordingId
from schemas.leaves_case import CaseLink as LinkLeaf
from schemas.leaves_case import CaseUnlink as UnlinkLeaf
from schemas.leaves_case import TieBasis
from schemas.reference import noun_of, reference
from schemas.refusals_case import CASE_LINK_UNKNOWN
from storage.act import Deed
from storage.custody.values import shown
from storage.reads.copies import item_of
from storage.retention.asking import enter_retentions
from storage.tables.case import case_links, cases


def link_stated(connection: Connection, deed: Deed, *, case_id: CaseId, recording_id: RecordingId) -> None:
    """Tie a received recording to the case that its sender stated; the act holds both chains.

    A device ties to any case that is not over: nobody is blocked. A person's statement is a change by hand, which a
    reviewed or decided case no longer takes. What is not tied stays a finding of the recording, never a refusal.
    """
    state = connection.scalar(
        select(cases.c.state).where(cases.c.id == case_id).with_for_update(key_share=True)
    )
    is_by_hand = noun_of(deed.actor) == "account"
    if state not in OVER_STATES and (state in EVIDENCE_STATES or not is_by_hand):
        link_recording(connection, deed, case_id=case_id, recording_id=recording_id, basis=TieBasis.STATED)


def link_recording(
    connection: Connection, deed: Deed, *, case_id: CaseId, recording_id: RecordingId, basis: TieBasis
) -> None:
    """Insert a tie with its leaf; nothing happens when it stands already. The act holds both chains."""
    made = connection.scalar(
        insert(case_links)
        .values(
            case_id=case_id,
            recording_id=recording_id,
            linked_by=deed.actor,
            linked_at=deed.at,
            item=item_of(recording_id),
        )
        .on_conflict_do_nothing()
        .returning(case_links.c.id)
    )
    if made is not None:
        enter_retentions(connection, [recording_id], sender=case_id, at=deed.at)
        case, recording = reference("case", case_id), reference("recording", recording_id)
        deed.write(LinkLeaf(case=case, recording=recording, basis=basis), case)


def unlink_recording(
    connection: Connection, deed: Deed, *, case_id: CaseId, recording_id: RecordingId, reason: str
) -> None:
    """End a tie; its leaf commits to the reason. The act holds both chains.

    Raises:
        NotFound: no such tie stands (slug `case-link-unknown`).
    """
    ended: UUID | None = connection.scalar(
        update(case_links)
        .where(
            case_links.c.case_id == case_id,
            case_links.c.recording_id == recording_id,
            case_links.c.unlinked_at.is_(None),
        )
        .values(unlinked_at=deed.at, unlinked_by=deed.actor, reason=reason)
        .returning(case_links.c.id)
    )
    if ended is None:
        raise CASE_LINK_UNKNOWN("the recording is not linked to this case")
    enter_retentions(connection, [recording_id], sender=case_id, at=deed.at)
    case, recording = reference("case", case_id), reference("recording", recording_id)
    deed.write(UnlinkLeaf(case=case, recording=recording, reason=shown(reason)), case)


def count_alone(connection: Connection, recording_id: RecordingId) -> None:
    """Let the ties of a quarantined recording say that it meets no manifest's file: its bytes are others."""
    connection.execute(
        update(case_links)
        .where(case_links.c.recording_id == recording_id, case_links.c.item.is_not(None))
        .values(item=None)
    )


def links_of_recording(connection: Connection, recording_id: RecordingId) -> tuple[CaseLink, ...]:
    """Return every tie of a recording, past ones included, oldest first."""
    return links_where(connection, case_links.c.recording_id == recording_id)


def links_where(connection: Connection, condition: ColumnElement[bool]) -> tuple[CaseLink, ...]:
    """Return the ties that meet `condition`, oldest first."""
    rows = connection.execute(
        select(case_links, cases.c.number.label("case_number"))
        .join(cases, cases.c.id == case_links.c.case_id)
        .where(condition)
        .order_by(case_links.c.id)
    ).mappings()
    return tuple(map(CaseLink.of_row, rows))
