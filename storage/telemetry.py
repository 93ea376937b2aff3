"""Structured logs: a constant event name and fields, on standard error; never personal data or file content.

Tracebacks are plain: the pretty ones print local variables, and those hold people and evidence.
"""

import logging
import sys

import structlog


def configure(*, as_json: bool | None = None) -> None:
    """Set the form of log lines: JSON for collectors, columns for a person at a terminal."""
    to_json = not sys.stderr.isatty() if as_json is None else as_json
    last = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
        if to_json
        else [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *last,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=lambda *_: structlog.WriteLogger(
            sys.stderr
        ),  # found anew: tests and shells swap the stream
        cache_logger_on_first_use=False,
    )
