"""Values made from their schema: the optional members of a model all absent, or all present.

A text with a form of its own is spelled in `SPELLED`. A model refuses what is made here when a spelling is
missing, so that a new member is never left out in silence.
"""

from collections.abc import Mapping
from typing import Any, TypeVar
from uuid import uuid4

from pydantic import BaseModel

Model = TypeVar("Model", bound=BaseModel)
Json = Mapping[str, Any]

MOMENT = "2026-09-01T01:30:00.000Z"
SPELLED: Mapping[str, str] = {
    "limit": "49.5",
    "code": "A1",
    "name": "vibration",
    "party_code": "91320900MA1MXYZ123",
    "plate": "苏J12345",
    "record_id": "ROW-1",
    "sha256": "0" * 64,
    "value": "52.3",
}


def made(model: type[Model], *, is_full: bool, **given: object) -> Model:
    """A valid value with every optional member, or with none; `given` members stand as they are."""
    return model.model_validate(members(model, is_full=is_full, **given), strict=False)


def members(model: type[BaseModel], *, is_full: bool, **given: object) -> dict[str, Any]:
    """The same as JSON holds it."""
    schema = model.model_json_schema()
    found = _of("", schema, schema.get("$defs", {}), is_full=is_full)
    return {**found, **given}


def _of(name: str, schema: Json, defs: Json, *, is_full: bool) -> Any:
    if "$ref" in schema:
        return _of(name, defs[schema["$ref"].rpartition("/")[2]], defs, is_full=is_full)
    if "anyOf" in schema:  # null stands last
        return _of(name, schema["anyOf"][0], defs, is_full=is_full)
    if "const" in schema or "enum" in schema:
        return schema.get("const") or schema["enum"][0]
    if schema["type"] == "object":
        wanted = schema.get("properties", {}) if is_full else schema.get("required", ())
        return {one: _of(one, schema["properties"][one], defs, is_full=is_full) for one in wanted}
    if schema["type"] == "array":
        return [
            _of(name, one, defs, is_full=is_full) for one in schema.get("prefixItems") or [schema["items"]]
        ]
    return _scalar(name, schema)


def _scalar(name: str, schema: Json) -> Any:
    if schema["type"] == "boolean":
        return True
    if schema["type"] in ("integer", "number"):
        return max(schema.get("minimum", 1), 1)
    if name in SPELLED:
        return SPELLED[name]
    return {"date-time": MOMENT, "uuid": str(uuid4())}.get(schema.get("format", ""), "一段文字")
