"""Who is in care; the page of one client, and of a couple: what is open, came in, and changed."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from clients.actions import noting
from clients.models import Couple, to_come
from clients.queries import care, parting
from exercises.actions import reviewing
from exercises.forms.caring import ClientFilter
from exercises.models import Flag, Homework
from exercises.queries import homework as homeworks
from exercises.queries import review as reviews
from exercises.queries.caseload import MOST_COUNTED, caseload
from exercises.views import client_head, gate, staff_charts, wording
from exercises.views.client_pages import title_of
from exercises.views.lines import line, under_way
from exercises.views.therapist_pages import (
    consent_text,
    face,
    faces,
    flag_card,
    flag_text,
    for_carers,
    given_text,
    reads_along,
    seen_to_text,
    session_page,
    taken_on,
)
from practice.actions import auditing
from practice.actors import Actor, ActorRequest
from practice.doors.pages import searches
from practice.permissions import may_care
from practice.queries import people
from practice.queries.paging import pages
from practice.wording import language

# What was to be said in session is looked for in what came in so lately.
LATELY = timedelta(days=14)


@searches
@for_carers
@require_GET
def client_list(request: ActorRequest) -> HttpResponse:
    """List one's clients, and where the homework of each stands."""
    actor, at = request.actor, now()
    form = ClientFilter(
        request.GET, is_mixed=actor.is_therapist and bool(actor.supervises), cares=may_care(actor)
    )
    wanted = form.cleaned_data if form.is_valid() else {}
    asked = {"search": wanted.get("q", ""), "only": wanted.get("only", "")}
    found = caseload(actor, at, after=request.GET.get("after"), **asked)
    rows = list(found.page.rows)
    couples = care.couples_of(actor, rows)
    carers = care.carers_of(actor, rows) if actor.is_supervisor else {}
    return render(
        request,
        "exercises/therapist/clients.html",
        {
            "rows": [
                _client_row(row, couples.get(row.pk), carers.get(row.pk, ""), at, actor.zone)
                for row in rows
            ],
            "count_text": _count(found.count),
            **pages(request, found.page),
            "form": form,
            "searching": bool(asked["search"]),
            "by_address": "@" in asked["search"],
            "filtering": bool(asked["only"]),
            "may_care": may_care(actor),
            "read_along": people.read_along(actor),
            "reading_along": people.reading_along(actor),
        },
    )


def _client_row(
    client: Any, couple: Couple | None, carer: str, at: datetime, zone: str
) -> dict[str, Any]:
    # Once care has ended nothing goes on: what is not in stays so, and no hour comes.
    to_review, still_open = client.to_review, 0 if client.discharged_at else client.still_open
    session = None if client.discharged_at else wording.next_session(client, at)
    return {
        "client": client,
        "person": face(client, couple),
        "couple": couple,
        "carer": carer,
        "given": given_text(client, zone),
        "to_review": ngettext("%(n)d to review", "%(n)d to review", to_review) % {"n": to_review}
        if to_review
        else "",
        "still_open": ngettext("%(n)d open", "%(n)d open", still_open) % {"n": still_open}
        if still_open
        else "",
        "session": wording.plain_when(session, zone) if session else "",
    }


def _count(number: int) -> str:
    if number > MOST_COUNTED:
        return _("More than %(n)d clients") % {"n": MOST_COUNTED}
    return ngettext("%(n)d client", "%(n)d clients", number) % {"n": number} if number else ""


@for_carers
@require_GET
def client_page(request: ActorRequest, pk: UUID) -> HttpResponse:
    """Show one client."""
    actor, at = request.actor, now()
    more: dict[str, Any] = parting.links() | {"waiting": reviews.number_waiting(actor)}
    more["screened_beside_another"] = parting.screened_beside_another()
    client: Any = care.record_for_staff(actor, pk, at, **more)
    couple = care.couple_with(actor, client)
    flags = reviews.flags_of(actor, client) if client.cares else []
    course = homeworks.under_way_and_past(actor, [client], at, request.GET.get("after"))
    invitation = None if client.joined_at else people.invitation_of_client(actor, client.pk)
    with auditing.batched():
        topics = noting.read_topics(by=actor, at=at, clients=[client])
        span, weeks = reviewing.read_numbers(
            by=actor, at=at, clients=[client], before=request.GET.get("before")
        )
    return render(
        request,
        "exercises/therapist/client.html",
        {
            "client": client,
            "waiting_count": client.waiting,  # the frame's, which need not ask again
            "couple": couple,
            "people": [face(client, couple)],
            "cares": client.cares,
            "reads_along": reads_along(actor, cares=client.cares),
            # With somebody out of reach: who that is, is not told.
            "linked": client.linked if couple is None else None,
            "parted": client_head.parted(client, at, actor.zone),
            "head": client_head.head(client, couple, at, actor.zone),
            "note_session": session_page(client, None),
            "has_session": bool(to_come(client.next_session_at, at)),
            # Who reads along learns of no screening.
            "now": [
                line(row, at, actor.zone, cares=client.cares, is_gated=client.cares)
                for row in course.now
            ],
            "past": [line(row, at, actor.zone, cares=client.cares) for row in course.past],
            **pages(request, course.past),
            "at": at,
            "invitation": invitation,
            "invitation_opens": invitation is not None and invitation.opens(at),
            "charts": staff_charts.of_one(weeks[client.pk]),
            "span": staff_charts.span(request, actor, span, at),
            "consent_text": consent_text(client, client.consent_withdrawn_at, actor.zone),
            "topics": [
                *(text for _topic, text in topics),
                *(_would_rather_talk(row) for row in course.brought if client.cares),
            ],
            "reminders": client_head.reminders(client, at, actor.zone),
            "handled": taken_on(request, at),
            "flags": [
                flag_card(flag, _wants_you(flag, actor.zone))
                for flag in flags
                if flag.handled_at is None
            ],
            "seen_to": [
                (
                    wording.day(flag.raised_at, actor.zone),
                    flag,
                    flag_text(flag),
                    seen_to_text(flag, actor.zone),
                )
                for flag in flags
                if flag.handled_at is not None
            ],
        },
    )


def _wants_you(flag: Flag, zone: str) -> str:
    """Say since which day an answer asks for a human, and what it was."""
    return wording.sentence(f"{wording.day(flag.raised_at, zone)}: {flag_text(flag)}.")


@for_carers
@require_GET
def couple_page(request: ActorRequest, pk: UUID) -> HttpResponse:
    """Show a couple: each one's own account beside the other's, never subtracted."""
    actor, at = request.actor, now()
    couple: Any = care.couple_of(actor, pk, waiting=reviews.number_waiting(actor))
    pair = couple.pair
    course = homeworks.under_way_and_past(actor, pair, at, request.GET.get("after"))
    with auditing.batched():
        is_theirs = couple.cares and not couple.ended_at
        brief = _brief(actor, at, couple, course.brought) if is_theirs else []
        span, weeks = reviewing.read_numbers(
            by=actor, at=at, clients=pair, before=request.GET.get("before")
        )
    # Where the care of one has ended, the hour is the other's.
    staying = [one for one in pair if not one.discharged_at]
    session = to_come(couple.next_session_at, at) if couple.is_together and staying else None
    # A safety answer ends the screening: who reads along would see it gone.
    screening = (
        care.screening_of_each(actor, couple, at) if couple.cares and not couple.ended_at else []
    )
    is_held = gate.holds(course.now)
    return render(
        request,
        "exercises/therapist/couple.html",
        {
            "couple": couple,
            "waiting_count": couple.waiting,
            "people": faces(couple),
            "session": wording.plain_when(session, actor.zone) if session else "",
            "brief_title": _brief_title(session, at, actor.zone),
            "brief": brief,
            "cares": couple.cares,
            "unlinked": wording.day(couple.ended_at, actor.zone) if couple.ended_at else "",
            "ended": []
            if couple.ended_at
            else [one.name_to_call for one in pair if one.discharged_at],
            "alone": staying[0].name_to_call if len(staying) == 1 else "",
            "may_meet": couple.cares and staying and not couple.ended_at,
            "reads_along": reads_along(actor, cares=couple.cares),
            "items": under_way(course.now, couple, at, actor.zone),
            "past": [line(row, at, actor.zone, couple, cares=couple.cares) for row in course.past],
            **pages(request, course.past),
            "reminders": [(one, client_head.reminders(one, at, actor.zone)) for one in pair],
            "screening": screening,
            "waits_for": [one.client for one in screening if not one.is_cleared]
            if is_held or len(staying) == 2
            else [],
            "is_held": is_held,
            "charts": staff_charts.of_two([(one.name_to_call, weeks[one.pk]) for one in pair]),
            "span": staff_charts.span(request, actor, span, at),
        },
    )


def _brief_title(session: datetime | None, at: datetime, zone: str) -> str:
    day = wording.soon(session, at, zone)
    return _("For %(day)s") % {"day": day} if day else _("For the session")


def _brief(
    actor: Actor, at: datetime, couple: Couple, brought: Sequence[Homework]
) -> list[dict[str, str]]:
    """Return what each of the two wants to talk about, or would rather say in session than write."""
    people_by_id = {one.pk: one for one in (couple.first, couple.second)}
    pair = list(people_by_id.values())
    points = [
        (topic.client_id, text) for topic, text in noting.read_topics(by=actor, at=at, clients=pair)
    ]
    points += [
        (row.client_id, _would_rather_talk(row))
        for row in brought
        if any(item.is_releasable for item in row.version.definition.items)
    ]
    for kept in homeworks.kept_for_session(actor, pair, at - LATELY):
        homework = kept.response.homework
        item = homework.version.definition.item(kept.item_key)
        # What the partner can never be shown is no matter for the hour the two share.
        if item is None or not item.is_releasable:
            continue
        question = item.text.get(language())
        points.append(
            (
                homework.client_id,
                _("Would rather say it here: “%(question)s”") % {"question": question},
            )
        )
    return [
        {
            **face(people_by_id[pk], couple),
            "name": people_by_id[pk].name_to_call,
            "text": text,
        }
        for pk, text in points
    ]


def _would_rather_talk(row: Homework) -> str:
    """Name what was set aside for the session."""
    said = {"title": title_of(row)}
    return _("Would rather talk about “%(title)s” in the session than write.") % said
