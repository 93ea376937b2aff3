"""Settings of storage, read once in the composition root. No secret has a default."""

import base64
import binascii
import os
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from schemas.actor import Role
from schemas.calendar import Calendar, parse_calendar
from schemas.setting import DECLARED, Setting
from schemas.setting_list import LISTS, Items, ListSetting
from schemas.trail import LEAST_MONTHS

_SECRETS = (
    "DATABASE_URL",
    "MIGRATION_DATABASE_URL",
    "OBJECTS_URL",
    "BROKER_URL",
    "LOG_KEY",
    "REGISTRY_KEY",
    "EXPORT_KEY",
    "API_TICKET_KEY",
    "WORKER_TICKET_KEY",
    "SIGNER_TICKET_KEY",
    "FACTOR_KEY",
    "PERSONAL_KEY",
    "PERSONAL_KEY_BEFORE",
)
_SEED_BYTES = 32
ORIGIN_BEFORE = "quancheng.local/log"
"""How every log was named before each had to have a name of its own."""


def _calendar(given: object) -> object:
    if isinstance(given, Calendar):  # the default passes here too
        return given
    return parse_calendar(Path(str(given)).read_text("utf-8")) if given else Calendar()


def _articles(given: object) -> object:
    """Return a list of articles, apart by `;`."""
    return tuple(filter(None, map(str.strip, given.split(";")))) if isinstance(given, str) else given


def _roles(given: object) -> object:
    """Return a list of roles, apart by commas; `all` is every one."""
    if not isinstance(given, str):
        return given
    return tuple(Role) if given.strip() == "all" else tuple(filter(None, map(str.strip, given.split(","))))


class StorageSettings(BaseSettings):
    """`DATABASE_URL`, `OBJECTS_URL`, `BROKER_URL` and the server's keys; each also as `NAME_FILE`.

    `DATABASE_URL` names the application's role; `MIGRATION_DATABASE_URL` the one that owns the tables, and is given to
    the migration alone. Without it the application's role migrates, and owns what it should not (`doctor` says so).

    `CONSOLE_URL`: how people reach this server (scheme, host, port); links that a command prints begin with it.
    Deadlines (reviews in working days, rectification in calendar days: defaults of ours, not law), `RETENTION_MONTHS` and
    hours of training a year hold for agencies that have set nothing else (`schemas.setting`). What days
    are worked says `CALENDAR_FILE` (`schemas.calendar.parse_calendar`); without it Monday to Friday are.
    `EXCEPTION_ARTICLES`: by which fewer than two officers may act (art. 42), apart by `;`; none is assumed.
    `LOGIN_TRIES_DAYS`: so long the owner of an account sees who tried its password, and from where (a default of ours).
    `MADE_UP_TRIES`: of names that nobody has, so many tries are kept at most, and none for longer than an hour.
    `TRAIL_MONTHS`: so many calendar months the access trail is kept; less than six is refused. `TRAIL_STRANGERS`: of
    people whom nobody knows, so many rows a minute at most; what comes beyond is counted in one row.
    A request is repeated under its Idempotency-Key for `IDEMPOTENCY_SECONDS`, a day.
    `LOG_ORIGIN` is the name of the log for ever, like a host and a path; who signs it needs it, and no two installations
    have the same.
    Keys are base64 of 32 bytes, those that sign Ed25519 seeds. A process gets only the keys it needs: the API the registry
    key and `FACTOR_KEY`, under which the secrets of second factors are sealed, the scheduler the log key, the worker of the
    exports the export key, all of them and the migration `PERSONAL_KEY`, under which names and codes of parties are sealed,
    and `PERSONAL_KEY_BEFORE` as long as some still stand under that one (`storage.reseal`). What another process signs with
    is told by the log (`storage.custody.log_keys`).
    Every leaf carries the ticket of the process that wrote it, by a low key of its own: `API_TICKET_KEY` or
    `WORKER_TICKET_KEY`. The signer holds `SIGNER_TICKET_KEY` beside both: by them it knows whose tickets hold.
    Whoever holds one of `SECOND_FACTOR_ROLES` (names apart by commas, or `all`) sets up a second factor at the next log-in
    by password; none is asked by default.

    Shares, so that nobody shuts out others: `open_uploads` of one sender, of the free room what is not promised to
    open uploads but for `room_reserve_percent` (where the store tells its room: a folder does, an S3 store does not),
    `waiting_exports` of one person, `sessions_per_account` (the oldest ends).
    A person's session ends after `session_seconds`, and where it is not used for `session_idle_seconds`; a machine's by
    the first alone. A look at evidence ends where nothing is heard of it for `look_idle_seconds` (a default of ours).
    """

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    quancheng_home: Path = Path(".quancheng")
    database_url: SecretStr
    migration_database_url: SecretStr | None = None
    objects_url: SecretStr
    broker_url: SecretStr | None = None
    console_url: str = ""
    log_origin: str = Field(default="", pattern=r"^([a-z0-9][a-z0-9./-]{0,127})?$")
    log_key: SecretStr | None = None
    registry_key: SecretStr | None = None
    export_key: SecretStr | None = None
    api_ticket_key: SecretStr | None = None
    worker_ticket_key: SecretStr | None = None
    signer_ticket_key: SecretStr | None = None
    factor_key: SecretStr | None = None
    personal_key: SecretStr | None = None
    personal_key_before: SecretStr | None = None
    second_factor_roles: Annotated[tuple[Role, ...], NoDecode, BeforeValidator(_roles)] = ()
    pool_size: int = 10
    pool_wait_seconds: float = 10.0
    upload_lifetime_seconds: int = 7 * 24 * 3600
    idempotency_seconds: int = 24 * 3600
    max_upload_bytes: int = 64 * 1024**3
    open_uploads: int = 200
    room_reserve_percent: int = 10
    waiting_exports: int = 2
    sessions_per_account: int = 10
    session_seconds: int = 10 * 3600
    session_idle_seconds: int = 30 * 60
    look_idle_seconds: int = 30 * 60
    retention_months: int = 6
    monitoring_review_days: int = 5
    legal_review_days: int = 5
    rectification_days: int = 30
    training_public_law_hours: int = Field(default=20, ge=0)
    training_professional_hours: int = Field(default=40, ge=0)
    calendar: Annotated[Calendar, NoDecode, BeforeValidator(_calendar)] = Field(
        default=Calendar(), validation_alias="calendar_file"
    )
    login_tries_days: int = 30
    made_up_tries: int = 10_000
    trail_months: int = Field(default=LEAST_MONTHS, ge=LEAST_MONTHS)
    trail_strangers: int = Field(default=20, ge=1)
    randomness_lead_seconds: int = 600
    exception_articles: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_articles)] = ()
    with_sm3: bool = True

    @model_validator(mode="before")
    @classmethod
    def _secrets_from_files(cls, given: dict[str, Any]) -> dict[str, Any]:
        for name in _SECRETS:
            path = os.environ.get(f"{name}_FILE")
            if path and not given.get(name.lower()):
                given[name.lower()] = Path(path).read_text(encoding="utf-8").strip()
        return given

    def installed(self, name: Setting) -> int:
        """Return what the installation says where no agency says anything: its own variable, or the default."""
        own = {
            Setting.RETENTION_MONTHS: self.retention_months,
            Setting.MONITORING_REVIEW_DAYS: self.monitoring_review_days,
            Setting.LEGAL_REVIEW_DAYS: self.legal_review_days,
            Setting.RECTIFICATION_DAYS: self.rectification_days,
            Setting.TRAINING_PUBLIC_LAW_HOURS: self.training_public_law_hours,
            Setting.TRAINING_PROFESSIONAL_HOURS: self.training_professional_hours,
        }
        return own.get(name, DECLARED[name].default)

    def installed_list(self, name: ListSetting) -> Items:
        """Return what the installation says of a list where no agency says anything."""
        own = self.exception_articles if name is ListSetting.OFFICER_EXCEPTIONS else ()
        return own or LISTS[name].default

    @property
    def sqlalchemy_url(self) -> str:
        """The database address with the psycopg 3 driver named."""
        url = self.database_url.get_secret_value()
        return url.replace("postgresql://", "postgresql+psycopg://", 1)


def unreadable(err: ValidationError | OSError) -> str:
    """Return the names of the settings that could not be read, never their values."""
    if isinstance(err, OSError):
        return str(err.filename)
    # Only what we raise ourselves is repeated: other messages may hold what was given.
    return ", ".join(
        str(problem["loc"][0]).upper() + (f" ({problem['msg']})" if problem["type"] == "value_error" else "")
        for problem in err.errors(include_input=False, include_url=False)
    )


def is_set(name: str) -> bool:
    """Say whether the environment gives this setting, itself or as a file."""
    return bool(os.environ.get(name) or os.environ.get(f"{name}_FILE"))


def origin(settings: StorageSettings) -> str:
    """Return the name of the log.

    Raises:
        ValueError: none was chosen.
    """
    if not settings.log_origin:
        raise ValueError(
            "LOG_ORIGIN is not set: choose a name for the log that nobody else has, such as law.example.cn/log "
            f"(a log that was opened before names had to be chosen is {ORIGIN_BEFORE})"
        )
    return settings.log_origin


def seed(secret: SecretStr | None, name: str) -> bytes:
    """Return the 32-byte seed behind a key setting.

    Raises:
        ValueError: the key is missing or malformed; the message names the variable, never the value.
    """
    if secret is None:
        raise ValueError(f"{name} (or {name}_FILE) is not set")
    return seed_text(secret.get_secret_value(), name)


def seed_text(text: str, name: str) -> bytes:
    """Return the 32-byte seed that a text spells.

    Raises:
        ValueError: it spells none; the message names the variable or file, never the value.
    """
    try:
        raw = base64.b64decode(text, validate=True)
    except binascii.Error as err:
        raise ValueError(f"{name} is not base64") from err
    if len(raw) != _SEED_BYTES:
        raise ValueError(f"{name} is not a seed of {_SEED_BYTES} bytes")
    return raw
