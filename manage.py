#!/usr/bin/env python
"""Homeward's command line."""

import os
import sys

from django.core.management import execute_from_command_line

from practice.config import celery  # noqa: F401 -- registers itself, so that commands ring the bell

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "practice.config.settings")
    execute_from_command_line(sys.argv)
