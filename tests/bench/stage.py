"""A practice of any size: the cast by real moves, the mass by bulk inserts."""

import uuid
from dataclasses import dataclass
from datetime import time, timedelta
from typing import Any

from django.db import connection
from django.utils.timezone import now

from clients.models import Caseload, Client, ContactPreference, Couple
from exercises import definition as definitions
from exercises.actions import publishing
from exercises.models import Assignment, ExerciseVersion, Homework
from practice.models import Practice, User
from practice.tenancy import scope
from tests.cast import ZONE, Person, Play, make_client, make_member, make_practice

BATCH = 5000
PER_CLIENT = 20


@dataclass
class Stage:
    """Who is measured, and what they have."""

    practice: Practice
    dana: Person
    ana: Person
    couple: Couple
    play: Play


def build(size: int) -> Stage:
    """Make a practice in which Dana's clients have `size` homeworks in all."""
    mark = uuid.uuid4().hex[:8]
    practice = make_practice(f"Practice {size}")
    dana = make_member(practice, f"dana-{mark}@hillside.example", "Dana Whitlock", "therapist")
    ana, ben = (
        make_client(practice, f"{name[:3].lower()}-{mark}@mail.example", name, dana)
        for name in ("Ana Quintero", "Ben Achterberg")
    )
    with scope(practice=practice.pk):
        publishing.publish(practice.pk, definitions.load_library(), at=now())
        couple = Couple.objects.create(
            practice=practice, first=ana.client, second=ben.client, linked_at=now()
        )
        Client.objects.filter(pk__in=[ana.client.pk, ben.client.pk]).update(was_in_couple=True)
        library = {v.exercise.slug: v for v in ExerciseVersion.objects.select_related("exercise")}
        _crowd(practice, dana, library["e01-under-the-argument"], size, mark)
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE NONE")
        cursor.execute("ANALYZE")
        cursor.execute("SET ROLE homeward_web")
    return Stage(practice, dana, ana, couple, Play(library))


def people(
    practice: Practice, dana: Person, count: int, mark: str, *, reachable: bool = False
) -> list[Client]:
    """Give Dana `count` clients; if they are to be reachable, with an account each."""
    at = now()
    addresses = [f"c{number}-{mark}@mail.example" for number in range(count)]
    users: list[User] = []
    if reachable:
        users = User.objects.bulk_create([User(email=each) for each in addresses], BATCH)
    found = [
        Client(
            practice=practice,
            user=users[number] if users else None,
            name=f"Client {number:06d}",
            email=email,
            zone=ZONE,
            created_at=at,
            joined_at=at,
        )
        for number, email in enumerate(addresses)
    ]
    Client.objects.bulk_create(found, BATCH)
    ContactPreference.objects.bulk_create(
        [
            ContactPreference(
                practice=practice,
                client=person,
                reminder_time=time(19, 30),
                quiet_from=time(22),
                quiet_until=time(8),
                **_changed(at),
            )
            for person in found
        ],
        BATCH,
    )
    Caseload.objects.bulk_create(
        [
            Caseload(practice=practice, member=dana.member, client=person, from_at=at)
            for person in found
        ],
        BATCH,
    )
    return found


def _crowd(
    practice: Practice, dana: Person, version: ExerciseVersion, size: int, mark: str
) -> None:
    at = now()
    assignments = [
        Assignment(
            practice=practice,
            version=version,
            client=person,
            assigned_by=dana.member,
            opens_local=at - timedelta(days=7 * week),
            assigned_at=at - timedelta(days=7 * week),
        )
        for person in people(practice, dana, max(1, size // PER_CLIENT), mark)
        for week in range(PER_CLIENT)
    ]
    Assignment.objects.bulk_create(assignments, BATCH)
    Homework.objects.bulk_create(
        [_homework(one, number) for number, one in enumerate(assignments)], BATCH
    )


def _homework(assignment: Assignment, number: int) -> Homework:
    """Mostly answered long ago; one in a hundred waits for review."""
    waits = number % 100 == 0
    return Homework(
        practice_id=assignment.practice_id,
        assignment=assignment,
        client_id=assignment.client_id,
        version_id=assignment.version_id,
        status="submitted" if waits else "reviewed",
        opens_at=assignment.assigned_at,
        zone=ZONE,
        created_at=assignment.assigned_at,
        submitted_at=assignment.assigned_at + timedelta(days=2, seconds=number),
    )


def _changed(at: Any) -> dict[str, Any]:
    names = {field.name for field in ContactPreference._meta.get_fields()}
    return {"changed_at": at} if "changed_at" in names else {}
