"""Make a practice and invite its first admin: the only way in on a new installation."""

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.timezone import now

from practice.actions import practices
from practice.errors import KeyTrouble
from practice.forms.policies import NewPracticeForm
from practice.queries.practices import is_called


class Command(BaseCommand):
    """Run as the database's owner; prints the invitation's link."""

    help = "Make a practice and invite its first admin."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take names and an address."""
        parser.add_argument("name", help="the practice's name")
        parser.add_argument("--admin-email", required=True)
        parser.add_argument("--admin-name", required=True)
        parser.add_argument("--zone", default="UTC", help="for example Europe/Lisbon")
        parser.add_argument(
            "--language",
            default=settings.LANGUAGE_CODE,
            help="the practice's, in which its first admin is invited: en or es",
        )

        parser.add_argument(
            "--another", action="store_true", help="there is one of this name, and this is no slip"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Make it, or say what to write instead."""
        form = NewPracticeForm(options)
        if not form.is_valid():
            raise CommandError("\n".join(_refusals(form)))
        name = form.cleaned_data["name"]
        if is_called(name) and not options["another"]:
            raise CommandError(
                f"There is a practice called {name} already, so none was made. Its admins invite"
                " whoever works there; with --another it is a second one of that name."
            )
        try:
            practice, invited = practices.create(at=now(), **form.cleaned_data)
        except KeyTrouble as trouble:
            raise CommandError(f"{trouble} No practice was made.") from trouble
        call_command("loadexercises", practice=str(practice.pk), stdout=self.stdout)
        self.stdout.write(
            f"The practice is there: {practice.pk}\n"
            f"An invitation goes to {form.cleaned_data['admin_email']} when worker or pump run"
            " within half an hour. The same link, for seven days:\n"
            f"{invited.link}"
        )


def _refusals(form: NewPracticeForm) -> list[str]:
    return [
        f"{field.replace('_', '-')}: {text}"
        for field, texts in form.errors.items()
        for text in texts
    ]
