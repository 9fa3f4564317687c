"""The admin's pages that touch clients: names and states, no words."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime, now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from clients.actions import caring, erasing, leaving
from clients.forms import RECORD_STATES, HandOverForm, HoldForm, RecordFilter
from clients.models import Client
from clients.queries import records, seats
from clients.views.ground import hand_over_page, nobody_takes_over
from practice.actions import people as people_actions
from practice.actions import practices
from practice.actors import ActorRequest
from practice.doors.pages import (
    Point,
    begin_anew_if_ended,
    form_page,
    once_per_form,
    open_to,
    posted,
    refusals_on,
    searches,
)
from practice.errors import NotPossible
from practice.forms.people import RolesForm
from practice.models import Role
from practice.permissions import may_administer
from practice.queries import people
from practice.queries.paging import pages

# So many at most are named above the records; who is found a therapist makes room for the next.
MOST_UNCARED = 20


@require_http_methods(["GET", "POST"])
@open_to(may_administer)
@reauthentication_required(allow_get=True)  # type: ignore[untyped-decorator]  # allauth's
def member(request: ActorRequest, pk: UUID) -> HttpResponse:
    """Show one member, and say what they do, just after saying who one is: it may open words."""
    if request.method == "POST":
        practices.take_turns(by=request.actor)
    found = people.member(request.actor, pk)
    therapists = [one for one in people.therapists(request.actor) if one.pk != found.pk]
    # Whose caseloads they read is asked once they are a supervisor.
    is_supervisor = Role.SUPERVISOR in {*found.roles, *request.POST.getlist("roles")}
    form = RolesForm(
        posted(request),
        therapists=therapists,
        is_supervisor=is_supervisor,
        initial={
            "roles": found.roles,
            "supervises": [str(one) for one in people.named_therapists(request.actor, found)],
        },
    )
    if request.method == "POST" and form.is_valid():
        roles, supervises = form.cleaned_data["roles"], form.cleaned_data.get("supervises", [])
        with refusals_on(form):
            people_actions.set_roles(
                by=request.actor,
                at=now(),
                member=found,
                roles=roles,
                supervises=[UUID(one) for one in supervises],
            )
            is_asked = Role.SUPERVISOR in roles and not supervises
            own = found.pk == request.actor.member_id
            messages.success(request, _saved(is_asked=is_asked, own=own))
            return redirect("member", found.pk)
    return render(
        request,
        "practice/member.html",
        {"member": found, "form": form, "own": found.pk == request.actor.member_id},
        status=422 if form.is_bound else 200,
    )


def _saved(*, is_asked: bool, own: bool) -> str:
    if is_asked:
        return (
            _("Saved. Now choose whose caseloads you read.")
            if own
            else _("Saved. Now choose whose caseloads they read.")
        )
    return (
        _("Saved. It holds from your next click on.")
        if own
        else _("Saved. It holds from their next click on.")
    )


@require_http_methods(["GET", "POST"])
@open_to(may_administer)
@reauthentication_required(allow_get=True)  # type: ignore[untyped-decorator]  # allauth's
@once_per_form
def member_deactivate(request: ActorRequest, pk: UUID) -> HttpResponse:
    """End a member's seat, after saying who takes over their clients, and who one is."""
    member = people.member(request.actor, pk)
    size = records.caseload_size(request.actor, member)
    others = seats.can_take_over(request.actor, besides=member.pk)
    name, tab, back = member.user.get_full_name(), _("Deactivate"), reverse("member", args=[pk])
    title = _("Deactivate %(name)s") % {"name": name}
    if any(size) and not others:
        return nobody_takes_over(request, title=title, tab=tab, back=back, back_to=name)
    own = member.pk == request.actor.member_id
    form = HandOverForm(posted(request), therapists=others)
    if not any(size):
        del form.fields["to"]
    if request.method == "POST" and form.is_valid():
        to = people.member(request.actor, UUID(form.cleaned_data["to"])) if any(size) else None
        with refusals_on(form):
            caring.deactivate_member(by=request.actor, at=now(), member=member, to=to)
            begin_anew_if_ended(request)
            messages.success(
                request,
                _("Done. You can no longer open anything here, and your keys have ended.")
                if own
                else _("Done. They can no longer open anything here, and their keys have ended."),
            )
            return redirect("member", member.pk)
    return form_page(
        request,
        form,
        title=title,
        tab=tab,
        text=_whose_clients(size, own=own),
        button=_("Deactivate"),
        back=back,
        back_to=name,
    )


def _whose_clients(size: tuple[int, int], *, own: bool) -> str:
    if not any(size):
        return (
            _("You care for no one at the moment.")
            if own
            else _("They care for no one at the moment.")
        )
    have = (
        _("You have %(whom)s. Choose who takes over.")
        if own
        else _("They have %(whom)s. Choose who takes over.")
    )
    return have % {"whom": leaving.whom(*size)}


@searches
@require_GET
def record_holds(request: ActorRequest) -> HttpResponse:
    """List records: name, state, whether one is held or asked to be erased."""
    form = RecordFilter(request.GET)
    wanted = form.cleaned_data if form.is_valid() else {}
    only = wanted.get("only", "")
    found, waiting = records.records(
        request.actor, search=wanted.get("q", ""), only=only, after=request.GET.get("after")
    )
    return render(
        request,
        "clients/records.html",
        {
            "rows": [(row, waiting.get(row.pk)) for row in found.rows],
            "uncared": records.uncared(request.actor)[:MOST_UNCARED],
            **pages(request, found),
            "form": form,
            "states": _states(request, only),
            "narrowed": bool(only),
            "asked": f"?{request.META['QUERY_STRING']}" if request.META["QUERY_STRING"] else "",
        },
    )


def _states(request: ActorRequest, only: str) -> list[dict[str, Any]]:
    """Return the ways to the records in each state, of those whose name is looked for."""
    asked = request.GET.copy()
    counts = records.counts(request.actor)
    for name in ("q", "after", "only"):
        asked.pop(name, None)
    return [
        {
            "text": text,
            "href": f"?{urlencode([*asked.items(), *([('only', key)] if key else [])])}",
            "current": key == only,
            "count": counts.get(key, ""),
        }
        for key, text in RECORD_STATES.items()
    ]


@require_http_methods(["GET", "POST"])
@open_to(may_administer)
def record_hold(request: ActorRequest, pk: UUID) -> HttpResponse:
    """Hold a record for the law, or let it go, as the page said; tapped twice it is done once. One
    whose erasure waits is let go after a page that says when it is then erased."""
    client = records.record(request.actor, pk)
    # Back to the part of the list it was pressed in; the address hides what was looked for.
    back = f"{reverse('record_holds')}?{request.META['QUERY_STRING']}"
    if request.method == "GET":
        return _release_page(request, client, back)
    wanted = HoldForm(request.POST)
    if not wanted.is_valid():
        raise NotPossible(_("This has already moved on. Open it again to see where it is."))
    held = wanted.cleaned_data["held"] == "yes"
    erasing.set_legal_hold(by=request.actor, at=now(), client=client, held=held)
    messages.success(request, _("Saved."))
    return redirect(back)


def _release_page(request: ActorRequest, client: Client, back: str) -> HttpResponse:
    asked = records.open_erasure(request.actor, client.pk)
    if asked is None or not client.legal_hold:
        raise NotPossible(_("This has already moved on. Open it again to see where it is."))
    day = date_format(localtime(erasing.day_if_released(asked, now())), _("l j F Y"))
    return form_page(
        request,
        HoldForm(initial={"held": "no"}),
        title=_("Allow the erasure of %(name)s’s record") % {"name": client.name},
        tab=_("Allow erasure"),
        button=_("Allow erasure"),
        back=back,
        back_to=_("Records"),
        points=[
            Point(_("On %(day)s everything written here is erased, for good.") % {"day": day}),
            Point(_("Until then the request can be taken back, or the record kept again.")),
        ],
    )


@require_http_methods(["GET", "POST"])
@open_to(may_administer)
@reauthentication_required(allow_get=True)  # type: ignore[untyped-decorator]  # allauth's
@once_per_form
def record_entrust(request: ActorRequest, pk: UUID) -> HttpResponse:
    """Find a therapist for somebody in nobody's care, just after saying who one is: it opens words."""
    client = records.uncared_client(request.actor, pk)
    others = seats.can_take_over(request.actor)
    form = HandOverForm(posted(request), therapists=others)
    if request.method == "POST" and form.is_valid():
        to = people.member(request.actor, UUID(form.cleaned_data["to"]))
        with refusals_on(form):
            caring.entrust(by=request.actor, at=now(), client=client, to=to)
            messages.success(request, _("Handed over. Your colleague sees them from now on."))
            return redirect("record_holds")
    return hand_over_page(request, form, client, back=reverse("record_holds"), back_to=_("Records"))
