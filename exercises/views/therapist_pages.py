"""What the therapist's pages stand on: who may come in, how people and answers are shown."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from clients.models import Client, ContactPreference, Couple
from clients.queries import care
from exercises import definition as definitions
from exercises.actions.reviewing import UNDO
from exercises.definition import Item, ItemKind
from exercises.models import AnswerOutcome, Flag, FlagKind, Homework
from exercises.permissions import can_go_back
from exercises.queries import review as asking
from exercises.views.wording import day, lately
from exercises.visibility import OpenedAnswer
from practice.actors import Actor, ActorRequest
from practice.doors.pages import open_to
from practice.permissions import may_care, may_read_caseloads

# Therapists and supervisors; those who care for clients themselves.
for_carers = open_to(may_read_caseloads)
for_therapists = open_to(may_care)


def reads_along(actor: Actor, *, cares: bool) -> bool:
    """Say whether somebody reads this as a supervisor, and can neither answer nor assign."""
    return bool(actor.supervises) and not cares


def flag_text(flag: Flag) -> str:
    """Say what it was that wanted a human."""
    if flag.kind == FlagKind.SAFETY:
        return _("Said they do not feel safe")
    return _("Came to a place that asks for a talk with you")


def waiting_flag_text(flag: Flag, zone: str, at: datetime) -> str:
    """Say of an answer that asked for a human and still does, before something is decided."""
    return _("On %(day)s: %(what)s. Nobody has said yet that they see to it.") % {
        "day": day(flag.raised_at, zone, at),
        "what": flag_text(flag),
    }


def seen_to_text(flag: Flag, zone: str) -> str:
    """Say who took on an answer that asked for a human, if anybody did: that it is done, nobody said."""
    if flag.handled_by is None or flag.handled_at is None:
        return ""
    return _("Taken on by %(name)s on %(day)s.") % {
        "name": flag.handled_by.user.get_full_name(),
        "day": day(flag.handled_at, zone),
    }


def flag_card(flag: Flag, text: str) -> dict[str, Any]:
    """Return a flag that nobody sees to yet as exercises/therapist/flags.html takes it."""
    return {"text": text, "homework": flag.homework_id, "pk": flag.pk}


def taken_on(request: ActorRequest, at: datetime) -> dict[str, Any] | None:
    """Return the flag that one took on a moment ago, while it can be put back."""
    try:
        pk = UUID(request.GET.get("handled", ""))
    except ValueError:
        return None
    until = asking.taken_on_until(request.actor, pk, UNDO)
    if until is None or until <= at:
        return None
    return {"pk": pk, "seconds": int((until - at).total_seconds())}


def consent_text(client: Client, withdrawn_at: datetime | None, zone: str) -> str:
    """Say when a client has withdrawn their consent; it matters to whoever writes to them next."""
    if withdrawn_at is None:
        return ""
    said = {"name": client.name_to_call, "day": day(withdrawn_at, zone)}
    return _("%(name)s withdrew their consent on %(day)s.") % said


def ended_text(client: Client, zone: str) -> str:
    """Say who will not see a reply, before it is written."""
    if client.discharged_at is None:
        return ""
    said = {"name": client.name_to_call, "day": day(client.discharged_at, zone)}
    text = _(
        "Care ended on %(day)s. Your reply is kept in the record; %(name)s sees it only if you take"
        " their care up again."
    )
    return text % said


def given_text(client: Any, zone: str) -> str:
    """Say that somebody was handed over lately, and by whom: no message does."""
    if client.given_at is None:
        return ""
    said = {"name": client.given_by, "day": day(client.given_at, zone)}
    if client.given_by:
        return _("New in your care, from %(name)s, on %(day)s.") % said
    return _("New in your care, on %(day)s.") % said


def sent_text(homework: Homework) -> str:
    """Say where a reply went: to the client, or, once care has ended, into the record alone."""
    if can_go_back(homework):
        text = _("Sent to %(name)s.")
    else:
        text = _("Kept in the record. %(name)s does not see it: their care has ended.")
    return text % {"name": homework.client.name_to_call}


def face(client: Client, couple: Couple | None) -> dict[str, str]:
    """Return one person's mark: their letter, and whether they are one of a couple."""
    return mark(client, part_of(client, couple))


def mark(client: Client, part: str) -> dict[str, str]:
    """Return the mark of somebody whose part in their couple is known (see `part_of`)."""
    return {"letter": client.name_to_call[:1], "part": part}


def faces(couple: Couple) -> list[dict[str, str]]:
    """Return the marks of two in the order they joined."""
    return [face(couple.first, couple), face(couple.second, couple)]


def part_of(client: Client, couple: Couple | None) -> str:
    """Return the partner's shape: clay circle, tide square, or neither."""
    if couple is None:
        return ""
    return "a" if couple.first_id == client.pk else "b"


def answer(
    item: Item, words: OpenedAnswer | None, language: str, *, is_coupled: bool = False
) -> dict[str, Any]:
    """Return an answer as components/answer_value.html takes it.

    Of whoever comes with a partner, what that one can never be shown is not for their hour.
    """
    if words is None or words.outcome == AnswerOutcome.SKIPPED:
        return {"skipped": True}
    if words.outcome == AnswerOutcome.IN_SESSION:
        return {"said_in_session": True, "alone": is_coupled and not item.is_releasable}
    if item.kind is ItemKind.SCALE and isinstance(words.value, int):
        step = item.words[words.value].get(language) if item.words else ""
        return {"value": words.value, "word": step}
    if item.kind is ItemKind.EMOTIONS and isinstance(words.value, dict):
        return {
            "feelings": [
                {
                    "text": definitions.WORDS[key].text.get(language),
                    "shape": definitions.WORDS[key].shape,
                    "strength": strength,
                }
                for key, strength in words.value.items()
            ]
        }
    lines = [line for line in definitions.describe(item, words.value, language) if line.strip()]
    return {"lines": lines} if len(lines) > 1 else {"text": lines[0] if lines else ""}


def page_of(client: Client, couple: Couple | None) -> str:
    """Return the address of the couple's page, or of the client's."""
    if couple is not None:
        return reverse("couple_page", args=[couple.pk])
    return reverse("client_page", args=[client.pk])


def session_page(client: Client, couple: Couple | None, *, back: str = "") -> str:
    """Return where it is noted when they come next, and with which query it leads `back`."""
    if couple is not None:
        return reverse("couple_session", args=[couple.pk]) + back
    return f"{reverse('client_edit', args=[client.pk])}{back}#id_next_session_at"


def waited(submitted_at: datetime | None, at: datetime, zone: str) -> str:
    """Say since when a round waits."""
    return lately(submitted_at, at, zone) if submitted_at else ""


def undo_offers(actor: Actor, at: datetime) -> list[dict[str, Any]]:
    """Return what was sent a moment ago and can be taken back, whatever page one is on now."""
    return [
        {
            "pk": review.pk,
            "text": sent_text(review.response.homework),
            "seconds": max(0, int((review.settles_at - at).total_seconds()))
            if review.settles_at
            else 0,
        }
        for review in asking.unsettled(actor, at)
    ]


def reminded(actor: Actor, people: Sequence[Client], at: datetime) -> str:
    """Say what each of these people chose of mails, where one chooses whether they are reminded."""
    wishes = care.preferences(actor, people)
    said = [_mails(one, wishes.get(one.pk), at, actor.zone) for one in people]
    return _("By their own settings: %(each)s.") % {"each": ", ".join(said)}


def _mails(client: Client, wish: ContactPreference | None, at: datetime, zone: str) -> str:
    said = {"name": client.name_to_call}
    if wish is None:
        return _("%(name)s once they have joined") % said
    if wish.suppressed_at or not wish.by_email:
        return _("%(name)s none") % said
    if wish.paused_until and wish.paused_until > at:
        return _("%(name)s none until %(day)s") % (said | {"day": day(wish.paused_until, zone)})
    return _("%(name)s by e-mail at %(time)s") % (said | {"time": f"{wish.reminder_time:%H:%M}"})
