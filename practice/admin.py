"""Django's admin, for the installation's operators: accounts and practices, no clinical text.

A site of our own, so that nothing registers itself here: not allauth's second factors, nor anyone
else's tables. The tenant wall stands here too: an operator sees the practices they have a seat in.
"""

from typing import Any

from django.contrib.admin import AdminSite, ModelAdmin
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.generic import RedirectView

from practice.models import Membership, Practice, User


class Operations(AdminSite):
    """Superusers only, signed in through the one front door with its limits and second step."""

    site_title = site_header = "Operations"
    site_url = None

    def has_permission(self, request: HttpRequest) -> bool:
        """Let superusers in; being staff is not enough."""
        return bool(request.user.is_active and request.user.is_superuser)

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Send strangers to the front door, and turn everybody else away."""
        if request.user.is_authenticated:
            raise PermissionDenied
        return redirect_to_login(request.GET.get("next") or request.get_full_path())

    def get_urls(self) -> list[Any]:
        """Send passwords to where everybody changes theirs, with a mail that tells of it."""
        elsewhere = RedirectView.as_view(pattern_name="account_change_password")
        return [path("password_change/", elsewhere, name="password_change"), *super().get_urls()]


operations = Operations(name="admin")


class UserAdmin(ModelAdmin):  # type: ignore[type-arg]  # Django has none when it runs
    """Accounts: switch one off."""

    list_display = ("pk", "email", "is_active", "is_staff")
    fields = ("email", "is_active", "is_staff", "is_superuser")
    search_fields = ("email",)
    ordering = ("pk",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: people come in by invitation, operators by `createsuperuser`."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Refuse: the trail names its people."""
        return False


class PracticeAdmin(ModelAdmin):  # type: ignore[type-arg]  # Django has none when it runs
    """Practices, to look at; their own admins set them."""

    list_display = ("pk", "name", "zone")
    ordering = ("name",)

    def has_change_permission(self, request: HttpRequest, obj: Practice | None = None) -> bool:
        """Refuse: a change here would leave no line in the trail."""
        return False

    has_add_permission = has_delete_permission = has_change_permission


class MembershipAdmin(ModelAdmin):  # type: ignore[type-arg]  # Django has none when it runs
    """Seats, to look at."""

    list_display = ("pk", "practice_id", "user_id", "deactivated_at")
    fields = ("roles", "deactivated_at")
    ordering = ("pk",)

    def has_change_permission(self, request: HttpRequest, obj: Membership | None = None) -> bool:
        """Refuse: a change here would leave no line in the trail."""
        return False

    has_add_permission = has_delete_permission = has_change_permission


operations.register(User, UserAdmin)
operations.register(Practice, PracticeAdmin)
operations.register(Membership, MembershipAdmin)
