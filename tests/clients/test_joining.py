"""The way in: an invitation, plain words, consent, and one's own place."""

import hashlib
import re
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.test import Client as Browser
from django.utils import timezone

from clients import consent_text
from clients.models import Client, Consent, ContactPreference
from practice.models import Invitation, Membership, User
from practice.tenancy import scope
from tests.cast import PASSWORD, ZONE, Person, make_user
from tests.practice.ground import ask_for_code, link_in, on_the_list, text_of

pytestmark = pytest.mark.django_db(transaction=True)

GOOD = "a quiet lane at noon"


@pytest.fixture(autouse=True)
def _plain_mail(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


def add(by: Person, email: str = "ida@mail.example", **more: str) -> Any:
    said = {"name": "Ida Ray", "email": email, "zone": ZONE, "language": "en", "invite_now": "on"}
    return by.browser().post("/clients/add", said | more)


def the_client(practice: Any, email: str = "ida@mail.example") -> Client:
    with scope(practice=practice.pk):
        return Client.objects.select_related("practice").get(email=email)


@pytest.fixture
def link(dana: Person) -> str:
    """Ida was added and invited: her link."""
    assert add(dana).status_code == 302
    return link_in(mail.outbox[-1])


ARRIVAL = {"called": "Ida", "zone": ZONE, "language": "en", "agree": "on", "password": ""}


def test_adding_invites_discreetly(dana: Person, link: str):
    [message] = mail.outbox
    assert message.to == ["ida@mail.example"]
    assert message.subject == "Your invitation"
    for word in ("Ida", "Dana", "therap", "couple", "Hillside", "to work"):
        assert word not in message.subject + str(message.body)
    assert the_client(dana.practice).joined_at is None


def test_a_taken_address_is_said_kindly_and_nothing_typed_is_lost(dana: Person, ana: Person):
    response = add(dana, "ANA@mail.example", name="Another Ana")
    assert response.status_code == 422
    page = text_of(response)
    assert "has this address already" in page
    assert 'value="Another Ana"' in page
    assert 'href="#id_email"' in page
    assert mail.outbox == []


def test_the_office_and_the_therapist_read_the_same_state(dana: Person, ruth: Person, link: str):
    for person, path in ((dana, "/clients/"), (ruth, "/records/")):
        page = text_of(person.browser().get(path))
        assert page.count("Not joined yet</span>") == 1
        assert ">In care<" not in page


def test_the_same_address_in_two_practices_is_two_records(dana: Person, zoe: Person, zack: Person):
    assert add(dana, "zack@mail.example").status_code == 302


def test_the_page_says_who_reads_what_before_anything_is_asked(link: str):
    page = text_of(Browser().get(link))
    assert "What you agree to" in page
    assert consent_text.TEXTS["en"][:60].split("’")[0][:40] in page
    assert "Dana set this page up for you" in page
    assert "Ida" not in re.search(r"<title>(.*?)</title>", page, re.DOTALL).group(1)  # type: ignore[union-attr]


def test_the_practice_s_lines_for_danger_stand_where_they_are_promised(dana: Person, link: str):
    with scope(practice=dana.practice.pk):
        dana.practice.crisis_texts["en"] = "Call the lighthouse."
        dana.practice.save()
    assert "Call the lighthouse." in text_of(Browser().get(link))


def test_a_changed_wording_is_a_new_version():
    """Who agreed to a version is not asked again: the same version is the same words, for ever."""
    words = "\n\n".join(consent_text.TEXTS[language] for language in sorted(consent_text.TEXTS))
    digest = hashlib.sha256(words.encode()).hexdigest()
    # Another digest? Then another VERSION; both go here.
    assert (consent_text.VERSION, digest) == (
        "2026-11-28.2",
        "ea732608f37aff8f37ca817d63e1301392318129ecad495b9042ae051435514d",
    )


def test_without_consent_nobody_joins(dana: Person, link: str):
    response = Browser().post(link, ARRIVAL | {"agree": "", "called": "Idi"})
    assert response.status_code == 422
    page = text_of(response)
    assert ">Tick “I have read what I agree to, and I agree” to go on." in page
    assert 'value="Idi"' in page
    assert not User.objects.filter(email="ida@mail.example").exists()
    assert the_client(dana.practice).joined_at is None


def test_each_error_says_what_to_write(dana: Person, link: str):
    page = text_of(Browser().post(link, ARRIVAL | {"agree": "", "called": "", "zone": "Mars"}))
    summary = re.findall(r'<li><a href="#id_\w+">(.*?)</a></li>', page)
    assert summary[:2] == [
        "Write a name.",
        "Where are you? (time zone): Choose one of those offered here.",
    ]
    assert summary[2].startswith("Tick “I have read what I agree to, and I agree” to go on.")


def test_joining_by_code(dana: Person, link: str):
    browser = Browser()
    response = browser.post(link, ARRIVAL, headers={"accept-language": "en"})
    assert response.status_code == 302
    assert browser.get(response["Location"])["Location"] == "/today/"
    client = the_client(dana.practice)
    assert (client.called, client.zone, client.language) == ("Ida", ZONE, "en")
    assert client.joined_at is not None
    user = User.objects.get(email="ida@mail.example")
    assert client.user_id == user.pk
    assert not user.has_usable_password()
    with scope(practice=dana.practice.pk):
        consent = Consent.objects.get(client=client)
        wishes = ContactPreference.objects.get(client=client)
    assert (consent.version, consent.language) == (consent_text.VERSION, "en")
    assert consent.text == consent_text.TEXTS["en"]
    assert wishes.reminder_time == client.practice.reminder_time
    assert browser.get("/you/").status_code == 200


def test_consent_is_kept_in_the_language_it_was_shown_in(dana: Person, link: str):
    browser = Browser()
    assert consent_text.TEXTS["en"][:30] in text_of(browser.get(link))
    browser.post("/language", {"language": "es", "next": link})
    page = text_of(browser.get(link))
    assert consent_text.TEXTS["es"][:30] in page
    assert '<input type="hidden" name="language" value="es"' in page
    # The language changed in between: what was read is what counts.
    browser.post("/language", {"language": "en", "next": link})
    assert browser.post(link, ARRIVAL | {"language": "es"}).status_code == 302
    with scope(practice=dana.practice.pk):
        assert Consent.objects.get().text == consent_text.TEXTS["es"]


def test_to_change_the_language_loses_nothing_that_was_typed(dana: Person, link: str):
    browser = Browser()
    page = text_of(browser.get(link))
    # Its button sends the page's own form; Enter in a field does not press it.
    first, second = re.findall(r'<button[^>]* form="come-in"[^>]*>', page)
    assert "name=" not in first
    assert 'name="speak" value="es"' in second
    typed = ARRIVAL | {"called": "Idi", "zone": "Europe/Madrid", "speak": "es"}
    assert browser.post(link, typed)["Location"] == link
    page = text_of(browser.get(link))
    assert consent_text.TEXTS["es"][:30] in page
    assert 'value="Idi"' in page
    assert re.search(r'value="Europe/Madrid"[^>]* selected', page)
    assert " checked" not in page  # what is read now is agreed to anew
    assert the_client(dana.practice).joined_at is None


def test_who_cannot_sign_in_yet_is_led_back_to_their_invitation(dana: Person, link: str):
    browser, here = Browser(), f"http://testserver{link}"
    browser.get(link)
    assert link not in str(dict(browser.session))  # it makes an account
    for where in ("/privacy", "/help"):
        page = text_of(browser.get(where, headers={"referer": here}))
        (back,) = re.findall(r"<a [^>]*data-back>", page)  # to what is typed there
        assert f'href="{link}"' in back
        page = text_of(browser.get(where, headers={"referer": "http://testserver/privacy"}))
        assert "Back to your invitation" in page
        assert "data-back" not in page
        for other in (Browser(), dana.browser()):
            assert "Back to your invitation" not in text_of(other.get(where))
    browser.post(link, ARRIVAL)
    browser.post("/account/logout/")
    assert "Back to your invitation" not in text_of(browser.get("/help"))


def test_a_guest_s_session_ends_with_the_browser_and_a_client_s_does_not(dana: Person, link: str):
    browser = Browser()

    def lasts() -> int | str:
        return browser.cookies[settings.SESSION_COOKIE_NAME]["max-age"]

    browser.get(link)
    assert lasts() == ""
    browser.post(link, ARRIVAL)
    assert lasts() == settings.SESSION_COOKIE_AGE
    assert "invitation" not in browser.session
    # Nor does that of who has been here before, and signs in by a code.
    assert add(dana, "kit@mail.example").status_code == 302
    browser = Browser()
    browser.get(link_in(mail.outbox[-1]))
    ask_for_code("ida@mail.example", browser)
    code = re.search(r"^[A-Z0-9-]{6,}$", str(mail.outbox[-1].body), re.MULTILINE)
    assert code is not None, mail.outbox[-1].body
    browser.post("/account/login/code/confirm/", {"code": code[0]})
    assert browser.get("/you/").status_code == 200
    assert lasts() == settings.SESSION_COOKIE_AGE


def test_somebody_is_invited_in_the_language_their_therapist_chose(dana: Person):
    add(dana, language="es")
    assert "Hola:" in str(mail.outbox[-1].body)
    link, browser = link_in(mail.outbox[-1]), Browser()
    first = browser.get(link, headers={"accept-language": "en"})
    assert '<html lang="es"' in text_of(first)
    assert '<input type="hidden" name="language" value="es"' in text_of(first)
    assert first["Content-Language"] == "es"
    # So does what they read before they agree, and what is said of a form.
    assert '<html lang="es"' in text_of(browser.get("/privacy", headers={"accept-language": "en"}))
    refused = browser.post(link, {"language": "es"}, headers={"accept-language": "en"})
    assert '<html lang="es"' in text_of(refused)


def test_a_language_is_put_right_until_they_have_joined(dana: Person, link: str):
    client = the_client(dana.practice)
    where = f"/clients/{client.pk}/edit"
    said = {"name": "Ida Ray", "email": "ida@mail.example", "zone": ZONE, "language": "es"}
    assert dana.browser().post(where, said).status_code == 302
    assert '<html lang="es"' in text_of(Browser().get(link))
    dana.browser().post(f"/clients/{client.pk}/invite")
    assert "Hola:" in str(mail.outbox[-1].body)
    arrival = ARRIVAL | {"language": "es"}
    assert Browser().post(link_in(mail.outbox[-1]), arrival).status_code == 302
    # From then on it is theirs.
    assert dana.browser().post(where, said | {"language": "en"}).status_code == 302
    assert the_client(dana.practice).language == "es"


def test_joining_with_a_password(dana: Person, link: str):
    weak = Browser().post(link, ARRIVAL | {"password": "ida@mail.example"})
    assert weak.status_code == 422
    assert "ida@mail.example" not in re.sub(r"<p.*?</p>", "", text_of(weak), flags=re.DOTALL)
    assert Browser().post(link, ARRIVAL | {"password": GOOD}).status_code == 302
    assert User.objects.get(email="ida@mail.example").check_password(GOOD)


def test_a_link_opens_once(link: str):
    assert Browser().post(link, ARRIVAL).status_code == 302
    for again in (Browser().get(link), Browser().post(link, ARRIVAL)):
        assert again.status_code == 404
        assert "You have already come in" in text_of(again)
        assert "Ida" not in text_of(again)


def test_who_keeps_the_link_as_their_way_in_gets_in(ana: Person, link: str):
    browser = Browser()
    browser.post(link, ARRIVAL)
    assert browser.get(link)["Location"] == "/"
    # Somebody else who holds it is led on as themselves, and is not told whose it was.
    page = text_of(ana.browser().get(link))
    assert "You have already come in" in page
    assert "ida@mail.example" not in page
    practice, _, secret = link.removeprefix("/invitation/").partition(".")
    for unknown in (f"/invitation/{practice}.{'0' * len(secret)}", f"/invitation/{practice}."):
        assert "This link no longer opens" in text_of(Browser().get(unknown))


def test_a_kept_link_leads_to_the_page_it_opened(ana: Person, zoe: Person):
    """Signing in anew leads to the first of two, and the link is how they know the other."""
    assert add(zoe, "ana@mail.example").status_code == 302
    second = link_in(mail.outbox[-1])
    said = {"called": "Ana", "zone": ZONE, "language": "en", "agree": "on"}
    assert ana.browser().post(second, said).status_code == 302
    browser = ana.browser()
    assert browser.get(second)["Location"] == "/"
    browser.get("/today/")
    assert browser.session["seat"] == f"client:{the_client(zoe.practice, 'ana@mail.example').pk}"


def test_every_link_that_opens_nothing_looks_the_same(dana: Person, link: str):
    client = the_client(dana.practice)
    practice, _, secret = link.removeprefix("/invitation/").partition(".")
    unknown = f"/invitation/{practice}.{'0' * len(secret)}"
    elsewhere = f"/invitation/00000000-0000-4000-8000-000000000000.{secret}"
    pages = [Browser().get(where) for where in (unknown, elsewhere, "/invitation/nonsense")]
    dana.browser().post(f"/clients/{client.pk}/uninvite")
    pages.append(Browser().get(link))
    dana.browser().post(f"/clients/{client.pk}/invite")
    fresh = link_in(mail.outbox[-1])
    assert fresh != link
    with scope(practice=dana.practice.pk):
        Invitation.objects.filter(accepted_at=None).update(
            expires_at=timezone.now() - timedelta(seconds=1)
        )
    pages.append(Browser().get(fresh))
    seen = {re.sub(r'value="[^"]*"|next=[^"&]*', "", text_of(page)) for page in pages}
    assert {page.status_code for page in pages} == {404}
    assert len(seen) == 1


def test_a_changed_address_ends_the_link_that_went_to_the_old_one(dana: Person, link: str):
    client = the_client(dana.practice)
    said = {
        "name": "Ida Ray",
        "email": "ida.ray@mail.example",
        "zone": ZONE,
        "language": "en",
    }
    assert dana.browser().post(f"/clients/{client.pk}/edit", said).status_code == 302
    assert Browser().get(link).status_code == 404
    dana.browser().post(f"/clients/{client.pk}/invite")
    assert mail.outbox[-1].to == ["ida.ray@mail.example"]
    assert Browser().post(link_in(mail.outbox[-1]), ARRIVAL).status_code == 302


def test_a_discharged_client_s_link_opens_nothing(dana: Person, link: str):
    client = the_client(dana.practice)
    assert dana.browser().post(f"/clients/{client.pk}/discharge").status_code == 302
    assert Browser().get(link).status_code == 404
    assert dana.browser().post(f"/clients/{client.pk}/invite").status_code == 409


def test_somebody_else_signed_in_joins_nothing(link: str, ben: Person):
    browser = ben.browser()
    for response in (browser.get(link), browser.post(link, ARRIVAL)):
        page = text_of(response)
        assert "Sign out first" in page
        assert "You are signed in as somebody else." in page
        assert f'name="next" value="{link}"' in page
    assert Browser().get(link).status_code == 200  # it is still good for whom it was meant
    out = browser.post("/account/logout/", {"next": link})
    assert out["Location"] == link
    assert 'name="called"' in text_of(browser.get(link))


def test_who_has_an_account_signs_in_first(dana: Person, link: str):
    make_user("ida@mail.example", "Ida Ray")
    page = Browser().get(link)
    assert f"?next={link}" in text_of(page)
    browser = Browser()
    signed_in = browser.post(
        "/account/login/", {"login": "ida@mail.example", "password": PASSWORD, "next": link}
    )
    assert signed_in["Location"] == link
    # Without any seat yet, the invitation still opens.
    page = browser.get(link)
    assert page.status_code == 200
    assert 'name="password"' not in text_of(page)
    assert browser.post(link, ARRIVAL).status_code == 302
    assert browser.get("/you/").status_code == 200


def test_a_therapist_may_be_a_client_elsewhere_and_lands_there(dana: Person, zoe: Person):
    zoe_s = zoe.browser()
    assert add(dana, "zoe@riverside.example").status_code == 302
    response = zoe_s.post(link_in(mail.outbox[-1]), ARRIVAL)
    assert zoe_s.get(response["Location"])["Location"] == "/today/"


def test_a_member_joins_with_a_password(ruth: Person):
    said = {"name": "Kit Moreau", "email": "kit@hillside.example", "roles": ["therapist"]}
    assert ruth.browser().post("/people/invite", said).status_code == 302
    link = link_in(mail.outbox[-1])
    arrival = {"called": "Kit Moreau", "zone": ZONE, "language": "en", "password": ""}
    assert Browser().post(link, arrival).status_code == 422
    browser = Browser()
    assert browser.post(link, arrival | {"password": GOOD}).status_code == 302
    with scope(practice=ruth.practice.pk):
        seat = Membership.objects.get(user__email="kit@hillside.example")
    assert seat.roles == ["therapist"]
    assert browser.get("/clients/").status_code == 200
    assert Browser().get(link).status_code == 404


def test_joining_is_rate_limited():
    statuses = [Browser().get(f"/invitation/nonsense{n}").status_code for n in range(22)]
    assert statuses[0] == 404
    assert statuses[-1] == 429


def test_nobody_is_invited_twice_into_one_practice(dana: Person, ana: Person):
    response = dana.browser().post(f"/clients/{ana.client.pk}/invite")
    assert response.status_code == 409
    assert "They have joined already." in text_of(response)


# --- a colleague is nobody's client by the account they work with ---------------------------------
COLLEAGUE = {"name": "Max Two", "zone": ZONE, "language": "en", "email": "Ruth@hillside.example"}


def test_nobody_is_added_under_a_colleague_s_address(dana: Person, ruth: Person, zoe: Person):
    refused = dana.browser().post("/clients/add", COLLEAGUE)
    assert refused.status_code == 422
    assert "Somebody in this practice has this address already." in text_of(refused)
    with scope(practice=dana.practice.pk):
        assert not Client.objects.exists()
    # Of who works in another practice nobody learns anything.
    theirs = COLLEAGUE | {"email": zoe.user.email}
    assert dana.browser().post("/clients/add", theirs).status_code == 302


def test_nor_invited_under_it_and_what_a_record_has_it_keeps(dana: Person, ruth: Person):
    client = on_the_list(dana, "Max Two", ruth.user.email)
    sent = len(mail.outbox)
    answer = dana.browser().post(f"/clients/{client.pk}/invite")
    assert answer.status_code == 422
    assert "Somebody with this address works here already." in text_of(answer)
    assert len(mail.outbox) == sent
    said = COLLEAGUE | {"name": "Max", "email": ruth.user.email}
    assert dana.browser().post(f"/clients/{client.pk}/edit", said).status_code == 302
