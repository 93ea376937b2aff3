"""Files of sound alone, by their own structure: frames, pages or chunks, walked to the last byte.

libav looks for the next frame and says nothing of what it passed over; what it decodes is held against this walk.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from schemas.checks.sound import FRAMES
from schemas.integrity import Check, CheckResult, examines
from workers.media.container import Note, note
from workers.media.sound import ogg, wav
from workers.media.sound.mpeg_audio import adts, amr_narrow, amr_wide, is_free, mpeg
from workers.media.sound.sound_frames import Gap, Header, View, Walked, walk
from workers.media.sound.tags import ID3V1, ape, id3v2, sound_end, sound_start
from workers.media.source import Source
from workers.media.structure.sectors import is_cut, zeros_before
from workers.media.work import Work

_LONG_LEAD = 4096
"""Bytes before the first frame that a cut in the middle of one leaves; what is longer is no rest of a frame."""


_IN_A_FRAME = 16


class SoundFile(NamedTuple):
    """What the walk over a file met: what keeps the container from being whole, what else there is to say, its extent.

    `done` are the bytes that were gone through; `harmless` stretches between frames are none of sound and no damage.
    """

    notes: tuple[Note, ...] = ()
    found: tuple[Note, ...] = ()
    done: int = 0
    harmless: int = 0


def read_sound_file(source: Source, media_type: str, work: Work) -> SoundFile | None:
    """Walk a file of sound; nothing comes back for a type that is read by its packets."""
    read = _READERS.get(media_type)
    return read(source, work) if read else None


@examines(FRAMES)
def check_frames(check: Check, file: SoundFile | None) -> CheckResult | None:
    """Say the gravest of what the walk met; of a file that is cut the container has spoken."""
    if file is None:
        return None
    made = [check.found(met.code, **met.params) for met in file.found]
    gravest = max(made, key=lambda one: one.severity.rank, default=None)
    return gravest or (None if file.notes else check.held())


def _framed(header: Header, magic: bytes = b"") -> Callable[[Source, Work], SoundFile]:
    def read(source: Source, work: Work) -> SoundFile:
        view = View(source)
        start = len(magic) or sound_start(view, source.size_bytes)
        end = source.size_bytes if magic else sound_end(view, start, source.size_bytes)
        walked = walk(source, start, end, header, work)
        if not walked.frames and is_free(view.at(start, 4)):
            return SoundFile()
        if not walked.frames:
            return SoundFile(notes=(note("media-damaged", reason="no frame"),))
        return _said(view, walked, start, end)

    return read


def _said(view: View, walked: Walked, start: int, end: int) -> SoundFile:
    cut = (note("media-truncated", missing_bytes=walked.missing_bytes),) if walked.missing_bytes else ()
    kinds = [(_kind(view, gap, start, end), gap) for gap in walked.gaps]
    found = [
        _about("frames-broken", count=len(broken), bytes=_sum(broken), at_seconds=_at(broken[0], walked))
        for broken in ([gap for kind, gap in kinds if kind == "broken"],)
        if broken
    ]
    for code in ("frames-lead", "frames-joined", "frames-padding"):
        some = [gap for kind, gap in kinds if kind == code]
        found += [_about(code, bytes=_sum(some))] if some else []
    harmless = sum(kind != "broken" for kind, _ in kinds) + (end < view.size_bytes)
    promised = _promised(view, start)
    if promised and walked.frames - 1 < promised - 1:
        found.append(_about("frames-missing", found=walked.frames - 1, promised=promised))
    return SoundFile(notes=cut, found=tuple(found), done=view.size_bytes, harmless=harmless)


def _kind(view: View, gap: Gap, start: int, end: int) -> str:
    """Name what lies between frames: a rest before the first, tags where files were joined, zeros at the end, or damage."""
    head = view.at(gap.start, min(gap.size_bytes, 1024))
    if gap.start + gap.size_bytes == end and not head.strip(b"\x00") and _is_zero(view, gap):
        # Zeros that begin inside the last frame, at the edge of a sector, are no room behind it.
        is_begun = is_cut(view, start, gap.start, _IN_A_FRAME)
        return "broken" if is_begun else "frames-padding"
    if gap.start == start and (gap.size_bytes <= _LONG_LEAD or _is_zero(view, gap)):
        return "frames-lead"
    return "frames-joined" if _are_tags(view, gap) else "broken"


def _are_tags(view: View, gap: Gap) -> bool:
    at, end = gap.start, gap.start + gap.size_bytes
    while at < end:
        head = view.at(at, 32)
        length = id3v2(head) or ape(head) or (ID3V1 if head[:3] == b"TAG" else 0)
        if not length:
            return False
        at += length
    return at == end


def _is_zero(view: View, gap: Gap) -> bool:
    end = gap.start + gap.size_bytes
    return not any(view.at(at, min(65_536, end - at)).strip(b"\x00") for at in range(gap.start, end, 65_536))


def _promised(view: View, start: int) -> int | None:
    """Return the number of frames that the first one of an MP3 names (Xing, Info); encoders do not count that one."""
    head = view.at(start, 200)
    at = max(head.find(b"Xing"), head.find(b"Info"))
    if at < 0 or at + 12 > len(head) or not head[at + 7] & 1:
        return None
    return int.from_bytes(head[at + 8 : at + 12])


def _about(code: str, **params: Any) -> Note:  # noqa: ANN401 - parameters of a sentence are scalars of any kind
    """Write down one finding of the check of frames; `note` is for what keeps the container from being whole."""
    return Note(code, params)


def _at(gap: Gap, walked: Walked) -> int:
    return gap.samples // walked.rate if walked.rate else 0


def _sum(gaps: list[Gap]) -> int:
    return sum(gap.size_bytes for gap in gaps)


def _ogg(source: Source, work: Work) -> SoundFile:
    met = ogg.walk(source, work)
    cut = (note("media-truncated", missing_bytes=met.missing_bytes),) if met.missing_bytes else ()
    found = []
    if met.broken:
        found.append(_about("pages-broken", count=met.broken, pages=met.pages + met.broken))
    if met.lost:
        found.append(_about("pages-missing", count=met.lost))
    if met.open_streams and not cut:
        found.append(_about("sound-open"))
    return SoundFile(notes=cut, found=tuple(found), done=source.size_bytes)


def _wav(source: Source, work: Work) -> SoundFile:
    met = wav.walk(source, work)
    cut = (note("media-truncated", missing_bytes=met.missing_bytes),) if met.missing_bytes else ()
    if not met.has_sound and not cut:
        cut = (note("media-empty"),)
    found = [_about("sound-open")] if met.is_open else []
    behind, view = Gap(source.size_bytes - met.behind, met.behind, 0), View(source)
    is_padding = _is_zero(view, behind)
    if met.sound_end and is_cut(view, met.sound_start, met.sound_end):
        found.append(
            _about(
                "sound-unwritten", bytes=met.sound_end - zeros_before(view, met.sound_start, met.sound_end)
            )
        )
    blocks = wav.broken_blocks(view, met)
    if blocks is not None:
        size = blocks.broken * (met.coding.block_bytes if met.coding else 0)
        found.append(_about("frames-broken", count=blocks.broken, bytes=size, at_seconds=blocks.at_seconds))
    if met.behind:
        found.append(_about("frames-padding" if is_padding else "bytes-behind", bytes=met.behind))
    done = source.size_bytes - (0 if is_padding else met.behind)
    # where no size was written libav calls the last block cut, however long it is; a cut file has been told
    harmless = int(met.is_open or bool(met.missing_bytes))
    return SoundFile(notes=cut, found=tuple(found), done=done, harmless=harmless)


_READERS: dict[str, Callable[[Source, Work], SoundFile]] = {
    "audio/mpeg": _framed(mpeg),
    "audio/aac": _framed(adts),
    "audio/amr": _framed(amr_narrow, b"#!AMR\n"),
    "audio/amr-wb": _framed(amr_wide, b"#!AMR-WB\n"),
    "audio/ogg": _ogg,
    "audio/wav": _wav,
}
