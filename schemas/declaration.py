"""What a person says of a file that they hand in themselves: where it comes from, who made it, when, by what means.

It takes the place of the manifest that a device would have signed, and proves less: it is one person's word, bound to the
bytes by the digest that they declared. Electronic data is collected with its origin, maker, time and method on record
(Market Regulation, interim rules on electronic data, 2024; Administrative Penalty Law art. 46 names the kinds of
evidence). What the file itself says of place and time stays the file's own word; neither is ever taken from here, nor
from the time of the hand-in.
"""

from datetime import date
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, ValidationError, model_validator

from schemas.base import Frozen, Moment, WireIn
from schemas.refusals_upload import DECLARATION_INVALID

FIRST_YEAR = date(1970, 1, 1)


class Origin(StrEnum):
    """Where the file comes from, as its bringer says: made here and now, or copied from something."""

    TAKEN = "taken"
    COPIED = "copied"


class HandInWay(StrEnum):
    """By which door it came: the page of a browser, or a program of one's own."""

    BROWSER = "browser"
    PROGRAM = "program"


class DocumentKind(StrEnum):
    """What kind of paper a document is. The list is closed; what it lacks is `other`.

    The last two came later: who declares one of them does so by version 2 of `recording:declare`.
    """

    NOTICE = "notice"
    SCENE_RECORD = "scene_record"
    INSPECTION_RECORD = "inspection_record"
    INTERVIEW_RECORD = "interview_record"
    PLEA_RECORD = "plea_record"
    HEARING_RECORD = "hearing_record"
    APPRAISAL = "appraisal"
    DECISION = "decision"
    SERVICE_RECEIPT = "service_receipt"
    RECTIFICATION_REPORT = "rectification_report"
    VERIFICATION_CERTIFICATE = "verification_certificate"
    IDENTITY = "identity"
    OTHER = "other"
    PAYMENT_RECEIPT = "payment_receipt"
    ENFORCEMENT = "enforcement"


LATER_KINDS = frozenset({DocumentKind.PAYMENT_RECEIPT, DocumentKind.ENFORCEMENT})
"""Kinds that version 1 of the leaf did not know."""

_WORDS = r"^[^\x00]*[^\s\x00][^\x00]*$"
"""Something that is no blank; of NUL no database holds any."""

_Said = Annotated[str, Field(min_length=1, max_length=500, pattern=_WORDS)]
_Name = Annotated[str, Field(min_length=1, max_length=100, pattern=_WORDS)]
_Type = Annotated[str, Field(min_length=3, max_length=128, pattern=r"^[\x21-\x7e]+$")]


class DeclarationIn(WireIn):
    """What is declared at the hand-in. `source` says from what it was copied; `document` which kind of paper it is."""

    origin: Origin
    source: _Said | None = None
    maker: _Name | None = None
    made_at: Moment | None = None
    method: _Said | None = None
    document: DocumentKind | None = None
    media_type: _Type | None = None

    @model_validator(mode="after")
    def _sourced(self) -> Self:
        if (self.source is not None) is not (self.origin is Origin.COPIED):
            raise ValueError("what was copied has a source, and nothing else has one")
        if self.made_at is not None and self.made_at.date() < FIRST_YEAR:
            raise ValueError("nothing is handed in from before there were files")
        return self


class Declaration(Frozen):
    """A declaration as kept, with the door by which it came."""

    way: HandInWay
    origin: Origin
    source: str | None = None
    maker: str | None = None
    made_at: Moment | None = None
    method: str | None = None
    document: DocumentKind | None = None
    media_type: str | None = None


def parse_declaration(text: str, way: HandInWay) -> Declaration:
    """Return what somebody declares of a file, as JSON.

    Raises:
        Malformed: slug `declaration-invalid`; nothing was sent yet, so nothing is lost by it.
    """
    try:
        said = DeclarationIn.model_validate_json(text)
    except ValidationError as err:
        fields = sorted({str(one["loc"][0]) for one in err.errors() if one["loc"]})
        raise DECLARATION_INVALID("the declaration breaks a rule", fields=fields) from err
    return Declaration(way=way, **said.model_dump())
