"""End somebody's care, after saying what that means for them and for what they have."""

from collections.abc import Iterator
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime, now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from clients.actions import caring
from clients.actions.erasing import WAIT
from clients.doors import unseen_answers
from clients.models import Client
from clients.queries import care, records
from exercises.queries.running import left_with
from practice.actors import ActorRequest
from practice.doors.pages import Point, form_page, once_per_form
from practice.models import Practice


@require_http_methods(["GET", "POST"])
@once_per_form
def client_discharge(request: ActorRequest, pk: UUID) -> HttpResponse:
    """End care, after saying what that means."""
    client = care.client_to_care_for(request.actor, pk)
    if request.method == "POST":
        caring.discharge(by=request.actor, at=now(), client=client)
        messages.success(request, _("Care has ended. You can take it up again here."))
        return redirect("client_page", client.pk)
    return form_page(
        request,
        Form(),
        title=_("End care with %(name)s") % {"name": client.name},
        tab=_("End care"),
        button=_("End care"),
        back=reverse("client_page", args=[client.pk]),
        back_to=client.name,
        points=list(_what_ending_means(request, client)),
    )


def _what_ending_means(request: ActorRequest, client: Client) -> Iterator[Point]:
    actor, said = request.actor, {"name": client.name_to_call}
    yield from unseen_answers(actor, client)
    if client.joined_at is None:
        yield Point(_("%(name)s can no longer join: the invitation opens nothing any more.") % said)
        yield Point(_how_long_it_is_kept(request.practice))
    else:
        yield Point(_("%(name)s can no longer sign in and gets no reminders.") % said)
        yield Point(_how_long_it_is_kept(request.practice))
        text = _(
            "%(name)s can then no longer take a copy of the record here, or ask for it to be erased."
        )
        yield Point(text % said)
        yield Point("", _("Offer both first."))
    left = left_with(actor, client)
    if number := left["unanswered"]:
        text = ngettext(
            "%(n)d thing that %(name)s sent waits for your answer, and then no answer is seen.",
            "%(n)d things that %(name)s sent wait for your answer, and then no answer is seen.",
            number,
        )
        yield Point(text % (said | {"n": number}), _("Answer first."))
    if number := left["open"]:
        text = ngettext(
            "%(n)d thing is still open and can no longer be sent.",
            "%(n)d things are still open and can no longer be sent.",
            number,
        )
        yield Point(text % {"n": number})
    if couple := care.couple_with(actor, client):
        partner = {"partner": couple.partner_of(client).name_to_call}
        text = _(
            "%(partner)s goes on alone with what the couple has; nothing new can be assigned to both."
        )
        yield Point(text % partner)


def _how_long_it_is_kept(practice: Practice) -> str:
    if practice.retention_months is None:
        return _("Nothing is erased, and you can take care up again at any time.")
    day = localtime(now() + records.kept_for(practice.retention_months) + WAIT)
    text = _(
        "Everything is kept until about %(month)s and then erased. Until then you can take care up"
        " again."
    )
    return text % {"month": date_format(day, _("F Y"))}
