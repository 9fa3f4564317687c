"""Homeward speaks every language it offers: nothing is missing, and what is compiled is what was written."""

import ast
import gettext
import re
import shutil
import subprocess
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation.template import templatize

from clients import consent_text
from clients.models import Couple
from exercises.definition import describing, feelings, model
from practice.tenancy import scope
from tests.cast import Person, Play

ROOT = Path(__file__).resolve().parents[2]
LANGUAGES = [code for code, _ in settings.LANGUAGES if code != "en"]
TEMPLATES = [path for path in (ROOT / "templates").rglob("*.*") if path.is_file()]
MODULES = [
    path for app in ("practice", "clients", "exercises") for path in (ROOT / app).rglob("*.py")
]
# What a name for gettext takes before its message, and how many messages.
MARKS = {"_": (0, 1), "gettext": (0, 1), "gettext_lazy": (0, 1), "gettext_noop": (0, 1)}
MARKS |= {"ngettext": (0, 2), "ngettext_lazy": (0, 2), "pgettext": (1, 1), "pgettext_lazy": (1, 1)}
MARKS |= {"npgettext": (1, 2), "message": (0, 1)}
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|</?[a-z]\w*|\{\w*\}")
every_language = pytest.mark.parametrize("language", LANGUAGES)


def written(language: str) -> Path:
    return ROOT / "locale" / language / "LC_MESSAGES" / "django.po"


def plain(language: str) -> str:
    """Return the catalogue as written, one string a line: each message can be looked up in it."""
    return written(language).read_text(encoding="utf-8").replace('"\n"', "")


def compiled(language: str) -> dict[Any, str]:
    """Return what Django will say: translations by message, context and plural form."""
    with written(language).with_suffix(".mo").open("rb") as file:
        catalog: dict[Any, str] = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]
    return {key: words for key, words in catalog.items() if key}


def marked(source: str) -> Iterator[str]:
    """Find the messages that Python source marks for translation, as the catalogue names them."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        words = [str(arg.value) if isinstance(arg, ast.Constant) else "" for arg in node.args]
        context, count = MARKS.get(name, (0, 0))
        if count and len(words) >= context + count and words[context]:
            yield f"{words[0]}\x04{words[1]}" if context else words[0]


def in_template(path: Path) -> Iterator[str]:
    """Find the messages of a template, by Django's own reading of it."""
    calls = re.findall(
        r"""(?<![\w.])(?:_|gettext|ngettext|pgettext|npgettext)\((?:u?'(?:[^'\\]|\\.)*'|u?"(?:[^"\\]|\\.)*"|, ?|count)+\)""",
        templatize(path.read_text(encoding="utf-8"), origin=str(path)),
    )
    for call in calls:
        yield from marked(call)


@every_language
def test_every_message_has_its_words(language: str):
    known = {key[0] if isinstance(key, tuple) else key for key in compiled(language)}
    said = {words for path in TEMPLATES for words in in_template(path)}
    said |= {words for path in MODULES for words in marked(path.read_text(encoding="utf-8"))}
    assert len(said) > 1000, "the messages were not found"
    assert sorted(said - known) == []


@every_language
def test_nothing_is_empty_or_guessed(language: str):
    assert [key for key, words in compiled(language).items() if not words.strip()] == []
    assert not re.search(
        r"^#,.*\bfuzzy\b", written(language).read_text(encoding="utf-8"), re.MULTILINE
    )


@every_language
def test_placeholders_and_marks_are_kept(language: str):
    plurals = dict(
        re.findall(r'^msgid "(.*)"\nmsgid_plural "(.*)"$', plain(language), re.MULTILINE)
    )
    wrong = []
    for key, words in compiled(language).items():
        message, form = key if isinstance(key, tuple) else (key, 0)
        message = plurals[message] if form else message.split("\x04")[-1]
        if sorted(PLACEHOLDER.findall(message)) != sorted(PLACEHOLDER.findall(words)):
            wrong.append((message, words))
    assert wrong == []


@every_language
def test_what_is_compiled_is_what_was_written(language: str):
    text = plain(language)
    blocks = {
        re.sub(r"^#.*\n", "", block, flags=re.MULTILINE).strip() for block in text.split("\n\n")
    }
    catalog = compiled(language)
    missing = [key for key, words in catalog.items() if not _stands(blocks, key, words)]
    assert missing == [], "compile anew: manage.py compilemessages"
    messages = {key[0] if isinstance(key, tuple) else key for key in catalog}
    assert len(blocks) - 1 == len(messages)


def _stands(blocks: set[str], key: Any, words: str) -> bool:
    message, form = key if isinstance(key, tuple) else (key, None)
    context, _, message = message.rpartition("\x04")
    head = f'msgctxt "{_quoted(context)}"\n' if context else ""
    head += f'msgid "{_quoted(message)}"\n'
    if form is None:
        return head + f'msgstr "{_quoted(words)}"' in blocks
    line = f'\nmsgstr[{form}] "{_quoted(words)}"'
    return any(block.startswith(head + "msgid_plural") and line in block for block in blocks)


def _quoted(words: str) -> str:
    return words.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


@every_language
def test_gettext_itself_has_no_objection(language: str, tmp_path: Path):
    tool = shutil.which("msgfmt")
    if tool is None:
        pytest.skip("gettext is not installed")
    made = tmp_path / "django.mo"
    checked = subprocess.run(
        [tool, "--check", "-o", made, written(language)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (checked.returncode, checked.stderr) == (0, "")


@every_language
def test_what_is_no_message_has_its_words_too(language: str):
    assert set(consent_text.TEXTS) == set(consent_text.SIGNED_IN) == {"en", *LANGUAGES}
    assert set(model.LANGUAGES) == {"en", *LANGUAGES}
    texts = [word.text for word in feelings.WORDS.values()]
    texts += [text for text in (*describing.STRENGTHS, describing.YES, describing.NO) if text]
    assert [text for text in texts if language not in text.languages()] == []


@every_language
@pytest.mark.parametrize(
    "path", sorted((ROOT / "exercises" / "library").glob("*.yaml")), ids=lambda path: path.stem
)
def test_an_exercise_has_all_its_words(path: Path, language: str):
    def walk(node: Any, where: str) -> Iterator[str]:
        pairs = node.items() if isinstance(node, dict) else enumerate(node)
        if isinstance(node, dict) and "en" in node and not node.get(language):
            yield where
        for key, value in pairs:
            if isinstance(value, dict | list):
                yield from walk(value, f"{where}.{key}")

    exercise = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert list(walk(exercise, path.stem)) == []


# --- pages ------------------------------------------------------------------------------------
ENGLISH = {
    "the",
    "and",
    "of",
    "you",
    "your",
    "yours",
    "with",
    "this",
    "that",
    "these",
    "is",
    "are",
    "was",
    "were",
    "be",
    "not",
    "for",
    "to",
    "from",
    "it",
    "its",
    "in",
    "on",
    "at",
    "what",
    "when",
    "who",
    "will",
    "can",
    "their",
    "they",
    "them",
    "then",
    "here",
    "there",
    "new",
    "all",
    "which",
    "or",
    "by",
    "have",
    "nothing",
}
CLIENT = ["/today/", "/growth/", "/breath/", "/log/", "/you/", "/you/topics", "/you/readers"]
CLIENT += ["/you/consent", "/you/reminders", "/you/record", "/you/erasure", "/help", "/privacy"]
THERAPIST = ["/review/", "/clients/", "/clients/add", "/couples/link", "/exercises/", "/assign/"]
THERAPIST += ["/you/account", "/you/keys", "/help", "/privacy"]
ADMIN = ["/people/", "/people/invite", "/practice/settings", "/audit/", "/records/"]
MAILS = [
    path
    for folder in ("emails", "account/email", "mfa/email")
    for path in sorted((ROOT / "templates" / folder).rglob("*"))
    if path.suffix in {".txt", ".html"}
]
NOBODY = [
    "/account/login/",
    "/account/password/reset/",
    "/offline",
    "/help",
    "/privacy",
    "/nowhere",
]


def words_of(page: str) -> str:
    """Return what a reader sees or hears of a page."""
    # The names of time zones are not ours to translate.
    page = re.sub(r'<select[^>]* name="zone".*?</select>', " ", page, flags=re.DOTALL)
    page = re.sub(r"<(script|style|svg|code)\b.*?</\1>", " ", page, flags=re.DOTALL)
    page = re.sub(r"<([a-z]+)\b[^>]* lang=\"en\".*?</\1>", " ", page, flags=re.DOTALL)
    spoken = re.findall(
        r'\s(?:aria-label|title|placeholder|alt|data-[a-z-]+)="([^"]* [^"]*)"', page
    )
    return unescape(" | ".join([re.sub(r"<[^>]*>", " ", page), *spoken]))


def english_in(page: str) -> list[str]:
    """Return the passages of a page that hold an English word."""
    passages = re.split(r"\s{2,}|\||\n", words_of(page))
    return [
        passage.strip()
        for passage in passages
        if ENGLISH & set(re.findall(r"\b[a-z]+\b", passage.lower()))
    ]


@pytest.fixture
def _spanish(dana: Person, ana: Person, ben: Person, ruth: Person) -> None:
    with scope(practice=dana.practice.pk):
        dana.practice.crisis_texts = {"es": "Llama al 112, a cualquier hora."}
        dana.practice.save()
    for person in (dana, ana, ben, ruth):
        person.user.language = "es"
        person.user.save()


def assert_spanish(browser: Any, urls: list[str]) -> None:
    found = []
    for url in urls:
        response = browser.get(url, follow=True, HTTP_ACCEPT_LANGUAGE="es-MX,es;q=0.9")
        assert response.status_code in {200, 404 if url == "/nowhere" else 200}, url
        page = response.content.decode()
        assert '<html lang="es"' in page, url
        found += [f"{url}: {passage}" for passage in english_in(page)]
    assert not found, "\n".join(found)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_spanish")
def test_a_client_reads_no_english(play: Play, dana: Person, ana: Person, cleared: Couple):
    begun = play.homework(ana, play.assign(dana, ana, note="Con calma."))
    play.say(ana, begun, topic="Los platos")
    log = play.homework(ana, play.assign(dana, ana, "e04-reassurance-log"))
    sent = play.submit(ana, play.homework(ana, play.assign(dana, cleared, "e11-what-reaches-me")))
    read = play.submit(
        ana, play.homework(ana, play.assign(dana, ana, "e10-from-test-to-clear-ask"))
    )
    play.review(dana, read, words="Gracias, Ana.")
    at = f"/homework/{begun.pk}/"
    steps = [f"{at}step/{number}/" for number in range(1, 8)]
    more = [at, *steps, f"{at}check/", f"/homework/{log.pk}/", f"/homework/{log.pk}/entries/"]
    more += [f"/homework/{sent.pk}/sent/", f"/homework/{read.pk}/feedback/"]
    assert_spanish(ana.browser(), [*CLIENT, *more])


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_spanish")
def test_a_therapist_and_an_admin_read_no_english(
    play: Play, dana: Person, ana: Person, ruth: Person, cleared: Couple
):
    homework = play.submit(ana, play.homework(ana, play.assign(dana, ana, note="Con calma.")))
    person, couple = f"/clients/{ana.client.pk}/", f"/couples/{cleared.pk}/"
    parts = ("", "edit", "clearance", "hand-over", "discharge", "notes", "record", "reminders")
    more = [f"{person}{part}" for part in (*parts, "erasure")]
    more += [couple, f"{couple}session", f"{couple}unlink", f"/review/{homework.pk}/"]
    more += [f"/exercises/{homework.version.exercise_id}/", f"/work/{homework.pk}/"]
    more += [f"/assign/?client={ana.client.pk}", f"/assignments/{homework.assignment_id}/"]
    assert_spanish(dana.browser(), [*THERAPIST, *more])
    assert_spanish(ruth.browser(), [*ADMIN, f"/people/{dana.member.pk}/"])


@pytest.mark.parametrize("path", MAILS, ids=lambda path: str(path.relative_to(ROOT / "templates")))
@every_language
def test_a_mail_holds_no_english(path: Path, language: str):
    known: dict[str, Any] = {"name": "Casa", "at": "19:30", "home": "https://casa.example/"}
    known |= {"device": "Firefox", "zone": "Europe/Lisbon", "left": 2}
    with translation.override(language):
        mail = render_to_string(str(path.relative_to(ROOT / "templates")), known)
    assert english_in(mail) == []


@pytest.mark.django_db(transaction=True)
def test_somebody_at_the_door_reads_no_english(client: Any):
    assert_spanish(client, NOBODY)
