"""Noting whether couple work is cleared for somebody: knowing what they answered, and when it needs a
talk."""

import html
import re

from django.utils.timezone import now

from clients.models import Clearance, Couple
from exercises.actions import flagging
from exercises.models import Flag
from tests.cast import Person, Play
from tests.exercises.ground import page, text_of

YES = {"cleared": "yes", "alone": "on"}
ASKED = "Said they do not feel safe. Nobody has said yet that they see to it."


def seen_on(by: Person, of: Person) -> str:
    """Return the mark a page goes back with."""
    shown = page(by, f"/clients/{of.client.pk}/clearance")
    return re.findall(r'name="seen" value="([^"]+)"', shown)[0]


def stands(play: Play, by: Person, of: Person) -> list[bool]:
    with play.at(by):
        found = Clearance.objects.filter(client=of.client, ended_at=None)
        return list(found.values_list("cleared", flat=True))


def test_a_page_from_before_an_answer_clears_nobody(
    play: Play, dana: Person, ana: Person, cleared: Couple
):
    """What she answered meanwhile is shown, what was chosen is kept, and then it is a decision."""
    homework = play.homework(ana, play.assign(dana, ana))
    where, before = f"/clients/{ana.client.pk}/clearance", seen_on(dana, ana)
    play.flag(ana, homework)
    refused = dana.browser().post(where, YES | {"seen": before})
    shown = html.unescape(text_of(refused))
    assert refused.status_code == 422
    assert "Changed meanwhile, in another tab or by somebody else." in shown
    assert ASKED in shown
    assert f'href="/work/{homework.pk}/"' in shown
    assert re.search(r'<input[^>]*value="yes"[^>]*checked', shown)
    assert stands(play, dana, ana) == []
    fresh = re.findall(r'name="seen" value="([^"]+)"', shown)[0]
    passed_over = dana.browser().post(where, YES | {"seen": fresh})
    assert passed_over.status_code == 422
    assert "Read it first." in text_of(passed_over)
    assert stands(play, dana, ana) == []
    knowing = YES | {"seen": fresh, "despite": "on"}
    assert dana.browser().post(where, knowing).status_code == 302
    assert stands(play, dana, ana) == [True]
    # What was noted meanwhile counts as well.
    assert dana.browser().post(where, {"cleared": "no"}).status_code == 302
    assert dana.browser().post(where, knowing).status_code == 422
    assert stands(play, dana, ana) == [False]


def test_the_page_tells_of_an_answer_that_waits_until_it_is_seen_to(
    play: Play, dana: Person, ana: Person, cleared: Couple
):
    where = f"/clients/{ana.client.pk}/clearance"
    shown = page(dana, where)
    assert "feel safe" not in shown
    assert 'name="despite"' not in shown
    play.flag(ana, play.homework(ana, play.assign(dana, ana)))
    shown = page(dana, where)
    assert ASKED in shown
    assert 'name="despite"' in shown
    with play.at(dana):
        flagging.handle_flag(by=dana.actor, at=now(), flag=Flag.objects.get())
    shown = page(dana, where)
    # It came after what was noted last: it is told still, and asks no more.
    assert "Taken on by Dana Whitlock on" in shown
    assert 'name="despite"' not in shown
    assert dana.browser().post(where, YES | {"seen": seen_on(dana, ana)}).status_code == 302
    assert "feel safe" not in page(dana, where)


def test_what_shuts_the_gate_needs_no_talk_and_no_fresh_page(
    play: Play, dana: Person, ana: Person, cleared: Couple
):
    where, before = f"/clients/{ana.client.pk}/clearance", seen_on(dana, ana)
    refused = dana.browser().post(where, {"cleared": "yes", "seen": before})
    assert refused.status_code == 422
    assert "only after speaking with them alone" in text_of(refused)
    play.flag(ana, play.homework(ana, play.assign(dana, ana)))
    assert dana.browser().post(where, {"cleared": "no", "seen": before}).status_code == 302
    assert stands(play, dana, ana) == [False]
