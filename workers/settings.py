"""Settings of the workers, read once in the composition root."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class WorkersSettings(BaseSettings):
    """Limits of jobs and decoders; sizes in bytes, durations in seconds.

    A lease is renewed five times in its length and returned within a second of its end, so that the work of a killed
    worker goes on within 30 s: the lease, a second, the first back-off, and a sweep that hints again.
    Stored bytes are read again by night: everything within `scrub_days`, at `scrub_mib_per_second` at most.
    A loop that has given no heartbeat for three times `beat_seconds` is lost, and health says so.
    """

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="WORKERS_")

    beat_seconds: float = 5.0
    claim_limit: int = 8
    lease_seconds: int = 15
    slice_seconds: int = 60
    pause_seconds: float = 15.0
    sweep_seconds: float = 5.0
    scrub_days: int = Field(default=365, ge=1)
    scrub_mib_per_second: float = Field(default=32.0, gt=0)
    scratch_dir: Path | None = None
    scratch_free_bytes: int = 512 * 1024 * 1024
