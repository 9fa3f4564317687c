"""Homeward's settings for tests: the real ones, with secrets of no worth and a quick hasher.

The servers' addresses come from the environment (real servers), or `tests.conftest` fills them in
once it has started its own.
"""

import base64
import os
import tempfile
from pathlib import Path

_WORTHLESS = {
    "SECRET_KEY": "only-for-tests-" + "x" * 50,
    "HOMEWARD_MASTER_KEY": base64.b64encode(b"only for tests: thirty-two bytes").decode(),
    "DATABASE_URL": "postgres://homeward@placeholder.invalid/homeward",
    "REDIS_URL": "redis://placeholder.invalid:6379/0",
    "EMAIL_URL": "smtp://localhost:1025",
    "HOMEWARD_BASE_URL": "http://testserver",
}
for name, value in _WORTHLESS.items():
    os.environ[name] = os.environ.get(name) or value
for name in ("HOMEWARD_DEMO", "HOMEWARD_EMBEDDED", "DATABASE_ROLE", "HOMEWARD_MAIL_DIR"):
    os.environ.pop(name, None)

from practice.config.settings import *  # noqa: E402, F403 -- these are those, and a few below

# A thousand generated requests come from one person; a test of the limit sets its own.
API_PER_MINUTE = EXPORTS_PER_MINUTE = 1_000_000
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
# Verifiable by the real hasher too, so that a person made by a test can sign in to a live site.
PASSWORD_HASHERS = ["tests.hashers.QuickHasher"]
# In memory and cleared between tests; the live sites use the real one.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    # Without a manifest, so that no test needs `collectstatic`; the live sites have it.
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# WhiteNoise wants a folder; an empty one of its own, since live sites collect into the real one
# while other tests run.
STATIC_ROOT = Path(tempfile.gettempdir()) / "homeward-no-static-files"
STATIC_ROOT.mkdir(exist_ok=True)
