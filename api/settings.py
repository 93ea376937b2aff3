"""Settings of the API, read once in the composition root."""

from pydantic_settings import BaseSettings, SettingsConfigDict


class ApiSettings(BaseSettings):
    """`API_…` variables; sizes in bytes, durations in seconds."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="API_")

    receive_timeout_seconds: float = 30.0
    active_uploads: int = 64
    upload_threads: int = 16
    json_limit_bytes: int = 1024 * 1024
    page_limit: int = 200
    cookie_secure: bool = False
