"""Settings of the workers, read once in the composition root."""

from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict


class WorkersSettings(BaseSettings):
    """Limits of jobs and decoders; sizes in bytes, durations in seconds."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="WORKERS_")

    claim_limit: int = 8
    lease_seconds: int = 120
    slice_seconds: int = 60
    pause_seconds: float = 15.0
    sweep_seconds: float = 15.0
    scratch_dir: Path | None = None
    scratch_free_bytes: int = 512 * 1024 * 1024
