"""The door for gunicorn."""

import os
from typing import Any

from django.core.handlers.wsgi import WSGIRequest
from django.core.wsgi import get_wsgi_application
from django.utils.http import parse_header_parameters

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "practice.config.settings")
# Nobody waits longer for a page, and a query gone wrong must not keep its thread for good.
os.environ.setdefault("HOMEWARD_PAGE_SECONDS", "30")


class Utf8Request(WSGIRequest):
    """Read UTF-8, whatever encoding a request claims (`RefusalMiddleware` then refuses others).

    Django takes any of Python's codecs for one: `charset=hex` breaks before anything can answer,
    and `charset=zlib` unpacks a small body to gigabytes.
    """

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        kind = meta.get("CONTENT_TYPE", "")
        self.content_type, self.content_params = parse_header_parameters(kind)


application = get_wsgi_application()
application.request_class = Utf8Request

# After Django is set up, so that `on_commit` nudges find the app and its broker.
from practice.config import celery  # noqa: E402, F401 -- registers itself as the default app
