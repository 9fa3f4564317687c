"""Sample data for the kit page: every component once, with the people of the demo."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django import forms, template
from django.conf import settings
from django.contrib.messages import SUCCESS, WARNING
from django.contrib.messages.storage.base import Message
from django.template.loader import render_to_string
from django.utils.safestring import mark_safe

from practice.forms.fields import PlainForm
from practice.wording import clock_of

register = template.Library()

_ONLY = "Only you, Dana and Dana’s supervisor"
_ANA = {"letter": "A", "part": "a", "name": "Ana"}
_BEN = {"letter": "B", "part": "b", "name": "Ben"}
_WORDS = (
    "calm", "barely there", "light", "noticeable", "uneasy", "strong", "quite strong",
    "very strong", "hard to think", "flooded", "the most I have felt",
)  # fmt: skip
_FAMILIES = (
    ("Hurt and alone", "hurt", ("hurt", "alone", "small", "turned-away", "longing")),
    ("Afraid", "afraid", ("afraid", "too-much", "restless")),
    ("Sad", "sad", ("sad", "heavy", "unknown")),
)


def _option(key: str, text: str, help_text: str = "", *, checked: bool = False) -> dict[str, Any]:
    return {"key": key, "text": text, "help": help_text, "checked": checked}


def _item(kind: str, text: str, **more: Any) -> dict[str, Any]:
    key = f"kit-{kind}"
    return {"key": key, "kind": kind, "text": text, "id_prefix": "q-", "fields": {}} | more


def _family(text: str, drawing: str, words: tuple[str, ...]) -> dict[str, Any]:
    drawn = [
        {"key": word, "text": word.replace("-", " ").capitalize(), "shape": word} for word in words
    ]
    return {"text": text, "shape": drawing, "words": drawn}


def _items() -> list[dict[str, Any]]:
    families = [_family(*family) for family in _FAMILIES]
    families[0]["words"][1] |= {"checked": True, "strength": 2}
    cells = [
        {
            "index": n,
            "cells": [_item("text", "", name=f"kit-list.{n}", fields={f"kit-list.{n}": w})],
        }
        for n, w in enumerate(("Work rang", "Tired", ""))
    ]
    acts = [
        {
            "index": 0,
            "cells": [
                _item("text", "What did you do?", name="kit-acts.0.what"),
                _item("yesno", "Was it noticed?", name="kit-acts.0.seen"),
            ],
        }
    ]
    return [
        _item("display", "Choose a small or middling quarrel, not the worst one."),
        _item("text", "What was it about, in one plain sentence?", help="A few words are enough."),
        _item(
            "longtext",
            "What would have helped you feel safe just then?",
            hints=["A word, a touch, a sentence."],
            disclosure=f"{_ONLY}. Nobody else, unless you agree to it later.",
            shared=True,
            errors=["Write a few words, or choose “Skip this one”."],
        ),
        _item("yesno", "Did the other notice you coming back?"),
        _item(
            "choice",
            "What I needed most",
            disclosure=_ONLY,
            options=[_option("safe", "To be safe"), _option("seen", "To be seen", checked=True)],
        ),
        _item(
            "checklist",
            "On the surface I was holding on to",
            options=[
                _option("way", "My way of doing it", checked=True),
                _option("right", "Being right"),
                _option("fair", "Fairness", "that it counts the same for both"),
            ],
        ),
        _item(
            "scale",
            "How strong was it, at its strongest?",
            help="Your first guess is a good answer.",
            low="calm",
            high="the most I have felt",
            steps=[{"n": n, "word": word, "checked": n == 7} for n, word in enumerate(_WORDS)],
        ),
        _item("emotions", "And underneath, what was there?", families=families, disclosure=_ONLY),
        _item("number", "How many minutes did it last?", unit="minutes"),
        _item("date", "When was it?", fields={"kit-date.day": "4", "kit-date.month": "3"}),
        _item("time", "At what time of day?", fields={"kit-time.time": "19:30"}),
        _item("datetime", "When did you come back to each other?"),
        _item("list", "Reasons that have nothing to do with me", rows=cells),
        _item("list", "Small acts of repair", key="kit-acts", rows=acts),
    ]


def _size(cls: str, width: int, height: int) -> dict[str, Any]:
    left, right, top, bottom = 34, width - 62, 30, height - 34
    step = (right - left) / 9

    def at(week: int, value: int) -> tuple[float, float]:
        return round(left + step * week, 1), round(bottom - (bottom - top) * value / 10, 1)

    ana: list[int | None] = [8, 7, 8, None, 7, 6, 6, 5, 4, 5]
    ben: list[int | None] = [6, 7, 6, 6, 7, None, 5, 5, 5, 3]

    def path(values: list[int | None]) -> str:
        parts, pen = [], "M"
        for week, value in enumerate(values):
            if value is None:
                pen = "M"
                continue
            parts.append("{}{} {}".format(pen, *at(week, value)))
            pen = "L"
        return "".join(parts)

    points = []
    for values, drawing, name in ((ana, "circle", "pa"), (ben, "square", "pb")):
        for week, value in enumerate(values):
            if value is not None:
                x, y = at(week, value)
                tie = name == "pa" and ben[week] == value
                points.append({"x": x, "y": y, "shape": drawing, "cls": name, "tie": tie})
    return {
        "cls": cls, "width": width, "height": height,
        "grid": [{"y": at(0, v)[1], "x1": left, "x2": right, "label": v} for v in (0, 5, 10)],
        "ticks": [{"x": at(w, 0)[0], "y": bottom + 27, "label": w + 1} for w in range(0, 10, 3)],
        "polylines": [{"d": path(ana), "cls": "la"}, {"d": path(ben), "cls": "lb"}],
        "points": points,
    }  # fmt: skip


def _chart() -> dict[str, Any]:
    return {
        "id": "kit-chart",
        "title": "How strong hard moments felt",
        "range_text": "0 to 10, last 10 weeks",
        "summary": "Ana’s moments went from about 8 to about 5, Ben’s from about 6 to about 4.",
        "aria": "How strong hard moments felt, 0 to 10, by week. Ana from 8 to 5, Ben from 6 to 3.",
        "sizes": [_size("s", 350, 250), _size("l", 700, 270)],
        "legend": [
            _ANA | {"text": "Ana, round marks"},
            _BEN | {"text": "Ben, square marks, dashed line"},
        ],
        "legend_note": "A gap means no entry.",
        "table": {
            "heads": ["Week", "Ana", "Ben"],
            "rows": [[1, 8, 6], [2, 7, 7], [4, "no entry", 6]],
        },
    }


class _Sample(PlainForm):
    """A field of each kind: with a hint, with what to do, filled in."""

    name = forms.CharField(label="Name", help_text="As it stands on the door.")
    email = forms.EmailField(label="E-mail", help_text="A code comes by e-mail.")
    language = forms.ChoiceField(label="Language", choices=[("en", "English"), ("es", "Español")])
    when = forms.ChoiceField(
        label="Which days?",
        choices=[("any", "Any day"), ("week", "Weekdays")],
        widget=forms.RadioSelect,
    )
    agree = forms.BooleanField(label="Remind me by e-mail", required=False)


@register.simple_tag
def kit_samples() -> dict[str, Any]:
    """Return what the kit page shows."""
    return {
        "actor": {"name": "Dana Whitlock", "initials": "DW", "is_member": True,
                  "is_therapist": True, "is_admin": True},
        "messages": [Message(SUCCESS, "Saved."), Message(WARNING, "A colleague was faster.")],
        "form": _Sample({"name": "Dana", "email": "dana", "when": "week", "language": "es"}),
        "said": [{"label": "What happened?", "lines": ["The bags.", "And then the door."]},
                 {"label": "Two quiet minutes", "lines": ["Set aside"], "muted": True}],
        "answers": [
            {"value": 7, "word": "very strong"},
            {"text": "That nobody had asked me."},
            {"lines": ["My way of doing it", "Being right"]},
            {"feelings": [{"text": "Alone", "shape": "alone", "strength": 2}]},
            {"said_in_session": True},
            {"skipped": True},
        ],
        "items": _items(),
        "chart": _chart(),
        "couple": [_ANA, _BEN],
        "noor": [{"letter": "N", "part": ""}],
        "summary": [
            {"label": "How strong it was", "text": "7, very strong", "change_url": "#",
             "disclosure": _ONLY},
            {"label": "What would have helped", "text": "“If you had put the phone down.”",
             "change_url": "#", "disclosure": "You, Dana, and Ben if released", "shared": True},
            {"label": "Two quiet minutes", "text": "Done your own way", "muted": True},
        ],
        "points": ["Dana plans to read it before Thursday.", "Until it is opened you can take it back."],
        "landings": [{"text": "Two minutes of slow breath", "href": "#"},
                     {"text": "Talk to someone now", "href": "#"}],
        "seg": [{"text": "All", "href": "#", "current": True, "count": 6},
                {"text": "For two", "href": "#", "count": 5}],
        "sessions": [{"when_text": "Thu 17:30", "name": "Ana & Ben", "href": "#"}],
        "homework": [{"title": "After a hard moment", "lines": [
            _ANA | {"text": "sent, waits for you", "href": "#", "link": "Review"},
            _BEN | {"text": "open until Thu", "muted": True}]}],
        "given_back": {"words": "You came back into the room.", "comments": [("What happened?", "The bags.")]},
        "brief": [_ANA | {"text": "The move"}],
        "ledger": [
            {"when": "Mon 23 Nov, 19:30", "what": "On the last day", "title": "After a hard moment",
             "state": "Sent", "tone": "pine", "icon": "check", "sent_at": "Mon 23 Nov, 19:34"},
            {"when": "Tue 24 Nov, 19:30", "what": "Once more, afterwards", "state": "Not needed any more",
             "tone": "line", "icon": "check", "reason": "You had already sent it"},
            {"when": "Wed 25 Nov, 19:30", "zone": "Asia/Tokyo", "what": "On the last day",
             "state": "Not sent yet", "tone": "lamp", "icon": "circle-alert"},
        ],
        "options": [
            {"value": "a", "title": "Repair phrases that fit us", "checked": True,
             "text": "12 min · each alone first, then together"},
            {"value": "b", "title": "One small repair", "text": "6 min · Ana did this 4 days ago"},
        ],
        "entry": [{"label": "I asked", "text": "in words"}, {"label": "It helped", "text": "6 of 10"}],
        "errors": [{"id": "q-kit-longtext", "text": "Write a few words, or choose “Skip this one”."}],
        "heads": ["Name", "Role", "Since"],
        "rows": [["Dana Whitlock", "Therapist", "March"], ["Ruth Abernathy", "Admin", "May"]],
        "colours": ["mist", "card", "ink", "ink-2", "line", "control", "pine", "pine-soft", "lamp",
                    "lamp-soft", "tide", "clay", "berry"],
    }  # fmt: skip


# What the mails are told; addresses are as long as real ones.
_MAIL = {
    "name": "Homeward",
    "from_name": "Hillside",
    "at": "19:30",
    "home": "https://homeward.example",
    "you": "https://homeward.example/you/",
    "stop": "https://homeward.example/stop/dG9rZW4-dG9rZW4.1vDemo.8fIzXhYp2c",
    "link": "https://homeward.example/invitation/5d41402abc4b2a76b9719d911017c592ae2f",
    "code": "7K2M-94QD",
    "left": 9,
    "password_reset_url": "https://homeward.example/account/password/reset/key/1a-d3m0/",
    "user_agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/145.0",
    "timestamp": datetime(2026, 11, 23, 20, 14, tzinfo=UTC),
    "zone": "Europe/Lisbon",
}


@register.simple_tag
def kit_emails() -> list[dict[str, str]]:
    """Return every mail that goes out, as one would read it: plain, and as simple HTML."""
    folder = Path(settings.BASE_DIR) / "templates"
    own = [
        (path.parent.name, f"emails/{path.parent.name}/{{}}", path.with_name("body.html"))
        for path in sorted(folder.glob("emails/*/body.txt"))
    ]
    accounts = [
        (name, f"{path.parent.relative_to(folder)}/{name}_{{}}", None)
        for path in sorted(folder.glob("*/email/*_subject.txt"))
        for name in [path.name.removesuffix("_subject.txt")]
    ]
    return [_mail(*mail) for mail in [*own, *accounts]]


def _mail(name: str, where: str, html: Path | None) -> dict[str, str]:
    body = "body.txt" if html else "message.txt"
    known = {**_MAIL, "clock": clock_of(str(_MAIL["zone"]))}
    found = {
        "name": name.replace("_", " "),
        "subject": " ".join(render_to_string(where.format("subject.txt"), known).split()),
        "text": render_to_string(where.format(body), known).strip(),
        "html": "",
    }
    if html:
        whole = render_to_string(where.format("body.html"), known)
        inside = re.search(r"<body>(.*)</body>", whole, re.DOTALL)
        # Our own template about a made-up person; nobody's words are in it.
        found["html"] = mark_safe(inside[1] if inside else whole)  # noqa: S308
    return found
