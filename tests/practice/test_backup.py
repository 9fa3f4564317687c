"""One command writes a backup, one restores it: the words come back, the rights, the trail."""

import base64
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.contrib.sessions.models import Session
from django.db import DatabaseError, connection, transaction
from django.utils.timezone import now
from pytest_django import DjangoDbBlocker

from exercises import definition as definitions
from exercises.actions import publishing
from exercises.models import Answer, ExerciseVersion, Homework
from practice.crypto import keyring
from practice.tenancy import scope
from tests import servers
from tests.cast import Person, Play, make_client, make_member, make_practice
from tests.conftest import WEB_ROLE
from tests.faults.ground import FaultSite

WORDS = ("the lighthouse keeper’s stairs", "persimmon weather", "elderflower")


@dataclass
class Story:
    """A site with one reviewed round, and the backup of it."""

    site: FaultSite
    file: Path
    dana: Person
    ana: Person
    said: str


@pytest.fixture(scope="module")
def story(django_db_blocker: DjangoDbBlocker) -> Iterator[Story]:
    """Play a round and back it up."""
    site = FaultSite(django_db_blocker)
    with site.begun():
        with site.orm():
            dana, ana = _play()
        file = site.folder / "night.dump"
        said = site.manage("backup", str(file)).stdout
        yield Story(site, file, dana, ana, said)
        keyring.forget()


def _play() -> tuple[Person, Person]:
    practice = make_practice("Hillside Practice")
    dana = make_member(practice, "dana@hillside.example", "Dana Whitlock", "therapist")
    ana = make_client(practice, "ana@mail.example", "Ana Quintero", dana)
    with scope(practice=practice.pk):
        publishing.publish(practice.pk, definitions.load_library(), at=now())
        library = {v.exercise.slug: v for v in ExerciseVersion.objects.select_related("exercise")}
    play = Play(library)
    homework = play.homework(ana, play.assign(dana, ana))
    homework = play.submit(ana, homework, topic=WORDS[0])
    play.review(dana, homework, words=WORDS[1], comments={"topic": WORDS[2]})
    ana.browser()  # one who was signed in at the time
    return dana, ana


@pytest.fixture
def fresh(django_db_blocker: DjangoDbBlocker) -> Iterator[FaultSite]:
    """Give an empty database, without so much as a table."""
    site = FaultSite(django_db_blocker)
    with site.begun():
        servers.drop_database(site.database)
        servers.create_database(site.database)
        yield site


def test_a_backup_comes_back_with_words_rights_and_trail(story: Story, fresh: FaultSite) -> None:
    """Restored, it is read through the same doors and in the same role as ever."""
    answer = fresh.manage("restore", str(story.file))
    assert "opens all 1 keys" in answer.stdout
    assert "HOMEWARD_REMINDERS_HOLD=1" in answer.stdout
    with fresh.orm(WEB_ROLE):
        assert Session.objects.count() == 0, "whoever signed out since would be in again"
        record = story.dana.browser().get(f"/clients/{story.ana.client.pk}/record?as=json")
        assert record.status_code == 200
        assert [word for word in WORDS if word not in record.content.decode()] == []
        own = story.ana.browser().get("/you/record?as=page")
        assert [word for word in WORDS if word not in own.content.decode()] == []
        # The walls came along: nothing outside of a scope, and nothing handed in ever changes.
        assert Homework.objects.count() == 0
        with pytest.raises(DatabaseError), scope(practice=story.dana.practice.pk):
            Answer.objects.update(sealed_value=b"")
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("UPDATE practice_auditevent SET seq = 1")
    assert "events, head" in fresh.manage("verifyaudit").stdout
    assert fresh.manage("migrate", "--check").returncode == 0


def test_the_file_keeps_its_secrets(story: Story) -> None:
    """Only we may read it; no word is in it, nor the key, and that is said."""
    assert stat.S_IMODE(story.file.stat().st_mode) == 0o600
    assert "master key is NOT in it" in story.said
    assert [path.name for path in story.file.parent.glob(".night*")] == []


def test_no_file_is_written_over(story: Story) -> None:
    before = story.file.read_bytes()
    with pytest.raises(AssertionError, match="exists already, and nothing was written"):
        story.site.manage("backup", str(story.file))
    assert story.file.read_bytes() == before


def test_a_database_in_use_is_left_as_it_is(story: Story) -> None:
    with pytest.raises(AssertionError, match="is not empty, and was left as it is"):
        story.site.manage("restore", str(story.file))
    with story.site.orm(), scope(practice=story.dana.practice.pk):
        assert Homework.objects.count() == 1
        assert Session.objects.count() > 0


def test_another_master_key_is_noticed(
    story: Story, fresh: FaultSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The data is there; that nobody will read it is said at once and not next month."""
    right = fresh.environment("command")["HOMEWARD_MASTER_KEY"]
    wrong = base64.b64encode(b"w" * 32).decode()
    monkeypatch.setenv("HOMEWARD_MASTER_KEY", wrong)
    with pytest.raises(AssertionError, match="not the one of this backup"):
        fresh.manage("restore", str(story.file))
    monkeypatch.setenv("HOMEWARD_MASTER_KEY", right)
    with fresh.orm(WEB_ROLE):
        record = story.dana.browser().get(f"/clients/{story.ana.client.pk}/record?as=json")
        assert WORDS[0] in record.content.decode()


def test_half_a_file_restores_nothing(story: Story, fresh: FaultSite) -> None:
    """Cut off on its way: the database stays empty, so that the whole one can follow."""
    whole = story.file.read_bytes()
    half = story.file.with_name("half.dump")
    half.write_bytes(whole[: len(whole) * 3 // 4])
    with pytest.raises(AssertionError, match="pg_restore did not succeed"):
        fresh.manage("restore", str(half))
    assert "Restored" in fresh.manage("restore", str(story.file)).stdout


@pytest.mark.parametrize("role", ["homeward_web", "homeward_worker"])
def test_nobody_but_the_owner_backs_up(
    story: Story, monkeypatch: pytest.MonkeyPatch, role: str
) -> None:
    """Web and worker see a part only; half a backup is none."""
    environment = {**story.site.environment("worker"), "DATABASE_ROLE": role}
    environment["DATABASE_URL"] = servers.database_url(story.site.database)
    file = story.file.with_name("part.dump")
    with pytest.raises(AssertionError, match="as the database's owner"):
        servers.manage("backup", str(file), database=story.site.database, env=environment)
    assert not file.exists()


def test_what_cannot_be_reached_is_said(story: Story, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="There is no file"):
        story.site.manage("restore", str(tmp_path / "none.dump"))
    with pytest.raises(AssertionError, match="cannot be written"):
        story.site.manage("backup", str(tmp_path / "nowhere" / "night.dump"))
