"""A therapist's private notes on a client."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from clients.actions import noting
from clients.forms import NoteForm, TextForm
from clients.queries import care
from practice.actors import ActorRequest
from practice.doors.pages import form_page, once_per_form, posted


@require_http_methods(["GET", "POST"])
@once_per_form
def client_notes(request: ActorRequest, pk: UUID) -> HttpResponse:
    """Read and write one's private notes."""
    client = care.client_to_care_for(request.actor, pk)
    form = TextForm(posted(request))
    if request.method == "POST" and form.is_valid():
        text = form.cleaned_data["text"]
        noting.keep_note(by=request.actor, at=now(), client=client, text=text)
        messages.success(request, _("Saved."))
        return redirect("client_notes", client.pk)
    notes = care.private_notes(request.actor, client)
    return render(
        request,
        "clients/notes.html",
        {
            "client": client,
            "form": form,
            "notes": noting.read_notes(by=request.actor, at=now(), client=client, notes=notes),
        },
        status=422 if form.is_bound else 200,
    )


@require_http_methods(["GET", "POST"])
def client_note(request: ActorRequest, pk: UUID, note: UUID) -> HttpResponse:
    """Change a note of one's own."""
    client = care.client_to_care_for(request.actor, pk)
    kept = care.private_note(request.actor, client, note)
    [(_note, text)] = noting.read_notes(by=request.actor, at=now(), client=client, notes=[kept])
    form = NoteForm(posted(request), initial={"text": text})
    if request.method == "POST" and form.is_valid():
        noting.keep_note(
            by=request.actor,
            at=now(),
            client=client,
            text=form.cleaned_data["text"],
            note=kept,
        )
        messages.success(request, _("Saved."))
        return redirect("client_notes", client.pk)
    return form_page(
        request,
        form,
        title=_("Your private note on %(name)s") % {"name": client.name},
        tab=_("Private notes"),
        button=_("Save"),
        back=reverse("client_notes", args=[client.pk]),
        back_to=_("Private notes"),
        text=_("Only you read this. It is in no export."),
    )


@require_http_methods(["GET", "POST"])
def note_drop(request: ActorRequest, pk: UUID, note: UUID) -> HttpResponse:
    """Ask once, then throw a note away."""
    client = care.client_to_care_for(request.actor, pk)
    found = care.private_note(request.actor, client, note)
    if request.method != "POST":
        return render(request, "clients/note_drop.html", {"client": client, "note": found})
    noting.drop_note(by=request.actor, at=now(), note=found)
    messages.success(request, _("Removed."))
    return redirect("client_notes", client.pk)
