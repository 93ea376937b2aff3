"""A photo of a phone as its larger sibling would take it: the tiles of a real HEIC as those of a bigger grid."""

import struct
from collections.abc import Iterator, Mapping
from typing import NamedTuple

_FIRST_ID = 1000


class Box(NamedTuple):
    kind: bytes
    start: int
    body: int
    end: int


def enlarged(whole: bytes, columns: int, rows: int, size: tuple[int, int]) -> bytes:
    """Return a HEIC of 8 by 6 tiles with one of `columns` by `rows`, so many pixels wide and high.

    Each new tile is an item of its own over the bytes of an old one that is whole: not of the last column or row.
    """
    meta = next(box for box in _boxes(whole, 0, len(whole)) if box.kind == b"meta")
    inside = {box.kind: box for box in _boxes(whole, meta.body + 4, meta.end)}
    (primary,) = struct.unpack(">H", whole[inside[b"pitm"].body + 4 :][:2])
    grid = next(
        box for box in _boxes(whole, inside[b"iref"].body + 4, inside[b"iref"].end) if box.kind == b"dimg"
    )
    tiles = struct.unpack(">48H", whole[grid.body + 4 : grid.end])
    copies = {
        _FIRST_ID + row * columns + column: tiles[row % 5 * 8 + column % 7]
        for row in range(rows)
        for column in range(columns)
    }
    made = {kind: whole[box.start : box.end] for kind, box in inside.items()}
    made[b"iinf"] = _names(whole, inside[b"iinf"], copies)
    made[b"iref"] = _references(whole, inside[b"iref"], primary, copies)
    made[b"idat"] = _box(b"idat", bytes((0, 0, rows - 1, columns - 1)) + struct.pack(">2H", *size))
    made[b"iprp"] = _properties(whole, inside[b"iprp"], copies, size)
    made[b"iloc"] = _places(whole, inside[b"iloc"], copies, 0)
    longer = sum(map(len, made.values())) - (meta.end - meta.body - 4)
    made[b"iloc"] = _places(whole, inside[b"iloc"], copies, longer)
    index = _box(b"meta", whole[meta.body : meta.body + 4] + b"".join(made.values()))
    return whole[: meta.start] + index + whole[meta.end :]


def _boxes(whole: bytes, start: int, end: int) -> Iterator[Box]:
    while start < end:
        size, kind = struct.unpack(">I4s", whole[start : start + 8])
        yield Box(kind, start, start + 8, start + size)
        start += size


def _box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(body), kind) + body


def _names(whole: bytes, box: Box, copies: Mapping[int, int]) -> bytes:
    head, (count,) = whole[box.body : box.body + 4], struct.unpack(">H", whole[box.body + 4 :][:2])
    known = {
        struct.unpack(">H", whole[one.body + 4 :][:2])[0]: whole[one.start : one.end]
        for one in _boxes(whole, box.body + 6, box.end)
    }
    new = (known[old][:12] + struct.pack(">H", ident) + known[old][14:] for ident, old in copies.items())
    return _box(
        b"iinf",
        head + struct.pack(">H", count + len(copies)) + whole[box.body + 6 : box.end] + b"".join(new),
    )


def _references(whole: bytes, box: Box, primary: int, copies: Mapping[int, int]) -> bytes:
    dimg = _box(b"dimg", struct.pack(f">{2 + len(copies)}H", primary, len(copies), *copies))
    kept = (
        dimg if one.kind == b"dimg" else whole[one.start : one.end]
        for one in _boxes(whole, box.body + 4, box.end)
    )
    return _box(b"iref", whole[box.body : box.body + 4] + b"".join(kept))


def _properties(whole: bytes, box: Box, copies: Mapping[int, int], size: tuple[int, int]) -> bytes:
    shared, of_items = _boxes(whole, box.body, box.end)
    stated = bytearray(whole[shared.start : shared.end])
    sizes = (one for one in _boxes(whole, shared.body, shared.end) if one.kind == b"ispe")
    largest = max(sizes, key=lambda one: struct.unpack(">I", whole[one.body + 4 :][:4]))
    struct.pack_into(">2I", stated, largest.body + 4 - shared.start, *size)
    (count,) = struct.unpack(">I", whole[of_items.body + 4 :][:4])
    wide, at, known = 1 + (whole[of_items.body + 3] & 1), of_items.body + 8, {}
    for _ in range(count):
        (ident,), end = struct.unpack(">H", whole[at : at + 2]), at + 3 + whole[at + 2] * wide
        known[ident], at = whole[at + 2 : end], end
    new = b"".join(struct.pack(">H", ident) + known[old] for ident, old in copies.items())
    head = whole[of_items.body : of_items.body + 4] + struct.pack(">I", count + len(copies))
    return _box(b"iprp", bytes(stated) + _box(b"ipma", head + whole[of_items.body + 8 : of_items.end] + new))


def _places(whole: bytes, box: Box, copies: Mapping[int, int], longer: int) -> bytes:
    """Write where items lie, behind an index that has grown; an item inside the index (method 1) stays where it is."""
    head, (count,), at = (
        whole[box.body : box.body + 6],
        struct.unpack(">H", whole[box.body + 6 :][:2]),
        box.body + 8,
    )
    known = {}
    for _ in range(count):
        ident, method, source, extents = struct.unpack(">4H", whole[at : at + 8])
        places = struct.unpack(f">{2 * extents}I", whole[at + 8 : at + 8 + 8 * extents])
        moved = [one + longer * (method == 0 and nth % 2 == 0) for nth, one in enumerate(places)]
        known[ident] = struct.pack(f">3H{2 * extents}I", method, source, extents, *moved)
        at += 8 + 8 * extents
    known |= {ident: known[old] for ident, old in copies.items()}
    rows = b"".join(struct.pack(">H", ident) + row for ident, row in known.items())
    return _box(b"iloc", head + struct.pack(">H", len(known)) + rows)
