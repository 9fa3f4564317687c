"""Read a whole folder of exercise files."""

from pathlib import Path

from exercises.definition.model import Definition
from exercises.definition.parsing import DefinitionError, parse

LIBRARY = Path(__file__).resolve().parent.parent / "library"


def load_library(folder: Path | None = None) -> list[Definition]:
    """Return every exercise in `folder` (ours, when none is named), by slug.

    A file whose name starts with `_` is not an exercise. Raises DefinitionError, naming file,
    line and reason, for the first file that cannot be read or is not named like its slug.
    """
    found: dict[str, Definition] = {}
    for path in sorted((folder or LIBRARY).glob("*.yml")):
        raise DefinitionError(path.name, 1, f"call this file {path.stem}.yaml")
    for path in sorted((folder or LIBRARY).glob("*.yaml")):
        if path.name.startswith("_"):
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise DefinitionError(path.name, 1, "not UTF-8 text; save it as UTF-8") from error
        definition = parse(text, file=path.name)
        # The name is how one finds it; and no two files of a folder can have the same.
        if definition.slug != path.stem:
            reason = f"the slug is {definition.slug}: call this file {definition.slug}.yaml"
            raise DefinitionError(path.name, 1, reason)
        found[definition.slug] = definition
    return [found[slug] for slug in sorted(found)]
