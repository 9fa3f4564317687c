"""The demo's practice at other sizes: everybody cared for, nothing answered before it was given."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command
from django.db.models import Count, F, Q
from django.utils.timezone import now

from clients.actions.clearances import RECHECK
from clients.models import Caseload, Clearance, Client, Couple, Standing
from exercises import definition as d
from exercises.actions.asking import NUDGES
from exercises.management import story
from exercises.management.commands import demo
from exercises.management.stage import FRIDAY, OFFICE, ZONE, working
from exercises.models import Homework, Reminder, ReminderState, Review
from practice.models import AuditEvent, Membership, Practice, User
from practice.tenancy import scope

pytestmark = pytest.mark.django_db(transaction=True)
CAST = 5  # Ana, Ben, Noor, Lucía and Mateo


@pytest.fixture
def owner(settings: Any) -> None:
    settings.DEMO = True


def grow(monkeypatch: pytest.MonkeyPatch, clients: int, *, few: int = 4) -> Practice:
    monkeypatch.setattr(demo, "FIRST_CLIENTS", few)
    monkeypatch.setattr(demo, "CLIENTS_EACH", 3)
    call_command("demo", weeks=1, clients=clients, verbosity=0)
    dana = User.objects.get(email="dana@hillside.example")
    with scope(user=dana.pk):
        return Membership.objects.select_related("practice").get(user=dana).practice


@pytest.mark.usefixtures("owner")
def test_more_clients_bring_more_colleagues_and_each_is_cared_for(monkeypatch: pytest.MonkeyPatch):
    practice = grow(monkeypatch, 12)
    with scope(practice=practice.pk):
        assert Client.objects.count() == CAST + 12
        assert Client.objects.filter(caseload__isnull=True).count() == 0
        loads = dict(
            Caseload.objects.filter(member__user__email__startswith="colleague.")
            .values_list("member__user__email")
            .annotate(Count("pk"))
        )
        assert sorted(loads.values()) == [2, 3, 3]
        assert Membership.objects.filter(user__email__startswith="colleague.").count() == len(loads)
    someone = User.objects.get(email="ana@mail.example")
    assert someone.check_password(demo.PASSWORD)


@pytest.mark.usefixtures("owner")
def test_a_therapist_sees_one_at_a_time_and_a_couple_together(monkeypatch: pytest.MonkeyPatch):
    practice = grow(monkeypatch, 30, few=30)
    with scope(practice=practice.pk):
        people = Client.objects.filter(next_session_at__isnull=False)
        hours = list(people.values_list("caseload__member", "next_session_at"))
        couples = Couple.objects.all()
        assert couples.count() > 2
        for couple in couples:
            assert couple.first.next_session_at is None is couple.second.next_session_at
            carer = Caseload.objects.get(client=couple.first).member_id
            hours.append((carer, couple.next_session_at))
    assert len(hours) > 20
    assert len(set(hours)) == len(hours)


@pytest.mark.usefixtures("owner")
def test_nobody_answers_before_they_were_asked(monkeypatch: pytest.MonkeyPatch):
    practice = grow(monkeypatch, 24)
    with scope(practice=practice.pk):
        sent = Homework.objects.filter(submitted_at__isnull=False)
        assert sent.filter(client__email__regex=r"\.\d+@").count() == 12
        assert not sent.filter(submitted_at__lt=F("assignment__assigned_at")).exists()


@pytest.mark.usefixtures("owner")
def test_the_past_of_the_demo_holds_together(monkeypatch: pytest.MonkeyPatch):
    practice = grow(monkeypatch, 12)
    with scope(practice=practice.pk):
        told = list(AuditEvent.objects.order_by("pk").values_list("at", flat=True))
        assert told == sorted(told)
        cleared = Clearance.objects.all()
        assert {one.recheck_at - one.attested_at for one in cleared} == {RECHECK}
        assert {one.standing(now()) for one in cleared if not one.ended_at} == {Standing.CLEARED}
        assert not cleared.filter(attested_at__gt=now()).exists()
        mails = Reminder.objects.all()
        assert not mails.filter(state=ReminderState.PLANNED, next_at__lte=now()).exists()
        assert mails.filter(state=ReminderState.SENT).exists()
        assert not mails.filter(state=ReminderState.SENT).exclude(sent_at=F("next_at")).exists()
        nudges = mails.filter(state=ReminderState.SENT, kind__in=NUDGES)
        evenings = nudges.values_list("client_id", "local_at")
        assert len(evenings) == len(set(evenings))
        hours = {
            at.astimezone(ZoneInfo(ZONE)).hour
            for at in Review.objects.values_list("sent_at", flat=True)
            if at
        }
        hours |= {
            at.astimezone(ZoneInfo(ZONE)).hour
            for at in Homework.objects.values_list("assignment__assigned_at", flat=True)
        }
        assert hours <= set(range(*OFFICE))
        assert Review.objects.exclude(sent_at=None).exists()
        for at in Review.objects.values_list("sent_at", flat=True):
            assert at is None or at.astimezone(ZoneInfo(ZONE)).weekday() <= FRIDAY
        # What is to be done is due when they meet.
        to_do = list(Homework.objects.filter(due_at__gt=now()).select_related("client"))
        assert to_do
        for row in to_do:
            couple = Couple.objects.filter(Q(first=row.client) | Q(second=row.client)).first()
            assert row.due_at == (couple or row.client).next_session_at
        assert not Homework.objects.filter(created_at__lt=F("version__published_at")).exists()
        spoken = Client.objects.filter(language="es")
        assert [client.name_to_call for client in spoken.order_by("name")] == ["Lucía", "Mateo"]


LIBRARY = {one.slug.split("-")[0]: one for one in d.load_library()}
MOMENTS = [
    pytest.param(LIBRARY[exercise], moment, language, id=f"{language}-{exercise}-{number}")
    for language in ("en", "es")
    for exercise in LIBRARY
    for number in range(story.count(language, exercise))
    for moment in [story.moment(language, exercise, number)]
]


@pytest.mark.parametrize(("exercise", "moment", "language"), MOMENTS)
def test_what_is_said_belongs_to_what_was_asked(exercise: Any, moment: story.Moment, language: str):
    items = {item.key: item for item in exercise.items}
    assert "artner}" not in str(moment)
    for key, value in moment.say.items():
        d.clean(items[key], value)
    shown = {item.key for item in d.visible_items(exercise, moment.say)}
    assert set(moment.say) <= shown
    wordless = {d.ItemKind.YESNO, d.ItemKind.SCALE, d.ItemKind.DISPLAY, d.ItemKind.LOG}
    needed = {i.key for i in exercise.items if i.required and i.stage is not d.Stage.RELEASE}
    assert {key for key in needed if items[key].kind not in wordless} <= set(moment.say)
    assert ("else" in moment.say.get("surface", [])) == ("surface_own" in moment.say)
    written = {d.ItemKind.TEXT, d.ItemKind.LONGTEXT, d.ItemKind.LIST}
    assert moment.comments
    assert {items[key].kind for key in moment.comments if key in moment.say} <= written
    assert set(moment.comments) <= set(moment.say)


@pytest.mark.parametrize(
    ("at", "until", "then"),
    [
        ("2026-11-27T10:20", "2026-11-30T12:00", "2026-11-27T10:20"),
        ("2026-11-28T10:20", "2026-12-05T12:00", "2026-11-30T10:20"),
        ("2026-11-29T10:20", "2026-12-05T12:00", "2026-11-30T10:20"),
        # Over the change of the clocks, by their clocks.
        ("2026-10-24T10:20", "2026-12-05T12:00", "2026-10-26T10:20"),
        # On a Sunday, Monday has not come yet.
        ("2026-11-29T10:20", "2026-11-29T14:20", "2026-11-27T10:20"),
    ],
)
def test_therapists_answer_on_days_of_work(at: str, until: str, then: str):
    zone = ZoneInfo(ZONE)
    said, end, wanted = (
        datetime.fromisoformat(text).replace(tzinfo=zone) for text in (at, until, then)
    )
    assert working(said, end) == wanted


def test_who_is_in_a_couple_speaks_of_their_partner_by_name():
    with_ben = str(story.moment("en", "e01", 8, "Ben"))
    assert "Ben was short with me when I came home." in with_ben
    alone = str(story.moment("en", "e01", 8))
    assert "My partner was short with me when I came home." in alone
    holiday = story.moment("en", "e01", 7, "Ben")
    assert holiday.letter.endswith("with what a holiday means to Ben.")
    noted = story.log_moment("en", "e04", 6, "Ben")
    assert noted["note"] == "In the middle of Ben’s meeting. I knew it."


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_moment_of_a_log_can_be_kept(language: str):
    log = LIBRARY["e04"].logs[0]
    items = {item.key: item for item in log.items}
    moments = story.words(language)["e04"]["moments"]
    assert len(moments) > 5
    for moment in moments:
        for key, value in moment.items():
            d.clean(items[key], value)
