"""A client's own pages: coming in, choices, topics, who read me."""

import json
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from allauth.account.decorators import reauthentication_required
from allauth.account.internal import flows
from allauth.account.models import Login
from allauth.core import ratelimit
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.http import require_http_methods

from clients import consent_text
from clients.actions import joining, noting
from clients.forms import JoinForm, TextForm, WishesForm
from clients.models import ReminderKind
from clients.queries import own, records
from clients.views.ground import erasure_page
from practice.actions import idempotency, invitations
from practice.actors import ActorRequest, system
from practice.crypto import hash_of
from practice.doors.pages import (
    INVITATION,
    keep_invitation,
    keep_on_device,
    kept_invitation,
    known_language,
    language_chosen,
    once_per_form,
    posted,
    press_of,
    refusals_on,
    saved_in,
    take_seat,
)
from practice.models import Invitation, InvitationKind, User
from practice.queries.people import account_of
from practice.wording import language, readers

# So long the second press of "Come in" is taken for the first.
DOUBLE_TAP = timedelta(minutes=1)
# Where one came from to the topics: the way back leads there again.
FROM_YOU = "from"


@login_not_required
@require_http_methods(["GET", "POST"])
def accept_invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Let an invited person in: the link proves the address, and works once."""
    limited = ratelimit.consume_or_429(request, action="signup", limit_get=True)
    if limited:
        return limited
    invitation = joining.find_invitation(token, now(), hold=request.method == "POST")
    if invitation is None:
        again = _pressed_twice(request, invitations.practice_of(token))
        return again or _gone(request, invitations.used(token))
    if chosen := known_language(request.POST.get("speak", "")):
        return _in_other_words(request, chosen)
    if request.path != kept_invitation(request).get("path") and not getattr(request, "actor", None):
        keep_invitation(request)
    spoken = language() if _has_chosen(request) else _language_of(invitation)
    with override(spoken):
        request.__dict__["LANGUAGE_CODE"] = spoken
        response = _let_in(request, invitation)
    # What is read next, before anybody has signed in, goes on in it.
    response["Content-Language"] = spoken
    return response


def _in_other_words(request: HttpRequest, chosen: str) -> HttpResponse:
    """Go on in another language, with what was typed; to what is read in it, one agrees anew."""
    typed = {name: request.POST.get(name, "")[:100] for name in ("called", "zone")}
    keep_invitation(request, **typed)
    response = redirect(request.path)
    keep_on_device(response, settings.LANGUAGE_COOKIE_NAME, chosen)
    return response


def _gone(request: HttpRequest, used: Invitation | None) -> HttpResponse:
    """Say that a link opens nothing: to who came in by it, for many keep it as their way here, that
    they have, and how to go on."""
    if used and request.method == "GET" and request.user == account_of(used.email):
        if used.client_id:  # who has another page, too, gets to this one
            take_seat(request, f"client:{used.client_id}")
        return redirect("home")
    return render(request, "clients/invitation_gone.html", {"used": used is not None}, status=404)


def _has_chosen(request: HttpRequest) -> bool:
    """Say whether somebody said which language they read: signed in, or on this device."""
    return request.user.is_authenticated or bool(language_chosen(request))


def _language_of(invitation: Invitation) -> str:
    """Return the language an invited person is spoken to in: a client's, as their therapist noted
    it; a member's is the practice's."""
    is_client = invitation.kind == InvitationKind.CLIENT
    client = own.invited_client(invitation) if is_client else None
    return client.language if client else invitation.practice.language


def _let_in(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    account = account_of(invitation.email)
    # Somebody else is signed in on this device: nobody joins in their name by a slip.
    if request.user != account and (account is not None or request.user.is_authenticated):
        return _sign_in_first(request)
    return _welcome(request, invitation, account)


def _sign_in_first(request: HttpRequest) -> HttpResponse:
    """Ask the person whose address it is to sign in as themselves."""
    return render(
        request,
        "clients/invitation_sign_in.html",
        {"other": request.user.is_authenticated, "next": request.path},
    )


def _welcome(request: HttpRequest, invitation: Invitation, account: User | None) -> HttpResponse:
    is_member = invitation.kind == InvitationKind.MEMBER
    form = JoinForm(
        posted(request),
        is_member=is_member,
        has_account=account is not None,
        email=invitation.email,
        initial=_first_guess(request, invitation, account),
    )
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        user, seat = joining.join(
            invitation=invitation,
            user=account,
            at=now(),
            arrival=joining.Arrival(
                called=said["called"],
                zone=said["zone"],
                language=said["language"],
                password=said.get("password", ""),
            ),
        )
        _remember(request, invitation, user, seat)
        return _come_in(request, user, seat)
    shown = form["language"].value()
    _version, text = consent_text.current(shown)
    inviter = invitation.invited_by
    return render(
        request,
        "clients/invitation.html",
        {
            "form": form,
            "practice": invitation.practice,
            "email": invitation.email,
            "is_member": is_member,
            "consent": text,
            "therapist": inviter.user.get_short_name() if inviter else "",
            "carries": "come-in",
        },
        status=422 if form.is_bound else 200,
    )


def _first_guess(
    request: HttpRequest, invitation: Invitation, account: User | None
) -> dict[str, str]:
    """Fill in what is known already."""
    name, zone = invitation.name, invitation.practice.zone
    if invitation.kind == InvitationKind.CLIENT:
        client = own.invited_client(invitation)
        name, zone = name.split(" ")[0], client.zone if client else zone
    said = {"called": name, "zone": account.zone if account else zone, "language": language()}
    kept = kept_invitation(request)
    return said | kept if kept.pop("path", "") == request.path else said


def _press_here(request: HttpRequest) -> str:
    """Tell one press of "Come in" in one browser from every other; empty where nothing tells.

    The browser is known by its secret against forged forms. Signing in gives it another: a page that
    comes back after that, on a device that others use, presses anew.
    """
    press, secret = press_of(request), request.META.get("CSRF_COOKIE")
    return hash_of(f"{press} {secret}") if press and secret else ""


def _remember(request: HttpRequest, invitation: Invitation, user: User, seat: str) -> None:
    """Keep for a moment whom this press let in: the first answer to a double tap reaches nobody."""
    if key := _press_here(request):
        by, at = system(invitation.practice_id), now()
        claimed = idempotency.claim(by=by, at=at, key=key, fingerprint=key)
        if not isinstance(claimed, idempotency.Remembered):
            idempotency.remember(
                claimed, status=302, body=json.dumps([user.email, seat, request.user == user])
            )


def _pressed_twice(request: HttpRequest, practice: UUID | None) -> HttpResponse | None:
    """Let in whom the very same press has just let in, and nobody else."""
    key = _press_here(request)
    if not key or practice is None:
        return None
    before = idempotency.answered(by=system(practice), key=key, since=now() - DOUBLE_TAP)
    if before is None:
        return None
    address, seat, was_signed_in = json.loads(before.body)
    user = account_of(address)
    # Who was signed in has shown who they are; after they left, this shows nothing.
    is_nobody = not (request.user.is_authenticated or was_signed_in)
    if user is None or not (is_nobody or request.user == user):
        return None
    return _come_in(request, user, seat)


def _come_in(request: HttpRequest, user: User, seat: str) -> HttpResponse:
    """Sign the new person in, and sit them in the seat they were invited to."""
    if request.user == user:
        request.session.pop(INVITATION, None)
        take_seat(request, seat)
        return redirect("home")
    how = "password" if user.has_usable_password() else "code"
    flows.login.record_authentication(request, user, method=how, email=user.email)
    response: HttpResponse = flows.login.perform_login(
        request, Login(user=user, redirect_url=reverse("home"), email=user.email)
    )
    take_seat(request, seat)
    return response


@require_http_methods(["GET", "POST"])
def you(request: ActorRequest) -> HttpResponse:
    """Show a client their own choices."""
    if request.actor.is_member:
        return redirect("account_home")
    client = own.own_client(request.actor)
    if request.method == "POST":
        client = joining.take_turns(by=request.actor, client=client)
    chosen = own.preference(request.actor, client)
    mails = [kind for kind in ReminderKind.values if kind != ReminderKind.WAITING]
    on = [kind for kind in mails if kind not in chosen.kinds_off]
    here, at = ZoneInfo(client.zone), now()
    until = chosen.paused_until
    form = WishesForm(
        posted(request),
        today=at.astimezone(here).date(),
        initial={
            "called": client.name_to_call,
            "language": client.language,
            "zone": client.zone,
            "by_email": chosen.by_email,
            "reminder_time": chosen.reminder_time,
            "quiet_from": chosen.quiet_from,
            "quiet_until": chosen.quiet_until,
            "kinds": on,
            "paused_until": until.astimezone(here).date() if until and until > at else None,
        },
    )
    if request.method == "POST" and form.is_valid():
        joining.set_preferences(
            by=request.actor, at=at, client=client, wishes=_wishes(form.cleaned_data)
        )
        return saved_in(request, form.cleaned_data["language"], to="you")
    return render(
        request,
        "clients/you.html",
        {
            "form": form,
            "client": client,
            "preference": chosen,
            "now": at,
            "erasure": records.open_erasure(request.actor, client.pk),
        },
        status=422 if form.is_bound else 200,
    )


def _wishes(said: dict[str, Any]) -> joining.Preferences:
    kinds, until = said.pop("kinds"), said.pop("paused_until")
    off = [k for k in ReminderKind.values if k not in kinds and k != ReminderKind.WAITING]
    here = ZoneInfo(said["zone"])
    return joining.Preferences(
        **said,
        kinds_off=off,
        paused_until=datetime.combine(until, time(), here) if until else None,
    )


@require_http_methods(["GET", "POST"])
@once_per_form
def topics(request: ActorRequest) -> HttpResponse:
    """Note what to talk about in the session."""
    client = own.own_client(request.actor)
    # Words that another page could not keep are put into the box; who reads them is said beside it.
    carried = {"text": request.POST.get("text", "")} if "carried" in request.POST else None
    form = TextForm(initial=carried) if carried else TextForm(posted(request))
    if form.is_bound and form.is_valid():
        with refusals_on(form):
            text = form.cleaned_data["text"]
            noting.raise_topic(by=request.actor, at=now(), client=client, text=text)
            messages.success(request, _("Kept for your session."))
            return redirect(request.get_full_path() if FROM_YOU in request.GET else "topics")
    found = noting.read_topics(by=request.actor, at=now(), clients=[client])
    carers = [row.member.user.get_short_name() for row in own.carers(request.actor)]
    return render(
        request,
        "clients/topics.html",
        {
            "form": form,
            "topics": found,
            "from_you": FROM_YOU in request.GET,
            "lit": "you" if FROM_YOU in request.GET else "today",
            "only": readers(carers),
            # Nobody cares for them just now: then nothing promises that somebody reads this.
            "therapist": carers[0] if carers else "",
            "in_couple": own.is_or_was_in_couple(request.actor),
        },
        status=422 if form.is_bound else 200,
    )


@require_http_methods(["GET", "POST"])
def topic_drop(request: ActorRequest, pk: UUID) -> HttpResponse:
    """Ask once, then remove a topic."""
    topic = own.own_topic(request.actor, pk)
    back = reverse("topics") + (f"?{FROM_YOU}=you" if FROM_YOU in request.GET else "")
    if request.method != "POST":
        return render(
            request,
            "clients/topic_drop.html",
            {"back": back, "lit": "you" if FROM_YOU in request.GET else "today"},
        )
    noting.drop_topic(by=request.actor, at=now(), topic=topic)
    messages.success(request, _("Removed."))
    return redirect(back)


@require_http_methods(["GET", "POST"])
def consent(request: ActorRequest) -> HttpResponse:
    """Show what a client agreed to, and let them agree."""
    client = own.own_client(request.actor)
    if request.method == "POST":
        joining.consent(by=request.actor, at=now(), client=client, language=language())
        messages.success(request, _("Thank you. It is kept here, word for word."))
        return redirect("consent")
    found = own.consents(request.actor, client)
    _version, text = consent_text.current(language())
    return render(
        request,
        "clients/consent.html",
        {
            "consents": found,
            "standing": next((one for one in found if one.withdrawn_at is None), None),
            "current": text,
            "signed_in": consent_text.SIGNED_IN,
        },
    )


@require_http_methods(["GET", "POST"])
def consent_withdraw(request: ActorRequest) -> HttpResponse:
    """Say what follows before a client no longer agrees, then note it."""
    client = own.own_client(request.actor)
    if request.method == "POST":
        joining.withdraw_consent(by=request.actor, at=now(), client=client)
        messages.success(request, _("Noted. Your therapist is shown it."))
        return redirect("consent")
    carer = own.carers(request.actor).first()
    name = carer.member.user.get_short_name() if carer else _("Whoever will care for you")
    return render(request, "clients/consent_withdraw.html", {"therapist": name})


@require_http_methods(["GET", "POST"])
@reauthentication_required(allow_get=True)  # type: ignore[untyped-decorator]  # allauth's
def erase_own(request: ActorRequest) -> HttpResponse:
    """Ask for one's own record to be erased, or take that back."""
    return erasure_page(
        request, own.own_client(request.actor), back=reverse("you"), back_to=_("You")
    )
