"""Note whether couple work is cleared for somebody, knowing what they answered."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from clients.actions import clearances
from clients.forms import ClearanceForm
from clients.models import Clearance, Standing
from clients.queries import care, screening
from exercises.models import Flag
from exercises.queries import review as reviews
from exercises.queries.running import still_running
from exercises.views import wording
from exercises.views.lines import still_runs
from exercises.views.therapist_pages import flag_text, seen_to_text, waiting_flag_text
from practice.actors import Actor, ActorRequest
from practice.doors.pages import posted, refusals_on


@require_http_methods(["GET", "POST"])
def client_clearance(request: ActorRequest, pk: UUID) -> HttpResponse:
    """Note whether couple work is cleared for this client.

    The form goes back with the mark of what its page showed: what was answered meanwhile is shown
    before it counts.
    """
    actor, at = request.actor, now()
    client = care.client_to_care_for(actor, pk)
    form = ClearanceForm(posted(request))
    seen = ""
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data | {"cleared": form.cleaned_data["cleared"] == "yes"}
        del said["alone"]
        with refusals_on(form):
            clearances.attest(by=actor, at=at, client=client, **said)
        if not form.errors:
            messages.success(request, _noted(cleared=said["cleared"]))
            # What still runs then stands on this page, with the ways to end it.
            return redirect("client_page" if said["cleared"] else "client_clearance", client.pk)
    elif form.is_bound:  # it goes on from the page it was on
        seen = form["seen"].value() or ""
    # Before what is shown: what comes in between is refused once more.
    seen = seen or screening.basis(actor, client)
    history = care.clearances(actor, client)
    flags = reviews.flags_of(actor, client)
    # Where nobody noted anything, nothing for two was ever given.
    is_shut = bool(history) and history[0].standing(at) is not Standing.CLEARED
    return render(
        request,
        "exercises/therapist/clearance.html",
        {
            "client": client,
            "form": form,
            "seen": seen,
            "running": still_runs(still_running(actor, client.pk), at, actor.zone)
            if is_shut
            else [],
            "answers": _answers(actor, flags, history, at),
            "asks": any(flag.handled_at is None for flag in flags),
            "history": [(one, one.standing(at)) for one in history],
        },
        status=422 if form.is_bound else 200,
    )


def _noted(*, cleared: bool) -> str:
    if cleared:
        return _("Noted. It is asked again after 90 days.")
    return _("Noted: not cleared. Nothing for two opens until you note otherwise.")


def _answers(
    actor: Actor, flags: Sequence[Flag], history: Sequence[Clearance], at: datetime
) -> list[tuple[str, UUID]]:
    """Say which answers asked for a human and wait, or came after what was noted last."""
    last = history[0].attested_at if history else None
    said = []
    for flag in flags:
        if flag.handled_at is None:
            said.append((waiting_flag_text(flag, actor.zone, at), flag.homework_id))
        elif last is None or flag.raised_at > last:
            when = wording.sentence(wording.day(flag.raised_at, actor.zone, at))
            text = f"{when}: {flag_text(flag)}. {seen_to_text(flag, actor.zone)}"
            said.append((text, flag.homework_id))
    return said
