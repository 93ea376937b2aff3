"""libav's demuxer, with what it says of a file kept apart from any fault of ours: only its own calls are tried here."""

from collections.abc import Iterator, Mapping
from typing import Any

import av
import av.error
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream

from workers.media.source import Gaps, Source


class UnreadableError(Exception):
    """The demuxer cannot open the file, or read on in it; the text is its own."""


def opened(
    source: Source, demuxer: str, options: Mapping[str, str], gaps: Gaps | None = None
) -> InputContainer:
    """Open a file with the named demuxer, never with one that libav guesses; what lies in the gaps it never sees.

    Raises:
        UnreadableError: it is none of that kind.
        MemoryError: the demuxer needed more than the child may have.
    """
    try:
        reader = source.without(gaps) if gaps else source.raw()
        return av.open(reader, "r", format=demuxer, options=dict(options), metadata_errors="replace")
    except MemoryError:
        raise
    except (av.error.FFmpegError, ValueError) as why:
        raise UnreadableError(str(why)) from why


def packets(container: InputContainer, *streams: Stream) -> Iterator["Packet[Any]"]:
    """Yield the packets of these streams, of all where none is named.

    Raises:
        UnreadableError: the rest cannot be read.
        MemoryError: as `opened`.
    """
    demuxed = container.demux(*streams)
    while True:
        try:
            packet = next(demuxed, None)
        except MemoryError:
            raise
        except (av.error.FFmpegError, ValueError) as why:
            raise UnreadableError(str(why)) from why
        if packet is None:
            return
        yield packet
