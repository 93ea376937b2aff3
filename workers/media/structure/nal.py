"""Length-prefixed NAL units of H.264 and H.265 in MP4 and HEIF files (ISO/IEC 14496-15)."""

from av.video.codeccontext import VideoCodecContext

from workers.media.work import Work

_LENGTH_AT = {"h264": 4, "hevc": 21}
"""Offset of the byte with the length size in avcC and hvcC."""

_HOLE = bytes(64)


def nal_lengths_fit(packet: memoryview, length_bytes: int, work: Work) -> bool:
    """Say whether the length-prefixed units fill the packet exactly (ISO/IEC 14496-15, 5.3.3).

    The forbidden bit of each unit's header must be zero (ITU-T H.264 and H.265, 7.3.1).
    """
    at, end = 0, len(packet)
    while at < end:
        work.pieces()
        size = int.from_bytes(packet[at : at + length_bytes])
        at += length_bytes
        if size == 0 or at + size > end or packet[at] & 0x80:
            return False
        at += size
    return True


def has_hole(packet: bytes, length_bytes: int, codec: str) -> bool:
    """Say that a run of zeros stands inside a coded picture: a coder puts another byte after every two (7.4.1).

    Zeros at the end of a unit are filler of some encoders, and units that are no picture are written with less care.
    """
    if _HOLE not in packet:
        return False
    at = 0
    while at + length_bytes < len(packet):
        start = at + length_bytes
        at = start + int.from_bytes(packet[at:start])
        if _is_picture(packet[start], codec) and _HOLE in packet[start:at].rstrip(b"\x00"):
            return True
    return False


def _is_picture(head: int, codec: str) -> bool:
    """Table 7-1 of either standard."""
    return head >> 1 & 0x3F < 32 if codec == "hevc" else 1 <= head & 0x1F <= 5  # noqa: PLR2004


def nal_length_bytes(context: VideoCodecContext | None) -> int:
    """Return the size of the length prefix from avcC or hvcC (ISO/IEC 14496-15, 5.3.3.1 and 8.3.3.1).

    0 where units are not length-prefixed.
    """
    extra = bytes(context.extradata or b"") if context else b""
    at = _LENGTH_AT.get(context.name) if context else None
    if at is None or len(extra) <= at or extra[0] != 1:
        return 0
    return (extra[at] & 0x03) + 1
