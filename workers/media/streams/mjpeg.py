"""Pictures of Motion JPEG, each a JPEG of its own: libav paints over broken entropy data and says nothing."""

from workers.media.container import Note
from workers.media.still.jpeg import Scale, decode_jpeg, jpeg_header
from workers.media.work import Work

_TABLES = b"\xff\xc4"
_EIGHTH = Scale(1, 1)


def is_damaged(payload: bytes, work: Work) -> bool:
    """Say whether the strict decoder refuses one picture; it reads every entropy-coded byte, at an eighth of the size.

    Writers of AVI may leave the Huffman tables away (OpenDML 1.02, Motion JPEG DIB): of such a picture libav has the
    last word.
    """
    if _TABLES not in payload[:4096]:
        return False
    header = jpeg_header(payload)
    if isinstance(header, Note):
        return header.code == "jpeg-damaged"
    met, _ = decode_jpeg(payload, space=header[2], scale=_EIGHTH, work=work)
    return met is not None and met.code == "jpeg-damaged"
