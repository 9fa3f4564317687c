"""The door for gunicorn."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "practice.config.settings")

application = get_wsgi_application()

# After Django is set up, so that `on_commit` nudges find the app and its broker.
from practice.config import celery  # noqa: E402, F401 -- registers itself as the default app
