"""Forgetting a filter returns nothing: the second wall, tried with every filter dropped."""

import pytest
from django.apps import apps
from django.db import IntegrityError, InternalError, ProgrammingError, connection, transaction
from django.utils.timezone import now

from clients.models import Client
from exercises.models import Answer, ExerciseVersion, Homework, Step
from practice.actions import auditing
from practice.actors import system
from practice.crypto import seal, unseal
from practice.errors import KeyTrouble
from practice.models import AuditEvent, Membership, PracticeOwned
from practice.tenancy import scope
from tests.cast import Person, Play
from tests.conftest import commit_trail

# Models that belong to nobody's practice, each with its reason.
WITHOUT_TENANT = {
    "practice.User": "a person may work in two practices; seats carry the tenant",
    "practice.Practice": "it is the tenant, and walled by its own id",
    "practice.AccountMail": "a code belongs to an address, before any practice is known",
    "exercises.MailChannel": "the mail server of the whole installation",
}


def owned_tables() -> list[str]:
    return [model._meta.db_table for model in apps.get_models() if issubclass(model, PracticeOwned)]


def test_every_model_has_its_tenant():
    ours = [
        m for m in apps.get_models() if m._meta.app_label in {"practice", "clients", "exercises"}
    ]
    without = {m._meta.label for m in ours if not issubclass(m, PracticeOwned)}
    assert without == set(WITHOUT_TENANT)


@pytest.mark.django_db
def test_every_tenant_table_is_behind_the_wall():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_class c JOIN pg_policy p ON p.polrelid = c.oid"
            " WHERE c.relrowsecurity AND p.polname = 'practice_wall'"
        )
        walled = {row[0] for row in cursor.fetchall()}
    assert set(owned_tables()) <= walled


@pytest.mark.django_db
def test_the_tests_themselves_act_behind_the_wall():
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("homeward_web",)


def test_without_a_scope_there_is_nothing(ana: Person, zack: Person):
    assert list(Client.objects.all()) == []
    assert list(Membership.objects.all()) == []


@pytest.mark.parametrize("generic_plans", [False, True])
def test_a_forgotten_filter_stays_within_the_practice(
    ana: Person, ben: Person, zack: Person, *, generic_plans: bool
):
    with scope(practice=ana.practice.pk, generic_plans=generic_plans):
        assert {client.pk for client in Client.objects.all()} == {ana.client.pk, ben.client.pk}
    with scope(practice=zack.practice.pk, generic_plans=generic_plans):
        assert {client.pk for client in Client.objects.all()} == {zack.client.pk}
        assert not Client.objects.filter(pk=ana.client.pk).exists()
        assert Client.objects.filter(pk=ana.client.pk).update(name="taken") == 0


def test_every_table_hides_its_rows_from_another_practice(
    play: Play, dana: Person, ana: Person, zoe: Person
):
    homework = play.homework(ana, play.assign(dana, ana))
    play.review(dana, play.submit(ana, homework, topic="the dishes"), words="thank you")
    seen, hidden = {}, {}
    with connection.cursor() as cursor:
        for table in owned_tables():
            with scope(practice=dana.practice.pk):
                cursor.execute(f'SELECT count(*) FROM "{table}"')
                seen[table] = cursor.fetchone()[0]
            with scope(practice=zoe.practice.pk):
                cursor.execute(
                    f'SELECT count(*) FROM "{table}" WHERE practice_id = %s', [dana.practice.pk]
                )
                hidden[table] = cursor.fetchone()[0]
    assert sum(seen.values()) > 20
    assert set(hidden.values()) == {0}


def test_a_row_cannot_be_planted_in_another_practice(dana: Person, zoe: Person):
    with (
        pytest.raises(ProgrammingError, match="row-level security"),
        scope(practice=zoe.practice.pk),
    ):
        Client.objects.create(
            practice=dana.practice, name="x", email="x@mail.example", zone="UTC", created_at=now()
        )


@pytest.mark.parametrize("generic_plans", [False, True])
def test_scopes_nest_and_give_the_view_back(ana: Person, zack: Person, *, generic_plans: bool):
    with scope(practice=ana.practice.pk, generic_plans=generic_plans):
        with scope(practice=zack.practice.pk, generic_plans=generic_plans):
            assert Client.objects.get().pk == zack.client.pk
        assert Client.objects.get().pk == ana.client.pk
    assert not Client.objects.exists()


def test_the_audit_trail_cannot_be_changed(dana: Person):
    with scope(practice=dana.practice.pk):
        auditing.record(
            by=system(dana.practice.pk), at=now(), action="t", object_kind="t", object_id=1
        )
        commit_trail()
        event = AuditEvent.objects.get()
        assert event.seq == 1
        assert event.digest
        for wrong in (
            lambda: AuditEvent.objects.filter(pk=event.pk).update(action="x"),
            lambda: AuditEvent.objects.filter(pk=event.pk).delete(),
        ):
            with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
                wrong()


def test_a_submitted_round_does_not_change(play: Play, dana: Person, ana: Person):
    homework = play.submit(ana, play.homework(ana, play.assign(dana, ana)), topic="the dishes")
    with scope(practice=dana.practice.pk):
        answer = Answer.objects.get(response__homework=homework, item_key="topic")
        for wrong in (
            lambda: Answer.objects.filter(pk=answer.pk).update(outcome="skipped"),
            lambda: Answer.objects.filter(pk=answer.pk).delete(),
        ):
            with pytest.raises((IntegrityError, InternalError)), transaction.atomic():
                wrong()


def test_versions_and_steps_are_written_once(play: Play, dana: Person, ana: Person):
    play.assign(dana, ana)
    with scope(practice=dana.practice.pk):
        for model in (ExerciseVersion, Step):
            with pytest.raises((IntegrityError, InternalError)), transaction.atomic():
                model.objects.update(practice=dana.practice)


def test_a_ciphertext_opens_only_in_its_place(dana: Person, zoe: Person):
    place = {"table": "t", "row": "1", "field": "words"}
    with scope(practice=dana.practice.pk):
        box = seal("the lamp", practice=dana.practice.pk, **place)
        assert unseal(box, practice=dana.practice.pk, **place) == "the lamp"
        for elsewhere in (
            {**place, "row": "2"},
            {**place, "field": "note"},
            {**place, "table": "u"},
        ):
            with pytest.raises(KeyTrouble):
                unseal(box, practice=dana.practice.pk, **elsewhere)
    with scope(practice=zoe.practice.pk), pytest.raises(KeyTrouble):
        unseal(box, practice=zoe.practice.pk, **place)


def test_no_word_stands_in_the_database_as_it_was_typed(play: Play, dana: Person, ana: Person):
    homework = play.homework(ana, play.assign(dana, ana, note="quince marmalade"))
    play.review(
        dana,
        play.submit(ana, homework, topic="the lighthouse argument"),
        words="persimmon weather",
        comments={"topic": "elderflower"},
    )
    canaries = ["quince", "lighthouse", "persimmon", "elderflower"]
    with connection.cursor() as cursor, scope(practice=dana.practice.pk):
        for table in owned_tables():
            cursor.execute(f"SELECT coalesce(string_agg(t::text, ' '), '') FROM \"{table}\" t")
            text = cursor.fetchone()[0]
            assert not [word for word in canaries if word in text], table
            assert not [word for word in canaries if word.encode().hex() in text], table


def test_an_unscoped_homework_query_finds_nothing(play: Play, dana: Person, ana: Person):
    play.assign(dana, ana)
    assert not Homework.objects.exists()
