"""One look at a document, whatever its format."""

from collections.abc import Iterable

from schemas.checks.documents import (
    DOCUMENT_CONTENT,
    DOCUMENT_END,
    DOCUMENT_INDEX,
    DOCUMENT_PAGES,
    DOCUMENT_TIMES,
)
from schemas.checks.structure import CONTAINER
from schemas.document import DOCM, DOCX, OFD, OLE, OPEN_OFFICE, PDF, PPTM, PPTX, XLSM, XLSX, ZIP
from schemas.examined import Examined, Measure, PartKind
from schemas.integrity import Check
from schemas.media import MediaFacts
from workers.media.container import check_container, note
from workers.media.document.bytes_at import Bytes
from workers.media.document.checks import check_document_active, document_checks
from workers.media.document.edges import hidden_in
from workers.media.document.found import Found
from workers.media.document.ofd import ENTRY, Ofd
from workers.media.document.office import Office, office_type
from workers.media.document.ole import NAMES, OleNames
from workers.media.document.pdf import read_pdf
from workers.media.document.pdf_drawn import drawn
from workers.media.document.zip_read import Archive, open_archive, read_archive
from workers.media.result import Limits, Probe
from workers.media.source import Source
from workers.media.work import Work

READ_TYPES = frozenset({PDF, ZIP, OLE})
"""What the first bytes say; which office format it is the directory tells."""


def probe_document(source: Source, media_type: str, *, limits: Limits, work: Work) -> Probe:
    """Go through a document and say what was met.

    Raises:
        OverBudgetError: it asks for more work than is left.
        MemoryError: a part of it needs more than the child may have.
        OSError: the file cannot be read.
    """
    data, found = Bytes(source, work), Found()
    if media_type == OLE:
        return _ole(data, work)
    if media_type == PDF:
        read = read_pdf(data, found, limits, work)
        shown = () if read is None else drawn(source, read, found, limits, work)
        return _probe(PDF, found, data.size).model_copy(update={"derivatives": shown})
    archive = open_archive(data, found, work)
    if archive is None:
        return _probe(ZIP, found, data.size)
    kind = _read_archive(archive, found, work)
    return _probe(kind, found, data.size)


def _read_archive(archive: Archive, found: Found, work: Work) -> str:
    found.edges.hidden = hidden_in(archive.data, found.edges, is_archive=True)
    behind = archive.data.size - archive.end.end
    found.edges.is_padding = bool(behind) and archive.data.is_filled(archive.end.end)
    office = office_type(archive.by_name)
    if office is not None:
        Office(archive, found, work).read()
        return office
    if ENTRY in archive.by_name:
        Ofd(archive, found, work).read()
        return OFD
    read_archive(archive, found, work, lambda _: None)
    found.pages.is_empty = not archive.files
    found.tell(members=len(archive.files))
    return ZIP


def _ole(data: Bytes, work: Work) -> Probe:
    seen, found = OleNames(data, work), Found()
    kind = seen.media_type
    found.risks |= seen.risks
    met = note("document-encrypted") if seen.is_encrypted else note("document-unread", format=NAMES[kind])
    facts = MediaFacts(
        container=NAMES[kind].lower(), examined=(_row(PartKind.CONTAINER, Measure.BYTES, 0, data.size, None),)
    )
    return Probe(media_type=kind, facts=facts, checks=(check_container([met]), check_document_active(found)))


def _probe(media_type: str, found: Found, size_bytes: int) -> Probe:
    facts = MediaFacts(
        container=_FORMATS.get(media_type, "zip"),
        document=found.facts,
        examined=tuple(_examined(media_type, found, size_bytes)),
    )
    container = check_container(found.notes)
    if found.notes:
        return Probe(media_type=media_type, facts=facts, checks=(container,))
    return Probe(media_type=media_type, facts=facts, checks=(container, *document_checks(found, size_bytes)))


_FORMATS = {
    PDF: "pdf",
    OFD: "ofd",
    ZIP: "zip",
    DOCX: "docx",
    DOCM: "docm",
    XLSX: "xlsx",
    XLSM: "xlsm",
    PPTX: "pptx",
    PPTM: "pptm",
}


def _examined(media_type: str, found: Found, size_bytes: int) -> Iterable[Examined]:
    """Say how far each part was gone through; of a document that could not be opened nothing was."""
    index, content, pages, end = found.index, found.content, found.pages, found.edges.end
    is_read = not found.notes
    whole = size_bytes if end is None else end
    yield _row(PartKind.CONTAINER, Measure.BYTES, whole if is_read else 0, whole, CONTAINER)
    if not is_read:
        return
    yield _row(PartKind.INDEX, Measure.ENTRIES, index.done, index.of, DOCUMENT_INDEX)
    yield _row(PartKind.CONTENT, Measure.PIECES, content.done, content.of, DOCUMENT_CONTENT)
    if media_type in OPEN_OFFICE or media_type == OFD:
        yield _row(PartKind.TEXT, Measure.PIECES, content.texts_done, content.texts, DOCUMENT_CONTENT)
    if media_type in {PDF, OFD}:
        yield _row(PartKind.PAGE, Measure.PAGES, pages.found, pages.listed or 0, DOCUMENT_PAGES)
    if media_type != ZIP:
        yield _row(PartKind.METADATA, Measure.ENTRIES, found.entries, found.entries, DOCUMENT_TIMES)
    behind = size_bytes - whole
    yield _row(PartKind.ENDING, Measure.BYTES, behind, behind, DOCUMENT_END)


def _row(part: PartKind, measure: Measure, done: int, of: int, check: Check | None) -> Examined:
    return Examined(part=part, measure=measure, done=done, of=of, check=check.name if check else None)
