"""What the pages about people in care stand on."""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime, now
from django.utils.translation import gettext as _

from clients.actions import erasing
from clients.doors import unseen_answers
from clients.forms import HandOverForm
from clients.models import Client
from clients.queries import records
from clients.queries.hours import is_noted_twice
from practice.actors import ActorRequest
from practice.doors.pages import Point, form_page
from practice.permissions import may_administer
from practice.queries import people
from practice.wording import listed


def back_from_session(request: ActorRequest, page: str, name: str, **whom: str) -> tuple[str, str]:
    """Return where it goes on once a session is noted, and what that is called: this page, or the form
    for assigning that led here (`assign`, which names the exercise chosen there)."""
    exercise = request.GET.get("assign")
    if exercise is None:
        return page, name
    chosen = {"exercise": exercise} if exercise else {}
    return f"{reverse('assign')}?{urlencode(whom | chosen)}", _("Assign")


def say_what_follows(
    request: ActorRequest,
    *,
    whose: Sequence[Client],
    followed: bool,
    before: datetime | None,
    after: datetime | None,
) -> None:
    """Say what became of homework given until a session whose hour was changed (`caring`), and that
    somebody else has this hour: not who, for whose session it is may be looking on."""
    if after and after != before and is_noted_twice(request.actor, after, whose):
        messages.info(request, _("You have noted somebody else for the same hour, too."))
    if followed and after:
        messages.info(request, _("What was given until that session now runs until the new hour."))
    elif followed and before:
        said = {"when": date_format(localtime(before), _("D j M, H:i"))}
        text = _(
            "What was given until that session still ends at its hour, %(when)s. It moves with the"
            " next session you note."
        )
        messages.info(request, text % said)


def hand_over_page(
    request: ActorRequest,
    form: HandOverForm,
    client: Client,
    *,
    back: str,
    back_to: str,
    points: Sequence[Point] = (),
) -> HttpResponse:
    """Ask which colleague takes a client over; for the therapist who does, and for admins."""
    title, tab = _("Hand over %(name)s") % {"name": client.name}, _("Hand over to a colleague")
    if not form.therapists:
        return nobody_takes_over(request, title=title, tab=tab, back=back, back_to=back_to)
    return form_page(
        request,
        form,
        title=title,
        tab=tab,
        button=_("Hand over"),
        back=back,
        back_to=back_to,
        points=points,
    )


def nobody_takes_over(
    request: ActorRequest, *, title: str, tab: str, back: str, back_to: str
) -> HttpResponse:
    """Say instead of a choice among nobody what comes first, and who can do it."""
    return render(
        request,
        "clients/nobody_takes_over.html",
        {
            "title": title,
            "tab": tab,
            "back": back,
            "back_to": back_to,
            "may_administer": may_administer(request.actor),
            "admins": listed(people.admins(request.actor)),
        },
        status=409 if request.method == "POST" else 200,
    )


def erasure_page(request: ActorRequest, client: Client, *, back: str, back_to: str) -> HttpResponse:
    """Show what erasing means, and whether it is under way; for staff and clients alike."""
    if request.method == "POST":
        act = erasing.cancel if request.POST.get("cancel") else erasing.request
        act(by=request.actor, at=now(), client=client)
        if request.POST.get("cancel"):
            messages.success(request, _("Taken back. Nothing will be erased."))
        return redirect(request.path)
    asked = records.open_erasure(request.actor, client.pk)
    return render(
        request,
        "clients/erasure.html",
        {
            "client": client,
            "days": erasing.WAIT.days,
            "asked": asked,
            # Its day went by while the practice had to keep the record.
            "waits_anew": asked is not None and asked.due_at <= now(),
            # For staff alone: to the client it looks like any other answer.
            "points": []
            if asked or request.actor.is_client
            else list(unseen_answers(request.actor, client)),
            "back": back,
            "back_to": back_to,
            "base": "base_client.html" if request.actor.is_client else "base_staff.html",
        },
    )
