"""What the pages say before care ends, while it is over, and once it was taken up again."""

from datetime import timedelta

from django.urls import reverse
from django.utils.timezone import now

from clients.actions import caring
from clients.models import Couple
from tests.cast import ZONE, Person, Play
from tests.exercises.ground import page


def test_ending_care_says_what_is_open_and_what_waits(play: Play, dana: Person, ana: Person):
    address = f"/clients/{ana.client.pk}/discharge"
    shown = page(dana, address)
    assert "<b>Offer both first.</b>" in shown
    assert "waits for your answer" not in shown
    assert "still open" not in shown
    play.submit(ana, play.homework(ana, play.assign(dana, ana)), topic="Bags")
    play.assign(dana, ana)
    shown = page(dana, address)
    assert "1 thing that Ana sent waits for your answer" in shown
    assert "1 thing is still open and can no longer be sent." in shown


def test_who_never_came_in_is_said_to_come_in_no_more(play: Play, dana: Person):
    with play.at(dana):
        client = caring.add(
            by=dana.actor, at=now(), name="Lucio Ferro", email="lucio@mail.example", zone=ZONE
        )
    shown = page(dana, f"/clients/{client.pk}/discharge")
    assert "Lucio can no longer join: the invitation opens nothing any more." in shown
    for text in ("sign in", "Offer both first."):
        assert text not in shown.partition("<main")[2]


def test_once_care_has_ended_the_pages_promise_nothing(play: Play, dana: Person, ana: Person):
    sent = play.submit(ana, play.homework(ana, play.assign(dana, ana)), topic="Bags")
    left = play.homework(ana, play.assign(dana, ana))
    client, homework = f"/clients/{ana.client.pk}/", reverse("homework_page", args=[left.pk])
    assert "By e-mail at 19:30" in page(dana, client)
    assert "Another day" in page(dana, homework)
    ended = dana.browser().post(f"{client}discharge", follow=True)
    assert "Care has ended. You can take it up again here." in ended.content.decode()
    play.review(dana, sent, words="I read it.", settle=False)
    shown = page(dana, client)
    assert "None go out: care has ended." in shown
    assert "By e-mail at" not in shown
    assert "the answer is kept in the record" in shown
    assert "on its way" not in shown.partition("Homework now")[2].partition("</section>")[0]
    assert "Another day" not in page(dana, homework)
    due = reverse("homework_due", args=[left.pk])
    assert dana.browser().get(due).status_code == 409
    day = {"due": str(now().date() + timedelta(days=9))}
    assert dana.browser().post(due, day).status_code == 409
    assert play.fresh(left).due_at == left.due_at


def test_care_taken_up_again_says_whether_the_couple_was_unlinked(
    play: Play, dana: Person, ana: Person, couple: Couple
):
    again = f"/clients/{ana.client.pk}/reactivate"
    with play.at(dana):
        caring.discharge(by=dana.actor, at=now(), client=ana.client)
    said = dana.browser().post(again, follow=True).content.decode()
    assert "Care goes on. Everything is where it was. No e-mail tells them; you do." in said
    with play.at(dana):
        caring.discharge(by=dana.actor, at=now(), client=ana.client)
        caring.unlink(by=dana.actor, at=now(), couple=couple)
    said = dana.browser().post(again, follow=True).content.decode()
    assert "Care goes on. The couple was unlinked meanwhile; the rest is where it was." in said
