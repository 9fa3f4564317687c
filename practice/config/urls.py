"""Every address: each app mounts its own pages and its own API."""

from django.urls import include, path

urlpatterns = [
    path("", include("practice.urls")),
    path("", include("clients.urls")),
    path("", include("exercises.urls")),
    path("account/", include("allauth.urls")),
]
handler400 = "practice.views.errors.bad_request"
handler403 = "practice.views.errors.forbidden"
handler404 = "practice.views.errors.not_found"
handler500 = "practice.views.errors.server_error"
