"""The therapist's queue and desk: reviews, two reviewers, flags."""

import re
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import now

from clients.actions import caring
from clients.models import Caseload, Client, Couple
from exercises.actions import responding
from exercises.models import Flag, FlagKind, Homework, Review
from practice.models import AuditEvent, Membership
from tests.cast import ZONE, Person, Play
from tests.exercises.ground import hrefs, page, step_with, text_of, url

WORDS = "You caught the second it turned."


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


def test_who_has_handed_a_client_over_writes_to_them_no_more(
    play: Play, dana: Person, omar: Person, ana: Person, sent: Homework
):
    other = play.submit(ana, play.homework(ana, play.assign(dana, ana)), topic="Doors")
    reply(dana, sent, 302, "draft")
    reply(dana, other, 302, "draft")
    with play.at(dana):
        caring.hand_over(by=dana.actor, at=now(), clients=[ana.client], to=omar.member)
    assert "is writing" not in page(omar, "/review/")
    sent_first = omar.browser().post(
        f"/review/{sent.pk}/",
        {"letter": WORDS, "decision": "reviewed", "round": 1, "send": "next"},
    )
    assert sent_first["Location"].startswith(f"/review/{other.pk}/")


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
    shown = reply(dana, sent, 409, "stay", decision="returned")
    assert WORDS in shown
    linked = re.search(r'href="#(r-[^"]+)">Choose at least one answer to open again', shown)
    assert linked
    boxes = re.findall(r'<input type="checkbox" id="(r-[^"]+)"[^>]* aria-invalid="true"', shown)
    assert boxes[0] == linked[1]
    assert shown.count("data-comment") == len(boxes)
    # None of them lies within the comment, which is closed.
    comments = re.findall(r"<details[^>]*data-comment>.*?</details>", shown, re.DOTALL)
    assert len(comments) == len(boxes)
    assert not [one for one in comments if 'name="reopen"' in one]
    assert WORDS in page(dana, f"/review/{sent.pk}/")


def test_what_is_too_long_says_beside_which_box(dana: Person, sent: Homework):
    comment = "c" * 5018
    shown = reply(dana, sent, 422, letter="l" * 6000, **{"comment.topic": comment})
    summary = shown[shown.index("data-errors") : shown.index("</ul>", shown.index("data-errors"))]
    assert re.findall(r'href="#([^"]+)"', summary) == ["id_letter", "c-topic"]
    assert "A few words to open with: That is 1\u00a0000 characters over." in summary
    assert re.search("Your comment on “[^”]+”: That is 18 characters over.", summary)
    assert shown.count("data-errors") == 1
    for box in ("letter", "comment.topic"):
        (found,) = re.findall(rf'<textarea[^>]*name="{box}"[^>]*>', shown)
        assert 'aria-invalid="true"' in found
    assert 'id="c-topic_error"' in shown
    assert comment in shown
    said = {"letter": "l" * 6000, "round": 1}
    assert dana.browser().post(f"/review/{sent.pk}/draft", said).status_code == 422


def test_another_tab_is_told_of_before_what_is_too_long(dana: Person, sent: Homework):
    reply(dana, sent, 302, "draft", base=0)
    shown = reply(dana, sent, 409, base=0, letter="l" * 6000)
    assert "changed in another tab" in shown
    assert WORDS in shown


def test_what_was_sent_is_taken_back_by_the_name_of_the_button(
    play: Play, dana: Person, sent: Homework
):
    play.review(dana, sent, words="The first words", settle=False)
    shown = reply(dana, sent, 409)
    (why,) = re.findall(r'<p id="refused-why">(.*?)</p>', shown)
    said = r"Your other reply, from (?:to|yester)day, \d\d:\d\d, was sent"
    assert re.fullmatch(rf"{said}\. Take that one back first to change it\.", why)
    assert re.search(r"<button[^>]*>\s*Take it back", shown)
    play.settle(sent.practice_id)
    (why,) = re.findall(r'<p id="refused-why">(.*?)</p>', reply(dana, sent, 409))
    assert re.fullmatch(rf"{said}, and has reached the client\.", why)


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


def test_who_comes_alone_wanted_it_in_the_session_and_is_read_so(
    play: Play, dana: Person, ana: Person
):
    """There is no hour to share: what the partner may never see is no reason for another word."""
    homework = play.homework(ana, play.assign(dana, ana))
    number = step_with(ana.browser(), homework, "story")
    assert "I’d rather say it in the session" in text_of(
        ana.browser().get(url(homework, f"step/{number}/"))
    )
    play.fill(ana, homework, topic="Bags")
    with play.at(ana):
        aside = responding.AnswerInput("story", None, responding.AnswerOutcome.IN_SESSION)
        responding.save(by=ana.actor, at=now(), homework=play.fresh(homework), said=[aside])
        responding.submit(by=ana.actor, at=now(), homework=play.fresh(homework))
    read = page(dana, f"/review/{homework.pk}/")
    assert "Would rather say it in the session" in read
    assert "Would rather say it alone" not in read
