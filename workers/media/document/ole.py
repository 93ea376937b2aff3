"""Binary office formats (MS-CFB): which one it is, by the names in its directory; nothing else of it is read."""

from collections.abc import Iterator

from schemas.document import DOC, OLE, PPT, XLS, Risk
from workers.media.document.bytes_at import Bytes
from workers.media.work import Work

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENTRY_BYTES = 128
_MOST_SECTORS = 4096
_END_OF_CHAIN = 0xFFFF_FFFA
_KINDS = {"worddocument": DOC, "workbook": XLS, "book": XLS, "powerpoint document": PPT}
_ENCRYPTED = "encryptedpackage"
_MACROS = frozenset({"_vba_project", "_vba_project_cur", "macros", "vba"})
NAMES = {DOC: "DOC", XLS: "XLS", PPT: "PPT", OLE: "OLE"}


class OleNames:
    """What the directory of a compound file names."""

    def __init__(self, data: Bytes, work: Work) -> None:
        self.names = {name.lower() for name in _names(data, work)}

    @property
    def media_type(self) -> str:
        """The format, by the stream that only it has."""
        return next((kind for name, kind in _KINDS.items() if name in self.names), OLE)

    @property
    def is_encrypted(self) -> bool:
        """It is an envelope around an encrypted office document."""
        return _ENCRYPTED in self.names

    @property
    def risks(self) -> set[Risk]:
        """What the directory gives away."""
        return {Risk.MACRO} if self.names & _MACROS else set()


def _names(data: Bytes, work: Work) -> Iterator[str]:
    head = data.at(0, 512)
    if len(head) < 512 or head[:8] != MAGIC:  # noqa: PLR2004 - the header is one such sector
        return
    size = 1 << min(int.from_bytes(head[30:32], "little"), 12)
    sector, seen = int.from_bytes(head[48:52], "little"), set[int]()
    while sector < _END_OF_CHAIN and sector not in seen and len(seen) < _MOST_SECTORS:
        work.pieces()
        seen.add(sector)
        raw = data.at((sector + 1) * size, size)
        for at in range(0, len(raw) - _ENTRY_BYTES + 1, _ENTRY_BYTES):
            length = int.from_bytes(raw[at + 64 : at + 66], "little")
            if 2 <= length <= 64 and raw[at + 66]:  # noqa: PLR2004 - of a name in UTF-16 with its end
                yield raw[at : at + length - 2].decode("utf-16-le", "replace")
        sector = _next(data, head, size, sector)


def _next(data: Bytes, head: bytes, size: int, sector: int) -> int:
    """Follow the table of sectors; only what the header itself lists of it is looked up."""
    table, place = divmod(sector * 4, size)
    if table >= 109:  # noqa: PLR2004 - sectors of the table that the header lists (2.2)
        return _END_OF_CHAIN
    at = int.from_bytes(head[76 + table * 4 : 80 + table * 4], "little")
    raw = data.at((at + 1) * size + place, 4) if at < _END_OF_CHAIN else b""
    return int.from_bytes(raw, "little") if len(raw) == 4 else _END_OF_CHAIN  # noqa: PLR2004 - one entry
