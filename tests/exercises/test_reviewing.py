"""What a therapist answers: when it reaches the client, how it is undone, and whose turn it is then."""

from datetime import timedelta

import pytest
from django.http import Http404
from django.utils.timezone import now

from clients.actions import caring
from clients.models import Caseload
from exercises.actions import responding, reviewing
from exercises.models import Homework, Review
from exercises.queries import review as review_queries
from exercises.visibility import read_replies, read_review
from exercises.workflow import Status
from practice.errors import NotPossible
from tests.cast import Person, Play
from tests.exercises.ground import given


def test_a_review_settles_after_two_minutes(play: Play, dana: Person, ana: Person):
    homework = play.submit(ana, given(play, dana, ana), topic="The bags")
    review = play.review(dana, homework, words="Thank you", settle=False)
    with play.at(ana):
        assert read_review(ana.actor, review) is None
    assert play.fresh(homework).status == Status.SUBMITTED
    play.settle(ana.practice.pk)
    assert play.fresh(homework).status == Status.REVIEWED
    with play.at(ana):
        (reply,) = read_replies(ana.actor, [homework])[homework.pk]
    assert reply.words == "Thank you"


def test_a_sent_review_can_be_undone_for_two_minutes(play: Play, dana: Person, ana: Person):
    homework = play.submit(ana, given(play, dana, ana), topic="The bags")
    review = play.review(dana, homework, words="Thnk you", settle=False)
    with play.at(dana):
        reviewing.undo(by=dana.actor, at=now(), review=review)
    play.settle(ana.practice.pk)
    assert play.fresh(homework).status == Status.SUBMITTED
    play.review(dana, homework, words="Thank you")
    with play.at(dana), pytest.raises(NotPossible):
        reviewing.undo(by=dana.actor, at=now(), review=review_queries.review(dana.actor, review.pk))


def test_a_return_opens_only_what_was_returned_and_old_words_stay(
    play: Play, dana: Person, ana: Person
):
    homework = play.submit(ana, given(play, dana, ana), topic="The bags", under="Being forgotten")
    play.review(dana, homework, comments={"under": "What is softer?"}, returned=("under",))
    homework = play.fresh(homework)
    assert (homework.status, homework.round) == (Status.RETURNED, 2)
    with pytest.raises(Http404):
        play.say(ana, homework, topic="Something else")
    homework = play.submit(ana, homework, under="Being forgotten, like at ten")
    with play.at(dana):
        first, second = reviewing.open_rounds(by=dana.actor, at=now(), homework=homework)
    assert first.values["under"] == "Being forgotten"
    assert second.values == {"under": "Being forgotten, like at ten"}


def test_a_return_needs_a_place_to_go_deeper(play: Play, dana: Person, ana: Person):
    homework = play.submit(ana, given(play, dana, ana), topic="The bags")
    with play.at(dana), pytest.raises(NotPossible):
        reviewing.send(
            by=dana.actor,
            at=now(),
            homework=homework,
            draft=reviewing.Draft(decision="returned", returned=frozenset({"nothing"})),
        )


def test_two_reviewers_the_second_is_told_and_loses_nothing(
    play: Play, dana: Person, ana: Person, omar: Person, practice: object
):
    with play.at(dana):
        Caseload.objects.create(
            practice=practice, member=omar.member, client=ana.client, from_at=now()
        )
    homework = play.submit(ana, given(play, dana, ana), topic="The bags")
    play.review(dana, homework, words="From Dana", settle=False)
    with play.at(omar):
        with pytest.raises(NotPossible, match="answered_by_colleague"):
            reviewing.send(
                by=omar.actor,
                at=now(),
                homework=play.fresh(homework),
                draft=reviewing.Draft(words="From Omar", decision="reviewed"),
            )
        kept, sent = (
            Review.objects.get(response__homework=homework, sent_at__isnull=is_draft)
            for is_draft in (True, False)
        )
        assert kept.reviewer_id == omar.member.pk
        assert read_review(omar.actor, kept).words == "From Omar"
        assert sent.reviewer_id == dana.member.pk


def test_the_queue_puts_the_next_session_first(
    play: Play, dana: Person, ana: Person, ben: Person, noor: Person, couple: object
):
    for person in (ben, ana, noor):
        play.submit(person, given(play, dana, person), topic="The bags")
    with play.at(dana):
        noor.client.next_session_at = now() + timedelta(days=1)
        noor.client.save()
        couple.next_session_at = now() + timedelta(days=2)
        couple.save()
        rows = list(review_queries.queue(dana.actor, now()))
    assert [row.client_id for row in rows] == [noor.client.pk, ben.client.pk, ana.client.pk]


def answered_unread(play: Play, dana: Person, ana: Person) -> Homework:
    """Let Ana send, and a program of Dana's answer without reading."""
    homework = play.submit(ana, play.homework(ana, play.assign(dana, ana)), topic="The bags")
    with play.at(dana):
        reviewing.send(
            by=dana.actor,
            at=now(),
            homework=play.fresh(homework),
            draft=reviewing.Draft(words="Seen.", decision="reviewed"),
        )
    return homework


def test_what_was_answered_without_being_read_is_not_taken_back(
    play: Play, dana: Person, ana: Person
):
    homework = answered_unread(play, dana, ana)
    with play.at(ana), pytest.raises(NotPossible):
        responding.take_back(by=ana.actor, at=now(), homework=play.fresh(homework))
    play.settle(dana.practice.pk)
    assert play.fresh(homework).status == Status.REVIEWED


def test_an_answer_to_what_is_gone_is_a_draft_again(play: Play, dana: Person, ana: Person):
    """It once could jam a homework: sent by the client again, and answered for good."""
    homework = answered_unread(play, dana, ana)
    with play.at(ana):
        Homework.objects.filter(pk=homework.pk).update(status=Status.IN_PROGRESS)
    play.settle(dana.practice.pk)
    with play.at(dana):
        review = Review.objects.get(response__homework=homework)
        assert (review.sent_at, review.settled_at) == (None, None)


def test_what_is_opened_again_for_nobody_is_a_draft_again(play: Play, dana: Person, ana: Person):
    """Care ends within the two minutes: it would stand open for who cannot answer any more."""
    homework = play.submit(ana, given(play, dana, ana), topic="The bags")
    review = play.review(dana, homework, words="Go on", returned=("topic",), settle=False)
    with play.at(dana):
        caring.discharge(by=dana.actor, at=now(), client=ana.client)
    play.settle(dana.practice.pk)
    assert play.fresh(homework).status == Status.SUBMITTED
    with play.at(dana):
        review.refresh_from_db()
        assert (review.sent_at, review.settled_at) == (None, None)
    play.review(dana, homework, words="Go on, with whoever comes next")
    assert play.fresh(homework).status == Status.REVIEWED
