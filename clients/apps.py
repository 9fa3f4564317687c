"""The clients, as Django starts them."""

from typing import Any

from allauth.account.signals import email_changed
from django.apps import AppConfig


class ClientsConfig(AppConfig):
    """Who is in care."""

    name = "clients"

    def ready(self) -> None:
        """Listen for an account that gets another address."""
        email_changed.connect(_moved, dispatch_uid="clients")


def _moved(*, user: Any, **_more: Any) -> None:
    from clients.actions.joining import try_again  # noqa: PLC0415 -- it needs the models to be there

    try_again(user)
