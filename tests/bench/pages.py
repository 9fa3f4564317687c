"""Pages and API routes: CPU and queries against a bare view, at two sizes."""

import gc
import json
from collections.abc import Callable
from uuid import uuid4

from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext, override_settings

from exercises.models import Homework
from practice.tenancy import scope
from tests.bench.figures import (
    TIMES,
    WARM,
    Figure,
    against,
    bounded,
    compared,
    cpu_in_turns,
    cpu_of,
)
from tests.bench.stage import Stage, build
from tests.cast import Person, Play, make_client

SIZES = (1_000, 100_000)
MOST_QUERIES = 12
MOST_GROWTH = 1.3
MOST_AUTOSAVE = 3.0
AUTOSAVE = "autosave"
# The step of the first exercise that asks for the topic.
STEP = 3


def measure(sizes: tuple[int, int] = SIZES) -> list[Figure]:
    """Measure every main page at both sizes, in turns; growth is the ratio of the two."""
    stages = [build(size) for size in sizes]
    # What building a practice left behind is not walked through again at each collection.
    gc.collect()
    gc.freeze()
    floor = _bare(stages[1])
    small, large = (_acts(stage) for stage in stages)
    figures = []
    for name, act in large.items():
        asked = _asked_by(name, act)
        few, cpu = cpu_in_turns([small[name], act])
        said = f"{name}: CPU at {sizes[1]:,}"
        if name == AUTOSAVE:
            figures.append(against(said, cpu, "ms", floor, MOST_AUTOSAVE))
        else:
            figures.append(compared(said, cpu, "ms", floor))
        figures.append(bounded(f"{name}: queries at {sizes[1]:,}", asked, "", MOST_QUERIES))
        figures.append(against(f"{name}: growth", cpu, "ms", few, MOST_GROWTH))
    return figures


def _asked_by(name: str, act: Callable[[], object]) -> int:
    act()  # once a minute a request also notes on which device somebody is: not this one
    with CaptureQueriesContext(connection) as queries:
        act()
    # Before anything else is asked: Django forgets its log at every request.
    asked = _asked(queries)
    assert asked, f"{name} asked nothing: the counter is blind"
    return asked


def _asked(queries: CaptureQueriesContext) -> int:
    """Count the questions; opening and closing the transaction is not one."""
    frame = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK")
    return sum(not query["sql"].startswith(frame) for query in queries)


def _bare(stage: Stage) -> float:
    with override_settings(ROOT_URLCONF="tests.bench.bare", MIDDLEWARE=[]):
        with scope(practice=stage.practice.pk):
            pk = Homework.objects.order_by("pk").values_list("pk", flat=True)[0]
        browser = Browser()
        return cpu_of(lambda: browser.get(f"/{stage.practice.pk}/{pk}"), times=60)


def _filled(play: Play, by: Person, person: Person) -> Homework:
    homework = play.homework(person, play.assign(by, person))
    play.fill(person, homework, topic="the bags")
    return homework


def _search(browser: Browser, path: str, word: str) -> Callable[[], object]:
    def act() -> None:
        response = browser.post(path, {"q": word}, content_type="application/json")
        assert response.status_code == 200, (path, response.status_code)

    return act


def _acts(stage: Stage) -> dict[str, Callable[[], object]]:
    play, dana, ana = stage.play, stage.dana, stage.ana
    open_one = play.homework(ana, play.assign(dana, ana))
    play.say(ana, open_one, topic="the bags")
    sent = play.all_there_is(dana, ana, stage.couple)
    stepped = play.homework(ana, play.assign(dana, ana))
    client, staff = ana.browser(), dana.browser()
    drafts, revision = iter(range(10_000)), 1  # `say` wrote the first
    # Somebody else has something to hand in for each time it is measured, by page and by API.
    mia = make_client(stage.practice, f"mia-{uuid4().hex[:8]}@mail.example", "Mia Storm", dana)
    sending = mia.browser()
    filled = iter([_filled(play, dana, mia) for _time in range(2 * (2 + WARM + TIMES))])

    def get(browser: Browser, path: str) -> Callable[[], object]:
        def act() -> None:
            response = browser.get(path)
            assert response.status_code == 200, (path, response.status_code)

        return act

    def save() -> None:
        nonlocal revision
        body = {
            "revision": revision,
            "device": "bench",
            "fields": {"topic": [f"draft {next(drafts)}"]},
        }
        response = client.post(
            f"/homework/{open_one.pk}/draft", json.dumps(body), content_type="application/json"
        )
        assert response.status_code == 200, response.status_code
        revision = response.json()["revision"]

    def step_save() -> None:
        body = {"topic": f"draft {next(drafts)}", "device": "bench"}
        response = client.post(f"/homework/{stepped.pk}/step/{STEP}/", body)
        assert response.status_code == 302, response.status_code
        assert response["Location"].endswith(f"/step/{STEP + 1}/"), "this is not the topic's step"

    def submit() -> None:
        response = sending.post(f"/homework/{next(filled).pk}/submit/")
        assert response.status_code == 302, response.status_code

    def api_submit() -> None:
        pk = next(filled).pk
        response = sending.post(
            f"/api/v1/homework/{pk}/submit", headers={"Idempotency-Key": str(pk)}
        )
        assert response.json()["result"] == "in", response.status_code

    def api_save() -> None:
        body = {"value": f"draft {next(drafts)}"}
        response = client.put(
            f"/api/v1/homework/{open_one.pk}/answers/topic",
            json.dumps(body),
            content_type="application/json",
        )
        assert response.status_code == 200, response.status_code

    return {
        "today": get(client, "/today/"),
        "step": get(client, f"/homework/{open_one.pk}/step/2/"),
        "step save": step_save,
        AUTOSAVE: save,
        "submit": submit,
        "queue": get(staff, "/review/"),
        "review": get(staff, f"/review/{sent.pk}/"),
        "client page": get(staff, f"/clients/{ana.client.pk}/"),
        "couple page": get(staff, f"/couples/{stage.couple.pk}/"),
        "client list": get(staff, "/clients/"),
        "library search": get(staff, "/exercises/?q=argument"),
        "assign": get(staff, f"/assign/?client={ana.client.pk}"),
        "API: homework": get(staff, "/api/v1/homework"),
        "API: queue": get(staff, "/api/v1/queue"),
        "API: exercises": _search(staff, "/api/v1/exercises/search", "argument"),
        "API: rounds": get(staff, f"/api/v1/homework/{sent.pk}/rounds"),
        "API: save": api_save,
        "API: submit": api_submit,
    }
