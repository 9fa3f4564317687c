"""Library, assignments and homework."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.timezone import now
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from clients.queries.care import client_of, couple_of
from exercises.actions import assigning, moments, pausing, planning, responding, reviewing
from exercises.api import shapes
from exercises.api.shapes import exercise_data, homework_data, homeworks_data, round_data
from exercises.models import Assignment, Homework
from exercises.permissions import (
    may_answer,
    may_assign,
    may_read_whole_library,
    may_see_library,
)
from exercises.queries import given as given_queries
from exercises.queries import homework as homework_queries
from exercises.queries import library as library_queries
from exercises.visibility import read_rounds, statuses_behind
from exercises.workflow import Status
from practice.actors import Actor
from practice.doors.lists import AFTER, cursor_page, parse_list_request
from practice.doors.programs import (
    ETAG,
    IF_MATCH,
    acting,
    actor_of,
    etag,
    idempotent,
    if_match,
    needs,
)
from practice.doors.shapes import parse_body
from practice.errors import BadInput
from practice.permissions import may_read_caseloads
from practice.queries.paging import page

# What a page's form calls the days, and what a program does.
DAYS = {"opens": "opens_local", "due": "due_local"}


@extend_schema(parameters=[AFTER], responses=shapes.ExercisePage)
@api_view(["GET"])
@needs("read", "assign")
def exercises(request: Request) -> Response:
    """List the practice's exercises."""
    return _exercises(request)


@extend_schema(request=shapes.ExerciseSearch, responses=shapes.ExercisePage)
@api_view(["POST"])
@needs("read", "assign")
def exercise_search(request: Request) -> Response:
    """Look for exercises; the next page is the list's, with this `next`."""
    return _exercises(request)


def _exercises(request: Request) -> Response:
    actor = acting(request, may_see_library)
    asking = parse_list_request(request, search=shapes.ExerciseSearch)
    found = library_queries.library(actor, asking.said.get("q", ""), asking.after)
    newest = library_queries.newest_versions(actor, list(found.rows))
    return cursor_page(asking, found, [exercise_data(newest[row.pk]) for row in found.rows])


@extend_schema(responses=shapes.ExerciseInFull)
@api_view(["GET"])
@needs("read", "assign")
def exercise(request: Request, pk: UUID) -> Response:
    """Show one exercise; its whole definition to those who care for clients."""
    actor = acting(request, may_see_library)
    version = library_queries.newest_version(actor, pk)
    body = version.body if may_read_whole_library(actor) else {}
    return Response({**exercise_data(version), "definition": body})


@extend_schema(request=shapes.AssignmentRequest, responses={201: shapes.AssignmentShape})
@api_view(["POST"])
@needs("assign")
@idempotent
def assignments(request: Request) -> Response:
    """Assign an exercise to a client or a couple."""
    actor, at = acting(request, may_assign), now()
    said = parse_body(request, shapes.AssignmentRequest)
    client = client_of(actor, said["client"]) if said["client"] else None
    couple = couple_of(actor, said["couple"]) if said["couple"] else None
    with _refused_by_name():
        assignment = assigning.assign(
            by=actor,
            at=at,
            version=library_queries.newest_version(actor, said["exercise"]),
            client=client,
            couple=couple,
            when=planning.Schedule(
                opens_local=said["opens_local"],
                due_local=said["due_local"],
                rrule=said["rrule"],
                reminders_on=said["reminders_on"],
            ),
            note=said["note"],
        )
    return Response(_assignment_data(assignment, None), status=201)


@extend_schema(responses=shapes.AssignmentShape)
@api_view(["GET"])
@needs("read", "assign")
def assignment(request: Request, pk: UUID) -> Response:
    """Show one assignment."""
    return Response(_assignment_as_it_is(actor_of(request), pk))


@extend_schema(request=None, responses=shapes.AssignmentShape)
@api_view(["POST"])
@needs("assign")
@idempotent
def withdraw(request: Request, pk: UUID) -> Response:
    """Withdraw an assignment from whoever has not handed it in."""
    actor = actor_of(request)
    found = given_queries.assignment(actor, pk)
    assigning.withdraw(by=actor, at=now(), assignment=found)
    return Response(_assignment_as_it_is(actor, pk))


@extend_schema(parameters=[AFTER, shapes.HomeworkFilter], responses=shapes.HomeworkPage)
@api_view(["GET"])
@needs("read", "answer", "review")
def homework_list(request: Request) -> Response:
    """List homework, newest first."""
    actor = actor_of(request)
    if not (actor.is_client or may_read_caseloads(actor)):
        raise PermissionDenied
    asking = parse_list_request(request, shapes.HomeworkFilter)
    asks = asking.said
    rows = homework_queries.homeworks(actor)
    if "client" in asks:
        rows = rows.filter(client=client_of(actor, asks["client"]))
    if "status" in asks:
        rows = rows.filter(status__in=statuses_behind(actor, Status(asks["status"])))
    found = page(rows, order=("-opens_at", "pk"), after=asking.after)
    return cursor_page(asking, found, homeworks_data(actor, found.rows))


@extend_schema(responses=shapes.HomeworkShape)
@api_view(["GET"])
@needs("read", "answer", "review")
def homework(request: Request, pk: UUID) -> Response:
    """Show one homework, without words."""
    actor = actor_of(request)
    return Response(homework_data(actor, homework_queries.homework(actor, pk)))


@extend_schema(responses=shapes.RoundShape(many=True))
@api_view(["GET"])
@needs("read", "answer", "review")
def rounds(request: Request, pk: UUID) -> Response:
    """Read the words of every round you may read; a therapist's reading is audited."""
    actor = actor_of(request)
    row = homework_queries.homework(actor, pk)
    found = reviewing.open_rounds(by=actor, at=now(), homework=row)
    return Response([round_data(row, words) for words in found])


@extend_schema(
    request=shapes.AnswerRequest,
    responses=shapes.AnswerShape,
    parameters=[IF_MATCH, ETAG],
)
@api_view(["PUT"])
@needs("answer")
def answer(request: Request, pk: UUID, item: str) -> Response:
    """Save one answer of the open round. A stale If-Match gets 412 with both texts."""
    return _save(request, pk, item, None)


@extend_schema(
    request=shapes.AnswerRequest,
    responses=shapes.AnswerShape,
    parameters=[IF_MATCH, ETAG],
)
@api_view(["PUT"])
@needs("answer")
def entry_answer(request: Request, pk: UUID, entry: UUID, item: str) -> Response:
    """Save one answer of a moment in a log. A stale If-Match gets 412 with both texts."""
    return _save(request, pk, item, entry)


@extend_schema(request=shapes.EntryRequest, responses={201: shapes.EntryShape})
@api_view(["POST"])
@needs("answer")
@idempotent
def entries(request: Request, pk: UUID) -> Response:
    """Begin a moment in a log: it is there from the first answer that says more than when."""
    actor, at = actor_of(request), now()
    row = _answerable(actor, pk)
    said = parse_body(request, shapes.EntryRequest)
    entry = moments.add_entry(
        by=actor,
        at=at,
        homework=row,
        log_key=said["log"],
        happened_at=said["happened_at"] or at,
    )
    body = {"id": entry.pk, "log": entry.log_key, "happened_at": entry.happened_at}
    return Response(body, status=201)


@extend_schema(responses={204: None})
@api_view(["DELETE"])
@needs("answer")
def entry(request: Request, pk: UUID, entry: UUID) -> Response:
    """Remove a moment from a log that is not sent yet."""
    actor = actor_of(request)
    row = homework_queries.homework(actor, pk)
    found = homework_queries.entry(actor, row, entry)
    moments.remove_entry(by=actor, at=now(), homework=row, entry=found)
    return Response(status=204)


@extend_schema(request=None, responses=shapes.SubmittedShape)
@api_view(["POST"])
@needs("answer")
@idempotent
def submit(request: Request, pk: UUID) -> Response:
    """Hand in the open round; twice changes nothing."""
    actor = actor_of(request)
    row = homework_queries.homework(actor, pk)
    result = responding.submit(by=actor, at=now(), homework=row)
    return Response({"result": str(result), "homework": homework_data(actor, row)})


@extend_schema(request=None, responses=shapes.HomeworkShape)
@api_view(["POST"])
@needs("answer")
@idempotent
def take_back(request: Request, pk: UUID) -> Response:
    """Open a sent round again, as long as nobody has opened it."""
    return _moved(request, pk, responding.take_back)


@extend_schema(request=shapes.AsideRequest, responses=shapes.HomeworkShape)
@api_view(["POST"])
@needs("answer")
@idempotent
def set_aside(request: Request, pk: UUID) -> Response:
    """Finish without sending: let it go, or keep it for the session."""
    for_session = parse_body(request, shapes.AsideRequest)["for_session"]
    return _moved(request, pk, partial(pausing.set_aside, for_session=for_session))


@extend_schema(request=None, responses=shapes.HomeworkShape)
@api_view(["POST"])
@needs("answer")
@idempotent
def pick_up(request: Request, pk: UUID) -> Response:
    """Take something up again."""
    return _moved(request, pk, pausing.pick_up)


def _answerable(actor: Actor, pk: UUID) -> Homework:
    """Return it to who may answer it, before anybody is told what their words lack."""
    row = homework_queries.homework(actor, pk)
    if not may_answer(actor, row):
        raise PermissionDenied
    return row


def _moved(request: Request, pk: UUID, act: Any) -> Response:
    actor = actor_of(request)
    row = homework_queries.homework(actor, pk)
    act(by=actor, at=now(), homework=row)
    return Response(homework_data(actor, homework_queries.homework(actor, pk)))


def _save(request: Request, pk: UUID, item: str, entry_pk: UUID | None) -> Response:
    actor = actor_of(request)
    row = _answerable(actor, pk)
    entry = homework_queries.entry(actor, row, entry_pk) if entry_pk else None
    said = parse_body(request, shapes.AnswerRequest)
    base = if_match(request)
    (saved,) = responding.save(
        by=actor,
        at=now(),
        homework=row,
        said=[responding.AnswerInput(item, said["value"], said["outcome"])],
        base=None if base is None else {item: base},
        device=said["device"],
        entry=entry,
    )
    return _saved(actor, row, item, entry_pk, saved.revision)


def _saved(
    actor: Actor, row: Homework, item: str, entry_pk: UUID | None, revision: int
) -> Response:
    current = read_rounds(actor, row)[-1]
    said_in: Any = current.moment(entry_pk) if entry_pk else current
    if said_in is None:  # removed meanwhile
        raise Http404
    items = {one.key: one for one in row.version.definition.walk()}
    response = Response(shapes.answer_data(items[item], said_in.words[item]))
    response["ETag"] = etag(revision)
    return response


@contextmanager
def _refused_by_name() -> Iterator[None]:
    """Name a day that is refused as a program does."""
    try:
        yield
    except BadInput as refusal:
        raise BadInput(
            {DAYS.get(name, name): texts for name, texts in refusal.fields.items()}
        ) from refusal


def _assignment_as_it_is(actor: Actor, pk: UUID) -> dict[str, Any]:
    found = given_queries.assignment(actor, pk)
    return _assignment_data(found, given_queries.withdrawn_at(actor, found))


def _assignment_data(row: Assignment, withdrawn_at: datetime | None) -> dict[str, Any]:
    return {
        "id": row.pk,
        "exercise": row.version.exercise.slug,
        "version": row.version.number,
        "client": row.client_id,
        "couple": row.couple_id,
        "rrule": row.rrule,
        "reminders_on": row.reminders_on,
        "assigned_at": row.assigned_at,
        "withdrawn_at": withdrawn_at,
    }
