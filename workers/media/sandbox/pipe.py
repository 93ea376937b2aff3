"""Frames on the pipe between a worker and its decoder child.

A frame is a 4-byte big-endian length and that many bytes of JSON; derivatives follow an answer as raw bytes
in the order and sizes it names. Pictures never travel as base64.
"""

import json
from collections.abc import Callable
from typing import Any

from schemas.tolerance import Tolerances
from workers.media.result import Derivative, Probe
from workers.media.work import Lane

LENGTH_BYTES = 4
MAX_FRAME_BYTES = 4 * 1024 * 1024
"""A probe with a full track line is about 60 KB; more than this is a child gone astray."""

MAX_PAYLOAD_BYTES = 16 * 1024 * 1024
MAX_REQUEST_BYTES = 64 * 1024

Read = Callable[[int], bytes]


class BrokenPipeFrameError(Exception):
    """The other side sent something that is no frame."""


def pack(header: dict[str, Any], payloads: tuple[bytes, ...] = ()) -> bytes:
    """Return one frame and its payloads, ready to write."""
    text = json.dumps(header).encode()
    return b"".join((len(text).to_bytes(LENGTH_BYTES), text, *payloads))


def read_frame(read: Read) -> dict[str, Any]:
    """Read one frame with `read(n)`, which returns exactly n bytes or raises.

    Raises:
        BrokenPipeFrameError: the length is absurd or the bytes are no JSON object.
    """
    length = int.from_bytes(read(LENGTH_BYTES))
    if not 0 < length <= MAX_FRAME_BYTES:
        raise BrokenPipeFrameError(f"a frame of {length} bytes")
    try:
        header = json.loads(read(length))
    except ValueError as why:
        raise BrokenPipeFrameError("not JSON") from why
    if not isinstance(header, dict):
        raise BrokenPipeFrameError("not an object")
    return header


def pack_request(filename: str, lane: Lane, allowed: Tolerances) -> bytes:
    """Return the message that asks for a look at one file; its descriptors travel beside it."""
    return json.dumps({"filename": filename, "lane": lane, "allowed": allowed.model_dump()}).encode()


def pack_probe(probe: Probe) -> bytes:
    """Return the answer to one request."""
    payloads = tuple(picture.payload for picture in probe.derivatives)
    shown = probe.model_dump(mode="json", exclude={"derivatives"})
    pictures = [
        {**picture.model_dump(mode="json", exclude={"payload"}), "size_bytes": len(picture.payload)}
        for picture in probe.derivatives
    ]
    return pack({"probe": shown, "derivatives": pictures}, payloads)


def read_probe(header: dict[str, Any], read: Read) -> Probe:
    """Rebuild a probe from its frame and the payloads that follow it.

    Raises:
        BrokenPipeFrameError: a payload is absurdly long, or the frame is not a probe.
    """
    try:
        pictures = tuple(_picture(dict(shown), read) for shown in header["derivatives"])
        probe = Probe.model_validate_json(json.dumps(header["probe"]))
    except (KeyError, TypeError, ValueError) as why:
        raise BrokenPipeFrameError("not a probe") from why
    return probe.model_copy(update={"derivatives": pictures})


def _picture(shown: dict[str, Any], read: Read) -> Derivative:
    size = shown.pop("size_bytes")
    if not 0 < size <= MAX_PAYLOAD_BYTES:
        raise BrokenPipeFrameError(f"a payload of {size} bytes")
    return Derivative(**shown, payload=read(size))


def pack_making(wish: dict[str, Any], lane: Lane) -> bytes:
    """Return the message that asks for a copy of one file; its descriptors travel beside it."""
    return json.dumps({"wish": json.dumps(wish), "lane": lane}).encode()
