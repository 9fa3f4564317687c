"""Another address of one's own: what is confirmed, told, and follows its person."""

import pytest
from django.urls import reverse
from django.utils.timezone import now

from clients.actions import caring, joining
from clients.models import Client, ContactPreference
from practice.models import AuditEvent, User
from practice.tenancy import scope
from tests.cast import Person, make_user
from tests.practice.ground import (
    confirm_another_address,
    mails,
    new_code,
    on_the_list,
    text_of,
    words,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("outbox")]


def test_who_confirmed_an_address_is_back_where_they_changed_it(dana: Person):
    browser = dana.browser()
    add = {"email": "new@mail.example", "action_add": "1"}
    asked = browser.post("/account/email/", add)["Location"]
    page = text_of(browser.get(asked))
    assert page.count("A code is on its way to") == 1
    # Who went away meanwhile finds the way back.
    waits = text_of(browser.get("/account/email/"))
    assert "Changing to <b>new@mail.example</b>." in waits
    assert f'href="{asked}"' in waits
    answer = browser.post(asked, {"code": new_code("new@mail.example")})
    assert answer["Location"] == "/account/email/"
    there = text_of(browser.get(answer["Location"]))
    assert "new@mail.example is confirmed." in there
    assert "Changing to" not in there


def test_an_address_that_somebody_took_meanwhile_is_waited_for_no_longer(dana: Person):
    browser = dana.browser()
    add = {"email": "new@mail.example", "action_add": "1"}
    asked = browser.post("/account/email/", add)["Location"]
    code = new_code("new@mail.example")
    wrong = browser.post(asked, {"code": "WRONG"})
    assert wrong.status_code == 200
    assert "Changing to" in text_of(browser.get("/account/email/"))
    make_user("new@mail.example", "Somebody else")
    answer = browser.post(asked, {"code": code}, follow=True)
    assert answer.redirect_chain == [("/account/email/", 302)]
    page = text_of(answer)
    assert "Somebody has this address already." in page
    assert "Changing to" not in page
    assert "<b>dana@hillside.example</b>" in page


def test_the_address_from_before_is_told_what_still_helps(ana: Person):
    confirm_another_address(ana, "new@mail.example")
    (said,) = (words(message) for to, message in mails() if to == ["ana@mail.example"])
    assert "this address no longer opens your account" in said
    assert "change your password" not in said


def test_who_has_another_address_is_written_to_again(ana: Person):
    with scope(practice=ana.practice.pk):
        ContactPreference.objects.update(suppressed_at=now())
    assert "came back" in text_of(ana.browser().get("/you/"))
    browser = confirm_another_address(ana, "new@mail.example")
    assert "came back" not in text_of(browser.get("/you/"))


def test_the_record_follows_its_person_s_new_address(ana: Person, dana: Person):
    confirm_another_address(ana, "new@mail.example")
    page = text_of(dana.browser().get(reverse("client_edit", args=[ana.client.pk])))
    assert "new@mail.example" in page
    assert "ana@mail.example" not in page
    with scope(practice=ana.practice.pk):
        (line,) = AuditEvent.objects.filter(action="client.changed")
    assert (line.client_id, line.user_id) == (ana.client.pk, ana.user.pk)


def test_a_practice_that_somebody_left_is_told_no_new_address(ana: Person, dana: Person):
    with scope(practice=dana.practice.pk, user=dana.user.pk):
        caring.discharge(by=dana.actor, at=now(), client=ana.client)
    User.objects.filter(pk=ana.user.pk).update(email="new@mail.example")
    joining.follow_address(user=User.objects.get(pk=ana.user.pk), at=now())
    with scope(practice=ana.practice.pk):
        assert Client.objects.get(pk=ana.client.pk).email == "ana@mail.example"
    # It learns of it when they come back: the therapist could not change it.
    with scope(practice=dana.practice.pk, user=dana.user.pk):
        ContactPreference.objects.update(suppressed_at=now())
        gone = Client.objects.get(pk=ana.client.pk)
        caring.reactivate(by=dana.actor, at=now(), client=gone)
        assert Client.objects.get(pk=ana.client.pk).email == "new@mail.example"
        assert not ContactPreference.objects.exclude(suppressed_at=None).exists()


def test_a_record_under_that_address_already_stays_whose_it_is(ana: Person, dana: Person):
    """Somebody was invited as it; the change of the account is whole all the same."""
    other = on_the_list(dana, "Anneliese", "new@mail.example")
    with scope(practice=dana.practice.pk):
        ContactPreference.objects.update(suppressed_at=now())
    browser = confirm_another_address(ana, "new@mail.example")
    assert "came back" not in text_of(browser.get("/you/"))
    with scope(practice=ana.practice.pk):
        kept = dict(Client.objects.values_list("pk", "email"))
    assert kept == {ana.client.pk: "ana@mail.example", other.pk: "new@mail.example"}
