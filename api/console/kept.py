"""What was typed into a form whose session had ended: kept on the page itself until its sender has logged in again.

It stands in no row and no cookie. Passwords are not kept, nor what another site sent.
"""

from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from fastapi import Request

from api.route import MAX_FIELDS

MOST_BYTES = 256 * 1024
_UNSEEN = frozenset({"csrf", "version", "back", "kept", "to", "once"})
"""Fields that no person fills in."""
_NEVER = frozenset({"csrf", "once", "factor_code", "factor_now", "offer"})
"""What counts once, or proves somebody."""


class Kept(NamedTuple):
    """The fields of a form, and the address that it was sent to."""

    fields: tuple[tuple[str, str], ...]
    to: str

    @property
    def text(self) -> str:
        """The fields as they travel in a hidden field."""
        return urlencode(self.fields)

    @property
    def typed(self) -> Sequence[str]:
        """What a person sees of it: the texts that are not empty."""
        return [text for name, text in self.fields if text and name not in _UNSEEN and not _is_id(text)]


def _is_id(text: str) -> bool:
    """Say whether a text was chosen from a list, and not typed."""
    try:
        return bool(UUID(text))
    except ValueError:
        return False


def kept_of(request: Request) -> Kept | None:
    """Return what was typed into the form of a request; None where nothing was."""
    payload: bytes = getattr(request.state, "payload", b"")
    if request.method != "POST" or not payload or len(payload) > MOST_BYTES:
        return None
    return kept_from(payload.decode("utf-8", "replace"), request.url.path)


def kept_from(text: str, to: str) -> Kept | None:
    """Return the fields that a text holds; None where nothing was typed, or too much."""
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="replace", max_num_fields=MAX_FIELDS)
    except ValueError:
        return None
    fields = tuple((name, one) for name, one in pairs if name not in _NEVER and "password" not in name)
    kept = Kept(fields, to)
    return kept if kept.typed else None
