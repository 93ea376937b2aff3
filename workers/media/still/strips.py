"""The strips and tiles of a TIFF, each unpacked strictly: libtiff fills what it cannot read and says nothing.

Deflate carries a check sum; LZW and PackBits must give exactly the bytes of their rows; JPEG goes through the strict
decoder, and faxes are read row by row. Of uncompressed strips nobody can say more than that they are there, and where
sectors of them are not.
"""

import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from workers.media.container import Note, note
from workers.media.still.fax import Fax, fax_fault
from workers.media.still.jpeg import decode_jpeg, jpeg_header, scale_for
from workers.media.still.jpeg_walk import SOF_LOSSLESS, SOS, walk_jpeg
from workers.media.still.layout import Span
from workers.media.still.tiff_walk import Directory
from workers.media.still.zero_runs import empty_run_of_jpeg
from workers.media.structure.sectors import unwritten
from workers.media.work import Work

_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC = 0x0100, 0x0101, 0x0102, 0x0103, 0x0106
_SAMPLES, _ROWS, _PLANAR, _TILE_WIDTH, _TILE_HEIGHT, _TABLES = 0x0115, 0x0116, 0x011C, 0x0142, 0x0143, 0x015B
_YCBCR, _APART = 6, 2
_STORED = (0, 1)
"""Not compressed; a directory that does not say is."""

_RUNS, _T4, _T6 = 2, 3, 4
_FILL_ORDER, _T4_OPTIONS, _BAD_LINES, _TURNED = 0x010A, 0x0124, 0x0146, 2
_CODE_BITS, _MAX_BITS, _CLEAR, _STOP = 9, 12, 256, 257
_PIECE_BYTES, _A_PIECE = 64, 4096
_SMALL_PX = 64
_BLOCK_BYTES = 1 << 20


class _Strip(NamedTuple):
    """Packed bytes, and how many unpacked ones they must give: those of its rows, or of a strip that is filled up."""

    packed: bytes
    least: int
    full: int
    tables: bytes
    work: Work
    fax: Fax


def check_strips(payload: bytes, directory: Directory, work: Work) -> Note | None:
    """Return what is wrong with the first strip or tile that does not unpack to its rows."""
    unpack = _UNPACK.get(directory.first(_COMPRESSION))
    if unpack is _fax and directory.first(_BAD_LINES):
        return None  # the machine that received it says itself that lines of it were lost
    if unpack is None:
        return _bare(payload, directory, work) if directory.first(_COMPRESSION) in _STORED else None
    tables = bytes(directory.values.get(_TABLES, ()))
    sizes = list(_least(directory))
    for number, (span, least) in enumerate(zip(directory.data, sizes, strict=False)):
        work.pieces(1 + (span.end - span.start) // _A_PIECE)
        packed, fax = payload[span.start : span.end], _fax_of(directory, number)
        reason = unpack(_Strip(packed, least, max(sizes), tables, work, fax))
        if reason:
            return note("image-damaged", reason=f"strip {number}: {reason}")
    return None


def _bare(payload: bytes, directory: Directory, work: Work) -> Note | None:
    """Look for sectors that were never written; strips that follow each other are one run of rows."""
    width, _ = directory.size
    row = (width * directory.first(_BITS) * max(1, directory.first(_SAMPLES)) + 7) // 8
    for start, end in _joined(directory.data):
        work.pieces(1 + (end - start) // _A_PIECE)
        hole = unwritten(payload[start:end], start, row)
        if hole is not None:
            return note("image-damaged", reason=f"nothing was written at byte {hole}")
    return None


def _joined(spans: Iterable[Span]) -> Iterator[Span]:
    joined: Span | None = None
    for span in spans:
        if joined is not None and span.start == joined.end:
            joined = Span(joined.start, span.end)
            continue
        if joined is not None:
            yield joined
        joined = span
    if joined is not None:
        yield joined


def _least(directory: Directory) -> Iterator[int]:
    """Return the bytes of each strip or tile; of subsampled colours, which are fewer, none are asked for."""
    width, height = directory.size
    samples = max(1, directory.first(_SAMPLES))
    is_apart = directory.first(_PLANAR) == _APART
    bits = directory.first(_BITS) * (1 if is_apart else samples)
    planes = samples if is_apart else 1
    if directory.first(_PHOTOMETRIC) == _YCBCR:
        bits = 0
    across, down = directory.first(_TILE_WIDTH), directory.first(_TILE_HEIGHT)
    if across and down:
        count = -(-width // across) * -(-height // down) * planes
        yield from ((across * bits + 7) // 8 * down for _ in range(min(count, len(directory.data))))
        return
    rows = directory.first(_ROWS) or height
    for _ in range(planes):
        for start in range(0, height, max(1, rows)):
            yield (width * bits + 7) // 8 * min(rows, height - start)


def _deflate(strip: _Strip) -> str:
    stream = zlib.decompressobj()
    held, rest = 0, strip.packed
    try:
        while not stream.eof and held <= 2 * strip.least + _BLOCK_BYTES:
            made = stream.decompress(rest, _BLOCK_BYTES)
            held, rest = held + len(made), stream.unconsumed_tail
            if not rest and len(made) < _BLOCK_BYTES:
                break
    except zlib.error:
        return "the compressed rows are broken"
    return "" if stream.eof and held >= strip.least else f"{held} bytes instead of {strip.least}"


def _packbits(strip: _Strip) -> str:
    at = held = 0
    while at < len(strip.packed) and (held < strip.least or not strip.least):
        strip.work.pieces()
        code = strip.packed[at]
        at += 2 + code if code < 128 else 2 if code > 128 else 1  # noqa: PLR2004 - TIFF 6.0, section 9
        held += 1 + code if code < 128 else 257 - code if code > 128 else 0  # noqa: PLR2004 - as above
    is_whole = at <= len(strip.packed) and (held == strip.least or not strip.least)
    return "" if is_whole else f"{held} bytes instead of {strip.least}"


def _lzw(strip: _Strip) -> str:
    """Count the bytes that the codes stand for (TIFF 6.0, section 13); the order of bits before 1989 is not read."""
    if strip.packed[:1] == b"\x00" and strip.packed[1:2] and strip.packed[1] & 1:
        return ""
    held = _count(strip)
    if held is None:
        return "a code that cannot be"
    is_known = strip.least > 0
    return (
        f"{held} bytes instead of {strip.least}" if is_known and held not in {strip.least, strip.full} else ""
    )


def _count(strip: _Strip) -> int | None:
    roots = [1] * _CLEAR + [0, 0]
    lengths, bits, before = roots.copy(), _CODE_BITS, 0
    held = gathered = width = 0
    for number, byte in enumerate(strip.packed):
        if number % _PIECE_BYTES == 0:
            strip.work.pieces()
        gathered = gathered << 8 | byte
        width += 8
        if width < bits:
            continue
        width -= bits
        code, gathered = gathered >> width, gathered & (1 << width) - 1
        if code == _STOP:
            return held
        if code == _CLEAR:
            strip.work.pieces()
            lengths, bits, before = roots.copy(), _CODE_BITS, 0
            continue
        if before and len(lengths) < 1 << _MAX_BITS:
            lengths.append(before + 1)
        if code >= len(lengths):
            return None
        before = lengths[code]
        held += before
        if len(lengths) + 1 >= 1 << bits and bits < _MAX_BITS:
            bits += 1
    return held


def _fax_of(directory: Directory, number: int) -> Fax:
    """Return how a strip is coded where it is a fax (TIFF 6.0, sections 10 and 11)."""
    width, height = directory.size
    across, down = directory.first(_TILE_WIDTH), directory.first(_TILE_HEIGHT)
    rows = directory.first(_ROWS) or height
    coder = directory.first(_COMPRESSION)
    return Fax(
        columns=across or width,
        rows=down or max(0, min(rows, height - number * rows)),
        k=-1 if coder == _T6 else directory.first(_T4_OPTIONS) & 1,
        is_aligned=coder == _RUNS,
        is_turned=directory.first(_FILL_ORDER) == _TURNED,
    )


def _fax(strip: _Strip) -> str:
    return fax_fault(strip.packed, strip.fax, strip.work)


def _jpeg(strip: _Strip) -> str:
    """Decode an abbreviated JPEG with the tables that all strips share (TIFF technical note 2)."""
    whole = strip.tables[:-2] + strip.packed[2:] if strip.tables else strip.packed
    walked = walk_jpeg(whole, 0, strip.work)
    if walked.end is None:
        return "no end of the picture"
    run = empty_run_of_jpeg(whole, walked)
    if run is not None:
        return str(run.params["reason"])
    if any(one.marker == SOF_LOSSLESS for one in walked.segments):
        return ""
    header = jpeg_header(whole)
    if isinstance(header, Note):
        return str(header.params["reason"])
    width, height, space = header
    scans = sum(one.marker == SOS for one in walked.segments)
    strip.work.pixels(scans * width * height)
    scale = scale_for(width, height, longest_px=_SMALL_PX)
    met, _ = decode_jpeg(whole, space=space, scale=scale, work=strip.work)
    return str(met.params["reason"]) if met and met.code == "jpeg-damaged" else ""


_UNPACK: Mapping[int, Callable[[_Strip], str]] = {
    _RUNS: _fax,
    _T4: _fax,
    _T6: _fax,
    5: _lzw,
    7: _jpeg,
    8: _deflate,
    32946: _deflate,
    32773: _packbits,
    34892: _jpeg,
}
"""By the number of a compression."""
