"""The practice's exercises, and what each looks like to a client."""

from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from exercises import definition as definitions
from exercises.forms import items as item_forms
from exercises.permissions import may_read_whole_library, may_see_library
from exercises.queries import library as asking
from exercises.views.ground import language
from practice.actors import ActorRequest


@require_GET
def library(request: ActorRequest) -> HttpResponse:
    """List and search the exercises."""
    if not may_see_library(request.actor):
        raise PermissionDenied
    query = request.GET.get("q", "")[:100]
    found = asking.library(request.actor, query, request.GET.get("after"))
    newest = asking.newest_versions(request.actor, list(found.rows))
    return render(
        request,
        "exercises/library/list.html",
        {
            "rows": [
                {
                    "pk": row.pk,
                    "title": newest[row.pk].definition.title.get(language()),
                    "purpose": newest[row.pk].definition.purpose.get(language()),
                    "minutes": row.minutes,
                    "is_pair": row.is_pair,
                    "is_log": row.is_log,
                }
                for row in found.rows
            ],
            "page": found,
            "query": query,
        },
    )


@require_GET
def exercise(request: ActorRequest, pk: UUID) -> HttpResponse:
    """Show one exercise; what it asks and when not to use it, to those who care for clients."""
    if not may_see_library(request.actor):
        raise PermissionDenied
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
            "cadence": definition.cadence.get(language()) if definition.cadence else "",
            "whole": whole,
            "cautions": [text.get(language()) for text in definition.cautions] if whole else [],
            "evidence": [text.get(language()) for text in definition.evidence] if whole else [],
            "items": [item.text.get(language()) for item in definition.walk() if item.is_asked]
            if whole
            else [],
            "versions": asking.versions(request.actor, version.exercise),
        },
    )


@require_GET
def preview(request: ActorRequest, pk: UUID) -> HttpResponse:
    """Show an exercise exactly as a client will see it; nothing is kept."""
    if not may_read_whole_library(request.actor):
        raise PermissionDenied
    version = asking.newest_version(request.actor, pk)
    steps = definitions.screens(definitions.visible_items(version.definition, {}))
    number = request.GET.get("step", "1")
    at = int(number) if number.isascii() and number.isdigit() and len(number) < 4 else 0
    if not 1 <= at <= len(steps):
        raise Http404
    look = item_forms.Look(language=language(), therapist=request.actor.name_to_call)
    shown: list[dict[str, Any]] = [
        item_forms.show(item, item_forms.as_fields([item], {}, language()), look)
        for item in steps[at - 1]
        if item.kind is not definitions.ItemKind.LOG
    ]
    logs = [item for item in steps[at - 1] if item.kind is definitions.ItemKind.LOG]
    shown += [
        item_forms.show(item, item_forms.as_fields([item], {}, language()), look)
        for log in logs
        for item in log.items
    ]
    return render(
        request,
        "exercises/library/preview.html",
        {
            "version": version,
            "items": shown,
            "solo": len(shown) == 1,
            "step": at,
            "steps": len(steps),
            "previous": at - 1 if at > 1 else None,
            "following": at + 1 if at < len(steps) else None,
        },
    )
