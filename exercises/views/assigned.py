"""What was assigned: see where it stands, withdraw it, move its date."""

from datetime import datetime
from operator import itemgetter
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_http_methods

from exercises import schedule
from exercises.actions import assigning
from exercises.forms.assign import DueForm
from exercises.models import Assignment, Flag, FlagKind, Step
from exercises.queries import homework as homeworks
from exercises.queries import review as reviews
from exercises.views import wording
from exercises.views.assigning import Target
from exercises.views.caring import state_text, waits_for_review
from exercises.views.desk import (
    for_carers,
    for_therapists,
    reads_along,
)
from exercises.views.ground import title_of
from exercises.visibility import read_note
from exercises.workflow import Move
from practice.actors import ActorRequest
from practice.doors.pages import form_page, posted, refuse
from practice.errors import NotPossible
from practice.wording import clock_of, language


@for_therapists
@require_GET
def assignment_sent(request: ActorRequest, pk: UUID) -> HttpResponse:
    """Say that it is there, and how to take it away again."""
    found = homeworks.assignment(request.actor, pk)
    target = Target(found.client, found.couple)
    wall = found.opens_local.replace(tzinfo=None)
    opens_later = wall > schedule.local_time(now(), target.people[0].zone)
    return render(
        request,
        "exercises/therapist/assigned.html",
        {
            "opens": wording.plain_day(wall) if opens_later else "",
            "assignment": found,
            "title": _with_dates(found),
            "who": target.name,
            "back": target.back,
        },
    )


def _with_dates(found: Assignment) -> str:
    """Say what it is and until when, by their own clock."""
    title = found.version.definition.title.get(language())
    if found.due_local is None:
        return title
    said = {"title": title, "due": wording.until_day(found.due_local.replace(tzinfo=None))}
    if found.rrule:
        return _("%(title)s, the first one until %(due)s.") % said
    return _("%(title)s, until %(due)s.") % said


@for_therapists
@require_http_methods(["GET", "POST"])
def assignment_withdraw(request: ActorRequest, pk: UUID) -> HttpResponse:
    """Take an assignment back, after saying what that means."""
    found = homeworks.assignment(request.actor, pk)
    target = Target(found.client, found.couple)
    if request.method == "POST":
        assigning.withdraw(by=request.actor, at=now(), assignment=found)
        messages.success(
            request, _("Withdrawn. What they wrote stays in the copy of their record.")
        )
        return redirect(target.back)
    return render(
        request,
        "exercises/therapist/withdraw.html",
        {
            "title": found.version.definition.title.get(language()),
            "for_two": target.couple is not None,
            "who": target.name,
            "back": target.back,
        },
    )


def _happened(step: Step) -> str:
    """Say what became of a homework, as something that is over."""
    texts = {
        Move.OPEN: pgettext("what happened", "Given"),
        Move.SUBMIT: pgettext("what happened", "Sent"),
        Move.TAKE_BACK: pgettext("what happened", "Taken back"),
        Move.SKIP: pgettext("what happened", "Set aside"),
        Move.PICK_UP: pgettext("what happened", "Picked up again"),
        Move.REVIEW: pgettext("what happened", "Answered"),
        Move.RETURN: pgettext("what happened", "Returned, to go deeper"),
        Move.WITHDRAW: pgettext("what happened", "Withdrawn"),
        Move.EXPIRE: pgettext("what happened", "Let go"),
    }
    return texts.get(Move(step.move), step.get_target_display())


def _story(steps: list[Step], flags: list[Flag]) -> list[tuple[str, datetime]]:
    """Return what happened, oldest first, with what asked for a human and who saw to it."""
    told = [(_happened(step), step.at) for step in steps]
    for flag in flags:
        what = (
            _("Said they do not feel safe")
            if flag.kind == FlagKind.SAFETY
            else _("Came to a place that asks for a talk with you")
        )
        told.append((what, flag.raised_at))
        if flag.handled_by and flag.handled_at:
            said = {"name": flag.handled_by.user.get_full_name()}
            told.append((_("%(name)s saw to it") % said, flag.handled_at))
    return sorted(told, key=itemgetter(1))


@for_carers
@require_GET
def homework_page(request: ActorRequest, pk: UUID) -> HttpResponse:
    """Show where one homework stands; never a word of a draft."""
    actor, at = request.actor, now()
    found = homeworks.homework(actor, pk)
    along = reads_along(actor, found.client)
    flags = reviews.flags_on(actor, found)
    return render(
        request,
        "exercises/therapist/homework.html",
        {
            "homework": found,
            "title": title_of(found),
            "state": state_text(found, at, actor.zone),
            "due": wording.until_day(schedule.local_time(found.due_at, actor.zone))
            if found.due_at and found.status in homeworks.MOVABLE
            else "",
            "steps": _story(homeworks.steps(actor, found), flags),
            "note": read_note(actor, found.assignment, found),
            "flag": next((flag for flag in flags if flag.handled_at is None), None),
            "has_rounds": found.submitted_at is not None,
            "waits": waits_for_review(found),
            "own_note": found.assignment.assigned_by_id == actor.member_id,
            "can_move": found.status in homeworks.MOVABLE and not along,
            "reads_along": along,
        },
    )


@for_therapists
@require_http_methods(["GET", "POST"])
def homework_due(request: ActorRequest, pk: UUID) -> HttpResponse:
    """Give another day to finish by."""
    found = homeworks.homework(request.actor, pk)
    form = DueForm(
        posted(request),
        initial={"due": found.due_local.date() if found.due_local else None},
    )
    if request.method == "POST" and form.is_valid():
        try:
            assigning.move_due(by=request.actor, at=now(), homework=found, due_local=form.local())
        except NotPossible as refusal:
            refuse(form, refusal)
        else:
            messages.success(request, _("Saved. Reminders follow."))
            return redirect("homework_page", found.pk)
    return form_page(
        request,
        form,
        title=_("Another day"),
        button=_("Save"),
        text=_("The evening of that day where %(name)s lives: %(zone)s.")
        % {"name": found.client.name_to_call, "zone": clock_of(found.zone)},
        back=reverse("homework_page", args=[found.pk]),
        back_to=title_of(found),
    )
