"""The floor: a bare Django view that does one indexed query."""

from uuid import UUID

from django.http import HttpRequest, JsonResponse
from django.urls import path

from exercises.models import Homework
from practice.tenancy import scope


def bare(request: HttpRequest, practice: UUID, pk: UUID) -> JsonResponse:
    """Look one row up by its key."""
    with scope(practice=practice):
        row = Homework.objects.get(pk=pk)
    return JsonResponse({"status": row.status})


urlpatterns = [path("<uuid:practice>/<uuid:pk>", bare)]
