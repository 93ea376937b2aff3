"""Second factors: codes by time against the vectors of RFC 6238, what is a code, and how secrets are sealed."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest

from schemas.actor import Role
from schemas.errors import Conflict, IntegrityBroken
from schemas.factor import (
    NONCE_BYTES,
    OFFER_LIFETIME,
    SECRET_BYTES,
    FactorSeal,
    is_demanded,
    is_recovery,
    is_timed,
    plain_code,
    provisioning_uri,
    recovery_text,
    secret_text,
    step_of,
    steps_of,
)
from tests.authenticator import STEP, code_of, secret_of

RFC_SECRET = b"12345678901234567890"
VECTORS = {
    59: "94287082",
    1111111109: "07081804",
    1111111111: "14050471",
    1234567890: "89005924",
    2000000000: "69279037",
}
"""RFC 6238, appendix B, SHA-1, eight digits; six digits are the last six of them."""

AT = datetime(2026, 11, 29, 4, 0, 7, tzinfo=UTC)
ONE, OTHER, FACTOR = UUID(int=1), UUID(int=2), UUID(int=3)
SECRET, NONCE = bytes(range(SECRET_BYTES)), bytes(NONCE_BYTES)


@pytest.fixture
def seal() -> FactorSeal:
    return FactorSeal(bytes(32))


@pytest.mark.parametrize(("seconds", "code"), VECTORS.items())
def test_codes_are_those_of_the_standard(seconds: int, code: str) -> None:
    """The published times give the published codes, in the product and in the authenticator of the tests."""
    at = datetime.fromtimestamp(seconds, UTC)
    assert steps_of(RFC_SECRET, code[-6:], at) == (seconds // 30,)
    assert code_of(RFC_SECRET, at) == code[-6:]


@pytest.mark.parametrize(("steps", "is_taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_code_counts_one_step_before_and_after(steps: int, is_taken: bool) -> None:
    """A phone may be a step early or late, and no more."""
    found = steps_of(SECRET, code_of(SECRET, AT + steps * STEP), AT)
    assert found == ((step_of(AT) + steps,) if is_taken else ())


def test_a_code_is_read_as_people_type_it() -> None:
    """Blanks, hyphens, full-width digits and small letters make no other code; anything else is none."""
    assert plain_code(" 123 456 ") == plain_code("１２３-４５６") == "123456"
    drawn = recovery_text(bytes(range(10)))
    assert drawn == "AAAQ-EAYE-AUDA-OCAJ"
    assert is_recovery(plain_code(drawn.lower().replace("-", " ")))
    assert not any(map(is_timed, ("12345", "1234567", "12345٣", plain_code(drawn))))
    assert not is_recovery("123456")


def test_a_secret_is_shown_as_text_and_as_an_address() -> None:
    """The text holds the secret, and so does what the QR code holds, with the time step and the digits of ours."""
    assert secret_of(secret_text(SECRET)) == SECRET
    parts = urlsplit(provisioning_uri(SECRET, "wang", "Quancheng"))
    asked = {name: one for name, (one,) in parse_qs(parts.query).items()}
    assert (parts.scheme, parts.netloc, parts.path) == ("otpauth", "totp", "/Quancheng:wang")
    assert secret_of(asked["secret"]) == SECRET
    assert (asked["digits"], asked["period"], asked["issuer"]) == ("6", "30", "Quancheng")


def test_a_sealed_secret_opens_for_its_factor_alone(seal: FactorSeal) -> None:
    """It does not open for another account or factor, under another key, or where a bit differs."""
    sealed = seal.sealed(SECRET, NONCE, FACTOR, ONE)
    assert SECRET not in sealed
    assert seal.opened(sealed, FACTOR, ONE) == SECRET
    wrong = [
        (seal, sealed, FACTOR, OTHER),
        (seal, sealed, OTHER, ONE),
        (FactorSeal(bytes([1]) * 32), sealed, FACTOR, ONE),
        (seal, bytes([sealed[0] ^ 1]) + sealed[1:], FACTOR, ONE),
        (seal, sealed[:-1], FACTOR, ONE),
        (seal, b"", FACTOR, ONE),
    ]
    for box, held, factor, account in wrong:
        with pytest.raises(IntegrityBroken) as caught:
            box.opened(held, factor, account)
        assert caught.value.slug == "factor-unreadable"


def test_an_offer_counts_for_its_account_and_its_time(seal: FactorSeal) -> None:
    """What travels on the page is no secret to whoever reads it, and counts for a quarter of an hour."""
    offer = seal.offer(SECRET, NONCE, ONE, AT)
    assert secret_text(SECRET).replace(" ", "") not in offer
    assert seal.offered(offer, ONE, AT + OFFER_LIFETIME) == SECRET
    late = AT + OFFER_LIFETIME + timedelta(seconds=1)
    for text, account, now in [
        (offer, OTHER, AT),
        (offer, ONE, late),
        ("", ONE, AT),
        ("证", ONE, AT),
        (offer[:-8], ONE, AT),
    ]:
        with pytest.raises(Conflict) as caught:
            seal.offered(text, account, now)
        assert caught.value.slug == "factor-offer-over"


def test_recovery_codes_are_kept_under_a_key(seal: FactorSeal) -> None:
    """Who has the kept digest and not the key cannot test a guess; one code of two factors has two digests."""
    kept = seal.recovery_hash(FACTOR, "A" * 16)
    assert kept == seal.recovery_hash(FACTOR, "A" * 16)
    assert (
        len(
            {kept, seal.recovery_hash(OTHER, "A" * 16), FactorSeal(b"k" * 32).recovery_hash(FACTOR, "A" * 16)}
        )
        == 3
    )


def test_a_factor_is_demanded_of_one_role_that_is_held() -> None:
    """One of the roles that the installation names suffices."""
    assert is_demanded({Role.OFFICER, Role.ADMIN}, (Role.ADMIN,))
    assert not is_demanded({Role.OFFICER}, (Role.ADMIN,))
    assert not is_demanded({Role.OFFICER}, ())
