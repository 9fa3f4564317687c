"""The demo's practice at other sizes: everybody cared for, nothing answered before it was given."""

from typing import Any

import pytest
from django.core.management import call_command
from django.db.models import Count, F

from clients.models import Caseload, Client
from exercises.management.commands import demo
from exercises.models import Homework
from practice.models import Membership, Practice, User
from practice.tenancy import scope

pytestmark = pytest.mark.django_db(transaction=True)
CAST = 3  # Ana, Ben and Noor


@pytest.fixture
def owner(settings: Any) -> None:
    settings.DEMO = True


def grow(monkeypatch: pytest.MonkeyPatch, clients: int) -> Practice:
    monkeypatch.setattr(demo, "FIRST_CLIENTS", 4)
    monkeypatch.setattr(demo, "CLIENTS_EACH", 3)
    call_command("demo", weeks=1, clients=clients, verbosity=0)
    dana = User.objects.get(email="dana@hillside.example")
    with scope(user=dana.pk):
        return Membership.objects.select_related("practice").get(user=dana).practice


@pytest.mark.usefixtures("owner")
def test_more_clients_bring_more_colleagues_and_each_is_cared_for(monkeypatch: pytest.MonkeyPatch):
    practice = grow(monkeypatch, 12)
    with scope(practice=practice.pk):
        assert Client.objects.count() == CAST + 12
        assert Client.objects.filter(caseload__isnull=True).count() == 0
        loads = dict(
            Caseload.objects.filter(member__user__email__startswith="colleague.")
            .values_list("member__user__email")
            .annotate(Count("pk"))
        )
        assert sorted(loads.values()) == [2, 3, 3]
        assert Membership.objects.filter(user__email__startswith="colleague.").count() == len(loads)
    someone = User.objects.get(email="ana@mail.example")
    assert someone.check_password(demo.PASSWORD)


@pytest.mark.usefixtures("owner")
def test_nobody_answers_before_they_were_asked(monkeypatch: pytest.MonkeyPatch):
    practice = grow(monkeypatch, 24)
    with scope(practice=practice.pk):
        sent = Homework.objects.filter(submitted_at__isnull=False)
        assert sent.filter(client__email__regex=r"\.\d+@").count() == 12
        assert not sent.filter(submitted_at__lt=F("assignment__assigned_at")).exists()
