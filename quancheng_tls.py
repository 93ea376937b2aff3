"""`serve --tls`: the authority of the data folder, the server's certificate, and the plain port that hands it out."""

from __future__ import annotations

import io
import threading
import time
from typing import TYPE_CHECKING

import structlog
from cryptography.hazmat.primitives.serialization import Encoding

from api.listen import Listener, configured
from api.plain import PAGE, Installable, plain_port
from api.qr import code_of
from quancheng_stop import STOP
from schemas.base import rfc3339
from schemas.refusals_command import HOME_UNUSABLE
from schemas.served import served_by
from storage.setup.authority import Authority, fingerprint

if TYPE_CHECKING:
    from contextlib import ExitStack
    from pathlib import Path

    from api.settings import ApiSettings
    from storage.setup.home import Home
    from workers.fsck import Teller

log = structlog.get_logger()

_LOOPBACK_OF = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared with what a person chose
AGAIN_SECONDS = 600.0
"""So long after a renewal that failed the next one is tried."""


class Tls:
    """TLS of one `serve`: its own authority, made in the data folder where there is none."""

    def __init__(self, home: Home, settings: ApiSettings, *, host: str, port: int, plain_port: int) -> None:
        """Make or read the authority and the server's certificate.

        Raises:
            Invalid: `API_HOSTS` names everything.
            Unavailable: the authority cannot be read, or the folder not be written.
        """
        self._settings = settings
        self._host = host
        self._port = port
        self._plain_port = plain_port
        self._served = served_by(settings.own_names)
        self._authority = Authority(home.tls_dir, self._served)
        self._try_at = 0.0
        try:
            self._is_new = self._authority.prepare()
        except OSError as err:
            raise HOME_UNUSABLE(
                f"证书无法写入 a certificate cannot be written: {home.tls_dir} ({err.strerror})"
            ) from err

    @property
    def address(self) -> str:
        """How people reach the console: the first name of ours that others may ask by, else this machine."""
        return f"https://{self._reached}:{self._port}"

    @property
    def local_address(self) -> str:
        """How a program of this machine reaches it, whatever this machine knows of names."""
        return f"https://{_in_url(_LOOPBACK_OF.get(self._host, self._host))}:{self._port}"

    @property
    def certificate(self) -> Path:
        """Key and certificate of the server."""
        return self._authority.leaf_path

    @property
    def trusted(self) -> Path:
        """The authority's certificate, for clients on this machine."""
        return self._authority.certificate_path

    def renewed(self) -> Path | None:
        """Return the server's certificate where it was just drawn anew; asked often, it costs nothing when not due."""
        if not self._authority.is_due or time.monotonic() < self._try_at:
            return None
        try:
            self._authority.renew()
        except OSError as err:
            self._try_at = time.monotonic() + AGAIN_SECONDS
            log.error("certificate_not_renewed", reason=err.strerror)  # noqa: TRY400 - the reason is the whole of it
            return None
        log.info("certificate_renewed", until=rfc3339(self._authority.leaf.not_valid_after_utc))
        return self.certificate

    def serve_plain(self, started: ExitStack) -> None:
        """Listen on the plain port, in a thread that ends with `started`; where it ends before, so does the server."""
        own = self._authority.certificate
        installable = Installable(own.public_bytes(Encoding.DER), fingerprint(own), own.not_valid_after_utc)
        app = plain_port(self._settings, installable, tls_port=self._port)
        is_over = threading.Event()
        server = Listener(
            configured(app, host=self._host, port=self._plain_port), lambda: is_over.is_set() or STOP.is_asked
        )

        def run() -> None:
            try:
                server.run()
            finally:
                if not (is_over.is_set() or STOP.is_asked):
                    STOP.fail(f"明文端口意外关闭 the plain port has closed: {self._plain_port}")

        thread = threading.Thread(target=run, name="plain-port")
        thread.start()
        started.callback(thread.join)
        started.callback(is_over.set)

    def introduce(self, say: Teller) -> None:
        """Say where the authority is installed from, and by what it is known: a person compares it on the phone."""
        own = self._authority.certificate
        url = f"http://{self._reached}:{self._plain_port}{PAGE}"
        sha256 = fingerprint(own)
        lines = [
            f"在手机、电脑上安装证书 install the certificate on phones and computers: {url}",
            f"  SHA-256 {sha256}",
        ]
        if self._is_new:
            lines.append("  新的证书机构，每台设备须重新安装 a new authority: every device has to install it")
        if self._served.hosts:
            lines.append(_drawn(url))
        else:
            said = "其他设备尚不能访问：用 --host 和 API_HOSTS 给出地址或名称"
            lines.append(f"  {said} nobody else can ask yet: give --host and API_HOSTS")
        facts = {"url": url, "sha256": sha256, "certificate": str(self.trusted), "is_new": self._is_new}
        say("authority", "\n".join(lines), until=rfc3339(own.not_valid_after_utc), **facts)

    @property
    def _reached(self) -> str:
        return (*self._served.hosts, "127.0.0.1")[0]


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _drawn(address: str) -> str:
    text = io.StringIO()
    code_of(address).terminal(text, border=2, compact=True)
    return text.getvalue()
