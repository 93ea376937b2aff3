"""Openings: the text behind a commitment, one file per member, so that each can be shown, hidden or erased alone.

An opening is the canonical JSON `{"member":…,"salt":"<32 hex>","value":…}`; the leaf holds the SHA-256 of these
bytes, so `sha256sum` checks it. The value is typed: "12" is not 12. Salts are 16 random bytes, fresh for every
member of every leaf, and come in as arguments; a derived salt would open all members or none.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Generic, NamedTuple, TypeVar

from pydantic import (
    AfterValidator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    TypeAdapter,
    ValidationError,
)
from pydantic_core import CoreSchema, core_schema

from schemas.base import parse_rfc3339, rfc3339
from schemas.canonical import canonical_bytes, parse_canonical
from schemas.digest import sha256_hex
from schemas.errors import ManifestInvalid
from schemas.refusals_custody import LEAF_INVALID

Value = TypeVar("Value")

_SALT = re.compile(r"[0-9a-f]{32}")


class Opening(NamedTuple):
    """What stands in an opening."""

    member: str
    salt: str
    value: Any


def opening_bytes(member: str, salt: str, value: object) -> bytes:
    """Return the bytes of an opening.

    Raises:
        Invalid: the salt is not 32 hexadecimal digits, or the value is outside the canonical profile.
    """
    if not _SALT.fullmatch(salt):
        raise LEAF_INVALID("a salt is 16 bytes in lower-case hex")
    return canonical_bytes({"member": member, "salt": salt, "value": value})


def parse_opening(payload: bytes) -> Opening:
    """Return what an opening says; nothing but the bytes that `opening_bytes` makes is one.

    Raises:
        Invalid: slug `leaf-invalid`.
    """
    try:
        value = parse_canonical(payload)
    except ManifestInvalid as err:
        raise LEAF_INVALID("the bytes are no opening") from err
    if value.keys() != {"member", "salt", "value"} or not all(
        isinstance(value[name], str) for name in ("member", "salt")
    ):
        raise LEAF_INVALID("an opening has member, salt and value")
    if not _SALT.fullmatch(value["salt"]):
        raise LEAF_INVALID("a salt is 16 bytes in lower-case hex")
    return Opening(**value)


def commitment(member: str, salt: str, value: object) -> str:
    """Return what a leaf holds of the value: the SHA-256 of its opening, hex."""
    return sha256_hex(opening_bytes(member, salt, value))


@dataclass(frozen=True, slots=True)
class Shown(Generic[Value]):
    """A committed value whose opening is at hand."""

    value: Value
    salt: str


@dataclass(frozen=True, slots=True)
class Hidden:
    """A committed value that is not shown here."""

    digest: str


def hidden(digest: str) -> Hidden:
    """Return a value that is not shown; every member of every leaf that is read passes here.

    A frozen class that sets its own members takes four times as long.
    """
    made = object.__new__(Hidden)
    object.__setattr__(made, "digest", digest)
    return made


@dataclass(frozen=True, slots=True)
class Erased:
    """A committed value whose opening was lawfully erased; `leaf` is the digest of the leaf that says so."""

    digest: str
    leaf: str


class Salted:
    """Marks a member of a class as salted and says of what type its value is."""

    def __init__(self, kind: Any) -> None:  # noqa: ANN401 - whatever pydantic can check
        self.values: TypeAdapter[Any] = TypeAdapter(kind)

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Let the three forms through; a shown value must be of the member's type."""
        del source, handler
        return core_schema.union_schema(
            [
                core_schema.is_instance_schema(Hidden),
                core_schema.no_info_plain_validator_function(self._checked),
            ],
            mode="left_to_right",
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, object]:
        """A leaf holds the commitment."""
        del schema, handler
        return {"type": "string", "pattern": "^[0-9a-f]{64}$"}

    def _checked(self, value: object) -> object:
        if isinstance(value, (Hidden, Erased)):
            return value
        if not isinstance(value, Shown) or not _SALT.fullmatch(value.salt):
            raise ValueError("a salted member is shown with its salt, hidden or erased")
        return Shown(self.value_of(value.value), value.salt)

    def value_of(self, value: object) -> object:
        """Return the value as kept.

        Raises:
            ValueError: it is not of the member's type.
        """
        return self.values.validate_python(value, strict=True)


def opened(payload: bytes, member: str, digest: str, kind: Salted) -> Shown[Any]:
    """Return the shown value of `member` that a leaf commits to by `digest`.

    Raises:
        Invalid: other bytes than the committed ones, another member, or a value of another type.
    """
    if sha256_hex(payload) != digest:
        raise LEAF_INVALID(f"the opening of {member} is not what the leaf commits to")
    opening = parse_opening(payload)
    if opening.member != member:
        raise LEAF_INVALID(f"this is the opening of {opening.member}, not {member}")
    try:
        value = kind.value_of(_frozen(opening.value))
    except ValidationError as err:
        raise LEAF_INVALID(f"the value of {member} is of another type") from err
    return Shown(value, opening.salt)


def _frozen(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    return tuple(value) if isinstance(value, list) else value


Point = Mapping[str, int | str]
"""A position: `lat_e7` and `lon_e7` in degrees times 10^7, and `crs`, the datum as stated, where it is known."""


def _point(value: dict[str, int | str]) -> dict[str, int | str]:
    if not {"lat_e7", "lon_e7"} <= value.keys() <= {"lat_e7", "lon_e7", "crs"}:
        raise ValueError("a position has latitude and longitude, and a datum where it is known")
    if any(isinstance(part, str) is not (name == "crs") for name, part in value.items()):
        raise ValueError("latitude and longitude are integers, the datum is text")
    return value


def _moment(text: str) -> str:
    if rfc3339(parse_rfc3339(text)) != text:
        raise ValueError("a time has milliseconds and ends in Z")
    return text


_Text = Annotated[str, Field(min_length=1)]

SaltedText = Annotated[Shown[str] | Hidden | Erased, Salted(_Text)]
SaltedTexts = Annotated[Shown[tuple[str, ...]] | Hidden | Erased, Salted(tuple[_Text, ...])]
SaltedPoint = Annotated[
    Shown[Point] | Hidden | Erased, Salted(Annotated[dict[str, int | str], AfterValidator(_point)])
]
SaltedTime = Annotated[Shown[str] | Hidden | Erased, Salted(Annotated[str, AfterValidator(_moment)])]
SaltedDocument = Annotated[Shown[Mapping[str, Any]] | Hidden | Erased, Salted(dict[str, Any])]
