"""The therapist's desk, page by page."""

import html
import re
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import now

from clients.actions import caring, joining
from clients.models import Caseload, Client, Couple
from exercises.actions import flagging, responding
from exercises.models import Entry, Exercise, ExerciseVersion, Flag, FlagKind, Homework, Review
from practice.actions import auditing
from practice.models import AuditEvent, Membership, User
from tests.cast import ZONE, Person, Play, make_client
from tests.conftest import commit_trail

WORDS = "You caught the second it turned."


@pytest.fixture
def both(practice: Any, omar: Person, ana: Person) -> None:
    """Omar cares for Ana too."""
    from practice.tenancy import scope

    with scope(practice=practice.pk):
        Caseload.objects.create(
            practice=practice, member=omar.member, client=ana.client, from_at=now()
        )


@pytest.fixture
def sent(play: Play, dana: Person, ana: Person) -> Homework:
    """Ana handed in E01."""
    homework = play.homework(ana, play.assign(dana, ana))
    return play.submit(ana, homework, topic="Who carries the bags", under="I was alone with it")


def page(person: Person, path: str, status: int = 200) -> str:
    response = person.browser().get(path)
    assert response.status_code == status, response.content.decode()[:500]
    return response.content.decode().replace("\N{NO-BREAK SPACE}", " ")


def reply(person: Person, homework: Homework, status: int, deed: str = "stay", **said: Any) -> str:
    data = {"letter": WORDS, "decision": "reviewed", "round": 1, "send": deed, **said}
    response = person.browser().post(f"/review/{homework.pk}/", data)
    assert response.status_code == status, response.content.decode()[:500]
    return response.content.decode()


# --- two reviewers ----------------------------------------------------------------------------
@pytest.mark.usefixtures("both")
@pytest.mark.parametrize("returned", [(), ("topic",)])
@pytest.mark.parametrize("settle", [True, False])
@pytest.mark.parametrize("deed", ["stay", "next"])
def test_the_second_reviewer_reads_both_and_loses_nothing(
    play: Play,
    dana: Person,
    omar: Person,
    sent: Homework,
    returned: tuple[str, ...],
    settle: bool,  # noqa: FBT001 -- pytest passes it by name
    deed: str,
):
    play.review(
        omar,
        sent,
        words="Omar was quicker.",
        comments={"under": "Stay with that."},
        returned=returned,
        settle=settle,
    )
    shown = reply(dana, sent, 409, deed, **{"comment.topic": "Which bags, and whose?"})
    for text in (WORDS, "Which bags, and whose?", "Omar was quicker.", "Stay with that."):
        assert text in shown
    again = page(dana, f"/review/{sent.pk}/")
    assert WORDS in again
    assert "Which bags, and whose?" in again
    with play.at(dana):
        assert Review.objects.filter(response__homework=sent, sent_at=None).count() == 1


@pytest.mark.usefixtures("both")
def test_a_draft_is_kept_when_the_colleague_was_quicker_and_they_took_it_up_again(
    play: Play, dana: Person, omar: Person, ana: Person, sent: Homework
):
    play.review(omar, sent, returned=("topic",))
    play.submit(ana, sent, topic="The bags, and the silence")
    shown = reply(dana, sent, 409, "stay")  # typed against round 1
    assert WORDS in shown
    assert "The bags, and the silence" in shown
    again = page(dana, f"/review/{sent.pk}/")
    assert WORDS in again
    assert f">{WORDS}</textarea>" not in again.replace("\n", "")
    assert reply(dana, sent, 302, "stay", round=2) == ""


@pytest.mark.usefixtures("both")
def test_a_kept_draft_says_so(play: Play, dana: Person, omar: Person, sent: Homework):
    play.review(omar, sent, words="Omar was quicker.")
    reply(dana, sent, 302, "draft")
    response = dana.browser().post(
        f"/review/{sent.pk}/draft", {"letter": "And once more.", "round": 1, "base": 2}
    )
    assert response.status_code == 200
    assert "And once more." in page(dana, f"/review/{sent.pk}/")


def test_two_tabs_show_all_of_both(dana: Person, sent: Homework):
    said = {"base": 0, "comment.topic": "First tab’s remark", "reopen": "under"}
    reply(dana, sent, 302, "draft", **said)
    shown = reply(dana, sent, 409, "draft", base=0, letter="Second tab", decision="reviewed")
    for text in (WORDS, "First tab’s remark", "Second tab", "To open again"):
        assert text in shown
    response = dana.browser().post(f"/review/{sent.pk}/draft", {"letter": "Third", "base": 0})
    assert response.status_code == 412
    assert response.json()["theirs"]["comments"] == {"topic": "First tab’s remark"}
    assert response.json()["mine"]["words"] == "Third"


def test_what_was_sent_already_shows_what_was_typed(play: Play, dana: Person, sent: Homework):
    play.review(dana, sent, words="The first words", settle=False)
    shown = reply(dana, sent, 409, "stay", **{"comment.topic": "A later thought"})
    for text in (WORDS, "A later thought", "The first words"):
        assert text in shown
    play.settle(sent.practice_id)
    assert WORDS in reply(dana, sent, 409, "draft")


def test_a_return_without_an_answer_keeps_the_words(dana: Person, sent: Homework):
    assert WORDS in reply(dana, sent, 409, "stay", decision="returned")
    assert WORDS in page(dana, f"/review/{sent.pk}/")


# --- the queue ---------------------------------------------------------------------------------
def hrefs(text: str, within: str = "") -> list[str]:
    return re.findall(rf'href="([^"]*{within}[^"]*)"', text)


def queued(text: str) -> list[str]:
    return re.findall(r'class="title" href="/review/([0-9a-f-]+)/"', text)


def test_the_queue_puts_whose_session_comes_first_on_top_then_what_waits_longest(
    play: Play, dana: Person, ana: Person, ben: Person, noor: Person, couple: Couple
):
    of_noor, of_ana, of_ben = order = [
        str(play.submit(one, play.homework(one, play.assign(dana, one)), topic="Bags").pk)
        for one in (noor, ana, ben)
    ]
    assert queued(page(dana, "/review/")) == order
    with play.at(dana):
        Couple.objects.update(next_session_at=now() + timedelta(days=2))
    order = [of_ana, of_ben, of_noor]
    assert queued(page(dana, "/review/")) == order
    with play.at(dana):
        Client.objects.filter(pk=ben.client.pk).update(next_session_at=now() + timedelta(days=1))
    order = [of_ben, of_ana, of_noor]
    assert queued(page(dana, "/review/")) == order
    # From one to its neighbours with plain links, which the keys J and K follow.
    middle = page(dana, f"/review/{order[1]}/")
    assert f'href="/review/{order[2]}/" data-key="j"' in middle
    assert f'href="/review/{order[0]}/" data-key="k"' in middle
    assert "<b>2</b> of 3" in middle


def test_a_couples_two_accounts_lead_to_each_other_for_staff_alone(
    play: Play, dana: Person, ana: Person, ben: Person, cleared: Couple, sana: Person
):
    both = play.assign(dana, cleared, "e11-what-reaches-me")
    one, other = play.homework(ana, both), play.homework(ben, both)
    play.submit(ana, one)
    assert hrefs(page(dana, f"/review/{one.pk}/"), str(other.pk)) == []  # not sent, so unsaid
    play.submit(ben, other)
    for who in (dana, sana):
        assert f"/review/{other.pk}/" in hrefs(page(who, f"/review/{one.pk}/"))
    assert str(other.pk) not in page(ana, f"/homework/{one.pk}/sent/")


def test_an_empty_queue_says_when_the_next_session_is(
    play: Play, dana: Person, ana: Person, noor: Person, couple: Couple
):
    text = page(dana, "/review/")
    assert "All caught up" in text
    assert "Next session" not in text
    at = (now() + timedelta(days=20)).astimezone(ZoneInfo(ZONE)).replace(hour=17, minute=30)
    with play.at(dana):
        Client.objects.filter(pk=noor.client.pk).update(next_session_at=at + timedelta(days=1))
        Couple.objects.update(next_session_at=at)
    text = page(dana, "/review/")
    assert f"Next session: {date_format(at, 'l j F')}, 17:30." in text


def test_a_filter_says_how_many_of_how_many_it_shows(
    play: Play, dana: Person, ana: Person, cleared: Couple, sent: Homework
):
    both = play.assign(dana, cleared, "e11-what-reaches-me")
    play.submit(ana, play.homework(ana, both))
    assert "2 waiting. Ordered" in page(dana, "/review/")
    assert "1 of 2 waiting. Ordered" in page(dana, "/review/?only=couples")


def test_an_empty_filter_says_that_something_else_waits(dana: Person, sent: Homework):
    text = page(dana, "/review/?only=couples")
    assert "All caught up" not in text
    assert "Something else is waiting." in text


def test_a_flag_leads_to_the_homework_and_says_what_to_do(play: Play, dana: Person, ana: Person):
    homework = play.homework(ana, play.assign(dana, ana))
    with play.at(ana):
        flagging.raise_flag(
            by=ana.actor, at=now(), homework=homework, item_key="afraid", kind=FlagKind.SAFETY
        )
    assert hrefs(page(dana, "/review/"), str(homework.pk)) == [
        reverse("homework_page", args=[homework.pk])
    ]
    text = page(dana, reverse("homework_page", args=[homework.pk]))
    assert "Please look today" in text
    assert "spoken with them alone" in text
    (deed,) = re.findall(r'action="(/flags/[^"]+)"', text)
    assert dana.browser().post(deed).status_code == 302
    assert "Please look today" not in page(dana, reverse("homework_page", args=[homework.pk]))


def test_that_an_answer_asked_for_somebody_stays_known_to_who_cares_and_to_no_one_else(
    play: Play, dana: Person, omar: Person, sana: Person, ana: Person
):
    homework = play.homework(ana, play.assign(dana, ana))
    with play.at(ana):
        flagging.raise_flag(
            by=ana.actor, at=now(), homework=homework, item_key="afraid", kind=FlagKind.SAFETY
        )
    client = reverse("client_page", args=[ana.client.pk])
    work = reverse("homework_page", args=[homework.pk])
    assert "an answer asked for you" in page(dana, client)
    assert "saw to it" not in page(dana, client)
    with play.at(dana):
        flagging.handle_flag(by=dana.actor, at=now(), flag=Flag.objects.get())
    told = page(dana, client)
    assert "Dana Whitlock saw to it on" in told
    assert hrefs(told, str(homework.pk))
    assert "Said they do not feel safe" in page(dana, work)
    for address in (client, work):
        assert "saw to it" not in page(sana, address)
        assert "feel safe" not in page(sana, address)
        assert "asked for you" not in page(sana, address)
    with play.at(dana):
        caring.hand_over(by=dana.actor, at=now(), clients=[ana.client], to=omar.member)
    assert "Dana Whitlock saw to it on" in page(omar, client)
    assert "Dana Whitlock saw to it" in page(omar, work)


def test_what_is_answered_waits_no_more_though_it_can_be_undone(
    play: Play, dana: Person, ana: Person, sent: Homework
):
    client = reverse("client_page", args=[ana.client.pk])
    assert "waits for you" in page(dana, client)
    play.review(dana, sent, words="I read it.", settle=False)
    for address in (client, reverse("homework_page", args=[sent.pk])):
        assert "the answer is on its way" in page(dana, address)
        assert "waits for you" not in page(dana, address)


def test_nothing_out_of_reach_is_offered_to_be_undone(
    play: Play, dana: Person, omar: Person, ana: Person, noor: Person
):
    for client in (ana, noor):
        work = play.submit(client, play.homework(client, play.assign(dana, client)), topic="Bags")
        play.review(dana, work, words="I read it.", settle=False)
    with play.at(dana):
        caring.hand_over(by=dana.actor, at=now(), clients=[ana.client], to=omar.member)
    shown = page(dana, "/review/")
    assert "Sent to Noor." in shown
    assert "Sent to Ana." not in shown
    for undo in re.findall(r'action="(/reviews/[^"]+/undo)"', shown):
        assert dana.browser().post(undo).status_code == 302


def test_a_flag_outlives_whoever_it_reached_first(
    play: Play, dana: Person, omar: Person, ruth: Person, ana: Person
):
    """Raised before the therapist's seat ended, or while nobody cared: the next one sees it."""
    homework = play.homework(ana, play.assign(dana, ana))
    with play.at(ana):
        flagging.raise_flag(
            by=ana.actor, at=now(), homework=homework, item_key="afraid", kind=FlagKind.SAFETY
        )
    ended = reverse("ended", args=[homework.pk])
    with play.at(ruth):
        Membership.objects.filter(pk=dana.member.pk).update(roles=["admin"])
    shown = ana.browser().get(ended).content.decode()
    assert "will want to talk with you" not in shown
    with play.at(ruth):
        caring.entrust(by=ruth.actor, at=now(), client=ana.client, to=omar.member)
    assert hrefs(page(omar, "/review/"), str(homework.pk))


def test_a_flag_taken_on_by_a_slip_goes_back_for_two_minutes(play: Play, dana: Person, ana: Person):
    homework = play.homework(ana, play.assign(dana, ana))
    with play.at(ana):
        flagging.raise_flag(
            by=ana.actor, at=now(), homework=homework, item_key="afraid", kind=FlagKind.TALK
        )
        flag = Flag.objects.get()
    queue = dana.browser().post(reverse("flag_handled", args=[flag.pk]))["Location"]
    (undo,) = re.findall(r'action="(/flags/[^"]+)"', page(dana, queue))
    assert dana.browser().post(undo).status_code == 302
    assert "Please look today" in page(dana, "/review/")
    # Nobody has it now, so nobody can put it back; nor can it be after two minutes.
    assert dana.browser().post(undo).status_code == 409
    dana.browser().post(reverse("flag_handled", args=[flag.pk]))
    with play.at(dana):
        Flag.objects.update(handled_at=now() - timedelta(minutes=2))
    assert undo not in page(dana, queue)
    assert dana.browser().post(undo).status_code == 409
    assert page(dana, "/review/?handled=nothing")


def test_who_comes_second_to_a_flag_is_told_and_no_act_is_made_up(
    play: Play, dana: Person, omar: Person, ana: Person
):
    homework = play.homework(ana, play.assign(dana, ana))
    with play.at(ana):
        flagging.raise_flag(
            by=ana.actor, at=now(), homework=homework, item_key="afraid", kind=FlagKind.TALK
        )
        Caseload.objects.create(
            practice=dana.practice, client=ana.client, member=omar.member, from_at=now()
        )
        deed = reverse("flag_handled", args=[Flag.objects.get().pk])
    assert [dana.browser().post(deed).status_code for _tap in range(2)] == [302, 302]
    assert omar.browser().post(deed).status_code == 409
    with play.at(dana):
        assert Flag.objects.get().handled_by_id == dana.member.pk
        assert AuditEvent.objects.filter(action="flag.handled").count() == 1


# --- whose clock, and which rows ----------------------------------------------------------------
def test_staff_read_their_own_clock_and_assign_by_the_clients(
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
    there = date_format(session.astimezone(ZoneInfo("Asia/Tokyo")), "D j M, H:i")
    assert f"Now, until the next session: {there}" in form
    assert "Ana has this now" in form
    own = page(dana, f"/clients/{ana.client.pk}/")
    here = late.astimezone(ZoneInfo(ZONE))
    assert f'<span class="small muted num">assigned {date_format(here, "j M")}</span>' in own
    assert f"Ana did this on {date_format(here, 'j M')}" in form
    assert date_format(session.astimezone(ZoneInfo(ZONE)), "D j M, H:i") in own


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


# --- preview -----------------------------------------------------------------------------------
def test_the_preview_walks_through_every_question_and_says_what_each_depends_on(
    play: Play, dana: Person
):
    version = play.library["e01-under-the-argument"]
    asked = [one for one in version.definition.items if one.is_asked]
    path, seen = f"/exercises/{version.exercise_id}/preview/", ""
    at = path
    before = plain_text(page(dana, path))
    for said in (version.definition.purpose, version.definition.content_note):
        assert said.get("en") in before
    assert "about 15 minutes" in before
    while at:
        text = html.unescape(page(dana, at))
        seen += text
        on = re.search(r'class="btn" href="(\?step=\d+)"', text)
        at = path + on[1] if on else ""
        assert "<form" not in text.partition("<main")[2].partition("</main")[0]
    assert [one.key for one in asked if one.text.get("en") not in seen] == []
    assert (
        "Shown when the answer to “On the surface, I was holding on to…” is “something else”"
        in seen
    )


def plain_text(text: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html.unescape(text)).split())


def test_the_library_says_what_is_a_log_and_what_has_one(play: Play, dana: Person, ana: Person):
    rows = [plain_text(one) for one in page(dana, "/exercises/").split("<li")]
    assert len([row for row in rows if "Reassurance log A log" in row]) == 1
    assert len([row for row in rows if "From test to clear ask With a log" in row]) == 1
    shown = plain_text(page(dana, f"/assign/?client={ana.client.pk}"))
    assert "2 min · a log" in shown
    assert "8 min · with a log" in shown


def test_what_is_for_two_leads_from_one_of_them_to_both(
    play: Play, dana: Person, ana: Person, noor: Person, couple: Couple
):
    exercise = play.library["e11-what-reaches-me"].exercise_id
    shown = html.unescape(page(dana, f"/assign/?client={ana.client.pk}"))
    there = f"/assign/?couple={couple.pk}&exercise={exercise}"
    assert f'<a href="{there}">For two: assign it to Ana & Ben.</a>' in shown
    assert re.search(rf'value="{exercise}" checked', page(dana, there))
    alone = html.unescape(page(dana, f"/assign/?client={noor.client.pk}"))
    assert "For two: assign it from a couple’s page." in alone


def test_the_preview_of_a_log_shows_what_a_moment_asks(play: Play, dana: Person):
    version = play.library["e04-reassurance-log"]
    path = f"/exercises/{version.exercise_id}/preview/"
    seen = "".join(html.unescape(page(dana, f"{path}?step={n}")) for n in (1, 2))
    assert "For each moment:" in seen
    assert "How strong was the urge to be reassured?" in seen


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


# --- the supervisor ----------------------------------------------------------------------------
def test_a_supervisor_reads_the_named_therapists_clients_and_can_do_nothing_to_them(
    play: Play, dana: Person, omar: Person, sana: Person, ana: Person, cleared: Couple
):
    stranger = make_client(dana.practice, "stranger@mail.example", "Sol Ferreira", omar)
    both = play.assign(dana, cleared, "e11-what-reaches-me")
    homework = play.submit(ana, play.homework(ana, both))
    listed = page(sana, "/clients/")
    assert "You read along with Dana Whitlock." in listed
    assert "Ana Quintero" in listed
    assert "Sol Ferreira" not in listed
    page(sana, f"/clients/{stranger.client.pk}/", 404)
    assert "You read along with Dana Whitlock." in page(sana, "/review/")
    exercise = f"/exercises/{homework.version.exercise_id}/"
    for path in (
        f"/clients/{ana.client.pk}/",
        f"/couples/{cleared.pk}/",
        f"/review/{homework.pk}/",
        reverse("homework_page", args=[homework.pk]),
        exercise,
    ):
        shown = page(sana, path)
        assert path == exercise or "nothing here can be answered or assigned by you" in shown
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


# --- refusals stay beside what was typed -----------------------------------------------------------
def test_what_assigning_refuses_is_said_beside_what_was_typed(
    play: Play, dana: Person, ana: Person, couple: Couple
):
    exercise = play.library["e11-what-reaches-me"].exercise_id
    data = {"exercise": exercise, "who": "both", "when": "week", "note": "For Friday."}
    answer = dana.browser().post(f"/assign/?couple={couple.pk}", data)
    assert answer.status_code == 422
    assert "For Friday." in answer.content.decode()
    alone = play.library["e01-under-the-argument"].exercise_id
    day = f"{now() + timedelta(days=2):%Y-%m-%d}"
    rule = data | {"exercise": alone, "when": "dates", "opens": day, "rrule": "X=1"}
    answer = dana.browser().post(f"/assign/?client={ana.client.pk}", rule)
    assert answer.status_code == 422
    assert 'id="id_rrule_error"' in answer.content.decode()


def test_a_day_that_is_over_is_refused_beside_the_form(play: Play, dana: Person, ana: Person):
    homework = play.homework(ana, play.assign(dana, ana))
    path = reverse("homework_due", args=[homework.pk])
    answer = dana.browser().post(path, {"due": "2026-01-01"})
    assert answer.status_code == 422
    assert "Choose a day that is still to come." in answer.content.decode()
    assert 'value="2026-01-01"' in answer.content.decode()


def test_the_chosen_exercise_travels_from_the_library_to_the_form(
    play: Play, dana: Person, ana: Person
):
    chosen = play.library["e01-under-the-argument"].exercise_id
    whom = page(dana, f"/assign/?exercise={chosen}&q=Ana").replace("&amp;", "&")
    link = f"?client={ana.client.pk}&exercise={chosen}"
    assert link in hrefs(whom)
    assert re.search(rf'value="{chosen}" checked', page(dana, f"/assign/{link}"))


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
    assert f"Next session: {said}" in page(dana, f"/clients/{ana.client.pk}/")
    with play.at(dana):
        Couple.objects.update(next_session_at=now() - timedelta(days=1))
    own = date_format(later.astimezone(ZoneInfo(ZONE)), "D j M, H:i")
    assert f"Next session: {own}" in page(dana, f"/clients/{ana.client.pk}/")


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
                said=[responding.Said("urge", urge)],
                entry=entry,
            )
    play.submit(ana, homework)
    text = html.unescape(page(dana, f"/review/{homework.pk}/"))
    shown = text.partition('id="moments"')[2].partition("</section></section>")[0]
    days = re.findall(r"<h3>([^<]+)</h3>", shown)
    assert days == [date_format(at, "l j F") for at in (moments[2], moments[0])]
    assert re.findall(r'class="num">(\d\d:\d\d)<', shown) == ["12:05", "12:05", "16:05"]
