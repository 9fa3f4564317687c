"""Who works here: people, practices, seats, and the record of who did what."""

import uuid
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

# Unicode's combining diacritical marks: what NFD takes off a letter.
FIRST_MARK, LAST_MARK = "\u0300", "\u036f"


class Plain(models.Func):
    """A text as it is looked for and sorted: without accents, in small letters; PostgreSQL makes it.

    No collation does it everywhere: the PostgreSQL of `make run` is built without ICU.
    """

    template = (
        "lower(regexp_replace(normalize(%(expressions)s, NFD),"
        f" '[{FIRST_MARK}-{LAST_MARK}]', '', 'g'))"
    )
    output_field: Any = models.CharField()


def name_to_sort() -> models.GeneratedField:
    """Return the column lists of names are sorted by; the database keeps it in step with `name`."""
    return models.GeneratedField(
        expression=Plain("name"), output_field=models.TextField(), db_persist=True
    )


class UserManager(BaseUserManager["User"]):
    """Make users whose login is their e-mail address."""

    def create_user(self, email: str, password: str | None = None, **fields: object) -> "User":
        """Create a user; without a password they sign in by code or passkey."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None) -> "User":
        """Create an operator of the installation (Django admin only; no clinical text there)."""
        return self.create_user(email, password, is_staff=True, is_superuser=True)

    def get_by_natural_key(self, username: str | None) -> "User":
        """Find by e-mail, however it was capitalised."""
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    """A person who can sign in. What they may do hangs on their seats, not on this row."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120, blank=True)
    sort_name = name_to_sort()
    language = models.CharField(max_length=8, default="en")
    zone = models.CharField(max_length=64, default="UTC")
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    is_demo = models.BooleanField(default=False)
    joined_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[UserManager] = UserManager()
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="one_user_per_email")]

    def __str__(self) -> str:
        return f"user {self.pk}"

    def get_full_name(self) -> str:
        """Return the name other people in the practice read."""
        return self.name or gettext("A colleague")

    def get_short_name(self) -> str:
        """Return the first name."""
        return self.get_full_name().split(" ")[0]


# Where "Leave" leads until an admin says otherwise: it could be anybody's page.
NEUTRAL_PAGE = "https://www.wikipedia.org/"
MOST_MONTHS = 1200


class Practice(models.Model):
    """The tenant: every row of data belongs to exactly one."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=120)
    # What mails call us: a shared inbox must not give anyone away.
    discreet_name = models.CharField(max_length=60, default="Homeward")
    zone = models.CharField(max_length=64, default="UTC")
    language = models.CharField(max_length=8, default="en")
    reminder_time = models.TimeField(default="19:30")
    quiet_from = models.TimeField(default="22:00")
    quiet_until = models.TimeField(default="08:00")
    second_factor_required = models.BooleanField(default=True)
    idle_minutes = models.PositiveSmallIntegerField(default=30)
    # Superseded by `crisis_texts`; the release before still reads it, the next one drops it.
    crisis_text = models.TextField(blank=True, max_length=2000)
    # Where to turn in danger, by language.
    crisis_texts = models.JSONField(blank=True, default=dict, db_default={})
    leave_url = models.URLField(default=NEUTRAL_PAGE)
    # Months after discharge until a record is erased; empty means: keep until asked. None is not
    # "never", and so many that they lead out of the calendar would stop the clock of everybody.
    retention_months = models.PositiveSmallIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(retention_months__range=(1, MOST_MONTHS)),
                name="keeping_time_within_a_century",
            )
        ]

    def __str__(self) -> str:
        return f"practice {self.pk}"


class PracticeOwned(models.Model):
    """Give a model its tenant. A test fails for any model without one."""

    practice = models.ForeignKey(Practice, on_delete=models.PROTECT, related_name="+")

    class Meta:
        abstract = True


class Role(models.TextChoices):
    """What a member does in the practice; one person may hold several."""

    ADMIN = "admin", _("Admin")
    THERAPIST = "therapist", _("Therapist")
    SUPERVISOR = "supervisor", _("Supervisor")


class Membership(PracticeOwned):
    """A member's seat in a practice. Deactivating it takes effect on their next request."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    roles = ArrayField(models.CharField(max_length=16, choices=Role.choices))
    joined_at = models.DateTimeField()
    deactivated_at = models.DateTimeField(null=True, blank=True)
    daily_mail = models.BooleanField(default=True)
    daily_mail_time = models.TimeField(default="08:30")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["practice", "user"], name="one_seat_each")]
        indexes = [models.Index(fields=["user"])]

    def __str__(self) -> str:
        return f"membership {self.pk}"


class Supervision(PracticeOwned):
    """A supervisor reads the caseload of a named therapist."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    supervisor = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="supervises")
    therapist = models.ForeignKey(
        Membership, on_delete=models.PROTECT, related_name="supervised_by"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["supervisor", "therapist"], name="named_once")
        ]

    def __str__(self) -> str:
        return f"supervision {self.pk}"


class InvitationKind(models.TextChoices):
    """What the invited person will be."""

    MEMBER = "member", _("Member")
    CLIENT = "client", _("Client")


class Invitation(PracticeOwned):
    """A way in: single use, expiring, bound to one address, revocable, resendable."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=8, choices=InvitationKind.choices)
    email = models.EmailField()
    name = models.CharField(max_length=120)
    roles = ArrayField(models.CharField(max_length=16, choices=Role.choices), default=list)
    # The client record this opens; a plain id, since practice knows nothing of clients.
    client_id = models.UUIDField(null=True, blank=True)
    # Only a hash of the link's secret: a database dump lets nobody in.
    token_hash = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(
        Membership, on_delete=models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["practice", "-created_at", "id"]),
            models.Index(fields=["client_id"]),
        ]

    def __str__(self) -> str:
        return f"invitation {self.pk}"


class PracticeKey(PracticeOwned):
    """A practice's data key, wrapped by the master key that lives outside the database."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    number = models.PositiveIntegerField()
    wrapped = models.BinaryField()
    created_at = models.DateTimeField(auto_now_add=True)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["practice", "number"], name="key_number")]

    def __str__(self) -> str:
        return f"practice key {self.pk}"


class AuditEvent(PracticeOwned):
    """Who did what to which record when; ids and codes, never a word. Append-only, hash-chained.

    No foreign keys but the tenant: the trail outlives what it speaks of. `seq`, `previous` and
    `digest` are filled by the database itself at commit (migration `chain_at_commit`): digest =
    SHA-256(previous digest || seq | payload), one chain per practice.
    """

    id = models.BigAutoField(primary_key=True)
    seq = models.BigIntegerField(null=True)
    at = models.DateTimeField()
    user_id = models.BigIntegerField(null=True)
    actor_kind = models.CharField(max_length=12)  # member, client, system, operator
    action = models.CharField(max_length=48)
    object_kind = models.CharField(max_length=24)
    object_id = models.CharField(max_length=40)
    # Whose record it touched, so that a client can see who read them.
    client_id = models.UUIDField(null=True)
    detail = models.JSONField(default=dict)
    payload = models.TextField()
    previous = models.BinaryField(null=True)
    digest = models.BinaryField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["practice", "-id"], name="audit_newest"),
            models.Index(fields=["practice", "client_id", "-id"], name="audit_client"),
            models.Index(fields=["practice", "object_id", "-id"], name="audit_object"),
        ]

    def __str__(self) -> str:
        return f"audit event {self.pk}"


class ApiToken(PracticeOwned):
    """A key for a program: hashed, named, scoped to a practice and to actions, expiring."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    # The seat it acts from; plain id and kind, since a client's seat is not ours to know.
    seat = models.CharField(max_length=48)
    name = models.CharField(max_length=80)
    token_hash = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=8)
    scopes = ArrayField(models.CharField(max_length=32))
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["user", "-created_at"])]

    def __str__(self) -> str:
        return f"api token {self.pk}"


class IdempotencyKey(PracticeOwned):
    """Remember the answer to an API post, so that a repeated one changes nothing twice."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user_id = models.BigIntegerField()
    key = models.CharField(max_length=80)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    # The answer's body may hold a person's words.
    sealed_body = models.BinaryField(null=True)
    location = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["practice", "user_id", "key"], name="idempotent_once")
        ]

    def __str__(self) -> str:
        return f"idempotency key {self.pk}"


class AccountMail(models.Model):
    """A sign-in code or invitation on its way out; deleted once the server has taken it.

    Belongs to an address, not to a practice (a code is asked for before anyone knows which), so
    it has no tenant; address and text are sealed under the master key.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    sealed = models.BinaryField()
    created_at = models.DateTimeField()
    next_at = models.DateTimeField()
    not_after = models.DateTimeField()
    attempt = models.PositiveSmallIntegerField(default=0)
    armed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["next_at"])]

    def __str__(self) -> str:
        return f"account mail {self.pk}"
