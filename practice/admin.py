"""Django's admin, for the installation's operators: accounts and practices, no clinical text."""

from django.contrib import admin

from practice.models import Membership, Practice, User


@admin.register(User)
class UserAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # Django has none when it runs
    """Accounts: switch one off."""

    list_display = ("pk", "email", "is_active", "is_staff")
    fields = ("email", "is_active", "is_staff", "is_superuser")
    search_fields = ("email",)
    ordering = ("pk",)


@admin.register(Practice)
class PracticeAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # Django has none when it runs
    """Practices, as their own admins set them."""

    list_display = ("pk", "name", "zone")
    ordering = ("name",)


@admin.register(Membership)
class MembershipAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # Django has none when it runs
    """Seats."""

    list_display = ("pk", "practice_id", "user_id", "deactivated_at")
    fields = ("roles", "deactivated_at")
    ordering = ("pk",)
