"""Stills: a gate on dimensions, then a strict decode, then facts and a thumbnail.

JPEG goes through libjpeg-turbo at 1/8 with every warning an error (simplejpeg): Pillow and OpenCV drop the
warnings and accept a photo with 64 KiB of zeros in it, found 0 of 20 against 20 of 20 (design: trap 10). Pillow
reads Exif and the other formats, OpenCV shrinks and turns the thumbnail.
"""

import io
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import PIL
import pi_heif
import simplejpeg
from PIL import Image, UnidentifiedImageError

from schemas.integrity import CheckResult, Severity, mismatch, not_checked, verified
from schemas.media import Exif, Gps, MediaFacts
from workers.media.exif import EXIF_ERRORS, clean, read_exif
from workers.media.result import Derivative, Limits, Probe

# Pillow's own bomb check warns and raises in two steps; our gate decides before any decode.
Image.MAX_IMAGE_PIXELS = None

PILLOW_FORMATS = {
    "image/png": "PNG",
    "image/gif": "GIF",
    "image/webp": "WEBP",
    "image/tiff": "TIFF",
    "image/avif": "AVIF",
}
HEIF_TYPES = frozenset({"image/heic", "image/heif"})
STILL_TYPES = frozenset({"image/jpeg", *PILLOW_FORMATS, *HEIF_TYPES})

_STILL_ERRORS = (
    OSError,
    EOFError,
    SyntaxError,
    ValueError,
    RuntimeError,
    ArithmeticError,
    TypeError,
    KeyError,
)
_SOS, _EOI = 0xDA, 0xD9
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD9)})
_TURNS: dict[int, tuple[int | None, int | None]] = {
    2: (None, 1),
    3: (cv2.ROTATE_180, None),
    4: (None, 0),
    5: (cv2.ROTATE_90_CLOCKWISE, 1),
    6: (cv2.ROTATE_90_CLOCKWISE, None),
    7: (cv2.ROTATE_90_COUNTERCLOCKWISE, 1),
    8: (cv2.ROTATE_90_COUNTERCLOCKWISE, None),
}
"""Exif orientation to (turn, then flip) for display; 1 needs neither (Exif 2.32, 4.6.4)."""

Pixels = np.ndarray[Any, np.dtype[np.uint8]]


class _Seen(NamedTuple):
    """What a decoder answered: pixels in BGR when there are any, the check, size as stored."""

    width: int
    height: int
    pixels: Pixels | None
    check: CheckResult
    codec: str


def probe_still(path: Path, media_type: str, *, limits: Limits) -> Probe:
    """Check one still and read its facts.

    Raises:
        MemoryError: the decoder needed more than the child may have.
        OSError: the file cannot be read at all.
    """
    size = path.stat().st_size
    if size > limits.still_bytes:
        too_long = not_checked(
            "container", "file-too-large", severity=Severity.WARN, limit=limits.still_bytes
        )
        return Probe(media_type=media_type, checks=(too_long,))
    if media_type == "image/jpeg":
        seen, exif, gps, checks = _jpeg(path, limits)
    elif media_type in HEIF_TYPES:
        seen, exif, gps, checks = _heif(path, limits)
    else:
        seen, exif, gps, checks = _pillow(path, media_type, limits)
    facts = MediaFacts(
        width=seen.width or None,
        height=seen.height or None,
        container=media_type.removeprefix("image/"),
        codec=seen.codec,
        exif=exif,
        gps=gps,
    )
    # libheif applies the container's own rotation while decoding; turning again would tip the picture over.
    orientation = exif.orientation if exif and media_type not in HEIF_TYPES else None
    pictures = () if seen.pixels is None else (thumbnail(seen.pixels, orientation or 1, limits.thumbnail_px),)
    return Probe(media_type=media_type, facts=facts, checks=(seen.check, *checks), derivatives=pictures)


def thumbnail(pixels: Pixels, orientation: int, longest_px: int, *, kind: str = "thumbnail") -> Derivative:
    """Shrink BGR pixels to `longest_px` on the longer side, turn them upright and encode them as JPEG."""
    height, width = pixels.shape[:2]
    scale = min(1.0, longest_px / max(width, height))
    box = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(pixels, box, interpolation=cv2.INTER_AREA) if scale < 1 else pixels
    turn, flip = _TURNS.get(orientation, (None, None))
    small = small if turn is None else cv2.rotate(small, turn)
    small = small if flip is None else cv2.flip(small, flip)
    payload = simplejpeg.encode_jpeg(
        np.ascontiguousarray(small), quality=80, colorspace="BGR", colorsubsampling="420"
    )
    return Derivative(
        kind=kind,
        width=small.shape[1],
        height=small.shape[0],
        tool=f"opencv {cv2.__version__}, simplejpeg {simplejpeg.__version__}",
        payload=payload,
    )


def _gate(width: int, height: int, limits: Limits) -> CheckResult | None:
    if width * height <= limits.pixels:
        return None
    return not_checked(
        "container",
        "image-too-large",
        severity=Severity.WARN,
        width=width,
        height=height,
        megapixels=width * height // 1_000_000,
        limit_megapixels=limits.pixels // 1_000_000,
    )


_Facts = tuple[_Seen, Exif | None, Gps | None, list[CheckResult]]


def _jpeg(path: Path, limits: Limits) -> _Facts:
    payload = path.read_bytes()
    try:
        height, width, space, _ = simplejpeg.decode_jpeg_header(payload, strict=False)
    except ValueError as why:
        return _Seen(0, 0, None, _damaged(why), "jpeg"), None, None, []
    seen = _Seen(width, height, None, verified("container"), "jpeg")
    gate = _gate(width, height, limits)
    if gate is None:
        check, pixels = _decode_jpeg(payload, (width, height), space)
        seen = seen._replace(check=check, pixels=pixels)
    else:
        seen = seen._replace(check=gate)
    return seen, *_pillow_exif(payload)


def _decode_jpeg(payload: bytes, size: tuple[int, int], space: str) -> tuple[CheckResult, Pixels | None]:
    """Decode strictly; a remark (stray bytes between header segments) is removed once and decoding repeated."""
    factor = next((f for f in (8, 4, 2) if max(size) // f >= 480), 1)  # noqa: PLR2004 - px wanted for a thumbnail
    kind = "CMYK" if space in {"CMYK", "YCCK"} else "BGR"
    try:
        return verified("container"), _to_bgr(_turbo(payload, kind, factor))
    except ValueError as why:
        if "extraneous bytes" not in str(why):
            return _damaged(why), _salvaged(payload, kind, factor)
    try:
        pixels = _turbo(_without_stray_bytes(payload), kind, factor)
    except ValueError as why:
        return _damaged(why), _salvaged(payload, kind, factor)
    remark = verified("container", code="jpeg-stray-bytes", severity=Severity.INFO)
    return remark, _to_bgr(pixels)


def _turbo(payload: bytes, kind: str, factor: int) -> Pixels:
    decoded: Pixels = simplejpeg.decode_jpeg(payload, kind, min_factor=factor, strict=True)
    return decoded


def _salvaged(payload: bytes, kind: str, factor: int) -> Pixels | None:
    """What can still be seen of a damaged photo, on black: fresh zeroed memory, so that no pixel of another
    picture can show through (seen in OpenCV, its issue 26488)."""  # noqa: D205, D209
    try:
        height, width, _, _ = simplejpeg.decode_jpeg_header(payload, min_factor=factor, strict=False)
        room = np.zeros((height, width, 4 if kind == "CMYK" else 3), dtype=np.uint8)
        simplejpeg.decode_jpeg(payload, kind, min_factor=factor, buffer=room, strict=False)
    except ValueError:
        return None
    return _to_bgr(room)


def _to_bgr(pixels: Pixels) -> Pixels:
    if pixels.shape[2] == 3:  # noqa: PLR2004
        return pixels
    # Adobe writes CMYK inverted, and libjpeg hands it over as it stands.
    inverted = Image.fromarray(255 - pixels, mode="CMYK").convert("RGB")
    return np.asarray(inverted)[:, :, ::-1].copy()


def _damaged(why: Exception) -> CheckResult:
    text = str(why)
    if "precision" in text or "not implemented" in text.lower():
        return not_checked("container", "decoder-unsupported", reason=clean(text) or "")
    return mismatch("container", "jpeg-damaged", reason=clean(text) or "unreadable")


def _without_stray_bytes(payload: bytes) -> bytes:
    """Copy the header segments alone up to the first scan (ITU-T T.81, B.1.1.2), then the rest as it stands."""
    kept, at = [payload[:2]], 2
    while True:
        at = payload.find(b"\xff", at)
        if at < 0 or at + 4 > len(payload) or payload[at + 1] == _SOS:
            break
        marker = payload[at + 1]
        if marker in {0x00, 0xFF} or marker in _STANDALONE:
            at += 1 if marker == 0xFF else 2  # noqa: PLR2004
            continue
        end = at + 2 + int.from_bytes(payload[at + 2 : at + 4])
        kept.append(payload[at:end])
        at = end
    return b"".join(kept) + (payload[at:] if at >= 0 else b"")


def _pillow_exif(payload: bytes) -> tuple[Exif | None, Gps | None, list[CheckResult]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(io.BytesIO(payload), formats=("JPEG", "MPO")) as image:
                exif = image.getexif()
        except EXIF_ERRORS:
            return None, None, [not_checked("exif", "exif-unreadable")]
    return read_exif(exif)


def _pillow(path: Path, media_type: str, limits: Limits) -> _Facts:
    fmt = PILLOW_FORMATS[media_type]
    blank = _Seen(0, 0, None, verified("container"), fmt.lower())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(path, formats=(fmt,)) as image:
                return _opened(path, image, blank, limits)
        except UnidentifiedImageError:
            return blank._replace(check=_broken(media_type, "header")), None, None, []
        except _STILL_ERRORS as why:
            return blank._replace(check=_broken(media_type, str(why))), None, None, []


def _opened(path: Path, image: Image.Image, blank: _Seen, limits: Limits) -> _Facts:
    seen = blank._replace(width=image.width, height=image.height)
    exif = read_exif(image.getexif())
    gate = _gate(image.width, image.height, limits)
    if gate is not None:
        return seen._replace(check=gate), *exif
    try:
        if image.format == "PNG":
            with Image.open(path, formats=("PNG",)) as again:
                again.verify()
        pixels = _bgr_of(image, limits.thumbnail_px)
    except _STILL_ERRORS as why:
        return seen._replace(check=_broken(f"image/{blank.codec}", str(why))), *exif
    return seen._replace(pixels=pixels), *exif


def _bgr_of(image: Image.Image, longest_px: int) -> Pixels:
    """Decode fully, then shrink in steps of whole pixels so that no second full-size copy is made."""
    image.load()
    factor = max(1, max(image.size) // (2 * longest_px))
    small = image.convert("RGB") if image.mode == "P" else image
    small = small.reduce(factor) if factor > 1 and small.mode not in {"1", "I;16"} else small
    return np.asarray(small.convert("RGB"))[:, :, ::-1].copy()


def _broken(media_type: str, reason: str) -> CheckResult:
    return mismatch("container", "image-damaged", media_type=media_type, reason=clean(reason) or "unreadable")


def _heif(path: Path, limits: Limits) -> _Facts:
    blank = _Seen(0, 0, None, verified("container"), "heif")
    try:
        heif = pi_heif.open_heif(path, convert_hdr_to_8bit=True)
        seen = blank._replace(width=heif.size[0], height=heif.size[1])
        exif = _heif_exif(heif.info.get("exif"))
        gate = _gate(seen.width, seen.height, limits)
        if gate is not None:
            return seen._replace(check=gate), *exif
        pixels = _bgr_of(heif.to_pillow(), limits.thumbnail_px)
    except _STILL_ERRORS as why:
        return blank._replace(check=_broken("image/heic", str(why))), None, None, []
    return seen._replace(pixels=pixels), *exif


def _heif_exif(raw: bytes | None) -> tuple[Exif | None, Gps | None, list[CheckResult]]:
    exif = Image.Exif()
    try:
        exif.load(raw or b"")
    except EXIF_ERRORS:
        return None, None, [not_checked("exif", "exif-unreadable")]
    return read_exif(exif)


TOOLS = {
    "pillow": PIL.__version__,
    "opencv": cv2.__version__,
    "simplejpeg": simplejpeg.__version__,
    "pi_heif": pi_heif.__version__,
}
"""Versions of the decoders, for the record of a run."""
