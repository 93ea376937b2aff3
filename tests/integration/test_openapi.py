"""The published document against the server: what it says of an answer is so."""

from collections.abc import Iterator

import pytest

from tests.openapi_walk import DOCUMENT, World, walk, world_of

EXAMPLES = 4
"""For each operation; `make soak` asks for minutes."""


@pytest.fixture(scope="module")
def world(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_of(database_url, tmp_path_factory.mktemp("walk")) as made:
        yield made


def test_no_request_fails_or_is_answered_by_what_the_document_does_not_name(world: World) -> None:
    """Made-up requests to every operation: no 5xx, no undeclared status, every refusal a problem document."""
    walk(world, examples=EXAMPLES)
    assert not world.findings, "\n".join(world.findings)
    asked = {operation for operation, _ in world.asked}
    named = {one["operationId"] for item in DOCUMENT["paths"].values() for one in item.values()}
    assert asked == named - {"logOut"}
