"""The face: every page as each person, on a phone and a laptop, by day and by night.

On each page axe finds nothing (WCAG 2.0 to 2.2, A and AA, and best practice), the console says
nothing, and nothing is wider than the screen, at 390, 1280 and 320 pixels. What axe finds in the
tree of a page does not depend on the theme, so that by night only its colours are asked again.
"""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.template.loader import render_to_string
from django.utils.timezone import now
from playwright.sync_api import Page, expect

from clients.actions import caring
from exercises.models import Assignment, Entry, Exercise, Homework
from practice.actions import invitations
from practice.actors import member_actor
from practice.models import InvitationKind, User
from practice.tenancy import scope
from tests.budgets import CLIENT, STAFF, overruns
from tests.cast import PASSWORD
from tests.conftest import Visit
from tests.processes import Site

TAGS = [
    "wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice",
]  # fmt: skip
QUICK = {"resultTypes": ["violations"], "preload": False, "iframes": False}
WHOLE = QUICK | {"runOnly": TAGS}
COLOURS = QUICK | {"runOnly": ["color-contrast", "link-in-text-block"]}
# One line for a finding: the rule, where, and what it is.
ASK = """async (options) => (await axe.run(options)).violations.flatMap((one) =>
    one.nodes.map((node) => `${one.id} at ${node.target.join(" ")}: ${node.html.slice(0, 160)}`))"""
STATUS = "the server responded with a status of"
# What sticks out to the side, the page itself first.
TOO_WIDE = """() => document.documentElement.scrollWidth <= innerWidth ? [] :
    [...document.querySelectorAll("body *")]
        .filter((el) => el.getBoundingClientRect().right > innerWidth + 1).slice(0, 3)
        .map((el) => `${el.tagName}.${el.className}`)"""

# At twice the text, what of a client's page sticks out of the screen, or out of its own frame.
CUT = """() => !document.body.matches(".client, .public") || location.pathname === "/kit" ? [] :
    [...document.querySelectorAll("header *, main *, footer *")].filter((el) => {
        const box = el.getBoundingClientRect();
        if (!box.width || el.closest(".vh, .skip, .scroll-x, svg, .demo")) return false;
        const frame = el.parentElement.closest(".card")?.getBoundingClientRect().right ?? innerWidth;
        return box.right > Math.min(innerWidth, frame) + 1;
    }).slice(0, 3).map((el) => `${el.tagName}.${el.className}`)"""

# Words for feelings that take two lines by themselves, as they are or all chosen.
BROKEN = """(chosen) => {
    for (const family of document.querySelectorAll("details.family")) family.open = true;
    return [...document.querySelectorAll(".feeling")].flatMap((label) => {
        label.querySelector("input").checked = chosen;
        const text = [...label.querySelector("span").childNodes].find((n) => n.data?.trim());
        const range = document.createRange();
        return [...text.data.matchAll(/\\S+/g)].filter((word) => {
            range.setStart(text, word.index);
            range.setEnd(text, word.index + word[0].length);
            const boxes = [...range.getClientRects()].filter((box) => box.width > 1);
            return new Set(boxes.map((box) => Math.round(box.top / 8))).size > 1;
        }).map(String);
    });
}"""


@dataclass(frozen=True)
class Stop:
    """One page: its address, then what to press there, and the answer's status."""

    path: str
    press: str = ""
    status: int = 200


NOBODY = [
    Stop("/account/login/"),
    Stop("/account/login/", press="Sign in"),
    Stop("/account/login/code/"),
    Stop("/account/password/reset/"),
    Stop("/account/signup/"),
    Stop("/privacy"),
    Stop("/help"),
    Stop("/api/v1/guide"),
    Stop("/offline"),
    Stop("/demo/"),
    Stop("/demo/mail"),
    Stop("/kit"),
    Stop("{member_asked}"),
    Stop("{client_asked}"),
    Stop("{client_asked}", press="Come in"),
    Stop("/invitation/gone", status=404),
    Stop("/nothing/here", status=404),
    Stop("/as-if/400"),
    Stop("/as-if/409"),
    Stop("/as-if/429"),
    Stop("/as-if/500"),
    Stop("/as-if/503"),
]
ACCOUNT = [
    Stop("/account/reauthenticate/"),
    Stop("/account/email/"),
    Stop("/account/password/change/"),
    Stop("/account/2fa/"),
    Stop("/account/2fa/totp/activate/"),
    Stop("/account/2fa/webauthn/"),
    Stop("/account/2fa/webauthn/add/"),
    Stop("/account/sessions/"),
    Stop("/account/logout/"),
]
ANA = [
    Stop("/today/"),
    Stop("{begun}"),
    *(Stop(f"{{begun}}step/{number}/") for number in range(1, 12)),
    Stop("{begun}step/5/", press="Continue"),
    Stop("{begun}check/"),
    Stop("{begun}check/", press="Send to"),
    Stop("{both}"),
    Stop("{both}step/4/"),
    Stop("{both}step/6/"),
    Stop("{log}entries/"),
    Stop("{entry}"),
    Stop("{entry}remove/"),
    Stop("{answered}feedback/"),
    Stop("{answered}copy/"),
    Stop("/log/"),
    Stop("/growth/"),
    Stop("/breath/"),
    Stop("/you/"),
    Stop("/you/reminders"),
    Stop("/you/topics"),
    Stop("/you/readers"),
    Stop("/you/consent"),
    Stop("/you/record"),
    Stop("/you/erasure"),
    Stop("/help"),
    Stop("/review/", status=403),
    Stop("/today/nothing", status=404),
]
NOOR = [
    Stop("/today/"),
    Stop("{sent}sent/"),
    Stop("{returned}feedback/"),
    Stop("{returned}check/"),
]
NEW = [Stop("/today/"), Stop("/log/"), Stop("/growth/"), Stop("/you/readers"), Stop("/you/topics")]
DANA = [
    Stop("/review/"),
    Stop("/review/?kind=couples"),
    Stop("{review}"),
    Stop("/clients/"),
    Stop("/clients/add"),
    Stop("/clients/add", press="Add"),
    Stop("{joining}"),
    Stop("{client}"),
    Stop("{client}edit"),
    Stop("{client}clearance"),
    Stop("{client}reminders"),
    Stop("{client}notes"),
    Stop("{client}record"),
    Stop("{client}hand-over"),
    Stop("{client}discharge"),
    Stop("{client}erasure"),
    Stop("{couple}"),
    Stop("/couples/link"),
    Stop("/assign/"),
    Stop("/assign/?client={client_id}"),
    Stop("/assign/?client={client_id}", press="Assign"),
    Stop("/assign/?couple={couple_id}"),
    Stop("{assignment}"),
    Stop("{assignment}withdraw"),
    Stop("{work}"),
    Stop("/exercises/"),
    Stop("/exercises/?q=repiar"),
    Stop("{exercise}"),
    Stop("{exercise}preview/"),
    Stop("/you/account"),
    Stop("/you/keys"),
    *ACCOUNT,
]
RUTH = [
    Stop("/people/"),
    Stop("/people/invite"),
    Stop("/people/invite", press="Send"),
    Stop("{member}"),
    Stop("/practice/settings"),
    Stop("/audit/"),
    Stop("/records/"),
    Stop("/review/", status=403),
]
SANA = [Stop("/review/"), Stop("/clients/"), Stop("{client}"), Stop("{work}")]
ZOE = [Stop("/review/"), Stop("/clients/"), Stop("/assign/"), Stop("/people/")]
JOURNEYS = {
    "nobody": ("", NOBODY),
    "Ana": ("ana@mail.example", ANA),
    "Noor": ("noor@mail.example", NOOR),
    "a new client": ("zack@mail.example", NEW),
    "Dana": ("dana@hillside.example", DANA),
    "Ruth": ("ruth@hillside.example", RUTH),
    "Sana": ("sana@hillside.example", SANA),
    "a new therapist": ("zoe@riverside.example", ZOE),
}


@pytest.fixture(scope="module")
def places(demo_site: Site) -> dict[str, str]:
    """Find the addresses that hold an id, among what the demo tells."""
    with demo_site.orm():
        ana = Homework.objects.filter(client__email="ana@mail.example").order_by("opens_at")
        noor = Homework.objects.filter(client__email="noor@mail.example").order_by("opens_at")
        log = ana.filter(version__exercise__slug__startswith="e04").last()
        entry = Entry.objects.filter(response__homework=log).first()
        given = Assignment.objects.get(
            pk=ana.filter(assignment__couple__isnull=False).last().assignment_id
        )
        couple = given.couple
        with scope(practice=couple.practice_id):
            dana, ruth = (
                member_actor(User.objects.get(email=f"{name}@hillside.example"))
                for name in ("dana", "ruth")
            )
            assert dana
            assert ruth
            asked = invitations.invite(
                by=ruth[0],
                at=now(),
                kind=InvitationKind.MEMBER,
                email="ines@mail.example",
                name="Ines",
                roles=["therapist"],
            )
            joining = caring.add(
                by=dana[0],
                at=now(),
                name="Ida Sundqvist",
                email="ida@mail.example",
                zone=couple.first.zone,
                invite_now=False,
            )
            awaited = caring.invite(by=dana[0], at=now(), client=joining)
        work = {
            "begun": ana.filter(status="in_progress", version__exercise__slug__startswith="e01"),
            "both": ana.filter(assignment__couple__isnull=False),
            "answered": ana.filter(status="reviewed"),
            "sent": noor.filter(status="submitted"),
            "returned": noor.filter(status="returned"),
        }
        return {
            **{name: f"/homework/{rows.last().pk}/" for name, rows in work.items()},
            "log": f"/homework/{log.pk}/",
            "entry": f"/homework/{log.pk}/entries/{entry.pk}/",
            "review": f"/review/{noor.filter(status='submitted').last().pk}/",
            "work": f"/work/{ana.filter(status='reviewed').last().pk}/",
            "client": f"/clients/{couple.first_id}/",
            "client_id": str(couple.first_id),
            "couple": f"/couples/{couple.pk}/",
            "couple_id": str(couple.pk),
            "assignment": f"/assignments/{given.pk}/",
            "exercise": f"/exercises/{Exercise.objects.filter(practice=couple.practice).first().pk}/",
            "member": f"/people/{given.assigned_by_id}/",
            "member_asked": urlsplit(asked.link).path,
            "client_asked": urlsplit(awaited.link).path,
            "joining": f"/clients/{joining.pk}/",
        }


def be(page: Page, email: str) -> None:
    page.goto("/demo/")
    if email:
        # Also those whom the page does not offer: it lists the cast and a few more.
        page.locator("[name=email]").first.evaluate("(field, email) => field.value = email", email)
        page.locator("main form button").first.click()
        page.wait_for_load_state()


def open_at(page: Page, stop: Stop, places: dict[str, str]) -> int:
    """Go there, proving once more who one is where that is asked, and press what is to be pressed."""
    path = stop.path.format(**places)
    answer = page.goto(path)
    if "/reauthenticate/" in page.url and "/reauthenticate/" not in path:
        page.locator("[type=password]").fill(PASSWORD)
        page.locator("main form button").first.click()
        answer = page.goto(path)
    assert answer is not None
    assert "/account/login" not in page.url or "/account/login" in path, path
    if stop.press:
        page.locator("main").get_by_role("button", name=re.compile(stop.press)).first.click()
        page.wait_for_load_state()
        return stop.status  # a form sent back says 200 or 422
    return answer.status


def findings(page: Page, device: str) -> list[str]:
    """Return what is wrong with this page, in both themes."""
    page.evaluate(AXE_SCRIPT)
    found = [f"by day: {one}" for one in page.evaluate(ASK, WHOLE)]
    page.emulate_media(color_scheme="dark")
    found += [f"by night: {one}" for one in page.evaluate(ASK, COLOURS)]
    page.emulate_media(color_scheme="light")
    found += [f"too wide: {one}" for one in page.evaluate(TOO_WIDE)]
    if device == "phone":
        page.set_viewport_size({"width": 320, "height": 844})
        found += [f"too wide at 320: {one}" for one in page.evaluate(TOO_WIDE)]
        page.set_viewport_size({"width": 390, "height": 844})
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        found += [f"cut at 200 % text: {one}" for one in page.evaluate(CUT)]
    return found


@pytest.mark.parametrize("device", ["phone", "desktop"])
@pytest.mark.parametrize("who", JOURNEYS)
def test_every_page_is_for_everybody(
    demo_site: Site,
    visit: Visit,
    problems: list[str],
    places: dict[str, str],
    who: str,
    device: str,
) -> None:
    email, stops = JOURNEYS[who]
    page = visit(
        demo_site.url,
        device,
        color_scheme="light",
        service_workers="block",  # what `pretend` answers would not pass through it
    )
    for status in (400, 409, 429, 500, 503):
        pretend(page, status)
    be(page, email)
    found: list[str] = []
    for stop in stops:
        status = open_at(page, stop, places)
        if status != stop.status:
            found.append(f"{stop.path}: {status}")
        found += [f"{stop.path} {stop.press} {one}" for one in findings(page, device)]
        # That a page says 404, or a form sent back 422, the console notes, as it should.
        refused = stop.status >= 400 or stop.press
        found += [f"{stop.path} {one}" for one in problems if not (refused and STATUS in one)]
        problems.clear()
    assert not found, "\n".join(found)


WEIGHED = {
    "Ana": (CLIENT, ["/today/", "{begun}", "{begun}step/5/", "{begun}step/6/", "{begun}check/",
                     "{answered}feedback/", "{log}entries/", "/growth/", "/you/"]),
    "Dana": (STAFF, ["/review/", "{review}", "{client}", "{couple}", "/clients/", "/exercises/",
                     "/assign/?client={client_id}"]),
}  # fmt: skip


@pytest.mark.parametrize("who", WEIGHED)
def test_no_page_weighs_more_than_its_side_may(
    demo_site: Site, visit: Visit, places: dict[str, str], who: str
) -> None:
    budget, paths = WEIGHED[who]
    page = visit(demo_site.url, "phone", service_workers="block")
    be(page, JOURNEYS[who][0])
    assert [one for path in paths for one in overruns(page, path.format(**places), budget)] == []


def pretend(page: Page, status: int) -> None:
    """Show the page of a trouble that is hard to come by."""
    words = render_to_string(f"{status}.html", {"request_id": "7c1e4a90"})
    page.route(
        f"**/as-if/{status}",
        lambda route: route.fulfill(status=200, content_type="text/html", body=words),
    )


def test_going_on_without_a_line_stays_and_loses_nothing(
    demo_site: Site, visit: Visit, places: dict[str, str]
) -> None:
    page = visit(demo_site.url, "phone")
    be(page, "ana@mail.example")
    page.goto(f"{places['begun']}step/6/")
    page.context.set_offline(True)
    page.locator("textarea").fill("written on the train")
    page.locator("button:visible:text-is('Continue')").click()
    expect(page.get_by_text("You are offline. Keep writing")).to_be_in_viewport()
    expect(page.locator("textarea")).to_have_value("written on the train")
    page.context.set_offline(False)
    expect(page.get_by_text("You are offline. Keep writing")).to_be_hidden()
    page.locator("button:visible:text-is('Continue')").click()
    page.wait_for_url("**/step/7/")
    page.goto(f"{places['begun']}step/6/")
    expect(page.locator("textarea")).to_have_value("written on the train")


def test_on_a_phone_every_word_for_a_feeling_stays_whole(
    demo_site: Site, visit: Visit, places: dict[str, str]
) -> None:
    page = visit(demo_site.url, "phone")
    be(page, "ana@mail.example")
    page.goto(f"{places['begun']}step/5/")
    for width in (390, 320):
        page.set_viewport_size({"width": width, "height": 844})
        assert page.evaluate(BROKEN, arg=False) == []
        assert page.evaluate(BROKEN, arg=True) == []
