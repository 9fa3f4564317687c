"""Password hashing without its cost."""

from django.contrib.auth.hashers import PBKDF2PasswordHasher


class QuickHasher(PBKDF2PasswordHasher):
    """The real algorithm, once instead of a million times."""

    iterations = 1
