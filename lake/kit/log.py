"""JSON lines of past-tense facts: counts and names, never a row's value."""

from __future__ import annotations

import logging
import sys

import structlog


def _without_values(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Replace an exception by its class and SQLSTATE: its text may quote the row that caused it."""
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()[1]
    if isinstance(error, BaseException):
        event["error"] = type(error).__name__
        if sqlstate := getattr(error, "sqlstate", None):
            event["sqlstate"] = sqlstate
    return event


def configure(room: str) -> None:
    """Send this process's log to stderr as JSON lines that carry the room's name."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(message)s", force=True)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _without_values,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(room=room)


def get_log() -> structlog.typing.FilteringBoundLogger:
    """The process's logger; bind `correlation_id`, `table` or `run` to it where they are known."""
    log: structlog.typing.FilteringBoundLogger = structlog.get_logger()
    return log
