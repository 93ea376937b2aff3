"""What taggers put before and behind sound: ID3v2, ID3v1 with its extension, APEv2, Lyrics3."""

from workers.media.sound.sound_frames import View

ID3V1 = 128
_ENHANCED, _APE, _ID3V2 = 227, 32, 10
_LYRICS_END = 9
_MOST = 8
"""Tags at one end; a file of nothing but tags is none of sound."""


def sound_start(view: View, size_bytes: int) -> int:
    """Return where the ID3v2 tags at the beginning end (id3.org, ID3v2.4 structure, 3.1)."""
    at = 0
    for _ in range(_MOST):
        length = id3v2(view.at(at, _ID3V2))
        if not length:
            break
        at += length
    return min(at, size_bytes)


def id3v2(head: bytes) -> int:
    """Return the whole length of an ID3v2 tag that begins here, 0 where none does; its size counts seven bits a byte."""
    if len(head) < _ID3V2 or head[:3] != b"ID3" or any(byte & 0x80 for byte in head[6:10]):
        return 0
    size = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
    return _ID3V2 + size + (_ID3V2 if head[5] & 0x10 else 0)


def ape(head: bytes) -> int:
    """Return the whole length of an APEv2 tag whose header begins here, 0 where none does (its size leaves that out)."""
    is_header = head[:8] == b"APETAGEX" and len(head) >= _APE and head[23] & 0x20
    return int.from_bytes(head[12:16], "little") + _APE if is_header else 0


def sound_end(view: View, start: int, size_bytes: int) -> int:
    """Return where the tags at the end begin."""
    return sound_ends(view, start, size_bytes)[-1]


def sound_ends(view: View, start: int, size_bytes: int) -> list[int]:
    """Return the end of the file, and where each of the tags before it begins, the last one first."""
    ends = [size_bytes]
    for _ in range(_MOST):
        length = _last(view, ends[-1])
        if not length or ends[-1] - length < start:
            break
        ends.append(ends[-1] - length)
    return ends


def _last(view: View, end: int) -> int:
    if view.at(max(0, end - ID3V1), 3) == b"TAG" and end >= ID3V1:
        is_enhanced = end >= ID3V1 + _ENHANCED and view.at(end - ID3V1 - _ENHANCED, 4) == b"TAG+"
        return ID3V1 + (_ENHANCED if is_enhanced else 0)
    footer = view.at(max(0, end - _APE), _APE)
    if footer[:8] == b"APETAGEX":
        has_header = bool(footer[23] & 0x80)
        return int.from_bytes(footer[12:16], "little") + (_APE if has_header else 0)
    if footer[-_LYRICS_END:] == b"LYRICS200" and footer[-15:-9].isdigit():
        return int(footer[-15:-9]) + 15
    if footer[-_LYRICS_END:] == b"LYRICSEND":
        most = view.at(max(0, end - 5200), min(5200, end))
        begin = most.rfind(b"LYRICSBEGIN")
        return len(most) - begin if begin >= 0 else 0
    if footer[-10:-7] == b"3DI":
        return 2 * _ID3V2 + sum((byte & 0x7F) << 7 * at for at, byte in enumerate(reversed(footer[-4:])))
    return 0
