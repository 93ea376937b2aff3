"""How a request begins and ends on its connection: a head within limits, and an answer that arrives.

The server's own protocol holds a head of any size for any time, and reads the body of a refused request to its end or
resets the line. Here
  a head       has a number of bytes and of seconds, before anybody is asked who sends it; so has a trailer; of many that
               are not whole the oldest is given up
  a body       is told of to its last byte that came, also when its line has broken meanwhile
  a body       of known length is taken off the line by its reader (`api.filling`), where there is no TLS of ours between
  an answer    that is sent before its body was read is followed by a while in which the rest is read and dropped:
               a line that is closed over unread bytes is reset, and the sender never sees why
What cannot be read as HTTP is answered as a problem document too.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from http import HTTPStatus
from typing import Any, cast

from httptools import HttpRequestParser
from uvicorn._types import ASGIReceiveEvent
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from api.filling import TAKE, Filling
from api.front import PLAIN_HEADERS
from api.problems import problem
from api.settings import ApiSettings
from schemas.errors import AnyRefusal
from schemas.refusals_request import HEAD_TIMEOUT, HEAD_TOO_LARGE, REQUEST_UNREADABLE

SETTINGS = "api_settings"
"""Under this name the application's lifespan hands its settings to the connections."""
_HEADS = "open_heads"
"""Under this name the connections of a server keep those whose head is not whole, oldest first."""


class Edge(HttpToolsProtocol):
    """One connection. `uvicorn.Config(http=Edge)`, or `--http api.edge:Edge`."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config=config, server_state=server_state, app_state=app_state, _loop=_loop)
        self._settings: ApiSettings = app_state.get(SETTINGS) or ApiSettings()
        self._open_heads: dict[Edge, None] = app_state.setdefault(_HEADS, {})
        self._is_in_head = False
        self._is_in_body = False
        self._unheard_bytes = 0
        self._head_bytes = 0
        self._refusal: AnyRefusal = REQUEST_UNREADABLE
        self._is_refused = False
        self._is_last = False
        self._dropped_bytes = 0
        self._body_bytes: int | None = None
        self._parsed_bytes = 0
        self._head_ends: asyncio.TimerHandle | None = None
        self._linger_ends: asyncio.TimerHandle | None = None

    # What the transport tells.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait for a head."""
        super().connection_made(transport)  # type: ignore[arg-type] # uvicorn names the narrower type
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget what was waited for."""
        self._stop_head_timer()
        self._stop_linger_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count what the application is not told of, and drop what comes behind an answer."""
        if self._linger_ends is not None or self._is_refused:
            self.pass_over(len(data))
            if self.transport.is_closing():
                return
        if self._is_refused:
            return
        if not self._is_in_body:
            self._expect_head()
        self._unheard_bytes += len(data)
        super().data_received(data)
        if self._unheard_bytes > self._settings.head_limit_bytes and not self._is_refused:
            self._refuse(HEAD_TOO_LARGE)

    # What the parser tells.

    def on_message_begin(self) -> None:
        """A head begins."""
        super().on_message_begin()
        self._is_in_head = True
        self._head_bytes = 0
        self._expect_head()

    def on_url(self, url: bytes) -> None:
        """Count the address with the head."""
        super().on_url(url)
        self._count(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count a header; one of the trailer comes here too."""
        self._count(len(name) + len(value) + 4)  # ": " and the line's end
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Hand the request over; its line is closed by us."""
        self._unheard_bytes = 0
        self._is_in_head, self._is_in_body = False, True
        self._stop_head_timer()
        self._unset_keepalive_if_required()
        lengths = [value for name, value in self.headers if name == b"content-length"]
        self._body_bytes, self._parsed_bytes = (int(lengths[0]) if lengths else None), 0
        super().on_headers_complete()
        if self.cycle is not None:
            cast("dict[str, object]", self.scope)[TAKE] = partial(self._take, self.cycle)
            self.cycle.transport = _Line(self)  # type: ignore[assignment] # all that a cycle asks of it
            self.cycle.receive = partial(_received, self.cycle, self.cycle.receive)  # type: ignore[method-assign] # uvicorn names no other place

    def on_body(self, body: bytes) -> None:
        """Bytes that the application is told of."""
        self._unheard_bytes = 0
        self._parsed_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Everything of a request was read."""
        self._unheard_bytes = 0
        self._is_in_body = False
        super().on_message_complete()
        if self._linger_ends is not None:
            self._stop_linger_timer()
            self._dropped_bytes = 0
            if self._is_last:
                self.transport.close()
                return
            # The one that uvicorn had set was taken back when more bytes came.
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def send_400_response(self, msg: str) -> None:
        """Answer what the parser does not read on: it is no HTTP, or we stopped it."""
        del msg
        self._refuse(self._refusal)

    # What the reader of a body asks.

    def _take(self, cycle: RequestResponseCycle) -> Filling | None:
        """Return what takes the rest of this request's body off the line; None while the parser has to go on."""
        is_next = (
            self.cycle is cycle and cycle.more_body and not (cycle.body or cycle.waiting_for_100_continue)
        )
        if self.scheme != "http" or not is_next or cycle.disconnected or cycle.response_complete:
            return None
        left = (self._body_bytes or 0) - self._parsed_bytes
        return Filling(self, self, left) if left > 0 else None

    @property
    def is_answered(self) -> bool:
        """Whether nobody reads the body any more."""
        return self.cycle.response_complete

    def hold_back(self) -> None:
        """Read nothing."""
        if not self.transport.is_closing():
            self.flow.pause_reading()

    def read_on(self) -> None:
        """Read, as far as the sender has sent."""
        if not self.transport.is_closing():
            self.flow.resume_reading()

    def pass_over(self, size: int) -> None:
        """Count bytes that are dropped behind an answer; too many end the line."""
        self._dropped_bytes += size
        if self._dropped_bytes > self._settings.linger_bytes:
            self.transport.close()

    def body_taken(self) -> None:
        """Begin anew behind a body that the parser has not seen."""
        self.parser = HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as the server sets it
        self.on_message_complete()
        self.read_on()

    # What the answer tells.

    def on_response_complete(self) -> None:
        """Go on reading behind an answer that came before its body was read."""
        super().on_response_complete()
        if self._is_in_body and self.cycle.response_complete and not self.transport.is_closing():
            self._unset_keepalive_if_required()
            self._linger()

    def give_up(self) -> None:
        """Wait no longer for this head: others have come since."""
        self._head_is_late()

    def end(self) -> None:
        """Close the line behind an answer; the sender may still be sending what nobody reads."""
        if not self._is_in_body:
            self.transport.close()
            return
        self._is_last = True
        self._half_close()

    def _count(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > self._settings.head_limit_bytes:
            self._refusal = HEAD_TOO_LARGE
            raise ValueError("the head is over its limit")  # stops the parser, which asks for the answer

    def _expect_head(self) -> None:
        if self._head_ends is None:
            self._await_head()
            if len(self._open_heads) > self._settings.open_heads:
                next(iter(self._open_heads)).give_up()

    def _await_head(self) -> None:
        self._head_ends = self.loop.call_later(self._settings.head_seconds, self._head_is_late)
        self._open_heads[self] = None

    def _stop_head_timer(self) -> None:
        if self._head_ends is not None:
            self._head_ends.cancel()
            self._head_ends = None
            self._open_heads.pop(self, None)

    def _stop_linger_timer(self) -> None:
        if self._linger_ends is not None:
            self._linger_ends.cancel()
            self._linger_ends = None

    def _head_is_late(self) -> None:
        self._stop_head_timer()
        if self._has_unanswered:  # the head of a next request, sent ahead: no answer may overtake
            self._await_head()
        elif not self._is_in_head:
            self.transport.close()  # nobody asked anything
        else:
            self._refuse(HEAD_TIMEOUT)

    @property
    def _has_unanswered(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _refuse(self, refusal: AnyRefusal) -> None:
        """Answer in the application's place; nothing more is taken from this line."""
        self._is_refused = True
        self._stop_head_timer()
        if self._is_in_body and self._has_unanswered:
            self.transport.close()  # the reader of this body hears of it, and keeps what came
        elif self._has_unanswered:
            self.cycle.keep_alive = False  # what was asked before is answered, then the line ends
        else:
            self.transport.write(_document(refusal, self.server_state.default_headers))
            self._half_close()

    def _half_close(self) -> None:
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._linger()
        self.flow.resume_reading()

    def _linger(self) -> None:
        if self._linger_ends is None:
            self._linger_ends = self.loop.call_later(self._settings.linger_seconds, self.transport.close)


async def _received(
    cycle: RequestResponseCycle, receive: Callable[[], Awaitable[ASGIReceiveEvent]]
) -> ASGIReceiveEvent:
    """Tell of what arrived before the line broke, and only then that it broke: the server's own cycle drops it."""
    event = await receive()
    if event["type"] == "http.disconnect" and cycle.body and not cycle.response_complete:
        body, cycle.body = bytes(cycle.body), bytearray()
        return {"type": "http.request", "body": body, "more_body": cycle.more_body}
    return event


class _Line:
    """What an answer is written to: a transport whose end is that of `Edge`."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        self.write: Callable[[bytes], None] = edge.transport.write
        self.is_closing: Callable[[], bool] = edge.transport.is_closing

    def close(self) -> None:
        self._edge.end()


def _document(refusal: AnyRefusal, default_headers: list[tuple[bytes, bytes]]) -> bytes:
    answer = problem(refusal, headers={"Connection": "close"})
    headers = [*default_headers, *answer.raw_headers, *PLAIN_HEADERS]
    head = b"".join(name + b": " + value + b"\r\n" for name, value in headers)
    return STATUS_LINE[HTTPStatus(answer.status_code)] + head + b"\r\n" + bytes(answer.body)
