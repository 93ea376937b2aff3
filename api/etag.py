"""Optimistic locking over HTTP: a thing's version travels as its ETag, a change names it in If-Match (RFC 9110)."""

import re
from typing import Annotated

from fastapi import Depends, Header, Response

from schemas.errors import EvidenceError, Invalid

_ETAG = re.compile(r'"v([1-9][0-9]{0,9})"')


class MatchRequired(EvidenceError):
    """A change came without If-Match (RFC 6585 section 3); nothing was done."""

    slug = "if-match-required"


def tag(response: Response, version: int) -> None:
    """Give the answer the ETag of this version."""
    response.headers["ETag"] = f'"v{version}"'


def if_match(if_match: Annotated[str, Header()] = "") -> int:
    """Return the version that the sender has seen.

    Raises:
        MatchRequired: the header is missing.
        Invalid: it is not an ETag of ours (slug `if-match-invalid`); `*` would defeat its purpose.
    """
    if not if_match:
        raise MatchRequired("say in If-Match which version the change is based on")
    match = _ETAG.fullmatch(if_match.strip())
    if match is None:
        raise Invalid("If-Match holds no ETag of ours", slug="if-match-invalid")
    return int(match[1])


SeenVersion = Annotated[int, Depends(if_match)]
