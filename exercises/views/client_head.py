"""What a client's page says of them beside their work: when they come, with whom, how they are reminded."""

from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from clients.models import Couple
from exercises.views import wording
from practice.wording import clock_of

# So long a client's page says that they were unlinked.
PARTED_LATELY = timedelta(days=30)


def parted(client: Any, at: datetime, zone: str) -> str:
    """Say since when somebody is linked no more: a colleague may have ended it. For a while."""
    if client.linked or client.parted_at is None or at - client.parted_at > PARTED_LATELY:
        return ""
    return wording.day(client.parted_at, zone)


def head(client: Any, couple: Couple | None, at: datetime, zone: str) -> str:
    """Say below a client's name whether they are in care, have joined, and when they come next."""
    if client.discharged_at:  # and an hour noted before comes no more
        return _("Care ended on %(day)s") % {"day": wording.day(client.discharged_at, zone)}
    parts = [] if client.joined_at else [_("Not joined yet")]
    if session := wording.next_session(client, at):
        parts.append(_session(client, couple, session, wording.plain_when(session, zone)))
    return " · ".join(parts)


def _session(client: Any, couple: Couple | None, session: datetime, when: str) -> str:
    """Say when somebody comes next; of one of a couple, whether alone."""
    if couple is None:
        return _("Next session: %(when)s") % {"when": when}
    partner = couple.partner_of(client)
    if session != client.shared_session_at or partner.discharged_at:
        return _("Next session, alone: %(when)s") % {"when": when}
    said = {"name": partner.name_to_call, "when": when}
    return _("Next session, with %(name)s: %(when)s") % said


def reminders(client: Any, at: datetime, zone: str) -> str:
    """Say how this client wants to be reminded."""
    if client.discharged_at:
        return _("None go out: care has ended.")
    preference = getattr(client, "preference", None)
    if preference is None:
        return _("They begin with the practice’s times, and can change them once they have joined.")
    if preference.suppressed_at:
        return _("Their address takes no mail.")
    if not preference.by_email:
        return _("No e-mail, by their own choice.")
    if preference.paused_until and preference.paused_until > at:
        return _("Paused until %(day)s.") % {"day": wording.day(preference.paused_until, zone)}
    said = {"time": f"{preference.reminder_time:%H:%M}", "zone": clock_of(client.zone)}
    return _("By e-mail at %(time)s, %(zone)s.") % said
