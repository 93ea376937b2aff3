"""Optimistic locking over HTTP: a thing's version travels as its ETag, a change names it in If-Match (RFC 9110)."""

import re
from typing import Annotated, Protocol, TypeVar

from fastapi import Depends, Header, Response

from schemas.refusals_request import IF_MATCH_INVALID, IF_MATCH_REQUIRED

_ETAG = re.compile(r'"v(0|[1-9][0-9]{0,9})"')
"""A number from 0: a monitoring record that nobody has looked at yet has no leaf of its own."""


def tag(response: Response, version: int) -> None:
    """Give the answer the ETag of this version."""
    response.headers["ETag"] = f'"v{version}"'


class Versioned(Protocol):
    """An answer that says in which version it is."""

    @property
    def version(self) -> int: ...


A = TypeVar("A", bound=Versioned)


def tagged(response: Response, answer: A) -> A:
    """Return the answer, and give it the ETag of its version."""
    tag(response, answer.version)
    return answer


def done(version: int) -> Response:
    """Return an answer without a body, with the ETag of the version that was made."""
    answer = Response(status_code=204)
    tag(answer, version)
    return answer


def if_match(if_match: Annotated[str, Header()] = "") -> int:
    """Return the version that the sender has seen.

    Raises:
        PreconditionRequired: the header is missing.
        Malformed: it is not an ETag of ours; `*` would defeat its purpose.
    """
    if not if_match:
        raise IF_MATCH_REQUIRED("say in If-Match which version the change is based on")
    match = _ETAG.fullmatch(if_match.strip())
    if match is None:
        raise IF_MATCH_INVALID("If-Match holds no ETag of ours")
    return int(match[1])


SeenVersion = Annotated[int, Depends(if_match)]
