"""Office Open XML (ISO/IEC 29500-2): its parts, what they lead to, macros, and what they say of themselves."""

import posixpath
from collections.abc import Mapping

from schemas.document import DOCM, DOCX, PPTM, PPTX, XLSM, XLSX, Risk
from workers.media.document.found import Found
from workers.media.document.xml_part import Take, XmlPart
from workers.media.document.zip_directory import Member
from workers.media.document.zip_read import Archive, read_archive
from workers.media.metadata.exif_text import clean
from workers.media.work import Work

TYPES = "[Content_Types].xml"
_MAIN = (
    ("word/", DOCX, DOCM),
    ("xl/", XLSX, XLSM),
    ("ppt/", PPTX, PPTM),
)
_TEXT_ENDINGS = (".xml", ".rels")  # drawings in VML are often no XML, whatever they claim
_REMOTE = ("http:", "https:", "ftp:")
_SHARED = ("\\\\", "//", "file:////", "file:\\\\", "file:///\\\\")
"""A folder of the own network, where offices keep their templates."""
_LINKED = frozenset(
    {"image", "oleObject", "externalLinkPath", "subDocument", "audio", "video", "media", "frame"}
)
_PARTS = {
    "vbaproject.bin": Risk.MACRO,
    "vbadata.xml": Risk.MACRO,
    "editdata.mso": Risk.MACRO,
}
_FOLDERS = {
    "activex": Risk.ACTIVEX,
    "embeddings": Risk.OLE_OBJECT,
    "macrosheets": Risk.MACRO,
    "customui": None,
}
_OFFICE_ENDINGS = (".docx", ".xlsx", ".pptx", ".docm", ".xlsm")


def office_type(names: Mapping[str, Member]) -> str | None:
    """Return which office format the files of an archive make, None where they make none."""
    if TYPES not in names:
        return None
    for folder, plain, active in _MAIN:
        if any(name.startswith(folder) for name in names):
            return active if f"{folder}vbaProject.bin" in names else plain
    return None


class Office:
    """What the parts of one office document say, gathered as they are unpacked."""

    def __init__(self, archive: Archive, found: Found, work: Work) -> None:
        self._archive, self._found, self._work = archive, found, work
        self._main: str | None = None
        self._application = ""
        self._signatures = 0

    def read(self) -> None:
        """Go through every part; then say whether the body is there."""
        read_archive(self._archive, self._found, self._work, self._watch)
        found = self._found
        found.pages.is_bodiless = self._main is None or self._main not in self._archive.by_name
        found.signed.unread = self._signatures
        found.tell(
            members=len(self._archive.files),
            producer=clean(self._application),
            signatures=self._signatures or None,
        )

    def _watch(self, member: Member) -> XmlPart | None:
        self._risk(member.name.lower())
        if not member.size or not member.name.lower().endswith(_TEXT_ENDINGS):
            return None
        take: Take | None = {
            "docProps/core.xml": self._core,
            "docProps/app.xml": self._application_said,
            "_rels/.rels": self._root,
        }.get(member.name)
        if take is None and member.name.endswith(".rels"):
            take = self._relation
        return XmlPart(self._work, take)

    def _risk(self, name: str) -> None:
        *folders, last = name.split("/")
        risk = _PARTS.get(last) or next((_FOLDERS[one] for one in folders if one in _FOLDERS), None)
        if folders[:1] == ["_xmlsignatures"] and last.endswith(".xml"):
            self._signatures += 1
        if risk is Risk.OLE_OBJECT and last.endswith(_OFFICE_ENDINGS):
            risk = Risk.ATTACHMENT
        if risk is not None:
            self._found.risks.add(risk)

    def _root(self, name: str, said: Mapping[str, str], text: str) -> None:
        kind = said.get("Type", "").rpartition("/")[2]
        if name == "Relationship" and kind == "officeDocument":
            self._main = posixpath.normpath(said.get("Target", "").lstrip("/"))
        self._relation(name, said, text)

    def _relation(self, name: str, said: Mapping[str, str], _: str) -> None:
        if name != "Relationship" or said.get("TargetMode") != "External":
            return
        kind, target = said.get("Type", "").rpartition("/")[2], said.get("Target", "").lower()
        if kind == "attachedTemplate":
            if target.startswith(_REMOTE):
                self._found.risks.add(Risk.TEMPLATE)
            elif target.startswith(_SHARED):
                self._found.risks.add(Risk.DATA_LINK)
        elif kind in _LINKED:
            self._found.risks.add(Risk.DATA_LINK)
        else:
            self._found.links += 1

    def _core(self, name: str, _: Mapping[str, str], text: str) -> None:
        self._found.entries += 1
        if name == "created":
            self._found.tell(created_raw=clean(text))
        elif name == "modified":
            self._found.tell(modified_raw=clean(text))

    def _application_said(self, name: str, _: Mapping[str, str], text: str) -> None:
        self._found.entries += 1
        if name == "Application":
            self._application = f"{text} {self._application}"
        elif name == "AppVersion":
            self._application += text
        elif name == "Pages" and text.isdecimal() and len(text) < 7:  # noqa: PLR2004 - what a document may have
            self._found.tell(pages=int(text))
