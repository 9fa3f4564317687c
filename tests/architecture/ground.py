"""One of everything around Ana, and the address of each."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.urls import NoReverseMatch, reverse
from django.utils.timezone import now

from clients.actions import noting
from clients.models import Couple
from exercises.actions import moments
from exercises.models import Flag, FlagKind, Review
from practice.actions import invitations
from practice.models import InvitationKind
from practice.tenancy import scope
from tests.api.ground import key_of
from tests.cast import Person, Play


@pytest.fixture
def kwargs(
    request: pytest.FixtureRequest,
    play: Play,
    dana: Person,
    ana: Person,
    ruth: Person,
    omar: Person,
    cleared: Couple,
) -> Callable[[str], dict[str, Any]]:
    """Make one of everything around Ana, and say what each address is asked for."""
    open_one = play.homework(ana, play.assign(dana, cleared, "e11-what-reaches-me"))
    single = play.assign(dana, ana)
    sent = play.homework(ana, single)
    log = play.homework(ana, play.assign(dana, ana, "e04-reassurance-log"))
    play.submit(ana, sent, topic="Who carries the bags")
    review = play.review(dana, sent, words="Thank you.", settle=False)
    with play.at(dana):
        # However long the table takes: it has not settled.
        Review.objects.filter(pk=review.pk).update(settles_at=now() + timedelta(hours=2))
    with play.at(ana):
        entry = moments.add_entry(
            by=ana.actor,
            at=now(),
            homework=play.fresh(log),
            log_key=next(i.key for i in log.version.definition.walk() if i.kind == "log"),
            happened_at=now(),
        )
        topic = noting.raise_topic(by=ana.actor, at=now(), client=ana.client, text="The summer")
    with play.at(dana):
        note = noting.keep_note(by=dana.actor, at=now(), client=ana.client, text="Mine")
        flag = Flag.objects.create(
            practice=dana.practice,
            client=ana.client,
            homework=open_one,
            item_key="afraid",
            kind=FlagKind.TALK,
            raised_at=now(),
        )
    with play.at(ruth):
        invitation = invitations.invite(
            by=ruth.actor,
            at=now(),
            kind=InvitationKind.MEMBER,
            email="ivo@hillside.example",
            name="Ivo",
            roles=["therapist"],
        ).invitation
        key_of(dana)
    with scope(practice=dana.practice.pk):
        token = dana.user.api_tokens.latest("created_at")
    by_name: dict[str, dict[str, Any]] = {
        "member": {"pk": omar.member.pk},
        "token_revoke": {"pk": token.pk},
        "step": {"pk": open_one.pk, "number": 1},
        "topic_drop": {"pk": topic.pk},
        "flag_handled": {"pk": flag.pk},
        "flag_undo": {"pk": flag.pk},
        "record_hold": {"pk": ana.client.pk},
        "record_entrust": {"pk": ana.client.pk},
        "accept_invitation": {"token": f"{dana.practice.pk}.{'0' * 48}"},
        "stop_mails": {"token": "not-a-token"},
        "mfa_remove_webauthn": {"pk": 1},
        "mfa_edit_webauthn": {"pk": 1},
        "review_undo": {"pk": review.pk},
        "api_review_undo": {"pk": review.pk},
        "review": {"pk": sent.pk},
        "review_draft": {"pk": sent.pk},
        "sent": {"pk": sent.pk},
        "save_copy": {"pk": sent.pk},
        "take_back": {"pk": sent.pk},
        "after_check": {"pk": sent.pk},
        "feedback": {"pk": sent.pk},
        "api_rounds": {"pk": sent.pk},
        "api_reviews": {"pk": sent.pk},
        "api_review_draft": {"pk": sent.pk},
        "api_review_send": {"pk": sent.pk},
        "client_note": {"pk": ana.client.pk, "note": note.pk},
        "note_drop": {"pk": ana.client.pk, "note": note.pk},
        "api_answer": {"pk": open_one.pk, "item": open_one.version.definition.items[1].key},
        "api_entry_answer": {"pk": log.pk, "entry": entry.pk, "item": "no-such"},
    }
    by_kind: list[tuple[str, dict[str, Any]]] = [
        ("member_", {"pk": omar.member.pk}),
        ("invitation_", {"pk": invitation.pk}),
        ("api_invitation_", {"pk": invitation.pk}),
        ("client_", {"pk": ana.client.pk}),
        ("erasure", {"pk": ana.client.pk}),
        ("export_client", {"pk": ana.client.pk}),
        ("reminder_ledger", {"pk": ana.client.pk}),
        ("api_client", {"pk": ana.client.pk}),
        ("couple_", {"pk": cleared.pk}),
        ("api_couple", {"pk": cleared.pk}),
        ("assignment_", {"pk": single.pk}),
        ("api_assignment", {"pk": single.pk}),
        ("api_withdraw", {"pk": single.pk}),
        ("exercise", {"pk": sent.version.exercise_id}),
        ("preview", {"pk": sent.version.exercise_id}),
        ("api_exercise", {"pk": sent.version.exercise_id}),
        ("entries", {"pk": log.pk}),
        ("entry_add", {"pk": log.pk}),
        ("entry", {"pk": log.pk, "entry": entry.pk}),
        ("api_entries", {"pk": log.pk}),
        ("api_entry", {"pk": log.pk, "entry": entry.pk}),
        ("", {"pk": open_one.pk}),
    ]

    def find(name: str) -> dict[str, Any]:
        if name in by_name:
            return by_name[name]
        return next(found for start, found in by_kind if name.startswith(start))

    return find


def address(name: str, kwargs: Callable[[str], dict[str, Any]]) -> str:
    """Return where a route is, for Ana's things."""
    for given in ({}, kwargs(name)):
        try:
            return reverse(name, kwargs=given)
        except NoReverseMatch:
            continue
    raise AssertionError(f"{name} needs something that nobody made")
