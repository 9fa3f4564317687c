"""What people type about clients, and clients about themselves."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.http import QueryDict
from django.utils.html import format_html
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from clients.models import Client, ReminderKind
from clients.queries.records import HELD, WAITS
from practice.forms.fields import (
    DATE,
    TIME,
    ClockInput,
    NameField,
    PlainForm,
    WordsField,
    ZoneField,
    keep_out_of_quiet_hours,
)
from practice.forms.meanwhile import Meanwhile
from practice.forms.policies import AuditFilter
from practice.models import Membership, User
from practice.passwords import SHORT_ENOUGH
from practice.queries.audit import is_id

Taken = Callable[[str], bool]
LOCAL = ClockInput("datetime-local")


class LocalTimeField(forms.DateTimeField):
    """A wall time, taken in the zone the form is in."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=LOCAL, input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"], **kwargs)


class AddressForm(PlainForm):
    """Ask for an address nobody else here has."""

    name = NameField(label=_("Name"), max_length=120)
    email = forms.EmailField(label=_("E-mail"), max_length=254)

    def __init__(self, *args: Any, taken: Taken, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.taken = taken

    def clean_email(self) -> str:
        """Say kindly that somebody has this address already."""
        email: str = self.cleaned_data["email"].lower()
        if self.taken(email):
            raise forms.ValidationError(
                _(
                    "Somebody in this practice has this address already. Each needs one of their own."
                )
            )
        return email


class ClientForm(AddressForm):
    """Add somebody."""

    zone = ZoneField(label=_("Time zone"))
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    invite_now = forms.BooleanField(
        label=_("Send the invitation now"),
        required=False,
        initial=True,
        help_text=_("The e-mail does not say what it is about."),
    )


class SessionForm(Meanwhile, PlainForm):
    """When somebody comes next."""

    next_session_at = LocalTimeField(
        label=_("Next session"),
        required=False,
        help_text=_("In your own time zone. Homework that runs until this session moves with it."),
    )

    def __init__(self, *args: Any, at: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.at = at

    def clean_next_session_at(self) -> datetime | None:
        """Keep to an hour to come: one that is over is told on no page. What stands there may stay,
        as when somebody's name is changed after their session."""
        meant: datetime | None = self.cleaned_data["next_session_at"]
        kept: datetime | None = self.get_initial_for_field(
            self.fields["next_session_at"], "next_session_at"
        )
        if kept and meant == kept.replace(second=0, microsecond=0):
            return kept
        if meant and meant < self.at:
            raise forms.ValidationError(_("Choose today or a day to come."))
        if meant and meant - self.at >= timedelta(days=730):
            raise forms.ValidationError(_("Choose a day within the next two years."))
        return meant


class ClientEditForm(SessionForm, AddressForm):
    """Change somebody's details."""

    zone = ZoneField(label=_("Time zone"))
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    field_order = ["name", "email", "zone", "language", "next_session_at"]

    def __init__(self, *args: Any, joined: bool, together: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if together:
            session = self.fields["next_session_at"]
            session.label = _("Next individual session")
            session.help_text = format_html("{} {}", session.help_text, together)
        email = self.fields["email"]
        email.help_text = _(
            "Once they have joined, address, time zone and language are theirs to change."
        )
        for name in ("email", "zone", "language"):
            self.fields[name].disabled = joined


class CoupleForm(PlainForm):
    """Choose two."""

    first = forms.ChoiceField(label=_("One"))
    second = forms.ChoiceField(label=_("The other"))

    def __init__(self, *args: Any, people: list[Client], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("first", "second"):
            choice = self.fields[name]
            if isinstance(choice, forms.ChoiceField):
                choice.choices = [("", _("Choose")), *((str(one.pk), one.name) for one in people)]

    def clean(self) -> dict[str, Any]:
        """Ask for two people."""
        said: dict[str, Any] = super().clean() or self.cleaned_data
        if said.get("first") and said.get("first") == said.get("second"):
            self.add_error("second", _("Choose two different people."))
        return said


class ClearanceForm(PlainForm):
    """Note one's judgement."""

    cleared = forms.ChoiceField(
        label=_("Your decision"),
        choices=[("yes", _("Cleared")), ("no", _("Not cleared"))],
        widget=forms.RadioSelect,
    )
    alone = forms.BooleanField(
        label=_("I spoke with them alone, and this is my own decision."),
        required=False,
        help_text=_("Only to clear. “Not cleared” can be noted at any time."),
    )
    # Shown where an answer of theirs waits for somebody to see to it.
    despite = forms.BooleanField(
        label=_(
            "I know of this answer, and clear couple work all the same. Exercises for two can then"
            " open."
        ),
        required=False,
    )
    # What the page showed (`screening.basis`).
    seen = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        """Ask for a talk alone before couple work; what shuts the gate needs none."""
        said: dict[str, Any] = super().clean() or self.cleaned_data
        if said.get("cleared") == "yes" and not said["alone"]:
            self.add_error("alone", _("Clear them only after speaking with them alone."))
        return said


class HandOverForm(PlainForm):
    """Choose who takes over."""

    to = forms.ChoiceField(label=_("Who takes over?"))
    both = forms.BooleanField(label=_("Their partner, too"), required=False, initial=True)

    def __init__(
        self, *args: Any, therapists: list[Membership], partner: Client | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.therapists = therapists
        if partner is None:
            del self.fields["both"]
        else:
            self.fields["both"].label = _("Hand over %(name)s, too") % {"name": partner.name}
            self.fields["both"].help_text = format_lazy(
                "{} {}",
                _("Without this, nobody can open the two of them as a couple."),
                _("A session they share then goes from every page: each of you notes one."),
            )
        choice = self.fields["to"]
        if isinstance(choice, forms.ChoiceField):
            choice.choices = [("", _("Choose"))] + [
                (str(one.pk), one.user.get_full_name()) for one in therapists
            ]


class TextForm(PlainForm):
    """A few words."""

    text = WordsField(
        label=_("Your words"),
        rows=5,
        max_length=5000,
        error_messages={"required": _("Write a few words.")},
    )


class NoteForm(Meanwhile, TextForm):
    """A private note that is changed."""


RECORD_STATES = {"": _("All"), WAITS: _("Erasure asked for"), HELD: _("Kept from erasure")}


class RecordFilter(PlainForm):
    """Search the records, or those in one state."""

    q = forms.CharField(label=_("Name"), required=False, max_length=100)
    only = forms.ChoiceField(
        required=False, choices=[*RECORD_STATES.items()], widget=forms.HiddenInput
    )


class TrailFilter(AuditFilter):
    """Narrow the trail on its page: one box takes an id, or a client's name."""

    q = forms.CharField(label=_("Client or record id"), required=False, max_length=100)
    field_order = ["person", "action", "q", "since", "until"]

    def __init__(self, data: QueryDict, **kwargs: Any) -> None:
        if data.get("record") and not data.get("q"):  # a link of the page, which says an id openly
            data = data.copy()
            data["q"] = str(data["record"])
        super().__init__(data, **kwargs)
        del self.fields["record"]
        self.fields["client"].widget = forms.HiddenInput()

    def clean(self) -> dict[str, Any]:
        """Tell an id from a name: `record`, or `name`."""
        said: dict[str, Any] = super().clean()
        typed = said.pop("q", "")
        is_record = is_id(typed.lower())
        return said | {
            "record": typed.lower() if is_record else "",
            "name": "" if is_record else typed,
        }


class HoldForm(PlainForm):
    """What an admin wants of a record: held from erasure, or not."""

    held = forms.ChoiceField(choices=[("yes", "yes"), ("no", "no")], widget=forms.HiddenInput)


class JoinForm(PlainForm):
    """What an invited person says on their way in."""

    called = NameField(label=_("What would you like to be called?"), max_length=60)
    zone = ZoneField(label=_("Where are you? (time zone)"))
    password = forms.CharField(
        label=_("A password"),
        required=False,
        strip=False,
        validators=[SHORT_ENOUGH],
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        error_messages={"required": _("Write a password.")},
    )
    agree = forms.BooleanField(
        label=_("I have read what I agree to, and I agree."),
        error_messages={
            "required": _(
                "Tick “I have read what I agree to, and I agree” to go on. If you would rather not,"
                " talk with your therapist."
            )
        },
    )
    # The language the text above was shown in: consent is kept in these very words.
    language = forms.ChoiceField(choices=settings.LANGUAGES, widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, is_member: bool, has_account: bool, email: str, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.email = email
        self.fields["called"].widget.attrs["autocomplete"] = "name" if is_member else "nickname"
        if is_member:
            del self.fields["agree"]
            self.fields["called"].label = _("Your name")
        if has_account:
            del self.fields["password"]
        elif is_member:
            self.fields["password"].required = True
            self.fields["password"].help_text = _("At least 12 characters. A sentence is good.")
        else:
            self.fields["password"].help_text = _(
                "At least 12 characters; a sentence is good. Or leave it empty: each time you"
                " sign in, a code comes by e-mail."
            )

    def clean_password(self) -> str:
        """Hold a password to the rules, if there is one."""
        password: str = self.cleaned_data["password"]
        if password:
            name = self.cleaned_data.get("called", "")
            validate_password(password, User(email=self.email, name=name))
        return password


class WishesForm(Meanwhile, PlainForm):
    """A client's own choices."""

    is_own = True
    called = NameField(label=_("What to call you"), max_length=60)
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    zone = ZoneField(label=_("Time zone"))
    by_email = forms.BooleanField(label=_("Remind me by e-mail"), required=False)
    reminder_time = forms.TimeField(label=_("At what time?"), widget=TIME)
    quiet_from = forms.TimeField(label=_("Quiet hours from"), widget=TIME)
    quiet_until = forms.TimeField(label=_("Quiet hours until"), widget=TIME)
    kinds = forms.MultipleChoiceField(
        label=_("Which reminders?"),
        required=False,
        choices=lambda: [
            (kind, kind.said) for kind in ReminderKind if kind != ReminderKind.WAITING
        ],
        widget=forms.CheckboxSelectMultiple,
    )
    paused_until = forms.DateField(
        label=_("Pause until"),
        required=False,
        widget=DATE,
        help_text=_("On this day they begin again. Leave it empty for no pause."),
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean_paused_until(self) -> date | None:
        """Keep a pause to come, and within a year."""
        until: date | None = self.cleaned_data["paused_until"]
        if until and until > self.today + timedelta(days=366):
            raise forms.ValidationError(_("Choose a day within the next twelve months."))
        if until and until <= self.today:
            raise forms.ValidationError(_("Choose a day that is still to come."))
        return until

    def clean(self) -> dict[str, Any]:
        """Keep the reminder's hour out of the quiet ones: it would never come."""
        said: dict[str, Any] = super().clean() or self.cleaned_data
        keep_out_of_quiet_hours(self)
        return said
