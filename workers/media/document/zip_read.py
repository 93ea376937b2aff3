"""An archive from its directory to its last file: what is listed against what is there."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from workers.media.container import Note
from workers.media.document.bytes_at import Bytes
from workers.media.document.found import Found
from workers.media.document.xml_part import DamagedPartError, XmlPart
from workers.media.document.zip_directory import End, Member, find_end, members
from workers.media.document.zip_members import DamagedMemberError, Local, UnreadMethodError, unpacked
from workers.media.track.xml_text import DocumentTypeError
from workers.media.work import Work

Watch = Callable[[Member], XmlPart | None]
"""Says who reads what a file unpacks to, if anybody does."""


class Watched(NamedTuple):
    """What unpacking may cost, and who looks on."""

    work: Work
    watch: Watch


class Archive:
    """An archive whose directory could be read. `files` are what it lists, in its order."""

    def __init__(self, data: Bytes, end: End, files: Sequence[Member]) -> None:
        self.data = data
        self.end = end
        self.files = files
        self.by_name = {one.name: one for one in files}

    def open(self, member: Member, work: Work) -> Iterator[bytes]:
        """Yield what a file unpacks to; raises as `unpacked`."""
        return unpacked(self.data, member, Local(self.data, member, self.end.start).begin, work)


def open_archive(data: Bytes, found: Found, work: Work) -> Archive | None:
    """Read the directory; what keeps it from being read is noted."""
    end = find_end(data)
    if isinstance(end, Note):
        found.notes.append(end)
        return None
    files: list[Member] = []
    for one in members(data, end, work):
        if isinstance(one, Note):
            found.notes.append(one)
            return None
        files.append(one)
    found.edges.start, found.edges.end = end.start, end.end
    return Archive(data, end, files)


def read_archive(archive: Archive, found: Found, work: Work, watch: Watch) -> None:
    """Hold every entry against the file that it names, and unpack each file to its end."""
    _names(archive.files, found)
    index, reached = found.index, archive.end.start
    index.of = len(archive.files)
    for member in sorted(archive.files, key=lambda one: one.offset):
        work.pieces()
        index.done += 1
        local = Local(archive.data, member, archive.end.start)
        if not (local.is_there and local.is_same):
            index.wrong.add(member.number)
        if local.is_there and local.at < reached:
            index.overlaps += 1
        elif local.at > reached:
            index.unlisted_bytes += local.at - reached
        reached = max(reached, local.end)
        _content(archive, member, local, found, Watched(work, watch))
    if reached > archive.end.directory:
        index.overlaps += 1
    else:
        index.unlisted_bytes += _unlisted(archive, reached)


def _unlisted(archive: Archive, reached: int) -> int:
    """Count what stands between the last file and the directory; a record for decryption and blanks are no content."""
    length = archive.end.directory - reached
    head = archive.data.at(reached, min(length, 1 << 16))
    is_blank = head.startswith((b"PK\x06\x08", b"APK Sig")) or not head.strip(b"\x00")
    return 0 if is_blank or head.endswith(b"APK Sig Block 42") else length


def _names(files: Sequence[Member], found: Found) -> None:
    seen = Counter(one.raw_name for one in files)
    found.index.twice = sum(count - 1 for count in seen.values())
    found.index.odd_names = sum(map(_is_odd, files))


def _is_odd(member: Member) -> bool:
    name = member.name.replace("\\", "/")
    has_control = any(ord(one) < 0x20 for one in name)  # noqa: PLR2004 - control characters
    return has_control or name.startswith("/") or ".." in name.split("/") or name[1:3] == ":/"


def _content(archive: Archive, member: Member, local: Local, found: Found, watched: Watched) -> None:
    content = found.content
    content.of += 1
    if not local.is_there:
        content.damaged.add(member.number)
        return
    part = watched.watch(member)
    content.texts += part is not None
    try:
        for piece in unpacked(archive.data, member, local.begin, watched.work):
            part = _fed(part, piece, member, found)
        content.done += 1
        if part is not None:
            part.close()
            content.texts_done += 1
    except UnreadMethodError:
        return
    except DamagedMemberError:
        content.damaged.add(member.number)
    except DamagedPartError as why:
        content.broken = content.broken or (member.number, why.line)


def _fed(part: XmlPart | None, piece: bytes, member: Member, found: Found) -> XmlPart | None:
    """Hand a piece on; a part that cannot be read is not fed any further, and unpacked all the same."""
    if part is None:
        return None
    try:
        part.feed(piece)
    except DamagedPartError as why:
        found.content.broken = found.content.broken or (member.number, why.line)
        return None
    except DocumentTypeError:
        found.content.refused = found.content.refused or member.number
        return None
    return part
