"""Give a homework another day, or let it run until a session; of a couple, for both or for one."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from clients.models import Client, to_come
from clients.queries import care
from exercises import schedule
from exercises.actions import rescheduling
from exercises.actions.rescheduling import Ends
from exercises.forms.days import BOTH, DAY, ONE, DaysForm
from exercises.models import Homework
from exercises.queries import homework as homeworks
from exercises.queries import running
from exercises.views import wording
from exercises.views.client_pages import title_of
from exercises.views.target import called
from exercises.views.therapist_pages import for_therapists
from exercises.workflow import Status
from practice.actors import Actor, ActorRequest
from practice.doors.pages import form_page, posted, refusals_on
from practice.errors import BadInput, NotPossible
from practice.wording import clock_of


@for_therapists
@require_http_methods(["GET", "POST"])
def homework_due(request: ActorRequest, pk: UUID) -> HttpResponse:
    """Give other days; what was not changed on the page stays as it is by now."""
    actor, at = request.actor, now()
    found = homeworks.homework(actor, pk)
    client = care.client_to_care_for(actor, found.client_id)
    if client.discharged_at:
        raise NotPossible(_("Their care has ended. Take it up again first."))
    hours = {} if found.assignment.rrule else _hours(actor, client, found, at)
    other = running.beside(actor, found)
    form = DaysForm(
        posted(request),
        is_open=found.status != Status.SCHEDULED,
        is_endless=found.due_at is None,
        hours=hours,
        whose=_whose(found, other),
        partner=_("%(name)s’s day") % {"name": other.client.name_to_call} if other else "",
        initial={
            **_days(found),
            # A choice of this page's, which stands nowhere.
            "whose": request.POST.get("whose") or (BOTH if _are_alike(found, other) else ONE),
            "until": str(found.session_of) if found.session_of in hours else DAY,
            "beside": wording.ends(other, actor.zone) if other and other.due_at else "–",
        },
    )
    if request.method == "POST" and form.is_valid():
        changes = form.changes()
        both = other if form.for_both else None
        if both and not _are_alike(found, both):
            changes = _as_it_stands(found) | changes
        with refusals_on(form):
            _keep_to_whose_session(changes, found, both)
            if changes:
                rescheduling.reschedule(by=actor, at=at, homework=found, beside=both, **changes)
            messages.success(request, _said(found, other, changes, is_both=form.for_both))
            return redirect("homework_page", found.pk)
    return form_page(
        request,
        form,
        title=_("Another day"),
        button=_("Save"),
        text=_text(found, other, actor, hours),
        back=reverse("homework_page", args=[found.pk]),
        back_to=title_of(found),
    )


def _days(row: Homework) -> dict[str, date | None]:
    zone = row.client.zone
    return {
        "opens": schedule.local_time(row.opens_at, zone).date(),
        "due": schedule.local_time(row.due_at, zone).date() if row.due_at else None,
    }


def _are_alike(found: Homework, other: Homework | None) -> bool:
    """Say whether two who are seen together have the same days."""
    couple = found.assignment.couple
    if other is None or couple is None or couple.ended_at:
        return False
    return _days(found) == _days(other) and found.session_of == other.session_of


def _as_it_stands(row: Homework) -> dict[str, Any]:
    """Return the end of one, untouched on the page, for the other to have as well."""
    if row.due_at is None or row.due_local is None:
        return {}
    if row.session_of:
        return {"ends": Ends(session_at=row.due_at, session_of=row.session_of)}
    return {"ends": Ends(local=row.due_local)}


def _whose(found: Homework, other: Homework | None) -> list[tuple[str, str]]:
    if other is None:
        return []
    names = called([found.client, other.client])
    only = _("Only %(name)s’s") % {"name": found.client.name_to_call}
    return [(BOTH, _("Both: %(names)s") % {"names": names}), (ONE, only)]


def _hours(
    actor: Actor, client: Client, homework: Homework, at: datetime
) -> dict[UUID, tuple[str, datetime]]:
    """Return the sessions to come until which it can run, a client's own and the one they share: those
    after it opens, and the one it runs until by now."""
    couple = care.couple_coming_with(actor, client)
    own = to_come(client.next_session_at, at)
    shared = to_come(couple.next_session_at, at) if couple else None
    found, plain = dict[UUID, tuple[str, datetime]](), _("The next session: %(when)s")
    if own:
        text = _("The next session, alone: %(when)s") if couple else plain
        found[client.pk] = text % {"when": wording.plain_when(own, actor.zone)}, own
    if shared:
        when = {"when": wording.plain_when(shared, actor.zone)}
        partner = couple.partner_of(client)
        with_both = {"name": partner.name_to_call} | when
        text = _("The next session, with %(name)s: %(when)s") % with_both
        found[couple.pk] = plain % when if partner.discharged_at else text, shared
    stands = homework.session_of
    return {of: one for of, one in found.items() if of == stands or one[1] > homework.opens_at}


def _keep_to_whose_session(changes: dict[str, Any], found: Homework, both: Homework | None) -> None:
    """Give two nothing until the session of one, or of one with somebody else. Raises BadInput."""
    ends = changes.get("ends")
    if both and ends and ends.session_of not in {None, found.assignment.couple_id}:
        text = _("That session is %(name)s’s alone. Choose the one they share, or a day.")
        raise BadInput({"until": [text % {"name": found.client.name_to_call}]})


def _text(found: Homework, other: Homework | None, actor: Actor, hours: Any) -> str:
    """Say by whose clock these days are, whose of two they are, and what they move with."""
    is_open = found.status != Status.SCHEDULED
    name = found.client.name_to_call
    if other and is_open:
        text = _("The evening of that day, for each by their own clock.")
    elif other:
        text = _("The morning and the evening of these days, for each by their own clock.")
    elif is_open:
        text = _("The evening of that day where %(name)s lives: %(zone)s.")
    else:
        text = _("The morning and the evening of these days where %(name)s lives: %(zone)s.")
    parts = [text % {"name": name, "zone": clock_of(found.client.zone)}]
    if found.assignment.couple_id and other is None:
        parts.append(_("Only %(name)s’s changes; the partner’s stays as it is.") % {"name": name})
    elif other and not _are_alike(found, other) and other.due_at:
        said = {"name": other.client.name_to_call, "due": wording.ends(other, actor.zone)}
        parts.append(_("%(name)s has it until %(due)s.") % said)
    if found.session_of in hours:
        parts.append(_("It moves with the session so far; a day you choose here stays."))
    elif found.session_of:
        parts.append(_("It moves with the next session you note; a day you choose here stays."))
    return " ".join(parts)


def _said(
    found: Homework, other: Homework | None, changes: dict[str, Any], *, is_both: bool
) -> str:
    """Say what was done, and of two for whom."""
    if not changes:
        return _("Nothing was changed.")
    if is_both:
        return _("Saved for both. Reminders follow.")
    if other:
        return _("Saved for %(name)s alone. Reminders follow.") % {
            "name": found.client.name_to_call
        }
    return _("Saved. Reminders follow.")
