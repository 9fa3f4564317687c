"""Logs that cannot carry a word: the message template, its numbers and ids, never free text."""

import json
import logging
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TextIO
from uuid import UUID

# The reference shown on an error page and found again in the log.
reference: ContextVar[str] = ContextVar("reference", default="")
# What a `log.info("…", extra={…})` may add; everything else is dropped.
EXTRAS = (
    *("action", "code", "count", "kind", "milliseconds", "practice", "reminder", "route", "row"),
    *("seat", "state", "status", "user"),
)


class Lines(logging.StreamHandler[TextIO]):
    """The log, on which nobody's request depends: what cannot be written is let go.

    `logging` itself would report that on standard error, with the arguments that we leave out.
    """

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 -- logging's own name
        """Go on: the disk is full, or whoever read this is gone."""


class JsonFormatter(logging.Formatter):
    """One JSON object a line.

    The template is written, not its text arguments, and an exception's type and place, not its
    message: either could quote what a person wrote.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "event": _event(record),
            "reference": reference.get(),
        }
        if numbers := _harmless(record.args):
            line["args"] = numbers
        for name in EXTRAS:
            if name in record.__dict__:
                line[name] = str(record.__dict__[name])
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__
            line["where"] = [
                f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}"
                for frame in traceback.extract_tb(record.exc_info[2])[-8:]
            ]
        return json.dumps(line)


def _event(record: logging.LogRecord) -> str:
    """Return the template; what Django finds suspicious is quoted in it, and whose words are those?"""
    if record.name.startswith("django.security"):
        return "something suspicious was refused"
    return str(record.msg)


def _harmless(args: object) -> list[object]:
    values = args.values() if isinstance(args, dict) else args
    if not isinstance(values, tuple):
        return []
    return [
        str(value) if isinstance(value, UUID) else value
        for value in values
        if isinstance(value, int | float | UUID)
    ]
