"""What the pages about people in care stand on."""

from typing import Any

from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import now

from clients.actions import erasing
from clients.models import Client
from clients.queries import records
from practice.actors import ActorRequest


def page(
    request: ActorRequest,
    form: Form,
    *,
    title: str,
    button: str,
    back: str,
    back_to: str,
    **more: Any,
) -> HttpResponse:
    """Show a form by itself; `back_to` names the page it was opened from."""
    return render(
        request,
        "practice/form.html",
        {
            "form": form,
            "title": title,
            "button": button,
            "back": back,
            "back_to": back_to,
            **more,
        },
        status=422 if form.is_bound else 200,
    )


def erasure_page(request: ActorRequest, client: Client, *, back: str, back_to: str) -> HttpResponse:
    """Show what erasing means, and whether it is under way; for staff and clients alike."""
    if request.method == "POST":
        act = erasing.cancel if request.POST.get("cancel") else erasing.request
        act(by=request.actor, at=now(), client=client)
        return redirect(request.path)
    return render(
        request,
        "clients/erasure.html",
        {
            "client": client,
            "asked": records.open_erasure(request.actor, client.pk),
            "back": back,
            "back_to": back_to,
            "base": "base_client.html" if request.actor.is_client else "base_staff.html",
        },
    )
