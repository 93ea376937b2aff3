"""OFD (GB/T 33190-2016): the entry, the pages of each document, and the digests that its signatures keep of other parts."""

import hashlib
import posixpath
from base64 import b64decode
from collections.abc import Callable, Mapping
from typing import NamedTuple

from schemas.document import Risk
from workers.media.document.found import Found
from workers.media.document.xml_part import DamagedPartError, XmlPart
from workers.media.document.zip_directory import Member
from workers.media.document.zip_members import DamagedMemberError, UnreadMethodError
from workers.media.document.zip_read import Archive, read_archive
from workers.media.metadata.exif_text import clean
from workers.media.track.xml_text import DocumentTypeError
from workers.media.work import Work

ENTRY = "OFD.xml"
_METHODS = {
    "1.2.156.10197.1.401": "sm3",
    "sm3": "sm3",
    "md5": "md5",
    "sha1": "sha1",
    "sha-1": "sha1",
    "1.3.14.3.2.26": "sha1",
    "sha256": "sha256",
    "2.16.840.1.101.3.4.2.1": "sha256",
}
"""Names and object identifiers of the digests that signatures of OFD use."""


class _Reference(NamedTuple):
    """A part that a signature covers, and its digest as it was when it was signed."""

    name: str
    method: str
    digest: bytes


class Ofd:
    """What the parts of one OFD file say."""

    def __init__(self, archive: Archive, found: Found, work: Work) -> None:
        self._archive, self._found, self._work = archive, found, work
        self._roots: list[str] = []
        self._lists: list[str] = []
        self._producer: list[str] = []

    def read(self) -> None:
        """Go through every part, then from the entry to pages and signatures."""
        read_archive(self._archive, self._found, self._work, self._watch)
        found = self._found
        self._walk(ENTRY, self._entry)
        found.pages.is_bodiless = not self._roots or any(
            one not in self._archive.by_name for one in self._roots
        )
        found.pages.listed = 0
        for root in self._roots:
            self._pages(root)
        found.pages.is_empty = not found.pages.is_bodiless and not found.pages.listed
        for one in self._lists:
            self._signatures(one)
        found.tell(
            members=len(self._archive.files),
            pages=found.pages.found,
            producer=clean(" ".join(self._producer)),
            signatures=found.signed.count or None,
        )

    def _watch(self, member: Member) -> XmlPart | None:
        return XmlPart(self._work) if member.size and member.name.lower().endswith(".xml") else None

    def _entry(self, name: str, _: Mapping[str, str], text: str) -> None:
        self._found.entries += 1
        if name == "DocRoot":
            self._roots.append(_joined("", text))
        elif name == "Signatures":
            self._lists.append(_joined("", text))
        elif name in {"Creator", "CreatorVersion"}:
            self._producer.append(text)
        elif name == "CreationDate":
            self._found.tell(created_raw=clean(text))
        elif name == "ModDate":
            self._found.tell(modified_raw=clean(text))

    def _pages(self, root: str) -> None:
        pages = self._found.pages

        def take(name: str, said: Mapping[str, str], text: str) -> None:
            if name == "Page" and "BaseLoc" in said:
                pages.listed = (pages.listed or 0) + 1
                pages.found += _joined(root, said["BaseLoc"]) in self._archive.by_name
            elif name == "Attachments" and text:
                self._found.risks.add(Risk.ATTACHMENT)
            elif name == "URI":
                self._found.links += 1
            elif name in {"Movie", "Sound"}:
                self._found.risks.add(Risk.MULTIMEDIA)

        self._walk(root, take)

    def _signatures(self, listing: str) -> None:
        places: list[str] = []

        def take(name: str, said: Mapping[str, str], _: str) -> None:
            if name == "Signature" and "BaseLoc" in said:
                places.append(_joined(listing, said["BaseLoc"]))

        self._walk(listing, take)
        for place in places:
            self._found.signed.count += 1
            self._signature(place)

    def _signature(self, place: str) -> None:
        method, kept, values, signed = [""], list[tuple[str, str]](), list[str](), self._found.signed

        def take(name: str, said: Mapping[str, str], text: str) -> None:
            if name == "CheckValue":
                values.append(text)
            elif name == "Reference":
                kept.append((said.get("FileRef", ""), values[-1] if values else ""))
            elif name == "References":
                method[0] = said.get("CheckMethod", "md5")

        if not self._walk(place, take):
            signed.unread += 1
            return
        references = _references(place, method[0], kept)
        signed.unread += not references
        for one in references:
            signed.parts += 1
            signed.parts_changed += not self._holds(one)

    def _holds(self, one: _Reference) -> bool:
        member = self._archive.by_name.get(one.name)
        if member is None:
            return False
        kept = hashlib.new(one.method, usedforsecurity=False)
        try:
            for piece in self._archive.open(member, self._work):
                kept.update(piece)
        except (DamagedMemberError, UnreadMethodError):
            return False
        return kept.digest() == one.digest

    def _walk(self, name: str, take: Callable[[str, Mapping[str, str], str], None]) -> bool:
        """Read one part for what it says; how it is damaged was said when it was unpacked."""
        member = self._archive.by_name.get(name)
        if member is None:
            return False
        part = XmlPart(self._work, take)
        try:
            for piece in self._archive.open(member, self._work):
                part.feed(piece)
            part.close()
        except (DamagedMemberError, UnreadMethodError, DamagedPartError, DocumentTypeError):
            return False
        return True


def _references(place: str, method: str, kept: list[tuple[str, str]]) -> list[_Reference]:
    """Return what can be held against the parts; a digest that is not known here covers nothing that can be said."""
    known = _METHODS.get(method.lower())
    made = []
    for name, value in kept:
        try:
            digest = b64decode("".join(value.split()), validate=True)
        except ValueError:
            digest = b""
        if known is not None and known in hashlib.algorithms_available:
            made.append(_Reference(_joined(place, name), known, digest))
    return made


def _joined(base: str, place: str) -> str:
    """Resolve a place of GB/T 33190 (7.2): from the root where it begins with a slash, else from the part that says it."""
    if place.startswith("/"):
        return posixpath.normpath(place.lstrip("/"))
    return posixpath.normpath(posixpath.join(posixpath.dirname(base), place))
