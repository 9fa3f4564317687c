"""The therapist's lists and clients' pages: whose clock, which rows, what a supervisor may."""

import html
import re
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import now

from clients.actions import joining
from clients.models import Caseload, Client, Couple
from exercises.actions import responding
from exercises.models import Entry, Exercise, ExerciseVersion, Homework, Review
from exercises.views import wording
from practice.actions import auditing
from practice.models import AuditEvent, Membership, User
from tests.cast import ZONE, Person, Play, make_client
from tests.conftest import commit_trail
from tests.exercises.ground import hrefs, page


def test_staff_read_every_moment_in_one_short_form():
    at = datetime(2026, 11, 25, 17, 30, tzinfo=UTC)  # a Wednesday
    days = {
        0: "today, 17:30",
        1: "yesterday, 17:30",
        3: "Sun 17:30",
        13: "Thu 12 Nov, 17:30",
        400: "Tue 21 Oct 2025, 17:30",
        -3: "Sat 17:30",
    }
    for ago, said in days.items():
        shown = wording.lately(at - timedelta(days=ago), at, "UTC")
        assert shown.replace("\N{NO-BREAK SPACE}", " ") == said


def test_how_often_is_a_suggestion_and_reads_on_beside_how_long(play: Play, dana: Person):
    for slug, said in (
        ("e10-from-test-to-clear-ask", "Suggested: twice a week, for two weeks</li>"),
        ("e11-what-reaches-me", "Suggested: once, with a review after 6 weeks</li>"),
        (
            "e04-reassurance-log",
            "Suggested: A note for each moment, for 7 days. Repeat after 4 and 8 weeks.</li>",
        ),
    ):
        exercise = play.library[slug].exercise_id
        shown = page(dana, reverse("exercise", args=[exercise]))
        assert said in shown
        assert "Nothing of it happens by itself: you plan it when you assign." in shown


@pytest.mark.parametrize(
    ("slug", "first", "last", "number"),
    [
        ("e11-what-reaches-me", "In words", "My guess at what reaches my partner", 6),
        ("e04-reassurance-log", "When was it?", "When did it really help?", 11),
    ],
)
def test_the_list_of_questions_names_what_will_be_asked_and_nothing_more(
    play: Play, dana: Person, slug: str, first: str, last: str, number: int
):
    exercise = play.library[slug].exercise_id
    shown = html.unescape(page(dana, reverse("exercise", args=[exercise])))
    listed = shown.partition("What it asks</h2><ol>")[2].partition("</ol>")[0]
    asked = re.findall(r"<li>([^<]+)</li>", listed)
    assert (asked[0], asked[-1], len(asked)) == (first, last, number)


# --- whose clock, and which rows ----------------------------------------------------------------
def test_staff_read_homework_by_the_clients_clock_and_sessions_by_their_own(
    play: Play, dana: Person, ana: Person
):
    session = (now() + timedelta(days=3)).replace(hour=20, minute=30)  # UTC: next day in Tokyo
    with play.at(dana):
        Client.objects.filter(pk=ana.client.pk).update(zone="Asia/Tokyo", next_session_at=session)
    done = play.submit(ana, play.homework(ana, play.assign(dana, ana)), topic="Bags")
    play.review(dana, done, words="Read.")
    late = datetime.combine(now().date() - timedelta(days=2), time(23, 30), tzinfo=UTC)
    with play.at(dana):
        Homework.objects.filter(pk=done.pk).update(opens_at=late, submitted_at=late)
    play.assign(dana, ana, "e04-reassurance-log")
    form = page(dana, f"/assign/?client={ana.client.pk}")
    assert "Days and hours are those where Ana lives: Tokyo time." in form
    hour = date_format(session.astimezone(ZoneInfo(ZONE)), "D j M, H:i")
    assert f"Now, until the next session: {hour}" in form
    assert "Ana has this now" in form
    own = page(dana, f"/clients/{ana.client.pk}/")
    there, here = late.astimezone(ZoneInfo("Asia/Tokyo")), late.astimezone(ZoneInfo(ZONE))
    assert f'<span class="small muted num">assigned {date_format(there, "j M")}</span>' in own
    assert f"Ana did this on {date_format(here, 'j M')}" in form
    assert hour in own


def pager(text: str, rel: str) -> str:
    found = re.search(rf'rel="{rel}" href="([^"]+)"', text)
    assert found, rel
    return found[1].replace("&amp;", "&")


def asked_again(text: str, asked: str) -> set[str]:
    """Return which parts of `asked` the way on has kept."""
    return set(asked.split("&")) & set(pager(text, "next").partition("?")[2].split("&"))


@pytest.mark.parametrize(
    ("who", "path", "asked"),
    [
        ("dana", "/clients/", "q=Partner&only=invited"),
        ("dana", "/assign/", "q=Partner"),
        ("dana", "/exercises/", "q=quarrel"),
        ("ruth", "/people/", "q=Colleague&role=therapist&state=active"),
        ("ruth", "/audit/", "action=client.added"),
    ],
)
def test_the_next_page_keeps_search_and_filters(
    play: Play, dana: Person, ruth: Person, who: str, path: str, asked: str
):
    _many(play, dana, ruth)
    commit_trail()  # the trail is paged by the numbers it gets then
    person = {"dana": dana, "ruth": ruth}[who]
    first = page(person, f"{path}?{asked}")
    assert asked_again(first, asked) == set(asked.split("&"))
    second = page(person, pager(first, "next"))
    back = pager(second, "prev")
    assert set(back.partition("?")[2].split("&")) == set(asked.split("&"))


def _many(play: Play, dana: Person, ruth: Person) -> None:
    """Let there be more of everything than a page holds."""
    at, practice = now(), dana.practice
    version = play.library["e01-under-the-argument"]
    with play.at(dana):
        for number in range(60):
            client = Client.objects.create(
                practice=practice,
                name=f"Partner {number}",
                email=f"p{number}@mail.example",
                zone=ZONE,
                created_at=at,
            )
            Caseload.objects.create(
                practice=practice, member=dana.member, client=client, from_at=at
            )
            auditing.record(
                by=dana.actor,
                at=at,
                action="client.added",
                object_kind="client",
                object_id=client.pk,
                client_id=client.pk,
            )
            user = User.objects.create(
                email=f"c{number}@hillside.example", name="Colleague", zone=ZONE
            )
            Membership.objects.create(
                practice=practice, user=user, roles=["therapist"], joined_at=at
            )
            exercise = Exercise.objects.create(
                practice=practice,
                slug=f"quarrel-{number}",
                search_text="quarrel",
                minutes=5,
                is_pair=False,
                is_log=False,
                created_at=at,
            )
            ExerciseVersion.objects.create(
                practice=practice,
                exercise=exercise,
                number=1,
                body=version.body,
                digest=version.digest,
                published_at=at,
            )


# --- what stands on a client's page ------------------------------------------------------------
def test_the_clients_page_draws_before_and_after_with_the_numbers_underneath(
    play: Play, dana: Person, ana: Person
):
    nothing = page(dana, f"/clients/{ana.client.pk}/")
    assert "No numbers in the last ten weeks" in nothing
    assert '<svg class="s"' not in nothing
    done = play.submit(
        ana, play.homework(ana, play.assign(dana, ana)), topic="Bags", close_before=3, close_after=6
    )
    assert done.submitted_at
    text = page(dana, f"/clients/{ana.client.pk}/")
    assert "before writing: no entry," in text
    cells = re.findall(r"<td[^>]*>([^<]*)</td>", text)
    assert "3" in cells
    assert "6" in cells
    assert "Relief after such a moment" not in text


def test_the_clients_page_says_when_consent_is_withdrawn_and_when_care_ended(
    play: Play, dana: Person, ana: Person
):
    with play.at(ana):
        joining.consent(by=ana.actor, at=now(), client=ana.client, language="en")
    assert "withdrew their consent" not in page(dana, f"/clients/{ana.client.pk}/")
    with play.at(ana):
        joining.withdraw_consent(by=ana.actor, at=now(), client=ana.client)
    day = date_format(now().astimezone(ZoneInfo(ZONE)), "l j F")
    assert f"Ana withdrew their consent on {day}." in page(dana, f"/clients/{ana.client.pk}/")
    dana.browser().post(f"/clients/{ana.client.pk}/discharge")
    assert f"Care ended on {day}" in page(dana, f"/clients/{ana.client.pk}/")
    with play.at(dana):
        Client.objects.filter(pk=ana.client.pk).update(discharged_at=None)
    with play.at(ana):
        joining.consent(by=ana.actor, at=now(), client=ana.client, language="en")
    assert "withdrew their consent" not in page(dana, f"/clients/{ana.client.pk}/")


def test_withdrawn_consent_is_said_where_something_new_is_given_or_answered(
    play: Play, dana: Person, ana: Person, couple: Couple
):
    sent = play.submit(ana, play.homework(ana, play.assign(dana, ana)), topic="Bags")
    alone = (f"/assign/?client={ana.client.pk}", f"/review/{sent.pk}/")
    said = "Speak with them before anything new."
    assert not [path for path in alone if said in page(dana, path)]
    with play.at(ana):
        joining.consent(by=ana.actor, at=now(), client=ana.client, language="en")
        joining.withdraw_consent(by=ana.actor, at=now(), client=ana.client)
    assert [path for path in alone if said in page(dana, path)] == [*alone]
    # A couple's page may lie open between the two, and so may what is given to both.
    for path in (f"/couples/{couple.pk}/", f"/assign/?couple={couple.pk}"):
        assert "withdrew" not in page(dana, path)


# --- the supervisor ----------------------------------------------------------------------------
def test_a_supervisor_reads_the_named_therapists_clients_and_can_do_nothing_to_them(
    play: Play, dana: Person, omar: Person, sana: Person, ana: Person, cleared: Couple
):
    stranger = make_client(dana.practice, "stranger@mail.example", "Sol Ferreira", omar)
    both = play.assign(dana, cleared, "e11-what-reaches-me")
    homework = play.submit(ana, play.homework(ana, both))
    listed = page(sana, "/clients/")
    assert "You read along with Dana Whitlock, as a supervisor." in listed
    assert "Ana Quintero" in listed
    assert "Sol Ferreira" not in listed
    page(sana, f"/clients/{stranger.client.pk}/", 404)
    # Nothing waits for who only reads along.
    assert sana.browser().get("/review/")["Location"] == "/clients/"
    exercise = f"/exercises/{homework.version.exercise_id}/"
    for path in (
        f"/clients/{ana.client.pk}/",
        f"/couples/{cleared.pk}/",
        f"/review/{homework.pk}/",
        reverse("homework_page", args=[homework.pk]),
        exercise,
    ):
        shown = page(sana, path)
        assert path == exercise or "Answering and assigning stay with the therapist" in shown
        main = shown.partition("<main")[2]
        assert "<form" not in main, path
        assert hrefs(main, "/assign") == []
        assert "nothing here can be answered" not in page(dana, path)
    shown = page(sana, f"/review/{homework.pk}/")
    assert "<textarea" not in shown


def test_a_supervisor_is_refused_every_deed(
    play: Play, dana: Person, sana: Person, ana: Person, sent: Homework
):
    browser, pk = sana.browser(), sent.pk
    page(sana, f"/assign/?client={ana.client.pk}", 403)
    said = {"letter": "Mine", "decision": "reviewed", "round": 1, "send": "stay"}
    for path in (
        f"/review/{pk}/",
        f"/review/{pk}/draft",
        f"/assignments/{sent.assignment_id}/withdraw",
        reverse("homework_due", args=[pk]),
        f"/clients/{ana.client.pk}/discharge",
        f"/clients/{ana.client.pk}/clearance",
    ):
        assert browser.post(path, said).status_code == 403, path
    with play.at(dana):
        assert not Review.objects.exists()


@pytest.mark.parametrize("who", ["dana", "sana"])
def test_looking_at_a_clients_numbers_is_noted_when_there_are_any(
    play: Play, dana: Person, sana: Person, ana: Person, couple: Couple, who: str
):
    reader = {"dana": dana, "sana": sana}[who]

    def noted() -> int:
        with play.at(dana):
            return AuditEvent.objects.filter(
                action="read.numbers", client_id=ana.client.pk, user_id=reader.user.pk
            ).count()

    page(reader, f"/clients/{ana.client.pk}/")
    assert noted() == 0
    work = play.homework(ana, play.assign(dana, ana))
    play.submit(ana, work, topic="Bags", close_before=3, close_after=6)
    page(reader, f"/clients/{ana.client.pk}/")
    assert noted() == 1
    page(reader, f"/couples/{couple.pk}/")
    assert noted() == 2
    assert reader.user.name in page(ana, "/you/readers")


def test_lists_name_whichever_session_comes_first(
    play: Play, dana: Person, ana: Person, couple: Couple
):
    later, sooner = now() + timedelta(days=9), now() + timedelta(days=4)
    with play.at(dana):
        Client.objects.filter(pk=ana.client.pk).update(next_session_at=later)
        Couple.objects.update(next_session_at=sooner)
    said = date_format(sooner.astimezone(ZoneInfo(ZONE)), "D j M, H:i")
    assert page(dana, "/clients/").count(said) == 2  # Ana's row, and Ben's
    assert f"Next session, with Ben: {said}" in page(dana, f"/clients/{ana.client.pk}/")
    with play.at(dana):
        Couple.objects.update(next_session_at=now() - timedelta(days=1))
    own = date_format(later.astimezone(ZoneInfo(ZONE)), "D j M, H:i")
    assert f"Next session, alone: {own}" in page(dana, f"/clients/{ana.client.pk}/")


@pytest.mark.parametrize(
    ("first", "city"), [("Asia/Tokyo", "Tokyo"), ("America/Los_Angeles", "Los Angeles")]
)
def test_now_is_now_for_a_couple_that_lives_apart(
    play: Play, dana: Person, ana: Person, ben: Person, cleared: Couple, first: str, city: str
):
    with play.at(dana):
        Client.objects.filter(pk=ana.client.pk).update(zone=first)
        Couple.objects.update(next_session_at=now() + timedelta(days=5))
    assert f"Ana: {city} time · Ben: Lisbon time" in page(dana, f"/assign/?couple={cleared.pk}")
    exercise = play.library["e01-under-the-argument"].exercise_id
    said = {"exercise": exercise, "who": "both", "when": "session"}
    assert dana.browser().post(f"/assign/?couple={cleared.pk}", said).status_code == 302
    with play.at(dana):
        found = list(Homework.objects.all())
        session = Couple.objects.get().next_session_at
    assert [one.status for one in found] == ["open", "open"]
    assert session is not None
    assert all(one.due_at and now() < one.due_at <= session for one in found)


def test_a_logs_moments_stand_under_their_day_the_newest_first(
    play: Play, dana: Person, ana: Person
):
    homework = play.homework(ana, play.assign(dana, ana, "e04-reassurance-log"))
    noon = now().astimezone(ZoneInfo(ZONE)).replace(hour=12, minute=5) - timedelta(days=3)
    moments = [noon, noon + timedelta(hours=4), noon + timedelta(days=1)]
    with play.at(ana):
        response = responding.begin(by=ana.actor, at=now(), homework=homework)
        for urge, at in enumerate(moments, start=4):
            entry = Entry.objects.create(
                practice=ana.practice,
                response=response,
                log_key="moments",
                happened_at=at,
                created_at=now(),
            )
            responding.save(
                by=ana.actor,
                at=now(),
                homework=play.fresh(homework),
                said=[responding.AnswerInput("urge", urge)],
                entry=entry,
            )
    play.submit(ana, homework)
    text = html.unescape(page(dana, f"/review/{homework.pk}/"))
    shown = text.partition('id="moments"')[2].partition("</section></section>")[0]
    days = re.findall(r"<h3>([^<]+)</h3>", shown)
    assert days == [date_format(at, "l j F") for at in (moments[2], moments[0])]
    assert re.findall(r'class="num">(\d\d:\d\d)<', shown) == ["12:05", "12:05", "16:05"]
