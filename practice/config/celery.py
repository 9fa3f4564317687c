"""The Celery app. Its settings, each with its reason, are in `broker`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "practice.config.settings")

app = Celery("homeward")
# Gunicorn's threads look for the default app, not for the current one of the importing thread.
app.set_default()
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["practice", "exercises"])
