"""What XMP (ISO 16684-1) and IPTC-IIM say about how a photo was made: editors, history, and what should follow it."""

from collections.abc import Iterator
from typing import Any, NamedTuple
from xml.etree.ElementTree import ParseError

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from workers.media.metadata.exif_text import clean, maker_text
from workers.media.work import Work

_MAX_XMP_BYTES = 1 << 20
_HISTORY, _AGENT, _TOOL = "History", "softwareAgent", "CreatorTool"
_LENGTH, _MIME, _OFFSET = "Length", "Mime", "MicroVideoOffset"
_IPTC_MARK, _IPTC_PROGRAM = 0x1C, (2, 65)
_RESOURCE, _IPTC_RESOURCE = b"8BIM", 0x0404


class Xmp(NamedTuple):
    """What a packet states: `editors` by name, whether it keeps a history, kinds of what should follow the picture."""

    entries: int = 0
    editors: tuple[str, ...] = ()
    has_history: bool = False
    companions: tuple[str, ...] = ()
    is_readable: bool = True


class Iptc(NamedTuple):
    """Records of IPTC-IIM 4.1, and the program that wrote them where it says so."""

    entries: int = 0
    program: str | None = None


def read_xmp(packet: bytes | None, work: Work) -> Xmp:
    """Read one packet; entities, document types and packets beyond a megabyte are not read."""
    if not packet:
        return Xmp()
    if len(packet) > _MAX_XMP_BYTES:
        return Xmp(is_readable=False)
    try:
        root = ElementTree.fromstring(packet.strip(b"\x00 \r\n\t"))
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        return Xmp(is_readable=False)
    return _stated(list(_properties(root, work)))


def read_iptc(body: bytes | None, work: Work) -> Iptc:
    """Read the records of a block that begins with their first mark."""
    entries, program, at = 0, None, 0
    while body and at + 5 <= len(body) and body[at] == _IPTC_MARK:
        work.pieces()
        size = int.from_bytes(body[at + 3 : at + 5])
        if size & 0x8000:  # an extended record: its length has a length of its own
            break
        if (body[at + 1], body[at + 2]) == _IPTC_PROGRAM:
            program = maker_text(body[at + 5 : at + 5 + size])
        entries, at = entries + 1, at + 5 + size
    return Iptc(entries, program)


def iptc_of(resources: bytes) -> bytes | None:
    """Return the IPTC records inside the resources of a Photoshop segment."""
    at = 0
    while resources[at : at + 4] == _RESOURCE:
        name = resources[at + 6] if at + 6 < len(resources) else 0
        body = at + 6 + name + 1 + (name + 1) % 2
        size = int.from_bytes(resources[body : body + 4])
        if int.from_bytes(resources[at + 4 : at + 6]) == _IPTC_RESOURCE:
            return resources[body + 4 : body + 4 + size]
        at = body + 4 + size + size % 2
    return None


def _properties(root: Any, work: Work) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - an element of a parser without types
    """Return (local name, text) of every property, written as an element or as an attribute."""
    for element in root.iter():
        work.pieces()
        yield _local(element.tag), element.text or ""
        for name, value in element.attrib.items():
            yield _local(name), value


def _local(name: object) -> str:
    return str(name).rpartition("}")[2]


def _stated(properties: list[tuple[str, str]]) -> Xmp:
    agents = [clean(text) for name, text in properties if name in {_AGENT, _TOOL}]
    kinds = [text for name, text in properties if name == _MIME][1:]
    videos = ["video/mp4" for name, text in properties if name == _OFFSET and text.isdigit() and int(text)]
    return Xmp(
        entries=len(properties),
        editors=tuple(dict.fromkeys(one for one in agents if one)),
        has_history=any(name == _HISTORY for name, _ in properties),
        companions=tuple(dict.fromkeys([*kinds, *videos])),
    )
