"""What is said about a document, from what its reader met: one answer a check, the gravest first."""

from collections.abc import Iterator

from schemas.checks.documents import (
    DOCUMENT_ACTIVE,
    DOCUMENT_CONTENT,
    DOCUMENT_END,
    DOCUMENT_INDEX,
    DOCUMENT_PAGES,
    DOCUMENT_SIGNED,
)
from schemas.document import REACHES_OUT
from schemas.integrity import Check, CheckResult, examines
from workers.media.document.found import Found, Index, Signed


def document_checks(found: Found, size_bytes: int) -> Iterator[CheckResult]:
    """Yield what each check says of a document that could be read to its end."""
    yield check_document_index(found)
    yield check_document_content(found)
    yield check_document_pages(found)
    yield check_document_end(found, size_bytes)
    yield check_document_active(found)
    yield check_document_signed(found)


@examines(DOCUMENT_INDEX)
def check_document_index(check: Check, found: Found) -> CheckResult:
    """Say what does not fit between the index and what it names."""
    index = found.index
    if index.overlaps:
        return check.found("zip-overlaps", count=index.overlaps)
    if index.wrong.count:
        first, count = index.wrong.first, index.wrong.count
        return check.found("document-index-wrong", count=count, entries=index.of, first=first)
    if index.twice:
        return check.found("zip-names-twice", count=index.twice)
    return _irregular(check, index)


def _irregular(check: Check, index: Index) -> CheckResult:
    if index.unlisted_bytes:
        return check.found("zip-unlisted", count=index.unlisted_bytes)
    if index.odd_names:
        return check.found("zip-names-odd", count=index.odd_names)
    if index.irregular:
        return check.found("document-index-irregular", count=index.irregular)
    return check.held(entries=index.of)


@examines(DOCUMENT_CONTENT)
def check_document_content(check: Check, found: Found) -> CheckResult:
    """Say which pieces of the content do not unpack, or hold text that cannot be read."""
    content = found.content
    if content.damaged.count:
        return check.found(
            "document-content-damaged",
            count=content.damaged.count,
            of=content.of,
            first=content.damaged.first,
        )
    if content.broken is not None:
        number, line = content.broken
        return check.found("document-part-broken", number=number, line=line)
    if content.refused is not None:
        return check.found("document-part-refused", number=content.refused)
    if content.irregular:
        return check.found("document-content-irregular", count=content.irregular)
    return check.held(pieces=content.of)


@examines(DOCUMENT_PAGES)
def check_document_pages(check: Check, found: Found) -> CheckResult:
    """Say whether the body is there, with all the pages that are listed."""
    pages = found.pages
    if pages.is_bodiless:
        return check.found("document-body-missing")
    if pages.is_empty:
        return check.found("document-empty")
    if pages.listed is not None and pages.found < pages.listed:
        return check.found("document-pages-missing", count=pages.listed - pages.found, of=pages.listed)
    if pages.said is not None and pages.said != pages.found:
        return check.found("document-pages-count", said=pages.said, found=pages.found)
    return check.held()


@examines(DOCUMENT_END)
def check_document_end(check: Check, found: Found, size_bytes: int) -> CheckResult:
    """Say what stands before and behind the document."""
    edges = found.edges
    behind = 0 if edges.end is None else size_bytes - edges.end
    if edges.hidden is not None:
        kind, offset = edges.hidden
        return check.found("document-hidden-file", kind=kind, offset=offset)
    if edges.unfinished_bytes:
        return check.found("document-update-unfinished", count=edges.unfinished_bytes)
    if behind > 0 and not edges.is_padding:
        return check.found("document-trailing-bytes", count=behind)
    if edges.start:
        return check.found("document-leading-bytes", count=edges.start)
    return check.found("document-padding", count=behind) if behind > 0 else check.held()


@examines(DOCUMENT_ACTIVE)
def check_document_active(check: Check, found: Found) -> CheckResult:
    """Name what may run, what is brought along, and how many links lead outside."""
    risks = sorted(one.value for one in found.risks)
    if found.risks & REACHES_OUT:
        return check.found("document-reaches-out", risks=risks)
    if risks:
        return check.found("document-active", risks=risks)
    return check.found("document-links", count=found.links) if found.links else check.held()


@examines(DOCUMENT_SIGNED)
def check_document_signed(check: Check, found: Found) -> CheckResult:
    """Say what was changed behind a signature, and that no signature is verified here."""
    signed = found.signed
    if signed.parts_changed:
        return check.found("document-signed-part-changed", count=signed.parts_changed, of=signed.parts)
    if signed.uncovered_bytes:
        return check.found("document-signature-partial", count=signed.uncovered_bytes)
    if signed.pages_changed.count:
        first, count = signed.pages_changed.first, signed.pages_changed.count
        return check.found("document-pages-changed", count=count, first=first)
    return _kept(check, signed)


def _kept(check: Check, signed: Signed) -> CheckResult:
    if signed.updates_after:
        return check.found("document-updated-after-signature", count=signed.updates_after)
    if signed.unread:
        return check.found("document-signature-unread", count=signed.unread)
    if signed.count:
        return check.found("document-signature-kept", count=signed.count)
    return check.found("document-updated", count=signed.updates) if signed.updates else check.held()
