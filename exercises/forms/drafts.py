"""What the page's script sends while somebody writes."""

import json
from dataclasses import dataclass

from exercises.definition import Item
from exercises.forms.items import Fields

LARGEST = 256_000
MOST_FIELDS = 600


@dataclass(frozen=True)
class Draft:
    """The state of one form on one device."""

    revision: int
    device: str
    fields: Fields

    def items(self, among: list[Item]) -> list[Item]:
        """Return the items this form holds fields of."""
        keys = {name.partition(".")[0] for name in self.fields}
        return [item for item in among if item.is_asked and item.key in keys]


def parse_draft(body: bytes) -> Draft | None:
    """Read what was sent; None for anything that is not a draft."""
    try:
        sent = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(sent, dict):
        return None
    revision = sent.get("revision", 0)
    fields = _fields(sent.get("fields"))
    if isinstance(revision, bool) or not isinstance(revision, int) or fields is None:
        return None
    return Draft(revision, device_name(sent.get("device")), fields)


def device_name(text: object) -> str:
    """Read which device a form was filled in on; a name that is no plain text is none."""
    return text[:40] if isinstance(text, str) and text.isprintable() else ""


def whole_number(text: str) -> int:
    """Read a revision out of a form; anything else is one that nobody has."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0


def _fields(sent: object) -> Fields | None:
    if not isinstance(sent, dict) or len(sent) > MOST_FIELDS:
        return None
    fields: Fields = {}
    for name, values in sent.items():
        if not isinstance(values, list) or not all(isinstance(one, str) for one in values):
            return None
        fields[name] = list(values)
    return fields
