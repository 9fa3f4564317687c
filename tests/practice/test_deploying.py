"""What an operator does by hand: roles, commands and checks, and what each says when it cannot."""

import base64
import io
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import Tags, run_checks
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client as Browser

from practice.config.embedded import Postgres
from practice.crypto import keyring
from practice.management import postgres
from practice.models import Invitation, Membership, Practice, PracticeKey
from practice.tenancy import scope
from tests import servers
from tests.cast import Person, Play
from tests.conftest import as_owner

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parents[2]


# --- a new practice ---------------------------------------------------------------------------
def test_a_new_practice_begins_with_an_invitation(db: None):
    said = io.StringIO()
    with as_owner():
        call_command(
            "createpractice",
            "Lakeside",
            admin_email="first@lakeside.example",
            admin_name="First Admin",
            zone="Europe/Helsinki",
            language="es",
            stdout=said,
        )
        practice = Practice.objects.get(name="Lakeside")
        assert PracticeKey.objects.get(practice=practice).number == 1
        invitation = Invitation.objects.get(practice=practice)
        call_command("verifyaudit", stdout=io.StringIO())
    assert (invitation.roles, invitation.email) == (["admin"], "first@lakeside.example")
    assert f"/invitation/{practice.pk}." in said.getvalue()
    assert not Membership.objects.exists()
    # Whoever opens it reads the practice's language, whatever their browser asks for.
    page = Browser().get(f"/invitation/{said.getvalue().rpartition('/')[2].strip()}")
    assert page["Content-Language"] == practice.language == "es"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"zone": "Europe/Nowhere"}, "zone: Write a time zone, like Europe/Lisbon"),
        ({"admin_email": "first"}, "admin-email: "),
        ({"name": " "}, "name: "),
        ({"language": "fr"}, "language: Write one of en, es."),
    ],
)
def test_what_cannot_be_is_said_and_no_practice_is_made(db: None, wrong: dict[str, str], said: str):
    given = {"name": "Lakeside", "admin_email": "first@lakeside.example", "admin_name": "First"}
    given |= {"zone": "UTC", "language": "en"} | wrong
    with as_owner(), pytest.raises(CommandError) as refused:
        call_command("createpractice", given.pop("name"), **given)
    assert str(refused.value).startswith(said)
    with as_owner():
        assert not Practice.objects.exists()


def test_the_same_line_given_twice_makes_one_practice(db: None):
    given = {
        "admin_email": "first@lakeside.example",
        "admin_name": "First",
        "stdout": io.StringIO(),
    }
    with as_owner():
        call_command("createpractice", "Lakeside", **given)
        with pytest.raises(CommandError, match="There is a practice called lakeside already"):
            call_command("createpractice", "lakeside", **given)
        call_command("createpractice", "lakeside", another=True, **given)
        assert Practice.objects.count() == 2


# --- a master key that is not there -----------------------------------------------------------
@pytest.fixture(params=["missing", "empty", "unreadable"])
def no_master_key(request: pytest.FixtureRequest, settings: Any, tmp_path: Path) -> Iterator[str]:
    """Take the master key away, and return what the operator is told."""
    settings.HOMEWARD_MASTER_KEY = ""
    if request.param == "missing":
        settings.HOMEWARD_MASTER_KEY_FILE = str(tmp_path / "nowhere")
    elif request.param == "unreadable":
        (tmp_path / "key").write_bytes(b"\xff\xfe no key at all")
        settings.HOMEWARD_MASTER_KEY_FILE = str(tmp_path / "key")
    keyring.forget()
    yield {
        "missing": "The file of HOMEWARD_MASTER_KEY_FILE cannot be read: No such file",
        "empty": "There is no master key: set HOMEWARD_MASTER_KEY or HOMEWARD_MASTER_KEY_FILE",
        "unreadable": "The master key is not base64",
    }[request.param]
    keyring.forget()


def test_without_a_master_key_the_page_says_so_and_is_no_mistake_of_ours(
    play: Play, dana: Person, ana: Person, settings: Any, tmp_path: Path
):
    homework = play.submit(ana, play.homework(ana, play.assign(dana, ana)), topic="the lighthouse")
    settings.HOMEWARD_MASTER_KEY_FILE = str(tmp_path / "nowhere")
    keyring.forget()
    response = dana.browser().get(f"/review/{homework.pk}/")
    assert response.status_code == 503
    assert "the key did not fit" in response.content.decode()


def test_without_a_master_key_nothing_is_deployed_or_begun(db: None, no_master_key: str):
    found = run_checks(tags=[Tags.security], include_deployment_checks=True)
    assert next(one.msg for one in found if one.id == "homeward.E001").startswith(no_master_key)
    with as_owner(), pytest.raises(CommandError, match="No practice was made") as refused:
        call_command(
            "createpractice", "Lakeside", admin_email="a@lakeside.example", admin_name="First"
        )
    assert str(refused.value).startswith(no_master_key)
    with as_owner():
        assert not Practice.objects.exists()


def test_with_its_master_key_the_deployment_is_content():
    found = run_checks(tags=[Tags.security], include_deployment_checks=True)
    assert [one for one in found if one.id == "homeward.E001"] == []


def test_a_wrong_master_key_gives_no_practice_a_new_key(dana: Person, settings: Any):
    """Nobody else could open it, and from then on the site could seal nothing."""
    settings.HOMEWARD_MASTER_KEY = base64.b64encode(b"w" * 32).decode()
    keyring.forget()
    with as_owner(), pytest.raises(CommandError, match="No master key here opens this data key"):
        call_command("rotatekeys", no_wait=True)
    keyring.forget()
    with scope(practice=dana.practice.pk):
        assert list(PracticeKey.objects.values_list("number", "retired_at")) == [(1, None)]


# --- exercise files ---------------------------------------------------------------------------
GOOD = """\
slug: a-kind-word
format: 1
title: {en: A kind word}
purpose: {en: Notice one.}
minutes: 3
kind: individual
items:
  - {key: what, kind: text, text: {en: What was it}}
"""


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        (
            "a-kind-word",
            GOOD.replace("A kind word", "A word: kind"),
            "a-kind-word.yaml:3: .+ quotes",
        ),
        (
            "a-kind-word",
            GOOD.replace("  - {", "\t- {"),
            "a-kind-word.yaml:8: .+ indent with spaces",
        ),
        ("a-kind-word", "", "a-kind-word.yaml:1: this file is empty"),
        ("a-kind-word", GOOD + "---\n" + GOOD, "a-kind-word.yaml:1: one exercise a file"),
        ("kind", GOOD, "kind.yaml:1: .+ call this file a-kind-word.yaml"),
        ("_kind", GOOD, "There is no exercise file"),
        (
            "a-kind-word",
            GOOD.replace("{en: Notice one.}", "{en: Notice one., se: Nota una.}"),
            "a-kind-word.yaml:4: nobody reads “se” here; this site has en, es",
        ),
    ],
)
def test_a_file_that_cannot_be_loaded_says_where_and_what_to_do(
    db: None, tmp_path: Path, name: str, text: str, said: str
):
    (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    with as_owner(), pytest.raises(CommandError) as refused:
        call_command("loadexercises", folder=tmp_path)
    assert re.match(said, str(refused.value))


def test_a_practice_that_is_not_there_is_not_passed_over(db: None, tmp_path: Path):
    (tmp_path / "a-kind-word.yaml").write_text(GOOD, encoding="utf-8")
    nobody = "00000000-0000-4000-8000-000000000000"
    with as_owner(), pytest.raises(CommandError, match="There is no practice 00000000"):
        call_command("loadexercises", folder=tmp_path, practice=nobody)


def test_a_library_says_what_an_author_should_look_at_and_lets_an_exercise_go(
    dana: Person, zoe: Person, tmp_path: Path
):
    place = tmp_path / "a-kind-word.yaml"

    def load(text: str, **only: Any) -> tuple[str, str]:
        place.write_text(text, encoding="utf-8")
        out, err = io.StringIO(), io.StringIO()
        with as_owner():
            call_command("loadexercises", folder=tmp_path, stdout=out, stderr=err, **only)
        return out.getvalue(), err.getvalue()

    def has_it(person: Person) -> bool:
        return "A kind word" in person.browser().get("/exercises/?q=kind").content.decode()

    said, beside = load(GOOD, practice=dana.practice.pk)
    assert "practices: 1; new versions: 1" in said
    assert "a-kind-word: 3 of its words have no “es”" in beside
    assert (has_it(dana), has_it(zoe)) == (True, False)
    _said, beside = load(GOOD.replace("{key: what", "{key: which"), practice=dana.practice.pk)
    assert "a-kind-word: the version before has also what." in beside
    said, beside = load(GOOD.replace("{key: what", "{key: which"))
    assert ("new versions: 1" in said, "before has also" in beside) == (True, False)

    with as_owner():
        call_command("retireexercise", "a-kind-word", stdout=io.StringIO())
    assert not has_it(dana)
    assert not has_it(zoe)
    with as_owner(), pytest.raises(CommandError, match="No library has an exercise a-kind-word"):
        call_command("retireexercise", "a-kind-word")
    load(GOOD.replace("{key: what", "{key: which"), practice=dana.practice.pk)
    assert (has_it(dana), has_it(zoe)) == (True, False)


# --- PostgreSQL's own programs and roles ------------------------------------------------------
def test_pg_dump_is_told_what_we_were_told_and_nothing_of_a_newer_driver():
    postgres.connect()
    known = connection.connection.info.get_parameters()
    said = dict(
        part.split("=", 1) for part in re.findall(r"(\w+=(?:'[^']*'|\S+))", postgres.address())
    )
    assert set(said) <= {"host", "port", "dbname", "user", "options", "client_encoding"}
    assert said["dbname"] == known["dbname"]
    # The reason for all this: the driver adds what pg_dump 15 refuses.
    assert "sslcertmode" in known


@pytest.fixture
def server() -> Iterator[Postgres]:
    """Start a PostgreSQL of its own: roles belong to all of a server."""
    place = Path(tempfile.mkdtemp(prefix="homeward-deploy-"))
    place.chmod(0o711)
    found = Postgres(place, logs=place / "logs", durable=False)
    found.start()
    yield found
    found.stop()
    shutil.rmtree(place, ignore_errors=True)


def test_an_owner_who_is_nobody_special_sets_up_and_rotates_keys(server: Postgres):
    """The roles of deploy/roles.sql are enough for every command the papers name."""
    with server.connect() as superuser:
        superuser.execute("DROP ROLE homeward_web, homeward_worker")
        superuser.execute("CREATE ROLE keeper LOGIN")
        superuser.execute("CREATE DATABASE house OWNER keeper")
    psql = [str(server.binaries / "psql"), f"--host={server.sockets}", "--username=homeward"]
    subprocess.run(
        [*psql, "--dbname=house", f"--file={ROOT / 'deploy' / 'roles.sql'}"],
        env={**os.environ, "APP_PASSWORD": "a word of the app"},
        check=True,
        capture_output=True,
    )
    env = {"DATABASE_URL": server.url("keeper", "house"), "DATABASE_ROLE": ""}

    def manage(*command: str) -> str:
        return servers.manage(*command, database="house", env=env).stdout

    manage("migrate", "--no-input", "--verbosity=0")
    made = manage("createpractice", "Lakeside", "--admin-email=a@lake.example", "--admin-name=Ada")
    practice = made.split()[made.split().index("there:") + 1]
    assert f"/invitation/{practice}." in made
    assert "key 2, 0 fields sealed anew" in manage("rotatekeys", "--no-wait")
    assert "2 keys wrapped anew" in manage("rotatekeys", "--rewrap")
    assert "events, head" in manage("verifyaudit")
    # Installed before roles.sql said so: the refusal says what is missing.
    with server.connect() as superuser:
        superuser.execute("REVOKE homeward_worker FROM keeper")
    with pytest.raises(AssertionError, match="GRANT homeward_worker TO keeper"):
        manage("rotatekeys", "--no-wait")
