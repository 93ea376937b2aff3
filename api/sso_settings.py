"""Settings of single sign-on, read once in the composition root."""

from datetime import timedelta
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from schemas.address import parsed
from schemas.sso import SsoMatch


class SsoSettings(BaseSettings):
    """`OIDC_…` variables: an OpenID Connect issuer by which people log in; without `OIDC_ISSUER` there is none.

    `OIDC_ISSUER`: its address; over TLS, but for one on this machine. `OIDC_CLIENT_ID` as it knows this server, and
    `OIDC_CLIENT_SECRET_FILE`, a file with the secret (or `OIDC_CLIENT_SECRET`); without one this server is a public
    client, and PKCE alone holds. The issuer sends people back to `/console/sso/callback` below `CONSOLE_URL`, or below the
    address that was asked. `OIDC_SCOPES`: what is asked for.
    `OIDC_CLAIM` names the account: what it says is, by `OIDC_MATCHES`, a log-in name or a certificate number.
    `OIDC_TOLERANCE_SECONDS`: so far the two clocks may be apart. `OIDC_TIMEOUT_SECONDS`: so long the issuer is waited for.
    `OIDC_AUTHORITY`: certificate of the authority behind the issuer's, where it is no well-known one.
    `OIDC_NAME`: what people call it; stands on the button.
    """

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="OIDC_")

    issuer: str = ""
    client_id: str = ""
    client_secret: SecretStr | None = None
    client_secret_file: Path | None = None
    scopes: str = "openid profile"
    claim: str = "preferred_username"
    matches: SsoMatch = SsoMatch.LOGIN
    tolerance_seconds: int = 60
    timeout_seconds: float = 5.0
    authority: Path | None = None
    name: str = ""

    @field_validator("issuer")
    @classmethod
    def _is_safe(cls, given: str) -> str:
        if given and not is_safe(given):
            raise ValueError("the issuer is reached over TLS, or on this machine")
        return given

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.issuer and not self.client_id:
            raise ValueError("OIDC_ISSUER needs OIDC_CLIENT_ID")
        if "openid" not in self.scopes.split():
            raise ValueError("OIDC_SCOPES holds openid")
        return self

    @property
    def secret(self) -> str:
        """The client's secret; empty for a public client."""
        if self.client_secret is not None:
            return self.client_secret.get_secret_value()
        return "" if self.client_secret_file is None else self.client_secret_file.read_text("utf-8").strip()

    @property
    def tolerance(self) -> timedelta:
        """How far the two clocks may be apart."""
        return timedelta(seconds=self.tolerance_seconds)


def is_safe(address: str) -> bool:
    """Say whether a secret may be sent to an address: over TLS, or to this machine itself."""
    try:
        parts = urlsplit(address)
    except ValueError:  # a bracket that closes nothing
        return False
    host = parts.hostname or ""
    found = parsed(host)
    is_here = host == "localhost" or (found is not None and found.is_loopback)
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and is_here))
