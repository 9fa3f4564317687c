"""What stood in a form that led nowhere, to be given back to whoever sent it, and to nobody else."""

import re
from collections.abc import Callable, Iterator
from typing import Any, TypeVar
from urllib.parse import urlsplit

from django import forms
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.urls import Resolver404, resolve
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from practice.forms.meanwhile import SHOWN, untouched

# How the boxes for free text that no form of ours names are called (tests/exercises/test_given_back.py).
WORDS = ("text", "letter", "note", "comment.", "crisis_")
# A name that is looked for is not lost, and an id tells nobody anything.
SEARCH = "q"
# Whatever page they are sent to, these are no words.
SECRET = re.compile(r".*password.*|code|token|credentials?", re.IGNORECASE)
# Where forms stand in our apps; a library's, which ask for passwords and codes, lie deeper.
OURS = re.compile(r"\w+\.forms\b")
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")

View = TypeVar("View", bound=Callable[..., HttpResponse])


def asks_questions(*carried: str) -> Callable[[View], View]:
    """Mark a page where every box is called after its question, beside what its form carries."""

    def mark(view: View) -> View:
        view.__dict__["carried"] = {"csrfmiddlewaretoken", "once", *carried}
        return view

    return mark


def is_secret(name: str) -> bool:
    """Say whether a field by this name holds a password, or what else opens a door."""
    return SECRET.fullmatch(name) is not None


def given_back(request: HttpRequest) -> dict[str, Any]:
    """Return what somebody who is signed in typed or chose in a form that led nowhere.

    Their record may have gone to a colleague while they wrote, or a role of theirs ended. Only what
    a person can see in a form: no password, code, token or id ever goes into a page.
    """
    return what_was_in(request) if getattr(request, "actor", None) is not None else {}


def what_was_in(request: HttpRequest) -> dict[str, Any]:
    """Return what stood in a form of a page of ours, whoever sent it: a form that leads nowhere is
    asked for no token, and another's words would stand here as one's own. What came back as the
    page showed it is left out, where the form says what it showed."""
    if request.method != "POST" or not _is_ours(request):
        return {}
    try:
        said = {name: [str(one) for one in texts] for name, texts in request.POST.lists()}
    except (SuspiciousOperation, MultiPartParserError, OSError):  # there is nothing to be read
        return {}
    carried = _carried_on(request)
    # A page that asks questions is no form of ours: its boxes are called as its exercise calls them.
    fields = _fields_for(set(said)) if carried is None else {}
    same = untouched(fields, said)
    said = {name: texts for name, texts in said.items() if name not in same}
    named = [
        (one.label, _in_words(one, said[name]))
        for name, one in fields.items()
        if name in said and one.label
    ]
    texts = [
        text
        for name, words in said.items()
        if name not in fields
        for text in words
        if text.strip() and _holds_words(name, text, carried)
    ]
    found = {"texts": texts, "comments": [(label, text) for label, text in named if text]}
    return {key: values for key, values in found.items() if values}


def _fields_for(names: set[str]) -> dict[str, forms.Field]:
    """Return what can be seen of that form of ours to which most of these names belong: which one it
    was the view would say, which never came to that."""
    found: dict[str, forms.Field] = {}
    for form in _forms():
        fields = {name: one for name, one in form.base_fields.items() if _is_seen(name, one)}
        more = len(names & fields.keys()) - len(names & found.keys())
        if more > 0 or (more == 0 and len(fields) < len(found)):
            found = fields
    return found if names & found.keys() else {}


def _is_seen(name: str, field: forms.Field) -> bool:
    hides = isinstance(field.widget, forms.HiddenInput | forms.PasswordInput)
    return not hides and name not in {SEARCH, SHOWN}


def _forms() -> Iterator[Any]:
    waiting: list[Any] = [forms.BaseForm]
    while waiting:
        form = waiting.pop()
        waiting += form.__subclasses__()
        if OURS.match(form.__module__) and hasattr(form, "base_fields"):  # a part of one has none
            yield form


def _in_words(field: forms.Field, texts: list[str]) -> str:
    """Say what was typed or chosen as the page showed it; nothing for what it cannot be said of."""
    if isinstance(field, forms.BooleanField):
        return _("Yes")
    said = [text for text in texts if text.strip()]
    if isinstance(field, forms.ChoiceField):
        labels = {str(value): str(label) for value, label in field.widget.choices}
        # What only its page could name is a code, and tells nobody anything.
        said = [labels[text] for text in said if text in labels]
    if isinstance(field, forms.DateTimeField):
        said = [text.replace("T", " ") for text in said]
    return ", ".join(text for text in said if not ID.fullmatch(text))


def _is_ours(request: HttpRequest) -> bool:
    """Say whether a form came from a page of ours; every browser says where from, be it "null"."""
    came = request.headers.get("Origin") or request.headers.get("Referer", "")
    ours = url_has_allowed_host_and_scheme(came, {request.get_host()}, request.is_secure())
    return ours and bool(urlsplit(came).netloc)


def _carried_on(request: HttpRequest) -> set[str] | None:
    """Return what goes along on a page that asks questions; None for any other."""
    try:  # a request that was refused on the way in has not been led anywhere yet
        view = resolve(request.path_info).func
    except Resolver404:
        return None
    carried: set[str] | None = getattr(view, "carried", None)
    return carried


def _holds_words(name: str, text: str, carried: set[str] | None) -> bool:
    if is_secret(name):
        return False
    is_answer = carried is not None and name not in carried and not text.isdigit()
    return is_answer or name.startswith(WORDS)
