"""Where a client arrives: today, the running logs, what has grown, a slow breath."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from clients.models import Client
from exercises import schedule
from exercises.actions import pausing
from exercises.models import Homework
from exercises.queries import homework as homeworks
from exercises.queries import series
from exercises.queries import today as todays
from exercises.queries.bringing import is_for_session
from exercises.queries.reminders import next_mail
from exercises.views import staff_charts, wording
from exercises.views.client_pages import Work, actor_of, for_clients, show, therapist_of, title_of
from exercises.views.growth import charts_of
from exercises.workflow import Status
from practice.actors import Actor

UNDER_WAY = {Status.OPEN, Status.IN_PROGRESS, Status.RETURNED}
# So many of what waits past its day stand there whole; the others are folded.
CARDS = 2


@require_GET
@for_clients
def today(request: HttpRequest) -> HttpResponse:
    """Show what is there for this client now, in calm order."""
    actor, at = actor_of(request), now()
    found = todays.today(actor, at)
    record = todays.own_record(actor, at)
    session_at = wording.next_session(record, at)
    therapist = therapist_of(actor)
    waiting = [*found.open, *found.still_here]
    counts = todays.entry_counts(actor, waiting) if waiting else {}
    letters = todays.letters(actor, found.letters) if found.letters else {}
    return show(
        request,
        "today",
        {
            # On a line of its own, which may break: large text on a narrow phone needs it.
            "date_text": wording.sentence(wording.day(at, actor.zone)).replace(
                "\N{NO-BREAK SPACE}", " "
            ),
            "greeting": wording.greeting(at, actor.zone, actor.name),
            "therapist": therapist.name,
            "feature": _feature(actor, found.feature, at, record, therapist.name),
            "letters": [_letter(actor, row, letters[row.pk], at) for row in found.letters],
            "rows": [
                _row(row, counts.get(row.pk, 0), at, actor.zone)
                for row in found.open
                if row not in found.letters
            ],
            "still_here": [
                _still_here(row, counts.get(row.pk, 0), actor.zone)
                for row in found.still_here[:CARDS]
            ],
            "earlier": [
                _waiting(row, counts.get(row.pk, 0), actor.zone) for row in found.still_here[CARDS:]
            ],
            "brought": [
                {"title": title_of(row), "action": reverse("pick_up", kwargs={"pk": row.pk})}
                for row in found.brought
            ],
            "recent": [_recent(row, at, actor.zone) for row in found.recent],
            "has_earlier": found.has_earlier,
            "is_empty": found.is_empty,
            "only": therapist.only,
            "session_text": _session(session_at, actor.zone),
            "reminder_text": _reminder(actor, record, at),
            "initials": therapist.initials,
            "erased_at": record.erased_at,
            "legal_hold": record.legal_hold,
        },
    )


@require_http_methods(["GET", "POST"])
@for_clients
def let_all_go(request: HttpRequest) -> HttpResponse:
    """Let go of all that waits past its day, after a page that names it: of what stood there alone."""
    actor, at = actor_of(request), now()
    found = todays.today(actor, at).still_here
    if request.method == "POST":
        meant = [row for row in found if str(row.pk) in request.POST.getlist("homework")]
        if meant:
            pausing.let_all_go(by=actor, at=at, homeworks=meant)
            messages.success(
                request,
                _("These rest now. Each of them is under “Growth”, and can be picked up again."),
            )
        return redirect("today")
    if not found:
        return redirect("today")
    counts = todays.entry_counts(actor, found)
    rows = [_waiting(row, counts.get(row.pk, 0), actor.zone) | {"pk": row.pk} for row in found]
    return show(request, "let_go", {"rows": rows})


@require_GET
@for_clients
def log(request: HttpRequest) -> HttpResponse:
    """Show the running logs; when there is just one, go straight to it."""
    actor, at = actor_of(request), now()
    found = homeworks.logs(actor)
    if len(found) == 1:
        return redirect("entries", pk=found[0].pk)
    counts = todays.entry_counts(actor, found)
    rows = [
        _row(row, counts.get(row.pk, 0), at, actor.zone)
        | {"href": reverse("entries", kwargs={"pk": row.pk})}
        for row in found
    ]
    return show(request, "log", {"rows": rows, "therapist": therapist_of(actor).name})


@require_GET
@for_clients
def breath(request: HttpRequest) -> HttpResponse:
    """Offer two slow minutes."""
    return show(request, "breath", {"back_url": reverse("today")})


def _feature(
    actor: Actor,
    row: Homework | None,
    at: datetime,
    record: Client,
    therapist: str,
) -> dict[str, Any] | None:
    if row is None:
        return None
    work = Work(actor, row)
    begun = bool(work.current) and row.status != Status.OPEN
    returned = row.status == Status.RETURNED
    eyebrow = _("Whenever you like")
    if returned:
        eyebrow = _("One place to go deeper") if len(work.items) == 1 else _("Places to go deeper")
    elif begun:
        eyebrow = _("Where you left off")
    saved = work.saved_at
    return {
        "title": work.title,
        "eyebrow": eyebrow,
        "href": _href(row, work, begun=begun),
        "action_text": _action(therapist, returned=returned, begun=begun),
        # One place alone is no way to walk.
        "step": work.resume_at
        if begun and not work.definition.is_journal and len(work.steps) > 1
        else 0,
        "steps": len(work.steps),
        "takes": work.takes(begun=begun),
        "deadline_text": wording.due(row.due_at, at, actor.zone),
        "saved_text": _("Saved %(when)s") % {"when": wording.when(saved, at, actor.zone)}
        if begun and saved
        else "",
        "aside_action": work.url("set_aside"),
        "aside_text": wording.bring(wording.own_day(record, at, actor.zone)),
    }


def _action(therapist: str, *, returned: bool, begun: bool) -> str:
    if returned:
        return _("See what %(name)s asks") % {"name": therapist}
    return _("Continue") if begun else _("Begin")


def _href(row: Homework, work: Work, *, begun: bool) -> str:
    if row.status == Status.RETURNED:
        return work.url("feedback")
    return work.continue_url if begun else work.url("homework")


def _letter(actor: Actor, row: Homework, review: Any, at: datetime) -> dict[str, Any]:
    user = review.reviewer.user
    name = user.get_short_name()
    settled = review.settled_at or at
    # The day tells two cards of one exercise apart.
    said = {"name": name, "day": wording.day(row.submitted_at or settled, actor.zone)}
    text = _("There is an answer to what you sent on %(day)s.")
    if row.status == Status.RETURNED:
        text = _(
            "There is an answer to what you sent on %(day)s, and a place where a little more"
            " would be welcome."
        )
    if not review.has_words:
        text = _("%(name)s has read what you sent on %(day)s.")
        if row.status == Status.RETURNED:
            text = _(
                "%(name)s has read what you sent on %(day)s. There is a place where a little more"
                " would be welcome."
            )
    return {
        "id": f"letter-{row.pk}",
        "initials": wording.initials(user.get_full_name()),
        "eyebrow": _("From %(name)s, %(when)s")
        % {"name": name, "when": wording.when(settled, at, actor.zone)},
        "title": _("I read “%(title)s”") % {"title": title_of(row)},
        "text": text % said,
        "href": reverse("feedback", kwargs={"pk": row.pk}),
        "link": _("Read what %(name)s wrote") % said if review.has_words else _("See it"),
    }


def _row(row: Homework, count: int, at: datetime, zone: str) -> dict[str, Any]:
    tag, tone = _begun(row, count) or (_("Open"), "")
    if row.status == Status.RETURNED and not count:
        tag, tone = _("To go deeper"), "lamp"
    return {
        "title": title_of(row),
        "href": reverse("homework", kwargs={"pk": row.pk}),
        "help": _since(row, zone) if todays.is_past(row, at) else _to_do(row, at, zone),
        "icon_name": "pencil-line",
        "tag": tag,
        "tone": tone,
    }


def _to_do(row: Homework, at: datetime, zone: str) -> str:
    """Say how long it takes and until when; of what was begun the rest alone would be true, and its
    own page says that."""
    definition = row.version.definition
    is_whole = row.status == Status.OPEN or definition.is_journal
    takes = wording.takes(definition) if is_whole else ""
    said = [one for one in (takes, wording.due(row.due_at, at, zone)) if one]
    return wording.sentence(", ".join(said))


def _begun(row: Homework, count: int) -> tuple[str, str] | None:
    """Return how far it was begun, as a tag and its tone."""
    if count:
        return _("%(n)d so far") % {"n": count}, "pine"
    return (_("Begun"), "pine") if row.status == Status.IN_PROGRESS else None


def _since(row: Homework, zone: str) -> str:
    """Tell one occurrence from the next of the same."""
    return _("From %(day)s") % {"day": wording.day(row.opens_at, zone)}


def _waiting(row: Homework, count: int, zone: str) -> dict[str, Any]:
    tag, tone = _begun(row, count) or ("", "")
    return {
        "title": title_of(row),
        "href": reverse("homework", kwargs={"pk": row.pk}),
        "help": _since(row, zone),
        "tag": tag,
        "tone": tone,
    }


def _still_here(row: Homework, count: int, zone: str) -> dict[str, Any]:
    aside = reverse("set_aside", kwargs={"pk": row.pk})
    return _waiting(row, count, zone) | {"aside_url": aside}


def _recent(row: Any, at: datetime, zone: str) -> dict[str, Any]:
    states = {
        Status.OPEN: (_("Open"), ""),
        Status.IN_PROGRESS: (_("Begun"), "pine"),
        Status.RETURNED: (_("To go deeper"), "lamp"),
        Status.SUBMITTED: (_("Sent"), "pine"),
        Status.REVIEWED: (_("Answered") if row.has_words else _("Read"), "pine"),
        Status.SKIPPED: (
            _("For the session") if is_for_session(row) else _("Set aside"),
            "line",
        ),
    }
    tag, tone = states.get(Status(row.status), (_("Let go"), "line"))
    day = {"day": wording.day(row.submitted_at or row.opens_at, zone, at)}
    return {
        "title": title_of(row),
        "href": reverse("homework", kwargs={"pk": row.pk}),
        "help": _("Sent %(day)s") % day if row.submitted_at else _("Given %(day)s") % day,
        "icon_name": "pencil-line" if row.status in UNDER_WAY else "circle-check-big",
        "tag": tag,
        "tone": tone,
    }


def _session(at: datetime | None, zone: str) -> str:
    return f"{wording.sentence(wording.day(at, zone))}, {wording.clock(at, zone)}" if at else ""


def _reminder(actor: Actor, record: Client, at: datetime) -> str:
    preference = getattr(record, "preference", None)
    if preference is None or not preference.by_email:
        return _("E-mail reminders are off.")
    if preference.paused_until and preference.paused_until > at:
        return _("Paused until %(day)s.") % {
            "day": wording.day(preference.paused_until, actor.zone)
        }
    row = next_mail(actor, record, at)
    if row is None:
        return _("No e-mail is planned.")
    meant = schedule.without_spread(row.next_at, row.local_at, actor.zone)
    return _("Next e-mail: %(when)s. It says only that something is waiting, never what.") % {
        "when": wording.when(meant, at, actor.zone, wording.about)
    }


@require_GET
@for_clients
def growth(request: HttpRequest) -> HttpResponse:
    """Show a client's own past, and their own numbers over time. Never a score, never a partner's."""
    actor, at = actor_of(request), now()
    found = homeworks.own_history(actor, request.GET.get("after"))
    context = {
        "rows": [_recent(row, at, actor.zone) for row in found.rows],
        "next_url": f"?after={found.after}" if found.after else "",
        "previous_url": "" if found.is_first else reverse("growth"),
        "at": at,
    }
    if found.is_first and actor.client_id:
        shown = series.numbers(actor, [actor.client_id], at, request.GET.get("before"))
        context["charts"] = charts_of(actor, shown)
        context["span"] = staff_charts.span(request, actor, shown.span, at)
    return show(request, "growth", context)
