"""Structured logs: a constant event name and fields, on standard error; never personal data or file content.

Tracebacks are plain: the pretty ones print local variables, and those hold people and evidence. Digests and
signatures stand in no line, whoever writes it: the database names them in its errors ("Key (sha256)=(…) already
exists"), and with a log at hand one could tell which evidence is kept, or hand in somebody's signed bytes.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from functools import partial
from traceback import format_exception
from typing import Any

import structlog

HIDDEN = "[…]"
_DIGEST = re.compile(r"[0-9A-Fa-f]{40,}")
_ENCODED = re.compile(r"[A-Za-z0-9+/_-]{42,}={0,2}")
_KINDS = (re.compile(r"[A-Z]"), re.compile(r"[a-z]"), re.compile(r"[0-9]"))


def configure(*, as_json: bool | None = None) -> None:
    """Set the form of log lines: JSON for collectors, columns for a person at a terminal."""
    logging.setLogRecordFactory(partial(_record, logging.LogRecord))
    to_json = not sys.stderr.isatty() if as_json is None else as_json
    last = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if to_json
        else structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _line,
            last,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=lambda *_: structlog.WriteLogger(
            sys.stderr
        ),  # found anew: tests and shells swap the stream
        cache_logger_on_first_use=False,
    )


def without_digests(text: str) -> str:
    """Return `text` with a mark for every digest in hexadecimal and every digest or signature in base64."""
    return _ENCODED.sub(_hidden, _DIGEST.sub(HIDDEN, text))


def _hidden(found: re.Match[str]) -> str:
    # A long path or name has no digit or no capital; 32 bytes and more without one of them do not happen.
    return HIDDEN if all(kind.search(found[0]) for kind in _KINDS) else found[0]


def _cleared(value: object) -> object:
    if isinstance(value, str):
        return without_digests(value)
    if isinstance(value, bytes):
        return HIDDEN
    if isinstance(value, BaseException):
        return without_digests(str(value))
    if isinstance(value, (list, tuple)):
        return type(value)(map(_cleared, value)) if type(value) in (list, tuple) else value
    if isinstance(value, dict):
        return {name: _cleared(inner) for name, inner in value.items()}
    return value


def _line(_: object, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {name: _cleared(value) for name, value in line.items()}


def _record(make: type[logging.LogRecord], *given: Any, **named: Any) -> logging.LogRecord:  # noqa: ANN401 - logging's own
    """Make a record of the standard library's logging: what server, queue and driver say passes here too."""
    record = make(*given, **named)
    record.msg = without_digests(str(record.msg))
    record.args = _cleared(record.args)  # type: ignore[assignment] # the same shape
    if record.exc_info and record.exc_info[0] is not None:
        record.exc_text = without_digests("".join(format_exception(*record.exc_info)).rstrip())
    return record
