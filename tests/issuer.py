"""Issuers that people log in by: a real one in a process of its own, and a crooked one that says what a test wants."""

import base64
import hashlib
import json
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey

from tests.stand import PATIENCE_SECONDS, free_port
from tests.stand.foreign import find_node, npm_room

CLIENT, SECRET = "quancheng", "of a test"
PROVIDER = Path(__file__).parent / "provider"


@contextmanager
def real_issuer(redirect_uri: str) -> Iterator[str]:
    """Run oidc-provider, which asks for PKCE; yields its address: another site than 127.0.0.1."""
    room, node = npm_room(PROVIDER), find_node()
    asked = {
        "host": "localhost",
        "port": free_port(),
        "client_id": CLIENT,
        "client_secret": SECRET,
        "redirect_uri": redirect_uri,
    }
    words = [str(node), str(room / "provider.mjs"), json.dumps(asked)]
    process = subprocess.Popen(words, cwd=room, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert process.stdout is not None
        assert any(line.strip() == "ready" for line in process.stdout), "the provider has ended"
        yield f"http://localhost:{asked['port']}"
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE_SECONDS)


def fresh_key(kid: str) -> RSAKey:
    """A key that signs."""
    return RSAKey.generate_key(2048, {"kid": kid, "use": "sig"})


@dataclass
class Crooked:
    """An issuer on a thread: everything is as it must be, but for what a test changes.

    `claims` go into the next token, over those that are right; `header` into its head; `signer` signs it. `codes` holds
    what was asked for under each code.
    """

    url: str = ""
    key: RSAKey = field(default_factory=lambda: fresh_key("one"))
    signer: RSAKey | OctKey | None = None
    unsigned: bool = False
    header: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    status: int = 200
    now: float = 0.0
    person: str = "wang"
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def reset(self) -> None:
        """Be an honest issuer again."""
        self.signer, self.unsigned, self.status = None, False, 200
        for one in (self.header, self.claims, self.userinfo, self.metadata):
            one.clear()

    def authorize(self, address: str) -> str:
        """Act as the person at the issuer: return where the browser is sent back to."""
        asked = {name: one for name, (one,) in parse_qs(urlsplit(address).query).items()}
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        return (
            f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state'], 'iss': self.url})}"
        )

    def discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/auth",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "userinfo_endpoint": f"{self.url}/me",
            **self.metadata,
        }

    def exchange(self, form: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        """The token endpoint: a code counts once, and with the verifier of its challenge."""
        asked = self.codes.pop(form.get("code", ""), None)
        if asked is None or _challenge(form.get("code_verifier", "")) != asked["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        if form.get("redirect_uri") != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        return 200, {"access_token": "access", "token_type": "Bearer", "id_token": self.token(asked)}

    def token(self, asked: Mapping[str, str]) -> str:
        right = {
            "iss": self.url,
            "aud": CLIENT,
            "sub": f"subject-of-{self.person}",
            "preferred_username": self.person,
            "nonce": asked["nonce"],
            "iat": int(self.now),
            "exp": int(self.now) + 300,
        }
        claims = {name: one for name, one in {**right, **self.claims}.items() if one is not None}
        if self.unsigned:
            return f"{_part({'alg': 'none'})}.{_part(claims)}."
        signer = self.signer or self.key
        return jwt.encode({"alg": "RS256", "kid": signer.kid, **self.header}, claims, signer)


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@contextmanager
def crooked_issuer() -> Iterator[Crooked]:
    """Run an issuer that a test may bend."""
    issuer = Crooked()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            issuer.asked.append(self.path)
            match self.path:
                case "/.well-known/openid-configuration":
                    self._say(issuer.status, issuer.discovery())
                case "/keys":
                    self._say(issuer.status, KeySet([issuer.key]).as_dict(private=False))
                case "/me":
                    self._say(issuer.status, {"sub": f"subject-of-{issuer.person}", **issuer.userinfo})
                case _:
                    self._say(404, {})

        def do_POST(self) -> None:
            issuer.asked.append(self.path)
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: one for name, (one,) in parse_qs(body).items()}
            basic = base64.b64encode(f"{CLIENT}:{SECRET.replace(' ', '%20')}".encode()).decode()
            if self.headers.get("Authorization") != f"Basic {basic}":
                self._say(401, {"error": "invalid_client"})
                return
            self._say(*(issuer.exchange(form) if issuer.status < 400 else (issuer.status, {})))

        def _say(self, status: int, document: Mapping[str, Any]) -> None:
            payload = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's own name
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    issuer.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def form_of(page: httpx.Response) -> str:
    """Return where a page of ours leads on by itself."""
    found = page.text.partition('content="0;url=')[2].partition('"')[0]
    assert found, page.text
    return found.replace("&amp;", "&")
