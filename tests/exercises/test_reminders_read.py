"""What a mail says and does not say, the way out of mails, and the ledger."""

import re
from datetime import UTC, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.core import signing
from django.test import Client as Browser
from django.urls import reverse
from django.utils.timezone import now

from clients.actions import caring, joining
from clients.models import Client, ContactPreference, ReminderKind
from exercises import emails, schedule
from exercises.actions import assigning, planning
from exercises.models import Reminder, ReminderState
from practice.config.sink import Sink
from practice.tenancy import scope
from tests.cast import ZONE, Person, Play
from tests.exercises.ground import (
    Reason,
    State,
    body,
    due_now,
    pump,
    reminders,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("awake")]


# --- the way out ------------------------------------------------------------------------------
def test_one_click_stops_this_kind_and_looking_stops_nothing(
    dana: Person, ana: Person, play: Play, sink: Sink
) -> None:
    """Case 41: POST without cookies, token or sign-in, twice; GET and HEAD change nothing."""
    play.assign(dana, ana)
    pump()
    link = sink.messages[0]["List-Unsubscribe"].strip("<>")
    assert link.startswith(settings.BASE_URL)
    assert len(link) < 200
    path = urlsplit(link).path
    stranger = Browser(enforce_csrf_checks=True)
    assert "Something new is there" in stranger.get(path).content.decode()
    assert stranger.head(path).status_code == 200
    assert kinds_off(ana) == []
    for _click in range(2):
        answer = stranger.post(path, {"List-Unsubscribe": "One-Click"})
        assert "No more e-mails of this kind" in answer.content.decode()
        assert 'href="/you/"' in answer.content.decode()
    assert kinds_off(ana) == ["assigned"]
    # Opened again it says so, and offers what is left to stop.
    again = stranger.get(path).content.decode()
    assert "They are stopped already" in again
    assert 'href="/you/"' in again
    assert "Stop this kind" not in again
    stranger.post(path, {"all": "1"})
    again = stranger.get(path).content.decode()
    assert "No more e-mails." in again
    assert "Stop all of them" not in again
    assert stranger.post(path[:-2] + "xx").status_code == 404
    play.assign(dana, ana)
    assert pump() == 0
    assert reminders(ana).reason == Reason.OPTED_OUT


def test_the_way_out_calls_each_kind_as_its_reader_s_page_does_and_tells_no_more(
    ana: Person,
) -> None:
    """Who holds the mail may not be its reader: nobody's therapist is named, and no last day."""
    assert ana.client is not None
    boxes = ana.browser().get(reverse("you")).content.decode()
    for kind in (one for one in ReminderKind if one != ReminderKind.WAITING):
        link = emails.unsubscribe_link(ana.practice.pk, ana.client.pk, kind)
        page = Browser().get(urlsplit(link).path).content.decode()
        said = page.partition("<main")[2].partition("</main")[0]
        (name,) = re.findall("“(.*?)”", said)
        assert re.search(rf"{name}\s*</", boxes, re.IGNORECASE)
        assert "therap" not in said
        assert "days" not in said


def kinds_off(person: Person) -> list[str]:
    with scope(practice=person.practice.pk):
        return list(ContactPreference.objects.get(client=person.client).kinds_off)


def test_the_ledger_says_what_came_of_each(
    dana: Person, ana: Person, ben: Person, play: Play, sink: Sink
) -> None:
    play.assign(dana, ana)
    pump()
    assert ana.client is not None
    hers = ana.browser().get(reverse("own_ledger")).content.decode()
    staff = dana.browser().get(reverse("reminder_ledger", args=[ana.client.pk])).content.decode()
    for page in (hers, staff):
        assert "Sent" in page
        assert "Lisbon time" in page
        assert "Under the argument" in page
        assert page.count("Lisbon time") == 1  # said once, above them all
    assert "about 1" in hers
    assert "about 1" in staff
    his = ben.browser().get(reverse("own_ledger")).content.decode()
    assert "Under the argument" not in his


WISHES = {
    "called": "Ana",
    "language": "en",
    "zone": "Europe/Lisbon",
    "by_email": "on",
    "reminder_time": "18:15",
    "quiet_from": "21:00",
    "quiet_until": "07:30",
    "kinds": [kind for kind in ReminderKind.values if kind != ReminderKind.WAITING],
    "paused_until": "",
}


def test_today_and_the_ledger_follow_what_was_just_saved(
    dana: Person, ana: Person, play: Play
) -> None:
    homework = play.homework(ana, play.assign(dana, ana, days=7))
    with scope(practice=ana.practice.pk):
        Reminder.objects.filter(kind="assigned").update(state=ReminderState.SENT, sent_at=now())
    browser = ana.browser()

    def save(**wishes: Any) -> tuple[str, str]:
        assert browser.post("/you/", WISHES | wishes).status_code == 302
        return tuple(browser.get(at).content.decode() for at in ("/today/", "/you/reminders"))  # type: ignore[return-value]

    today, ledger = save()
    assert "about 18:15" in today
    assert "about 18:15" in ledger
    today, ledger = save(zone="Asia/Tokyo", reminder_time="12:00")
    assert "about 12:00" in today
    assert "about 12:00" in ledger
    with scope(practice=ana.practice.pk):
        planned = Reminder.objects.filter(homework_id=homework.pk, state=ReminderState.PLANNED)
        assert {row.zone for row in planned} == {"Asia/Tokyo"}
    off = {key: value for key, value in WISHES.items() if key != "by_email"}
    pause = {"paused_until": (now() + timedelta(days=80)).date().isoformat()}
    browser.post("/you/", off)
    assert "E-mail reminders are off." in browser.get("/today/").content.decode()
    assert "about" not in browser.get("/you/reminders").content.decode()
    assert "about" not in save(**pause)[1]
    today, ledger = save(kinds=[])
    assert "No e-mail is planned." in today
    assert "about" not in ledger
    today, ledger = save(kinds=["follow_up"])
    assert "about 18:15" in today
    assert ledger.count("about 18:15") == 1


def test_what_comes_before_the_chosen_hour_says_why(dana: Person, ana: Person, play: Play) -> None:
    browser = ana.browser()
    late = {"reminder_time": "23:59", "quiet_from": "00:01", "quiet_until": "00:02"}
    assert browser.post("/you/", WISHES | late).status_code == 302
    due = play.homework(ana, play.assign(dana, ana, days=7)).due_at
    assert due is not None
    said = f"Earlier than 23:59, because it runs until {due.astimezone(ZoneInfo(ZONE)):%H:%M}."
    assert ana.client is not None
    for page in (
        browser.get(reverse("own_ledger")).content.decode(),
        dana.browser().get(reverse("reminder_ledger", args=[ana.client.pk])).content.decode(),
    ):
        assert page.count(said) == 1
        assert "On the last day" in page
        assert "Once more, afterwards" in page


def test_what_should_have_gone_is_said_to_wait(dana: Person, ana: Person, play: Play) -> None:
    """A pump that was held back is nobody's fault, and no promise of an hour that is over."""
    play.assign(dana, ana)
    with scope(practice=ana.practice.pk):
        Reminder.objects.update(next_at=now() - timedelta(hours=1))
    assert ana.client is not None
    for page in (
        ana.browser().get(reverse("own_ledger")).content.decode(),
        dana.browser().get(reverse("reminder_ledger", args=[ana.client.pk])).content.decode(),
    ):
        assert "Not sent yet" in page
        assert "goes " not in page
        assert "about 1" not in page


@pytest.mark.parametrize("reader", ["their therapist", "themselves"])
def test_what_goes_next_comes_first_and_what_went_last(
    dana: Person, ana: Person, play: Play, sink: Sink, reader: str
) -> None:
    play.assign(dana, ana)
    pump()
    for days in range(1, 13):
        play.assign(dana, ana, opens_in=timedelta(days=days), days=0)
    with scope(practice=ana.practice.pk):
        rows = Reminder.objects.filter(state=State.PLANNED).order_by("next_at", "pk")
        planned = [f"{row.local_at.day} {row.local_at:%b}".encode() for row in rows]
    assert len(planned) > 12
    staff = reader == "their therapist"
    path = reverse("reminder_ledger", args=[ana.client.pk]) if staff else reverse("own_ledger")
    browser = (dana if staff else ana).browser()
    seen: list[bytes] = []
    first, address = b"", path
    while address:
        page = browser.get(address).content.replace(b"\xc2\xa0", b" ")
        first = first or page
        listed = page.partition(b">Planned</h2>")[2].partition(b">Earlier</h2>")[0]
        seen += re.findall(rb'class="num"><span[^>]*>\w+ (\d+ \w+),', listed)
        more = re.search(rb'rel="next" href="([^"]+planned=[^"]+)"', listed)
        address = more[1].decode() if more else ""
    assert seen == planned
    assert b">Earlier</h2>" in first


def test_each_reader_is_told_in_their_own_words(dana: Person, ana: Person, play: Play) -> None:
    homework = play.submit(ana, play.homework(ana, play.assign(dana, ana)))
    play.review(dana, homework, words="You stayed with it.")
    ledger = reverse("own_ledger")
    assert (
        "On the last day" not in ana.browser().get(ledger).content.decode()
    )  # not to come any more
    with scope(practice=ana.practice.pk):
        Reminder.objects.filter(state=State.CANCELLED).update(next_at=now())
    assert ana.client is not None
    hers = ana.browser().get(reverse("own_ledger")).content.decode()
    staff = dana.browser().get(reverse("reminder_ledger", args=[ana.client.pk])).content.decode()
    assert "You had already sent it" in hers
    assert "Something new to read" in hers
    assert "They had already sent it" in staff
    assert "Your reply is there" in staff
    assert "Reminders for Ana" in staff


def test_who_had_not_joined_yet_is_not_said_to_have_no_address(dana: Person, play: Play) -> None:
    said = {"name": "Ivo Ferreira", "email": "ivo@mail.example", "zone": ZONE}
    with scope(practice=dana.practice.pk):
        client = caring.add(by=dana.actor, at=now(), invite_now=False, **said)
        invitation = caring.invite(by=dana.actor, at=now(), client=client).invitation
    ivo = Person(dana.user, dana.practice, client=client)
    play.assign(dana, ivo)
    due_now(reminders(ivo))
    pump()
    ledger = reverse("reminder_ledger", args=[client.pk])
    assert "They had not joined yet" in dana.browser().get(ledger).content.decode()
    with scope(practice=dana.practice.pk):
        arrival = joining.Arrival(called="Ivo", zone=ZONE, language="en")
        ivo.user, _seat = joining.join(invitation=invitation, user=None, at=now(), arrival=arrival)
    for browser, where in ((dana.browser(), ledger), (ivo.browser(), reverse("own_ledger"))):
        shown = browser.get(where).content.decode()
        assert "had not joined yet" in shown
        assert "no working address" not in shown


@pytest.mark.parametrize("rule", ["", "FREQ=WEEKLY;COUNT=1"])
def test_what_is_given_in_the_evening_was_not_to_be_told_that_morning(
    dana: Person, ana: Person, play: Play, rule: str
) -> None:
    morning = schedule.local_time(now() - timedelta(hours=6), ZONE).replace(tzinfo=UTC)
    given = planning.Schedule(
        opens_local=morning, due_local=morning + timedelta(days=7), rrule=rule
    )
    version = play.library["e01-under-the-argument"]
    with play.at(dana):
        assigning.assign(by=dana.actor, at=now(), version=version, client=ana.client, when=given)
    here = schedule.local_time(now(), ZONE).replace(tzinfo=UTC)
    assert here - reminders(ana).local_at < timedelta(minutes=5)


def test_what_was_withdrawn_keeps_its_name_for_who_may_read_it(
    dana: Person, ana: Person, play: Play
) -> None:
    written, untouched = (
        play.assign(dana, ana),
        play.assign(dana, ana, "e10-from-test-to-clear-ask"),
    )
    play.say(ana, play.homework(ana, written), topic="Bags")
    for one in (written, untouched):
        with play.at(dana):
            assigning.withdraw(by=dana.actor, at=now(), assignment=one, part=assigning.Part.ALL)
    assert ana.client is not None
    with scope(practice=ana.practice.pk):
        Reminder.objects.update(next_at=now() - timedelta(minutes=1))
    hers = ana.browser().get(reverse("own_ledger")).content.decode()
    staff = dana.browser().get(reverse("reminder_ledger", args=[ana.client.pk])).content.decode()
    for title in (written.version.definition.title, untouched.version.definition.title):
        assert title.get("en") in staff
    assert written.version.definition.title.get("en") in hers
    # Nothing of theirs is in it, and it is gone from all their pages.
    assert untouched.version.definition.title.get("en") not in hers


# --- discretion -------------------------------------------------------------------------------
CANARY = "Canary"


def _recipient(client: Client, address: str = "") -> emails.Recipient:
    assert client.user is not None
    return emails.Recipient(
        practice_id=client.practice_id,
        client_id=client.pk,
        address=address or client.user.email,
        language=client.language,
        from_name=client.practice.discreet_name,
        reminder_time=client.preference.reminder_time,
    )


@pytest.mark.parametrize(
    "address", ["ana@mail.example", "ZstopZ@mail.example", "o'hara=a@mail.example"]
)
@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("kind", [kind for kind in ReminderKind.values if kind != "waiting"])
def test_a_mail_filled_in_reads_like_one_written_anew(
    kind: str,
    language: str,
    address: str,
    dana: Person,
    ana: Person,
    play: Play,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Most mails are a sheet with blanks; it must not show, whatever goes into the blanks."""
    monkeypatch.setattr(signing.TimestampSigner, "timestamp", lambda self: "1")
    play.assign(dana, ana)
    assert ana.client is not None
    with scope(practice=ana.practice.pk):
        client = Client.objects.select_related("user", "practice", "preference").get(
            pk=ana.client.pk
        )
        client.language = language
        row = reminders(ana)
        row.kind = kind
        mails = [emails.reminder(row, _recipient(client, address)) for _again in range(2)]
        monkeypatch.setattr(emails.Blanks, "is_plain", False)
        mails.append(emails.reminder(row, _recipient(client, address)))
    first, again, anew = (re.sub(rb"={15}\d+==", b"border", mail.text) for mail in mails)
    assert first == again == anew
    assert f"To: {address}\r\n".encode() in first
    blank = {found for found in emails.BLANK.findall(first) if found.decode() not in address}
    assert not blank


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("kind", ReminderKind.values)
def test_no_mail_says_who_what_or_how_much(
    kind: str, language: str, dana: Person, ana: Person, play: Play
) -> None:
    """Case 42: every template in every language, with a client full of canaries."""
    homework = play.homework(ana, play.assign(dana, ana, note=f"{CANARY} note"))
    assert ana.client is not None
    assert dana.member is not None
    with scope(practice=ana.practice.pk):
        client = Client.objects.select_related("user", "practice", "preference").get(
            pk=ana.client.pk
        )
        client.name, client.called, client.language = f"{CANARY} name", CANARY, language
        dana.user.name, dana.user.language = f"{CANARY} therapist", language
        row = reminders(ana)
        row.kind = kind
        member = type(dana.member).objects.select_related("user", "practice").get()
        mail = (
            emails.waiting(row, member)
            if kind == "waiting"
            else emails.reminder(row, _recipient(client))
        )
    raw = mail.dated(now())
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    said = " ".join([str(message["Subject"]), body(message), body(message, "html"), str(message)])
    title = homework.version.exercise.slug.replace("-", " ")
    for word in (CANARY, str(homework.pk), str(client.pk), title, "Under the argument"):
        assert word not in said
    assert "!" not in body(message)
    assert settings.BASE_URL in body(message)
    assert raw.isascii()
    assert max(map(len, raw.splitlines())) < 998
    assert raw.startswith(b"Date: ")
