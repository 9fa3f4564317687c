"""The admin's pages about people."""

from uuid import UUID

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from practice.actions import invitations as inviting
from practice.actions import people as acting
from practice.actors import ActorRequest
from practice.doors.pages import (
    begin_anew_if_ended,
    form_page,
    once_per_form,
    open_to,
    posted,
    refusals_on,
    searches,
)
from practice.forms.people import InviteForm, PeopleFilter
from practice.models import InvitationKind
from practice.permissions import may_administer, may_see_people
from practice.queries import people as asking
from practice.queries.paging import pages


@searches
@require_GET
@open_to(may_see_people)
def people(request: ActorRequest) -> HttpResponse:
    """List who works here, and who was invited."""
    chosen = PeopleFilter(request.GET)
    said = chosen.cleaned_data if chosen.is_valid() else {}
    wanted = {
        "search": said.get("q", ""),
        "role": said.get("role", ""),
        "state": said.get("state", ""),
    }
    found = asking.people(request.actor, **wanted, after=request.GET.get("after"))
    admin = may_administer(request.actor)
    return render(
        request,
        "practice/people.html",
        {
            "page": found,
            **pages(request, found),
            "form": chosen,
            "may_administer": admin,
            "missing": asking.to_begin_with(request.actor, request.practice, now())
            if admin
            else set(),
            "invitations": asking.invitations(request.actor, **wanted) if admin else None,
            "now": now(),
        },
    )


@require_http_methods(["GET", "POST"])
@open_to(may_administer)
@reauthentication_required(allow_get=True)  # type: ignore[untyped-decorator]  # allauth's
@once_per_form
def invite(request: ActorRequest) -> HttpResponse:
    """Invite a colleague, just after saying who one is: a link opens as much as a role does."""
    form = InviteForm(posted(request))
    if request.method == "POST" and form.is_valid():
        with refusals_on(form):
            inviting.invite(
                by=request.actor, at=now(), kind=InvitationKind.MEMBER, **form.cleaned_data
            )
            messages.success(request, _("The invitation is on its way."))
            return redirect("people")
    return form_page(
        request,
        form,
        title=_("Invite a colleague"),
        text=_("They get a link that works once, for seven days."),
        button=_("Send the invitation"),
        back=reverse("people"),
        back_to=_("People"),
    )


@require_POST
@open_to(may_administer)
@reauthentication_required  # as for the first one
def invitation_resend(request: ActorRequest, pk: UUID) -> HttpResponse:
    """Send a fresh link."""
    inviting.resend(by=request.actor, at=now(), invitation=asking.invitation(request.actor, pk))
    messages.success(request, _("A new link is on its way. The old one no longer opens."))
    return redirect("people")


@require_POST
def invitation_revoke(request: ActorRequest, pk: UUID) -> HttpResponse:
    """Take an invitation back."""
    inviting.revoke(by=request.actor, at=now(), invitation=asking.invitation(request.actor, pk))
    messages.success(request, _("The link no longer opens."))
    return redirect("people")


@require_POST
@open_to(may_administer)
@reauthentication_required  # nobody shuts a colleague out from a screen that was left open
def member_sign_out(request: ActorRequest, pk: UUID) -> HttpResponse:
    """End all sessions of somebody who lost a device."""
    own = pk == request.actor.member_id
    acting.end_sessions(by=request.actor, at=now(), member=asking.member(request.actor, pk))
    begin_anew_if_ended(request)
    messages.success(
        request,
        _("You are signed out everywhere, and can sign in again.")
        if own
        else _("They are signed out everywhere, and can sign in again."),
    )
    return redirect("member", pk)


@require_POST
@open_to(may_administer)
@reauthentication_required  # it gives back every role they had
def member_reactivate(request: ActorRequest, pk: UUID) -> HttpResponse:
    """Give somebody their seat back."""
    acting.reactivate(by=request.actor, at=now(), member=asking.member(request.actor, pk))
    messages.success(
        request,
        _("They can sign in again. Whoever cares for their clients now can hand them back."),
    )
    return redirect("member", pk)
