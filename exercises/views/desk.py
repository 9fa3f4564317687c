"""What the therapist's pages stand on: who may come in, how people and answers are shown."""

from collections.abc import Callable
from datetime import datetime
from functools import update_wrapper
from typing import Any, Concatenate, ParamSpec

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from clients.models import Client, Couple
from clients.permissions import may_care_for
from exercises import definition as definitions
from exercises.definition import Item, ItemKind
from exercises.models import AnswerOutcome, Homework
from exercises.views.wording import when
from exercises.visibility import Words
from practice.actors import Actor, ActorRequest
from practice.permissions import may_care, may_read_caseloads

P = ParamSpec("P")
View = Callable[Concatenate[ActorRequest, P], HttpResponse]


def for_carers(view: View[P]) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Open a page to therapists and supervisors; 403 for any other role."""

    def guarded(request: ActorRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not may_read_caseloads(request.actor):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return update_wrapper(guarded, view)  # type: ignore[return-value]  # the middleware sets actor


def for_therapists(view: View[P]) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Open a page to those who care for clients themselves."""

    def guarded(request: ActorRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not may_care(request.actor):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return update_wrapper(guarded, view)  # type: ignore[return-value]  # the middleware sets actor


def reads_along(actor: Actor, client: Client) -> bool:
    """Say whether somebody reads this as a supervisor, and can neither answer nor assign."""
    return bool(actor.supervises) and not may_care_for(actor, client)


def faces(client: Client, couple: Couple | None) -> list[dict[str, str]]:
    """Return who a row is about: one person, or two in the order they joined."""
    if couple is None:
        return [{"letter": client.name_to_call[:1], "part": ""}]
    return [
        {"letter": couple.first.name_to_call[:1], "part": "a"},
        {"letter": couple.second.name_to_call[:1], "part": "b"},
    ]


def part_of(client: Client, couple: Couple | None) -> str:
    """Return the partner's shape: clay circle, tide square, or neither."""
    if couple is None:
        return ""
    return "a" if couple.first_id == client.pk else "b"


def answer(item: Item, words: Words | None, language: str) -> dict[str, Any]:
    """Return an answer as components/answer_value.html takes it."""
    if words is None or words.outcome == AnswerOutcome.SKIPPED:
        return {"skipped": True}
    if words.outcome == AnswerOutcome.IN_SESSION:
        return {"said_in_session": True, "alone": not item.is_releasable}
    if item.kind is ItemKind.SCALE and isinstance(words.value, int):
        step = item.words[words.value].get(language) if item.words else ""
        return {"value": words.value, "word": step}
    if item.kind is ItemKind.EMOTIONS and isinstance(words.value, dict):
        return {
            "feelings": [
                {
                    "text": definitions.WORDS[key].text.get(language),
                    "shape": definitions.WORDS[key].shape,
                    "strength": strength,
                }
                for key, strength in words.value.items()
            ]
        }
    lines = definitions.describe(item, words.value, language)
    return {"lines": lines} if len(lines) > 1 else {"text": lines[0] if lines else ""}


def title_of(homework: Homework, language: str) -> str:
    """Return what the exercise is called."""
    return homework.version.definition.title.get(language)


def waited(homework: Homework, at: datetime, zone: str) -> str:
    """Say since when a round waits."""
    return when(homework.submitted_at, at, zone) if homework.submitted_at else ""
