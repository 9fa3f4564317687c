"""The therapist's desk, page by page."""

from typing import Any

import pytest
from django.utils.timezone import now

from clients.models import Caseload
from exercises.models import Homework, Review
from tests.cast import Person, Play

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
    return response.content.decode()


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
