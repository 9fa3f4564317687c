"""Read an exercise file: YAML without its dangerous parts, every refusal with file and line."""

import re
from collections.abc import Iterator

import yaml

from exercises.definition.building import build
from exercises.definition.model import Definition
from exercises.definition.reading import DefinitionError, Place

__all__ = ["DefinitionError", "parse"]

MOST_BYTES = 200_000
MOST_DEPTH = 14
# What the parser stumbles over, and what an author does about it.
ADVICE = {
    "':'": "words with a colon stand in quotes",
    "',' or '}'": "inside {…} so do words with a comma or a bracket, and every { has its }",
    "mapping values": "words with a colon stand in quotes",
    "\\t": "indent with spaces",
    "<block end>": "this line is indented otherwise than those beside it",
}
_INTEGER = re.compile(r"[-+]?[0-9]{1,9}")
_PLAIN = {"true": True, "false": False, "null": None, "~": None, "": None}


def parse(text: str, *, file: str) -> Definition:
    """Return the exercise a file describes. Raises DefinitionError, and nothing else.

    Plain words are words (`no` is "no"), except true, false, null and whole numbers.
    """
    if len(text.encode("utf-8", "surrogatepass")) > MOST_BYTES:
        raise DefinitionError(file, 1, "larger than 200 kB")
    return build(_tree(text, file))


def _tree(text: str, file: str) -> Place:
    """Compose the one document of `text`, from SafeLoader's events, so that depth is bounded."""
    try:
        events = yaml.parse(text, Loader=yaml.SafeLoader)
        found = [_node(event, events, file, 0) for event in events if _opens(event)]
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        said = problem.problem or problem.context or ""
        advice = "; ".join(text for mark_of, text in ADVICE.items() if mark_of in said)
        reason = f"not readable as YAML: {said}" + (f"; {advice}" if advice else "")
        raise DefinitionError(file, mark.line + 1 if mark else 1, reason) from problem
    except yaml.reader.ReaderError as problem:
        line = text.count("\n", 0, int(problem.position)) + 1
        raise DefinitionError(file, line, "contains a character YAML does not allow") from problem
    except (yaml.YAMLError, ValueError, OverflowError, IndexError, AttributeError) as problem:
        # PyYAML lets a few of its own slips through, on escapes and directives for instance.
        if isinstance(problem, DefinitionError):
            raise
        raise DefinitionError(file, 1, "not readable as YAML") from problem
    if not found:
        raise DefinitionError(file, 1, "this file is empty")
    if len(found) > 1:
        raise DefinitionError(file, 1, "one exercise a file: take out the line with ---")
    return found[0]


def _opens(event: yaml.Event) -> bool:
    return isinstance(event, yaml.NodeEvent)


def _node(event: yaml.Event, events: Iterator[yaml.Event], file: str, depth: int) -> Place:
    line = event.start_mark.line + 1 if event.start_mark else 1
    _refuse_dangers(event, file, line, depth)
    if isinstance(event, yaml.ScalarEvent):
        return Place(_scalar(event), line, file)
    if isinstance(event, yaml.SequenceStartEvent):
        rows = []
        for part in events:
            if isinstance(part, yaml.SequenceEndEvent):
                break
            rows.append(_node(part, events, file, depth + 1))
        return Place(rows, line, file)
    return Place(_map(events, file, depth), line, file)


def _map(events: Iterator[yaml.Event], file: str, depth: int) -> dict[str, Place]:
    found: dict[str, Place] = {}
    for part in events:
        if isinstance(part, yaml.MappingEndEvent):
            break
        name = _node(part, events, file, depth + 1)
        if not isinstance(part, yaml.ScalarEvent):
            raise name.refuse("a key is one word")
        key = str(part.value)
        if key in found:
            raise name.refuse(f"“{key:.60}” stands here twice")
        found[key] = _node(next(events), events, file, depth + 1)
    return found


def _refuse_dangers(event: yaml.Event, file: str, line: int, depth: int) -> None:
    if depth > MOST_DEPTH:
        raise DefinitionError(file, line, "nested too deeply")
    if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
        raise DefinitionError(file, line, "anchors and aliases are not used in exercise files")
    if getattr(event, "tag", None) is not None:
        raise DefinitionError(file, line, "tags are not used in exercise files")


def _scalar(event: yaml.ScalarEvent) -> str | int | bool | None:
    text = str(event.value)
    if not event.implicit[0]:
        return text  # quoted, or a block of words
    if text in _PLAIN:
        return _PLAIN[text]
    return int(text) if _INTEGER.fullmatch(text) else text
