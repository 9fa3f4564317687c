"""Rate limits live in Redis; when it is away, people can still sign in and go on."""

import time
from collections.abc import Callable
from typing import Any, TypeVar

from django.core.cache import cache
from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError, TimeoutError  # noqa: A004 -- Redis' own

T = TypeVar("T")
# One that hangs costs a second for each question, and a sign-in asks a dozen: after the first we
# leave it alone for a moment.
LEFT_ALONE_SECONDS = 3.0
_alone_until = 0.0


class ForgivingRedisCache(RedisCache):
    """Treat an unreachable Redis as an empty cache that keeps nothing."""

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        """Return the value, or `default` when there is none or nobody to ask."""
        return _or(
            lambda: super(ForgivingRedisCache, self).get(key, default, version), otherwise=default
        )

    def set(
        self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> None:
        """Keep the value, if somebody is there to keep it."""
        _or(
            lambda: super(ForgivingRedisCache, self).set(key, value, timeout, version),
            otherwise=None,
        )

    def add(
        self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> bool:
        """Keep the value unless there is one."""
        return _or(
            lambda: super(ForgivingRedisCache, self).add(key, value, timeout, version),
            otherwise=True,
        )

    def delete(self, key: str, version: int | None = None) -> bool:
        """Forget the value."""
        return _or(lambda: super(ForgivingRedisCache, self).delete(key, version), otherwise=False)

    def get_many(self, keys: Any, version: int | None = None) -> dict[Any, Any]:
        """Return what there is."""
        return _or(lambda: super(ForgivingRedisCache, self).get_many(keys, version), otherwise={})

    def set_many(
        self, data: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> list[Any]:
        """Keep what can be kept; return what could not."""
        return _or(
            lambda: super(ForgivingRedisCache, self).set_many(data, timeout, version),
            otherwise=list(data),
        )

    def delete_many(self, keys: Any, version: int | None = None) -> None:
        """Forget these."""
        _or(lambda: super(ForgivingRedisCache, self).delete_many(keys, version), otherwise=None)

    def has_key(self, key: str, version: int | None = None) -> bool:
        """Say whether there is a value."""
        return _or(lambda: super(ForgivingRedisCache, self).has_key(key, version), otherwise=False)

    def touch(self, key: str, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Keep the value for longer."""
        return _or(
            lambda: super(ForgivingRedisCache, self).touch(key, timeout, version), otherwise=False
        )

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        """Count; 0 when there is nobody who counts. Raises ValueError when there was no count."""
        return _or(lambda: super(ForgivingRedisCache, self).incr(key, delta, version), otherwise=0)

    def clear(self) -> None:
        """Forget everything."""
        _or(lambda: super(ForgivingRedisCache, self).clear(), otherwise=None)


def seconds_to_wait(what: str, *, per_minute: int, at: float) -> int:
    """Count one more of `what` in this minute; return how long it is full, 0 while there is room."""
    minute, second = divmod(int(at), 60)
    key = f"limit:{what}:{minute}"
    cache.add(key, 0, timeout=120)
    try:
        count = cache.incr(key)
    except ValueError:  # forgotten in between
        return 0
    return 60 - second if count > per_minute else 0


def _or(ask: Callable[[], T], *, otherwise: T) -> T:
    global _alone_until  # noqa: PLW0603 -- one Redis, one process, one memory of it
    if time.monotonic() < _alone_until:
        return otherwise
    try:
        return ask()
    except TimeoutError:
        _alone_until = time.monotonic() + LEFT_ALONE_SECONDS
        return otherwise
    except (RedisError, OSError):
        return otherwise
