"""Keep the seeds of second factors sealed, whoever wrote them and whichever key they had."""

from collections.abc import Callable

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.db.models import Q

from practice.crypto import FACTOR, seal_factor, unseal_factor

SEEDS = ("secret", "seed")


def seal_new() -> int:
    """Seal what is not sealed yet; return how many. Safe to repeat, and while people sign in.

    The worker's work and no migration's: while the release before still runs it could not read
    what is sealed, and what it writes is found the next time.
    """
    plain = Q()
    for seed in SEEDS:
        plain |= Q(**{f"data__{seed}__isnull": False}) & ~Q(**{f"data__{seed}__startswith": FACTOR})
    return _each(plain, _sealed)


def seal_anew() -> int:
    """Seal every seed under the first master key; return how many rows."""
    return _each(Q(), lambda text, user: _sealed(opened(text), user))


def opened(text: str) -> str:
    """Return a seed as it was before it was sealed."""
    return unseal_factor(text)[1] if text.startswith(FACTOR) else text


def _sealed(text: str, user: int) -> str:
    return text if text.startswith(FACTOR) else seal_factor(text, user=user)


def _each(which: Q, change: Callable[[str, int], str]) -> int:
    kinds = [Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES]
    found = Authenticator.objects.filter(which, type__in=kinds).order_by("pk")
    done = 0
    for pk in list(found.values_list("pk", flat=True)):
        with transaction.atomic():
            # Locked from reading to writing: a code used in between stays used.
            one = Authenticator.objects.select_for_update().filter(pk=pk).first()
            if one is None:
                continue
            for seed in SEEDS:
                if seed in one.data:
                    one.data[seed] = change(one.data[seed], one.user_id)
            if "migrated_codes" in one.data:
                codes = [change(code, one.user_id) for code in one.data["migrated_codes"]]
                one.data["migrated_codes"] = codes
            one.save(update_fields=["data"])
            done += 1
    return done
