"""The practice itself: how it begins, its policies, and its trail."""

from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.http.request import validate_host
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from practice import emails, letters, wording
from practice.forms.fields import (
    DATE,
    TIME,
    NameField,
    PlainForm,
    WebField,
    WordsField,
    ZoneField,
    keep_out_of_quiet_hours,
    speak_plainly,
)
from practice.forms.meanwhile import Meanwhile
from practice.letters import host_of
from practice.models import MOST_MONTHS, Membership, Practice

# A member's session ends after twelve hours anyway.
MOST_IDLE = 12 * 60
# Of two minutes one is left when the page tells of the lock: time to read that, and to press "Stay".
LEAST_IDLE = 2


def _name_of_a_sender(name: str) -> None:
    if not emails.can_be_a_sender(name):
        raise forms.ValidationError(_("E-mails cannot carry this name. Write it in plain letters."))


class NewPracticeForm(PlainForm):
    """What `manage.py createpractice` is told; its options have the fields' names."""

    name = NameField(max_length=120)
    admin_email = forms.EmailField(max_length=254)
    admin_name = NameField(max_length=120)
    zone = ZoneField(error_messages={"invalid_choice": "Write a time zone, like Europe/Lisbon."})
    language = forms.ChoiceField(
        choices=settings.LANGUAGES,
        error_messages={"invalid_choice": f"Write one of {', '.join(dict(settings.LANGUAGES))}."},
    )


# One text for each language somebody may read it in.
CRISIS = {f"crisis_{code}": code for code, _name in settings.LANGUAGES}
PARTS = (
    (_("Practice"), ("name", "discreet_name", "zone", "language")),
    (_("Reminders"), ("reminder_time", "quiet_from", "quiet_until")),
    (
        _("Safety and records"),
        (
            *CRISIS,
            *("leave_url", "second_factor_required", "idle_minutes", "retention_months"),
        ),
    ),
)


class PracticeForm(Meanwhile, forms.ModelForm):  # type: ignore[type-arg]  # Django has none when it runs
    """The practice's policies."""

    name = NameField(label=_("Name of the practice"), max_length=120)
    discreet_name = NameField(
        label=_("Discreet name"),
        help_text=_("E-mails carry this name. Choose one that gives nothing away."),
        max_length=60,
        validators=[_name_of_a_sender],
    )
    zone = ZoneField(label=_("Time zone"))
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    leave_url = WebField(
        label=_("Where “Leave” leads"),
        help_text=_("A page that could be anybody’s, like the weather."),
        max_length=200,
        assume_scheme="https",
    )

    idle_minutes = forms.IntegerField(
        label=_("Lock a member’s screen after"),
        help_text=_("Minutes with nothing done, 2 to 720. 0 switches it off."),
        min_value=0,
        max_value=MOST_IDLE,
    )
    retention_months = forms.IntegerField(
        label=_("After care ends, keep records for"),
        help_text=_(
            "In months, 1 to 1200; then they are erased. Leave it empty to keep them until somebody asks."
        ),
        required=False,
        min_value=1,
        max_value=MOST_MONTHS,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = dict(settings.LANGUAGES)
        for name, code in CRISIS.items():
            self.fields[name] = WordsField(
                label=_("What clients read under “get help now” (%(language)s)")
                % {"language": names[code]},
                help_text=_(
                    "Whom to call, and when somebody answers. Empty in every language, clients read"
                    " one general sentence: call the emergency number of your country."
                ),
                required=False,
                max_length=2000,
                rows=5,
                attrs={"lang": code},
                initial=self.instance.crisis_texts.get(code, ""),
            )
        speak_plainly(self.fields)

    def clean_idle_minutes(self) -> int:
        """Refuse a lock that leaves no time to be told of it."""
        minutes: int = self.cleaned_data["idle_minutes"]
        if 0 < minutes < LEAST_IDLE:
            raise forms.ValidationError(
                _("Let the screen lock after 2 minutes at least, or write 0 to switch it off.")
            )
        return minutes

    def clean_leave_url(self) -> str:
        """Refuse our own house: whoever leaves would still stand in it."""
        url: str = self.cleaned_data["leave_url"]
        own = {urlsplit(settings.BASE_URL).hostname or "", *settings.ALLOWED_HOSTS} - {"*"}
        if validate_host(host_of(url), own):
            raise forms.ValidationError(
                _("That is Homeward itself. Choose a page elsewhere, like the weather.")
            )
        return url

    def clean(self) -> dict[str, Any]:
        """Gather the texts for danger under their languages."""
        said: dict[str, Any] = super().clean() or self.cleaned_data
        keep_out_of_quiet_hours(self)
        texts = {code: said[name] for name, code in CRISIS.items() if said.get(name)}
        kept = self.instance.crisis_texts
        # Some were kept with a browser's line ends: these alone are nothing that anybody changed.
        same = texts == {code: letters.in_lines(text) for code, text in kept.items()}
        said["crisis_texts"] = kept if same else texts
        return said

    def parts(self) -> list[tuple[Any, list[forms.BoundField]]]:
        """Return the fields by what they are about."""
        return [(title, [self[name] for name in names]) for title, names in PARTS]

    class Meta:
        model = Practice
        fields = tuple(name for _title, names in PARTS for name in names if name not in CRISIS)
        labels = {
            "reminder_time": _("Reminders go at"),
            "quiet_from": _("Quiet hours from"),
            "quiet_until": _("Quiet hours until"),
            "second_factor_required": _("Everyone who works here needs a second step"),
        }
        help_texts = {
            "reminder_time": _("New clients begin with these times, and choose their own."),
            "quiet_from": _("By the client’s own clock."),
            "quiet_until": _("This can be the next morning."),
            "second_factor_required": _(
                "Whoever has none is asked to set one up before they can go on."
            ),
        }
        widgets = {
            "reminder_time": TIME,
            "quiet_from": TIME,
            "quiet_until": TIME,
        }


def setting_names(fields: str) -> list[str]:
    """Return what the settings form calls these fields of a practice; they are parted by commas."""
    called = {name: field.label for name, field in PracticeForm.base_fields.items()}
    called["crisis_texts"] = _("What clients read under “get help now”")
    return [str(called[name]) for name in fields.split(",") if name in called]


class AuditFilter(PlainForm):
    """Narrow the trail."""

    person = forms.TypedChoiceField(label=_("Who"), required=False, coerce=int, empty_value=None)
    action = forms.ChoiceField(label=_("What"), required=False)
    record = forms.CharField(label=_("Record id"), required=False, max_length=40)
    client = forms.UUIDField(required=False)
    since = forms.DateField(label=_("From"), required=False, widget=DATE)
    until = forms.DateField(label=_("To"), required=False, widget=DATE)

    def __init__(self, *args: Any, people: list[Membership], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        person, action = self.fields["person"], self.fields["action"]
        if isinstance(person, forms.ChoiceField) and isinstance(action, forms.ChoiceField):
            person.choices = [("", pgettext_lazy("audit", "Everyone"))] + [
                (str(one.user_id), one.user.get_full_name()) for one in people
            ]
            action.choices = [("", _("Everything")), *wording.acts()]

    def clean(self) -> dict[str, Any]:
        """Say when no day can lie between the two."""
        said: dict[str, Any] = super().clean() or self.cleaned_data
        since, until = said.get("since"), said.get("until")
        if since and until and since > until:
            self.add_error("until", _("The first day has to come before the last."))
        return said
