"""The HTTP pool of an S3 store: quick to notice a dead host, patient with a slow disk."""

from typing import Any

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager, Retry, Timeout
from urllib3.connection import HTTPConnection, HTTPSConnection

CONNECT_SECONDS, IDLE_SECONDS = 3.0, 60.0
REPEATABLE_STATUSES = frozenset({500, 502, 503, 504})


class _Patient(HTTPConnection):
    """Sends with the idle timeout.

    urllib3 sends bodies with the connect timeout: a store that syncs its disk for longer than that would look
    dead in the middle of a large part.
    """

    def send(self, data: Any) -> None:  # noqa: ANN401 - the signature of http.client
        if self.sock is not None:
            self.sock.settimeout(IDLE_SECONDS)
        super().send(data)


class _PatientTls(_Patient, HTTPSConnection):
    """The same over TLS."""


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Patient


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _PatientTls


def make_pool(size: int) -> PoolManager:
    """Return a pool of at most `size` connections per host; a caller beyond them waits.

    Requests of the minio client are repeated twice where HTTP calls the method idempotent; ours decide for
    themselves.
    """
    pool = PoolManager(
        maxsize=size,
        block=True,
        timeout=Timeout(connect=CONNECT_SECONDS, read=IDLE_SECONDS),
        retries=Retry(total=2, backoff_factor=0.2, status_forcelist=REPEATABLE_STATUSES),
    )
    pool.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
    return pool
