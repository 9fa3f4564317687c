"""The practice's addresses."""

from django.urls import path

from practice import api
from practice.admin import operations
from practice.views import account, demo, frame, guide, people, second_step, settings

urlpatterns = [
    path("", frame.home, name="home"),
    path("leave", frame.leave, name="leave"),
    path("still-here", frame.still_here, name="still_here"),
    # allauth's pages, under their own names and addresses, each with a rule more.
    path("account/logout/", frame.sign_out, name="account_logout"),
    path(
        "account/login/code/confirm/",
        account.ConfirmLoginCode.as_view(),
        name="account_confirm_login_code",
    ),
    path("account/password/reset/", account.AskForReset.as_view(), name="account_reset_password"),
    path(
        "account/password/reset/confirm/",
        account.ConfirmResetCode.as_view(),
        name="account_confirm_password_reset_code",
    ),
    path(
        "account/password/reset/complete/",
        account.CompleteReset.as_view(),
        name="account_complete_password_reset",
    ),
    path(
        "account/confirm-email/",
        account.ConfirmNewAddress.as_view(),
        name="account_email_verification_sent",
    ),
    path(
        "account/reauthenticate/", account.AskForPassword.as_view(), name="account_reauthenticate"
    ),
    path("account/2fa/reauthenticate/", account.AskForCode.as_view(), name="mfa_reauthenticate"),
    path(
        "account/2fa/webauthn/reauthenticate/",
        account.AskForKey.as_view(),
        name="mfa_reauthenticate_webauthn",
    ),
    path("account/2fa/webauthn/add/", second_step.AddKey.as_view(), name="mfa_add_webauthn"),
    path("account/2fa/totp/activate/", second_step.SetUpApp.as_view(), name="mfa_activate_totp"),
    path(
        "account/2fa/recovery-codes/download/",
        second_step.DownloadCodes.as_view(),
        name="mfa_download_recovery_codes",
    ),
    path(
        "account/2fa/webauthn/keys/<int:pk>/remove/",
        second_step.RemoveKey.as_view(),
        name="mfa_remove_webauthn",
    ),
    path(
        "account/2fa/totp/deactivate/",
        second_step.TurnAppOff.as_view(),
        name="mfa_deactivate_totp",
    ),
    path("account/sessions/", account.session_list, name="usersessions_list"),
    path("help", frame.help_now, name="help_now"),
    path("privacy", frame.privacy, name="privacy"),
    path("health", frame.health, name="health"),
    path("theme", frame.set_theme, name="set_theme"),
    path("language", frame.set_language, name="set_language"),
    path("sw.js", frame.service_worker, name="service_worker"),
    path("manifest.webmanifest", frame.manifest, name="manifest"),
    path("offline", frame.offline, name="offline"),
    path("people/", people.people, name="people"),
    path("people/invite", people.invite, name="people_invite"),
    path("people/<uuid:pk>/sign-out", people.member_sign_out, name="member_sign_out"),
    path("people/<uuid:pk>/reactivate", people.member_reactivate, name="member_reactivate"),
    path("people/invitations/<uuid:pk>/resend", people.invitation_resend, name="invitation_resend"),
    path("people/invitations/<uuid:pk>/revoke", people.invitation_revoke, name="invitation_revoke"),
    path("practice/settings", settings.practice_settings, name="practice_settings"),
    path("you/account", account.account_home, name="account_home"),
    path("you/keys", account.token_list, name="token_list"),
    path("you/keys/<uuid:pk>/revoke", account.token_revoke, name="token_revoke"),
    path("demo/", demo.demo, name="demo"),
    path("demo/sign-in", demo.demo_sign_in, name="demo_sign_in"),
    path("demo/mail", demo.demo_mail, name="demo_mail"),
    path("kit", demo.kit, name="kit"),
    path("api/v1/schema", api.Document.as_view(), name="api_schema"),
    path("api/v1/guide", guide.guide, name="api_guide"),
    path("api/v1/me", api.me, name="api_me"),
    path("api/v1/members", api.members, name="api_members"),
    path("api/v1/members/search", api.member_search, name="api_member_search"),
    path("api/v1/invitations", api.invitation_list, name="api_invitations"),
    path(
        "api/v1/invitations/<uuid:pk>/resend", api.invitation_resend, name="api_invitation_resend"
    ),
    path(
        "api/v1/invitations/<uuid:pk>/revoke", api.invitation_revoke, name="api_invitation_revoke"
    ),
    # Operators only: accounts and practices, and no clinical text.
    path("operations/", operations.urls),
]
