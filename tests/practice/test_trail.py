"""The trail: what is in it, who reads it, and that nothing in it is changed unseen."""

import csv
import html
import io
import re
from datetime import timedelta
from threading import Event, Thread

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils.timezone import now

from clients.actions import caring, erasing, joining
from clients.models import Couple
from exercises.actions import clockwork, flagging
from exercises.models import Flag, FlagKind
from practice.actions import auditing, invitations, people, practices
from practice.forms.policies import setting_names
from practice.letters import without_accents
from practice.models import AuditEvent, Practice, User
from practice.tenancy import scope
from practice.wording import ACTS, act_text
from tests.cast import Person, Play
from tests.conftest import acting_as, as_owner, commit_trail
from tests.practice.ground import text_of

pytestmark = pytest.mark.django_db(transaction=True)
BEGUN = "homework.begin"


# --- the page ---------------------------------------------------------------------------------
def test_the_trail_says_who_did_what_and_no_word(
    play: Play, dana: Person, ana: Person, ruth: Person
):
    homework = play.submit(ana, play.homework(ana, play.assign(dana, ana)), topic="the lighthouse")
    play.review(dana, homework, words="persimmon weather", comments={"topic": "elderflower"})
    page = text_of(ruth.browser().get("/audit/"))
    for said in ("Assigned an exercise", "Sent homework", "Read homework", "Sent a review"):
        assert said in page
    assert "Dana Whitlock" in page
    assert str(homework.pk) in page
    for word in ("lighthouse", "persimmon", "elderflower"):
        assert word not in page


def test_the_trail_says_whose_record_it_was_and_by_which_clock(
    play: Play, dana: Person, ana: Person, omar: Person, ruth: Person
):
    homework = play.submit(ana, play.homework(ana, play.assign(dana, ana)), topic="Bags")
    play.review(dana, homework, words="I read it.")
    with scope(practice=ruth.practice.pk):
        people.set_roles(by=ruth.actor, at=now(), member=omar.member, roles=["therapist"])  # type: ignore[arg-type]
    page = text_of(ruth.browser().get("/audit/"))
    assert "Times are in Lisbon time; the export is in UTC." in page
    rows = [re.findall(r"<td>(.*?)<", row) for row in page.split('<th scope="row"')[1:]]
    assert ["Dana Whitlock", "Sent a review", "Homework, Ana Quintero "] in rows
    assert [
        "Ana Quintero",
        "Sent homework",
        "Homework ",
    ] in rows  # whose it is stands there already
    assert ["Ruth Abernathy", "Set a member’s roles", "Member, Omar Castellan "] in rows


def test_the_trail_names_both_of_a_couple_and_who_was_invited(
    play: Play, dana: Person, ruth: Person, cleared: Couple
):
    play.assign(dana, cleared)
    with scope(practice=ruth.practice.pk):
        invitations.invite(
            by=ruth.actor,
            at=now(),
            kind="member",
            email="theo@practice.example",
            name="Theo Marsh",
            roles=["therapist"],
        )
    page = text_of(ruth.browser().get("/audit/"))
    assert f"Assignment, {cleared.names_in_lists} " in html.unescape(page)
    assert "Invitation, Theo Marsh " in page


def test_whose_account_went_with_their_record_is_a_client_and_not_homeward(
    play: Play, dana: Person, ana: Person, ruth: Person
):
    play.submit(ana, play.homework(ana, play.assign(dana, ana)), topic="x")
    with scope(practice=ana.practice.pk):
        joining.switch_off(client=ana.client, kind="", at=now())
    # Who stopped their mails by a link that needs no sign-in is named as long as they are known.
    said = f"<td>Ana Quintero</td><td>{act_text('preference.set')}"
    assert said in text_of(ruth.browser().get("/audit/"))
    with play.at(dana):
        erasing.request(by=dana.actor, at=now(), client=ana.client)
    with acting_as("homeward_worker"):
        assert clockwork.erase_due(ana.practice.pk, now() + timedelta(days=15)) == 1
    page = text_of(ruth.browser().get("/audit/"))
    for act in ("preference.set", "homework.submit"):
        assert f"<td>A client, erased</td><td>{act_text(act)}" in page
    assert f"<td>Homeward</td><td>{act_text('record.erased')}" in page


def test_the_trail_says_to_whom_a_client_was_handed(
    dana: Person, ana: Person, omar: Person, ruth: Person
):
    with scope(practice=ruth.practice.pk):
        caring.hand_over(by=dana.actor, at=now(), clients=[ana.client], to=omar.member)
    browser = ruth.browser()
    (line,) = re.findall(r"<td>(Handed a client over.*?)</td>", text_of(browser.get("/audit/")))
    assert "to Omar Castellan" in line
    head, row = csv.reader(io.StringIO(text_of(browser.get("/audit/?as=csv"))))
    assert dict(zip(head, row, strict=True))["to"] == "Omar Castellan"


def test_the_trail_says_with_whom_somebody_was_linked(
    dana: Person, ana: Person, ben: Person, ruth: Person
):
    with scope(practice=ruth.practice.pk):
        couple = caring.link(by=dana.actor, at=now(), first=ana.client, second=ben.client)
        caring.unlink(by=dana.actor, at=now(), couple=couple)
    browser = ruth.browser()
    page = text_of(browser.get("/audit/"))
    lines = re.findall(
        r"<td>(Linked|Unlinked) a couple <span[^>]*>(.*?)</span></td><td>(.*?) <", page
    )
    assert set(lines) == {
        (act, f"with {other.user.name}", f"Client, {one.user.name}")
        for act in ("Linked", "Unlinked")
        for one, other in ((ana, ben), (ben, ana))
    }
    rows = list(csv.DictReader(io.StringIO(text_of(browser.get("/audit/?as=csv")))))
    said = {(row["client's name"], row["with"]) for row in rows}
    assert said >= {("Ana Quintero", ben.user.name), (ben.user.name, "Ana Quintero")}
    # What is of one of the two says the same, and nothing else of the other.
    hers = text_of(browser.get(f"/audit/?client={ana.client.pk}"))
    assert hers.count(f"with {ben.user.name}") == 2
    assert f"Client, {ben.user.name}" not in hers


def test_every_act_that_was_played_has_its_sentence(
    play: Play, dana: Person, ana: Person, ruth: Person
):
    play.review(dana, play.submit(ana, play.homework(ana, play.assign(dana, ana)), topic="x"))
    with scope(practice=ruth.practice.pk):
        played = set(AuditEvent.objects.values_list("action", flat=True))
    assert played - set(ACTS) == {BEGUN}
    assert act_text("something.new_here") == "something: new here"


def test_that_somebody_has_begun_is_sealed_and_shown_to_no_admin(
    play: Play, dana: Person, ana: Person, ruth: Person
):
    play.say(ana, play.homework(ana, play.assign(dana, ana)), topic="x")
    with scope(practice=ruth.practice.pk):
        assert AuditEvent.objects.filter(action=BEGUN).count() == 1
    browser = ruth.browser()
    page, file = text_of(browser.get("/audit/")), text_of(browser.get("/audit/?as=csv"))
    for text in (page, file):
        assert "assign" in text.lower()
        assert BEGUN not in text
    # All Ana did was to begin.
    assert "Ana Quintero</td>" not in page
    who = {row["who"] for row in csv.DictReader(io.StringIO(file))}
    assert "Dana Whitlock" in who
    assert "Ana Quintero" not in who


def test_the_trail_can_be_narrowed(ruth: Person, dana: Person, omar: Person):
    with scope(practice=ruth.practice.pk):
        people.set_roles(by=ruth.actor, at=now(), member=dana.member, roles=["therapist"])  # type: ignore[arg-type]
        people.deactivate(by=ruth.actor, at=now(), member=omar.member)  # type: ignore[arg-type]
    browser = ruth.browser()
    rows = '<th scope="row"'
    assert text_of(browser.get("/audit/")).count(rows) == 2
    for narrow, count in (
        ("action=member.deactivated", 1),
        (f"record={omar.member.pk}", 1),  # type: ignore[union-attr]
        (f"record={str(omar.member.pk)[:8]}", 1),  # type: ignore[union-attr]
        (f"record={str(omar.member.pk)[:7]}", 0),  # type: ignore[union-attr]
        (f"person={ruth.user.pk}", 2),
        (f"person={dana.user.pk}", 0),
        ("since=2100-01-01", 0),
        ("until=2000-01-01", 0),
        ("since=2000-01-01&until=2100-01-01", 2),
    ):
        assert text_of(browser.get(f"/audit/?{narrow}")).count(rows) == count, narrow


@pytest.mark.parametrize("language", ["en", "es"])
def test_what_can_be_done_is_listed_by_its_letters(ruth: Person, language: str):
    browser = ruth.browser()
    browser.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    listed = text_of(browser.get("/audit/")).partition('name="action"')[2].partition("</select>")[0]
    acts = [html.unescape(one) for one in re.findall(r"<option[^>]*>([^<]+)<", listed)][1:]
    assert len(acts) == len(ACTS)
    assert acts == sorted(acts, key=lambda act: without_accents("NFKD", act).casefold())


@pytest.mark.parametrize(
    "nonsense",
    [
        "person=x",
        "since=tomorrow",
        "record=%00",
        "client=x",
        "action=zz",
        "after=zz",
        "until=0000-00-00",
    ],
)
def test_nonsense_breaks_nothing(ruth: Person, nonsense: str):
    assert ruth.browser().get(f"/audit/?{nonsense}").status_code in {404, 422}


def test_a_day_before_the_first_is_said_to_be_one(ruth: Person):
    answer = ruth.browser().get("/audit/?since=2026-11-02&until=2026-11-01")
    assert answer.status_code == 422
    page = text_of(answer)
    assert "The first day has to come before the last." in page
    assert "Nothing found" not in page
    one_day = ruth.browser().get("/audit/?since=2026-11-02&until=2026-11-02")
    assert one_day.status_code == 200


def test_which_settings_were_changed_is_named_and_not_to_what(ruth: Person):
    with scope(practice=ruth.practice.pk):
        practice = Practice.objects.get()
        values = {name: getattr(practice, name) for name in practices.SETTINGS}
        values |= {"discreet_name": "A lighthouse", "crisis_texts": {"en": "Call the lighthouse."}}
        practices.set_policies(by=ruth.actor, at=now(), practice=practice, values=values)
    page = html.unescape(text_of(ruth.browser().get("/audit/")))
    assert "Discreet name, What clients read under “get help now”" in page
    assert "lighthouse" not in page
    names = setting_names(",".join(practices.SETTINGS))
    assert len(names) == len(practices.SETTINGS)
    assert "None" not in names


def test_the_trail_is_for_admins_of_this_practice(
    dana: Person, sana: Person, zoe: Person, ruth: Person, ana: Person
):
    with scope(practice=ruth.practice.pk):
        people.set_roles(by=ruth.actor, at=now(), member=dana.member, roles=["therapist"])  # type: ignore[arg-type]
    for person in (dana, sana, ana):
        assert person.browser().get("/audit/").status_code == 403
        assert person.browser().get("/audit/?as=csv").status_code == 403
    assert str(dana.member.pk) not in text_of(zoe.browser().get("/audit/"))  # type: ignore[union-attr]


def test_an_export_is_safe_to_open_and_leaves_its_own_line(ruth: Person, dana: Person):
    User.objects.filter(pk=ruth.user.pk).update(name='=HYPERLINK("https://evil.example")')
    with scope(practice=ruth.practice.pk):
        people.set_roles(by=ruth.actor, at=now(), member=dana.member, roles=["therapist"])  # type: ignore[arg-type]
    response = ruth.browser().get("/audit/?as=csv")
    head, row = csv.reader(io.StringIO(text_of(response)))
    assert dict(zip(head, row, strict=True))["who"].startswith("'=HYPERLINK")
    assert not any(cell[:1] in {"=", "+", "-", "@"} for cell in row)
    assert response["Content-Disposition"] == 'attachment; filename="audit.csv"'
    with scope(practice=ruth.practice.pk):
        assert AuditEvent.objects.order_by("-id")[0].action == "audit.exported"


def test_the_trail_is_shown_as_it_was_chained_whoever_began_first(ruth: Person):
    """A line that was written first and committed last is the newest, on the page and in the file:
    it never comes up between lines that somebody has read already."""
    written, committed = Event(), Event()

    def note(what: str) -> None:
        auditing.record(by=ruth.actor, at=now(), action=what, object_kind="t", object_id=1)

    def slow() -> None:
        try:
            with scope(practice=ruth.practice.pk):
                note("t.slow")
                written.set()
                committed.wait(20)
        finally:
            connection.close()

    waiting = Thread(target=slow)
    waiting.start()
    assert written.wait(20)
    with scope(practice=ruth.practice.pk):
        note("t.fast")
    committed.set()
    waiting.join(20)
    page = text_of(ruth.browser().get("/audit/"))
    assert page.index("t: slow") < page.index("t: fast")
    rows = csv.DictReader(io.StringIO(text_of(ruth.browser().get("/audit/?as=csv"))))
    assert [row["what"] for row in rows] == ["t.fast", "t.slow"]


def test_that_an_answer_asked_for_a_human_is_in_the_chain_and_nowhere_one_reads_it(
    play: Play, dana: Person, ana: Person, ruth: Person
):
    homework = play.homework(ana, play.assign(dana, ana))
    with scope(practice=ana.practice.pk):
        flagging.raise_flag(
            by=ana.actor, at=now(), homework=homework, item_key="afraid", kind=FlagKind.SAFETY
        )
        flag = Flag.objects.get()
        flagging.handle_flag(by=dana.actor, at=now(), flag=flag)
        flagging.give_back_flag(by=dana.actor, at=now(), flag=flag)
        commit_trail()
        chained = list(AuditEvent.objects.filter(action__startswith="flag."))
    assert {one.action for one in chained} == {"flag.raised", "flag.handled", "flag.given_back"}
    browser = ruth.browser()
    for address in ("/audit/", f"/audit/?record={homework.pk}", "/audit/?as=csv", "/api/v1/audit"):
        answer = browser.get(address)
        assert answer.status_code == 200, address
        said = text_of(answer).lower()
        assert "homework.skip" in said or "set homework aside" in said, address
        assert "flag" not in said, address
        assert str(flag.pk) not in said, address
    for narrow in ("action=flag.raised", "action=flag.handled"):
        assert browser.get(f"/audit/?{narrow}").status_code == 422
        assert browser.get(f"/api/v1/audit?{narrow}").status_code == 422
    for record in (flag.pk, str(flag.pk)[:8]):
        assert '<th scope="row"' not in text_of(browser.get(f"/audit/?record={record}"))
    # Nor is there a number whose absence beside the client's deed would say it.
    assert "number" not in text_of(browser.get("/audit/?as=csv")).splitlines()[0]
    line = browser.get("/api/v1/audit").json()["results"][0]
    assert "seq" not in line
    # Nor the chain's digest: with it one could try whether two lines are neighbours.
    assert "digest" not in text_of(browser.get("/audit/?as=csv")).splitlines()[0]
    assert "digest" not in line


# --- the chain --------------------------------------------------------------------------------
@pytest.fixture
def chain(ruth: Person) -> list[AuditEvent]:
    with scope(practice=ruth.practice.pk):
        for n in range(4):
            auditing.record(
                by=ruth.actor, at=now(), action="t.done", object_kind="t", object_id=n, count=n
            )
        commit_trail()
        return list(AuditEvent.objects.order_by("id"))


def test_an_unbroken_chain_is_proven(chain: list[AuditEvent], capsys: pytest.CaptureFixture[str]):
    with as_owner():
        call_command("verifyaudit")
    assert "4 events" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("UPDATE practice_auditevent SET action = 'x' WHERE id = {0}", "columns"),
        ("UPDATE practice_auditevent SET object_id = 'x' WHERE id = {0}", "columns"),
        ("UPDATE practice_auditevent SET at = at - interval '1 day' WHERE id = {0}", "columns"),
        ("UPDATE practice_auditevent SET user_id = 1 WHERE id = {0}", "columns"),
        ("UPDATE practice_auditevent SET client_id = gen_random_uuid() WHERE id = {0}", "columns"),
        ("UPDATE practice_auditevent SET payload = payload || ' ' WHERE id = {0}", "changed"),
        ("DELETE FROM practice_auditevent WHERE id = {0}", "missing"),
        ("UPDATE practice_auditevent SET digest = sha256('x') WHERE id = {0}", "changed"),
    ],
)
def test_whatever_is_changed_is_noticed(chain: list[AuditEvent], change: str, said: str):
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(change.format(chain[1].pk))
    with as_owner(), pytest.raises(CommandError, match=said):
        call_command("verifyaudit")
