"""What a claim names: a short text, and of an e-mail address one that the issuer has verified."""

from contextlib import nullcontext
from datetime import UTC, datetime, timedelta

import pytest

from schemas.errors import Refused
from schemas.sso import MOST_CLAIM, check_claims, named_by

ADDRESS = "wang@bureau.example"
AT = datetime(2026, 9, 1, tzinfo=UTC)


def refused(claims: dict[str, object], claim: str) -> str:
    with pytest.raises(Refused) as told:
        named_by(claims, claim)
    return told.value.slug


def test_a_verified_address_names_somebody() -> None:
    assert named_by({"email": ADDRESS, "email_verified": True}, "email") == ADDRESS


@pytest.mark.parametrize("said", [{}, {"email_verified": False}, {"email_verified": "true"}])
def test_an_address_that_anybody_may_have_typed_names_nobody(said: dict[str, object]) -> None:
    """At an issuer where people enter their own address, somebody would come in as whoever they like."""
    assert refused({"email": ADDRESS, **said}, "email") == "sso-claim-unverified"


@pytest.mark.parametrize("said", ["", "w" * (MOST_CLAIM + 1), "a\0b", "a\nb", "\ud800", 7, None, [ADDRESS]])
def test_what_is_no_short_text_names_nobody(said: object) -> None:
    assert refused({"sub": said}, "sub") == "sso-claim-missing"


@pytest.mark.parametrize("nonce", ["\ud800", "", 7, None])
def test_a_nonce_that_is_none_is_refused_whatever_it_is(nonce: object) -> None:
    """JSON may hold half a character, which has no bytes to compare."""
    claims = {"iss": "i", "aud": "us", "iat": AT.timestamp(), "exp": AT.timestamp() + 60, "nonce": nonce}
    with pytest.raises(Refused) as told:
        check_claims(claims, issuer="i", client_id="us", nonce="n", now=AT, tolerance=timedelta())
    assert told.value.slug == "sso-token-nonce"


@pytest.mark.parametrize(
    ("ends", "begins", "is_taken"), [(-59, -60, True), (-60, -90, False), (60, 60, True), (90, 61, False)]
)
def test_clocks_may_differ_by_the_tolerance_and_no_more(ends: int, begins: int, *, is_taken: bool) -> None:
    """To the second: a token that ended, or begins, so many seconds from now."""
    now = AT.timestamp()
    claims = {"iss": "i", "aud": "us", "iat": now + begins, "exp": now + ends, "nonce": "n"}
    with nullcontext() if is_taken else pytest.raises(Refused, match="has ended, or has not begun"):
        check_claims(claims, issuer="i", client_id="us", nonce="n", now=AT, tolerance=timedelta(seconds=60))
