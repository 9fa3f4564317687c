"""The addresses of people in care."""

from django.urls import path

from clients.api import clients as client_api
from clients.api import couples as couple_api
from clients.api import trail as trail_api
from clients.views import admin, care, couples, notes, own, seats, trail

urlpatterns = [
    path("invitation/<str:token>", own.accept_invitation, name="accept_invitation"),
    path("clients/add", care.client_add, name="client_add"),
    path("clients/<uuid:pk>/edit", care.client_edit, name="client_edit"),
    path("clients/<uuid:pk>/invite", care.client_invite, name="client_invite"),
    path("clients/<uuid:pk>/uninvite", care.client_uninvite, name="client_uninvite"),
    path("clients/<uuid:pk>/hand-over", care.client_hand_over, name="client_hand_over"),
    path("clients/<uuid:pk>/reactivate", care.client_reactivate, name="client_reactivate"),
    path("clients/<uuid:pk>/notes", notes.client_notes, name="client_notes"),
    path("clients/<uuid:pk>/notes/<uuid:note>", notes.client_note, name="client_note"),
    path("clients/<uuid:pk>/notes/<uuid:note>/drop", notes.note_drop, name="note_drop"),
    path("clients/<uuid:pk>/erasure", care.client_erasure, name="erasure"),
    path("couples/link", couples.couple_link, name="couple_link"),
    path("couples/<uuid:pk>/unlink", couples.couple_unlink, name="couple_unlink"),
    path("couples/<uuid:pk>/session", couples.couple_session, name="couple_session"),
    path("people/<uuid:pk>/", admin.member, name="member"),
    path("people/<uuid:pk>/deactivate", admin.member_deactivate, name="member_deactivate"),
    path("audit/", trail.audit, name="audit"),
    path("records/", admin.record_holds, name="record_holds"),
    path("records/<uuid:pk>/hold", admin.record_hold, name="record_hold"),
    path("records/<uuid:pk>/hand-over", admin.record_entrust, name="record_entrust"),
    path("practice/switch", seats.switch_practice, name="switch_practice"),
    path("you/", own.you, name="you"),
    path("you/topics", own.topics, name="topics"),
    path("you/topics/<uuid:pk>/drop", own.topic_drop, name="topic_drop"),
    path("you/consent", own.consent, name="consent"),
    path("you/consent/withdraw", own.consent_withdraw, name="consent_withdraw"),
    path("api/v1/clients", client_api.client_list, name="api_clients"),
    path("api/v1/clients/search", client_api.client_search, name="api_client_search"),
    path("api/v1/clients/<uuid:pk>", client_api.client, name="api_client"),
    path("api/v1/clients/<uuid:pk>/invite", client_api.client_invite, name="api_client_invite"),
    path(
        "api/v1/clients/<uuid:pk>/uninvite", client_api.client_uninvite, name="api_client_uninvite"
    ),
    path(
        "api/v1/clients/<uuid:pk>/discharge",
        client_api.client_discharge,
        name="api_client_discharge",
    ),
    path(
        "api/v1/clients/<uuid:pk>/reactivate",
        client_api.client_reactivate,
        name="api_client_reactivate",
    ),
    path(
        "api/v1/clients/<uuid:pk>/hand-over",
        client_api.client_hand_over,
        name="api_client_hand_over",
    ),
    path(
        "api/v1/clients/<uuid:pk>/clearances",
        client_api.client_clearances,
        name="api_client_clearances",
    ),
    path("api/v1/couples", couple_api.couple_list, name="api_couples"),
    path("api/v1/couples/<uuid:pk>", couple_api.couple, name="api_couple"),
    path("api/v1/couples/<uuid:pk>/unlink", couple_api.couple_unlink, name="api_couple_unlink"),
    path("api/v1/audit", trail_api.audit, name="api_audit"),
    path("you/erasure", own.erase_own, name="erase_own"),
]
