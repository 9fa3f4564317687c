"""The API against its own schema, as each person: no server error, nothing that it does not say."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client as Browser
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS

from clients.models import Couple
from practice.config.wsgi import application
from tests.api.ground import key_of
from tests.cast import Person, Play
from tests.conftest import commit_trail

# A body may be in order and yet refused: an exercise for two is not assigned to one, a sent round
# takes no answer. Which refusals there are, the schema says, and the other checks hold them to it.
LEFT_OUT = {"positive_data_acceptance", "missing_required_header", "use_after_free"}
PEOPLE = ["ana", "ben", "dana", "omar", "sana", "ruth", "zoe", "uma"]
# A body that breaks the schema is refused before anybody asks who sends it: two suffice.
BREAK_RULES = {"ana", "dana"}
EXAMPLES = 4
# What ends something comes last, so that the others find it there.
ENDINGS = ("withdraw", "unlink", "discharge", "hand-over", "{entry}")
Ids = dict[str, list[str]]


@pytest.fixture(autouse=True)
def _one_transaction() -> Iterator[None]:
    """Keep the test's transaction open across requests, as Django's own test client does."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture
def ids(play: Play, dana: Person, omar: Person, ana: Person, cleared: Couple) -> Ids:
    """Make some of each thing, and return what there is to ask for, by where it is asked."""
    both = play.assign(dana, cleared, "e11-what-reaches-me")
    single, another = play.assign(dana, ana), play.assign(dana, ana)
    log = play.homework(ana, play.assign(dana, ana, "e04-reassurance-log"))
    open_one, sent = play.homework(ana, both), play.homework(ana, single)
    waiting = play.homework(ana, another)
    for one in (sent, waiting):
        play.submit(ana, one, topic="Who carries the bags")
    review = play.review(dana, sent, words="Thank you.", settle=False)
    exercise = str(play.fresh(sent).version.exercise_id)
    clients = [str(cleared.first_id), str(cleared.second_id)]
    return {
        "assignments": [str(both.pk), str(single.pk)],
        "clients": clients,
        "couples": [str(cleared.pk)],
        "exercises": [exercise],
        "homework": [str(one.pk) for one in (open_one, sent, waiting, log)],
        "reviews": [str(review.pk)],
        "invitations": [str(cleared.pk)],
        # In bodies.
        "exercise": [exercise],
        "client": clients,
        "couple": [str(cleared.pk)],
        "first": clients,
        "second": clients,
        "to": [str(omar.member.pk)],
    }


@pytest.mark.parametrize("name", PEOPLE)
def test_every_address_keeps_to_the_schema(
    name: str, request: pytest.FixtureRequest, ids: Ids
) -> None:
    key = key_of(request.getfixturevalue(name))
    schema = schemathesis.openapi.from_wsgi("/api/v1/schema", application)
    checks = [check for check in CHECKS.get_all() if check.__name__ not in LEFT_OUT]
    operations = [result.ok() for result in schema.get_all_operations()]
    operations.sort(key=lambda one: (one.path.endswith(ENDINGS), one.method != "get"))
    seen: Counter[int] = Counter()
    for operation in operations:
        modes = [GenerationMode.POSITIVE]
        modes += [GenerationMode.NEGATIVE] if name in BREAK_RULES else []
        for mode in modes:
            try_it(operation, mode, {"Authorization": f"Bearer {key}"}, ids, checks, seen)
    assert seen[200] > 5, "nobody was let in anywhere: nothing was tried"


def try_it(
    operation: Any,
    mode: GenerationMode,
    headers: dict[str, str],
    ids: Ids,
    checks: list[Any],
    seen: Counter[int],
) -> None:
    @given(case=operation.as_strategy(generation_mode=mode), data=st.data())
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    def one(case: Any, data: st.DataObject) -> None:
        if mode is GenerationMode.POSITIVE:
            # What exists, more often than what doesn't.
            resource = operation.path.removeprefix("/api/v1/").partition("/")[0]
            if "{id}" in operation.path and data.draw(st.integers(0, 4)):
                case.path_parameters["id"] = data.draw(st.sampled_from(ids[resource]))
            for name in set(ids) & set(case.body) if isinstance(case.body, dict) else ():
                if case.body[name] and data.draw(st.integers(0, 4)):
                    case.body[name] = data.draw(st.sampled_from(ids[name]))
            # One key is for one request.
            (case.headers or {}).pop("Idempotency-Key", None)
        commit_trail()  # as the request before has done by now
        answer = case.call_and_validate(headers=headers, checks=checks)
        seen[answer.status_code] += 1

    one()


def test_each_method_says_what_it_does_and_no_two_of_an_address_say_the_same():
    schema = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    said = {
        path: [operation["description"] for operation in methods.values()]
        for path, methods in schema["paths"].items()
    }
    assert [path for path, texts in said.items() if not all(texts)] == []
    assert [path for path, texts in said.items() if len(set(texts)) < len(texts)] == []


@pytest.mark.django_db
def test_the_page_about_it_leads_back_and_says_in_which_language_it_goes_on():
    browser = Browser()
    english = str(browser.get("/api/v1/guide").content, "utf-8")
    browser.cookies["homeward-language"] = "es"
    spanish = str(browser.get("/api/v1/guide").content, "utf-8")
    assert "The descriptions are in English." not in english
    assert "Las descripciones están en inglés." in spanish
    assert 'href="/"' in english[english.index("<main") :]
