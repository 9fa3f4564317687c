"""Two partners who go by one first name are told apart wherever both are named."""

import html

import pytest
from django.utils.timezone import now

from clients.models import Client, Couple
from practice.models import Practice
from practice.tenancy import scope
from tests.cast import Person, Play, make_client
from tests.exercises.ground import page


@pytest.fixture
def marias(practice: Practice, dana: Person) -> Couple:
    one, other = (
        make_client(practice, f"{name}@mail.example", f"Maria {name.title()}", dana).client
        for name in ("alba", "bosch")
    )
    with scope(practice=practice.pk):
        return Couple.objects.create(practice=practice, first=one, second=other, linked_at=now())


def of(client: Client, dana: Person) -> Person:
    return Person(client.user, dana.practice, client=client)


def test_two_of_one_name_are_told_apart(play: Play, marias: Couple, dana: Person):
    given = play.assign(dana, marias)
    alba = of(marias.first, dana)
    sent = play.submit(alba, play.homework(alba, given))
    more = play.assign(dana, marias, "e10-from-test-to-clear-ask")
    bosch = play.homework(of(marias.second, dana), more)
    shown = {
        "couple": page(dana, f"/couples/{marias.pk}/"),
        "assign": page(dana, f"/assign/?couple={marias.pk}"),
        "withdraw": page(dana, f"/assignments/{more.pk}/withdraw?homework={bosch.pk}"),
        "given": page(dana, f"/assignments/{given.pk}/"),
        "review": page(dana, f"/review/{sent.pk}/"),
        "client": page(dana, f"/clients/{marias.first_id}/"),
    }
    shown = {name: html.unescape(text) for name, text in shown.items()}
    assert "<h1>Maria A. & Maria B.</h1>" in shown["couple"]
    for name in ("Maria A.", "Maria B."):
        assert f">{name}</a>: not screened yet" in shown["couple"]
        assert f"{name}: why each was sent" in shown["couple"]
        assert f'<span class="vh">{name}: </span>' in shown["couple"]
        assert name in shown["assign"]
    assert "Only Maria B.’s" in shown["withdraw"]
    assert "Maria A." in shown["review"]
    for where, text in shown.items():
        assert "Maria & Maria" not in text, where
    # By herself nobody is told apart.
    assert "Reminders for Maria<" in page(dana, f"/clients/{marias.first_id}/reminders")


def test_others_go_by_their_first_names(play: Play, couple: Couple, dana: Person):
    assert "<h1>Ana & Ben</h1>" in html.unescape(page(dana, f"/couples/{couple.pk}/"))
