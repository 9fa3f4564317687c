"""Celery's settings, each with its reason (docs/reminders.md).

Redis carries only wake-ups: losing every message, or repeating it, is free.
"""

import os
import ssl
from typing import Any

# A web process must answer its visitor even while Redis hangs; a worker can wait longer.
_WEB = os.environ.get("HOMEWARD_PROCESS", "web") == "web"

_TLS = os.environ.get("REDIS_URL", "").startswith("rediss://")

SETTINGS: dict[str, Any] = {
    "BROKER_URL": os.environ.get("REDIS_URL", "redis://localhost:6379/0"),
    # Without it, Celery takes any certificate for a rediss:// address that does not say more.
    **({"BROKER_USE_SSL": {"ssl_cert_reqs": ssl.CERT_REQUIRED}} if _TLS else {}),
    "TASK_IGNORE_RESULT": True,
    "TASK_ACKS_LATE": False,
    "BROKER_TRANSPORT_OPTIONS": {
        "visibility_timeout": 3600,
        # The default (none) let a publish to a hung Redis block for ever.
        "socket_timeout": 2 if _WEB else 10,
        "socket_connect_timeout": 1 if _WEB else 3,
        "socket_keepalive": True,
        "health_check_interval": 10,
        "retry_on_timeout": not _WEB,
        "global_keyprefix": "homeward:",
    },
    "TASK_PUBLISH_RETRY_POLICY": {
        "max_retries": 1,
        "interval_start": 0,
        "interval_step": 0.05,
        "interval_max": 0.05,
    },
    "BROKER_CONNECTION_RETRY_ON_STARTUP": True,
    "BROKER_CONNECTION_MAX_RETRIES": None,
    # Take a message only while a child is free: what is prefetched dies with a flush or a kill.
    # And never count slots: kombu 5.7 frees none when an acknowledgement fails, so a Redis that went
    # away under as many messages as there were slots left a worker deaf for good. The pool does count.
    "WORKER_DISABLE_PREFETCH": True,
    "WORKER_PREFETCH_MULTIPLIER": 0,
    # A Redis blip must not kill a pump between the dot and its confirmation.
    "WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS": False,
    # The pump stops itself after 25 s; both limits must exceed the 600 s wait for the dot's reply.
    "TASK_SOFT_TIME_LIMIT": 660,
    "TASK_TIME_LIMIT": 720,
    "WORKER_MAX_TASKS_PER_CHILD": 1000,
    "WORKER_MAX_MEMORY_PER_CHILD": 300_000,
    "WORKER_ENABLE_REMOTE_CONTROL": False,
    "WORKER_HIJACK_ROOT_LOGGER": False,
    "TASK_DEFAULT_QUEUE": "notify",
    "TIMEZONE": "UTC",
    "BEAT_MAX_LOOP_INTERVAL": 5,
    # In memory: no shelve file to corrupt. Any number of beats is harmless.
    "BEAT_SCHEDULER": "celery.beat:Scheduler",
    # Intervals only: crontab schedules have open clock-change bugs. A tick is harmless to repeat.
    "BEAT_SCHEDULE": {
        "nudge": {"task": "homeward.pump", "schedule": 10.0, "options": {"expires": 9}},
        "clockwork": {"task": "homeward.clockwork", "schedule": 10.0, "options": {"expires": 9}},
        "plan": {"task": "homeward.plan", "schedule": 300.0, "options": {"expires": 290}},
    },
}
