"""Take back what was assigned, after saying what that means."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from clients.models import Client
from clients.permissions import among_cared_for
from exercises import schedule
from exercises.actions import assigning
from exercises.actions.assigning import Part
from exercises.forms.assign import WithdrawForm
from exercises.models import Assignment, Homework
from exercises.queries import given as assignments
from exercises.queries.homework import homework as homework_of
from exercises.views import wording
from exercises.views.assigned import all_of, back_of
from exercises.views.target import Target, called
from exercises.views.therapist_pages import for_therapists
from practice.actors import ActorRequest
from practice.doors.pages import posted
from practice.errors import NotPossible
from practice.wording import language

BOTH = "both"


@for_therapists
@require_http_methods(["GET", "POST"])
def assignment_withdraw(request: ActorRequest, pk: UUID) -> HttpResponse:
    """Take an assignment back, after saying what that means: of a series, this one, later ones or all.

    Once it is asked for from one homework (`?homework=`), that is what "this one" means.
    """
    found = assignments.assignment(request.actor, pk)
    # Of two who were parted since, one's own: from the other it is not taken.
    target = Target(found.client, found.couple, among_cared_for(request.actor, all_of(found)))
    here = _named(request, found)
    series = assignments.to_withdraw(request.actor, found) if found.rrule else {}
    parts = _parts(series, here) if here else []
    if here and found.rrule and not parts:
        raise NotPossible(_("This has already moved on. Open it again to see where it is."))
    # Of two, from whom anything can still be taken, and who has sent any.
    left = assignments.withdrawable_from(request.actor, found)
    holders = [one for one in target.people if one.pk in left]
    senders = assignments.senders(request.actor, found)
    whose = _whose(here, holders)
    form = None
    if parts or whose:
        # Who are seen together no more are asked about one by one.
        is_parted = found.couple is not None and found.couple.ended_at is not None
        first = whose[-1][0] if whose and is_parted else BOTH
        form = WithdrawForm(
            posted(request), parts=parts, whose=whose, initial={"part": Part.ONE, "whose": first}
        )
    if request.method == "POST" and (form is None or form.is_valid()):
        said = form.cleaned_data if form else {}
        assigning.withdraw(
            by=request.actor,
            at=now(),
            assignment=found,
            part=Part(said.get("part", Part.ALL)),
            slot=here.slot if here else 0,
            client=here.client if here and said.get("whose", BOTH) != BOTH else None,
        )
        messages.success(
            request, _("Withdrawn. Anything they wrote stays in the copy of their record.")
        )
        return redirect(back_of(found))
    return render(
        request,
        "exercises/therapist/withdraw.html",
        {
            "title": found.version.definition.title.get(language()),
            "form": form,
            "whole": _whole(series) if series and not parts else "",
            "who": called(holders),
            "is_one": len(holders) == 1,
            "is_asked_whose": bool(whose),
            "sent_by": [one.name_to_call for one in target.people if one.pk in senders],
            "back": reverse("homework_page", args=[here.pk]) if here else back_of(found),
        },
        status=422 if form and form.is_bound else 200,
    )


def _whose(here: Homework | None, holders: Sequence[Client]) -> list[tuple[str, str]]:
    """Return from whom of two it can be withdrawn, seen from one's homework, where both have it."""
    if here is None or len(holders) < 2:
        return []
    names = called(holders)
    only = _("Only %(name)s’s") % {
        "name": called([one for one in holders if one.pk == here.client_id])
    }
    return [(BOTH, _("Both: %(names)s") % {"names": names}), (str(here.client_id), only)]


def _named(request: ActorRequest, found: Assignment) -> Homework | None:
    """Return the homework of this assignment from which somebody came. Raises Http404."""
    named = request.GET.get("homework")
    if not named:
        return None
    try:
        homework = homework_of(request.actor, UUID(named))
    except ValueError as error:
        raise Http404 from error
    if homework.assignment_id != found.pk:
        raise Http404
    return homework


def _parts(series: dict[int, Any], here: Homework) -> list[tuple[str, str]]:
    """Return what can be taken back of a series, seen from one of its times."""
    if here.slot not in series:
        return []
    parts = [(Part.ONE.value, _("Only this one, %(day)s") % {"day": _opens(here)})]
    later = {slot: row for slot, row in series.items() if slot > here.slot}
    number, last = _ahead(series, later)
    is_first = here.slot == min(series)
    if number is None and not is_first:
        parts.append((Part.LATER.value, _("This one and all that come after it. No more follow.")))
    elif number and not is_first:
        text = ngettext(
            "This one and the one after it, %(last)s. No more follow.",
            "This one and the %(n)d after it, until %(last)s. No more follow.",
            number,
        )
        parts.append((Part.LATER.value, text % {"n": number, "last": last}))
    return [*parts, (Part.ALL.value, _whole(series))]


def _whole(series: dict[int, Any]) -> str:
    """Say how many times a series has that can be taken back, and which."""
    number, last = _ahead(series, series)
    said = {"n": number, "first": _opens(series[min(series)]), "last": last}
    if number is None:
        return _("All of this series from %(first)s on. No more follow.") % said
    return (
        ngettext(
            "The one that is left of this series, %(first)s. No more follow.",
            "All %(n)d of this series, %(first)s to %(last)s. No more follow.",
            number,
        )
        % said
    )


def _ahead(series: dict[int, Any], planned: dict[int, Any]) -> tuple[int | None, str]:
    """Return how many these are with those still to be planned, and the day of the last; None where
    no end is in sight."""
    rows = list(series.values())
    # Where it has ended for one of two, the other's goes on.
    one = next((row for row in rows if row.assignment.goes_on_for(row.client_id)), rows[0])
    unplanned = one.assignment.still_to_plan(one.client_id, one.last_slot, one.client.zone)
    if unplanned is None:
        return None, ""
    if unplanned:
        return len(planned) + len(unplanned), wording.day_named(unplanned[-1].local)
    return len(planned), _opens(planned[max(planned)]) if planned else ""


def _opens(row: Homework) -> str:
    return wording.day_named(schedule.local_time(row.opens_at, row.client.zone))
