"""To whom something can be given, and what is said where it cannot, before anything is typed."""

import html
import re
from datetime import timedelta
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.timezone import now

from clients.actions import caring
from clients.models import Caseload, Client, Couple
from practice.models import Membership, Supervision
from practice.tenancy import scope
from tests.cast import ZONE, Person, Play, make_client
from tests.exercises.ground import page


def offered(by: Person) -> list[str]:
    return re.findall(r'class="title"[^>]*>([^<]+)<', html.unescape(page(by, "/assign/")))


def test_nobody_is_offered_whom_one_only_reads_about(
    play: Play, dana: Person, omar: Person, ana: Person, ben: Person, couple: Couple
):
    lea = make_client(omar.practice, "lea@mail.example", "Lea Brandt", omar)
    with play.at(dana):
        Membership.objects.filter(pk=omar.member.pk).update(roles=["therapist", "supervisor"])
        Supervision.objects.create(
            practice=omar.practice, supervisor=omar.member, therapist=dana.member
        )
    assert offered(omar) == ["Lea Brandt"]
    page(omar, f"/assign/?client={lea.client.pk}")
    for query in (f"client={ana.client.pk}", f"couple={couple.pk}"):
        page(omar, f"/assign/?{query}", 403)
    # One of the two is theirs now: that one alone can be given something.
    with play.at(dana):
        caring.hand_over(by=dana.actor, at=now(), clients=[ben.client], to=omar.member)
    assert offered(omar) == ["Ben Achterberg", "Lea Brandt"]
    page(omar, f"/assign/?couple={couple.pk}", 403)


def test_what_is_for_two_is_offered_to_couples_alone(
    play: Play, dana: Person, omar: Person, ana: Person, ben: Person, noor: Person, couple: Couple
):
    def for_whom(slug: str, search: str = "") -> list[str]:
        path = f"/assign/?exercise={play.library[slug].exercise_id}&q={search}"
        return re.findall(r'class="title"[^>]*>([^<]+)<', html.unescape(page(dana, path)))

    assert for_whom("e11-what-reaches-me") == ["Ana & Ben"]
    assert for_whom("e11-what-reaches-me", "Ben") == ["Ana & Ben"]
    assert len(for_whom("e01-under-the-argument")) == 4
    # One of the two is a colleague's now: there is nobody to give it to, and the way on is said.
    with play.at(dana):
        caring.hand_over(by=dana.actor, at=now(), clients=[ben.client], to=omar.member)
    assert for_whom("e11-what-reaches-me") == []
    exercise = play.library["e11-what-reaches-me"].exercise_id
    assert 'href="/couples/link"' in page(dana, f"/assign/?exercise={exercise}")


def test_who_has_not_joined_is_marked(dana: Person, ana: Person):
    with scope(practice=dana.practice.pk):
        Client.objects.filter(pk=ana.client.pk).update(joined_at=None)
    rows = page(dana, "/assign/").split("<li")[1:]
    assert ["Not joined yet" in row for row in rows if "Ana Quintero" in row] == [True]
    make_client(dana.practice, "lea@mail.example", "Lea Brandt", dana)
    rows = page(dana, "/assign/").split("<li")[1:]
    assert ["Not joined yet" in row for row in rows if "Lea Brandt" in row] == [False]


def test_a_couple_whom_a_colleague_sees_is_offered_to_nobody_else(
    play: Play, dana: Person, omar: Person, ana: Person, couple: Couple
):
    """Omar reads along with Dana, who sees both, and cares for Ana himself: her hour he is told."""
    with play.at(dana):
        Membership.objects.filter(pk=omar.member.pk).update(roles=["therapist", "supervisor"])
        Supervision.objects.create(
            practice=omar.practice, supervisor=omar.member, therapist=dana.member
        )
        Caseload.objects.create(
            practice=omar.practice, member=omar.member, client=ana.client, from_at=now()
        )
        Couple.objects.update(next_session_at=now() + timedelta(days=2))
    for by, is_theirs in ((dana, True), (omar, False)):
        assert (f"couple={couple.pk}" in page(by, f"/assign/?client={ana.client.pk}")) is is_theirs
        edit = page(by, f"/clients/{ana.client.pk}/edit")
        assert "The session with Ben is on" in edit
        assert ("Change that on the couple" in edit) is is_theirs


def test_where_care_has_ended_one_is_told_so_before_anything_is_typed(
    play: Play, dana: Person, ana: Person, ben: Person, couple: Couple
):
    alone, together = f"/assign/?client={ben.client.pk}", f"/assign/?couple={couple.pk}"
    assert offered(dana) == ["Ana & Ben", "Ana Quintero", "Ben Achterberg"]
    with play.at(dana):
        caring.discharge(by=dana.actor, at=now(), client=ben.client)
    assert offered(dana) == ["Ana Quintero"]
    told = page(dana, alone, 409)
    assert "Their care has ended. Take it up again first." in told
    assert f'action="/clients/{ben.client.pk}/reactivate"' in told
    both = page(dana, together, 409)
    assert "Care has ended for Ben: nothing can be assigned to both." in both
    assert f'href="/clients/{ben.client.pk}/"' in both
    for text in (told, both):
        assert "<textarea" not in text
    # A form that was open meanwhile keeps what was typed.
    exercise = play.library["e01-under-the-argument"].exercise_id
    said = {"exercise": exercise, "when": "week", "who": "both", "note": "For Friday."}
    for address in (alone, together):
        answer = dana.browser().post(address, said)
        assert answer.status_code == 422
        assert "For Friday." in answer.content.decode()
    assert dana.browser().post(f"/clients/{ben.client.pk}/reactivate").status_code == 302
    page(dana, alone)
    page(dana, together)


def test_what_opens_later_is_not_said_to_be_there_now(play: Play, dana: Person, ana: Person):
    later = now() + timedelta(days=2)
    play.assign(dana, ana, opens_in=timedelta(days=2))
    shown = page(dana, f"/assign/?client={ana.client.pk}")
    assert f"Ana has this from {date_format(later.astimezone(ZoneInfo(ZONE)), 'j M')}" in shown
    assert "Ana has this now" not in shown


def test_who_comes_from_an_exercise_finds_the_way_back_to_it(play: Play, dana: Person, ana: Person):
    exercise = play.library["e10-from-test-to-clear-ask"].exercise_id
    shown = page(dana, f"/assign/?exercise={exercise}")
    assert f'href="/exercises/{exercise}/"' in shown
    assert f"client={ana.client.pk}&amp;exercise={exercise}" in shown
    for other in ("/assign/", "/assign/?exercise=nonsense"):
        assert "/exercises/nonsense" not in page(dana, other)
