"""Settings of the API, read once in the composition root."""

from typing import Self

from pydantic import field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from api.edge import LOOPBACK, Hosts


class ApiSettings(BaseSettings):
    """`API_…` variables; sizes in bytes, durations in seconds.

    `API_HOSTS`: what the server is called by those who ask, with blanks or commas between: names, addresses, networks,
    `*.name`. Other names get 421. Loopback is always among them. `API_HEALTH_BY_ADDRESS`: whether `/v1/health` answers
    by any address all the same, for the probes of a scheduler.
    """

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="API_")

    receive_timeout_seconds: float = 30.0
    active_uploads: int = 64
    upload_threads: int = 16
    json_limit_bytes: int = 1024 * 1024
    page_limit: int = 200
    cookie_secure: bool = False
    hosts: str = ""
    health_by_address: bool = True

    @field_validator("hosts")
    @classmethod
    def _are_hosts(cls, given: str) -> str:
        Hosts(_entries(given))
        return given

    @property
    def host_names(self) -> tuple[str, ...]:
        """What the server answers to."""
        return (*LOOPBACK, *_entries(self.hosts))

    def answering_to(self, host: str) -> Self:
        """Return the settings of a server that listens on `host`: it answers to that name too."""
        return self.model_copy(update={"hosts": f"{self.hosts} {host.partition('%')[0]}"})


def _entries(given: str) -> list[str]:
    return given.replace(",", " ").split()
