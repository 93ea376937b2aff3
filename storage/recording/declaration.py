"""What a person declares of a file that they hand in: entered with its receipt, in the same act, and never again."""

from sqlalchemy import ColumnElement, Connection, RowMapping, insert, select

from schemas.declaration import Declaration, DocumentKind
from schemas.ids import RecordingId
from schemas.leaves_recording import RecordingDeclare
from schemas.reference import reference
from storage.act import Deed
from storage.custody.values import shown
from storage.tables.declaration import declarations
from storage.tables.recording import recordings

MEMBERS = tuple(Declaration.model_fields)
"""The columns of a declaration, by which queries of recordings name them behind `LABEL`."""

LABEL = "declared_"


def enter_declaration(
    connection: Connection, act: Deed, recording_id: RecordingId, said: Declaration
) -> None:
    """Keep what was declared of a recording whose chain is held."""
    # One commit with the receipt: a crash before it leaves neither, and the upload still says it.
    connection.execute(insert(declarations).values(recording_id=recording_id, **said.model_dump()))
    leaf = RecordingDeclare(
        way=said.way,
        origin=said.origin,
        document=said.document,
        made_at=said.made_at,
        source=shown(said.source),
        maker=shown(said.maker),
        method=shown(said.method),
        media_type=shown(said.media_type),
    )
    act.write(leaf, reference("recording", recording_id))


def declaration_of(row: RowMapping) -> Declaration | None:
    """Return what was declared of a recording, out of a row that names it behind `LABEL`."""
    if row[f"{LABEL}way"] is None:
        return None
    return Declaration.model_validate({name: row[f"{LABEL}{name}"] for name in MEMBERS}, strict=False)


def is_document(kind: DocumentKind | None) -> ColumnElement[bool]:
    """Say in a query that a recording was declared to be a paper of this kind, or of any."""
    # Named apart: a query of recordings has joined the table already.
    papers = declarations.alias("papers")
    is_kind = papers.c.document.is_not(None) if kind is None else papers.c.document == kind
    return recordings.c.id.in_(select(papers.c.recording_id).where(is_kind))
