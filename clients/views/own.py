"""A client's own pages: coming in, choices, topics, who read me."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from allauth.account.decorators import reauthentication_required
from allauth.core import ratelimit
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from clients import consent_text, queries
from clients.actions import joining, noting
from clients.forms import JoinForm, TextForm, WishesForm
from clients.models import ReminderKind
from clients.views.care import erasure_page
from practice.actions import invitations
from practice.actors import ActorRequest
from practice.models import Invitation, InvitationKind, User
from practice.queries import audit
from practice.queries.people import account_of

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@login_not_required
@require_http_methods(["GET", "POST"])
def accept_invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Let an invited person in: the link proves the address, and works once."""
    limited = ratelimit.consume_or_429(request, action="signup")
    if limited:
        return limited
    at = now()
    invitation = invitations.find(token, at)
    if invitation is None:
        return render(request, "clients/invitation_gone.html", status=404)
    account = account_of(invitation.email)
    if account is not None and request.user != account:
        return _sign_in_first(request, invitation)
    return _welcome(request, invitation, account)


def _sign_in_first(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    """Ask the person whose address it is to sign in as themselves."""
    return render(
        request,
        "clients/invitation_sign_in.html",
        {"practice": invitation.practice, "other": request.user.is_authenticated},
    )


def _welcome(request: HttpRequest, invitation: Invitation, account: User | None) -> HttpResponse:
    is_member = invitation.kind == InvitationKind.MEMBER
    language = (get_language() or "en").split("-")[0]
    form = JoinForm(
        request.POST or None,
        is_member=is_member,
        has_account=account is not None,
        initial={
            "called": invitation.name if is_member else invitation.name.split(" ")[0],
            "zone": account.zone if account else invitation.practice.zone,
        },
    )
    if request.method == "POST" and form.is_valid():
        user = _take_in(invitation, account, form.cleaned_data, language)
        if account is None:
            login(request, user, backend=BACKEND)
        request.session.pop("seat", None)
        return redirect("home")
    _version, text = consent_text.current(language)
    return render(
        request,
        "clients/invitation.html",
        {
            "form": form,
            "practice": invitation.practice,
            "is_member": is_member,
            "consent": text,
            "therapist": invitation.invited_by.user.get_short_name()
            if invitation.invited_by
            else "",
        },
        status=422 if form.is_bound else 200,
    )


def _take_in(
    invitation: Invitation, account: User | None, said: dict[str, Any], language: str
) -> User:
    is_member = invitation.kind == InvitationKind.MEMBER
    user = account or invitations.open_account(
        invitation=invitation,
        name=said["called"] if is_member else invitation.name,
        password=said.get("password") or None,
        language=language,
        zone=said["zone"],
    )
    if is_member:
        invitations.accept(invitation=invitation, user=user, at=now())
    else:
        joining.join(
            invitation=invitation,
            user=user,
            at=now(),
            called=said["called"],
            zone=said["zone"],
            language=language,
        )
    return user


@require_http_methods(["GET", "POST"])
def you(request: ActorRequest) -> HttpResponse:
    """Show a client their own choices."""
    if request.actor.is_member:
        return redirect("account_home")
    client = queries.own_client(request.actor)
    chosen = queries.preference(request.actor, client)
    on = [kind for kind in ReminderKind.values if kind not in chosen.kinds_off]
    form = WishesForm(
        request.POST or None,
        initial={
            "called": client.name_to_call,
            "language": client.language,
            "zone": client.zone,
            "by_email": chosen.by_email,
            "reminder_time": chosen.reminder_time,
            "quiet_from": chosen.quiet_from,
            "quiet_until": chosen.quiet_until,
            "kinds": on,
        },
    )
    if request.method == "POST" and form.is_valid():
        joining.prefer(by=request.actor, at=now(), client=client, wishes=_wishes(form.cleaned_data))
        messages.success(request, _("Saved."))
        return redirect("you")
    return render(
        request,
        "clients/you.html",
        {"form": form, "client": client, "preference": chosen, "now": now()},
        status=422 if form.is_bound else 200,
    )


def _wishes(said: dict[str, Any]) -> joining.Wishes:
    days = said.pop("pause_days")
    kinds = said.pop("kinds")
    off = [k for k in ReminderKind.values if k not in kinds and k != ReminderKind.WAITING]
    return joining.Wishes(
        **said, kinds_off=off, paused_until=now() + timedelta(days=int(days)) if days else None
    )


@require_http_methods(["GET", "POST"])
def topics(request: ActorRequest) -> HttpResponse:
    """Note what to talk about in the session."""
    client = queries.own_client(request.actor)
    form = TextForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        noting.raise_topic(
            by=request.actor, at=now(), client=client, text=form.cleaned_data["text"]
        )
        return redirect("topics")
    found = noting.read_topics(
        by=request.actor, at=now(), client=client, topics=queries.topics(request.actor, client)
    )
    return render(
        request,
        "clients/topics.html",
        {
            "form": form,
            "topics": found,
            "therapist": queries.therapist_of(request.actor),
        },
        status=422 if form.is_bound else 200,
    )


@require_POST
def topic_drop(request: ActorRequest, pk: UUID) -> HttpResponse:
    """Take a topic off the table."""
    client = queries.own_client(request.actor)
    for topic in queries.topics(request.actor, client):
        if topic.pk == pk:
            noting.drop_topic(by=request.actor, at=now(), topic=topic)
            return redirect("topics")
    raise Http404


@require_GET
def who_read_me(request: ActorRequest) -> HttpResponse:
    """Show a client who read their words, and when."""
    client = queries.own_client(request.actor)
    found = audit.reads_of(request.actor, client.pk, request.GET.get("after"))
    names = audit.names(list(found.rows))
    return render(
        request,
        "clients/who_read_me.html",
        {
            "rows": [(row, names.get(row.user_id or 0, "")) for row in found.rows],
            "page": found,
        },
    )


@require_http_methods(["GET", "POST"])
def consent(request: ActorRequest) -> HttpResponse:
    """Show what a client agreed to, and let them withdraw it."""
    client = queries.own_client(request.actor)
    if request.method == "POST":
        joining.withdraw_consent(by=request.actor, at=now(), client=client)
        messages.success(request, _("Noted. Your therapist will speak with you about it."))
        return redirect("consent")
    return render(
        request, "clients/consent.html", {"consents": queries.consents(request.actor, client)}
    )


@require_http_methods(["GET", "POST"])
@reauthentication_required(allow_get=True)
def erase_own(request: ActorRequest) -> HttpResponse:
    """Ask for one's own record to be erased, or take that back."""
    return erasure_page(request, queries.own_client(request.actor), back=reverse("you"))
