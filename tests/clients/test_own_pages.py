"""What a client keeps for themselves: choices, topics, who read them, consent, leaving."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.formats import date_format
from django.utils.timezone import now

from clients import consent_text
from clients.actions import noting
from clients.models import (
    Client,
    Consent,
    ContactPreference,
    Couple,
    PrivateNote,
    SessionTopic,
)
from clients.queries import care
from exercises.actions import assigning
from practice.models import AuditEvent, User
from practice.tenancy import scope
from tests.cast import ZONE, Person, Play
from tests.clients.ground import acts
from tests.conftest import as_owner
from tests.practice.ground import text_of

pytestmark = pytest.mark.django_db(transaction=True)

WISHES = {
    "called": "Annie",
    "language": "en",
    "zone": "America/Bogota",
    "by_email": "on",
    "reminder_time": "18:15",
    "quiet_from": "21:00",
    "quiet_until": "07:30",
    "kinds": ["assigned", "answered"],
    "paused_until": "",
}


def wishes_of(person: Person) -> ContactPreference:
    with scope(practice=person.practice.pk):
        return ContactPreference.objects.select_related("client").get(client=person.client)


# --- choices ----------------------------------------------------------------------------------
def test_choices_are_kept(ana: Person):
    browser = ana.browser()
    with scope(practice=ana.practice.pk):
        ContactPreference.objects.update(suppressed_at=now())
    assert browser.post("/you/", WISHES).status_code == 302
    kept = wishes_of(ana)
    assert kept.suppressed_at is None
    assert (kept.client.called, kept.client.zone) == ("Annie", "America/Bogota")
    assert f"{kept.reminder_time:%H:%M} {kept.quiet_from:%H:%M}" == "18:15 21:00"
    assert sorted(kept.kinds_off) == ["due_soon", "due_today", "follow_up"]
    assert kept.changed_at is not None
    assert acts(ana, ana.client) == ["preference.set"]
    assert 'value="18:15"' in text_of(browser.get("/you/"))


def test_what_was_saved_is_said_in_the_new_language(ana: Person):
    browser = ana.browser()
    browser.post("/you/", WISHES | {"language": "es"})
    assert "Guardado." in text_of(browser.get("/you/"))


def test_a_pause_ends_on_the_morning_of_its_day_where_the_client_is(ana: Person):
    day = (now() + timedelta(days=10)).date()
    browser = ana.browser()
    assert browser.post("/you/", WISHES | {"paused_until": day.isoformat()}).status_code == 302
    midnight_in_bogota = datetime(day.year, day.month, day.day, 5, tzinfo=UTC)
    assert wishes_of(ana).paused_until == midnight_in_bogota
    # Saving the page again keeps the pause; emptying the field ends it.
    assert f'value="{day.isoformat()}"' in text_of(browser.get("/you/"))
    browser.post("/you/", WISHES)
    assert wishes_of(ana).paused_until is None


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("reminder_time", "22:30"),
        ("reminder_time", "07:00"),
        ("reminder_time", "25:00"),
        ("zone", "Atlantis/Capital"),
        ("zone", "../../etc/passwd"),
        ("language", "xx"),
        ("kinds", ["waiting"]),
        ("called", ""),
        ("called", "x" * 61),
        ("called", "\x00"),
        ("paused_until", "9999-12-31"),
        ("paused_until", "soon"),
        ("paused_until", "2020-01-01"),
        ("quiet_until", "21:00"),
    ],
)
def test_a_choice_that_cannot_be_says_so_and_changes_nothing(ana: Person, field: str, typed: Any):
    response = ana.browser().post("/you/", WISHES | {field: typed})
    assert response.status_code == 422
    assert "data-errors" in text_of(response)
    assert wishes_of(ana).client.zone == ZONE


def test_one_s_own_pages_are_for_clients(dana: Person, ruth: Person):
    for where in ("/you/topics", "/you/readers", "/you/consent"):
        assert dana.browser().get(where).status_code == 403
        assert ruth.browser().get(where).status_code == 403
    assert dana.browser().get("/you/")["Location"] == "/you/account"


def test_page_titles_name_nobody(ana: Person, dana: Person):
    pages = [ana.browser().get(w) for w in ("/you/", "/you/topics", "/you/readers", "/you/consent")]
    own = f"/clients/{ana.client.pk}"
    pages += [dana.browser().get(f"{own}/{w}") for w in ("edit", "clearance", "notes", "discharge")]
    for page in pages:
        title = text_of(page).partition("<title>")[2].partition("</title>")[0]
        assert title.strip()
        assert "Ana" not in title
        assert "Quintero" not in title


# --- topics and who read me -------------------------------------------------------------------
def test_a_topic_is_for_the_client_and_their_therapist(ana: Person, dana: Person, ben: Person):
    browser = ana.browser()
    assert browser.post("/you/topics", {"text": "the phone at dinner"}).status_code == 302
    assert "the phone at dinner" in text_of(browser.get("/you/topics"))
    assert "the phone at dinner" not in text_of(ben.browser().get("/you/topics"))
    assert browser.post("/you/topics", {"text": "  "}).status_code == 422
    with scope(practice=ana.practice.pk):
        topic = SessionTopic.objects.get()
        assert b"phone" not in bytes(topic.sealed_text)
    assert ben.browser().post(f"/you/topics/{topic.pk}/drop").status_code == 404
    assert browser.post(f"/you/topics/{topic.pk}/drop").status_code == 302
    with scope(practice=ana.practice.pk):
        assert not SessionTopic.objects.exists()


def test_of_a_partner_one_hears_where_there_is_one(ana: Person, noor: Person, couple: Couple):
    """Dana can read it; then who never does, in a couple; then that it can go."""
    page, alone = (text_of(one.browser().get("/you/topics")) for one in (ana, noor))
    said = "Dana can read it straight away. Your partner never sees it. You can remove it any time."
    assert said in page
    assert "partner" not in alone
    assert "Dana can read it straight away. You can remove it any time." in alone
    with scope(practice=ana.practice.pk):
        Couple.objects.update(ended_at=now())
    assert said in text_of(ana.browser().get("/you/topics"))


def test_no_topic_goes_out_of_sight_and_the_one_too_many_stays_in_its_box(
    ana: Person, dana: Person, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(noting, "MOST_TOPICS", 3)
    browser = ana.browser()
    for number in range(3):
        browser.post("/you/topics", {"text": f"topic {number}"})
    refused = browser.post("/you/topics", {"text": "the one too many"})
    assert refused.status_code == 422
    page = text_of(refused)
    assert "There are 3 topics here already." in page
    assert "the one too many</textarea>" in page
    assert read_topics(dana, ana) == ["topic 2", "topic 1", "topic 0"]
    # From before there was a limit: all of them are shown, to both.
    monkeypatch.undo()
    for number in range(3, 34):
        with scope(practice=ana.practice.pk, user=ana.user.pk):
            monkeypatch.setattr(noting, "MOST_TOPICS", 99)
            noting.raise_topic(by=ana.actor, at=now(), client=ana.client, text=f"topic {number}")
    assert len(read_topics(dana, ana)) == 34
    assert text_of(browser.get("/you/topics")).count("/drop") == 34


def test_topics_are_in_the_record_that_is_taken_away(ana: Person, dana: Person, ben: Person):
    ana.browser().post("/you/topics", {"text": "the phone at dinner"})
    for browser, where in (
        (ana.browser(), "/you/record"),
        (dana.browser(), f"/clients/{ana.client.pk}/record"),
    ):
        record = browser.get(f"{where}?as=json").json()
        assert [topic["words"] for topic in record["topics"]] == ["the phone at dinner"]
        page = text_of(browser.get(f"{where}?as=page"))
        assert "the phone at dinner" in page
        assert f'href="{where}"' in page  # the way back; and it is there to be printed
        assert "data-print" in page
    assert ben.browser().get("/you/record?as=json").json()["topics"] == []


def test_a_record_to_read_says_its_days_as_every_page_does(ana: Person, dana: Person):
    at = datetime(2026, 9, 30, 23, 30, tzinfo=UTC)  # the next day where Ana lives
    with scope(practice=ana.practice.pk):
        Client.objects.filter(pk=ana.client.pk).update(zone="Pacific/Auckland")
        Consent.objects.create(
            practice=ana.practice,
            client=ana.client,
            version="1",
            language="en",
            text="Agreed.",
            given_at=at,
        )
    User.objects.filter(pk=dana.user.pk).update(language="es")
    for person, where, day in (
        (ana, "/you/record", "Thu\u00a01\u00a0Oct\u00a02026"),
        (dana, f"/clients/{ana.client.pk}/record", "jue\u00a01\u00a0oct\u00a02026"),
    ):
        page = text_of(person.browser().get(f"{where}?as=page"))
        assert day in page
        assert not re.search(r"\d{4}-\d\d-\d\d", page.partition("<main")[2])


def test_a_record_to_read_says_what_was_not_sent_and_answers_each_round_beneath_it(
    play: Play, ana: Person, dana: Person
):
    homework = play.homework(ana, play.assign(dana, ana))
    sent = play.submit(ana, homework, topic="the bags", close_before=4)
    play.review(dana, sent, words="I read the first.", comments={"topic": "?"}, returned=("topic",))
    play.say(ana, play.fresh(sent), topic="the bags, and the door")
    page = text_of(ana.browser().get("/you/record?as=page"))
    first, second, state = (page.index(said) for said in ("Round 1", "Round 2", "· not sent"))
    assert first < page.index("I read the first.") < second < state
    assert page.count("· not sent</span>") == 1
    theirs = text_of(dana.browser().get(f"/clients/{ana.client.pk}/record?as=page"))
    assert "the door" not in theirs
    assert "· not sent" not in theirs
    with play.at(dana):
        assigning.withdraw(by=dana.actor, at=now(), assignment=homework.assignment)
    page = text_of(ana.browser().get("/you/record?as=page"))
    assert "withdrawn" in page


def test_who_may_not_take_a_record_is_asked_for_nothing_first(sana: Person, ana: Person):
    """Not the password, and no choice between a page and a file."""
    browser = sana.browser()
    session = browser.session
    del session["account_authentication_methods"]
    session.save()
    for asked in ("", "?as=page", "?as=json"):
        assert browser.get(f"/clients/{ana.client.pk}/record{asked}").status_code == 403


def read_topics(by: Person, of: Person) -> list[str]:
    with scope(practice=by.practice.pk, user=by.user.pk):
        client = care.client_of(by.actor, of.client.pk)
        read = noting.read_topics(by=by.actor, at=now(), clients=[client])
        return [text for _topic, text in read]


def test_a_client_sees_who_read_them(ana: Person, ben: Person, dana: Person, sana: Person):
    ana.browser().post("/you/topics", {"text": "the phone at dinner"})
    assert "Nobody yet." in text_of(ana.browser().get("/you/readers"))
    assert read_topics(dana, ana) == ["the phone at dinner"]
    assert read_topics(sana, ana) == []  # topics are for the therapist alone
    page = text_of(ana.browser().get("/you/readers"))
    assert "Dana Whitlock" in page
    assert "Sana Iqbal" not in page
    assert "Nobody yet." in text_of(ben.browser().get("/you/readers"))


def test_the_readers_cost_the_same_with_one_row_and_with_three(ana: Person, dana: Person):
    browser = ana.browser()
    browser.post("/you/topics", {"text": "the phone"})

    def own_queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            browser.get("/you/readers")
        return sum("practice_auditevent" in q["sql"] or "clients_" in q["sql"] for q in captured)

    read_topics(dana, ana)
    one = own_queries()
    read_topics(dana, ana)
    read_topics(dana, ana)
    assert own_queries() == one


# --- private notes ----------------------------------------------------------------------------
def test_private_notes_are_their_author_s(ana: Person, dana: Person, omar: Person):
    where = f"/clients/{ana.client.pk}/notes"
    browser = dana.browser()
    assert browser.post(where, {"text": "ask about her sister"}).status_code == 302
    kept = text_of(browser.get(where))
    assert "Saved." in kept
    assert "ask about her sister" in kept
    with scope(practice=dana.practice.pk):
        note = PrivateNote.objects.get()
        assert b"sister" not in bytes(note.sealed_text)
    dana.browser().post(f"/clients/{ana.client.pk}/hand-over", {"to": str(omar.member.pk)})
    assert dana.browser().get(where).status_code == 404
    page = omar.browser().get(where)
    assert page.status_code == 200
    assert "sister" not in text_of(page)
    assert omar.browser().post(f"{where}/{note.pk}/drop").status_code == 404
    assert "Nobody yet." in text_of(ana.browser().get("/you/readers"))  # not the client's words


def test_a_note_can_be_changed_and_thrown_away(ana: Person, dana: Person):
    where = f"/clients/{ana.client.pk}/notes"
    browser = dana.browser()
    browser.post(where, {"text": "ask about her sister"})
    with scope(practice=dana.practice.pk):
        note = PrivateNote.objects.get()
    assert "ask about her sister" in text_of(browser.get(f"{where}/{note.pk}"))
    assert browser.post(f"{where}/{note.pk}", {"text": ""}).status_code == 422
    assert browser.post(f"{where}/{note.pk}", {"text": "her brother"}).status_code == 302
    page = text_of(browser.get(where))
    assert "her brother" in page
    assert "sister" not in page
    # Asked on a page of its own, with script or without; said once it is done.
    assert f'<a class="btn quiet small" href="{where}/{note.pk}/drop">' in page
    asked = text_of(browser.get(f"{where}/{note.pk}/drop"))
    assert "will be deleted for good" in asked
    assert "her brother" in text_of(browser.get(where))
    assert "Removed." in text_of(browser.post(f"{where}/{note.pk}/drop", follow=True))
    assert acts(ana, ana.client).count("note.dropped") == 1
    with scope(practice=dana.practice.pk):
        assert not PrivateNote.objects.exists()


# --- consent ----------------------------------------------------------------------------------
def test_consent_is_withdrawn_and_given_again(ana: Person):
    browser = ana.browser()
    assert browser.post("/you/consent").status_code == 302
    assert browser.post("/you/consent").status_code == 302
    asked = text_of(browser.get("/you/consent/withdraw"))
    assert "Dana will see that you no longer agree, and will talk with you" in asked
    assert "<p>Until then your homework stays open" in asked
    assert "You may agree again" in asked
    assert acts(ana, ana.client) == ["consent.given"]
    day = date_format(now().astimezone(ZoneInfo(ana.client.zone)), "l j F Y")
    agreed = text_of(browser.get("/you/consent")).replace("\xa0", " ")
    assert "<details" not in agreed
    assert f"You agreed on {day}." in agreed
    assert browser.post("/you/consent/withdraw").status_code == 302
    # What would be agreed to anew stands open; the same words once more are folded away.
    page = text_of(browser.get("/you/consent"))
    assert page.index("<details") < page.index("</details>") < page.index("Agree again")
    assert f"Withdrawn on {day}." in page.replace("\xa0", " ")
    assert browser.post("/you/consent").status_code == 302
    with scope(practice=ana.practice.pk):
        rows = list(Consent.objects.order_by("given_at"))
    assert [row.withdrawn_at is None for row in rows] == [False, True]
    assert acts(ana, ana.client) == ["consent.given", "consent.withdrawn", "consent.given"]
    kept = browser.get("/you/record?as=json").json()["consents"]
    assert [bool(one["withdrawn_at"]) for one in kept] == [True, False]


def test_what_was_signed_is_kept_and_says_in_which_language_if_it_is_another(ana: Person):
    browser = ana.browser()
    assert browser.post("/you/consent").status_code == 302
    assert "You agreed to this in" not in text_of(browser.get("/you/consent"))
    with scope(practice=ana.practice.pk):
        Consent.objects.update(language="es", version="2026-10", text="Lo de antes.\n\nY esto.")
    page = text_of(browser.get("/you/consent"))
    assert '<div class="stack" lang="es"><p>Lo de antes.</p>' in page
    assert "You agreed to this in Spanish." in page
    assert consent_text.TEXTS["en"][:30] not in page


# --- leaving and coming back ------------------------------------------------------------------
def test_discharge_ends_the_seat_on_the_next_request(ana: Person, dana: Person):
    anas, danas = ana.browser(), dana.browser()
    assert anas.get("/you/").status_code == 200
    page = text_of(danas.get(f"/clients/{ana.client.pk}/discharge"))
    assert "Nothing is erased" in page
    danas.post(f"/clients/{ana.client.pk}/discharge")
    assert anas.get("/you/").status_code == 403
    danas.post(f"/clients/{ana.client.pk}/reactivate")
    assert anas.get("/you/").status_code == 200


def test_no_table_of_ours_holds_a_typed_word(ana: Person, dana: Person):
    ana.browser().post("/you/topics", {"text": "xylophone in the attic"})
    dana.browser().post(f"/clients/{ana.client.pk}/notes", {"text": "xylophone again"})
    with as_owner(), connection.cursor() as cursor:
        for model in (PrivateNote, SessionTopic, AuditEvent):
            cursor.execute(f'SELECT t::text FROM "{model._meta.db_table}" t')
            assert "xylophone" not in str(cursor.fetchall())
            assert b"xylophone".hex() not in str(cursor.fetchall())


def test_the_shell_s_files_open_for_everybody(ana: Person, dana: Person):
    for browser in (ana.browser(), dana.browser()):
        for where in ("/sw.js", "/manifest.webmanifest", "/offline"):
            assert browser.get(where).status_code == 200
