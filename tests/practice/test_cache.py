"""Redis may be away at any time: people still sign in, and limits hold again once it is back."""

import os
from typing import Any

import pytest
from django.core.cache import caches
from django.test import Client as Browser

from practice.cache import ForgivingRedisCache
from tests.cast import PASSWORD, Person
from tests.servers import closed_port


@pytest.fixture
def nobody_there() -> ForgivingRedisCache:
    options = {"OPTIONS": {"socket_timeout": 1, "socket_connect_timeout": 1}}
    return ForgivingRedisCache(f"redis://127.0.0.1:{closed_port()}/0", options)


def test_without_redis_the_cache_is_empty_and_keeps_nothing(nobody_there: ForgivingRedisCache):
    nobody_there.set("a", 1)
    assert nobody_there.get("a", "nothing") == "nothing"
    assert nobody_there.add("a", 1) is True
    assert nobody_there.delete("a") is False
    assert nobody_there.get_many(["a", "b"]) == {}
    assert nobody_there.has_key("a") is False
    assert nobody_there.incr("a") == 0
    assert nobody_there.touch("a") is False
    nobody_there.set_many({"a": 1})
    nobody_there.delete_many(["a"])
    nobody_there.clear()


@pytest.mark.django_db(transaction=True)
def test_without_redis_people_still_sign_in(ana: Person, settings: Any):
    settings.CACHES = {
        "default": {
            "BACKEND": "practice.cache.ForgivingRedisCache",
            "LOCATION": f"redis://127.0.0.1:{closed_port()}/0",
        }
    }
    assert isinstance(caches["default"], ForgivingRedisCache)
    browser = Browser()
    browser.post("/account/login/", {"login": "ana@mail.example", "password": PASSWORD})
    assert browser.get("/today/").status_code == 200


def test_with_redis_it_counts_and_forgets_nothing_within_the_minute():
    there = ForgivingRedisCache(os.environ["REDIS_URL"], {"KEY_PREFIX": "test-of-counting"})
    there.delete("counted")
    with pytest.raises(ValueError, match="not found"):
        there.incr("counted")
    assert there.add("counted", 0, timeout=60) is True
    assert [there.incr("counted"), there.incr("counted")] == [1, 2]
    assert there.add("counted", 0, timeout=60) is False
    there.delete("counted")
