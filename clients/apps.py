"""The clients, as Django starts them."""

from typing import Any

from allauth.account.signals import email_changed
from django.apps import AppConfig
from django.utils.timezone import now  # noqa: TID251 -- the signal brings no time along


class ClientsConfig(AppConfig):
    """Who is in care."""

    name = "clients"

    def ready(self) -> None:
        """Listen for an account that gets another address."""
        email_changed.connect(_moved, dispatch_uid="clients")


def _moved(*, user: Any, **_more: Any) -> None:
    from clients.actions.joining import follow_address  # noqa: PLC0415 -- it needs the models to be there

    follow_address(user=user, at=now())
