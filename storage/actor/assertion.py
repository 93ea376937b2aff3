"""The assertion by which a device asks for a token: RFC 7523 section 3, RFC 7519."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeGuard

from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert

from schemas.base import rfc3339
from schemas.device import CLOCK_LEEWAY, MAX_ASSERTION_LIFETIME, is_timely
from schemas.refusals_actor import ASSERTION_EXPIRED, ASSERTION_INVALID, ASSERTION_REPLAYED
from storage.tables.actor import assertions

AUDIENCE = "quancheng"


def spend_assertion(connection: Connection, kid: str, claims: Mapping[str, Any], now: datetime) -> None:
    """Look at the claims of an assertion whose signature holds, and keep that it was used: it counts once.

    Raises:
        NotAuthenticated: wrong issuer, subject, audience or lifetime, a member missing, or a `jti` that was used.
    """
    expires, issued, jti = claims.get("exp"), claims.get("iat"), claims.get("jti")
    if not (claims.get("iss") == claims.get("sub") == kid and claims.get("aud") == AUDIENCE):
        raise ASSERTION_INVALID("issuer, subject or audience is wrong")
    if not (_is_number(expires) and _is_number(issued) and isinstance(jti, str) and jti):
        raise ASSERTION_INVALID("exp, iat and jti are required")
    if not (jti.isascii() and jti.isprintable()):
        raise ASSERTION_INVALID("jti is not printable ASCII")
    if not is_timely(
        now,
        issued=_from_epoch(issued),
        expires=_from_epoch(expires),
        not_before=_not_before(claims, issued),
    ):
        raise ASSERTION_EXPIRED(
            "the assertion is too old, too long or from a wrong clock", server_time=rfc3339(now)
        )
    fresh = connection.scalar(
        insert(assertions)
        .values(
            kid=kid,
            jti=jti[:200],
            expires_at=now + 2 * (CLOCK_LEEWAY + MAX_ASSERTION_LIFETIME),
        )
        .on_conflict_do_nothing()
        .returning(assertions.c.kid)
    )
    if fresh is None:
        raise ASSERTION_REPLAYED("this assertion was used before")


def _is_number(claim: object) -> TypeGuard[int]:
    return isinstance(claim, int) and not isinstance(claim, bool)


def _not_before(claims: Mapping[str, Any], issued: int) -> datetime:
    given = claims.get("nbf", issued)
    if not _is_number(given):
        raise ASSERTION_INVALID("nbf is not a number")
    return _from_epoch(given)


def _from_epoch(seconds: int) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError) as err:
        raise ASSERTION_INVALID("the assertion's time is out of range") from err
