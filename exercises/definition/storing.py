"""A definition as JSON, and back: the JSON is what an exercise version stores."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields
from enum import StrEnum
from typing import Any

from exercises.definition.building import build
from exercises.definition.model import (
    Condition,
    Definition,
    FlagRule,
    Hint,
    Item,
    Text,
    Visibility,
)
from exercises.definition.reading import wrap

_MOST_CACHED = 500
_cache: dict[str, Definition] = {}


def to_json(definition: Definition) -> dict[str, Any]:
    """Return the definition as plain data: the same shape as the file, defaults left out."""
    dumped = _fields(definition)
    return {"format": definition.format_version, **dumped}


def from_json(body: Mapping[str, Any]) -> Definition:
    """Return the definition stored as `body`. Raises DefinitionError when it is not one."""
    return build(wrap(dict(body), "stored version"))


def digest(definition: Definition) -> str:
    """Return the SHA-256 of the canonical JSON, in hex: equal wording, equal digest."""
    text = json.dumps(
        to_json(definition), sort_keys=True, ensure_ascii=False, separators=(",", ":")
    )
    return hashlib.sha256(text.encode()).hexdigest()


def cached_from_json(key: str, body: Callable[[], Mapping[str, Any]]) -> Definition:
    """Return `from_json(body())`, fetched and built once per process; `key` is its digest."""
    found = _cache.get(key)
    if found is None:
        found = from_json(body())
        if len(_cache) >= _MOST_CACHED:
            _cache.clear()
        _cache[key] = found
    return found


def _dump(value: Any) -> Any:
    if isinstance(value, Text):
        return dict(value.by_language)
    if isinstance(value, StrEnum):
        return str(value)
    if isinstance(value, tuple):
        return [_dump(one) for one in value]
    if isinstance(value, Condition):
        named = {"item": value.item}
        return {**named, "is": list(value.values)} if value.values else named
    if isinstance(value, FlagRule):
        return {"flag": str(value.flag), "is": list(value.values)}
    if isinstance(value, Hint):
        return {"when": _when(value), "text": _dump(value.text)}
    if hasattr(value, "__dataclass_fields__"):
        return _fields(value)
    return value


def _when(hint: Hint) -> dict[str, Any]:
    if hint.empty:
        return {"empty": hint.empty}
    name = next(name for name in ("starts", "has", "lacks") if getattr(hint, name))
    return {name: {language: list(words) for language, words in getattr(hint, name)}}


def _fields(value: Any) -> dict[str, Any]:
    return {
        field.name: _dump(getattr(value, field.name))
        for field in fields(value)
        if field.name != "format_version" and not _is_default(value, field)
    }


def _is_default(value: Any, field: Field[Any]) -> bool:
    if isinstance(value, Item) and field.name == "visibility":
        # In an exercise that is never released the default differs, so it is always said.
        return getattr(value, field.name) is Visibility.AUTHOR_THERAPIST
    return field.default is not MISSING and getattr(value, field.name) == field.default
