"""The therapist's pages about two who are seen together."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from clients.actions import caring
from clients.forms import CoupleForm, SessionForm
from clients.models import Client, to_come
from clients.queries import care, parting
from clients.views.ground import back_from_session, say_what_follows
from practice.actors import Actor, ActorRequest
from practice.doors.pages import Point, form_page, once_per_form, open_to, posted, refusals_on
from practice.permissions import may_care
from practice.wording import listed


@require_http_methods(["GET", "POST"])
@open_to(may_care)
@once_per_form
def couple_link(request: ActorRequest) -> HttpResponse:
    """Note that two clients are a couple."""
    people, elsewhere = care.single_clients(request.actor), _linked_elsewhere(request.actor)
    if len(people) < 2:
        status = 422 if request.method == "POST" else 200
        return render(
            request, "clients/couple_of_whom.html", {"elsewhere": elsewhere}, status=status
        )
    form = CoupleForm(posted(request), people=people)
    if request.method == "POST" and form.is_valid():
        first, second = (
            care.client_of(request.actor, UUID(form.cleaned_data[name]))
            for name in ("first", "second")
        )
        with refusals_on(form):
            couple = caring.link(by=request.actor, at=now(), first=first, second=second)
            messages.success(request, _("They are linked. Neither sees anything of the other."))
            return redirect("couple_page", couple.pk)
    return form_page(
        request,
        form,
        title=_("Link a couple"),
        button=_("Link them"),
        back=reverse("client_list"),
        back_to=_("Clients"),
        text=_("Both have to be clients of yours. Each keeps a page of their own."),
        points=[Point(elsewhere)] if elsewhere else [],
    )


def _linked_elsewhere(actor: Actor) -> str:
    """Say whom one may look for here in vain, and name nobody who is a colleague's."""
    names = listed([one.name_in_lists for one in parting.linked_elsewhere(actor)])
    if not names:
        return ""
    text = _(
        "Linked already, with somebody in a colleague’s care: %(names)s. You can unlink them on their"
        " page."
    )
    return text % {"names": names}


@require_http_methods(["GET", "POST"])
@once_per_form
def couple_unlink(request: ActorRequest, pk: UUID) -> HttpResponse:
    """Note that two clients are no longer seen together; of two with a therapist each, either does."""
    couple = parting.couple_to_part(request.actor, pk)
    own = couple.first if couple.own == couple.first_id else couple.second
    back = reverse("couple_page", args=[pk]) if couple.opens else _page_of(own)
    caring.require_linked(couple)
    if request.method == "POST":
        caring.unlink(by=request.actor, at=now(), couple=couple)
        messages.success(request, _("They are no longer linked."))
        return redirect("client_list" if couple.opens else _page_of(own))
    return form_page(
        request,
        Form(),
        title=_("Unlink the couple"),
        button=_("Unlink them"),
        back=back,
        back_to=couple.names if couple.opens else own.name_to_call,
        points=[Point(text) for text in _what_unlinking_means(couple)],
    )


def _page_of(client: Client) -> str:
    return reverse("client_page", args=[client.pk])


def _what_unlinking_means(couple: Any) -> list[str]:
    said = [_("What each of them wrote stays theirs. Neither is told.")]
    if not couple.opens:
        said.append(
            _("The other is in a colleague’s care, whose page of them will say that it ended.")
        )
    said.append(
        _(
            "What is open stays open for each, and what each does alone goes on. Exercises for two that"
            " have not opened yet no longer come."
        )
    )
    # Told nowhere once nobody sees both.
    if couple.opens and to_come(couple.next_session_at, now()):
        said += [
            _("The session they share goes from every page: note one for each."),
            _(
                "What was given until it still ends at that hour, and moves with the next session you"
                " note for them."
            ),
        ]
    return said


@require_http_methods(["GET", "POST"])
def couple_session(request: ActorRequest, pk: UUID) -> HttpResponse:
    """Say when a couple comes next."""
    couple = care.couple_to_care_for(request.actor, pk)
    caring.require_linked(couple)
    page = reverse("couple_page", args=[couple.pk])
    back, back_to = back_from_session(request, page, couple.names, couple=str(couple.pk))
    form = SessionForm(
        posted(request), at=now(), initial={"next_session_at": couple.next_session_at}
    )
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        followed = caring.set_session(by=request.actor, at=now(), couple=couple, **said)
        messages.success(request, _("Saved."))
        hour = couple.next_session_at
        after = said["next_session_at"]
        say_what_follows(request, whose=couple.pair, followed=followed, before=hour, after=after)
        return redirect(back)
    return form_page(
        request,
        form,
        title=_("Next session"),
        button=_("Save"),
        back=back,
        back_to=back_to,
        text=_("The review queue puts whoever comes first on top."),
    )
