"""What a PDF says of itself, and what its signatures cover."""

import codecs

from workers.media.document.found import Found
from workers.media.document.pdf_cipher import opened
from workers.media.document.pdf_index import Index
from workers.media.document.pdf_lexer import Ref, Value
from workers.media.document.pdf_objects import OFFSET, Objects
from workers.media.document.pdf_pages import Tree, changed_pages, read_tree
from workers.media.document.pdf_read import Signature
from workers.media.metadata.exif_text import clean

_SLACK_BYTES = 8
"""What writers leave between the ranges of a signature and its value: brackets, and blanks."""

_RANGES = 4
_NOWHERE = (0, 0, 0)


def text_of(value: Value) -> str | None:
    """Read a text string (ISO 32000-2, 7.9.2.2): UTF-16, UTF-8, else what is taken for Latin or GB 18030."""
    if not isinstance(value, bytes):
        return None
    for mark, encoding in (
        (codecs.BOM_UTF16_BE, "utf-16"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF8, "utf-8-sig"),
    ):
        if value.startswith(mark):
            return clean(value.decode(encoding, "replace"))
    for encoding in ("ascii", "utf-8", "gb18030"):
        try:
            return clean(value.decode(encoding))
        except UnicodeDecodeError:
            continue
    return clean(value.decode("latin-1"))


def tell_facts(objects: Objects, index: Index, tree: Tree, found: Found) -> None:
    """Add what the document states: pages, program, times."""
    said = _information(objects, index.trailer.get("Info"))
    found.entries = len(said)
    names = [text_of(said.get(key)) for key in ("Creator", "Producer")]
    found.tell(
        pages=len(tree.pages),
        producer=clean(" · ".join(dict.fromkeys(one for one in names if one))),
        created_raw=text_of(said.get("CreationDate")),
        modified_raw=text_of(said.get("ModDate")),
    )


def _information(objects: Objects, ref: Value) -> dict[str, Value]:
    """Return what the document says of itself, its strings without their cipher where they are under one."""
    info = objects.get(ref)
    said = {key: objects.get(one) for key, one in info.items()} if isinstance(info, dict) else {}
    if (
        objects.key is None
        or not isinstance(ref, Ref)
        or objects.entries.get(ref.number, _NOWHERE)[0] != OFFSET
    ):
        return said
    key, number, generation = objects.key, ref.number, ref.generation
    return {
        name: b"".join(opened([one], key, number, generation)) if isinstance(one, bytes) else one
        for name, one in said.items()
    }


def judge_signatures(
    objects: Objects, index: Index, tree: Tree, signatures: list[Signature], found: Found
) -> None:
    """Say what stands behind each signature, and whether it changes what the pages show."""
    signed, size = found.signed, objects.data.size
    signed.count = len(signatures)
    signed.updates = _updates(index)
    found.tell(updates=signed.updates or None, signatures=signed.count or None)
    for one in signatures:
        gap = _uncovered(one)
        if gap is None:
            signed.unread += 1
            continue
        signed.uncovered_bytes += gap
        end = one.ranges[2] + one.ranges[3]
        if not end:  # room that was left for a signature
            signed.count -= 1
            continue
        if end > size:
            signed.uncovered_bytes += end - size
        later = [section for section in index.sections if section.offset >= end]
        signed.updates_after = max(signed.updates_after, len(later))
        if later and not signed.pages_changed.count:
            _pages(objects, index, tree, end, found)


def _uncovered(one: Signature) -> int | None:
    """Count bytes that a signature leaves out beside its own value; None where its ranges are none."""
    if len(one.ranges) != _RANGES or min(one.ranges) < 0:
        return None
    start, first, second, _ = one.ranges
    hole = second - (start + first)
    # A value of n bytes is written in 2n digits between two brackets.
    return start + max(0, hole - 2 * one.contents - 2 - _SLACK_BYTES)


def _pages(objects: Objects, index: Index, tree: Tree, end: int, found: Found) -> None:
    before = Objects(objects.data, objects.base, index.entries(end), objects.work)
    trailer: dict[str, Value] = {}
    for section in reversed(index.sections):
        if section.offset < end:
            trailer.update(section.trailer)
    changed = {number for section in index.sections if section.offset >= end for number in section.entries}
    for place in changed_pages((before, read_tree(before, trailer)), (objects, tree), changed):
        found.signed.pages_changed.add(place)


def _updates(index: Index) -> int:
    """Count what was added behind what was saved first; a file laid out for the web has two parts from the start."""
    first = len(index.sections)
    offsets = [one.offset for one in index.sections]
    is_linear = first > 1 and offsets[-2] < offsets[-1]
    return max(0, first - 1 - is_linear)
