"""What templates need beyond Django's own: drawings, dictionary look-ups, form widgets."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from allauth.account.internal.flows.email_verification_by_code import EmailVerificationProcess
from django import forms, template
from django.forms.boundfield import BoundField
from django.http import HttpRequest
from django.template.defaultfilters import stringfilter
from django.utils.crypto import get_random_string
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from practice.doors.pages import HEADED
from practice.doors.suspended import page_asked_from
from practice.models import Practice
from practice.templatetags.icons import ICONS, SHAPES
from practice.wording import in_words, is_general

register = template.Library()
register.filter(in_words)
register.simple_tag(page_asked_from)

_GROUPS = frozenset({"yesno", "choice", "checklist", "scale", "emotions", "date", "datetime"}) | {
    "list",
    "log",
}
# The menu says where one is, on the pages beneath its own too.
_SECTIONS = {
    page: head
    for head, pages in {
        "queue": "review",
        "client_list": "client_page client_add client_edit client_clearance client_hand_over"
        " client_discharge client_notes client_note note_drop couple_page couple_link couple_unlink"
        " couple_session homework_page homework_due erasure export_client reminder_ledger"
        " assign assignment_sent assignment_withdraw",
        "library": "exercise preview",
        "people": "people_invite member member_deactivate",
        "record_holds": "record_entrust",
    }.items()
    for page in pages.split()
}
# A client's pages lie under the four ways of their menu.
_SECTIONS |= {
    page: head
    for head, pages in {
        "today": "homework step draft check sent feedback save_copy aside ended breath let_all_go",
        "log": "entries entry entry_remove",
        "you": "who_read_me consent consent_withdraw own_ledger export_own erase_own account_email"
        " account_change_password account_set_password account_reauthenticate account_logout"
        " usersessions_list",
    }.items()
    for page in pages.split()
}
# A number to call: groups of digits, and no opening hours ("24 h", "24/7", "9:00") at its end.
_NUMBER = re.compile(
    r"(?<![\w#&+])\+?(?:\(\d+\)|\d+)(?:[ \u00a0-]?\(\d+\)\d*|[ \u00a0-]\d+)*"
    r"(?!\d|[ \u00a0-]?\d+ ?[:/]|[ \u00a0]?(?:[:/]|h\b|hor|hour))"
)
_CLASSES = {"checkbox": "", "radios": "", "checks": "", "area": "area", "select": "select"}


@register.filter
def fours(secret: str) -> str:
    """Write a secret that is typed by hand in groups of four; the apps take it with the spaces."""
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))


@register.filter(is_safe=True)
@stringfilter  # a help text may be lazy: it is markup only once it was asked for
def unbroken(text: str) -> str:
    """Keep "e-mail" on one line: browsers break a line behind its hyphen."""
    return text.replace("e-mail", "e-\u2060mail")


@register.simple_tag
def icon(name: str) -> SafeString:
    """Draw one line icon; it is decoration, the words beside it carry the meaning."""
    return mark_safe(  # noqa: S308 - constant drawings only, the name is a dictionary key
        f'<svg class="icon" viewBox="0 0 24 24" aria-hidden="true">{ICONS[name]}</svg>'
    )


@register.simple_tag
def once() -> SafeString:
    """Give a form a word of its own: sent twice, it is done once, where its view is `once_per_form`
    (`practice.doors.pages`); our script swallows a second press in any case."""
    return format_html('<input type="hidden" name="once" value="{}">', get_random_string(22))


@register.simple_tag
def shape(name: str) -> SafeString:
    """Draw the abstract shape of a feeling; an unknown name gets the three fading dots."""
    drawing = SHAPES.get(name, SHAPES["unknown"])
    return mark_safe(  # noqa: S308 - constant drawings only
        f'<svg viewBox="0 0 32 32" aria-hidden="true">{drawing}</svg>'
    )


@register.filter
def get(mapping: Mapping[str, Any] | None, key: str) -> Any:
    """Look a key up that has a dot or a dash in it; nothing is an empty text."""
    return "" if mapping is None else mapping.get(key, "")


@register.filter
def section(page: str | None) -> str:
    """Name the page of the main menu under which a page lies; itself, if none."""
    if page and page.startswith("mfa_"):
        return "you"
    return _SECTIONS.get(page or "", page or "")


@register.filter
def dialable(text: str) -> SafeString:
    """Let the phone numbers in a text be called with a tap."""
    return mark_safe(_NUMBER.sub(_dial, conditional_escape(text)))  # noqa: S308 - escaped above


def _dial(match: re.Match[str]) -> str:
    said = match[0]
    number = re.sub(r"[^\d+]", "", said.replace("(0)", "") if said[0] == "+" else said)
    if len(number) >= 6 or (said.isdigit() and len(number) >= 3):
        return format_html('<a href="tel:{}">{}</a>', number, said)
    return re.sub(r"\d{3,}", r'<a href="tel:\g<0>">\g<0></a>', said)


@register.simple_tag
def crisis_words(practice: Practice | None, language: str) -> dict[str, str]:
    """Return what a practice says of danger in a reader's language, else in one it has."""
    texts = practice.crisis_texts if practice else {}
    for code in (language, practice.language if practice else "", *texts):
        if texts.get(code):
            return {"language": code, "text": texts[code]}
    return {}


@register.filter
def grouped(kind: str) -> bool:
    """Tell whether an item has several controls and so needs a fieldset and a legend."""
    return kind in _GROUPS


@register.filter
def moment(text: str | None) -> datetime | None:
    """Read a moment as programs are told it, so that a person can be told it."""
    return datetime.fromisoformat(text) if text else None


@register.filter
def times(count: int) -> range:
    """Count 1, 2 … count, for drawing that many marks."""
    return range(1, int(count or 0) + 1)


@register.filter
def coded(text: str) -> SafeString:
    """Show what stands between backticks as code."""
    marked = re.sub(r"`([^`]+)`", r"<code>\1</code>", conditional_escape(text))
    return mark_safe(marked)  # noqa: S308 - escaped above


@register.filter
def breakable(path: str) -> SafeString:
    """Let an address break after a slash rather than within a word."""
    return mark_safe(conditional_escape(path).replace("/", "/<wbr>"))  # noqa: S308 - escaped above


@register.filter
def widget_kind(field: BoundField) -> str:
    """Name the shape in which a form field is drawn."""
    widget = field.field.widget
    kinds: tuple[tuple[type[forms.Widget], str], ...] = (
        (forms.CheckboxSelectMultiple, "checks"),
        (forms.RadioSelect, "radios"),
        (forms.CheckboxInput, "checkbox"),
        (forms.Select, "select"),
        (forms.Textarea, "area"),
    )
    return next((kind for cls, kind in kinds if isinstance(widget, cls)), "input")


@register.filter
def first_id(field: BoundField) -> str:
    """Return the id an error message links to: of groups, the first control."""
    if widget_kind(field) in {"radios", "checks"}:
        return f"{field.auto_id}_0"
    return field.id_for_label or field.auto_id


@register.simple_tag
def widget(field: BoundField) -> SafeString:
    """Render a form field's control with our class and nothing else changed."""
    css = _CLASSES.get(widget_kind(field), "input")
    given = field.field.widget.attrs.get("class", "")
    attrs: dict[str, str | bool] = {"class": f"{css} {given}".strip()} if css or given else {}
    # allauth says the label once more inside the box, where it looks like an answer.
    field.field.widget.attrs.pop("placeholder", None)
    return field.as_widget(attrs=attrs)


@register.filter
def says_itself(field: BoundField, text: str) -> bool:
    """Tell whether an error names what is asked for, as a field's very own does."""
    own = {str(words) for words in field.field.error_messages.values()}
    return text in own and not is_general(text)


@register.simple_tag
def waiting_address(request: HttpRequest) -> str:
    """Return the address that waits for its code before it takes the place of the one in use."""
    process = EmailVerificationProcess.resume(request)
    return str(process.email) if process else ""


@register.simple_tag
def headed(request: HttpRequest) -> str:
    """Return where somebody was headed before they were asked for a second step; else nothing."""
    return str(request.session.get(HEADED, ""))


@register.filter
def inline_svg(drawing: str) -> SafeString:
    """Put a drawing made by the server into the page (a data: image would break the policy)."""
    start = drawing.find("<svg")
    return mark_safe(drawing[start:])  # noqa: S308 - our own QR code, no one's words in it


_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("CrOS", "Chromebook"),
    ("Linux", "Linux"),
)


@register.filter
def device_name(user_agent: str) -> str:
    """Say a browser's long self-description in two words a person knows."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system or user_agent[:60] or _("An unknown device")


@register.simple_tag
def count_problems(form: forms.BaseForm | None, items: Any, errors: Any) -> int:
    """Count what stops a form, for the heading of the summary."""
    in_form = sum(len(texts) for texts in form.errors.values()) if form else 0
    return in_form + sum(len(item.get("errors") or ()) for item in items or ()) + len(errors or ())
