"""RFC 8785 bytes: everything that is hashed or signed passes here.

The profile is narrower than RFC 8785: an object at the top, ASCII keys, integers with |n| < 2^53 only, no
floats, no null, no duplicate keys. So sorted JSON and JCS agree and no second reading of the bytes exists; a test
holds what is written here against a library of RFC 8785.
"""

import json
from collections.abc import Mapping
from typing import Any

from schemas.errors import ManifestInvalid
from schemas.refusals_manifest import (
    MANIFEST_DUPLICATE_KEY,
    MANIFEST_FLOAT,
    MANIFEST_INTEGER_RANGE,
    MANIFEST_NOT_CANONICAL,
    MANIFEST_NOT_JSON,
    MANIFEST_NULL,
)

MAX_INTEGER = 2**53 - 1
MAX_DEPTH = 16

_JSON = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, check_circular=False
)


def canonical_bytes(value: Mapping[str, Any]) -> bytes:
    """Return the RFC 8785 form of `value`.

    Raises:
        ManifestInvalid: the value holds a float, a null, or an integer of 2^53 or more.
    """
    check_profile(value)
    return _JSON.encode(dict(value)).encode()


def parse_canonical(payload: bytes) -> dict[str, Any]:
    """Parse bytes that must already be canonical.

    Raises:
        ManifestInvalid: not JSON, a duplicate key, a value outside the profile, or other bytes than the
            canonical form of what they say. The slug names which.
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
        raise MANIFEST_NOT_JSON("the bytes are not UTF-8 JSON") from err
    if not isinstance(value, dict):
        raise MANIFEST_NOT_JSON("the top of the document must be an object")
    check_profile(value)
    if _JSON.encode(value).encode() != payload:
        raise MANIFEST_NOT_CANONICAL("the bytes are not in canonical form (RFC 8785)")
    return value


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise MANIFEST_DUPLICATE_KEY("a key stands twice in one object")
    return made


def _no_float(text: str) -> None:
    raise MANIFEST_FLOAT(f"{text[:32]} is not an integer")


def check_profile(value: object, *, depth: int = 0) -> None:
    """Check that a value is inside the profile.

    Raises:
        ManifestInvalid: it holds a float, a null, a huge integer, a key that is not ASCII, or nests too deeply.
    """
    if depth > MAX_DEPTH:
        raise MANIFEST_NOT_CANONICAL("nested too deeply")
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, Mapping):
        if not all(isinstance(key, str) and key.isascii() for key in value):
            raise MANIFEST_NOT_CANONICAL("keys must be ASCII text")
        for inner in value.values():
            check_profile(inner, depth=depth + 1)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            check_profile(inner, depth=depth + 1)
    else:
        _check_scalar(value)


def _check_scalar(value: object) -> None:
    if isinstance(value, float):
        raise MANIFEST_FLOAT(f"{value!r} is not an integer")
    if value is None:
        raise MANIFEST_NULL("null is not allowed: leave the field out")
    if isinstance(value, int) and abs(value) > MAX_INTEGER:
        raise MANIFEST_INTEGER_RANGE(f"{value} does not fit 53 bits")


def _check_text(value: str) -> None:
    if value.isascii():
        return
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as err:
        raise MANIFEST_NOT_CANONICAL("text holds a lone surrogate") from err
