"""The main job, end to end, on real parts: web, worker, beat, pump, SMTP and a browser.

Ruth invites Dana; Dana adds a couple, clears both, assigns E01 to Ana and E11 to both; the mails
come; Ana answers on her phone, loses the tab half-way and submits; Dana returns one item; Ana
deepens it; Dana reviews. Ben saw nothing of it; Ruth's audit shows all steps and no word of it.
"""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from email.message import EmailMessage
from zoneinfo import ZoneInfo

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.utils.timezone import now
from playwright.sync_api import Page, expect

from exercises.models import Homework, Review
from practice.models import Practice
from practice.tenancy import scope
from tests.cast import PASSWORD
from tests.conftest import Visit
from tests.journeys.ground import CONTINUE, go_on_until, invite, press, skip_to_check
from tests.processes import Site, until

WORDS = ("the heavy bags", "being left behind", "like at ten", "You found it", "What is softer")


def text_of(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    return str(body.get_content()) if body else ""


def link_in(message: EmailMessage) -> str:
    found = re.search(r"https?://\S+/invitation/\S+", text_of(message))
    assert found, text_of(message)
    return found[0]


def come_in(page: Page, link: str, *, name: str, password: str = PASSWORD) -> None:
    page.goto(link)
    page.get_by_label(re.compile("Your name|like to be called")).fill(name)
    page.get_by_label(re.compile("^A password")).fill(password)
    agree = page.get_by_label(re.compile("I have read what I agree to"))
    if agree.count():
        agree.check()
    page.get_by_role("button", name="Come in").click()
    page.wait_for_url(lambda url: "/invitation/" not in url)


def set_up_second_factor(page: Page) -> None:
    """Do what the practice asks of every member: add an authenticator app."""
    page.goto("/account/2fa/totp/activate/")
    reauthenticate(page)
    secret = page.locator("main .code").first.inner_text().replace(" ", "")
    # A code lives for half a minute: one that dies under way is refused, and the next one typed.
    for _another in range(3):
        page.locator("input[name=code]").fill(
            format_hotp_value(hotp_value(secret, int(time.time()) // 30))
        )
        with page.expect_navigation():
            page.locator("main form button").last.click()
        if "activate" not in page.url:
            return
        expect(page.get_by_text("That is not the code.")).to_be_visible()
        assert page.locator("main .code").first.inner_text().replace(" ", "") == secret
    raise AssertionError("Three codes in a row were refused.")


def reauthenticate(page: Page) -> None:
    if page.locator("input[type=password]").count():
        page.locator("input[type=password]").fill(PASSWORD)
        page.locator("main form button").first.click()


def add_client(page: Page, name: str, email: str) -> str:
    page.goto("/clients/add")
    page.get_by_label("Name").fill(name)
    page.get_by_label("E-mail").fill(email)
    page.get_by_role("button", name="Add").click()
    page.wait_for_url(re.compile(r"/clients/[0-9a-f-]{36}/"))
    return page.url


def clear_for_couple_work(page: Page, client_url: str) -> None:
    page.goto(client_url + "clearance")
    page.get_by_label("Cleared", exact=True).check()
    page.get_by_label(re.compile("I spoke with them alone")).check()
    page.get_by_role("button", name="Note it").click()
    expect(page.get_by_text("asked again after 90 days")).to_be_visible()


@contextmanager
def behind_the_scenes(site: Site) -> Iterator[None]:
    with site.orm():
        practice = Practice.objects.get()
        with scope(practice=practice.pk):
            yield


def two_minutes_pass(site: Site) -> None:
    """Let the undo time be over; the site's own clockwork then carries the review out."""
    with behind_the_scenes(site):
        Review.objects.filter(settled_at=None).update(settles_at=now() - timedelta(seconds=1))

    def is_settled() -> bool:
        with behind_the_scenes(site):
            return not Review.objects.filter(sent_at__isnull=False, settled_at=None).exists()

    assert until(is_settled, 60), "the clockwork never settled the review"


def test_the_main_job(live_site: Site, visit: Visit, problems: list[str]):
    site = live_site
    made = site.manage(
        "createpractice",
        "Hillside Practice",
        "--admin-email=ruth@hillside.example",
        "--admin-name=Ruth Abernathy",
        "--zone=Europe/Lisbon",
    )
    ruth = visit(site.url)
    come_in(ruth, re.findall(r"http\S+/invitation/\S+", made.stdout)[0], name="Ruth Abernathy")
    set_up_second_factor(ruth)
    # Quiet at another time of the day, so that the mails of this test come at any hour it runs.
    quiet = 3 if 8 <= datetime.now(ZoneInfo("Europe/Lisbon")).hour < 20 else 13
    ruth.goto("/practice/settings")
    ruth.get_by_label("Quiet hours from").fill(f"{quiet:02}:00")
    ruth.get_by_label("Quiet hours until").fill(f"{quiet + 1:02}:00")
    ruth.get_by_role("button", name="Save").click()
    expect(ruth.get_by_text("Saved.")).to_be_visible()
    invite(ruth, "Dana Whitlock", "dana@hillside.example")

    dana = visit(site.url)
    (invited,) = site.sink.wait_for(1, "dana@hillside.example")
    come_in(dana, link_in(invited), name="Dana Whitlock")
    set_up_second_factor(dana)
    ana_url = add_client(dana, "Ana Quintero", "ana@mail.example")
    ben_url = add_client(dana, "Ben Achterberg", "ben@mail.example")
    dana.goto("/couples/link")
    dana.get_by_label("One").select_option("Ana Quintero")
    dana.get_by_label("The other").select_option("Ben Achterberg")
    dana.get_by_role("button", name="Link them").click()
    dana.wait_for_url(re.compile(r"/couples/[0-9a-f-]{36}/"))
    couple_url = dana.url
    for url in (ana_url, ben_url):
        clear_for_couple_work(dana, url)

    phones = {}
    for name, email in (("Ana", "ana@mail.example"), ("Ben", "ben@mail.example")):
        phones[name] = visit(site.url, "phone")
        mail = site.sink.wait_for(1, email)[0]
        come_in(phones[name], link_in(mail), name=name)
        expect(phones[name].get_by_text("Nothing to do today")).to_be_visible()
    ana, ben = phones["Ana"], phones["Ben"]

    # From the client's page to assigned in at most four clicks.
    dana.goto(ana_url)
    dana.get_by_role("link", name="Assign").last.click()
    dana.get_by_label(re.compile("^Under the argument")).check()
    dana.get_by_role("button", name="Assign to Ana").click()
    expect(dana.get_by_text("Ana has it now")).to_be_visible()
    dana.goto(couple_url)
    dana.get_by_role("link", name="Assign").last.click()
    dana.get_by_label(re.compile("^What reaches me")).check()
    dana.get_by_role("button", name="Assign").click()
    expect(dana.get_by_text("Each works on their own copy")).to_be_visible()

    mails = site.sink.wait_for(3, "ana@mail.example")
    assert [mail["Subject"] for mail in mails[1:3]] == ["A quiet reminder"] * 2
    assert len(site.sink.wait_for(2, "ben@mail.example")) == 2

    ben.goto("/today/")
    world_before = ben.locator("main").inner_text()

    ana.goto("/today/")
    press(ana, ana.locator("main").get_by_role("link", name=re.compile("Begin|Under the argument")))
    if ana.get_by_role("link", name="Begin").count():
        press(ana, ana.get_by_role("link", name="Begin"))
    with behind_the_scenes(site):
        homework = str(
            Homework.objects.get(
                client__email="ana@mail.example",
                version__exercise__slug="e01-under-the-argument",
            ).pk
        )
    ana.goto(f"/homework/{homework}/")
    press(ana, ana.get_by_role("link", name=re.compile("Begin|Continue")))
    go_on_until(ana, "topic")
    ana.locator("[name=topic]").press_sequentially("the heavy bags", delay=30)
    context = ana.context
    ana.close()
    ana = context.new_page()
    ana.goto(f"/homework/{homework}/step/1/")
    go_on_until(ana, "topic", skip=False)
    expect(ana.locator("[name=topic]")).to_have_value("the heavy bags")
    press(ana, ana.locator(CONTINUE))
    go_on_until(ana, "under")
    ana.locator("[name=under]").fill("being left behind")
    press(ana, ana.locator(CONTINUE))
    skip_to_check(ana)
    ana.get_by_role("button", name="Send to Dana").click()
    expect(ana.get_by_role("heading", name="It’s with Dana now")).to_be_visible()

    dana.goto("/review/")
    dana.get_by_role("link", name="Under the argument").click()
    expect(dana.get_by_text("being left behind").first).to_be_visible()
    question = dana.locator("section", has=dana.locator("#q-under"))
    question.locator("summary", has_text="Comment").click()
    question.get_by_label("Your comment").fill("What is softer than that?")
    question.get_by_label("Open this one again").check()
    dana.get_by_label("Return for deepening").check()
    dana.get_by_role("button", name="Send and open next").click()
    dana.wait_for_url(re.compile("/review/"))
    two_minutes_pass(site)

    assert "A note for you" in [
        mail["Subject"] for mail in site.sink.wait_for(4, "ana@mail.example")
    ]
    ana.goto("/today/")
    ana.get_by_role("link", name="See what Dana asks").first.click()
    expect(ana.get_by_text("What is softer than that?")).to_be_visible()
    ana.locator("[name=under]").fill("being left behind, like at ten")
    press(ana, ana.locator(CONTINUE))
    ana.get_by_role("button", name="Send to Dana").click()
    expect(ana.get_by_role("heading", name="It’s with Dana now")).to_be_visible()

    dana.goto(f"/review/{homework}/")
    expect(dana.get_by_text("like at ten").first).to_be_visible()
    dana.get_by_label("A few words to open with").fill("You found it.")
    dana.get_by_label("Reviewed, nothing more needed").check()
    dana.get_by_role("button", name="Send and open next").click()
    dana.wait_for_url(re.compile("/review/"))
    two_minutes_pass(site)
    ana.goto(f"/homework/{homework}/feedback/")
    expect(ana.get_by_text("You found it.")).to_be_visible()

    # Ben saw nothing of it: the same page, the same mails.
    ben.goto("/today/")
    assert ben.locator("main").inner_text() == world_before
    assert len(site.sink.to("ben@mail.example")) == 2

    ruth.goto("/audit/")
    trail = ruth.locator("main").inner_text()
    for act in ("Sent homework", "Returned homework", "Reviewed homework", "Assigned an exercise"):
        assert act in trail
    everything = (
        trail + site.logs() + "".join(mail.as_string() + text_of(mail) for mail in site.messages)
    )
    assert [word for word in WORDS if word in everything] == []
    # As words of their own: a sealed link may hold any three letters by chance.
    texts = "".join(text_of(mail) for mail in site.messages)
    assert re.findall(r"(?<![\w-])(?:Ana|Ben)(?![\w-])", texts) == []
    assert [problem for problem in problems if "violates" in problem] == []
