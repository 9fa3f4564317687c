"""All settings, read from the environment (the table is in README.md)."""

import os
import zoneinfo
from pathlib import Path
from typing import Any

import dj_database_url
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from practice import config
from practice.config import broker

# Web, worker and tests compute local times from the one pinned tzdata, never from the system's
# copy (docs/reminders.md, finding 6).
zoneinfo.reset_tzpath(to=())

BASE_DIR = Path(__file__).resolve().parent.parent.parent
DEMO = os.environ.get("HOMEWARD_DEMO") == "1"
# Set by `manage.py serve` to the socket folder of the PostgreSQL it started itself.
EMBEDDED = os.environ.get("HOMEWARD_EMBEDDED", "")

SECRET_KEY = os.environ.get("SECRET_KEY", "")
SECRET_KEY_FALLBACKS = [key for key in os.environ.get("SECRET_KEY_OLD", "").split(",") if key]
HOMEWARD_MASTER_KEY = os.environ.get("HOMEWARD_MASTER_KEY", "")
HOMEWARD_MASTER_KEY_FILE = os.environ.get("HOMEWARD_MASTER_KEY_FILE", "")
HOMEWARD_KEY_WRAPPER = os.environ.get("HOMEWARD_KEY_WRAPPER", "practice.crypto.MasterKeyWrapper")
# Whose records somebody may open: what a repeated post is answered with must not outlive it.
HOMEWARD_REACH = "clients.permissions.reach"
# Nobody's therapist stops being one: asked wherever a seat's roles change, or it ends.
HOMEWARD_LEAVE_NOBODY_ALONE = "clients.actions.leaving.leave_nobody_alone"
# Whether somebody is a client here: then they do not work here, too.
HOMEWARD_IS_CLIENT = "clients.queries.seats.is_client"
# Whose records no member opens, and no admin sees a line about: their own, and their partner's.
HOMEWARD_NOT_THEIR_OWN = "clients.permissions.not_their_own"
# What is planned for a client follows their times and zone, in the transaction that keeps these.
HOMEWARD_FOLLOW_WISHES = "exercises.actions.reminding.follow_wishes"
# What was given until the next session follows its hour, in the transaction that keeps this.
HOMEWARD_FOLLOW_SESSION = "exercises.actions.rescheduling.follow_session"
# By which discreet names mails to an account can call the places where its owner sits.
HOMEWARD_NAMES = "clients.queries.own.names_in_mails"
# Which answers of a client asked for a human: who clears couple work knows of them.
HOMEWARD_FLAGS = "exercises.queries.review.flags_of"
BASE_URL = os.environ.get("HOMEWARD_BASE_URL", "http://localhost:8000").rstrip("/")
MAIL_DIR = os.environ.get("HOMEWARD_MAIL_DIR", "")
SECURE = BASE_URL.startswith("https://")

DEBUG = False
ALLOWED_HOSTS = os.environ.get("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
CSRF_TRUSTED_ORIGINS = [BASE_URL]

INSTALLED_APPS = [
    "exercises",
    "clients",
    "practice",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "csp",
    "rest_framework",
    "drf_spectacular",
]

MIDDLEWARE = [
    "practice.middleware.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "practice.middleware.PagesGZipMiddleware",
    "practice.middleware.SecurityHeadersMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "practice.middleware.SignInRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "practice.middleware.DevicesMiddleware",
    "clients.middleware.ActorMiddleware",
    "practice.middleware.StaffScriptsMiddleware",
    "practice.middleware.LanguageMiddleware",
    "practice.middleware.RefusalMiddleware",
    "practice.middleware.SignInPolicyMiddleware",
]

ROOT_URLCONF = "practice.config.urls"
WSGI_APPLICATION = "practice.config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "practice.context.frame",
                "clients.context.uncared_note",
                "clients.context.seats",
                "exercises.context.waiting",
            ],
        },
    }
]

# Beat has none (compose.yaml): it only rings.
DATABASES: dict[str, Any] = {"default": {}}
if os.environ.get("DATABASE_URL"):
    DATABASES["default"] = dj_database_url.config(conn_max_age=60, conn_health_checks=True)
DATABASES["default"].setdefault("OPTIONS", {})
if DATABASES["default"].get("ENGINE") == "django.db.backends.postgresql":
    if os.environ.get("DATABASE_ROLE"):
        # Web and worker are not the owner: row-level security is in force for them.
        DATABASES["default"]["OPTIONS"]["assume_role"] = os.environ["DATABASE_ROLE"]
    # A forgotten transaction must not rot the claim query (docs/reminders.md, finding 7).
    waits = "-c idle_in_transaction_session_timeout=60000"
    # Set where pages are served (wsgi.py), and nowhere else: a command may take its time.
    if config.page_seconds:
        waits += f" -c statement_timeout={config.page_seconds}s"
    DATABASES["default"]["OPTIONS"].setdefault("options", waits)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

if DEMO and (not EMBEDDED or DATABASES["default"].get("HOST") != EMBEDDED):
    raise ImproperlyConfigured(
        "Demo mode only runs on the database `make run` starts itself. "
        "Unset HOMEWARD_DEMO to use a real one."
    )

# --- people and sign-in -----------------------------------------------------------------------
AUTH_USER_MODEL = "practice.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "practice.passwords.LongEnough", "OPTIONS": {"min_length": 12}},
    {"NAME": "practice.passwords.NotYourself"},
    {"NAME": "practice.passwords.KnownPasswords"},
    {"NAME": "practice.passwords.OurOwnWords"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = reverse_lazy("home")
ACCOUNT_ADAPTER = "practice.adapters.AccountAdapter"
MFA_ADAPTER = "practice.adapters.MfaAdapter"
ACCOUNT_FORMS = {
    "login": "practice.adapters.LoginForm",
    "add_email": "practice.adapters.AddEmailForm",
    "request_login_code": "practice.adapters.RequestLoginCodeForm",
    "set_password": "practice.adapters.SetPasswordForm",
    "change_password": "practice.adapters.ChangePasswordForm",
    "reset_password_from_key": "practice.adapters.ResetPasswordKeyForm",
    "reauthenticate": "practice.adapters.ReauthenticateForm",
}
MFA_FORMS = {
    "add_webauthn": "practice.second_step.AddKeyForm",
    "edit_webauthn": "practice.second_step.EditKeyForm",
    "login_webauthn": "practice.second_step.LoginKeyForm",
    "authenticate": "practice.second_step.SecondCodeForm",
    "authenticate_webauthn": "practice.second_step.SecondKeyForm",
    "reauthenticate": "practice.second_step.ReauthenticateCodeForm",
    "reauthenticate_webauthn": "practice.second_step.ReauthenticateKeyForm",
}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_USER_DISPLAY = "practice.adapters.display"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 600
ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS = 3
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
ACCOUNT_PASSWORD_RESET_BY_CODE_TIMEOUT = 600
ACCOUNT_PREVENT_ENUMERATION = "strict"
# The adapter queues a mail to nobody for these: the answer takes as long as for anyone else.
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_CONFIRMATION_AUTHENTICATED_REDIRECT_URL = reverse_lazy("account_email")
ACCOUNT_MAX_EMAIL_ADDRESSES = 2
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if SECURE else "http"
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    "login_failed": "10/m/ip,5/5m/key",
    "request_login_code": "20/m/ip,3/5m/key",
    "reset_password": "20/m/ip,5/m/key",
    "reset_password_from_key": "20/m/ip",
    "confirm_email": "1/10s/key",
    "signup": "20/m/ip",
    "manage_email": "10/m/user",
    "change_password": "5/m/user",
    "reauthenticate": "10/m/user",
}
# Forwarded headers count only behind this many proxies of our own: forging them gains nothing.
ALLAUTH_TRUSTED_PROXY_COUNT = int(os.environ.get("TRUSTED_PROXIES", "0"))
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_PASSKEY_SIGNUP_ENABLED = False
MFA_TOTP_ISSUER = "Homeward"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not SECURE
USERSESSIONS_TRACK_ACTIVITY = True

# --- cookies, headers, CSP --------------------------------------------------------------------
_PREFIX = "__Host-" if SECURE else ""
SESSION_COOKIE_NAME = f"{_PREFIX}homeward"
CSRF_COOKIE_NAME = f"{_PREFIX}homeward-form"
LANGUAGE_COOKIE_NAME = f"{_PREFIX}homeward-language"
SPOKEN_COOKIE_NAME = f"{_PREFIX}homeward-spoken"
THEME_COOKIE_NAME = f"{_PREFIX}homeward-theme"
# Not in a cookie of their own: it would have no prefix.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 14 * 24 * 3600
# Whoever is never idle signs in again after this (NIST SP 800-63B: twelve hours at its second level,
# thirty days at its first). What was being written then may still be sent for an hour.
SESSION_ENDS = {"member": 12 * 3600, "client": 30 * 24 * 3600}
SESSION_LAST_WORDS = 3600
CSRF_FAILURE_VIEW = "practice.views.errors.csrf_failure"
SECURE_SSL_REDIRECT = SECURE
# A program that asks over http is refused (practice/middleware.py): a redirect would hide its mistake.
SECURE_REDIRECT_EXEMPT = [r"^health$", r"^api/"]
SECURE_HSTS_SECONDS = 63_072_000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE
SECURE_HSTS_PRELOAD = SECURE
# "no-referrer" makes browsers send "Origin: null" with every form, which the CSRF check refuses.
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
if int(os.environ.get("TRUSTED_PROXIES", "0")):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"
# Client pages: no script but our own file; the one Trusted Types policy hands out "/sw.js" only
# (registering a service worker is a sink; with none at all the offline page could not be kept).
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "worker-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "require-trusted-types-for": ["'script'"],
        "trusted-types": ["homeward"],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]

# --- languages and time -----------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("es", _("Español"))]
FORMAT_MODULE_PATH = "practice.config.formats"
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# --- static files -----------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# --- cache (rate limits only; in Redis when there is one, so that all processes count together) -
REDIS_URL = os.environ.get("REDIS_URL", "")
CACHES = {
    "default": (
        {
            "BACKEND": "practice.cache.ForgivingRedisCache",
            "LOCATION": REDIS_URL,
            "KEY_PREFIX": "homeward-cache",
            "OPTIONS": {"socket_timeout": 1, "socket_connect_timeout": 1},
        }
        if REDIS_URL
        else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    )
}

# What one key or one person may ask the API for in a minute, and how often take something heavy away.
API_PER_MINUTE = 600
EXPORTS_PER_MINUTE = 30

# --- mail and queue ---------------------------------------------------------------------------
# smtp://user:password@host:port?tls=1 (STARTTLS) or smtps://…
EMAIL_URL = os.environ.get("EMAIL_URL", "smtp://localhost:1025")
DEFAULT_FROM_EMAIL = os.environ.get("MAIL_FROM", "Homeward <homeward@localhost.localdomain>")
EMAIL_BACKEND = "practice.smtp.OutboxBackend"
# After restoring an old backup: hold all reminders until someone has looked (docs/operations.md).
REMINDERS_HOLD = os.environ.get("HOMEWARD_REMINDERS_HOLD") == "1"
globals().update({f"CELERY_{key}": value for key, value in broker.SETTINGS.items()})

# --- logs: structured, ids only ---------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "practice.logs.JsonFormatter"}},
    "handlers": {
        "stderr": {
            "class": "practice.logs.Lines",
            "formatter": "json",
        }
    },
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        # Paths and messages of these can carry what a person typed.
        "django.request": {"level": "ERROR"},
        "django.security": {"level": "WARNING"},
        "django.db.backends": {"level": "WARNING"},
    },
}

# --- API --------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "clients.authentication.TokenAuthentication",
        "clients.authentication.ActorSessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_THROTTLE_CLASSES": ["practice.doors.programs.RequestLimit"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "practice.schema.Schema",
    "EXCEPTION_HANDLER": "practice.problems.handler",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Homeward API",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "DESCRIPTION": "Homeward for programs: what the pages do, by the same rules (docs/api.md).",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "practice.schema.only_these_fields",
    ],
    "ENUM_NAME_OVERRIDES": {"RoleEnum": "practice.models.Role.choices"},
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
}

SILENCED_SYSTEM_CHECKS: list[str] = []
