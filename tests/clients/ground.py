"""What several files of tests about people in care share."""

from clients.models import Client
from practice.models import AuditEvent
from practice.tenancy import scope
from tests.cast import Person


def acts(person: Person, client: Client) -> list[str]:
    """Return what the trail says was done about a client, as somebody of the practice finds it."""
    with scope(practice=person.practice.pk):
        found = AuditEvent.objects.filter(client_id=client.pk).order_by("pk")
        return list(found.values_list("action", flat=True))
