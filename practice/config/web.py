"""Gunicorn's settings (`gunicorn -c python:practice.config.web`); the environment may widen them."""

import os
from typing import Any

from gunicorn.glogging import Logger

from practice.config.request_deadline import PatientWorker

bind = os.environ.get("HOMEWARD_BIND", "127.0.0.1:8000")
wsgi_app = "practice.config.wsgi:application"
# gthread, with a limit for whole requests: dripping clients would hold every thread for ever.
worker_class = PatientWorker
workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))
# Above the longest proxy's idle time, so that the proxy and not we closes a kept connection.
keepalive = 65
timeout = 60
graceful_timeout = 10
# Recycled now and then, at different moments, so that a slow leak never grows.
max_requests = 5000
max_requests_jitter = 500
# Request lines and headers far below what an attacker would like to send.
limit_request_line = 4094
limit_request_fields = 64
limit_request_field_size = 8190
# The access log would hold addresses of pages and people; ours are the structured logs.
accesslog = None
errorlog = "-"
loglevel = "warning"
logger_class = "practice.config.web.QuietLogger"
# The heartbeat file must lie in memory, or a slow disk looks like a dead worker.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108, PTH112
# Forwarded headers are trusted only from our own proxy; Django counts them once more.
forwarded_allow_ips = os.environ.get("FORWARDED_ALLOW_IPS", "127.0.0.1,::1")
# Gunicorn's own command socket is not used.
control_socket_disable = True


class QuietLogger(Logger):  # type: ignore[misc]  # gunicorn has no types
    """Gunicorn's own log, which would quote the request it could not read, or its address."""

    def warning(self, msg: str, *args: Any, **kwargs: Any) -> None:
        """Say that there was such a request."""
        super().warning(_unquoted(msg), *args, **kwargs)

    def exception(self, msg: str, *args: Any, **kwargs: Any) -> None:
        """Say what broke, and not at which address."""
        plain = _unquoted(msg)
        super().exception(plain, *(args if plain == msg else ()), **kwargs)


def _unquoted(msg: str) -> str:
    known = ("Invalid request", "Error handling request")
    return next((begins for begins in known if msg.startswith(begins)), msg)
