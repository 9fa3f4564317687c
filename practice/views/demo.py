"""Trying it: one-click sign-ins and the mails that were sent. Only in demo mode."""

import email
import email.policy
from collections.abc import Callable
from email.message import EmailMessage
from functools import wraps
from pathlib import Path

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from practice.models import User
from practice.queries.people import demo_people, demo_person

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
MOST_MAILS = 100
# Who one can be, and what there is to look at as them; the demo makes them before all others.
CAST = {
    "dana@hillside.example": _("Therapist. What waits for review, Ana and Ben’s page, assigning."),
    "ana@mail.example": _("Client, with Ben. Half an exercise, a running log, a note from Dana."),
    "ben@mail.example": _("Client, with Ana. The same week, without seeing hers."),
    "noor@mail.example": _("Client. One place to go deeper."),
    "lucia@mail.example": _("Client, with Mateo. Everything in Spanish, Dana’s replies too."),
    "mateo@mail.example": _("Client, with Lucía. Everything in Spanish, without seeing hers."),
    "omar@hillside.example": _("Therapist, Dana’s colleague. Has other clients, none of hers."),
    "sana@hillside.example": _("Supervisor. Reads along with Dana."),
    "ruth@hillside.example": _("Admin. People, settings, the trail; not a word of any client."),
    "uma@both.example": _("Therapist in two practices. Changes between them under her initials."),
    "zoe@riverside.example": _("Therapist and admin of a practice where everything is new."),
    "zack@mail.example": _("Client of Zoe. Nothing to do yet."),
}
View = Callable[[HttpRequest], HttpResponse]


def only_in_demo(view: View) -> View:
    """Answer 404 anywhere else."""

    @wraps(view)
    def inner(request: HttpRequest) -> HttpResponse:
        if not settings.DEMO:
            raise Http404
        return view(request)

    return login_not_required(inner)


@only_in_demo
@require_GET
def demo(request: HttpRequest) -> HttpResponse:
    """Show who one can be."""
    order = {address: place for place, address in enumerate(CAST)}
    people = sorted(
        demo_people(len(CAST)), key=lambda one: (order.get(one.email, len(CAST)), one.pk)
    )
    return render(request, "practice/demo.html", {"people": [(one, _what(one)) for one in people]})


@only_in_demo
@require_POST
def demo_sign_in(request: HttpRequest) -> HttpResponse:
    """Be somebody of the demo."""
    user = demo_person(request.POST.get("email", ""))
    request.session.flush()
    login(request, user, backend=BACKEND)
    return redirect("home")


@only_in_demo
@require_GET
def demo_mail(request: HttpRequest) -> HttpResponse:
    """Show what the mail server received, newest first."""
    return render(request, "practice/demo_mail.html", {"mails": [_shown(m) for m in _mails()]})


@only_in_demo
@require_GET
def kit(request: HttpRequest) -> HttpResponse:
    """Show every part on one page."""
    return render(request, "kit.html")


def _what(person: User) -> str:
    """Say what there is to see as them; whoever changed their address stays in the list."""
    known = CAST.get(person.email)
    return str(known or _("Has another address by now: %(email)s") % {"email": person.email})


def _mails() -> list[EmailMessage]:
    if not settings.MAIL_DIR:
        return []
    newest = sorted(
        Path(settings.MAIL_DIR).glob("*.eml"), key=lambda path: path.stat().st_mtime, reverse=True
    )
    return [
        email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        for path in newest[:MOST_MAILS]
    ]


def _shown(message: EmailMessage) -> dict[str, object]:
    body = message.get_body(("plain",))
    return {
        "subject": message["Subject"],
        "to": message["To"],
        "from": message["From"],
        "date": message["Date"],
        "text": body.get_content() if body else "",
        "headers": [(name, value) for name, value in message.items()],
    }
