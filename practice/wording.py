"""What an act is called on screen (codes are what is stored), how a form asks once more, who reads."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import get_timezone_location
from babel.lists import format_list
from django import forms
from django.utils.translation import get_language, gettext, pgettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from practice.letters import without_accents

ACTS = {
    "account.changed": _("Changed their own account"),
    "assignment.assigned": _("Assigned an exercise"),
    "assignment.withdrawn": _("Withdrew an exercise"),
    "audit.exported": _("Exported the audit"),
    "caseload.handed_over": _("Handed a client over"),
    "clearance.attested": _("Noted whether couple work is cleared"),
    "client.added": _("Added a client"),
    "client.changed": _("Changed a client’s details"),
    "client.discharged": _("Ended care"),
    "client.joined": _("Joined as a client"),
    "client.reactivated": _("Took care up again"),
    "consent.given": _("Gave consent"),
    "consent.withdrawn": _("Withdrew consent"),
    "couple.linked": _("Linked a couple"),
    "couple.unlinked": _("Unlinked a couple"),
    "erasure.cancelled": _("Took a request to erase back"),
    "erasure.requested": _("Asked for a record to be erased"),
    "homework.bring": _("Set homework aside for the session"),
    "homework.due_moved": _("Moved a date"),
    "homework.expire": _("Homework ended by itself, past its date"),
    "homework.open": _("Homework made available"),
    "homework.pick_up": _("Took homework up again"),
    "homework.return": _("Returned homework for deepening"),
    "homework.review": _("Reviewed homework"),
    "homework.skip": _("Set homework aside"),
    "homework.submit": _("Sent homework"),
    "homework.take_back": _("Took homework back"),
    "homework.withdraw": _("Homework was withdrawn"),
    "invitation.accepted": _("Accepted an invitation"),
    "invitation.resent": _("Sent an invitation again"),
    "invitation.revoked": _("Cancelled an invitation"),
    "invitation.sent": _("Sent an invitation"),
    "member.deactivated": _("Deactivated a member"),
    "member.reactivated": _("Reactivated a member"),
    "member.sessions_ended": _("Signed a member out everywhere"),
    "member.roles_set": _("Set a member’s roles"),
    "note.dropped": _("Threw a private note away"),
    "note.kept": _("Saved a private note"),
    "note.read": _("Read their own private notes"),
    "practice.created": _("Made the practice"),
    "practice.policies_set": _("Changed the practice’s settings"),
    "preference.set": _("Changed reminder choices"),
    "read.exported": _("Took a copy of a record"),
    "read.homework": _("Read homework"),
    "read.numbers": _("Looked at the charts"),
    "read.topics": _("Read what a client wants to talk about"),
    "record.erased": _("Erased a record"),
    "record.held": _("Kept a record from erasure"),
    "record.released": _("Allowed a record to be erased again"),
    "review.sent": _("Sent a review"),
    "review.undone": _("Took a review back"),
    "session.set": _("Noted the next session"),
    "token.made": _("Made a key for a program"),
    "token.revoked": _("Revoked a key for a program"),
    "topic.dropped": _("Removed a topic for the session"),
    "topic.raised": _("Kept a topic for the session"),
}

KINDS = {
    "assignment": _("Assignment"),
    "client": _("Client"),
    "homework": pgettext_lazy("one of them", "Homework"),
    "invitation": _("Invitation"),
    "member": _("Member"),
    "practice": _("Practice"),
    "token": _("Key for a program"),
    "user": _("Account"),
}

# Sentences of django-allauth's, marked here so that our own catalogue says them in our voice.
ALLAUTH = (
    _("Forgot your password?"),
    _("You have signed out."),
    _("The email address and/or password you specified are not correct."),
    _("Please type your current password."),
    _("You must type the same password each time."),
    _("Incorrect code."),
    _("Incorrect password."),
    _("This email address is already associated with this account."),
    _("A user is already registered with this email address."),
    _("The new value must be different from the current one."),
    _("Use your password"),
    _("Authenticator code"),
    _("Use authenticator app or code"),
    _("Use a security key"),
    _("You cannot generate recovery codes without having two-factor authentication enabled."),
    _("You cannot remove your primary email address."),
    _("Your primary email address must be verified."),
    _("You cannot activate two-factor authentication until you have verified your email address."),
    _("You cannot add an email address to an account protected by two-factor authentication."),
)


def language() -> str:
    """Return the language one is spoken to in, as its two letters."""
    return (get_language() or "en")[:2]


def act_text(action: str) -> str:
    """Return an act in words; the bare code when it has none yet."""
    return str(ACTS.get(action, gettext(action.replace(".", ": ").replace("_", " "))))


def acts() -> list[tuple[str, str]]:
    """Return every act in words, as a reader of the language looks for them: by their letters."""
    said = [(action, str(text)) for action, text in ACTS.items()]
    return sorted(said, key=lambda one: without_accents("NFKD", one[1]).casefold())


_ASK: list[tuple[type[forms.Field], dict[str, Any]]] = [
    (forms.MultipleChoiceField, {"required": _("Choose at least one.")}),
    (forms.ChoiceField, {"required": _("Choose one.")}),
    (forms.BooleanField, {"required": _("Tick this to go on.")}),
    (
        forms.EmailField,
        {
            "required": _("Write an e-mail address, like name@example.org."),
            "invalid": _("Write an e-mail address, like name@example.org."),
        },
    ),
    (
        forms.URLField,
        {
            "required": _("Write a whole address, like https://example.org/."),
            "invalid": _("Write a whole address, like https://example.org/."),
        },
    ),
    (
        forms.TimeField,
        {
            "required": _("Write a time, like 19:30."),
            "invalid": _("Write a time, like 19:30."),
        },
    ),
    (
        forms.DateTimeField,
        {"required": _("Choose a day and a time."), "invalid": _("Choose a day and a time.")},
    ),
    (
        forms.DateField,
        {"required": _("Choose a day."), "invalid": _("Choose a day, like 2027-03-04.")},
    ),
    (
        forms.IntegerField,
        {"required": _("Write a whole number."), "invalid": _("Write a whole number.")},
    ),
]
TOO_LONG = _("That is %(show_value)d characters, and %(limit_value)d fit. Shorten it a little.")
_ANYWHERE: dict[str, Any] = {
    "required": _("Write something here."),
    "invalid_choice": _("Choose one of those offered here."),
    "invalid_list": _("Choose among those offered here."),
    "max_length": TOO_LONG,
    "min_value": _("Write %(limit_value)s or more."),
    "max_value": _("Write %(limit_value)s or less."),
    "null_characters_not_allowed": _("There is a hidden sign in it. Write it once more."),
}


# From two on; where it is one, the sentence is another.
_NUMBERS = (
    *(_("two"), _("three"), _("four"), _("five"), _("six")),
    *(_("seven"), _("eight"), _("nine"), _("ten")),
)


def in_words(count: int) -> str:
    """Say a number in words, up to ten."""
    return str(_NUMBERS[count - 2]) if 2 <= count < 2 + len(_NUMBERS) else str(count)


def is_general(text: str) -> bool:
    """Say whether a refusal is the same for many fields, and so needs a field's name beside it."""
    # That of an address names what it asks for, and no form asks for two.
    known = (_ANYWHERE, *(words for kind, words in _ASK if kind is not forms.EmailField))
    return text in {str(said) for words in known for said in words.values()}


def refusals(field: forms.Field) -> dict[str, Any]:
    """Return what a field says instead of Django's own words, by error code."""
    own = next((words for kind, words in _ASK if isinstance(field, kind)), {})
    return {**_ANYWHERE, **own}


# How a name begins before which Spanish says "e" for "y": Inés, Hilda, Yvonne; not Hierro, Yolanda.
_SOUNDS_LIKE_I = re.compile(r"(h?[ií](?!e)|y(?![aeiouáéíóú]))", re.IGNORECASE)


def both(one: str, other: str) -> str:
    """Name two people who belong together."""
    said = {"one": one, "other": other}
    if _SOUNDS_LIKE_I.match(other):
        return pgettext("before a name that sounds like i", "%(one)s & %(other)s") % said
    return gettext("%(one)s & %(other)s") % said


def readers(names: Sequence[str], *, is_supervised: bool = False) -> str:
    """Say who can read what a client writes: before a word is typed, so it has to be exact."""
    known = list(names) or [gettext("your therapist")]
    above = gettext("their supervisor")
    if len(known) == 1:
        above = gettext("%(therapist)s’s supervisor") % {"therapist": known[0]}
    *others, last = [*known, above] if is_supervised else known
    said = {"therapist": last, "others": ", ".join(others), "last": last}
    if _SOUNDS_LIKE_I.match(last):
        text = pgettext("before a name that sounds like i", "Only you, %(others)s and %(last)s")
        if not others:
            text = pgettext("before a name that sounds like i", "Only you and %(therapist)s")
        return text % said
    if not others:
        return gettext("Only you and %(therapist)s") % said
    return gettext("Only you, %(others)s and %(last)s") % said


def listed(texts: Sequence[str]) -> str:
    """Return these one after the other, as one says them: "a, b and c"."""
    # British: without the comma before "and" that CLDR's plain English has.
    locale = {"en": "en_GB"}.get(language(), language())
    return format_list(list(texts), locale=locale)


# Where a zone's city lies, by the first part of its name.
_AREAS = {
    "Africa": _("Africa"),
    "America": _("America"),
    "Antarctica": _("Antarctica"),
    "Arctic": _("Arctic"),
    "Asia": _("Asia"),
    "Atlantic": _("Atlantic"),
    "Australia": _("Australia"),
    "Europe": _("Europe"),
    "Indian": _("Indian Ocean"),
    "Pacific": _("Pacific"),
}


def place_of(zone: str) -> str:
    """Name an IANA zone by its city, which one looks for by its first letters: "Lisbon (Europe)"."""
    area = _AREAS.get(zone.partition("/")[0])
    return f"{_city(zone, language())} ({area})" if area else zone


def clock_of(zone: str) -> str:
    """Name whose clock an IANA zone is, by its city as CLDR spells it: "Lisbon time"."""
    return gettext("%(city)s time") % {"city": _city(zone, language())}


# All there are, in each language: a list of them is drawn at once.
@lru_cache(maxsize=1024)
def _city(zone: str, language: str) -> str:
    return str(get_timezone_location(ZoneInfo(zone), locale=language, return_city=True))
