"""The practice's policies."""

from copy import copy

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from practice.actions import practices
from practice.actors import ActorRequest
from practice.doors.pages import open_to, posted
from practice.forms.policies import PracticeForm
from practice.permissions import may_administer


@require_http_methods(["GET", "POST"])
@open_to(may_administer)
@reauthentication_required(allow_get=True)  # type: ignore[untyped-decorator]  # allauth's
def practice_settings(request: ActorRequest) -> HttpResponse:
    """Show the policies, and set them just after saying who one is: some of them guard the house."""
    is_post = request.method == "POST"
    practice = practices.take_turns(by=request.actor) if is_post else request.practice
    # The form writes into its own: what changed is told by how the practice stands.
    form = PracticeForm(posted(request), instance=copy(practice))
    if is_post and form.is_valid():
        practices.set_policies(
            by=request.actor, at=now(), practice=practice, values=form.cleaned_data
        )
        messages.success(request, _("Saved."))
        return redirect("practice_settings")
    return render(
        request,
        "practice/settings.html",
        {"form": form},
        status=422 if form.is_bound else 200,
    )
