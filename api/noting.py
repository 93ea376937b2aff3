"""What is refused is noted in the access trail: who asked, from where, and what was missing.

A refusal takes its transaction back, so it is noted in one of its own, before it is answered. Who asks is found out
again by the token: there alone it is known for every route.
"""

from collections.abc import Mapping
from types import MappingProxyType

import structlog
from fastapi import Request

from api.deps import bearer, session_cookie, store_of
from api.origin import origin_of
from schemas.actor import Actor
from schemas.errors import EvidenceError, NotAuthenticated, NotFound, Refused
from schemas.refusals_account import (
    ADMINISTRATOR_THERE,
    ADMISSION_EXPIRED,
    LINK_EXPIRED,
    LINK_UNKNOWN,
    LINK_USED,
    PASSWORD_OLD_WRONG,
    PASSWORD_TRIES_SPENT,
)
from schemas.refusals_actor import (
    ASSERTION_EXPIRED,
    ASSERTION_INVALID,
    ASSERTION_KEY_UNKNOWN,
    ASSERTION_REPLAYED,
    DEVICE_REVOKED,
    ENROLMENT_CODE_INVALID,
)
from schemas.refusals_presence import (
    PARTNER_CODE_ENDED,
    PARTNER_CODE_FOREIGN,
    PARTNER_CODE_OWN,
    PARTNER_CODE_TRIES_SPENT,
    PARTNER_CODE_UNKNOWN,
)
from schemas.refusals_request import NOT_FOUND
from schemas.trail import Noted, TrailEvent, TrailResult
from storage.transaction import Transaction

log = structlog.get_logger()

_LINKS = (ADMINISTRATOR_THERE, ADMISSION_EXPIRED, LINK_EXPIRED, LINK_UNKNOWN, LINK_USED)
_TOKENS = (ASSERTION_EXPIRED, ASSERTION_INVALID, ASSERTION_KEY_UNKNOWN, ASSERTION_REPLAYED, DEVICE_REVOKED)
_PARTNER_CODES = (
    PARTNER_CODE_ENDED,
    PARTNER_CODE_FOREIGN,
    PARTNER_CODE_OWN,
    PARTNER_CODE_TRIES_SPENT,
    PARTNER_CODE_UNKNOWN,
)
_EVENTS: Mapping[str, TrailEvent] = MappingProxyType(
    {
        **{one.slug: TrailEvent.LINK_USE for one in _LINKS},
        **{one.slug: TrailEvent.TOKEN for one in _TOKENS},
        ENROLMENT_CODE_INVALID.slug: TrailEvent.CODE_USE,
        **{one.slug: TrailEvent.PARTNER_CODE_USE for one in _PARTNER_CODES},
    }
)
"""Slug → what was tried with it in vain, by whoever it was."""

_ELSEWHERE = frozenset({PASSWORD_OLD_WRONG.slug, PASSWORD_TRIES_SPENT.slug, NOT_FOUND.slug})
"""Noted where it is counted, with the others of its kind; and an address that is no page of ours, which refuses nothing."""


def noted(request: Request, err: EvidenceError) -> EvidenceError:
    """Note a refusal that belongs into the trail; return what is to be answered: it, or that it could not be noted."""
    if not _is_told(err) or _is_of_nobody(request, err):
        return err
    try:
        with store_of(request).begin(origin_of(request)) as tx:
            note_refusal(tx, request, _asker(request, tx), err)
    except EvidenceError as failed:
        log.warning("refusal_not_noted", slug=err.slug, route=_pattern(request))
        return failed
    return err


def note_refusal(tx: Transaction, request: Request, actor: Actor | None, err: EvidenceError) -> None:
    """Note a refusal in a transaction that goes on; nothing, where it does not belong into the trail."""
    event = _EVENTS.get(err.slug)
    if event is not None:
        told = Noted(event, TrailResult.FAILED, code=err.slug)
    elif _is_told(err) and not (actor is None and isinstance(err, NotFound)):
        asked = str(err.facts.get("permission") or _pattern(request))
        told = Noted(TrailEvent.ACCESS, TrailResult.REFUSED, code=err.slug, asked=asked)
    else:
        return
    tx.trail.note(told if actor is None else told.by(actor))


def _is_told(err: EvidenceError) -> bool:
    """A permission that is missing, and an id outside one's reach, which is answered like one that names nothing."""
    if err.slug in _EVENTS:
        return True
    is_refused = isinstance(err, (Refused, NotFound)) and not isinstance(err, NotAuthenticated)
    return is_refused and err.slug not in _ELSEWHERE


def _is_of_nobody(request: Request, err: EvidenceError) -> bool:
    """A stranger who asks for what is not there costs no transaction."""
    return isinstance(err, NotFound) and err.slug not in _EVENTS and not _token(request)


def _token(request: Request) -> str | None:
    return bearer(request) or request.cookies.get(session_cookie(request))


def _asker(request: Request, tx: Transaction) -> Actor | None:
    token = _token(request)
    if not token:
        return None
    try:
        return tx.accounts.actor_of(token)
    except NotAuthenticated:
        return None


def _pattern(request: Request) -> str:
    """The route's pattern, never the address: a one-time link stands in one."""
    return str(getattr(request.scope.get("route"), "path", ""))
