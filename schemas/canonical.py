"""RFC 8785 bytes: everything that is hashed or signed passes here.

The profile is narrower than RFC 8785: an object at the top, ASCII keys, integers with |n| < 2^53 only, no
floats, no null, no duplicate keys. So sorted JSON and JCS agree and no second reading of the bytes exists.
"""

import json
from collections.abc import Mapping
from typing import Any

import rfc8785

from schemas.errors import ManifestInvalid

MAX_INTEGER = 2**53 - 1
MAX_DEPTH = 16


def canonical_bytes(value: Mapping[str, Any]) -> bytes:
    """Return the RFC 8785 form of `value`.

    Raises:
        ManifestInvalid: the value holds a float, a null, or an integer of 2^53 or more.
    """
    _check_profile(value, depth=0)
    return rfc8785.dumps(dict(value))


def parse_canonical(payload: bytes) -> dict[str, Any]:
    """Parse bytes that must already be canonical.

    Raises:
        ManifestInvalid: not JSON, a duplicate key, a value outside the profile, or other bytes than the
            canonical form of what they say. `problem` names which.
    """
    try:
        value = json.loads(
            payload.decode("utf-8"),
            object_pairs_hook=_no_duplicates,
            parse_float=_no_float,
            parse_constant=_no_float,
        )
    except ManifestInvalid:
        raise
    except (UnicodeDecodeError, ValueError, RecursionError) as err:
        raise ManifestInvalid("the bytes are not UTF-8 JSON", slug="manifest-not-json") from err
    if not isinstance(value, dict):
        raise ManifestInvalid("the top of the document must be an object", slug="manifest-not-json")
    _check_profile(value, depth=0)
    if rfc8785.dumps(value) != payload:
        raise ManifestInvalid("the bytes are not in canonical form (RFC 8785)", slug="manifest-not-canonical")
    return value


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ManifestInvalid("a key stands twice in one object", slug="manifest-duplicate-key")
    return made


def _no_float(text: str) -> None:
    raise ManifestInvalid(f"{text[:32]} is not an integer", slug="manifest-float")


def _check_profile(value: object, *, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise ManifestInvalid("nested too deeply", slug="manifest-not-canonical")
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) and key.isascii() for key in value):
            raise ManifestInvalid("keys must be ASCII text", slug="manifest-not-canonical")
        for inner in value.values():
            _check_profile(inner, depth=depth + 1)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            _check_profile(inner, depth=depth + 1)
    else:
        _check_scalar(value)


def _check_scalar(value: object) -> None:
    if isinstance(value, float):
        raise ManifestInvalid(f"{value!r} is not an integer", slug="manifest-float")
    if value is None:
        raise ManifestInvalid("null is not allowed: leave the field out", slug="manifest-null")
    if isinstance(value, int) and abs(value) > MAX_INTEGER:
        raise ManifestInvalid(f"{value} does not fit 53 bits", slug="manifest-integer-range")
    if isinstance(value, str):
        _check_text(value)


def _check_text(value: str) -> None:
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as err:
        raise ManifestInvalid("text holds a lone surrogate", slug="manifest-not-canonical") from err
