"""Who is in care, a couple's page, and how two are named."""

import html
import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.utils import translation
from django.utils.formats import date_format
from django.utils.timezone import now

from clients.models import Caseload, Client, Couple
from exercises.actions import responding
from exercises.models import Assignment, Homework
from practice.models import AuditEvent
from practice.wording import both, readers
from tests.cast import ZONE, Person, Play, make_client
from tests.exercises.ground import assign_form, step_with, url


def page(person: Person, path: str, language: str = "en") -> str:
    browser = person.browser()
    browser.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    response = browser.get(path)
    assert response.status_code == 200, path
    return html.unescape(response.content.decode()).replace("\N{NO-BREAK SPACE}", " ")


def plain(text: str) -> str:
    """Return what is read, in one line."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))


def row_of(person: Person, name: str, language: str = "en", asked: str = "") -> str:
    """Return what one client's row says."""
    rows = page(person, f"/clients/{asked}", language).partition("<main")[2].split("<li")
    return plain(next((row for row in rows if name in row), ""))


# --- the list ----------------------------------------------------------------------------------
def test_the_list_says_where_each_ones_homework_stands(
    play: Play, dana: Person, sana: Person, ana: Person, noor: Person
):
    for _time in range(3):
        play.assign(dana, ana)
    play.assign(dana, noor, opens_in=timedelta(days=2))
    play.submit(ana, play.homework(ana, play.assign(dana, ana)), topic="Bags")
    for who in (dana, sana):
        assert "1 to review · 3 open" in row_of(who, "Ana Quintero")
        assert "Nothing open" in row_of(who, "Noor Haddad")  # it is still to come
    assert "1 por revisar · 3 abiertas" in row_of(dana, "Ana Quintero", "es")
    assert "Nada abierto" in row_of(dana, "Noor Haddad", "es")
    assert "2 clients" in plain(page(dana, "/clients/"))


def test_the_list_does_not_tell_who_has_begun(play: Play, dana: Person, ana: Person):
    homework = play.homework(ana, play.assign(dana, ana))
    before = row_of(dana, "Ana Quintero")
    play.say(ana, homework, topic="Bags")
    assert play.fresh(homework).status == "in_progress"
    assert row_of(dana, "Ana Quintero") == before


def test_what_is_being_answered_waits_for_nobody(play: Play, dana: Person, ana: Person):
    sent = play.submit(ana, play.homework(ana, play.assign(dana, ana)), topic="Bags")
    assert "Ana Quintero" in row_of(dana, "Ana Quintero", asked="?only=review")
    play.review(dana, sent, words="I read it.", settle=False)
    assert "Nothing open" in row_of(dana, "Ana Quintero")
    assert "Nobody here" in page(dana, "/clients/?only=review")


def test_the_list_shows_only_those_with_something_to_review(
    play: Play, dana: Person, ana: Person, noor: Person
):
    play.assign(dana, noor)
    play.submit(ana, play.homework(ana, play.assign(dana, ana)), topic="Bags")
    shown = page(dana, "/clients/?only=review")
    assert "Ana Quintero" in shown
    assert "Noor Haddad" not in shown
    assert "1 client" in plain(shown)


# --- names -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("other", "said"),
    [
        ("Ben", "Ana y Ben"),
        ("Ines", "Ana e Ines"),
        ("Íñigo", "Ana e Íñigo"),
        ("Hilda", "Ana e Hilda"),
        ("Hierro", "Ana y Hierro"),
        ("Yolanda", "Ana y Yolanda"),
        ("Yvonne", "Ana e Yvonne"),
    ],
)
def test_two_names_are_joined_as_the_language_does(other: str, said: str):
    assert both("Ana", other) == f"Ana & {other}"
    with translation.override("es"):
        assert both("Ana", other) == said


def test_who_reads_is_said_as_the_language_does():
    with translation.override("es"):
        assert readers(["Dana"]) == "Solo tú y Dana"
        assert readers(["Inés"]) == "Solo tú e Inés"
        assert readers(["Dana", "Inés"]) == "Solo tú, Dana e Inés"
        assert readers(["Inés"], is_supervised=True) == "Solo tú, Inés y quien supervisa a Inés"


def test_two_of_one_name_are_told_apart(play: Play, dana: Person, ana: Person):
    other = make_client(dana.practice, "ana2@mail.example", "Ana Larkin", dana)
    soon = now() + timedelta(days=2)
    with play.at(dana):
        Client.objects.filter(pk__in=[ana.client.pk, other.client.pk]).update(next_session_at=soon)
    for one in (ana, other):
        sent = play.submit(one, play.homework(one, play.assign(dana, one)), topic="Bags")
    queue = page(dana, "/review/")
    assert "Ana Q., round 1" in queue
    assert "Ana L., round 1" in queue
    sessions = queue.partition("Sessions</h2>")[2]
    assert "Ana Q." in sessions
    assert "Ana L." in sessions
    assert "Ana Larkin" in page(dana, f"/review/{sent.pk}/")


def test_the_next_hours_are_ones_own_whatever_waits(
    play: Play, dana: Person, omar: Person, sana: Person, ana: Person, noor: Person, couple: Couple
):
    """A couple's hour is theirs once, another's is not mine, and what is over is no hour to come."""

    def hours() -> list[str]:
        card = page(dana, "/review/").partition("Sessions</h2>")[2].partition("</section>")[0]
        return re.findall(r'<a href="[^"]*">(.*?)</a>', card) or [plain(card)]

    at = now() + timedelta(days=1)
    other = make_client(dana.practice, "kofi@mail.example", "Kofi Mensah", omar)
    assert "No session dates yet." in hours()[0]
    with play.at(dana):
        Client.objects.filter(pk__in=[noor.client.pk, other.client.pk]).update(next_session_at=at)
        Client.objects.filter(pk=ana.client.pk).update(next_session_at=now() - timedelta(days=1))
        Couple.objects.update(next_session_at=at - timedelta(hours=1))
    assert hours() == ["Ana Q. & Ben A.", "Noor H."]
    assert f'href="/couples/{couple.pk}/">Ana Q.' in page(dana, "/review/")
    # Who reads along has no hours with them.
    along = sana.browser().get("/review/")
    assert (along.status_code, along["Location"]) == (302, "/clients/")
    # Half a couple in one's care: that hour is nobody's to move any more (test_couple_pages).
    with play.at(dana):
        Caseload.objects.filter(client=couple.second).update(member=omar.member)
    assert hours() == ["Noor H."]


def test_so_many_hours_and_how_many_after_them(play: Play, dana: Person):
    at = now() + timedelta(days=1)
    for place in range(10):
        one = make_client(dana.practice, f"client{place}@mail.example", f"Client {place}", dana)
        with play.at(dana):
            Client.objects.filter(pk=one.client.pk).update(
                next_session_at=at + timedelta(hours=place)
            )
    card = page(dana, "/review/").partition("Sessions</h2>")[2]
    assert re.findall(r">(Client \d)\.<", card) == [f"Client {place}" for place in range(8)]
    assert "2 more after these." in card


def test_withdrawing_says_from_whose_pages(play: Play, dana: Person, ana: Person, cleared: Couple):
    two, one = play.assign(dana, cleared, "e11-what-reaches-me"), play.assign(dana, ana)
    assert "Withdraw “What reaches me”?" in page(dana, f"/assignments/{two.pk}/withdraw")
    assert "Desaparece de las páginas de Ana y Ben." in page(
        dana, f"/assignments/{two.pk}/withdraw", "es"
    )
    assert "Desaparece de la página de Ana." in page(dana, f"/assignments/{one.pk}/withdraw", "es")


# --- a couple ----------------------------------------------------------------------------------
@pytest.fixture
def kept(play: Play, dana: Person, ana: Person) -> Homework:
    """Ana handed something in, with one place she would rather speak about."""
    homework = play.homework(ana, play.assign(dana, ana))
    play.fill(ana, homework, topic="Bags")
    with play.at(ana):
        said = [
            responding.AnswerInput(key, None, responding.AnswerOutcome.IN_SESSION)
            for key in ("under", "story")
        ]
        responding.save(by=ana.actor, at=now(), homework=play.fresh(homework), said=said)
        responding.submit(by=ana.actor, at=now(), homework=play.fresh(homework))
    return homework


def test_a_couples_page_says_what_the_hour_is_for(
    play: Play, dana: Person, sana: Person, ana: Person, couple: Couple, kept: Homework
):
    ana.browser().post("/you/topics", {"text": "The move in spring"})
    session = now() + timedelta(days=2)
    with play.at(dana):
        Couple.objects.update(next_session_at=session)
    path = f"/couples/{couple.pk}/"
    shown = page(dana, path)
    assert f"For {date_format(session, 'l')}</h2>" in shown
    assert "The move in spring" in shown
    # What nobody has opened can still be taken back: it is not hinted at.
    question = (
        "Would rather say it here: “If that had not been the point, I think I was afraid that…”"
    )
    assert question not in shown
    read = page(dana, f"/review/{kept.pk}/")
    assert "Would rather say it in the session" in read
    assert "Would rather say it alone" in read
    shown = page(dana, path)
    assert question in shown
    # What the partner may never see is no matter for the hour they share.
    assert "What did I tell myself about my partner?" not in shown
    with play.at(dana):
        topics_read = AuditEvent.objects.filter(action="read.topics", client_id=ana.client.pk)
        assert topics_read.count() == 2
    along = page(sana, path)  # topics are for the therapist alone
    assert "The move in spring" not in along
    assert question not in along


def test_nothing_one_partner_writes_moves_the_others_out_of_sight(
    dana: Person, ana: Person, ben: Person, cleared: Couple
):
    """Ben sees that his topics were read: that must not depend on how much Ana wrote."""
    ben.browser().post("/you/topics", {"text": "The quiet one"})
    for number in range(3):
        ana.browser().post("/you/topics", {"text": f"Number {number}"})
    shown = page(dana, f"/couples/{cleared.pk}/")
    assert "The quiet one" in shown
    assert [number for number in range(3) if f"Number {number}" in shown] == [0, 1, 2]
    assert "What you want to talk about" in page(ben, "/you/readers")


def test_a_couples_page_has_dates_what_was_before_and_how_long_they_are_cleared(
    play: Play, dana: Person, ana: Person, ben: Person, cleared: Couple
):
    done = play.submit(ben, play.homework(ben, play.assign(dana, ben)), topic="Bags")
    play.review(dana, done, words="I read it.")
    play.assign(dana, ana, days=2)
    shown = page(dana, f"/couples/{cleared.pk}/")
    read = plain(shown)
    assert re.search(r"not in yet · until [A-Z][a-z]{2} \d\d:\d\d", read)
    assert re.search(r"Earlier homework .*Ben: .*read and answered", read)
    day = date_format(now() + timedelta(days=90), "j M Y")
    assert read.count(f"cleared until {day}") == 2
    assert "Note the next session" in read
    assert "Ben: why each was sent or held back</a>" in shown
    assert read.count("By e-mail at 19:30, Lisbon time.") == 2


def test_what_is_over_names_the_first_of_two_first(
    play: Play, dana: Person, ana: Person, ben: Person, cleared: Couple
):
    """Of one day; the minute decided it before, and of one minute a random id."""
    noon = now().astimezone(ZoneInfo(ZONE)).replace(hour=12)
    for days in range(1, 5):
        given = play.assign(dana, cleared, opens_in=-timedelta(days=days))
        for place, one in enumerate((ben, ana)):
            homework = play.homework(one, given)
            browser = one.browser()
            browser.post(f"/homework/{homework.pk}/set-aside/", {"how": "let_go"})
            opens = noon - timedelta(days=days, minutes=place if days % 2 else 0)
            with play.at(dana):
                Homework.objects.filter(pk=homework.pk).update(opens_at=opens)
    past = page(dana, f"/couples/{cleared.pk}/").partition("Earlier homework</h2>")[2]
    assert re.findall(r'class="vh">(Ana|Ben): ', past) == ["Ana", "Ben"] * 4


def test_who_has_not_joined_is_not_said_to_have_it(play: Play, dana: Person, cleared: Couple):
    with play.at(dana):
        Client.objects.filter(pk=cleared.second.pk).update(joined_at=None)
    play.assign(dana, cleared)
    now_there = plain(
        page(dana, f"/couples/{cleared.pk}/")
        .partition("Homework now</h2>")[2]
        .partition("</sec")[0]
    )
    assert "not in yet · until" in now_there
    assert "waits until they join" in now_there


# --- assigning ---------------------------------------------------------------------------------
def test_assigning_counts_what_somebody_has_open(play: Play, dana: Person, ana: Person):
    path = f"/assign/?client={ana.client.pk}"
    play.assign(dana, ana)
    assert "Fewer often works better" not in page(dana, path)
    for _time in range(2):
        play.assign(dana, ana)
    assert "Ana has 3 things open. Fewer often works better." in page(dana, path)
    assert "Ana tiene 3 tareas abiertas." in page(dana, path, "es")


def test_one_of_a_couple_has_it_until_the_couples_session(
    play: Play, dana: Person, ana: Person, couple: Couple
):
    session = now() + timedelta(days=3)
    with play.at(dana):
        Couple.objects.update(next_session_at=session)
    assert "Now, until the next session" in page(dana, f"/assign/?client={ana.client.pk}")
    exercise = play.library["e01-under-the-argument"].exercise_id
    said = {"exercise": exercise, "when": "session"}
    answer = dana.browser().post(f"/assign/?client={ana.client.pk}", said)
    with play.at(dana):
        given = Assignment.objects.get()
    assert given.due_local is not None
    until = date_format(given.due_local.replace(tzinfo=None), "D j M, H:i")
    assert f"“Under the argument”, until {until}." in page(dana, answer["Location"])


def test_dates_count_only_where_dates_were_chosen():
    """They are out of sight then, and nobody would know why a form comes back."""
    said = {
        "when": "week",
        "opens": "2030-01-08",
        "due": "2030-01-07",
        "again": "1",
        "times": "none",
    }
    form = assign_form(said)
    assert form.is_valid(), form.errors
    assert form.schedule().rrule == ""
    assert not assign_form(said | {"when": "dates"}).is_valid()


@pytest.mark.parametrize(
    ("at", "opens", "due", "wrong"),
    [
        ("2029-12-20T10:00", "", "", None),
        ("2029-12-20T10:00", "2029-12-20", "2029-12-20", None),
        ("2029-12-20T10:00", "2029-12-21", "2029-12-21", None),
        ("2029-12-20T10:00", "2029-12-19", "2029-12-30", "opens"),
        ("2029-12-20T10:00", "2029-12-21", "2029-12-20", "due"),
        ("2029-12-20T21:30", "", "2029-12-20", "due"),
    ],
)
def test_days_are_to_come_and_one_day_is_enough(at: str, opens: str, due: str, wrong: str | None):
    said = {"when": "dates"}
    form = assign_form(said | {"opens": opens, "due": due}, at)
    assert list(form.errors) == ([wrong] if wrong else []), form.errors
    if not wrong and not opens:
        assert form.schedule().opens_local is None, "it opens now"


def test_what_is_for_two_cannot_be_chosen_for_one(play: Play, dana: Person, ana: Person):
    pair = play.library["e11-what-reaches-me"].exercise_id
    path = f"/assign/?client={ana.client.pk}&exercise={pair}"
    chosen = re.search(rf'<input[^>]*value="{pair}"[^>]*>', page(dana, path).partition("<main")[2])
    assert re.search(rf'type="radio"[^>]*value="{pair}" disabled>', page(dana, path)), chosen


@pytest.mark.usefixtures("play")
def test_a_form_without_an_exercise_says_so_beside_the_exercises(dana: Person, ana: Person):
    answer = dana.browser().post(f"/assign/?client={ana.client.pk}", {"when": "week"})
    shown = answer.content.decode()
    assert answer.status_code == 422
    assert '<a href="#id_exercise">' in shown
    field = shown.partition('id="id_exercise"')[2]
    assert 'aria-describedby="id_exercise_error"' in field.partition(">")[0]
    assert 'id="id_exercise_error"' in field.partition("</fieldset>")[0]


# --- work, and the frame -----------------------------------------------------------------------
def test_a_works_page_speaks_of_what_is_over(play: Play, dana: Person, ana: Person):
    homework = play.homework(ana, play.assign(dana, ana, note="The one from Saturday"))
    path = f"/work/{homework.pk}/"
    assert "A draft is the client’s own." in page(dana, path)
    play.submit(ana, homework, topic="Bags")
    assert "Read it</a>" in page(dana, path)
    play.review(dana, play.fresh(homework), words="I read it.")
    shown = page(dana, path)
    assert re.search(r"Assigned .* Sent .* Answered ", plain(shown))
    assert "See the answers and the reply</a>" in shown
    assert "Your note with it" in shown
    assert "A draft is the client’s own." not in shown


def test_what_ended_is_not_said_to_be_read_when_they_send_it(play: Play, dana: Person, ana: Person):
    homework = play.homework(ana, play.assign(dana, ana))
    browser = ana.browser()
    step = step_with(browser, homework, "afraid")
    browser.post(url(homework, f"step/{step}/"), {"afraid": "yes"})
    shown = page(dana, f"/work/{homework.pk}/")
    assert "What Ana had written is not sent." in shown
    assert "You read it when they send it." not in shown
    # Thought better of: the flag stays, and what stands below it is so.
    assert browser.post(url(homework, "pick-up/")).status_code == 302
    shown = page(dana, f"/work/{homework.pk}/")
    assert "said they do not feel safe" in shown
    assert "Ana has picked it up again since. What they write is not sent yet." in shown
    assert "What Ana had written is not sent." not in shown
    play.submit(ana, homework, afraid="no")
    shown = page(dana, f"/work/{homework.pk}/")
    assert "said they do not feel safe" in shown
    assert "Ana has picked it up again since, and sent it." in shown
    assert "had written is not sent" not in shown
    assert "What they write is not sent yet" not in shown


def test_a_new_therapist_is_shown_the_first_step(dana: Person, omar: Person, sana: Person):
    first = page(omar, "/review/").partition("<main")[2]
    assert 'class="btn" href="/clients/add"' in first
    assert "Second rounds" not in first
    # Nothing of a review is a supervisor's to do.
    assert 'href="/review/"' in page(dana, "/clients/")
    assert 'href="/review/"' not in page(sana, "/clients/")


def test_what_waits_for_the_therapist_waits_not_for_who_reads_along(
    play: Play, dana: Person, sana: Person, ana: Person, ben: Person, cleared: Couple
):
    assigned = play.assign(dana, cleared)
    homework = play.submit(ana, play.homework(ana, assigned), topic="Bags")
    pages = (f"/clients/{ana.client.pk}/", f"/couples/{cleared.pk}/", f"/work/{homework.pk}/")
    for address in pages:
        assert "waits for you" in page(dana, address)
        shown = page(sana, address)
        assert "waits for you" not in shown
        assert ", not answered yet" in shown
