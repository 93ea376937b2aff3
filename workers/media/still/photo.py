"""Stills: a gate on dimensions, a strict decode of everything in the file, then facts and a thumbnail.

JPEG goes through `jpeg`, HEIC through pi_heif (libheif and libde265, without the encoder that other builds ship), raw
photos through `raw`, the others through `frames`. A walk over the structure comes first: it says where the picture ends.
"""

import io
import warnings

import pi_heif
from PIL import ExifTags, Image

from schemas.integrity import CheckResult
from schemas.media import MediaFacts
from workers.media.container import Note, check_container, note
from workers.media.metadata.credentials import check_credentials
from workers.media.metadata.exif import (
    EXIF_ERRORS,
    EXIF_HEAD,
    UNREADABLE,
    ExifSeen,
    exif_checks,
    read_block,
    read_exif,
)
from workers.media.metadata.exif_text import clean
from workers.media.metadata.xmp import Iptc, Xmp, iptc_of, read_iptc, read_xmp
from workers.media.result import Limits, Probe
from workers.media.sniff import DNG
from workers.media.source import Source
from workers.media.still.content import check_content, of_photo
from workers.media.still.edits import check_edits
from workers.media.still.ending import check_still_end, cut_companion
from workers.media.still.frames import DECODE_ERRORS, FORMATS, WALKS, bgr, broken, gate, read_frames, shrunk
from workers.media.still.heif_walk import Heif, walk_heif
from workers.media.still.jpeg import colours_of, decode_jpeg, jpeg_header, scale_for, without_padding
from workers.media.still.jpeg_walk import (
    APP1,
    APP13,
    PHOTOSHOP_HEAD,
    XMP_HEAD,
    Walked,
    layout_of,
    segments_with,
    walk_jpeg,
)
from workers.media.still.layout import Layout
from workers.media.still.picture import picture
from workers.media.still.raw import read_raw
from workers.media.still.spoiled import with_rows
from workers.media.still.still import Decoded, Seen, examined
from workers.media.still.strips import check_strips
from workers.media.still.tiff_walk import walk_tiff
from workers.media.still.tiles import check_tiles, read_tiles
from workers.media.still.webp_rest import left_over
from workers.media.still.zero_runs import empty_run_of_jpeg
from workers.media.work import Work

# Pillow's own bomb check warns and raises in two steps; our gate decides before any decode.
Image.MAX_IMAGE_PIXELS = None
_HEVC_WORK = 9
"""A pixel of HEVC, decoded by both libraries, takes so many times the work of one of JPEG: 48 million are a heavy file."""

HEIF_TYPES = frozenset({"image/heic", "image/heif"})
STILL_TYPES = frozenset({"image/jpeg", DNG, *FORMATS, *HEIF_TYPES})

_JPEG_AT, _JPEG_BYTES = 0x0201, 0x0202


def probe_still(source: Source, media_type: str, *, limits: Limits, work: Work) -> Probe:
    """Check one still and read its facts.

    Raises:
        MemoryError: the decoder needed more than the child may have.
        OSError: the file cannot be read at all.
    """
    if source.size_bytes > limits.still_bytes:
        too_long = note("file-too-large", limit_bytes=limits.still_bytes)
        return Probe(media_type=media_type, checks=(check_container([too_long]),))
    payload = source.read_all()
    return _conclude(payload, media_type, _read(source, payload, media_type, limits, work), limits, work)


def _read(source: Source, payload: bytes, media_type: str, limits: Limits, work: Work) -> Seen:
    if media_type == "image/jpeg":
        return _jpeg(payload, limits, work)
    if media_type in HEIF_TYPES:
        return _heif(source, payload, limits, work)
    if media_type in {"image/tiff", DNG}:
        return _tiff(payload, limits, work)
    if media_type == "image/avif":
        return _avif(source, payload, limits, work)
    seen = read_frames(payload, media_type, WALKS[media_type](payload, work), limits, work)
    return _webp(payload, seen, work) if media_type == "image/webp" else seen


def _conclude(payload: bytes, media_type: str, seen: Seen, limits: Limits, work: Work) -> Probe:
    exif, gps = (seen.exif.exif, seen.exif.gps) if seen.exif else (None, None)
    xmp, iptc = read_xmp(seen.xmp, work), read_iptc(seen.iptc, work)
    facts = MediaFacts(
        width=seen.width or None,
        height=seen.height or None,
        container=media_type.removeprefix("image/"),
        exif=exif,
        gps=gps,
        examined=examined(seen, size_bytes=len(payload), entries=_entries(seen, xmp, iptc)),
    )
    # A decoder that turned the picture itself has done it; turning again would tip it over.
    orientation = (exif.orientation if exif and not seen.is_upright else None) or 1
    pictures = (
        ()
        if seen.pixels is None
        else (
            picture(seen.pixels, kind="thumbnail", orientation=orientation, longest_px=limits.thumbnail_px),
        )
    )
    return Probe(
        media_type=media_type,
        facts=facts,
        checks=_checks(payload, media_type, seen, xmp, iptc),
        derivatives=pictures,
    )


def _entries(seen: Seen, xmp: Xmp, iptc: Iptc) -> Decoded | None:
    """Count what was read of the metadata; a block that could not be read is one that was not examined."""
    if seen.exif is None:
        return None
    done = seen.exif.entries + xmp.entries + iptc.entries
    unread = (seen.exif.code == UNREADABLE.code) + (not xmp.is_readable)
    return Decoded(done, done + unread)


def _checks(payload: bytes, media_type: str, seen: Seen, xmp: Xmp, iptc: Iptc) -> tuple[CheckResult, ...]:
    container = check_container([seen.met] if seen.met else [])
    if seen.met is not None and seen.exif is None:
        return (container, *seen.checks)
    ending = check_still_end(payload, seen.layout, xmp.companions, seen.damaged)
    shown = check_content(None if seen.pixels is None else of_photo(seen.pixels))
    made = (ending, check_edits(seen, xmp, iptc), _signed(payload, media_type, seen.layout), shown)
    stated = exif_checks(seen.exif) if seen.exif else []
    return (container, *stated, *seen.checks, *(one for one in made if one is not None))


def _signed(payload: bytes, media_type: str, layout: Layout) -> CheckResult | None:
    """A JPEG keeps manifests in its segments (C2PA 2.1, A.3.1), not among its coded data."""
    is_walked = media_type == "image/jpeg" and layout.end is not None
    return check_credentials(payload, media_type, layout.texts if is_walked else None)


def _jpeg(payload: bytes, limits: Limits, work: Work) -> Seen:
    header = jpeg_header(payload)
    if isinstance(header, Note):
        return Seen(met=header)
    width, height, space = header
    over = gate(width, height, limits)
    walked = walk_jpeg(payload, 0 if over else width * height, work)
    seen = _jpeg_metadata(payload, walked, Seen(width, height, layout=layout_of(payload, walked)))
    if over is not None:
        return seen._replace(met=over)
    scale = scale_for(width, height, longest_px=limits.thumbnail_px)
    met, pixels = decode_jpeg(payload, space=space, scale=scale, work=work)
    if met is None or met.code != "jpeg-damaged":
        met = _empty_run(payload, walked, met, work) or _cut(payload, seen.layout) or met
    if met is not None and met.code == "jpeg-damaged":
        met = with_rows(met, payload, walked, kind=colours_of(space), scale=scale, height=height, work=work)
    whole = width * height
    done = 0 if pixels is None or (met and met.code == "jpeg-damaged") else whole
    inner = [_inner(payload[span.start : span.end], limits, work) for span in seen.layout.inner]
    return seen._replace(
        met=met,
        pixels=pixels,
        decoded=(Decoded(done, whole), *(decoded for decoded, _ in inner)),
        damaged=next((number for number, (_, is_sound) in enumerate(inner, 2) if not is_sound), None),
    )


def _empty_run(payload: bytes, walked: Walked, met: Note | None, work: Work) -> Note | None:
    """Look for a hole; zeros that fill a scan up are none."""
    if met is None:
        return empty_run_of_jpeg(payload, walked)
    filled = without_padding(payload, work)
    return empty_run_of_jpeg(filled, walk_jpeg(filled, 0, work))


def _cut(payload: bytes, layout: Layout) -> Note | None:
    return layout.met or cut_companion(payload, layout)


def _inner(payload: bytes, limits: Limits, work: Work) -> tuple[Decoded, bool]:
    """Decode a further picture as strictly as the first one, and say whether it is sound."""
    header = jpeg_header(payload)
    if isinstance(header, Note):
        return Decoded(0, 1), False
    width, height, space = header
    if gate(width, height, limits) is not None:
        return Decoded(0, width * height), True
    walk_jpeg(payload, width * height, work)
    scale = scale_for(width, height, longest_px=64)
    met, _ = decode_jpeg(payload, space=space, scale=scale, work=work)
    return Decoded(width * height, width * height), met is None or met.code != "jpeg-damaged"


def _jpeg_metadata(payload: bytes, walked: Walked, seen: Seen) -> Seen:
    exif, thumbnail = _jpeg_exif(payload)
    resources = next(segments_with(payload, walked, APP13, PHOTOSHOP_HEAD), b"")
    return seen._replace(
        exif=exif,
        thumbnail=thumbnail,
        xmp=next(segments_with(payload, walked, APP1, XMP_HEAD), None),
        iptc=iptc_of(resources),
    )


def _jpeg_exif(payload: bytes) -> tuple[ExifSeen, bytes | None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(io.BytesIO(payload), formats=("JPEG", "MPO")) as image:
                exif, raw = image.getexif(), image.info.get("exif", b"")
                small = exif.get_ifd(ExifTags.IFD.IFD1)
        except EXIF_ERRORS:
            return UNREADABLE, None
    return read_exif(exif), _thumbnail(raw.removeprefix(EXIF_HEAD), small)


def _thumbnail(raw: bytes, directory: dict[int, object]) -> bytes | None:
    start, size = directory.get(_JPEG_AT), directory.get(_JPEG_BYTES)
    return raw[start : start + size] if isinstance(start, int) and isinstance(size, int) else None


def _tiff(payload: bytes, limits: Limits, work: Work) -> Seen:
    tiff = walk_tiff(payload, work)
    if tiff.layout.met is None:
        met = next((met for one in tiff.directories if (met := check_strips(payload, one, work))), None)
        tiff = tiff._replace(layout=tiff.layout._replace(met=met))
    pieces = Decoded(*tiff.pieces)
    if tiff.raw is not None or tiff.is_dng:
        return read_raw(payload, tiff, limits, work)._replace(tiles=pieces)
    return read_frames(payload, "image/tiff", tiff.layout, limits, work)._replace(tiles=pieces)


def _webp(payload: bytes, seen: Seen, work: Work) -> Seen:
    if seen.pixels is None or (seen.met is not None and seen.met.code != "image-long-zero-run"):
        return seen
    return seen._replace(met=left_over(payload, work) or seen.met)


def _avif(source: Source, payload: bytes, limits: Limits, work: Work) -> Seen:
    heif = walk_heif(source, work)
    seen = read_frames(payload, "image/avif", heif.layout, limits, work)
    return seen if seen.pixels is None else _tiled(source, heif, seen, work)


def _tiled(source: Source, heif: Heif, seen: Seen, work: Work) -> Seen:
    tiles = read_tiles(source, work)
    return seen._replace(
        checks=(check_tiles(tiles),), tiles=Decoded(tiles.decoded, max(heif.coded, tiles.decoded))
    )


def _heif(source: Source, payload: bytes, limits: Limits, work: Work) -> Seen:
    walked = walk_heif(source, work)
    seen = Seen(met=walked.layout.met, layout=walked.layout, is_upright=True)
    try:
        heif = pi_heif.open_heif(payload, convert_hdr_to_8bit=True)
        (width, height), stated, xmp = heif.size, heif.info.get("exif"), heif.info.get("xmp")
    except DECODE_ERRORS as why:
        return _heif_failed(seen, why)
    seen = seen._replace(width=width, height=height, exif=read_block(stated or b""), xmp=xmp)
    over = gate(width, height, limits)
    if over is not None:
        return seen._replace(met=over)
    work.pixels(_HEVC_WORK * width * height)
    seen = _tiled(source, walked, seen, work)
    try:
        small = shrunk(heif.to_pillow(), limits.thumbnail_px)
    except DECODE_ERRORS as why:
        return _heif_failed(seen, why)
    return seen._replace(pixels=bgr(small), decoded=(Decoded(width * height, width * height),))


def _heif_failed(seen: Seen, why: Exception) -> Seen:
    """A file cut short is that before anything else; SyntaxError is how pi_heif says "not supported"."""
    if seen.met is not None:
        return seen
    if isinstance(why, SyntaxError):
        return seen._replace(met=note("decoder-unsupported", reason=clean(why) or "heif"))
    return seen._replace(met=broken(why))
