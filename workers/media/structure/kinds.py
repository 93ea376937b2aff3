"""The walk over the bytes of each kind of container."""

from collections.abc import Callable, Mapping

from workers.media.source import Source
from workers.media.structure.elementary import read_elementary
from workers.media.structure.iso import read_iso
from workers.media.structure.matroska import read_matroska
from workers.media.structure.program import read_program
from workers.media.structure.riff import read_avi
from workers.media.structure.transport import read_transport
from workers.media.structure.walked import Structure
from workers.media.work import Work

BOXED = frozenset({"video/mp4", "video/quicktime", "video/3gpp", "audio/mp4"})

STREAMED = frozenset({"video/mp2t", "video/mpeg", "video/h264", "video/h265"})
"""Streams that end anywhere: where a recorder was switched off, or a piece was cut out of a running one."""

_WALKS: Mapping[str, Callable[[Source, Work], Structure]] = {
    **dict.fromkeys(BOXED, read_iso),
    **dict.fromkeys(("video/x-matroska", "video/webm"), read_matroska),
    **dict.fromkeys(("video/h264", "video/h265"), read_elementary),
    "video/x-msvideo": read_avi,
    "video/mp2t": read_transport,
    "video/mpeg": read_program,
}


def read_structure(source: Source, media_type: str, work: Work) -> Structure:
    """Walk a file by its bytes, without a decoder; nothing is known of one whose kind has no walk."""
    walk = _WALKS.get(media_type)
    return walk(source, work) if walk else Structure()
