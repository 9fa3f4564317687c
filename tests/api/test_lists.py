"""Lists and searches: no address says what is looked for, and a cursor carries what was asked."""

import json
import re

import pytest
from drf_spectacular.generators import SchemaGenerator

from tests.api.ground import Program
from tests.cast import Person
from tests.practice.ground import crowd, says

__all__ = ["crowd"]
CLEAR = {"clients": "petra", "members": "dana", "exercises": "argument"}


@pytest.mark.usefixtures("crowd")
def test_a_search_and_its_pages_say_no_name(dana: Person):
    program = Program(dana)
    seen, page = [], program.post("clients/search", {"q": "petra"}).json()
    while page["next"]:
        seen += [row["name"] for row in page["results"]]
        assert not says(page["next"], "petra")
        page = program.get(f"clients?after={page['next']}").json()
    seen += [row["name"] for row in page["results"]]
    assert seen == [f"Petra Lindgren {number:02}" for number in range(60)]


@pytest.mark.usefixtures("crowd")
def test_a_cursor_carries_the_filters_and_refuses_others(dana: Person, ana: Person):
    program = Program(dana)
    sought = {"q": "petra", "only": "invited"}
    first = program.post("clients/search", sought).json()
    by_list = program.get("clients?only=invited").json()
    for page, asked in ((first, "only=invited"), (by_list, "only=invited")):
        alone = program.get(f"clients?after={page['next']}")
        beside = program.get(f"clients?{asked}&after={page['next']}")
        assert alone.status_code == beside.status_code == 200
        assert alone.json()["results"] == beside.json()["results"] != []
        other = program.get(f"clients?only=couples&after={page['next']}")
        assert other.status_code == 422
        assert list(other.json()["fields"]) == ["only"]
    assert ana.client.name not in json.dumps(program.get(f"clients?after={first['next']}").json())


@pytest.mark.parametrize(("path", "word"), CLEAR.items())
def test_words_in_an_address_are_refused_with_where_they_go(
    path: str, word: str, dana: Person, library: dict[str, object]
):
    program = Program(dana)
    refused = program.get(f"{path}?q={word}")
    assert refused.status_code == 422
    assert f"/api/v1/{path}/search" in refused.json()["fields"]["q"][0]
    assert word not in refused.content.decode()
    assert len(program.post(f"{path}/search", {"q": word}).json()["results"]) >= (path != "clients")


@pytest.mark.parametrize("path", CLEAR)
@pytest.mark.parametrize(
    "body", [{}, {"q": ""}, {"q": " "}, {"q": 1}, {"q": "a" * 101}, {"q": "a\x00"}, {"q": None}, []]
)
def test_a_search_for_nothing_is_refused(path: str, body: object, dana: Person):
    assert Program(dana).ask("POST", f"{path}/search", body).status_code == 422


def test_a_search_is_not_asked_on_where_it_began(dana: Person):
    refused = Program(dana).post("clients/search?after=x", {"q": "petra"})
    assert list(refused.json()["fields"]) == ["after"]
    refused = Program(dana).post("clients/search", {"q": "petra", "after": "x"})
    assert list(refused.json()["fields"]) == ["after"]


@pytest.mark.parametrize("path", CLEAR)
def test_a_reading_key_may_search_and_needs_no_key_of_a_deed(path: str, dana: Person):
    assert Program(dana, "read").post(f"{path}/search", {"q": "x"}).status_code == 200
    assert Program(dana, "review").post(f"{path}/search", {"q": "x"}).status_code == 403


@pytest.mark.parametrize(
    "path", ["clients", "couples", "exercises", "members", "homework", "queue"]
)
def test_a_list_refuses_what_it_does_not_know(path: str, dana: Person):
    program = Program(dana)
    assert program.get(f"{path}?practice=x").status_code == 422
    assert program.get(f"{path}?after=rubbish").status_code == 404
    assert program.get(path).status_code == 200


def test_every_post_takes_a_key_of_the_deed_but_a_search(dana: Person):
    schema = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    program, heedless = Program(dana), []
    for path, methods in schema["paths"].items():
        if "post" in methods:
            where = re.sub(r"\{\w+\}", str(dana.member.pk), path.removeprefix("/api/v1/"))
            # One that is malformed is refused before anything else is looked at.
            answer = program.post(where, Idempotency_Key="a b")
            if answer.status_code != 400:
                heedless.append(where)
    assert heedless == [f"{path}/search" for path in sorted(CLEAR)]


@pytest.mark.parametrize("path", ["me", "clients", "homework", "members"])
def test_nothing_is_cached_or_confirmed_from_a_cache(path: str, dana: Person, ana: Person):
    answer = Program(dana).get(path, If_None_Match='*, "1"', If_Modified_Since="now")
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store, private"
    assert "ETag" not in answer
