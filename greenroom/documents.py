"""YAML with positions: every fault that a person made is told with file, line and column.

One reader for config, bots, personas and policies. PyYAML's C loader builds the nodes;
positions come from them, and pydantic models say what is accepted.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from greenroom.errors import ConfigError, ConfigErrors

try:
    from yaml import CBaseLoader as _BaseLoader
    from yaml import CSafeLoader as _Loader
except ImportError:  # a PyYAML built without libyaml: slower, same meaning
    from yaml import BaseLoader as _BaseLoader  # type: ignore[assignment]
    from yaml import SafeLoader as _Loader  # type: ignore[assignment]


class _RawLoader(_BaseLoader):
    """Leaves every scalar as it was written: ``yes`` stays ``yes``, ``1.10`` stays ``1.10``."""

    def construct_scalar(self, node: yaml.ScalarNode) -> Any:
        """The text; ``None`` only where nothing, or a bare ``~``, was written."""
        return None if not node.style and node.value in ("", "~") else node.value


KeyPath = tuple[str | int, ...]
ModelT = TypeVar("ModelT", bound=BaseModel)

MAX_BYTES = 5_000_000
MAX_NODES = 60_000  # aliases expanded: a YAML bomb stops here
MAX_DEPTH = 100

_DEEP = re.compile(rf"^[ \-?:]{{{MAX_DEPTH},}}", re.MULTILINE)  # how blocks nest
_SECRET = re.compile("token|secret|password|api_key")  # values of such keys are never shown
_PLAIN = {  # pydantic speaks of Python's types; whoever writes YAML does not
    "too_short": "must not be empty",
    "tuple_type": "must be a list, such as [a, b]",
    "list_type": "must be a list, such as [a, b]",
    "dict_type": "must be a mapping of keys",
    "model_type": "must be a mapping of keys",
    "string_type": "must be a text",
    "path_type": "must be a path",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
}
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in a file; both from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document: its plain value, and where each key path stands.

    Duplicate keys keep the last value, as YAML loaders do; ``duplicates`` lists the
    later occurrences so that a check can warn.
    """

    value: Any
    file: str
    places: Mapping[KeyPath, Place] = field(default_factory=dict)
    duplicates: tuple[tuple[str, Place], ...] = ()

    def place(self, path: KeyPath) -> Place:
        """The place of ``path``, or of its nearest ancestor that has one."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, Place(1, 1))

    def fault(self, path: KeyPath, message: str, *, accepted: str | None = None) -> ConfigError:
        """A ConfigError that points at ``path``."""
        place = self.place(path)
        return ConfigError(
            message, file=self.file, line=place.line, column=place.column, accepted=accepted
        )


def load(path: Path) -> Document:
    """Read one YAML file.

    Raises:
        ConfigError: It is missing, unreadable, too large, not UTF-8, or not YAML.
    """
    return parse(read_text(path), file=str(path))


def read_text(path: Path) -> str:
    """The text of a file that a person wrote, a byte-order mark dropped.

    Raises:
        ConfigError: It is missing, unreadable, too large or not UTF-8.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigError(f"cannot be read: {reason}", file=path) from error
    if len(raw) > MAX_BYTES:
        raise ConfigError(f"is larger than {MAX_BYTES:,} bytes", file=path)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigError(
            "is not UTF-8", file=path, line=line, column=1, accepted="save the file as UTF-8"
        ) from error


def parse(text: str, *, file: str, first_line: int = 1, as_written: bool = False) -> Document:
    """Parse one YAML document; ``first_line`` is where it starts in its file.

    ``as_written`` leaves scalars as texts: a word in a rule is a word, even ``yes`` or ``07``.

    Raises:
        ConfigError: It is not YAML, holds several documents, or expands without bound.
    """
    offset = first_line - 1
    _refuse_depth(text, file, offset)
    loader = _RawLoader(text) if as_written else _Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return Document(None, file)
        walk = _Walk(file, offset)
        walk.visit(node, (), 0)
        value = loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        raise _yaml_fault(error, file, offset) from error
    except (yaml.YAMLError, ValueError, RecursionError, OverflowError) as error:
        raise ConfigError(f"is not YAML: {error}", file=file, line=first_line, column=1) from error
    finally:
        loader.dispose()
    return Document(value, file, walk.places, tuple(walk.duplicates))


def _refuse_depth(text: str, file: str, offset: int) -> None:
    """libyaml composes nodes by recursion in C: what nests too deep must not reach it."""
    if text.count("[") + text.count("{") <= MAX_DEPTH and not _DEEP.search(text):
        return
    depth = 0
    try:
        for event in yaml.parse(text, Loader=_Loader):
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            if depth > MAX_DEPTH:
                line = event.start_mark.line if event.start_mark else 0
                raise ConfigError(
                    f"nests more than {MAX_DEPTH} deep", file=file, line=line + 1 + offset
                )
    except yaml.YAMLError:
        return  # told with its place when it is read in earnest


def validate(document: Document, model: type[ModelT]) -> ModelT:
    """Check a document against a model.

    Raises:
        ConfigErrors: Every fault found, each with its place and what is accepted.
    """
    value = {} if document.value is None else document.value
    if not isinstance(value, dict):
        raise document.fault((), f"must be a mapping of keys, not {_kind(value)}")
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise ConfigErrors(
            _model_fault(document, model, detail) for detail in error.errors()
        ) from error


def interpolate(
    document: Document, environment: Mapping[str, str] = os.environ, *, is_strict: bool = True
) -> Document:
    """Replace ``${NAME}`` in every text by the environment's value.

    Args:
        document: As it was read.
        environment: The values, by name.
        is_strict: False leaves a name without a value as it stands.

    Raises:
        ConfigErrors: Some variables are not set; each is named with its place.
    """
    faults: list[ConfigError] = []

    def fill(value: Any, path: KeyPath) -> Any:
        if isinstance(value, dict):
            return {key: fill(item, (*path, key)) for key, item in value.items()}
        if isinstance(value, list):
            return [fill(item, (*path, index)) for index, item in enumerate(value)]
        if not isinstance(value, str):
            return value
        missing = [name for name in _VARIABLE.findall(value) if not environment.get(name)]
        if missing and not is_strict:
            return value
        faults.extend(_missing_variable(document, path, name) for name in missing)
        return _VARIABLE.sub(lambda match: environment.get(match[1], ""), value)

    filled = fill(document.value, ())
    if faults:
        raise ConfigErrors(faults)
    return Document(filled, document.file, document.places, document.duplicates)


def suggest(word: str, accepted: list[str]) -> str:
    """``did you mean …?`` when something is close, then all that is accepted."""
    close = difflib.get_close_matches(word, accepted, n=1, cutoff=0.6)
    hint = f"did you mean `{close[0]}`? " if close else ""
    return f"{hint}accepted: {', '.join(accepted)}"


class _Walk:
    """Collects places and duplicates, and stops what expands without bound."""

    def __init__(self, file: str, offset: int) -> None:
        self.file = file
        self.offset = offset
        self.places: dict[KeyPath, Place] = {}
        self.duplicates: list[tuple[str, Place]] = []
        self.nodes = 0

    def visit(self, node: yaml.Node, path: KeyPath, depth: int) -> None:
        self.nodes += 1
        if self.nodes > MAX_NODES or depth > MAX_DEPTH:
            place = self._place(node)
            raise ConfigError(
                "nests or repeats itself without bound (aliases)",
                file=self.file,
                line=place.line,
                column=place.column,
            )
        self.places.setdefault(path, self._place(node))
        for key, child, place in self._children(node):
            self.places[(*path, key)] = place
            self.visit(child, (*path, key), depth + 1)

    def _children(self, node: yaml.Node) -> Iterator[tuple[str | int, yaml.Node, Place]]:
        if isinstance(node, yaml.SequenceNode):
            for index, child in enumerate(node.value):
                yield index, child, self._place(child)
        if not isinstance(node, yaml.MappingNode):
            return
        seen: set[str] = set()
        for key_node, child in node.value:
            key = str(key_node.value) if isinstance(key_node, yaml.ScalarNode) else "?"
            place = self._place(key_node)
            if key in seen:
                self.duplicates.append((key, place))
            seen.add(key)
            yield key, child, place

    def _place(self, node: yaml.Node) -> Place:
        mark = node.start_mark
        return Place(mark.line + 1 + self.offset, mark.column + 1)


def _yaml_fault(error: yaml.MarkedYAMLError, file: str, offset: int) -> ConfigError:
    mark = error.problem_mark or error.context_mark
    problem = error.problem or "cannot be parsed"
    return ConfigError(
        f"is not YAML: {problem}" + (f" ({error.context})" if error.context else ""),
        file=file,
        line=None if mark is None else mark.line + 1 + offset,
        column=None if mark is None else mark.column + 1,
        accepted="indent with spaces, not tabs" if "\\t" in problem else None,
    )


def _missing_variable(document: Document, path: KeyPath, name: str) -> ConfigError:
    return document.fault(
        path,
        f"secret {name} is not set",
        accepted=f"put {name}=… into .env beside config.yaml, or into the environment",
    )


def _model_fault(document: Document, model: type[BaseModel], detail: ErrorDetails) -> ConfigError:
    path: KeyPath = detail["loc"]
    if detail["type"] == "extra_forbidden":
        accepted = _accepted_keys(model, path[:-1])
        return document.fault(
            path,
            f"unknown key `{path[-1]}`",
            accepted=suggest(str(path[-1]), accepted) if accepted else None,
        )
    dotted = ".".join(str(part) for part in path)
    if detail["type"] == "missing":
        return document.fault(path[:-1], f"`{dotted}` is missing")
    if detail["type"] in ("literal_error", "enum"):
        values = re.findall(r"'([^']*)'", str(detail["ctx"]["expected"]))
        given = str(detail["input"])
        return document.fault(
            path, f"`{dotted}`: unknown value {_shown(given)}", accepted=suggest(given, values)
        )
    message = _PLAIN.get(detail["type"], detail["msg"].removeprefix("Value error, "))
    given = detail["input"]
    is_quiet = isinstance(given, dict) or _SECRET.search(dotted)
    shown = "" if is_quiet else f", not {_shown(given)}"
    return document.fault(path, f"`{dotted}`: {message}{shown}" if dotted else message)


def _accepted_keys(model: type[BaseModel], path: KeyPath) -> list[str]:
    found: type[BaseModel] | None = model
    for part in path:
        info = found.model_fields.get(str(part)) if found else None
        if info is not None:
            found = _model_in(info.annotation)
    if found is None:
        return []
    return [info.alias or name for name, info in found.model_fields.items()]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in get_args(annotation):
        found = _model_in(inner)
        if found is not None:
            return found
    return None


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"


def _kind(value: Any) -> str:
    names = {str: "a text", list: "a list", int: "a number", float: "a number", bool: "yes/no"}
    return names.get(type(value), type(value).__name__)
