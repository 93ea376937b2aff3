"""The published document stands by itself, and names what each operation may answer."""

import json
import re
from typing import Any

import pytest

from api.app import openapi_document
from api.document import ALSO, PUBLIC, RANGED, TAGGED, operations
from schemas.refusals import ANSWERED

DOCUMENT = openapi_document()
OPERATIONS: dict[str, dict[str, Any]] = {one["operationId"]: one for _, one in operations(DOCUMENT)}


def test_nothing_outside_the_file_is_needed() -> None:
    """Every reference leads to a part of the document that is there."""
    references = set(re.findall(r'"\$ref": "([^"]*)"', json.dumps(DOCUMENT)))
    assert len(references) > 100
    for reference in references:
        assert reference.startswith("#/"), reference
        found: Any = DOCUMENT
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]


def test_every_slug_stands_under_its_status() -> None:
    """A client that reads the document knows every refusal; none stands under a status that nobody answers."""
    texts = {name: one["description"] for name, one in DOCUMENT["components"]["responses"].items()}
    for slug, refusal in ANSWERED.items():
        assert any(slug in re.split(r"[ ,:]+", text) for text in texts.values()), (slug, refusal.kind)


@pytest.mark.parametrize("ident", sorted(OPERATIONS))
def test_every_operation_names_its_refusals(ident: str) -> None:
    """Each has a success and the refusals of every request; who needs a token can be without one."""
    named = set(OPERATIONS[ident]["responses"])
    assert any(status.startswith("2") for status in named)
    assert named >= {"421", "500", "503"}
    assert (ident in PUBLIC) or named >= {"401", "403"}
    assert ("security" in OPERATIONS[ident]) is (ident not in PUBLIC)
    assert ("416" in named) is (ident in RANGED)
    assert ("304" in named) is (ident in RANGED | TAGGED)


def test_the_tables_name_operations_that_are_there() -> None:
    """An operation that was renamed leaves no row behind."""
    assert set(ALSO) | PUBLIC | RANGED | TAGGED <= set(OPERATIONS)
