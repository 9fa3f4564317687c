"""The queue: what waits, whose session comes first, what wants a human, and how much of it there is."""

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import now

from clients.actions import caring
from clients.models import Caseload, Client, Couple
from exercises.models import Flag, FlagKind, Homework
from practice.models import AuditEvent, Membership
from tests.cast import ZONE, Person, Play
from tests.exercises.ground import WORDS, hrefs, page, reply


@pytest.mark.usefixtures("both")
@pytest.mark.parametrize(
    "said",
    [
        {"letter": WORDS},
        {"letter": "", "comment.topic": "Which bags?"},
        {"letter": "", "decision": "returned", "reopen": "topic"},
    ],
)
def test_the_queue_says_where_a_draft_of_ones_own_lies(
    dana: Person, omar: Person, sent: Homework, said: dict[str, str]
):
    assert "Your draft" not in page(dana, "/review/")
    reply(dana, sent, 302, "draft", **said)
    assert "Your draft" in page(dana, "/review/")
    colleagues = page(omar, "/review/")
    assert "Your draft" not in colleagues
    assert "Dana Whitlock is writing" in colleagues
    reply(dana, sent, 302, "draft", letter="")
    assert "Your draft" not in page(dana, "/review/")


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
    assert f"Next session: {date_format(at, 'D j M')}, 17:30." in text


def test_a_filter_says_how_many_of_how_many_it_shows(
    play: Play, dana: Person, ana: Person, cleared: Couple, sent: Homework
):
    both = play.assign(dana, cleared, "e11-what-reaches-me")
    play.submit(ana, play.homework(ana, both))
    assert "2 waiting. Ordered" in page(dana, "/review/")
    assert "1 of 2 waiting. Ordered" in page(dana, "/review/?only=couples")


def test_one_of_a_couple_has_their_mark_also_for_what_they_do_alone(
    play: Play, dana: Person, ben: Person, couple: Couple
):
    alone = play.homework(ben, play.assign(dana, ben))
    play.submit(ben, alone)
    for path in ("/clients/", "/review/", f"/review/{alone.pk}/"):
        assert re.search(r'class="who b( s)?" aria-hidden="true">B<', page(dana, path)), path


def test_an_empty_filter_says_that_something_else_waits(dana: Person, sent: Homework):
    text = page(dana, "/review/?only=couples")
    assert "All caught up" not in text
    assert "Something else is waiting." in text


def test_a_flag_leads_to_the_homework_and_says_what_to_do(play: Play, dana: Person, ana: Person):
    homework = play.homework(ana, play.assign(dana, ana))
    play.flag(ana, homework)
    assert hrefs(page(dana, "/review/"), str(homework.pk)) == [
        reverse("homework_page", args=[homework.pk])
    ]
    # What nobody sees to is no empty queue.
    assert "All caught up" not in page(dana, "/review/")
    assert "Nothing else is waiting." in page(dana, "/review/")
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
    play.flag(ana, homework)
    client = reverse("client_page", args=[ana.client.pk])
    work = reverse("homework_page", args=[homework.pk])
    # The screening ends with it: who reads along would see it gone.
    assert "Screening for couple work" in page(dana, client)
    assert "Screening for couple work" not in page(sana, client)
    # While it waits it stands on top, as on the queue, with what to do; then among what was seen to.
    waits = page(dana, client)
    # It counts in the frame, on every page alike, though nothing was handed in.
    for address in ("/review/", client, "/clients/", work):
        assert waiting_in_frame(page(dana, address)) == 1
        assert waiting_in_frame(page(omar, "/review/")) == 0
    assert waits.index("Please look today.") < waits.index("Said they do not feel safe")
    assert waits.index("Said they do not feel safe") < waits.index("Homework now")
    assert "What wanted you soon" not in waits
    assert "Taken on" not in waits
    (deed,) = re.findall(r'action="(/flags/[^"]+)"', waits)
    assert dana.browser().post(deed).status_code == 302
    told = page(dana, client)
    assert waiting_in_frame(told) == 0
    assert "Please look today" not in told
    assert told.index("Homework now") < told.index("What wanted you soon")
    assert "Taken on by Dana Whitlock on" in told
    assert hrefs(told, str(homework.pk))
    assert "Said they do not feel safe" in page(dana, work)
    for address in (client, work):
        assert "Whitlock took it on" not in page(sana, address)
        assert "Taken on" not in page(sana, address)
        assert "feel safe" not in page(sana, address)
        assert "wanted you soon" not in page(sana, address)
        assert "look today" not in page(sana, address)
    with play.at(dana):
        caring.hand_over(by=dana.actor, at=now(), clients=[ana.client], to=omar.member)
    assert "Taken on by Dana Whitlock on" in page(omar, client)
    assert "Dana Whitlock took it on" in page(omar, work)


def waiting_in_frame(text: str) -> int:
    found = re.search(r'<span class="count num">(\d+)<span class="vh"> waiting', text)
    return int(found[1]) if found else 0


def test_the_number_in_the_frame_is_the_same_beside_a_review(
    play: Play, dana: Person, ana: Person, sent: Homework
):
    """What was handed in and what wants a human, together, wherever one is."""
    other = play.homework(ana, play.assign(dana, ana))
    for item in ("afraid", "under"):
        play.flag(ana, other, item=item)
    client = reverse("client_page", args=[ana.client.pk])
    for address in ("/review/", f"/review/{sent.pk}/", client, "/exercises/"):
        assert waiting_in_frame(page(dana, address)) == 3


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
    play.flag(ana, homework)
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
    play.flag(ana, homework, kind=FlagKind.TALK)
    with play.at(ana):
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
    play.flag(ana, homework, kind=FlagKind.TALK)
    with play.at(ana):
        Caseload.objects.create(
            practice=dana.practice, client=ana.client, member=omar.member, from_at=now()
        )
        deed = reverse("flag_handled", args=[Flag.objects.get().pk])
    assert [dana.browser().post(deed).status_code for _tap in range(2)] == [302, 302]
    assert omar.browser().post(deed).status_code == 409
    with play.at(dana):
        assert Flag.objects.get().handled_by_id == dana.member.pk
        assert AuditEvent.objects.filter(action="flag.handled").count() == 1


def test_a_flag_taken_on_on_its_client_s_page_leads_back_there(
    play: Play, dana: Person, ana: Person
):
    play.flag(ana, play.homework(ana, play.assign(dana, ana)), kind=FlagKind.TALK)
    where = f"/clients/{ana.client.pk}/"
    (deed,) = re.findall(r'action="(/flags/[^"]+)"', page(dana, where))
    answer = dana.browser().post(deed)
    assert answer["Location"].startswith(f"{where}?handled=")
    shown = page(dana, answer["Location"])
    assert "Noted that you are seeing to it." in shown
    (undo,) = re.findall(r'action="(/flags/[^"]+)"', shown)
    assert dana.browser().post(undo).status_code == 302
    assert "Please look today" in page(dana, where)
