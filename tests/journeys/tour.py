"""Every page, as each person of the demo: for the tests of the face, and for pictures of it."""

import re
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.timezone import now
from playwright.sync_api import Page, Route

from clients.actions import caring
from exercises.definition import ItemKind
from exercises.models import Assignment, Entry, Exercise, Homework
from practice.actions import invitations
from practice.actors import member_actor
from practice.models import InvitationKind, User
from practice.tenancy import scope
from tests.cast import PASSWORD
from tests.processes import Site

TROUBLES = (400, 409, 429, 500, 503)
# What such a page says, and not the frame around it.
SAYS = re.compile(r"<title>.*?</title>|<main.*?</main>", re.DOTALL)
OLD_TAB = """([path, name]) => {
  const form = document.querySelector("form:has([name=csrfmiddlewaretoken])");
  form.action = path;
  form.append(Object.assign(document.createElement("textarea"), {name, value: "From an old tab."}));
  form.submit();
}"""


@dataclass(frozen=True)
class Stop:
    """One page: its address, then what to press there (as the catalogue has it), and the status.

    `old`: a form of a tab from before it was closed is sent there, with words for this question.
    """

    path: str
    press: str = ""
    status: int = 200
    old: str = ""


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
    Stop("{begun}check/", press="Send to %(therapist)s"),
    Stop("{both}"),
    Stop("{both}step/4/"),
    Stop("{both}step/6/"),
    Stop("{log}entries/"),
    Stop("{entry}"),
    Stop("{entry}remove/"),
    Stop("{answered}feedback/"),
    Stop("{answered}copy/"),
    Stop("{answered}step/1/", old="{answered_key}", status=409),
    Stop("/log/"),
    Stop("/growth/"),
    Stop("/breath/"),
    Stop("/you/"),
    Stop("/you/reminders"),
    Stop("/you/topics"),
    Stop("/you/readers"),
    Stop("/you/consent"),
    Stop("/you/consent/withdraw"),
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
    Stop("/review/?only=couples"),
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
    Stop("{exercise}preview/?step=1"),
    Stop("/you/account"),
    Stop("/you/keys"),
    *ACCOUNT,
]
RUTH = [
    Stop("/people/"),
    Stop("/people/invite"),
    Stop("/people/invite", press="Send the invitation"),
    Stop("{member}"),
    Stop("/practice/settings"),
    Stop("/audit/"),
    Stop("/records/"),
    Stop("/review/", status=403),
]
SANA = [Stop("/clients/"), Stop("{client}"), Stop("{work}")]
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


def addresses(site: Site) -> dict[str, str]:
    """Find the addresses that hold an id, among what the demo tells; invite two who have not come."""
    with site.orm():
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
                email="hedda@hillside.example",
                name="Hedda Lund",
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
        questions = work["answered"].last().version.definition.asked
        written = next(one for one in questions if one.kind in {ItemKind.TEXT, ItemKind.LONGTEXT})
        return {
            **{name: f"/homework/{rows.last().pk}/" for name, rows in work.items()},
            "answered_key": written.key,
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


def speak(page: Page, language: str, url: str) -> None:
    """Choose a language for what is opened from now on."""
    page.context.add_cookies(
        [{"name": settings.LANGUAGE_COOKIE_NAME, "value": language, "url": url}]
    )


def open_at(page: Page, stop: Stop, places: dict[str, str], language: str = "en") -> int:
    """Go there, proving once more who one is where that is asked, and press what is to be pressed."""
    path = stop.path.format(**places)
    if stop.old:
        with page.expect_navigation() as sent:
            page.evaluate(OLD_TAB, [path, stop.old.format(**places)])
        assert sent.value is not None
        return sent.value.status
    answer = page.goto(path)
    if "/reauthenticate/" in page.url and "/reauthenticate/" not in path:
        page.locator("[type=password]").fill(PASSWORD)
        page.locator("main form button").first.click()
        page.wait_for_url(lambda url: "/reauthenticate/" not in url)
        answer = page.goto(path)
    assert answer is not None
    assert "/account/login" not in page.url or "/account/login" in path, path
    if stop.press:
        with translation.override(language):
            begins = translation.gettext(stop.press).partition("%(")[0]
        # The page of before stays until the answer comes: nobody is to look at that one.
        with page.expect_navigation():
            page.locator("main").get_by_role("button", name=begins).first.click()
        if "/reauthenticate/" in page.url and "/reauthenticate/" not in path:
            page.locator("[type=password]").fill(PASSWORD)
            with page.expect_navigation():
                page.locator("main form button").first.click()
        return stop.status  # a form sent back says 200 or 422
    return answer.status


def pretend(page: Page, status: int, language: str = "en") -> None:
    """Show the page of a trouble that is hard to come by, in the frame of who is here."""
    with translation.override(language):
        said = {
            "heading": translation.gettext("This could not be done"),
            "message": translation.gettext("Somebody asked for this already, so nothing changed."),
            "back_url": "/",
            "request_id": "7c1e4a90",
        }
        whole = render_to_string(f"{status}.html", said)

    def answer(route: Route) -> None:
        if status >= 500:  # these have a frame of their own, which asks for nobody
            route.fulfill(status=200, content_type="text/html", body=whole)
            return
        real = route.fetch(url=urljoin(route.request.url, "/nothing/here"))
        words = iter(SAYS.findall(whole))
        body = SAYS.sub(lambda _found: next(words), real.text())
        route.fulfill(response=real, status=200, body=body)

    page.route(f"**/as-if/{status}", answer)
