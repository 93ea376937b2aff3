"""The catalogue as data: what a reader in thirty years needs to know of every event, in one file.

Its digest stands in `log:open` and `log:upgrade`, so the file in force at any index is known; a package carries
it. Words and columns are not in it: wording may be bettered without touching the record.
"""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from schemas.act import Act
from schemas.digest import sha256_hex
from schemas.leaf import MAX_CHAINS, MAX_LEAF_BYTES, VERSION
from schemas.leaf_steps import STATE_STEPS
from schemas.leaves import CHAIN_NOUNS, LEAVES, RESERVED, RESERVED_NOUNS
from schemas.reference import UUID_FORM

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_HEX = {"type": "string", "pattern": "^[0-9a-f]{64}$"}


def members_schema(kind: type[Act]) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Return the JSON Schemas of `facts` and of `salted`, and the definitions they use."""
    schema: dict[str, Any] = _without_null(kind.model_json_schema(by_alias=True))
    definitions = schema.pop("$defs", {})
    required = schema.get("required", [])
    properties = schema["properties"]
    facts = {name: one for name, one in properties.items() if name not in kind.salted}
    salted: dict[str, Any] = {name: dict(_HEX) for name in kind.salted}
    patterns: dict[str, Any] = {}
    for element in kind.elements.values():
        _take_salted(definitions[element.__name__], element.salted)
        patterns |= {rf"^{name}\.[1-9][0-9]*$": dict(_HEX) for name in element.salted}
    return (
        _object(facts, [name for name in required if name in facts]),
        _object(salted, [name for name in required if name in salted], patterns),
        definitions,
    )


def _take_salted(definition: dict[str, Any], salted: Mapping[str, object]) -> None:
    for name in salted:
        definition["properties"].pop(name, None)
    definition["required"] = [name for name in definition.get("required", []) if name not in salted]


def _object(
    properties: dict[str, Any], required: list[str], patterns: dict[str, Any] | None = None
) -> dict[str, Any]:
    made: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": False}
    if required:
        made["required"] = sorted(required)
    if patterns:
        made["patternProperties"] = patterns
    return made


def _without_null(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Absent is the only way to say nothing: no null and no default remains, and no wording."""
    if isinstance(value, list):
        return [_without_null(one) for one in value if one != {"type": "null"}]
    if not isinstance(value, dict):
        return value
    made = {
        key: _without_null(one)
        for key, one in value.items()
        if not (key == "default" and one is None)
        and not (key in ("title", "description") and isinstance(one, str))
    }
    if len(made.get("anyOf", ())) == 1:
        return {**made.pop("anyOf")[0], **made}
    return made


def leaf_schema() -> dict[str, Any]:
    """Return the JSON Schema of every leaf. It cannot say "canonical" and "sorted"; the vectors can."""
    definitions: dict[str, Any] = {}
    branches = []
    for (event, ev), kind in LEAVES.items():
        facts, salted, used = members_schema(kind)
        definitions |= used
        branches.append(
            {
                "title": f"{event} {ev}",
                "properties": {
                    "event": {"const": event},
                    "ev": {"const": ev},
                    "facts": facts,
                    "salted": salted,
                },
            }
        )
    return {
        "$schema": _DRAFT,
        "title": "A leaf of the custody log",
        **_object(_envelope(), sorted(_envelope())),
        "oneOf": branches,
        "$defs": dict(sorted(definitions.items())),
    }


def _envelope() -> dict[str, Any]:
    reference = {"type": "string", "pattern": f"^[a-z]{{1,16}}/{UUID_FORM}$"}
    place = {"n": {"type": "integer", "minimum": 1}, "of": reference, "prev": dict(_HEX)}
    return {
        "v": {"const": VERSION},
        "event": {"type": "string", "pattern": "^[a-z]{1,16}:[a-z]{1,16}$"},
        "ev": {"type": "integer", "minimum": 1},
        "id": {"type": "string", "pattern": f"^{UUID_FORM}$"},
        "salt": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
        "actor": {"type": "string", "pattern": "^[a-z]{1,16}/[0-9a-z-]{3,36}$"},
        "subject": reference,
        "at": {"type": "string", "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{3}Z$"},
        "chains": {"type": "array", "maxItems": MAX_CHAINS, "items": _object(place, sorted(place))},
        "facts": {"type": "object"},
        "salted": {"type": "object", "additionalProperties": dict(_HEX)},
    }


def catalogue() -> dict[str, Any]:
    """Return the catalogue as data."""
    return {
        "v": VERSION,
        "max_leaf_bytes": MAX_LEAF_BYTES,
        "schema_sha256": sha256_hex(schema_bytes()),
        "chains": list(CHAIN_NOUNS),
        "events": [_entry(kind) for kind in LEAVES.values()],
        "reserved": [{"event": one.event, "chains": list(one.chains)} for one in RESERVED.values()],
        "reserved_nouns": sorted(RESERVED_NOUNS),
    }


def _entry(kind: type[Act]) -> dict[str, Any]:
    spec = kind.spec
    facts, salted, _ = members_schema(kind)
    return {
        "event": spec.event,
        "ev": spec.ev,
        "chains": list(spec.chains),
        **({"among": list(spec.among)} if spec.among else {}),
        "opens": spec.opens,
        "by": spec.by.value,
        "actors": list(spec.actors),
        "roles": sorted(role.value for role in spec.roles),
        "by_itself": spec.by_itself,
        "versions": list(spec.versions),
        "neutral": list(spec.neutral),
        "facts": _presence(facts),
        "salted": _presence(salted) | _presence_inside(kind),
        "steps": [
            {"noun": row.noun, "from": list(row.starts), "to": row.end}
            for row in STATE_STEPS.get(spec.event, ())
        ],
    }


def _presence(schema: dict[str, Any]) -> dict[str, str]:
    required = schema.get("required", [])
    return {name: "required" if name in required else "optional" for name in schema["properties"]}


def _presence_inside(kind: type[Act]) -> dict[str, str]:
    return {
        f"{name}.k": "required" if element.model_fields[name].is_required() else "optional"
        for element in kind.elements.values()
        for name in element.salted
    }


def schema_bytes() -> bytes:
    """Return the bytes of `leaf.schema.json`, whose digest stands in the catalogue."""
    return _printed(leaf_schema())


def catalogue_bytes() -> bytes:
    """Return the bytes of `catalogue.json`, whose digest enters the log."""
    return _printed(catalogue())


def _printed(value: dict[str, Any]) -> bytes:
    return (json.dumps(value, indent=1, sort_keys=True, ensure_ascii=True) + "\n").encode("ascii")


@cache
def catalogue_sha256() -> str:
    """Return the digest of the catalogue in force, hex."""
    return sha256_hex(catalogue_bytes())
