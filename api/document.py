"""The published OpenAPI document: whole in one file, and every problem status an operation may answer is named.

FastAPI lists successes and its own 422. Which refusals an operation meets follows from what it takes: a token, an id
in its path, a body, a version that was seen, ranges; what no such trait says stands in `ALSO`. A walk over the document
with made-up requests (`tests/openapi_walk.py`) finds a status that is missing here.
"""

import json
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from api.problems import CHECKSUM_MISMATCH, MEDIA_TYPE, catalogue
from schemas.manifest import manifest_schema

Operation = dict[str, Any]

MANIFEST, _PART = "CaptureManifest", "Manifest."
"""Name of the manifest's schema, and what the names of its parts begin with."""

PUBLIC = frozenset(
    {
        "getHealth", "createToken", "logIn", "enrolDevice", "uploadOptions", "uploadOptionsOne", "getTrust",
        "getCheckpoint", "getLogCheckpoint", "getLogCheckpointOf", "getLogConsistency", "getLogKeys", "getLogProof",
        "getLogTile", "takeAdmission", "setPassword",
    }
)  # fmt: skip
"""Everything a stranger may ask; every other operation needs a token."""

RANGED = frozenset({"getMedia", "getThumbnail", "getDerivative", "getPagePicture", "getPackage"})
"""Stored bytes: whole, one range of them, or nothing new (RFC 9110 sections 13 and 14)."""

LOOKED_AT = frozenset({"getMedia", "getDerivative", "getPagePicture", "getPackage", "keepLook"})
"""Content: it is given under a look that stands."""

TAGGED = frozenset(
    {"getCheckpoint", "getLogCheckpoint", "getLogCheckpointOf", "getLogConsistency", "getLogProof"}
)
"""Texts that are asked for again: whoever names the one it has is told that it stands (RFC 9110 section 13)."""

EVERYWHERE = frozenset({413, 421, 500, 503})
"""A body over the limit, another host, a fault of ours, a part that does not answer."""

_TUS = frozenset({400, 404, 409, 410, 412, 413, 415, 422, 507})
ALSO: Mapping[str, frozenset[int]] = MappingProxyType(
    {
        "createToken": frozenset({401}),
        "logIn": frozenset({401, 403}),
        "enrolDevice": frozenset({401, 403, 404, 409}),
        "takeAdmission": frozenset({401, 404, 409, 410}),
        "setPassword": frozenset({401, 404, 409, 410}),
        "declareManifest": frozenset({409}),
        "createUpload": _TUS | {CHECKSUM_MISMATCH},
        "appendUpload": _TUS | {CHECKSUM_MISMATCH},
        "uploadOffset": _TUS,
        "deleteUpload": _TUS,
        "completeUpload": _TUS,
        "uploadReceipt": frozenset({409, 410}),
        "submitRecords": frozenset({400, 404, 409, 415, 422}),
        "getPackage": frozenset({409}),
        "openPackage": frozenset({409}),
        "getDrawFile": frozenset({409}),
        "getCheckpoint": frozenset({404}),
        "getLogCheckpoint": frozenset({404}),
        "getLogConsistency": frozenset({404}),
        "getLogKeys": frozenset({404}),
        "getLogProof": frozenset({410}),
        "showPartnerCode": frozenset({409}),
    }
)

PROBLEM: Mapping[str, Any] = MappingProxyType(
    {
        "type": "object",
        "title": "Problem",
        "description": "RFC 9457; facts of the refusal stand beside these members.",
        "required": ["type", "title", "status", "detail", "slug", "zh", "en", "reference"],
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "detail": {"type": "string"},
            "slug": {"type": "string"},
            "zh": {"$ref": "#/components/schemas/ProblemWords"},
            "en": {"$ref": "#/components/schemas/ProblemWords"},
            "reference": {"type": "string"},
        },
        "additionalProperties": True,
    }
)
_WORDS = {
    "type": "object",
    "title": "ProblemWords",
    "required": ["title", "next"],
    "properties": {"title": {"type": "string"}, "next": {"type": "string"}},
}


def completed(document: dict[str, Any]) -> dict[str, Any]:
    """Return FastAPI's document with tokens, ranges and problem statuses of every operation."""
    components = document["components"]
    for unused in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(unused, None)
    components["schemas"] |= {"Problem": dict(PROBLEM), "ProblemWords": _WORDS, **_manifest()}
    for method, operation in operations(document):
        ident = operation["operationId"]
        if ident not in PUBLIC:
            operation["security"] = [{"HTTPBearer": []}]
        responses = operation["responses"]
        responses.pop("422", None)
        if ident == "declareManifest":
            responses["200"] = {**responses["201"], "description": "The same bytes were declared before"}
        if ident in RANGED:
            responses |= {
                "206": {"description": "One range of the bytes"},
                "304": {"description": "The client has them"},
            }
        if ident in TAGGED:
            responses |= {"304": {"description": "The client has it"}}
        statuses = problem_statuses(method, operation)
        responses |= {
            str(code): {"$ref": f"#/components/responses/Problem{code}"} for code in sorted(statuses)
        }
    every = {int(one["status"]) for one in catalogue()}
    components["responses"] = {f"Problem{code}": _response(code) for code in sorted(every)}
    return document


def _manifest() -> dict[str, Any]:
    """Return the schema of a manifest and of its parts, by names of this document."""
    text = json.dumps(manifest_schema()).replace("#/$defs/", f"#/components/schemas/{_PART}")
    whole = json.loads(text)
    parts = {f"{_PART}{name}": part for name, part in whole.pop("$defs").items()}
    del whole["$schema"]
    return {MANIFEST: whole, **parts}


def operations(document: Mapping[str, Any]) -> Iterator[tuple[str, Operation]]:
    """Yield (method, operation) of the whole document."""
    for item in document["paths"].values():
        yield from item.items()


def problem_statuses(method: str, operation: Operation) -> frozenset[int]:
    """Return every problem status that an operation may answer."""
    ident, parameters = operation["operationId"], operation.get("parameters", [])
    places = {one["in"] for one in parameters}
    is_seen = any(one["name"] == "if-match" for one in parameters)
    changes, has_body = method in ("post", "patch", "delete"), "requestBody" in operation
    found = set(EVERYWHERE) | ALSO.get(ident, frozenset())
    if ident not in PUBLIC:
        found |= {401, 403}
    if "path" in places:
        found |= {404, 422}
    if has_body or places - {"path"}:
        found |= {400, 422}
    if changes and (has_body or "path" in places):
        found |= {404, 409}
    if is_seen:
        found |= {412, 428}
    if ident in RANGED:
        found |= {416}
    if ident in LOOKED_AT:
        found |= {428}
    return frozenset(found)


def _response(code: int) -> dict[str, Any]:
    slugs = sorted(one["slug"] for one in catalogue() if one["status"] == code)
    phrase = "Checksum Mismatch" if code == CHECKSUM_MISMATCH else HTTPStatus(code).phrase
    return {
        "description": f"{phrase}: {', '.join(slugs)}",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
