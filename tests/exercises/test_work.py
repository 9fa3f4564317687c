"""The life of a homework, played by its people."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.timezone import now

from clients.actions import caring
from clients.models import Clearance, Couple
from exercises.actions import (
    assigning,
    clockwork,
    responding,
    reviewing,
)
from exercises.actions.responding import AnswerInput, SubmitResult
from exercises.models import AnswerOutcome, Homework, Response, Step
from exercises.permissions import available
from exercises.queries import homework as homework_queries
from exercises.queries import today as todays
from exercises.visibility import read_rounds
from exercises.workflow import Move, Status
from practice.errors import BadInput, NotPossible, Stale
from practice.models import AuditEvent
from tests.cast import Person, Play
from tests.conftest import commit_trail
from tests.exercises.ground import given


def test_it_opens_and_waits_for_the_client(play: Play, dana: Person, ana: Person):
    homework = given(play, dana, ana)
    assert homework.status == Status.OPEN
    with play.at(ana):
        assert available(ana.actor, [homework])[homework.pk] == [
            Move.BEGIN,
            Move.SUBMIT,
            Move.SKIP,
            Move.BRING,
        ]
        assert available(dana.actor, [homework])[homework.pk] == [Move.WITHDRAW]


def test_what_opens_later_is_not_there_yet(play: Play, dana: Person, ana: Person):
    homework = play.homework(ana, play.assign(dana, ana, opens_in=timedelta(days=2)))
    assert homework.status == Status.SCHEDULED
    with play.at(ana), pytest.raises(Http404):
        homework_queries.homework(ana.actor, homework.pk)
    play.settle(ana.practice.pk, after=timedelta(days=2, minutes=1))
    assert play.fresh(homework).status == Status.OPEN


def test_words_are_kept_and_read_back(play: Play, dana: Person, ana: Person):
    homework = given(play, dana, ana)
    play.say(ana, homework, topic="Who carries the bags")
    with play.at(ana):
        (first,) = read_rounds(ana.actor, play.fresh(homework))
    assert first.values == {"topic": "Who carries the bags"}
    assert play.fresh(homework).status == Status.IN_PROGRESS


def test_a_therapist_never_reads_a_draft(play: Play, dana: Person, ana: Person):
    homework = given(play, dana, ana)
    play.say(ana, homework, topic="Who carries the bags")
    with play.at(dana):
        assert read_rounds(dana.actor, play.fresh(homework)) == []
        with pytest.raises(Http404):
            reviewing.open_rounds(by=dana.actor, at=now(), homework=play.fresh(homework))


def test_two_devices_get_both_texts_and_nothing_is_written(play: Play, dana: Person, ana: Person):
    homework = given(play, dana, ana)
    with play.at(ana):
        save = {"by": ana.actor, "at": now(), "homework": homework}
        responding.save(
            **save, said=[AnswerInput("topic", "On the phone")], base={}, device="phone"
        )
        with pytest.raises(Stale) as refusal:
            responding.save(
                **save, said=[AnswerInput("topic", "On the laptop")], base={}, device="laptop"
            )
        (current,) = read_rounds(ana.actor, homework)
    assert (refusal.value.mine, refusal.value.theirs) == ("On the laptop", "On the phone")
    assert current.values == {"topic": "On the phone"}


def test_the_same_device_goes_on_without_a_question(play: Play, dana: Person, ana: Person):
    homework = given(play, dana, ana)
    with play.at(ana):
        for text in ("One", "One two", "One two three"):
            responding.save(
                by=ana.actor,
                at=now(),
                homework=play.fresh(homework),
                said=[AnswerInput("topic", text)],
                base={},
                device="phone",
            )
        (current,) = read_rounds(ana.actor, play.fresh(homework))
    assert current.values == {"topic": "One two three"}


def test_too_long_is_said_and_nothing_is_saved(play: Play, dana: Person, ana: Person):
    homework = given(play, dana, ana)
    with pytest.raises(BadInput) as refusal:
        play.say(ana, homework, topic="x" * 300)
    assert list(refusal.value.fields) == ["topic"]
    with play.at(ana):
        assert [words.words for words in read_rounds(ana.actor, homework)] in ([], [{}])


def test_required_questions_are_answered_or_set_aside(play: Play, dana: Person, ana: Person):
    homework = given(play, dana, ana)
    play.say(ana, homework, topic="The bags")
    with play.at(ana), pytest.raises(NotPossible, match="gaps"):
        responding.submit(by=ana.actor, at=now(), homework=play.fresh(homework))
    assert play.submit(ana, homework, topic="The bags").status == Status.SUBMITTED


def test_handing_in_twice_hands_in_once(play: Play, dana: Person, ana: Person):
    homework = play.submit(ana, given(play, dana, ana), topic="The bags")
    with play.at(ana):
        again = responding.submit(by=ana.actor, at=now(), homework=play.fresh(homework))
        assert again is SubmitResult.ALREADY
        assert Step.objects.filter(homework=homework, move=Move.SUBMIT).count() == 1


def test_a_tab_that_saw_it_unbegun_may_send_what_the_other_began(
    play: Play, dana: Person, ana: Person
):
    homework = given(play, dana, ana)
    seen = play.fresh(homework)
    play.fill(ana, homework, topic="The bags")
    assert seen.status == Status.OPEN
    with play.at(ana):
        assert responding.submit(by=ana.actor, at=now(), homework=seen) is SubmitResult.IN
    assert play.fresh(homework).status == Status.SUBMITTED


def test_nothing_can_be_written_after_sending(play: Play, dana: Person, ana: Person):
    homework = play.submit(ana, given(play, dana, ana), topic="The bags")
    with pytest.raises(NotPossible, match="closed"):
        play.say(ana, homework, topic="Something else")


def test_it_can_be_taken_back_until_it_is_opened(play: Play, dana: Person, ana: Person):
    homework = play.submit(ana, given(play, dana, ana), topic="The bags")
    with play.at(ana):
        responding.take_back(by=ana.actor, at=now(), homework=homework)
    homework = play.submit(ana, play.fresh(homework), topic="The heavy bags")
    with play.at(dana):
        reviewing.open_rounds(by=dana.actor, at=now(), homework=play.fresh(homework))
    with play.at(ana), pytest.raises(NotPossible):
        responding.take_back(by=ana.actor, at=now(), homework=play.fresh(homework))
    assert play.fresh(homework).status == Status.SUBMITTED


def test_only_the_client_answers_and_only_their_therapist_reviews(
    play: Play, dana: Person, ana: Person, ben: Person, omar: Person, ruth: Person
):
    homework = given(play, dana, ana)
    for other in (ben, dana, omar, ruth):
        with play.at(other), pytest.raises(PermissionDenied):
            responding.save(
                by=other.actor, at=now(), homework=homework, said=[AnswerInput("topic", "mine")]
            )
    play.submit(ana, homework, topic="The bags")
    for other in (ben, omar, ruth, ana):
        with play.at(other), pytest.raises(PermissionDenied):
            reviewing.save_draft(
                by=other.actor,
                at=now(),
                homework=play.fresh(homework),
                draft=reviewing.Draft(words="hello"),
            )


def test_strangers_find_nothing(
    play: Play, dana: Person, ana: Person, ben: Person, omar: Person, ruth: Person, zoe: Person
):
    homework = given(play, dana, ana)
    for other in (ben, omar, ruth, zoe):
        with play.at(other), pytest.raises(Http404):
            homework_queries.homework(other.actor, homework.pk)


def test_pair_work_needs_both_cleared(play: Play, dana: Person, couple: object):
    with pytest.raises(NotPossible, match="not_cleared"):
        play.assign(dana, couple, "e11-what-reaches-me")


def test_a_clearance_is_asked_again_after_ninety_days(play: Play, dana: Person, cleared: object):
    with play.at(dana):
        Clearance.objects.filter(client=cleared.first).update(recheck_at=now())
    with pytest.raises(NotPossible, match="not_cleared"):
        play.assign(dana, cleared, "e11-what-reaches-me")


def test_a_couple_gets_one_sealed_homework_each(
    play: Play, dana: Person, ana: Person, ben: Person, cleared: object
):
    assignment = play.assign(dana, cleared, "e11-what-reaches-me")
    for person in (ana, ben):
        with play.at(person):
            (only,) = homework_queries.homeworks(person.actor)
            assert (only.assignment_id, only.client_id) == (assignment.pk, person.client.pk)


def test_withdrawing_takes_it_from_the_page_and_keeps_the_words(
    play: Play, dana: Person, ana: Person
):
    homework = given(play, dana, ana)
    play.say(ana, homework, topic="The bags")
    with play.at(dana):
        assert assigning.withdraw(by=dana.actor, at=now(), assignment=homework.assignment) == 1
    with play.at(ana):
        assert todays.today(ana.actor, now()).is_empty
        assert Response.objects.filter(homework=homework).exists()


def test_of_two_with_a_therapist_each_by_now_ones_own_is_withdrawn(
    play: Play, dana: Person, omar: Person, ana: Person, ben: Person, cleared: Couple
):
    assignment = play.assign(dana, cleared, "e11-what-reaches-me")
    with play.at(dana):
        caring.hand_over(by=dana.actor, at=now(), clients=[ben.client], to=omar.member)
        assert assigning.withdraw(by=dana.actor, at=now(), assignment=assignment) == 1
    assert play.homework(ana, assignment).status == Status.WITHDRAWN
    assert play.homework(ben, assignment).status == Status.OPEN


def test_repeating_work_is_planned_for_thirty_five_days(play: Play, dana: Person, ana: Person):
    assignment = play.assign(dana, ana, "e04-reassurance-log", rrule="FREQ=WEEKLY", days=6)
    with play.at(dana):
        assert Homework.objects.filter(assignment=assignment).count() == 6
        clockwork.extend_series(ana.practice.pk, at=now())
        assert Homework.objects.filter(assignment=assignment).count() == 6
        clockwork.extend_series(ana.practice.pk, at=now() + timedelta(days=7))
        assert Homework.objects.filter(assignment=assignment).count() == 7


@pytest.mark.parametrize("rule", ["FREQ=SECONDLY", "FREQ=DAILY;INTERVAL=0", "nonsense"])
def test_a_rule_that_never_ends_is_refused(play: Play, dana: Person, ana: Person, rule: str):
    with pytest.raises(BadInput):
        play.assign(dana, ana, rrule=rule)


def test_every_step_is_in_the_audit_and_no_word_of_it(play: Play, dana: Person, ana: Person):
    homework = play.submit(ana, given(play, dana, ana), topic="the lighthouse")
    play.review(dana, homework, words="a quince")
    with play.at(dana):
        commit_trail()
        events = list(AuditEvent.objects.order_by("id"))
    actions = [event.action for event in events]
    for wanted in (
        "assignment.assigned",
        "homework.begin",
        "homework.submit",
        "read.homework",
        "review.sent",
        "homework.review",
    ):
        assert wanted in actions
    everything = " ".join(event.payload for event in events)
    assert not [word for word in ("lighthouse", "quince", "Ana", "Under the") if word in everything]
    assert [event.seq for event in events] == list(range(1, len(events) + 1))


def test_skipping_one_question_costs_nothing(play: Play, dana: Person, ana: Person):
    homework = given(play, dana, ana)
    play.fill(ana, homework)
    with play.at(ana):
        responding.save(
            by=ana.actor,
            at=now(),
            homework=play.fresh(homework),
            said=[AnswerInput("under", None, AnswerOutcome.IN_SESSION)],
        )
        assert (
            responding.submit(by=ana.actor, at=now(), homework=play.fresh(homework))
            is SubmitResult.IN
        )


def test_that_a_client_has_begun_is_theirs_until_they_send(play: Play, dana: Person, ana: Person):
    homework = play.homework(ana, play.assign(dana, ana))

    def said(person: Person) -> list[Any]:
        api = person.browser().get(f"/api/v1/homework/{homework.pk}").json()
        lists = [
            person.browser().get(f"/api/v1/homework?status={status}").json()["results"]
            for status in ("open", "in_progress")
        ]
        page = person.browser().get(f"/work/{homework.pk}/").content if person is dana else b""
        return [
            api["status"],
            *map(len, lists),
            re.sub(rb'="[^"]{64}"|nonce="[^"]+"', b"", page),
        ]

    before = said(dana)
    assert before[:3] == ["open", 1, 0]
    play.say(ana, homework, topic="On the phone")
    assert said(dana) == before
    assert said(ana)[:3] == ["in_progress", 0, 1]
