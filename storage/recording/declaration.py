"""What a person declares of a file that they hand in: entered with its receipt, in the same act, and never again."""

from sqlalchemy import ColumnElement, Connection, RowMapping, insert, select

from schemas.act import Act
from schemas.declaration import LATER_KINDS, Declaration, DocumentKind
from schemas.ids import RecordingId
from schemas.leaves_recording import RecordingDeclare, RecordingDeclareLater
from storage.custody.values import shown
from storage.tables.declaration import declarations
from storage.tables.recording import recordings

MEMBERS = tuple(Declaration.model_fields)
"""The columns of a declaration, by which queries of recordings name them behind `LABEL`."""

LABEL = "declared_"


def enter_declaration(connection: Connection, recording_id: RecordingId, said: Declaration) -> Act:
    """Keep what was declared of a recording whose chain is held, and return what its leaf says."""
    # One commit with the receipt: a crash before it leaves neither, and the upload still says it.
    connection.execute(insert(declarations).values(recording_id=recording_id, **said.model_dump()))
    members = {
        **{name: getattr(said, name) for name in ("way", "origin", "document", "made_at")},
        **{name: shown(getattr(said, name)) for name in ("source", "maker", "method", "media_type")},
    }
    kind = RecordingDeclareLater if said.document in LATER_KINDS else RecordingDeclare
    return kind.model_validate(members)


def declaration_of(row: RowMapping) -> Declaration | None:
    """Return what was declared of a recording, out of a row that names it behind `LABEL`."""
    if row[f"{LABEL}way"] is None:
        return None
    return Declaration.model_validate({name: row[f"{LABEL}{name}"] for name in MEMBERS}, strict=False)


def is_document(*kinds: DocumentKind) -> ColumnElement[bool]:
    """Say in a query that a recording was declared to be a paper of one of these kinds, or of any where none is named."""
    # Named apart: a query of recordings has joined the table already.
    papers = declarations.alias("papers")
    is_kind = papers.c.document.in_(kinds) if kinds else papers.c.document.is_not(None)
    return recordings.c.id.in_(select(papers.c.recording_id).where(is_kind))
