"""What several files of tests about people in care share."""

import re

from clients.models import Client
from practice.models import AuditEvent
from practice.tenancy import scope
from tests.cast import Person
from tests.practice.ground import text_of


def acts(person: Person, client: Client) -> list[str]:
    """Return what the trail says was done about a client, as somebody of the practice finds it."""
    with scope(practice=person.practice.pk):
        found = AuditEvent.objects.filter(client_id=client.pk).order_by("pk")
        return list(found.values_list("action", flat=True))


def names_on(person: Person, query: str = "") -> list[str]:
    """Return who stands on a therapist's list of clients."""
    page = text_of(person.browser().get(f"/clients/{query}"))
    return re.findall(r'class="title" href="/clients/[^"]+">([^<]+)</a>', page)
