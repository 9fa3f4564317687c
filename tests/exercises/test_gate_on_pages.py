"""What a therapist's page of one client says of what waits behind the gate of couple work."""

import html
import re
from datetime import timedelta

import pytest
from django.utils.timezone import now

from clients.actions import caring
from clients.models import Couple
from exercises.models import Assignment
from tests.cast import Person, Play
from tests.exercises.ground import E11, page

RULE = "if both are cleared for couple work"
MAIL_WAITS = "Waits until couple work is cleared for both."
MAIL_RULE = "Goes only if both are cleared for couple work."

OWN = ("/you/reminders", "/today/")


@pytest.fixture
def given(play: Play, dana: Person, ben: Person, cleared: Couple) -> Assignment:
    """For two, from the day after tomorrow; and something that Ben has alone."""
    play.assign(dana, ben, opens_in=timedelta(days=1))
    return play.assign(dana, cleared, E11, opens_in=timedelta(days=2))


def afraid(play: Play, by: Person, who: Person) -> None:
    play.flag(who, play.homework(who, play.assign(by, who)))


def bare(text: str) -> str:
    found = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", text)
    return html.unescape(found.partition("<main")[2])


def shown(by: Person, who: Person, rest: str = "") -> str:
    return bare(page(by, f"/clients/{who.client.pk}/{rest}"))


def test_the_page_says_the_rule_and_the_mails_of_both_that_they_wait(
    play: Play, dana: Person, sana: Person, ana: Person, ben: Person, given: Assignment
):
    along = shown(sana, ben), shown(sana, ben, "reminders")
    for who in (ana, ben):
        assert shown(dana, who).count(RULE) == 1
        assert MAIL_WAITS not in shown(dana, who, "reminders")
    own = [bare(page(ben, path)) for path in OWN]
    afraid(play, dana, ana)
    assert shown(dana, ben).count(RULE) == 1
    assert "opens " in shown(dana, ben).partition("Homework now")[2]  # what he has alone
    said = shown(dana, ben, "reminders")
    assert said.count(MAIL_WAITS) == said.count("What reaches me") > 0
    # Whose answer closed the gate stands on their own page alone.
    assert "Ana" not in said + shown(dana, ben).partition("Homework now")[2].partition("</ul>")[0]
    # A client and who reads along are told nothing.
    assert [bare(page(ben, path)) for path in OWN] == own
    assert (shown(sana, ben), shown(sana, ben, "reminders")) == along


def test_who_cares_for_one_of_two_is_told_the_rule_alone(
    play: Play, dana: Person, omar: Person, ana: Person, ben: Person, given: Assignment
):
    with play.at(dana):
        caring.hand_over(by=dana.actor, at=now(), clients=[ben.client], to=omar.member)
    before = shown(omar, ben), shown(omar, ben, "reminders")
    assert RULE in before[0]
    assert MAIL_RULE in before[1]
    afraid(play, dana, ana)
    assert (shown(omar, ben), shown(omar, ben, "reminders")) == before
