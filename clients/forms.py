"""What people type about clients, and clients about themselves."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.utils.translation import gettext_lazy as _

from clients.models import Client, ReminderKind
from practice.forms import TIME, ZoneField
from practice.models import Membership

LOCAL = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


class LocalTimeField(forms.DateTimeField):
    """A wall time, taken in the zone the form is in."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=LOCAL, input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"], **kwargs)


class ClientFilter(forms.Form):
    """Search and filter clients."""

    q = forms.CharField(label=_("Name"), required=False, max_length=100)
    only = forms.ChoiceField(
        label=_("Show"),
        required=False,
        choices=[
            ("", _("Everyone in care")),
            ("couples", _("In a couple")),
            ("individuals", _("On their own")),
            ("invited", _("Not joined yet")),
            ("discharged", _("Discharged")),
        ],
    )


class ClientForm(forms.Form):
    """Add somebody."""

    name = forms.CharField(label=_("Name"), max_length=120)
    email = forms.EmailField(label=_("E-mail"), max_length=254)
    zone = ZoneField(label=_("Time zone"))
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    invite_now = forms.BooleanField(
        label=_("Send the invitation now"),
        required=False,
        initial=True,
        help_text=_("It says nothing of what it is for."),
    )


class ClientEditForm(forms.Form):
    """Change somebody's details."""

    name = forms.CharField(label=_("Name"), max_length=120)
    email = forms.EmailField(
        label=_("E-mail"),
        max_length=254,
        help_text=_("Once they have joined, the address is theirs to change."),
    )
    zone = ZoneField(label=_("Time zone"))
    next_session_at = LocalTimeField(label=_("Next session"), required=False)

    def __init__(self, *args: Any, joined: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if joined:
            self.fields["email"].disabled = True
            self.fields["zone"].disabled = True


class SessionForm(forms.Form):
    """When a couple comes next."""

    next_session_at = LocalTimeField(label=_("Next session"), required=False)


class CoupleForm(forms.Form):
    """Choose two."""

    first = forms.ChoiceField(label=_("One"))
    second = forms.ChoiceField(label=_("The other"))

    def __init__(self, *args: Any, people: list[Client], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("first", "second"):
            choice = self.fields[name]
            if isinstance(choice, forms.ChoiceField):
                choice.choices = [("", "—"), *((str(one.pk), one.name) for one in people)]


class ClearanceForm(forms.Form):
    """Note one's judgement."""

    cleared = forms.ChoiceField(
        label=_("Couple work"),
        choices=[("yes", _("Cleared")), ("no", _("Not cleared"))],
        widget=forms.RadioSelect,
    )
    alone = forms.BooleanField(
        label=_("I spoke with them alone, and this is my own judgement."),
        error_messages={"required": _("This can only be noted after speaking with them alone.")},
    )


class HandOverForm(forms.Form):
    """Choose who takes over."""

    to = forms.ChoiceField(label=_("Who takes over?"))

    def __init__(self, *args: Any, therapists: list[Membership], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = self.fields["to"]
        if isinstance(choice, forms.ChoiceField):
            choice.choices = [("", "—")] + [
                (str(one.pk), one.user.get_full_name()) for one in therapists
            ]


class TextForm(forms.Form):
    """A few words."""

    text = forms.CharField(
        label=_("Your words"), widget=forms.Textarea(attrs={"rows": 5}), max_length=5000
    )


class RecordFilter(forms.Form):
    """Search the records."""

    q = forms.CharField(label=_("Name"), required=False, max_length=100)


class JoinForm(forms.Form):
    """What an invited person says on their way in."""

    called = forms.CharField(label=_("What would you like to be called?"), max_length=60)
    zone = ZoneField(label=_("Where are you? (time zone)"))
    password = forms.CharField(
        label=_("A password"),
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    agree = forms.BooleanField(label=_("I have read this, and I agree."))

    def __init__(self, *args: Any, is_member: bool, has_account: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if is_member:
            del self.fields["agree"]
            self.fields["called"].label = _("Your name")
        if has_account:
            del self.fields["password"]
        elif is_member:
            self.fields["password"].required = True
            self.fields["password"].help_text = _("At least twelve characters. A sentence is good.")
        else:
            self.fields["password"].help_text = _(
                "You may leave this empty: each time you sign in, a code comes by e-mail."
            )

    def clean_password(self) -> str:
        """Hold a password to the rules, if there is one."""
        password: str = self.cleaned_data["password"]
        if password:
            validate_password(password)
        return password


class WishesForm(forms.Form):
    """A client's own choices."""

    called = forms.CharField(label=_("What to call you"), max_length=60)
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    zone = ZoneField(label=_("Time zone"))
    by_email = forms.BooleanField(label=_("Remind me by e-mail"), required=False)
    reminder_time = forms.TimeField(label=_("At what time?"), widget=TIME)
    quiet_from = forms.TimeField(label=_("Nothing from"), widget=TIME)
    quiet_until = forms.TimeField(label=_("until"), widget=TIME)
    kinds = forms.MultipleChoiceField(
        label=_("Which ones?"),
        required=False,
        choices=[c for c in ReminderKind.choices if c[0] != ReminderKind.WAITING],
        widget=forms.CheckboxSelectMultiple,
    )
    pause_days = forms.ChoiceField(
        label=_("Pause"),
        required=False,
        choices=[
            ("", _("No pause")),
            ("7", _("For a week")),
            ("14", _("For two weeks")),
            ("28", _("For four weeks")),
        ],
    )


def in_zone(moment: datetime | None, zone: str) -> datetime | None:
    """Take a typed wall time as one of `zone`, whatever zone the page is shown in."""
    if moment is None:
        return None
    return moment.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
