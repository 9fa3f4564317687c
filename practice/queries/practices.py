"""The practices of an installation, for those who operate it: commands alone ask this."""

from uuid import UUID

from practice.models import Practice


def is_called(name: str) -> bool:
    """Say whether a practice has this name."""
    return Practice.objects.filter(name__iexact=name).exists()


def practices_of_all(only: UUID | None = None) -> list[UUID]:
    """Return every practice's id, or just the one named; empty when there is no such practice."""
    found = Practice.objects.order_by("pk")
    return list((found.filter(pk=only) if only else found).values_list("pk", flat=True))
