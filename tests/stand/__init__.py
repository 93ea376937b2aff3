"""The test stand, by what tests and measurements ask of it; `python -m tests.stand --help` says the rest."""

from tests.stand.command import main
from tests.stand.process import Started, started_at
from tests.stand.program import MINIO, MINIO_GO, MissingPartError, find_binaries, find_chromium, is_ci
from tests.stand.stand import (
    ADDRESSES,
    ATTACH,
    COMMANDS,
    KEYS,
    LOG_ORIGIN,
    POSTGRES_SETTINGS,
    REDIS_FLAGS,
    ROOT,
    Stand,
    sweep,
    temporary_stand,
)
from tests.stand.stores import MINIO_FLAGS, MINIO_SETTINGS
from tests.stand.wait import FIRST_SECONDS, PATIENCE_SECONDS, accepts, answers, free_port, until, wait_until

__all__ = [
    "ADDRESSES",
    "ATTACH",
    "COMMANDS",
    "FIRST_SECONDS",
    "KEYS",
    "LOG_ORIGIN",
    "MINIO",
    "MINIO_FLAGS",
    "MINIO_GO",
    "MINIO_SETTINGS",
    "PATIENCE_SECONDS",
    "POSTGRES_SETTINGS",
    "REDIS_FLAGS",
    "ROOT",
    "MissingPartError",
    "Stand",
    "Started",
    "accepts",
    "answers",
    "find_binaries",
    "find_chromium",
    "free_port",
    "is_ci",
    "main",
    "started_at",
    "sweep",
    "temporary_stand",
    "until",
    "wait_until",
]
