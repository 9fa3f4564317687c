"""What several of these tests are given."""

from typing import Any

import pytest


@pytest.fixture
def outbox(settings: Any) -> None:
    """Let account mails wait sealed for the worker, as on a real site."""
    settings.EMAIL_BACKEND = "practice.smtp.OutboxBackend"
