"""Whether the server can listen where it is told to, asked before anything is started; and how it listens."""

import errno
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import uvicorn
from starlette.types import ASGIApp

from api.edge import Edge


class ListeningFault(NamedTuple):
    """Why nobody can listen there; `is_misuse` when waiting does not help."""

    is_misuse: bool
    event: str
    text: str


def listening_fault(host: str, port: int) -> ListeningFault | None:
    """Say why nobody can listen on `host` and `port`; None when it is free."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError:
        return ListeningFault(
            is_misuse=True, event="host_unknown", text=f"没有这个地址 no such address: {host} (--host)"
        )
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as err:
            if err.errno == errno.EADDRINUSE:
                text = f"端口 {port} 已被占用 port in use: stop the other program or set QUANCHENG_PORT"
                return ListeningFault(is_misuse=False, event="port_in_use", text=text)
            text = f"本机不能监听 cannot listen on {host}:{port}: {err.strerror}"
            return ListeningFault(is_misuse=True, event="host_unusable", text=text)
    return None


def configured(
    app: ASGIApp, *, host: str, port: int, log_level: str = "warning", certificate: Path | None = None
) -> uvicorn.Config:
    """Return how the server listens; the compose file's command says the same.

    With `certificate`, a file of a key and its chain, TLS is spoken (1.2 or later, as Python's own default has it).
    """
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        log_level=log_level,
        http=Edge,
        ws="none",
        timeout_graceful_shutdown=10,
        server_header=False,
        ssl_certfile=certificate,
        proxy_headers=False,  # it believes every program of this machine; `API_PROXIES` names ours
    )


class Listener(uvicorn.Server):
    """A server that ends in good order once it is told to, and takes no signal of its own.

    The one of uvicorn takes the signals while it runs, gives them back and sends itself what it has caught; a
    second one makes it leave out the end of the application.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        is_told: Callable[[], bool],
        *,
        renewed: Callable[[], Path | None] = lambda: None,
    ) -> None:
        """Prepare to listen.

        Args:
            config: How.
            is_told: Whether to end.
            renewed: Asked ten times a second; a path is the certificate for connections from now on.
        """
        super().__init__(config)
        self._is_told = is_told
        self._renewed = renewed

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to whoever has them."""
        yield

    async def on_tick(self, counter: int) -> bool:
        """Say, ten times a second, whether to end."""
        if (fresh := self._renewed()) is not None and isinstance(self.config.ssl, ssl.SSLContext):
            # Here and in no thread: handshakes of this loop use the context. Open connections keep what they have.
            self.config.ssl.load_cert_chain(fresh)
        return self._is_told() or await super().on_tick(counter)
