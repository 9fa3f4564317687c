"""Exercises and their immutable, numbered versions."""

import uuid
from functools import cached_property

from django.db import models

from exercises import definition as definitions
from practice.models import PracticeOwned


class Exercise(PracticeOwned):
    """A thing that can be assigned. Each practice has its own copy of the library."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    slug = models.SlugField(max_length=80)
    # Title and purpose in every language, lower-case: what a search looks through.
    search_text = models.TextField()
    is_pair = models.BooleanField()
    is_log = models.BooleanField()
    minutes = models.PositiveSmallIntegerField()
    created_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["practice", "slug"], name="slug_once")]

    def __str__(self) -> str:
        return self.slug


class ExerciseVersion(PracticeOwned):
    """One wording of an exercise. Never changes; an edit makes the next number."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    exercise = models.ForeignKey(Exercise, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    body = models.JSONField()
    digest = models.CharField(max_length=64)
    published_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["exercise", "number"], name="version_number")
        ]

    @cached_property
    def definition(self) -> definitions.Definition:
        """Return what this version is made of (read once per process: it never changes).

        So queries leave `body` out: the longest thing they would carry is hardly ever looked at.
        """
        return definitions.cached_from_json(self.digest, lambda: self.body)
