"""The words of tus 1.0: what is spoken, and how a header of a request is read."""

from starlette.requests import Request

from schemas.refusals_request import HEADER_INVALID
from schemas.refusals_upload import TUS_VERSION

VERSION = "1.0.0"
EXTENSIONS = (
    "creation,creation-with-upload,creation-defer-length,expiration,checksum,termination,concatenation"
)
BODY_TYPE = "application/offset+octet-stream"
ALWAYS = {"Tus-Resumable": VERSION, "Cache-Control": "no-store"}


async def speaks_tus(request: Request) -> None:
    """Refuse another version of the protocol.

    Raises:
        ProtocolInvalid: Tus-Resumable is missing or not 1.0.0.
    """
    if header(request, "Tus-Resumable") != VERSION:
        raise TUS_VERSION("this server speaks tus 1.0.0")


def header(request: Request, name: str) -> str:
    """Return the value of a header without blanks around it, which some servers in between leave there.

    Raises:
        Malformed: it stands twice.
    """
    values = request.headers.getlist(name)
    if len(values) > 1:
        raise HEADER_INVALID(f"{name} stands twice")
    return values[0].strip() if values else ""


def content_type(request: Request) -> str:
    """Return the media type of the body, without its parameters."""
    return header(request, "Content-Type").partition(";")[0].strip().lower()


def natural(request: Request, name: str) -> int:
    """Return the number in a header.

    Raises:
        Malformed: it is no non-negative integer below 10^19.
    """
    text = header(request, name)
    if not (text.isascii() and text.isdigit() and len(text) < 20):  # noqa: PLR2004 - below 10^19
        raise HEADER_INVALID(f"{name} must be a non-negative integer")
    return int(text)


def natural_or_none(request: Request, name: str) -> int | None:
    """Return the number in a header, None where it is absent.

    Raises:
        Malformed: as `natural`.
    """
    return natural(request, name) if name in request.headers else None


def is_deferred(request: Request) -> bool:
    """Say whether an upload is opened whose length its sender does not know yet (Upload-Defer-Length).

    Raises:
        Malformed: another value than 1, or a length beside it.
    """
    given = header(request, "Upload-Defer-Length")
    if not given:
        return False
    if given != "1":
        raise HEADER_INVALID("Upload-Defer-Length can only be 1")
    if "Upload-Length" in request.headers:
        raise HEADER_INVALID("Upload-Length and Upload-Defer-Length exclude each other")
    return True
