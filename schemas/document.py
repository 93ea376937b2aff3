"""What a document says about itself, and what it may do when somebody opens it.

Documents are PDF, OFD (GB/T 33190), the office formats and ZIP archives. Their facts are claims of the file, as those
of a photo are. Times are kept as written; whether one can be true is judged beside the receipt (`document_time`).
"""

from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field

from schemas.base import Frozen

MAX_TEXT = 200
"""Longest text kept from a file, in characters."""

PDF, ZIP, OFD, OLE = "application/pdf", "application/zip", "application/ofd", "application/x-ole-storage"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
DOCM = "application/vnd.ms-word.document.macroenabled.12"
XLSM = "application/vnd.ms-excel.sheet.macroenabled.12"
PPTM = "application/vnd.ms-powerpoint.presentation.macroenabled.12"
DOC, XLS, PPT = "application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint"

OPEN_OFFICE: Final = frozenset({DOCX, XLSX, PPTX, DOCM, XLSM, PPTM})
"""Office Open XML (ISO/IEC 29500): an archive of parts in XML."""

OLD_OFFICE: Final = frozenset({DOC, XLS, PPT, OLE})
"""Binary office formats: known by their directory, and read no further."""

DOCUMENT_TYPES: Final = frozenset({PDF, ZIP, OFD}) | OPEN_OFFICE | OLD_OFFICE

Text = Annotated[str, Field(max_length=MAX_TEXT)]
Count = Annotated[int, Field(ge=0)]


class Document(Frozen):
    """A document's own account; absent means that it does not say.

    `pages` were found, whatever the file claims. `members` are the files of an archive. `updates` were written behind
    what was saved first and leave it in the file. `signatures` are electronic ones; that there are some says nothing
    of whether they are valid. Times stand as written.
    """

    pages: Count | None = None
    members: Count | None = None
    producer: Text | None = None
    created_raw: Text | None = None
    modified_raw: Text | None = None
    updates: Count | None = None
    signatures: Count | None = None


class Risk(StrEnum):
    """What a document may do, or bring along, when a program opens it. Nothing of it is ever run here."""

    JAVASCRIPT = "javascript"
    MACRO = "macro"
    LAUNCH = "launch"
    ACTIVEX = "activex"
    OLE_OBJECT = "ole-object"
    TEMPLATE = "template"
    DATA_LINK = "data-link"
    FORM_SUBMIT = "form-submit"
    DYNAMIC_FORM = "dynamic-form"
    OTHER_FILE = "other-file"
    MULTIMEDIA = "multimedia"
    ATTACHMENT = "attachment"


REACHES_OUT: Final = frozenset({Risk.LAUNCH, Risk.ACTIVEX, Risk.TEMPLATE})
"""What starts a program, or fetches a part of the document from elsewhere, as it is opened."""
