"""The practice, as Django starts it."""

from django.apps import AppConfig


class PracticeConfig(AppConfig):
    """Who works here."""

    name = "practice"

    def ready(self) -> None:
        """Let the deployment checks register themselves."""
        from practice import checks  # noqa: F401, PLC0415 -- they need the models to be there
