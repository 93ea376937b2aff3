"""Pictures inside of a PDF, decoded by their own coder: a scan is a picture on an empty page."""

from collections.abc import Mapping
from io import BytesIO

from PIL import Image, UnidentifiedImageError

from workers.media.container import Note
from workers.media.result import Limits
from workers.media.still.fax import Fax, fax_fault
from workers.media.still.jpeg import decode_jpeg, jpeg_header, scale_for
from workers.media.work import Work

MOST_PICTURE_BYTES = 256 * 1024 * 1024
_BROKEN = (OSError, SyntaxError, ValueError, UnidentifiedImageError)
"""What Pillow raises for a picture that is not one, or not whole."""


def is_picture_whole(
    payload: bytes, coder: str, said: Mapping[str, object], limits: Limits, work: Work
) -> bool | None:
    """Say whether a picture decodes to its end; None where nobody here decodes it.

    `said` are the parameters of its coder, and the `Height` of the picture.
    """
    if coder == "CCITTFaxDecode":
        return _fax(payload, said, work)
    if coder == "DCTDecode":
        return _jpeg(payload, limits, work)
    return _jpeg2000(payload, limits, work) if coder == "JPXDecode" else None


def _fax(payload: bytes, said: Mapping[str, object], work: Work) -> bool:
    """Read a fax by its parameters (ISO 32000-2, table 11); without a number of rows the picture has them."""
    fault = fax_fault(
        payload,
        Fax(
            columns=_number(said.get("Columns"), 1728),
            rows=_number(said.get("Rows"), 0) or _number(said.get("Height"), 0),
            k=_number(said.get("K"), 0),
            is_aligned=said.get("EncodedByteAlign") is True,
        ),
        work,
    )
    return not fault


def _number(value: object, otherwise: int) -> int:
    return value if isinstance(value, int) else otherwise


def _jpeg(payload: bytes, limits: Limits, work: Work) -> bool | None:
    header = jpeg_header(payload)
    if isinstance(header, Note):
        return None if header.code == "decoder-unsupported" else False
    width, height, space = header
    if width * height > limits.pixels:
        return None
    work.pixels(width * height)
    met, _ = decode_jpeg(payload, space=space, scale=scale_for(width, height, longest_px=1), work=work)
    if met is not None and met.code == "decoder-unsupported":
        return None
    return met is None or met.code != "jpeg-damaged"


def _jpeg2000(payload: bytes, limits: Limits, work: Work) -> bool | None:
    try:
        opened = Image.open(BytesIO(payload), formats=["JPEG2000"])
    except _BROKEN:  # a form of it that Pillow does not know, or a torn head
        return None
    with opened as picture:
        width, height = picture.size
        if width * height > limits.pixels:
            return None
        work.pixels(width * height)
        try:
            picture.load()
        except _BROKEN:
            return False
    return True
