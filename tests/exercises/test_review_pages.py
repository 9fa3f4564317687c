"""The therapist's desk: a review, two reviewers, two tabs, what was sent already."""

import re

import pytest
from django.utils.timezone import now

from clients.actions import caring
from clients.models import Couple
from exercises.actions import responding
from exercises.models import Homework, Review
from tests.cast import Person, Play
from tests.exercises.ground import WORDS, hrefs, page, reply, step_with, text_of, url


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
