"""Saying why, as a person does before content is given."""

import httpx

WHY = {"reason_code": "case-handling"}


def looked(client: httpx.Client, thing: str, *, kind: str = "open") -> str:
    """Open a look at `/v1/recordings/…` and return where the content is."""
    answer = client.post(f"{thing}/looks", json={**WHY, "kind": kind})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["content_url"])


def taken(client: httpx.Client, thing: str) -> httpx.Response:
    """Return the original of a recording, taken away."""
    return client.get(looked(client, thing, kind="download"))
