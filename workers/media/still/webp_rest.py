"""Whether the pixels of a WebP use up their data.

Its coders take any bits for a picture, and its decoder stops where the last pixel is known: of a file in which bytes
were changed, it asks for more than there are or leaves some over. The second shows when the end is cut off and the
picture still comes out whole; of a sound one two bytes may be left at most.
"""

import io

from PIL import Image

from workers.media.container import Note, note
from workers.media.still.frames import DECODE_ERRORS
from workers.media.still.webp_walk import coded
from workers.media.work import Work

_SPARE_BYTES = {b"VP8 ": 8, b"VP8L": 4}


def left_over(payload: bytes, work: Work) -> Note | None:
    """Decode each frame once more without its last bytes: none may come out."""
    for kind, body in coded(payload, work):
        spare = _SPARE_BYTES[kind]
        if body.end - body.start > 4 * spare and _is_whole(
            kind, payload[body.start : body.end - spare], work
        ):
            return note("image-damaged", reason="the picture ends before its data")
    return None


def _is_whole(kind: bytes, body: bytes, work: Work) -> bool:
    chunk = kind + len(body).to_bytes(4, "little") + body + bytes(len(body) % 2)
    whole = b"RIFF" + (len(chunk) + 4).to_bytes(4, "little") + b"WEBP" + chunk
    try:
        with Image.open(io.BytesIO(whole), formats=("WEBP",)) as image:
            work.pixels(image.width * image.height)
            image.load()
    except DECODE_ERRORS:
        return False
    return True
