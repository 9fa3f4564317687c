"""The practice's exercises, and what each looks like to a client."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from exercises import definition as definitions
from exercises.definition import Definition, Item, ItemKind, Stage
from exercises.forms import items as item_forms
from exercises.models import Exercise, ExerciseVersion
from exercises.permissions import may_assign, may_read_whole_library, may_see_library
from exercises.queries import library as asking
from exercises.queries.homework import is_supervised
from exercises.views import wording
from exercises.views.client_pages import say_without_day
from practice.actors import ActorRequest
from practice.doors.pages import open_to, searches
from practice.queries.paging import pages, searched
from practice.wording import language, readers


@searches
@require_GET
@open_to(may_see_library)
def library(request: ActorRequest) -> HttpResponse:
    """List and search the exercises."""
    query = searched(request)
    found = asking.library(request.actor, query, request.GET.get("after"))
    newest = asking.newest_versions(request.actor, list(found.rows))
    return render(
        request,
        "exercises/library/list.html",
        {
            "rows": [_row(row, newest[row.pk].definition) for row in found.rows],
            **pages(request, found),
            "query": query,
        },
    )


def _row(row: Exercise, definition: Definition) -> dict[str, Any]:
    return {
        "pk": row.pk,
        "title": definition.title.get(language()),
        "purpose": definition.purpose.get(language()),
        "takes": wording.minutes(row.minutes, each=definition.is_journal),
        "is_pair": row.is_pair,
        "is_log": row.is_log,
        "is_journal": definition.is_journal,
    }


@require_GET
@open_to(may_see_library)
def exercise(request: ActorRequest, pk: UUID) -> HttpResponse:
    """Show one exercise; what it asks and when not to use it, to those who care for clients."""
    version = asking.newest_version(request.actor, pk)
    definition = version.definition
    whole = may_read_whole_library(request.actor)
    return render(
        request,
        "exercises/library/exercise.html",
        {
            "version": version,
            "title": definition.title.get(language()),
            "purpose": definition.purpose.get(language()),
            "takes": wording.takes(definition),
            "cadence": wording.cadence(definition),
            "whole": whole,
            "may_assign": may_assign(request.actor),
            "cautions": [text.get(language()) for text in definition.cautions] if whole else [],
            "evidence": [text.get(language()) for text in definition.evidence] if whole else [],
            "items": [item.text.get(language()) for item in definition.questions] if whole else [],
            "versions": asking.versions(request.actor, version.exercise),
        },
    )


@require_GET
@open_to(may_read_whole_library)
def preview(request: ActorRequest, pk: UUID) -> HttpResponse:
    """Show an exercise exactly as a client will see it; nothing is kept."""
    version = asking.newest_version(request.actor, pk)
    # Every question there is: which of them one client gets depends on what they say.
    items = version.definition.to_come
    opening = definitions.opening(items)
    steps = definitions.screens([one for one in items if one not in opening])
    number = request.GET.get("step", "0")
    at = int(number) if number.isascii() and number.isdigit() and len(number) < 4 else -1
    if not 0 <= at <= len(steps):
        raise Http404
    only = readers([request.actor.name_to_call], is_supervised=is_supervised(request.actor))
    look = item_forms.Look(language(), only, request.actor.name_to_call)
    if at == 0:
        return _before(
            request, version, [_shown(item, items, look)["item"] for item in opening], only
        )
    shown = [_shown(item, items, look) for item in steps[at - 1]]
    return render(
        request,
        "exercises/library/preview.html",
        {
            "version": version,
            "items": shown,
            "solo": len(steps[at - 1]) == 1 and not shown[-1]["parts"],
            "moment": any(one["parts"] for one in shown),
            "asked": any(item.is_asked for item in steps[at - 1]),
            # As whoever comes with a partner is offered it.
            "say_text": say_without_day(steps[at - 1], request.actor.name_to_call, is_joint=True),
            "step": at,
            "steps": len(steps),
            "previous": at - 1,
            "following": at + 1 if at < len(steps) else None,
        },
    )


def _before(
    request: ActorRequest, version: ExerciseVersion, about: list[Any], only: str
) -> HttpResponse:
    """Show what a client reads before the first question."""
    definition = version.definition
    return render(
        request,
        "exercises/library/before.html",
        {
            "version": version,
            "title": definition.title.get(language()),
            "purpose": definition.purpose.get(language()),
            "content_note": definition.content_note.get(language()),
            "takes": wording.takes(definition),
            "about": about,
            "only": only,
        },
    )


def _shown(item: Item, among: Sequence[Item], look: item_forms.Look) -> dict[str, Any]:
    """Return an item as the client's own page takes it, and when it is asked at all."""
    is_log = item.kind is ItemKind.LOG
    return {
        "item": item_forms.show(item, item_forms.as_fields([item], {}, look.language), look),
        "condition": _condition(item, among, look.language),
        "at_the_end": item.stage is Stage.CLOSING,
        "parts": [_shown(part, item.items, look) for part in item.items] if is_log else [],
    }


def _condition(item: Item, among: Sequence[Item], language: str) -> str:
    """Say on which answer a question depends."""
    asked = next((one for one in among if item.show_if and one.key == item.show_if.item), None)
    if item.show_if is None or asked is None:
        return ""
    said = {"question": asked.text.get(language)}
    if not item.show_if.values:
        return _("Shown when “%(question)s” has an answer.") % said
    answers = [f"“{_answer(asked, value, language)}”" for value in item.show_if.values]
    said |= {"answers": _(" or ").join(answers)}
    return _("Shown when the answer to “%(question)s” is %(answers)s.") % said


def _answer(item: Item, value: str | int, language: str) -> str:
    if item.kind is ItemKind.EMOTIONS:
        return definitions.WORDS[str(value)].text.get(language)
    said = [value] if item.kind is ItemKind.CHECKLIST else value
    return ", ".join(definitions.describe(item, said, language))
