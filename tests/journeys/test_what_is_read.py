"""What a screen reader gets: question, hint, choice with its word, error and saved state.

Asked of the tree the browser computes for assistive technology, after its own scripts ran. Orca
itself was walked through these pages by hand; what it stumbled over is held here.
"""

from dataclasses import dataclass
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.cast import Person, Play
from tests.journeys.ground import OpenAs

pytestmark = pytest.mark.django_db(transaction=True)
CONTINUE = "form .actions .btn >> nth=0"
# Where "Under the argument" asks for each.
FEELINGS, WRITING, SCALE = 5, 6, 10


@dataclass(frozen=True)
class Words:
    """What the walk meets, in one language."""

    scale: str
    scale_hint: str
    seven: str
    feelings: str
    feelings_hint: str
    how_strong: str
    writing: str
    writing_hint: str
    one_thing: str
    write_something: str
    choose_something: str
    problem: str
    saved: str
    change: str


WORDS = {
    "en": Words(
        scale="And how close do I feel now?",
        scale_hint="It may be the same, or further away. That is worth knowing too.",
        seven="7 rather close",
        feelings="And underneath, what was there?",
        feelings_hint="Pick the words that come closest, and say how strong."
        " “I don’t know yet” is an answer too.",
        how_strong="How strong: hurt",
        writing="If that had not been the point, I think I was afraid that…",
        writing_hint="Finish the sentence in your own words. A few are enough.",
        one_thing="One thing before you go on",
        write_something="Write a few words, or choose “Skip this one”.",
        choose_something="Pick one or more, or choose “Skip this one”.",
        problem="Problem:",
        saved="Saved",
        change="Change",
    ),
    "es": Words(
        scale="¿Y qué tan cerca me siento ahora?",
        scale_hint="Puede que sea igual, o que te sientas más lejos. También vale la pena saberlo.",
        seven="7 bastante cerca",
        feelings="Y debajo, ¿qué había?",
        feelings_hint="Elige las palabras que más se acerquen y di con qué fuerza."
        " «Todavía no lo sé» también es una respuesta.",
        how_strong="Con qué fuerza: con dolor",
        writing="Más allá de ese asunto, creo que tenía miedo de que…",
        writing_hint="Termina la frase con tus palabras. Bastan pocas.",
        one_thing="Una cosa antes de seguir",
        write_something="Escribe unas palabras o elige «Saltar esta».",
        choose_something="Elige una o más opciones, o «Saltar esta».",
        problem="Problema:",
        saved="Guardado",
        change="Cambiar",
    ),
}


@dataclass(frozen=True)
class Heard:
    """One thing that is read: its role, name, description, state, in the order of reading."""

    role: str
    name: str
    description: str = ""
    state: frozenset[str] = frozenset()


class Reading(list[Heard]):
    """A page as it is read, from top to bottom."""

    def all(self, role: str, name: str = "") -> list[Heard]:
        """Return what has this role, and this in its name."""
        return [one for one in self if one.role == role and name in one.name]

    def only(self, role: str, name: str = "") -> Heard:
        """Return the one thing with this role and name; twice would be said twice."""
        found = self.all(role, name)
        assert len(found) == 1, (role, name, found, self)
        return found[0]

    def in_order(self, *names: str) -> None:
        """Hold that these texts come one after the other."""
        rest = iter(self)
        for name in names:
            assert any(name in one.name for one in rest), (name, names, self)

    def announced(self) -> str:
        """Return what the one status says, politely; it says nothing by being there."""
        at = self.index(self.only("status"))
        assert "live=polite" in self[at].state
        return self[at + 1].name if self[at + 1].role == "StaticText" else ""

    def once(self, text: str) -> None:
        """Hold that this text, beside what it names or describes, is met once."""
        assert len(self.all("StaticText", text)) == 1, (text, self)


def read(page: Page) -> Reading:
    """Read the page through the browser's accessibility tree."""
    page.wait_for_load_state()
    door = page.context.new_cdp_session(page)
    nodes: dict[str, Any] = {
        node["nodeId"]: node for node in door.send("Accessibility.getFullAXTree")["nodes"]
    }
    door.detach()
    reading = Reading()

    def walk(node: Any) -> None:
        role = _value(node, "role")
        if not node["ignored"] and role not in {"InlineTextBox", "none", "generic"}:
            reading.append(
                Heard(role, _value(node, "name"), _value(node, "description"), _on(node))
            )
        for child in node.get("childIds", []):
            if child in nodes:
                walk(nodes[child])

    walk(next(iter(nodes.values())))
    return reading


def _value(node: Any, name: str) -> str:
    return " ".join(str(node.get(name, {}).get("value", "")).split())


def _on(node: Any) -> frozenset[str]:
    said = {one["name"]: str(one["value"].get("value")) for one in node.get("properties", [])}
    return frozenset(f"{name}={value}" for name, value in said.items())


def go_on_without_an_answer(page: Page) -> Reading:
    """Press Continue, and read what comes once the script has moved the focus."""
    page.locator(CONTINUE).click()
    expect(page.locator("[data-errors]")).to_be_focused()
    return read(page)


@pytest.fixture(params=WORDS)
def begun(
    open_as: OpenAs,
    request: pytest.FixtureRequest,
    live_server: LiveServer,
    play: Play,
    dana: Person,
    ana: Person,
) -> tuple[Page, Words, str]:
    """Return Ana's phone in one language, and the address of what she is to do."""
    language: str = request.param
    homework = play.homework(ana, play.assign(dana, ana))
    page = open_as(ana, "phone")
    cookie = {"name": settings.LANGUAGE_COOKIE_NAME, "value": language, "url": live_server.url}
    page.context.add_cookies([cookie])  # type: ignore[list-item]
    page.goto("/today/")
    assert page.locator("html").get_attribute("lang") == language
    return page, WORDS[language], f"/homework/{homework.pk}/"


def test_each_thing_is_read_once_and_in_a_sensible_order(
    begun: tuple[Page, Words, str], problems: list[str]
) -> None:
    page, words, base = begun

    # The scale: question, hint, eleven choices each with its word, and no drawing.
    page.goto(f"{base}step/{SCALE}/")
    scale = read(page)
    question = scale.only("group", words.scale)
    assert question.description == words.scale_hint
    scale.only("heading", words.scale)
    scale.once(words.scale)
    choices = [one.name for one in scale.all("radio")]
    assert words.seven in choices
    assert all(len(name.split(" ", 1)) == 2 for name in choices), choices
    scale.in_order(words.scale, words.scale_hint, words.seven)
    assert not [one for one in scale if one.role in {"image", "SvgRoot", "graphics-document"}]

    # Saved: nothing is said before; then once, politely.
    assert scale.announced() == ""
    page.locator("[name=close_after][value='7']").check(force=True)
    expect(page.locator("[data-saved-status]")).to_contain_text(words.saved)
    saved = read(page)
    assert saved.announced().startswith(words.saved)
    saved.once(words.saved)
    # Coming back: it stands there to be read, and nothing is announced.
    page.reload()
    back = read(page)
    back.once(words.saved)
    assert back.announced() == ""

    # Feelings: a chosen word asks how strong, by its name; an error is the group's description.
    page.goto(f"{base}step/{FEELINGS}/")
    feelings = read(page)
    assert feelings.only("group", words.feelings).description == words.feelings_hint
    refused = go_on_without_an_answer(page)
    summary = refused.only("group", words.one_thing)
    assert summary.description == words.choose_something
    assert "focused=True" in summary.state
    told = refused.only("group", words.feelings).description
    assert told == f"{words.feelings_hint} {words.problem} {words.choose_something}"
    page.locator("[name=felt]").first.check(force=True)
    read(page).only("group", words.how_strong)

    # Writing: the question is the box's name; hint and error its description, in that order.
    page.goto(f"{base}step/{WRITING}/")
    assert read(page).only("textbox", words.writing).description == words.writing_hint
    refused = go_on_without_an_answer(page)
    assert refused.only("group", words.one_thing).description == words.write_something
    box = refused.only("textbox", words.writing)
    assert box.description == f"{words.writing_hint} {words.problem} {words.write_something}"
    assert "invalid=true" in box.state
    assert page.title().startswith(words.problem)
    # Focus reads it; an alert would say it a second time.
    assert not refused.all("alert")
    refused.only("link", words.write_something)
    refused.in_order(words.one_thing, words.writing, words.writing_hint, words.problem)

    # Check: each link says what it changes.
    page.goto(f"{base}check/")
    check = read(page)
    check.only("link", f"{words.change} {words.scale}")
    assert not problems or all("422" in one for one in problems)


def test_a_therapist_hears_which_answer_a_comment_is_for_and_that_it_went(
    open_as: OpenAs,
    play: Play,
    dana: Person,
    ana: Person,
    noor: Person,
) -> None:
    homework = play.submit(ana, play.homework(ana, play.assign(dana, ana)))
    following = play.submit(noor, play.homework(noor, play.assign(dana, noor)))
    page = open_as(dana, "desktop")
    page.goto(f"/review/{homework.pk}/")
    review = read(page)
    question = WORDS["en"].writing
    review.only("heading", question)
    review.only("DisclosureTriangle", f"Comment on “{question}”")
    assert review.only("group", "Your reply to Ana").role == "group"
    comment = page.locator("details[data-comment]", has_text=question)
    comment.locator("summary").click()
    expect(comment.locator("textarea")).to_be_focused()
    page.get_by_role("button", name="Send and open next").click()
    page.wait_for_url(f"**/review/{following.pk}/?sent=*")
    # Two voices here: what was sent, and what is kept while one writes, which is silent as yet.
    after = read(page)
    said = [after[at + 1].name for at, one in enumerate(after) if one.role == "status"]
    assert [text for text in said if text.startswith("Sent")] == ["Sent to Ana."]
