"""The library, the preview of an exercise, and assigning it."""

import html
import re
from datetime import timedelta

from django.urls import reverse
from django.utils.timezone import now

from clients.models import Couple
from practice.models import Practice
from practice.tenancy import scope
from tests.cast import Person, Play
from tests.exercises.ground import hrefs, page


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
    assert "2 min a moment · a log" in shown
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


def test_a_couple_stands_where_its_first_name_falls(
    practice: Practice, dana: Person, ana: Person, noor: Person
):
    with scope(practice=practice.pk):
        Couple.objects.create(
            practice=practice, first=noor.client, second=ana.client, linked_at=now()
        )
    shown = re.findall(r'class="title"[^>]*>([^<]+)<', html.unescape(page(dana, "/assign/")))
    assert shown == ["Ana Quintero", "Noor & Ana", "Noor Haddad"]
    found = dana.browser().post("/assign/", {"q": "Ana"}, follow=True).content.decode()
    shown = re.findall(r'class="title"[^>]*>([^<]+)<', html.unescape(found))
    assert shown == ["Noor & Ana", "Ana Quintero"]
