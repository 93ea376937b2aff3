"""Signatures in the one narrow form we accept."""

import base64
import contextlib
import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import SignatureInvalid
from schemas.jws import (
    ED25519_ALGS,
    b64url,
    b64url_bytes,
    load_public,
    parse_header,
    public_jwk,
    sign_compact,
    sign_detached,
    thumbprint,
    verify_compact,
    verify_detached,
    verify_signature,
)

KEY = ec.derive_private_key(7, ec.SECP256R1())
JWK = public_jwk(KEY.public_key())
KID = thumbprint(JWK)
ES256 = frozenset({"ES256"})
TYP = "test+jws"


def verify(jws: str, payload: bytes = b"payload", *, jwk: dict[str, str] = JWK, typ: str = TYP) -> None:
    verify_detached(payload, jws, jwk=jwk, algs=ES256, typ=typ)


def broken_rule(jws: str, **other: object) -> object:
    with pytest.raises(SignatureInvalid) as caught:
        verify(jws, **other)
    return caught.value.facts["rule"]


def with_header(**members: object) -> str:
    header = b64url(json.dumps(members).encode())
    return f"{header}..{sign_detached(b'payload', KEY, kid=KID, typ=TYP).split('.')[2]}"


def test_thumbprint_is_that_of_rfc_7638_section_3_1():
    """The RSA example of RFC 7638 has the printed thumbprint, whatever other members the key has."""
    modulus = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZC"
        "iFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgn"
        "Yb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw"
        "0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
    )
    jwk = {"kty": "RSA", "n": modulus, "e": "AQAB", "alg": "RS256", "kid": "2011-04-29"}
    assert thumbprint(jwk) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


RFC_7515_JWK = {
    "kty": "EC",
    "crv": "P-256",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
}
RFC_7515_SIGNED = (
    b"eyJhbGciOiJFUzI1NiJ9"
    b".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
)
RFC_7515_SIGNATURE = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"


def test_es256_example_of_rfc_7515_a_3_verifies():
    """The ES256 signature of RFC 7515 appendix A.3 verifies, and not over other bytes."""
    signature = b64url_bytes(RFC_7515_SIGNATURE)
    verify_signature(RFC_7515_SIGNED, signature, jwk=RFC_7515_JWK, alg="ES256")
    with pytest.raises(SignatureInvalid):
        verify_signature(RFC_7515_SIGNED + b"x", signature, jwk=RFC_7515_JWK, alg="ES256")


@pytest.mark.parametrize("alg", sorted(ED25519_ALGS))
def test_ed25519_example_of_rfc_8037_a_4_verifies(alg):
    """The Ed25519 signature of RFC 8037 appendix A.4 verifies under both names of the algorithm."""
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
    signed = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
    text = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
    verify_signature(signed, b64url_bytes(text), jwk=jwk, alg=alg)
    assert thumbprint(jwk) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"  # RFC 8037 A.3


@given(st.binary(max_size=200))
def test_detached_round_trip(payload):
    """What was signed verifies, and the payload is not inside."""
    jws = sign_detached(payload, KEY, kid=KID, typ=TYP)
    verify(jws, payload)
    assert jws.count(".") == 2
    assert ".." in jws


def test_signing_is_deterministic():
    """RFC 6979: the same bytes give the same signature, so no nonce depends on the device's randomness."""
    assert sign_detached(b"a", KEY, kid=KID, typ=TYP) == sign_detached(b"a", KEY, kid=KID, typ=TYP)


def test_compact_round_trip_returns_the_claims():
    """Claims of an assertion come back as they were signed."""
    token = sign_compact({"iss": KID, "exp": 5}, KEY, kid=KID, typ="JWT")
    assert verify_compact(token, jwk=JWK, algs=ES256, typ="JWT") == {"iss": KID, "exp": 5}


def test_compact_refuses_claims_that_stand_twice():
    """Two readers must not see two audiences in one assertion."""
    header = sign_compact({}, KEY, kid=KID, typ="JWT").split(".")[0]
    body = b64url(b'{"aud":"a","aud":"b"}')
    detached = sign_detached(b'{"aud":"a","aud":"b"}', KEY, kid=KID, typ="JWT")
    with pytest.raises(SignatureInvalid):
        verify_compact(f"{header}.{body}.{detached.split('.')[2]}", jwk=JWK, algs=ES256, typ="JWT")


def test_compact_refuses_changed_claims():
    """One changed claim breaks the signature."""
    header, _, signature = sign_compact({"sub": "a"}, KEY, kid=KID, typ="JWT").split(".")
    forged = ".".join((header, b64url(json.dumps({"sub": "b"}).encode()), signature))
    with pytest.raises(SignatureInvalid) as caught:
        verify_compact(forged, jwk=JWK, algs=ES256, typ="JWT")
    assert caught.value.facts["rule"] == "signature"


@pytest.mark.parametrize(
    ("members", "rule"),
    [
        ({"alg": "none", "kid": KID, "typ": TYP}, "alg"),
        ({"alg": "HS256", "kid": KID, "typ": TYP}, "alg"),
        ({"alg": "ES384", "kid": KID, "typ": TYP}, "alg"),
        ({"alg": "ES256", "kid": KID, "typ": "JWT"}, "typ"),
        ({"alg": "ES256", "kid": "A" * 43, "typ": TYP}, "kid"),
        ({"alg": "ES256", "kid": KID}, "header"),
        ({"alg": "ES256", "kid": KID, "typ": TYP, "crit": ["exp"]}, "header"),
        ({"alg": "ES256", "kid": KID, "typ": TYP, "jwk": JWK}, "header"),
        ({"alg": "ES256", "kid": KID, "typ": TYP, "x5c": []}, "header"),
        ({"alg": "ES256", "kid": 1, "typ": TYP}, "header"),
    ],
)
def test_headers_that_say_something_else_are_refused(members, rule):
    """A header decides nothing: any deviation from alg, kid and typ of the registered key is refused."""
    assert broken_rule(with_header(**members)) == rule


def test_a_header_member_that_stands_twice_is_refused():
    """RFC 7515 section 4: header parameter names must be unique."""
    header = b64url(f'{{"alg":"ES256","alg":"none","kid":"{KID}","typ":"{TYP}"}}'.encode())
    assert broken_rule(f"{header}..AAAA") == "header"


@pytest.mark.parametrize(
    "text", ["", "a", "a.b", "a.b.c.d", "..c", "a..", "ä..c", "A" * 9000 + "..c", "!!..AA"]
)
def test_what_is_not_a_jws_is_refused_and_never_crashes(text):
    """Arbitrary text answers with SignatureInvalid alone."""
    with pytest.raises(SignatureInvalid):
        verify(text)


@given(st.text(max_size=60))
def test_parse_header_raises_its_own_error_only(text):
    """No other exception leaks from the parser."""
    with contextlib.suppress(SignatureInvalid):
        assert parse_header(text).alg


def test_a_der_signature_is_refused():
    """Keystores emit DER; a client that forgot to convert is told so, not accepted."""
    header, _, signature = sign_detached(b"payload", KEY, kid=KID, typ=TYP).partition("..")
    raw = b64url_bytes(signature)
    assert broken_rule(f"{header}..{b64url(b'0F' + raw)}") == "signature"


@pytest.mark.parametrize("position", [0, 31, 32, 63])
def test_one_flipped_bit_of_the_signature_is_refused(position):
    """Every byte of r and s counts."""
    header, _, signature = sign_detached(b"payload", KEY, kid=KID, typ=TYP).partition("..")
    raw = bytearray(b64url_bytes(signature))
    raw[position] ^= 1
    assert broken_rule(f"{header}..{b64url(bytes(raw))}") == "signature"


@pytest.mark.parametrize("raw", [bytes(64), b"\xff" * 64])
def test_r_and_s_outside_their_range_are_refused(raw):
    """Zero (CVE-2022-21449) and values above the order never verify."""
    header = sign_detached(b"payload", KEY, kid=KID, typ=TYP).partition("..")[0]
    assert broken_rule(f"{header}..{b64url(raw)}") == "signature"


def test_another_key_under_the_same_kid_is_refused():
    """The thumbprint of the registered key is compared, then its signature."""
    other = ec.derive_private_key(8, ec.SECP256R1())
    assert broken_rule(sign_detached(b"payload", other, kid=KID, typ=TYP)) == "signature"


def test_an_algorithm_of_another_kind_of_key_is_refused():
    """EdDSA under a P-256 key is refused even when a mistaken registration allows it."""
    with pytest.raises(SignatureInvalid) as caught:
        verify_detached(
            b"payload",
            with_header(alg="EdDSA", kid=KID, typ=TYP),
            jwk=JWK,
            algs=frozenset({"ES256", "EdDSA"}),
            typ=TYP,
        )
    assert caught.value.facts["rule"] == "alg"


@pytest.mark.parametrize("text", ["AA==", "A", "AB", "A+==", "A/8", "A B", "AA\n"])
def test_base64url_has_one_form(text):
    """Padding, the other alphabet, white space and stray bits are refused."""
    with pytest.raises(SignatureInvalid):
        b64url_bytes(text)


@given(st.binary(max_size=64))
def test_base64url_round_trip(payload):
    """Encoding and decoding are inverse, and the text is the library's without padding."""
    assert b64url_bytes(b64url(payload)) == payload
    assert b64url(payload) == base64.urlsafe_b64encode(payload).decode().rstrip("=")


@pytest.mark.parametrize(
    "change",
    [
        {"d": "AAAA"},
        {"crv": "P-384"},
        {"crv": "secp256k1"},
        {"kty": "RSA"},
        {"x": "AAAA"},
        {"x": b64url(bytes(31) + b"\x01")},
        {"y": ""},
    ],
)
def test_keys_that_are_not_p256_points_are_refused(change):
    """A private member, another curve, a short coordinate and a point off the curve are refused."""
    with pytest.raises(SignatureInvalid) as caught:
        load_public({**JWK, **change})
    assert caught.value.facts["rule"] in ("key", "encoding")


def test_an_ed25519_key_loads():
    """Ed25519 keys are registered as OKP."""
    raw = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key().public_bytes_raw()
    assert isinstance(
        load_public({"kty": "OKP", "crv": "Ed25519", "x": b64url(raw)}), ed25519.Ed25519PublicKey
    )
