"""An answer that wants a human ends the work kindly, and goes to nobody else."""

import pytest
from django.utils.timezone import now

from clients.models import Clearance
from exercises.actions import (
    moments,
    pausing,
    responding,
)
from exercises.actions.responding import AnswerInput, SubmitResult
from exercises.models import Response
from exercises.queries import review as review_queries
from exercises.workflow import Status
from tests.cast import Person, Play
from tests.exercises.ground import DIARY, given, of_our_own


def test_afraid_ends_it_kindly_and_asks_for_a_human(
    play: Play, dana: Person, ana: Person, cleared: object
):
    homework = given(play, dana, ana)
    play.fill(ana, homework, afraid=True, topic="The bags")
    with play.at(ana):
        result = responding.submit(by=ana.actor, at=now(), homework=play.fresh(homework))
    assert result is SubmitResult.ENDED
    assert play.fresh(homework).status == Status.SKIPPED
    with play.at(dana):
        assert [flag.client_id for flag in review_queries.flags(dana.actor)] == [ana.client.pk]
        assert not Clearance.objects.filter(client=ana.client, ended_at=None).exists()
    with play.at(ana):
        assert not Response.objects.filter(homework=homework, submitted_at__isnull=False).exists()


def test_a_moment_that_wants_a_human_is_not_sent_either(play: Play, dana: Person, ana: Person):
    """A program, or a draft, brings it past the page that would have ended it."""
    homework = of_our_own(play, dana, ana, DIARY)
    with play.at(ana):
        who = {"by": ana.actor, "at": now(), "homework": homework}
        entry = moments.add_entry(**who, log_key="moments", happened_at=now())
        responding.save(**who, said=[AnswerInput("hurt", value=True)], entry=entry)
        assert responding.submit(**who) is SubmitResult.ENDED
    assert play.fresh(homework).status == Status.SKIPPED
    with play.at(dana):
        assert [flag.item_key for flag in review_queries.flags(dana.actor)] == ["hurt"]


TALK = """
slug: a-talk
format: 1
title: {en: A talk}
purpose: {en: Notice.}
minutes: 2
kind: individual
items:
  - key: alone
    kind: yesno
    text: {en: "Is this too much for paper?"}
    flag_if: {is: "yes", flag: talk}
"""


def test_what_is_for_the_therapist_is_not_sent_past_them_but_may_be_after(
    play: Play, dana: Person, ana: Person
):
    homework = of_our_own(play, dana, ana, TALK)
    with play.at(ana):
        who = {"by": ana.actor, "at": now(), "homework": homework}
        responding.save(**who, said=[AnswerInput("alone", value=True)])
        assert responding.submit(**who) is SubmitResult.ENDED
    with play.at(dana):
        assert [flag.kind for flag in review_queries.flags(dana.actor)] == ["talk"]
    with play.at(ana):
        pausing.pick_up(by=ana.actor, at=now(), homework=play.fresh(homework))
        again = {"by": ana.actor, "at": now(), "homework": play.fresh(homework)}
        assert responding.submit(**again) is SubmitResult.IN
    with play.at(dana):
        assert len(review_queries.flags(dana.actor)) == 1


TWO = (
    TALK
    + """\
    screen: one
  - key: afraid
    screen: one
    kind: yesno
    text: {en: "Are you afraid?"}
    flag_if: {is: "yes", flag: safety}
"""
)


@pytest.mark.parametrize("door", ["step/1/", "submit/"])
def test_of_two_answers_that_want_a_human_danger_goes_first(
    play: Play, dana: Person, ana: Person, door: str
):
    homework = of_our_own(play, dana, ana, TWO)
    if door == "submit/":
        play.say(ana, homework, alone=True, afraid=True)
    said = {"alone": "yes", "afraid": "yes"}
    answer = ana.browser().post(f"/homework/{homework.pk}/{door}", said)
    assert answer.url == f"/homework/{homework.pk}/ended/"
    with play.at(dana):
        assert [flag.item_key for flag in review_queries.flags(dana.actor)] == ["afraid"]
