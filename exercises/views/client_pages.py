"""What every page of a client's work stands on: who asks, what is open, which step comes next."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import update_wrapper
from typing import Any, Concatenate, ParamSpec
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.functional import cached_property
from django.utils.timezone import now
from django.utils.translation import gettext as _

from exercises import definition as definitions
from exercises import schedule
from exercises.actions.rounds import asked_now
from exercises.definition import Definition, Item, ItemKind
from exercises.models import AnswerOutcome, Homework
from exercises.queries import homework as homeworks
from exercises.queries import today as todays
from exercises.views import wording
from exercises.visibility import OpenedAnswer, OpenedEntry, OpenedRound, read_replies, read_rounds
from exercises.workflow import CLIENTS_TURN, Status
from practice.actors import Actor
from practice.doors.pages import device_key
from practice.wording import language, readers

# So long, at least, takes one place a therapist asks more about.
MINUTES_DEEPER = 3

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def for_clients(view: View[P]) -> View[P]:
    """Open a page to clients only, and let no browser keep a copy of it."""

    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not actor_of(request).is_client:
            raise PermissionDenied
        response = view(request, *args, **kwargs)
        add_never_cache_headers(response)
        return response

    return update_wrapper(guarded, view)


def actor_of(request: HttpRequest) -> Actor:
    """Return who is asking."""
    actor: Actor | None = getattr(request, "actor", None)
    if actor is None:
        raise PermissionDenied
    return actor


def title_of(homework: Homework) -> str:
    """Return what the exercise is called, in the page's language."""
    return homework.version.definition.title.get(language())


def draft_key(request: HttpRequest) -> str:
    """Return the key that seals copies on this device, for the pages where one writes."""
    return device_key(actor_of(request), "drafts")


def show(
    request: HttpRequest, page: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    """Render one of the client's pages."""
    return render(request, f"exercises/client/{page}.html", context, status=status)


@dataclass(frozen=True)
class Step:
    """One screen, and where it stands."""

    number: int
    items: list[Item]

    @property
    def keys(self) -> list[str]:
        return [item.key for item in self.items]


class Work:
    """One homework as its client works on it."""

    def __init__(self, actor: Actor, homework: Homework, *, hold: bool = False) -> None:
        self.actor = actor
        self.homework = homework
        self.definition: Definition = homework.version.definition
        self.rounds: list[OpenedRound] = read_rounds(actor, homework, hold=hold)
        self.language = language()

    @property
    def is_open(self) -> bool:
        return Status(self.homework.status) in CLIENTS_TURN

    @property
    def wall(self) -> datetime:
        """Return the time on its client's own clock."""
        return schedule.local_time(now(), self.actor.zone)

    @property
    def title(self) -> str:
        return self.definition.title.get(self.language)

    @property
    def is_shared(self) -> bool:
        """Say whether the partner was given the same, to answer alone."""
        return self.homework.assignment.is_shared

    @property
    def current(self) -> OpenedRound | None:
        """Return what was written in the open round, when it has been begun."""
        last = self.rounds[-1] if self.rounds else None
        return last if last and last.response.round == self.homework.round else None

    @property
    def words(self) -> dict[str, OpenedAnswer]:
        return self.current.words if self.current else {}

    @property
    def moments(self) -> list[OpenedEntry]:
        return self.current.moments if self.current else []

    def moment(self, pk: UUID) -> OpenedEntry | None:
        """Return one moment of the open round, also one of which nothing is said yet."""
        return self.current.moment(pk) if self.current else None

    @property
    def is_begun(self) -> bool:
        """Say whether anything was said in the open round."""
        return bool(self.words or self.moments)

    @property
    def earlier(self) -> list[OpenedRound]:
        return [one for one in self.rounds if one.response.round < self.homework.round]

    @cached_property
    def values(self) -> dict[str, Any]:
        """Return the newest value of each item, over all rounds."""
        return OpenedRound.merged(self.rounds)

    @cached_property
    def items(self) -> list[Item]:
        """Return what can be answered, read or added to now, in order."""
        shown = asked_now(self.homework, self.rounds)
        is_again = self.current and self.current.response.open_items
        if self.definition.is_journal and not is_again:
            return [item for item in shown if item.is_asked]
        return shown

    @cached_property
    def opening(self) -> list[Item]:
        """Return the words to read once, before the first question or the first moment."""
        if self.definition.is_journal:
            shown = definitions.visible_items(self.definition, self.values)
            return [item for item in shown if item.kind is ItemKind.DISPLAY]
        return definitions.opening(self.items)

    @cached_property
    def steps(self) -> list[Step]:
        """Return the screens, numbered; the opening words are on the page before them."""
        items = [item for item in self.items if item not in self.opening]
        return [
            Step(number, screen)
            for number, screen in enumerate(definitions.screens(items), start=1)
        ]

    def is_settled(self, item: Item) -> bool:
        """Say whether one need not come back to this item."""
        kept = self.words.get(item.key)
        if not item.is_asked:
            return True
        if kept is None:
            return False
        return definitions.safety(item, kept.value) is None and (
            kept.outcome != AnswerOutcome.ANSWERED or not definitions.is_empty(kept.value)
        )

    @property
    def resume_at(self) -> int:
        """Return the step after the last one with words, or the first that wants a look."""
        for step in self.steps:
            for item in step.items:
                kept = self.words.get(item.key)
                if kept is not None and definitions.safety(item, kept.value) is not None:
                    return step.number
        done = [
            step.number
            for step in self.steps
            if any(item.is_asked for item in step.items)
            and all(self.is_settled(item) for item in step.items)
        ]
        last = max(done, default=0)
        return min(last + 1, len(self.steps)) if self.steps else 1

    @property
    def missing(self) -> list[Item]:
        """Return what has to be answered or set aside before sending."""
        keys = {item.key for item in self.items}
        outcomes = self.current.outcomes if self.current else {}
        found = definitions.missing(
            self.definition, self.values, outcomes, is_again=self.homework.round > 1
        )
        return [item for item in found if item.key in keys]

    def step_of(self, key: str) -> Step | None:
        """Return the screen an item is on."""
        return next((step for step in self.steps if key in step.keys), None)

    def url(self, name: str, **more: Any) -> str:
        """Return one of this homework's addresses."""
        return reverse(name, kwargs={"pk": self.homework.pk, **more})

    @property
    def continue_url(self) -> str:
        """Return where one goes on."""
        if self.definition.is_journal and not (self.current and self.current.response.open_items):
            return self.url("entries")
        return self.url("step", number=self.resume_at)

    def after(self, key: str, *, to_check: bool) -> str:
        """Return what comes after the screen with this item, asked anew: answers open questions."""
        step = self.step_of(key)
        if to_check and step and (follows := self._follow_up(step)):
            return self.url("step", number=follows.number) + "?from=check"
        if to_check or step is None or step.number >= len(self.steps):
            return self.url("check")
        return self.url("step", number=step.number + 1)

    def _follow_up(self, step: Step) -> Step | None:
        """Return the next screen with a question that follows from these and has no answer yet."""
        leads = {*step.keys, *(item.show_if.item for item in step.items if item.show_if)}
        open_now = {
            one.key for one in self.definition.followed_by(leads) if not self.is_settled(one)
        }
        later = self.steps[step.number :]
        return next((one for one in later if not open_now.isdisjoint(one.keys)), None)

    @property
    def saved_at(self) -> Any:
        """Return when something was last saved in this round."""
        times = [words.row.saved_at for words in self.words.values()]
        times += [w.row.saved_at for moment in self.moments for w in moment.words.values()]
        return max(times, default=None)

    @property
    def minutes_left(self) -> int:
        """Return how long the rest takes, as far as one can say."""
        shown = definitions.visible_items(self.definition, self.values)
        total = max(len(definitions.screens(shown)), len(self.steps), 1)
        left = len(self.steps) - self.resume_at + 1
        return max(1, round(self.definition.minutes * left / total))

    def takes(self, *, begun: bool) -> str:
        """Say how long it takes, what is left of it, or how long the returned places take."""
        if self.homework.status == Status.RETURNED:
            deeper = MINUTES_DEEPER * max(1, len(self.items))
            return wording.takes(self.definition, deeper=min(deeper, self.definition.minutes))
        return wording.takes(self.definition, left=self.minutes_left if begun else None)

    def lines(self, item: Item, value: Any) -> list[str]:
        """Return an answer in words."""
        return definitions.describe(item, value, self.language)


def open_work(request: HttpRequest, pk: UUID, *, or_withdrawn: bool = False) -> Work:
    """Return one of the client's own homeworks, with their own words.

    While something is sent, another tab that writes into the same waits.
    """
    actor = actor_of(request)
    found = homeworks.own_homework if or_withdrawn else homeworks.homework
    return Work(actor, found(actor, pk), hold=request.method == "POST")


@dataclass(frozen=True)
class Therapist:
    """Who cares for a client longest, as their pages name them."""

    name: str
    initials: str
    # Who can read what the client writes; and who what is for those alone who care for them.
    only: str
    only_carers: str
    # Nobody cares for them just now: then no page promises that somebody will read this.
    is_nobody: bool

    @property
    def told(self) -> str:
        """Return who learns at once of an answer that wants a human; empty when nobody would."""
        return "" if self.is_nobody else self.name


def therapist_of(actor: Actor) -> Therapist:
    """Return the therapist this client's pages speak of."""
    care = homeworks.care(actor)
    names = [user.get_short_name() for user in care.carers]
    initials = wording.initials(care.carers[0].get_full_name()) if care.carers else "·"
    return Therapist(
        name=names[0] if names else _("your therapist"),
        initials=initials,
        only=readers(names, is_supervised=care.is_supervised),
        only_carers=readers(names),
        is_nobody=not names,
    )


def way_to_letter(work: Work) -> dict[str, str]:
    """Return where to read what the therapist wrote, and the words of that link; nothing when there
    is nothing to read."""
    if work.homework.round == 1 and work.homework.status != Status.REVIEWED:
        return {}
    replies = read_replies(work.actor, [work.homework])[work.homework.pk]
    if not any(reply.words or reply.comments for reply in replies):
        return {}
    name = replies[-1].review.reviewer.user.get_short_name()
    return {"url": work.url("feedback"), "text": _("What %(name)s wrote") % {"name": name}}


def session_words(actor: Actor) -> str:
    """Name the client's own next session, for "I'd rather say it on Thursday"; empty when it is far
    or unknown."""
    at = now()
    return wording.own_day(todays.own_record(actor, at), at, actor.zone)


def say_text(work: Work, items: Iterable[Item], therapist: Therapist) -> str:
    """Return the words of the button that keeps something to be said.

    What the partner can never be shown is not for an hour the two share.
    """
    at = now()
    client: Any = todays.own_record(work.actor, at)
    if day := wording.own_day(client, at, work.actor.zone):
        return _("I’d rather say it on %(day)s") % {"day": day}
    is_joint = work.is_shared or client.shared_session_at is not None
    return say_without_day(items, "" if therapist.is_nobody else therapist.name, is_joint=is_joint)


def say_without_day(items: Iterable[Item], name: str, *, is_joint: bool) -> str:
    """Return these words where no hour of one's own is near; `name` is the therapist's, if any."""
    if not is_joint or all(item.is_releasable for item in items if item.is_asked):
        return _("I’d rather say it in the session")
    if not name:
        return _("I’d rather say it alone")
    return _("I’d rather tell %(name)s alone") % {"name": name}
