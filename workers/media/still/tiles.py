"""The coded pictures inside a HEIF file, each decoded with the log caught.

libheif shows a photo whose tiles are zeroed and says nothing; libav reads the same file as one stream per tile
and complains about each damaged one (3 of 3 zeroed runs of 4 to 64 KiB found, against 0).
"""

from typing import Any, NamedTuple

import av
import av.error
import av.logging
from av.packet import Packet
from av.video.stream import VideoStream

from schemas.checks.streams import TILES
from schemas.integrity import Check, CheckResult, examines
from workers.media.demux import UnreadableError, opened, packets
from workers.media.source import Source
from workers.media.structure.nal import nal_length_bytes, nal_lengths_fit
from workers.media.work import Work

_AV1 = "libdav1d"
_OPTIONS = {"protocol_whitelist": "none", "enable_drefs": "0"}


class Tiles(NamedTuple):
    """Coded pictures of a file that were decoded, and how many of them are damaged; none where they are unreadable."""

    decoded: int = 0
    damaged: int = 0


def read_tiles(source: Source, work: Work) -> Tiles:
    """Decode every coded picture of a HEIF file once.

    Raises:
        MemoryError: the decoder needed more than the child may have.
    """
    av.logging.set_level(av.logging.ERROR)
    try:
        with av.logging.Capture() as logs:
            tiles, damaged = _decode_all(source, work)
    except UnreadableError:
        return Tiles()
    finally:
        av.logging.set_level(None)
    complaints = sum(level <= av.logging.ERROR for level, _, _ in logs)
    return Tiles(tiles, max(damaged, min(complaints, 1)))


@examines(TILES)
def check_tiles(check: Check, tiles: Tiles) -> CheckResult:
    """Say whether each coded picture decoded."""
    if tiles.damaged:
        return check.found("image-tiles-damaged", count=tiles.damaged, tiles=tiles.decoded)
    return check.held() if tiles.decoded else check.found("tiles-unreadable", reason="heif")


def _decode_all(source: Source, work: Work) -> tuple[int, int]:
    """Return how many coded pictures there are and how many of them are damaged."""
    with opened(source, "mov", _OPTIONS) as container:
        for stream in container.streams.video:
            if stream.codec_context is None:
                raise UnreadableError("a tile in a codec without decoder")
            stream.thread_type = "NONE"
            if stream.codec_context.codec.name == _AV1:
                # Its coder ends each tile with bits that must be zero; only a strict decoder looks at them.
                stream.codec_context.options = {"strict": "1"}
        tiles = damaged = 0
        tracks = [stream for stream in container.streams.video if stream.frames > 1]
        for packet in packets(container, *container.streams.video):
            if packet.size:
                work.packets()
                tiles += 1
                damaged += not _is_sound(packet, work, is_alone=packet.stream not in tracks)
        return tiles, damaged + sum(not _is_drained(stream) for stream in tracks)


def _is_drained(stream: VideoStream) -> bool:
    """Take what the decoder of a picture that moves still holds back: its frames lean on each other."""
    try:
        frames = stream.codec_context.decode(None)
    except MemoryError:
        raise
    except av.error.FFmpegError:
        return False
    return not any(frame.is_corrupt for frame in frames)


def _is_sound(packet: "Packet[Any]", work: Work, *, is_alone: bool) -> bool:
    context = packet.stream.codec_context
    length_bytes = nal_length_bytes(context)
    if length_bytes and not nal_lengths_fit(memoryview(packet), length_bytes, work):
        return False
    if length_bytes and _has_hole(bytes(packet), length_bytes):
        return False
    work.pixels(context.width * context.height)
    try:
        frames = [*context.decode(packet), *(context.decode(None) if is_alone else ())]
    except MemoryError:
        raise
    except av.error.FFmpegError:
        return False
    return (bool(frames) or not is_alone) and not any(frame.is_corrupt for frame in frames)


def _has_hole(packet: bytes, length_bytes: int) -> bool:
    """Say that three zeros stand in a unit: a coder puts another byte between them (H.265, 7.4.2), save at its end."""
    at = 0
    while at + length_bytes <= len(packet):
        start = at + length_bytes
        at = start + int.from_bytes(packet[at:start])
        if bytes(3) in packet[start:at].rstrip(b"\x00"):
            return True
    return False
