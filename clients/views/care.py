"""The therapist's pages about those in their care."""

from functools import partial
from typing import Any
from uuid import UUID

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.timezone import localtime, now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from clients.actions import caring
from clients.doors import unseen_answers
from clients.forms import (
    ClientEditForm,
    ClientForm,
    HandOverForm,
)
from clients.models import Client, to_come
from clients.queries import care, parting, seats
from clients.views.ground import (
    back_from_session,
    erasure_page,
    hand_over_page,
    say_what_follows,
)
from practice.actors import ActorRequest
from practice.doors.pages import Point, form_page, once_per_form, open_to, posted, refusals_on
from practice.permissions import may_care
from practice.queries import people


@require_http_methods(["GET", "POST"])
@open_to(may_care)
@once_per_form
def client_add(request: ActorRequest) -> HttpResponse:
    """Add somebody to one's care."""
    form = ClientForm(
        posted(request),
        taken=partial(care.is_taken, request.actor),
        initial={
            "zone": request.practice.zone,
            "language": request.practice.language,
            "invite_now": True,
        },
    )
    if request.method == "POST" and form.is_valid():
        with refusals_on(form):
            client = caring.add(by=request.actor, at=now(), **form.cleaned_data)
            messages.success(
                request,
                _("They are on your list, and the invitation is on its way.")
                if form.cleaned_data["invite_now"]
                else _("They are on your list."),
            )
            return redirect("client_page", client.pk)
    return form_page(
        request,
        form,
        title=_("Add a client"),
        button=_("Add"),
        back=reverse("client_list"),
        back_to=_("Clients"),
        text=_("You can assign at once; it waits for them until they join."),
    )


@require_http_methods(["GET", "POST"])
def client_edit(request: ActorRequest, pk: UUID) -> HttpResponse:
    """Change somebody's details and next session."""
    client = care.client_to_care_for(request.actor, pk)
    if request.method == "POST":  # what stands there by now is what the form is held against
        client = caring.take_turns(by=request.actor, client=client)
    couple = care.couple_coming_with(request.actor, client)
    back, back_to = back_from_session(request, _to(client), client.name, client=str(client.pk))
    form = ClientEditForm(
        posted(request),
        at=now(),
        together=_together(couple, client) if couple else "",
        taken=partial(care.is_taken, request.actor, besides=client.pk),
        joined=client.joined_at is not None,
        initial={
            "name": client.name,
            "email": client.email,
            "zone": client.zone,
            "language": client.language,
            "next_session_at": client.next_session_at,
        },
    )
    if request.method == "POST" and form.is_valid():
        before, hour = client.email, client.next_session_at
        with refusals_on(form):
            said = form.cleaned_data
            followed = caring.change(by=request.actor, at=now(), client=client, **said)
            messages.success(
                request,
                _(
                    "Saved. The link that went to the old address no longer opens: invite them again."
                )
                if client.email != before
                else _("Saved."),
            )
            after = said["next_session_at"]
            say_what_follows(request, whose=[client], followed=followed, before=hour, after=after)
            return redirect(back)
    return form_page(
        request,
        form,
        title=_("Edit %(name)s") % {"name": client.name},
        tab=_("Edit a client"),
        button=_("Save"),
        back=back,
        back_to=back_to,
    )


@require_POST
def client_invite(request: ActorRequest, pk: UUID) -> HttpResponse:
    """Send the invitation, or send it again."""
    client = care.client_to_care_for(request.actor, pk)
    caring.invite(by=request.actor, at=now(), client=client)
    messages.success(request, _("The invitation is on its way. An earlier link no longer opens."))
    return redirect("client_page", client.pk)


@require_POST
def client_uninvite(request: ActorRequest, pk: UUID) -> HttpResponse:
    """Take the invitation back."""
    client = care.client_to_care_for(request.actor, pk)
    caring.uninvite(by=request.actor, at=now(), client=client)
    messages.success(request, _("The link no longer opens."))
    return redirect("client_page", client.pk)


@require_http_methods(["GET", "POST"])
@once_per_form
def client_hand_over(request: ActorRequest, pk: UUID) -> HttpResponse:
    """Give a client into a colleague's care."""
    client = care.client_to_care_for(request.actor, pk)
    couple = care.couple_with(request.actor, client)
    partner = couple.partner_of(client) if couple else None
    form = HandOverForm(posted(request), therapists=_colleagues(request), partner=partner)
    if request.method == "POST" and form.is_valid():
        both = [client, partner] if partner and form.cleaned_data["both"] else [client]
        to = people.member(request.actor, UUID(form.cleaned_data["to"]))
        with refusals_on(form):
            caring.hand_over(by=request.actor, at=now(), clients=both, to=to)
            messages.success(request, _("Handed over. Your colleague sees them from now on."))
            return redirect("client_list")
    return hand_over_page(
        request,
        form,
        client,
        back=_to(client),
        back_to=client.name,
        points=[
            *unseen_answers(request.actor, client),
            *_what_handing_over_means(client),
        ],
    )


def _what_handing_over_means(client: Client) -> list[Point]:
    said = {"name": client.name_to_call}
    return [
        Point(
            _(
                "Your colleague reads everything that was sent and answered, and what %(name)s put down"
                " for a session. You no longer do."
            )
            % said
        ),
        Point(_("%(name)s’s pages then name your colleague. No message says so.") % said),
        Point("", _("Tell %(name)s first.") % said),
        Point(
            _("Private notes stay behind; you can no longer read them."),
            _("Copy what you need first."),
        ),
    ]


@require_POST
def client_reactivate(request: ActorRequest, pk: UUID) -> HttpResponse:
    """Take care up again."""
    client: Any = care.client_to_care_for(request.actor, pk, **parting.links())
    ended, parted = client.discharged_at, client.parted_at
    caring.reactivate(by=request.actor, at=now(), client=client)
    if ended and parted and parted > ended:
        text = _("Care goes on. The couple was unlinked meanwhile; the rest is where it was.")
    else:
        text = _("Care goes on. Everything is where it was.")
    if client.joined_at:
        # A mail out of the blue could be read by anybody: whom to tell, and how, is the therapist's.
        text += " " + _("No e-mail tells them; you do. They sign in as before.")
    messages.success(request, text)
    return redirect("client_page", client.pk)


@require_http_methods(["GET", "POST"])
@reauthentication_required(allow_get=True)  # type: ignore[untyped-decorator]  # allauth's
def client_erasure(request: ActorRequest, pk: UUID) -> HttpResponse:
    """Ask for a record to be erased, or take that back."""
    client = care.client_to_care_for(request.actor, pk)
    return erasure_page(request, client, back=_to(client), back_to=client.name)


def _together(couple: Any, client: Client) -> str:
    """Say when a client comes with their partner, which is noted elsewhere. Where the care of one has
    ended, the hour is the other's alone."""
    hour, partner = to_come(couple.next_session_at, now()), couple.partner_of(client)
    if hour is None or client.discharged_at:
        return ""
    text = (
        _("The session noted for the two is on %(when)s.")
        if partner.discharged_at
        else _("The session with %(name)s is on %(when)s.")
    )
    when = date_format(localtime(hour), _("D j M, H:i"))
    said = text % {"name": partner.name_to_call, "when": when}
    if not couple.cares:  # of two whom one only reads about the hour is not one's own to change
        return said
    where = reverse("couple_page", args=[couple.pk])
    return format_html(
        '{} <a href="{}">{}</a>', said, where, _("Change that on the couple’s page.")
    )


def _colleagues(request: ActorRequest) -> list[Any]:
    return seats.can_take_over(request.actor, besides=request.actor.member_id)


def _to(client: Client) -> str:
    return reverse("client_page", args=[client.pk])
