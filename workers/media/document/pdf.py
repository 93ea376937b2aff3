"""One look at a PDF: header, index, objects, streams, pages, signatures, and what stands around it."""

import re
from typing import NamedTuple

from workers.media.container import note
from workers.media.document.bytes_at import Bytes
from workers.media.document.edges import hidden_in
from workers.media.document.found import Found
from workers.media.document.pdf_cipher import open_key
from workers.media.document.pdf_facts import judge_signatures, tell_facts
from workers.media.document.pdf_index import Index, IndexLostError, read_index
from workers.media.document.pdf_lexer import Value
from workers.media.document.pdf_objects import Objects
from workers.media.document.pdf_pages import Tree, read_tree
from workers.media.document.pdf_read import PdfReader
from workers.media.document.pdf_text import is_drawing, plain_contents
from workers.media.result import Limits
from workers.media.work import Work

HEAD_BYTES = 1024
_OBJECT = re.compile(rb"(?:^|[\r\n])\s*\d+\s+\d+\s+obj")
_LINEAR = re.compile(rb"/Linearized\b.{0,200}?/L\s+(\d{1,15})", re.DOTALL)


class Read(NamedTuple):
    """A PDF that was gone through: its objects and pages, and how many pictures nobody has decoded yet."""

    objects: Objects
    tree: Tree
    unread_pictures: int


def read_pdf(data: Bytes, found: Found, limits: Limits, work: Work) -> Read | None:
    """Go through a PDF; what keeps it from being read is noted. None where its objects were not reached."""
    header = max(0, data.at(0, HEAD_BYTES).find(b"%PDF-"))
    missing = _cut(data, header)
    if missing:
        found.notes.append(note("media-truncated", missing_bytes=missing))
        return None
    try:
        index = read_index(data, header, work)
    except IndexLostError:
        is_closed = data.rfind(b"%%EOF", data.size) >= 0
        found.notes.append(note("pdf-index-lost") if is_closed else note("pdf-not-closed"))
        return None
    _edges(data, header, index, found)
    return _objects(data, index, found, limits, work)


def pages_of(data: Bytes, work: Work) -> tuple[Objects, Tree] | None:
    """Return the pages of a PDF and what they are drawn from, and read no content; None where they are not reached.

    Raises:
        OverBudgetError: its index or its tree asks for more work than is left.
    """
    try:
        index = read_index(data, max(0, data.at(0, HEAD_BYTES).find(b"%PDF-")), work)
    except IndexLostError:
        return None
    objects = Objects(data, index.base, index.entries(), work)
    return (objects, read_tree(objects, index.trailer)) if _is_open(objects, index.trailer) else None


def _objects(data: Bytes, index: Index, found: Found, limits: Limits, work: Work) -> Read | None:
    entries, trailer = index.entries(), index.trailer
    found.index.irregular += index.irregular
    objects = Objects(data, index.base, entries, work)
    if not _is_open(objects, trailer):
        found.notes.append(note("document-encrypted"))
        return None
    reader = PdfReader(objects, found, limits)
    reader.read(entries, trailer)
    tree = _pages(objects, index, reader, found)
    _plain(objects, tree, found)
    return Read(objects, tree, reader.unread_pictures)


def _is_open(objects: Objects, trailer: dict[str, Value]) -> bool:
    """Say whether streams can be read: there is no cipher, or one that opens without a password."""
    said = objects.get(trailer.get("Encrypt"))
    if said is None:
        return True
    ident = objects.get(trailer.get("ID"))
    first = ident[0] if isinstance(ident, list) and ident and isinstance(ident[0], bytes) else b""
    objects.key = open_key(_followed(objects, said), first) if isinstance(said, dict) else None
    return objects.key is not None


def _followed(objects: Objects, said: dict[str, Value]) -> dict[str, Value]:
    return {name: objects.get(one) for name, one in said.items()}


def _plain(objects: Objects, tree: Tree, found: Found) -> None:
    """Read the content of pages that no coder guards."""
    for page in tree.pages:
        for one in plain_contents(objects, page):
            if not is_drawing(b"".join(objects.raw(one)), objects.work):
                found.content.damaged.add(one.number)


def _pages(objects: Objects, index: Index, reader: PdfReader, found: Found) -> Tree:
    tree = read_tree(objects, index.trailer)
    pages = found.pages
    pages.is_bodiless = not tree.has_root
    pages.listed, pages.found, pages.said = tree.listed, len(tree.pages), tree.said
    pages.is_empty = tree.has_root and not tree.listed
    tell_facts(objects, index, tree, found)
    judge_signatures(objects, index, tree, reader.signatures, found)
    return tree


def _cut(data: Bytes, header: int) -> int:
    """Count the bytes that a file laid out for the web lacks: its first object says how long it is (annex F)."""
    said = _LINEAR.search(data.at(header, HEAD_BYTES))
    return max(0, int(said[1]) - (data.size - header)) if said else 0


def _edges(data: Bytes, header: int, index: Index, found: Found) -> None:
    edges = found.edges
    edges.start, edges.end = header, min(index.end, data.size)
    behind = data.size - edges.end
    if behind:
        edges.is_padding = data.is_filled(edges.end)
        if not edges.is_padding and _OBJECT.search(data.at(edges.end, 4096)):
            edges.unfinished_bytes = behind
    edges.hidden = hidden_in(data, edges)
