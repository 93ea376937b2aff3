"""The dated ties between recordings and cases: made once, ended by a dated counter-entry, never deleted."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, select, update
from sqlalchemy.dialects.postgresql import insert

from schemas.case import EVIDENCE_STATES, OVER_STATES, Case, CaseLink, CaseState
from schemas.declaration import DocumentKind
from schemas.ids import CaseId, RecordingId
from schemas.leaves_case import CaseLink as LinkLeaf
from schemas.leaves_case import CaseLinkPaper, TieBasis
from schemas.leaves_case import CaseUnlink as UnlinkLeaf
from schemas.procedure import may_follow
from schemas.reference import noun_of, reference
from schemas.refusals_case import CASE_LINK_UNKNOWN
from schemas.refusals_procedure import TIE_NOT_LATER
from storage.act import Deed
from storage.case.values import require_open
from storage.custody.values import shown
from storage.reads.copies import item_of
from storage.reads.recording import paper_of
from storage.retention.asking import enter_retentions
from storage.tables.case import case_links, cases

Tie = LinkLeaf | CaseLinkPaper
"""What a leaf says of a tie."""


def link_stated(
    connection: Connection, deed: Deed, *, case_id: CaseId, recording_id: RecordingId
) -> Tie | None:
    """Tie a received recording to the case that its sender stated and return what its leaf says; the act holds both chains.

    For how long it is kept its verification asks, which is still to come.

    A device ties to any case that is not over: nobody is blocked. A person's statement is a change by hand, which a
    reviewed or decided case no longer takes, but for papers that come after the decision. What is not tied stays a
    finding of the recording, never a refusal.
    """
    state = connection.scalar(
        select(cases.c.state).where(cases.c.id == case_id).with_for_update(key_share=True)
    )
    is_by_hand, basis = noun_of(deed.actor) == "account", TieBasis.STATED
    if state is None or state in OVER_STATES:
        return None
    if state in EVIDENCE_STATES or not is_by_hand:
        return _tie(connection, deed, case_id=case_id, recording_id=recording_id, basis=basis)
    paper = paper_of(connection, recording_id)
    if may_follow(CaseState(state), paper, deed.at):
        return _tie(connection, deed, case_id=case_id, recording_id=recording_id, basis=basis, paper=paper)
    return None


def link_recording(
    connection: Connection,
    deed: Deed,
    *,
    case_id: CaseId,
    recording_id: RecordingId,
    basis: TieBasis,
    paper: DocumentKind | None = None,
) -> None:
    """Insert a tie with its leaf; nothing happens when it stands already. The act holds both chains.

    `paper`: what a document that comes after the decision was declared to be.
    """
    tied = _tie(connection, deed, case_id=case_id, recording_id=recording_id, basis=basis, paper=paper)
    if tied is not None:
        enter_retentions(connection, [recording_id], sender=case_id, at=deed.at)
        deed.write(tied, reference("case", case_id))


def _tie(
    connection: Connection,
    deed: Deed,
    *,
    case_id: CaseId,
    recording_id: RecordingId,
    basis: TieBasis,
    paper: DocumentKind | None = None,
) -> Tie | None:
    """Insert a tie and return what its leaf says; None where it stands already."""
    made = connection.scalar(
        insert(case_links)
        .values(
            case_id=case_id,
            recording_id=recording_id,
            linked_by=deed.actor,
            linked_at=deed.at,
            item=item_of(recording_id),
            document=paper,
        )
        .on_conflict_do_nothing()
        .returning(case_links.c.id)
    )
    if made is None:
        return None
    case, recording = reference("case", case_id), reference("recording", recording_id)
    if paper is None:
        return LinkLeaf(case=case, recording=recording, basis=basis)
    return CaseLinkPaper(case=case, recording=recording, basis=basis, document=paper)


def require_tieable(
    connection: Connection, case: Case, recording_id: RecordingId, at: datetime
) -> DocumentKind | None:
    """Refuse a tie by hand that the case does not take; of a decided case return as what paper it is tied.

    Raises:
        TransitionRefused: the case is under review (slug `case-under-review`), or decided and it is no paper that comes
            after that (`tie-not-later`).
    """
    if case.state is not CaseState.DECIDED:
        require_open(case)
        return None
    paper = paper_of(connection, recording_id)
    if not may_follow(case.state, paper, at):
        raise TIE_NOT_LATER("the case is decided, and the recording is no paper that comes after that")
    return paper


def require_loose(connection: Connection, case: Case, recording_id: RecordingId, at: datetime) -> None:
    """Refuse to end a tie on which a review or a decision rests: of a decided case a paper that came after it may go.

    Raises:
        TransitionRefused: slug `case-under-review`.
    """
    tied_as = connection.scalar(
        select(case_links.c.document).where(
            case_links.c.case_id == case.id,
            case_links.c.recording_id == recording_id,
            case_links.c.unlinked_at.is_(None),
        )
    )
    if not may_follow(case.state, None if tied_as is None else DocumentKind(tied_as), at):
        require_open(case)


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
