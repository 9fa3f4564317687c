"""The door for gunicorn."""

import io
import os
from typing import Any

import django
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.utils.http import parse_header_parameters

from practice import config

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "practice.config.settings")
# Nobody waits longer for a page, and a query gone wrong must not keep its thread for good. Said here,
# not read by the settings: one file of variables serves web, worker and the owner's commands.
config.page_seconds = int(os.environ.get("HOMEWARD_PAGE_SECONDS", "30"))

# As many as a length may have.
DIGITS = 18
LATE = [("Content-Length", "0"), ("Connection", "close"), ("Cache-Control", "no-store")]


class Utf8Request(WSGIRequest):
    """Read UTF-8, whatever encoding a request claims (`RefusalMiddleware` then refuses others).

    Django takes any of Python's codecs for one: `charset=hex` breaks before anything can answer,
    and `charset=zlib` unpacks a small body to gigabytes.
    """

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        kind = meta.get("CONTENT_TYPE", "")
        self.content_type, self.content_params = parse_header_parameters(kind)


class TooMuch(io.RawIOBase):
    """A body larger than any of ours: refused, and not read."""

    def readable(self) -> bool:
        return True

    def readinto(self, _buffer: Any) -> int:
        raise RequestDataTooBig


class Door(WSGIHandler):
    """Take the whole of a request in before anything is opened for it.

    Django reads a body when somebody asks for it, which is inside of the request's transaction: a
    client that drips would hold a thread, a connection and its locks.
    """

    request_class = Utf8Request

    def __call__(self, asked: dict[str, Any], start_response: Any) -> Any:
        """Answer once all of it is here; whoever is too slow is told so (`patience`)."""
        sent = asked.get("CONTENT_LENGTH") or "0"
        is_length = sent.isdecimal() and len(sent) <= DIGITS
        if not is_length or int(sent) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            asked["wsgi.input"] = TooMuch()
        elif length := int(sent):
            try:
                body = asked["wsgi.input"].read(length)
            except OSError:
                body = b""
            if len(body) < length:
                start_response("408 Request Timeout", LATE)
                return []
            asked["wsgi.input"] = io.BytesIO(body)
        return super().__call__(asked, start_response)


django.setup(set_prefix=False)
application = Door()

# After Django is set up, so that `on_commit` nudges find the app and its broker.
from practice.config import celery  # noqa: E402, F401 -- registers itself as the default app
