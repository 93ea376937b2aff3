"""Whether the server can listen where it is told to, asked before anything is started."""

import errno
import socket
from typing import NamedTuple


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
