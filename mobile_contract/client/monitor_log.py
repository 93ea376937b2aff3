"""A public log as its followers fetch it: checkpoint, tiles and bundles over HTTP; nothing that comes is believed yet.

What cannot be reached is asked for again until the patience ends. What the log itself says is not there, although a
checkpoint covers it, is withheld, and that is no trouble of the network.
"""

import httpx

from mobile_contract.client.wire import TRY_AGAIN, Backoff, ask, document_of, retry_after
from schemas.errors import Unavailable
from schemas.log_tile import TilePath
from schemas.merkle import HASH_BYTES, TILE_WIDTH
from schemas.own_chain import OwnChain
from schemas.refusals_command import ANSWER_FOREIGN
from schemas.refusals_custody import LEAF_INVALID, LOG_UNSIGNED
from schemas.refusals_follow import LOG_UNPROVEN

PREFIX = "/v1/log"
_TIMEOUT = httpx.Timeout(30.0, connect=10.0)
_OK, _MISSING = 200, 404


class RemoteLog:
    """One log. `url` is the server's address, or the log's own, which ends in `/v1/log`."""

    def __init__(self, url: str, client: httpx.Client, *, patience_seconds: float) -> None:
        self._server = url.rstrip("/").removesuffix(PREFIX)
        self._client = client
        self._patience = patience_seconds

    def checkpoint(self) -> str | None:
        """Return the newest checkpoint, a note that nobody has verified yet; None where the log says it has none.

        Raises:
            Unavailable: the log does not answer, or something else does.
        """
        answer = self._get("checkpoint")
        if answer.status_code == _MISSING and _slug(answer) == LOG_UNSIGNED.slug:
            return None
        if answer.status_code != _OK:
            raise _foreign(answer)
        try:
            return answer.content.decode()
        except UnicodeDecodeError as err:
            raise ANSWER_FOREIGN("检查点不是文本 the checkpoint is not text: not our server") from err

    def hashes(self, level: int, n: int, width: int) -> bytes:
        """Return the first `width` hashes of a tile.

        Raises:
            Unavailable: the log does not answer.
            IntegrityBroken: it withholds the tile, or gives another number of hashes (slug `log-unproven`).
        """
        path = TilePath(level, n, width)
        tile = self._covered(path)[: width * HASH_BYTES]
        if len(tile) != width * HASH_BYTES:
            raise LOG_UNPROVEN(f"{path.text}: {len(tile)} bytes")
        return tile

    def bundle(self, n: int, width: int) -> bytes:
        """Return the bundle of entries under tile `n`, of at least `width` entries.

        Raises:
            Unavailable, IntegrityBroken: as above.
        """
        return self._covered(TilePath(None, n, width))

    def own(self) -> OwnChain:
        """Return what the log says of itself and of its keys; nothing of it is verified yet.

        Raises:
            Unavailable: the log does not answer, or something else does.
            Invalid: it is no chain of a log.
        """
        answer = self._get("keys")
        if answer.status_code != _OK:
            raise _foreign(answer)
        try:
            return OwnChain.model_validate_json(answer.content)
        except ValueError as err:
            raise LEAF_INVALID("what it says of its keys cannot be read") from err

    def key(self) -> str:
        """Return the key that the server itself names: believed by nobody who was not told to.

        Raises:
            Unavailable: the server does not answer, or something else does.
            Answered: it refuses.
        """
        return str(document_of(self._fetch(f"{self._server}/v1/trust"))["log_vkey"])

    def _covered(self, path: TilePath) -> bytes:
        """A partial tile may have been dropped once the full one stands (C2SP tlog-tiles): then its front is meant."""
        for one in dict.fromkeys((path, path._replace(width=TILE_WIDTH))):
            answer = self._get(one.text)
            if answer.status_code == _OK:
                return answer.content
            if answer.status_code != _MISSING:
                raise _foreign(answer)
        raise LOG_UNPROVEN(f"{path.text}: 未提供 withheld, although the checkpoint covers it")

    def _get(self, path: str) -> httpx.Response:
        return self._fetch(f"{self._server}{PREFIX}/{path}")

    def _fetch(self, url: str) -> httpx.Response:
        backoff = Backoff(self._patience)
        while True:
            try:
                answer = ask(self._client, "GET", url, timeout=_TIMEOUT)
            except httpx.TransportError as err:
                backoff.wait(f"{url}: {err or type(err).__name__}")
                continue
            if answer.status_code not in TRY_AGAIN:
                return answer
            backoff.wait(_said(answer), at_least=retry_after(answer))


def _slug(answer: httpx.Response) -> str:
    try:
        document = answer.json()
    except (ValueError, RecursionError):
        return ""
    return str(document.get("slug", "")) if isinstance(document, dict) else ""


def _said(answer: httpx.Response) -> str:
    return f"HTTP {answer.status_code} {_slug(answer)}".strip()


def _foreign(answer: httpx.Response) -> Unavailable:
    return ANSWER_FOREIGN(f"应答的不是公开日志 no public log answers: {answer.url} {_said(answer)}")
