"""What a program says of clients and couples, and what it is told."""

from typing import Any

from django.utils.timezone import localtime
from rest_framework import serializers

from clients.models import Client, Couple
from practice.doors.lists import paged
from practice.doors.shapes import StrictSerializer


class ClientQuery(StrictSerializer):
    """Narrow the list of clients."""

    only = serializers.ChoiceField(
        choices=["couples", "individuals", "invited", "discharged"], required=False
    )


class ClientSearch(ClientQuery):
    """Look for clients."""

    q = serializers.CharField(max_length=100, help_text="A part of the name")


class ClientRequest(StrictSerializer):
    """Add a client."""

    name = serializers.CharField(max_length=120)
    email = serializers.EmailField(max_length=254)
    zone = serializers.CharField(max_length=60, help_text="A name of the IANA time zone database")
    language = serializers.ChoiceField(choices=["en", "es"], required=False, default="en")
    invite_now = serializers.BooleanField(required=False, default=False)


class ClientChange(StrictSerializer):
    """Change somebody's details; address, zone and language only until they have joined."""

    name = serializers.CharField(max_length=120, required=False)
    email = serializers.EmailField(max_length=254, required=False)
    zone = serializers.CharField(max_length=60, required=False)
    language = serializers.ChoiceField(choices=["en", "es"], required=False)
    next_session_at = serializers.DateTimeField(required=False, allow_null=True)


class ClientShape(serializers.Serializer[Any]):
    """A client; no word they wrote."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    email = serializers.EmailField()
    zone = serializers.CharField()
    language = serializers.CharField()
    joined_at = serializers.DateTimeField(allow_null=True)
    discharged_at = serializers.DateTimeField(allow_null=True)
    next_session_at = serializers.DateTimeField(allow_null=True)


class ClearanceRequest(StrictSerializer):
    """Record whether couple work is cleared: after speaking with the client alone, or that it is not."""

    cleared = serializers.BooleanField()
    spoke_alone = serializers.BooleanField(
        required=False, default=False, help_text="Must be true to clear"
    )
    despite = serializers.BooleanField(
        required=False,
        default=False,
        help_text="Must be true to clear while an answer of theirs waits for somebody to see to it",
    )


class ClearanceShape(serializers.Serializer[Any]):
    """A couple-work clearance, and the day it has to be renewed."""

    cleared = serializers.BooleanField()
    attested_at = serializers.DateTimeField()
    recheck_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(
        allow_null=True,
        help_text="When it ended: a newer judgement, or an answer about safety. Null: it stands",
    )


class HandOverRequest(StrictSerializer):
    """Hand a client over to a colleague."""

    to = serializers.UUIDField(help_text="A member who is a therapist")


class CoupleRequest(StrictSerializer):
    """Two of your clients who are a couple."""

    first = serializers.UUIDField()
    second = serializers.UUIDField()


class SessionRequest(StrictSerializer):
    """The next session of a couple; null: none is set."""

    next_session_at = serializers.DateTimeField(allow_null=True)


class CoupleShape(serializers.Serializer[Any]):
    """Two clients seen together."""

    id = serializers.UUIDField()
    first = serializers.UUIDField()
    second = serializers.UUIDField()
    linked_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
    next_session_at = serializers.DateTimeField(allow_null=True)


ClientPage = paged(ClientShape)


def wall_of(said: dict[str, Any], kept: Any) -> str:
    """Return the session as the page's form would have it: a wall time in one's own zone."""
    moment = said.get("next_session_at", kept)
    return localtime(moment).strftime("%Y-%m-%dT%H:%M") if moment else ""


def client_data(row: Client) -> dict[str, Any]:
    return {
        "id": row.pk,
        "name": row.name,
        "email": row.email,
        "zone": row.zone,
        "language": row.language,
        "joined_at": row.joined_at,
        "discharged_at": row.discharged_at,
        "next_session_at": row.next_session_at,
    }


def clearance_data(row: Any) -> dict[str, Any]:
    return {
        "cleared": row.cleared,
        "attested_at": row.attested_at,
        "recheck_at": row.recheck_at,
        "ended_at": row.ended_at,
    }


def couple_data(row: Couple) -> dict[str, Any]:
    return {
        "id": row.pk,
        "first": row.first_id,
        "second": row.second_id,
        "linked_at": row.linked_at,
        "ended_at": row.ended_at,
        "next_session_at": row.next_session_at,
    }
