"""Settings of the API, read once in the composition root."""

from typing import Annotated, Self

from pydantic import BeforeValidator, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from api.budget import READ_BYTES
from api.front import LOOPBACK, Hosts
from schemas.address import Network, networks


def _proxies(given: object) -> object:
    return networks(given) if isinstance(given, str) else given


class ApiSettings(BaseSettings):
    """`API_…` variables; sizes in bytes, durations in seconds.

    `API_HOSTS`: what the server is called by those who ask, with blanks or commas between: names, addresses, networks,
    `*.name`. Other names get 421. Loopback is always among them. `API_HEALTH_BY_ADDRESS`: whether `/v1/health` answers
    by any address all the same, for the probes of a scheduler.
    `API_PROXIES`: addresses and networks of the proxies before this server, separated by commas. Only what they say
    of whom they ask for is believed; without it the peer is the address, and behind a proxy all people share one.
    `API_LOGIN_QUEUE`: so many log-ins wait while others are looked at; the next one is asked to come again,
    and so is whoever waited for `API_LOGIN_WAIT_SECONDS`.
    `API_COOKIE_SECURE`: cookies go over TLS alone, also where the server cannot see that it is spoken.
    `API_HSTS_SECONDS`: so long a browser that came over TLS comes by nothing else (RFC 6797); 0 says nothing of it.
    Of a connection: a request's head, trailer included, has `head_limit_bytes` and `head_seconds`, a body that is not an
    upload's `body_seconds`; of more than `open_heads` unfinished heads the oldest is given up. Whoever is answered before
    its body was read may send `linger_bytes` and for `linger_seconds` more, which are dropped, so that it comes to read
    the answer.

    Of uploads: `active_uploads` places in which bodies are received at once. Only while somebody waits for one does a
    sender have no more than `sender_uploads`, and does one lose its place that sends less than
    `least_bytes_per_second` over `slow_seconds`. Of the waiting there are `waiting_uploads`, of one sender
    `sender_waiting_uploads`, each for `place_wait_seconds`, which is below what stock clients wait for an answer.
    `held_bytes` is all that is held in memory of all uploads: beyond it receiving slows and nothing fails.
    Whoever asks for a file of partial uploads waits for `join_wait_seconds`; the join goes on behind the answer.
    """

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="API_")

    receive_timeout_seconds: float = 30.0
    active_uploads: int = 64
    sender_uploads: int = 8
    least_bytes_per_second: int = 8 * 1024
    slow_seconds: float = 30.0
    waiting_uploads: int = 512
    sender_waiting_uploads: int = 64
    place_wait_seconds: float = 25.0
    upload_threads: int = 16
    held_bytes: int = 192 * 1024 * 1024
    join_wait_seconds: float = 20.0
    json_limit_bytes: int = 1024 * 1024
    head_limit_bytes: int = 32 * 1024
    metadata_limit_bytes: int = 8 * 1024
    head_seconds: float = 20.0
    open_heads: int = 256
    body_seconds: float = 120.0
    linger_bytes: int = 16 * 1024 * 1024
    linger_seconds: float = 10.0
    page_limit: int = 200
    cookie_secure: bool = False
    hsts_seconds: int = 365 * 24 * 3600
    login_queue: int = 16
    login_wait_seconds: float = 10.0
    proxies: Annotated[tuple[Network, ...], NoDecode, BeforeValidator(_proxies)] = ()
    hosts: str = ""
    health_by_address: bool = True

    @field_validator("hosts")
    @classmethod
    def _are_hosts(cls, given: str) -> str:
        Hosts(_entries(given))
        return given

    @model_validator(mode="after")
    def _gives_every_place_a_message(self) -> Self:
        # Silent senders wait with the room for one message each; they must not keep the others from theirs.
        if self.held_bytes < 2 * READ_BYTES * self.active_uploads:
            raise ValueError(f"API_HELD_BYTES is at least {2 * READ_BYTES} for each of API_ACTIVE_UPLOADS")
        return self

    @property
    def host_names(self) -> tuple[str, ...]:
        """What the server answers to."""
        return (*LOOPBACK, *_entries(self.hosts))

    @property
    def own_names(self) -> tuple[str, ...]:
        """What the server answers to beside loopback."""
        return tuple(_entries(self.hosts))

    def answering_to(self, host: str) -> Self:
        """Return the settings of a server that listens on `host`: it answers to that name too."""
        return self.model_copy(update={"hosts": f"{self.hosts} {host.partition('%')[0]}"})


def _entries(given: str) -> list[str]:
    return given.replace(",", " ").split()
