"""The review queue and the answers to a round."""

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.timezone import now
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from exercises.actions import reviewing
from exercises.api import shapes
from exercises.api.shapes import homeworks_data, review_data
from exercises.models import Homework, Review
from exercises.permissions import may_review
from exercises.queries import homework as homework_queries
from exercises.queries import review as review_queries
from exercises.visibility import read_replies, read_review
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
from practice.permissions import may_read_caseloads


@extend_schema(parameters=[AFTER], responses=shapes.HomeworkPage)
@api_view(["GET"])
@needs("review")
def queue(request: Request) -> Response:
    """List what waits for review: whose session comes first, then what has waited longest."""
    actor = acting(request, may_read_caseloads)
    asking = parse_list_request(request)
    found = review_queries.queue(actor, now(), after=asking.after)
    return cursor_page(asking, found, homeworks_data(actor, found.rows))


@extend_schema(responses=shapes.ReviewShape(many=True))
@api_view(["GET"])
@needs("read", "answer", "review")
def reviews(request: Request, pk: UUID) -> Response:
    """Read what was answered to this homework, as far as you may."""
    actor = actor_of(request)
    row = homework_queries.homework(actor, pk)
    found = read_replies(actor, [row])[row.pk]
    return Response([review_data(reply) for reply in found])


@extend_schema(
    request=shapes.DraftRequest,
    responses=shapes.ReviewShape,
    parameters=[IF_MATCH, ETAG],
)
@api_view(["PUT"])
@needs("review")
def draft(request: Request, pk: UUID) -> Response:
    """Keep a review in the making. A stale If-Match gets 412 with both texts."""
    actor = actor_of(request)
    row = _reviewable(actor, pk)
    review = reviewing.save_draft(
        by=actor, at=now(), homework=row, draft=_draft(request), base=if_match(request)
    )
    return _reply(actor, review)


@extend_schema(
    request=shapes.DraftRequest, responses=shapes.ReviewShape, parameters=[IF_MATCH, ETAG]
)
@api_view(["POST"])
@needs("review")
@idempotent
def send(request: Request, pk: UUID) -> Response:
    """Send a review; for two minutes it can be undone."""
    actor = actor_of(request)
    row = _reviewable(actor, pk)
    review = reviewing.send(
        by=actor, at=now(), homework=row, draft=_draft(request), base=if_match(request)
    )
    return _reply(actor, review)


@extend_schema(request=None, responses=shapes.ReviewShape, parameters=[ETAG])
@api_view(["POST"])
@needs("review")
@idempotent
def undo(request: Request, pk: UUID) -> Response:
    """Take a sent review back into a draft, while it has not settled."""
    actor = actor_of(request)
    reviewing.undo(by=actor, at=now(), review=review_queries.review(actor, pk))
    return _reply(actor, review_queries.review(actor, pk))


def _reviewable(actor: Actor, pk: UUID) -> Homework:
    """Return it to who may review it, before anybody is told what their words lack."""
    row = homework_queries.homework(actor, pk)
    if not may_review(actor, row):
        raise PermissionDenied
    return row


def _draft(request: Request) -> reviewing.Draft:
    said = parse_body(request, shapes.DraftRequest)
    return reviewing.Draft(
        words=said["words"],
        comments=said["comments"],
        returned=frozenset(said["returned"]),
        decision=said["decision"],
    )


def _reply(actor: Actor, review: Review) -> Response:
    reply = read_review(actor, review)
    if reply is None:
        raise Http404
    response = Response(review_data(reply))
    response["ETag"] = etag(review.revision)
    return response
