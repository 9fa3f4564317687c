"""The library, the preview of an exercise, and assigning it."""

import html
import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils.timezone import now

from clients.actions import caring
from clients.models import ContactPreference, Couple
from exercises.actions import assigning, flagging, planning
from exercises.models import Flag
from practice.errors import BadInput
from practice.models import Practice
from practice.tenancy import scope
from tests.api.ground import Program
from tests.cast import Person, Play
from tests.exercises.ground import assign_form, hrefs, page


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
    assert "2 min each time · a log" in shown
    assert "8 min · with a log" in shown


def test_what_is_for_two_leads_from_one_of_them_to_both(
    play: Play,
    dana: Person,
    omar: Person,
    ana: Person,
    ben: Person,
    noor: Person,
    couple: Couple,
):
    exercise = play.library["e11-what-reaches-me"].exercise_id
    shown = html.unescape(page(dana, f"/assign/?client={ana.client.pk}"))
    there = f"/assign/?couple={couple.pk}&exercise={exercise}"
    assert f'<a href="{there}">For two: assign it to Ana & Ben.</a>' in shown
    assert re.search(rf'value="{exercise}" checked', page(dana, there))
    alone = html.unescape(page(dana, f"/assign/?client={noor.client.pk}"))
    assert '<a href="/couples/link">For two: link a couple first.</a>' in alone
    with play.at(dana):
        caring.discharge(by=dana.actor, at=now(), client=ben.client)
    shown = html.unescape(page(dana, f"/assign/?client={ana.client.pk}"))
    assert "<small>For two: both have to be in your care.</small>" in shown
    assert there not in shown
    # Who is linked with a colleague's client is in a couple already.
    with play.at(dana):
        caring.reactivate(by=dana.actor, at=now(), client=ben.client)
        caring.hand_over(by=dana.actor, at=now(), clients=[ben.client], to=omar.member)
    shown = html.unescape(page(dana, f"/assign/?client={ana.client.pk}"))
    assert "<small>For two: both have to be in your care.</small>" in shown
    assert "Ben" not in shown.partition("<main")[2]


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
    often = data | {"exercise": alone, "when": "dates", "opens": day, "again": "1", "times": "0"}
    answer = dana.browser().post(f"/assign/?client={ana.client.pk}", often)
    assert answer.status_code == 422
    assert 'id="id_times_error"' in answer.content.decode()
    assert "Choose a number from 1 to 200." in answer.content.decode()


def test_a_day_to_finish_before_it_opens_is_refused_beside_its_field(
    play: Play, dana: Person, ana: Person
):
    exercise = str(play.library["e01-under-the-argument"].exercise_id)
    opens, due = (f"{now() + timedelta(days=days):%Y-%m-%d}" for days in (9, 5))
    said = {"exercise": exercise, "when": "dates", "opens": opens, "due": due}
    shown = dana.browser().post(f"/assign/?client={ana.client.pk}", said)
    assert shown.status_code == 422
    beside = html.unescape(shown.content.decode()).partition('id="id_due_error"')[2]
    assert "Choose the day it opens, or a later one." in beside.partition("</p>")[0]
    asked = {"opens_local": f"{opens}T08:00", "due_local": f"{due}T21:00"}
    refused = Program(dana).post(
        "assignments", {"exercise": exercise, "client": str(ana.client.pk), **asked}
    )
    assert (refused.status_code, refused.json()["fields"]) == (
        422,
        {"due_local": ["Choose the day it opens, or a later one."]},
    )


@pytest.mark.parametrize("name", ["opens", "due"])
def test_a_day_at_the_end_of_the_calendar_is_refused(name: str):
    far = {"when": "dates", "again": "4", "days": ["MO"], name: "9999-12-31"}
    assert assign_form(far).errors == {name: ["Choose a day within the next two years."]}


def test_what_ends_before_it_is_given_is_given_to_nobody(play: Play, dana: Person, ana: Person):
    with pytest.raises(BadInput) as refused, play.at(dana):
        assigning.assign(
            by=dana.actor,
            at=now(),
            version=play.library["e01-under-the-argument"],
            client=ana.client,
            when=planning.Schedule(
                opens_local=now() - timedelta(days=3), due_local=now() - timedelta(days=2)
            ),
        )
    assert refused.value.fields == {"due": ["Choose a day that is still to come."]}


# --- before it is given ------------------------------------------------------------------------
def test_what_asked_for_a_human_is_said_before_something_new_is_given(
    play: Play, dana: Person, ana: Person, couple: Couple
):
    homework = play.homework(ana, play.assign(dana, ana))
    play.flag(ana, homework)
    alone = f"/assign/?client={ana.client.pk}"
    assert "Said they do not feel safe. Nobody has said yet" in page(dana, alone)
    # A page about both may lie open between the two: not what it was, nor whose, nor that there is any.
    together = f"/assign/?couple={couple.pk}"
    shown = html.unescape(page(dana, together))
    assert not [word for word in ("feel safe", "Please look at", "Ana’s page") if word in shown]
    with play.at(dana):
        flagging.handle_flag(by=dana.actor, at=now(), flag=Flag.objects.get())
    assert "feel safe" not in page(dana, alone)


def test_by_whose_settings_they_are_reminded_and_when_they_see_it(
    play: Play, dana: Person, ana: Person, ben: Person, couple: Couple
):
    with scope(practice=dana.practice.pk):
        chosen = ContactPreference.objects.filter(client=ana.client)
        chosen.update(reminder_time="19:30")
        ContactPreference.objects.filter(client=ben.client).update(by_email=False)
    together = plain_text(page(dana, f"/assign/?couple={couple.pk}"))
    assert "By their own settings: Ana by e-mail at 19:30, Ben none." in together.replace(
        "\u2060", ""
    )
    assert "They see it now, or on the day you pick. You can withdraw it later." in together
    # And where something was left out, too.
    refused = dana.browser().post(f"/assign/?couple={couple.pk}", {"reminders_on": "on"})
    assert refused.status_code == 422
    assert "By their own settings: Ana " in plain_text(refused.content.decode())
    alone = f"/assign/?client={ana.client.pk}"
    assert "Ana sees it now, or on the day you pick." in plain_text(page(dana, alone))
    for change, said in (
        ({"paused_until": now() + timedelta(days=9)}, "Ana none until"),
        ({"suppressed_at": now()}, "Ana none."),
    ):
        with scope(practice=dana.practice.pk):
            chosen.update(**change)
        assert f"By their own settings: {said}" in plain_text(page(dana, alone))
    with scope(practice=dana.practice.pk):
        chosen.delete()
    assert "settings: Ana once they have joined." in plain_text(page(dana, alone))


def test_where_care_has_ended_nothing_is_offered_that_would_be_refused(
    play: Play, dana: Person, ben: Person, couple: Couple
):
    play.assign(dana, ben)
    with play.at(dana):
        caring.discharge(by=dana.actor, at=now(), client=ben.client)
    together = html.unescape(page(dana, f"/couples/{couple.pk}/"))
    assert "Care has ended for Ben: nothing can be assigned to both." in together
    assert f"/assign/?couple={couple.pk}" not in together
    alone = page(dana, f"/clients/{ben.client.pk}/")
    assert reverse("client_clearance", args=[ben.client.pk]) not in alone
    assert '<span class="small muted">not in; care has ended</span>' in alone


def test_what_somebody_has_already_and_when_not_stand_beside_the_exercise(
    play: Play, dana: Person, ana: Person
):
    version = play.library["e01-under-the-argument"]
    path = f"/assign/?client={ana.client.pk}&exercise={version.exercise_id}"
    option = html.unescape(page(dana, path)).partition(
        f'type="radio" name="exercise" value="{version.exercise_id}"'
    )[2]
    note = option.partition("</label>")[2].partition("</div></div>")[0]
    assert note.startswith('<div class="chosen stack-s"><div class="note">')
    assert all(text.get("en") in note for text in version.definition.cautions)
    assert "has this" not in note
    play.assign(dana, ana)
    option = page(dana, path).partition(
        f'type="radio" name="exercise" value="{version.exercise_id}"'
    )[2]
    assert "<span>Ana has this now, until " in option.partition("</div></div>")[0]


def test_how_often_it_would_be_done_is_said_where_it_is_planned(
    play: Play, dana: Person, ana: Person
):
    exercise = play.library["e10-from-test-to-clear-ask"].exercise_id
    option = page(dana, f"/assign/?client={ana.client.pk}").partition(f'value="{exercise}"')[2]
    chosen = option.partition('<div class="chosen stack-s">')[2].partition("<label")[0]
    assert "Suggested: twice a week, for two weeks" in chosen


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
