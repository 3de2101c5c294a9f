"""A rule file as sections: split on lines that start with ``---``, each a YAML document.

Wiki leftovers are met everywhere, so a section that is not a mapping is passed over with a
warning, and one that is not YAML hides no other.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from greenroom.documents import Document, KeyPath, Place, parse
from greenroom.errors import ConfigError

_SEPARATOR = re.compile(r"^---+", re.MULTILINE)
_COMMENT = re.compile(r"^[\s#]*#[\s#]*(?P<text>.*?)[\s#]*$")
_MODELINE = "yaml-language-server:"  # for editors, no rule's name
_MAX_NAME = 80
_HINTS = (
    (re.compile(r":\s+>"), "put quotes around a value that starts with >"),
    (re.compile(r"\{\{"), "put quotes around a text that starts with {{"),
    (re.compile(r'"[^"]*\\'), "put a regex in single quotes: in double quotes YAML reads \\"),
    (re.compile(r":\s+[*&!%@`|\[\]{}]"), "put quotes around a value that starts with a sign"),
    (re.compile(r":.*: "), "put quotes around a text that holds a colon and a space"),
)


@dataclass(frozen=True, slots=True)
class Section:
    """One mapping of a rule file; keys are lower-cased, scalars are as they were written."""

    index: int  # from 0 over the sections that are mappings, faulty ones included
    document: Document
    name: str | None  # its comment, if it has one
    line: int
    lines: tuple[str, ...]  # the source, for hints
    line_offset: int  # the line in the file of the first of them
    digest: str


@dataclass(frozen=True, slots=True)
class Sections:
    """What a file holds."""

    sections: tuple[Section, ...]
    tests: tuple[Document, ...]  # sections that hold nothing but `tests:`
    faults: tuple[ConfigError, ...]
    warnings: tuple[ConfigError, ...]
    size: int  # how many indexes were given out


@dataclass(frozen=True, slots=True)
class _Slice:
    number: int  # from 1, as a person counts
    text: str
    line: int
    shift: int  # characters before it on its first line


def read_sections(text: str, *, file: str) -> Sections:
    """Split and parse a file; every fault and warning has its place."""
    sections: list[Section] = []
    faults: list[ConfigError] = []
    warnings: list[ConfigError] = []
    tests: list[Document] = []
    index = 0
    for piece in _slices(text):
        try:
            document = _parse(piece, file)
        except ConfigError as error:
            faults.append(_explained(error, piece))
            index += 1
            continue
        if _is_tests(document.value):
            tests.append(_typed(piece, file))
        elif isinstance(document.value, dict):
            sections.append(_section(index, piece, document, warnings))
            index += 1
        elif document.value is not None:
            warnings.append(
                document.fault((), f"section {piece.number} is no rule and is passed over")
            )
    return Sections(tuple(sections), tuple(tests), tuple(faults), tuple(warnings), index)


def _slices(text: str) -> list[_Slice]:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    found, start, shift = [], 0, 0
    ends = [(match.start(), match.end()) for match in _SEPARATOR.finditer(text)]
    line = 1
    for number, (end, following) in enumerate([*ends, (len(text), len(text))], 1):
        found.append(_Slice(number, text[start:end], line, shift))
        line += text.count("\n", start, following)
        start, shift = following, following - end
    return found


def _parse(piece: _Slice, file: str) -> Document:
    try:
        document = parse(piece.text, file=file, first_line=piece.line, as_written=True)
    except ConfigError as error:
        document = _tabless(piece, file, error)
    return _shifted(document, piece) if piece.shift else document


def _typed(piece: _Slice, file: str) -> Document:
    """The section with numbers and truth values as such: messages are not rules."""
    document = parse(_without_tabs(piece.text), file=file, first_line=piece.line)
    places = {tuple(map(_lower, path[:1])) + path[1:]: at for path, at in document.places.items()}
    value = {str(key).lower(): item for key, item in document.value.items()}
    lowered = Document(value, document.file, places, document.duplicates)
    return _shifted(lowered, piece) if piece.shift else lowered


def _is_tests(value: object) -> bool:
    return isinstance(value, dict) and {str(key).lower() for key in value} == {"tests"}


def _tabless(piece: _Slice, file: str, error: ConfigError) -> Document:
    """The section without the tabs that YAML refuses; if they are not the fault, what is."""
    if "\t" not in piece.text:
        raise error
    try:
        text = _without_tabs(piece.text)
        return parse(text, file=file, first_line=piece.line, as_written=True)
    except ConfigError:
        raise error from None


def _without_tabs(text: str) -> str:
    """Tabs at the ends of lines mean nothing; one that indents is one space, so that all
    places stay."""
    ended = re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE)
    return re.sub(r"^\t+", lambda match: " " * len(match[0]), ended, flags=re.MULTILINE)


def _shifted(document: Document, piece: _Slice) -> Document:
    places = {
        path: Place(place.line, place.column + piece.shift) if place.line == piece.line else place
        for path, place in document.places.items()
    }
    return Document(document.value, document.file, places, document.duplicates)


def _section(index: int, piece: _Slice, document: Document, warnings: list[ConfigError]) -> Section:
    doubles = list(document.duplicates)
    value = _lowered(document.value, (), doubles, document)
    places = {tuple(map(_lower, path)): place for path, place in document.places.items()}
    lowered = Document(value, document.file, places, tuple(doubles))
    for key, place in doubles:
        warnings.append(
            ConfigError(
                f"`{key}` is given twice in one rule: only the last one counts",
                file=document.file,
                line=place.line,
                column=place.column,
                accepted="to check one field twice, tag it: body#1, body#2",
            )
        )
    digest = hashlib.sha256(piece.text.strip().encode("utf-8", "surrogatepass")).hexdigest()[:16]
    first = min((place.line for place in places.values()), default=piece.line)
    lines = tuple(piece.text.split("\n"))
    name = _name(lines, first - piece.line)
    return Section(index, lowered, name, first, lines, piece.line, digest)


def _lower(part: str | int) -> str | int:
    return part.lower() if isinstance(part, str) else part


def _lowered(
    value: object, path: KeyPath, doubles: list[tuple[str, Place]], document: Document
) -> object:
    if isinstance(value, list):
        return [
            _lowered(item, (*path, index), doubles, document) for index, item in enumerate(value)
        ]
    if not isinstance(value, dict):
        return value
    result: dict[str, object] = {}
    spelled: dict[str, str] = {}
    for key, item in value.items():
        written = "" if key is None else str(key)
        child = _lowered(item, (*path, written), doubles, document)
        earlier = spelled.get(written.lower())
        if earlier is not None:
            doubles.append((written, document.place((*path, written))))
            if _position(document, (*path, earlier)) > _position(document, (*path, written)):
                continue
        spelled[written.lower()] = written
        result[written.lower()] = child
    return _merged(result)


def _position(document: Document, path: KeyPath) -> tuple[int, int]:
    place = document.place(path)
    return (place.line, place.column)


def _merged(value: dict[str, object]) -> dict[str, object]:
    """YAML's ``<<``: the keys of another mapping, unless given here."""
    if "<<" not in value:
        return value
    base = value.pop("<<")
    inherited: dict[str, object] = {}
    for one in reversed(base if isinstance(base, list) else [base]):
        if isinstance(one, Mapping):
            inherited.update(one)
    return {**inherited, **value}


def _name(lines: tuple[str, ...], first: int) -> str | None:
    """The first line with words of the comment that stands nearest above the rule."""
    block: list[str] = []
    for line in reversed(lines[: max(0, first)]):
        match = _COMMENT.match(line)
        if match is None and block:
            break
        said = "" if match is None else match["text"]
        if any(map(str.isalnum, said)) and not said.startswith(_MODELINE):
            block.append(said)
    return block[-1][:_MAX_NAME] if block else None


def _explained(error: ConfigError, piece: _Slice) -> ConfigError:
    at = (error.line or piece.line) - piece.line
    lines = piece.text.split("\n")
    source = lines[at] if 0 <= at < len(lines) else ""
    hint = error.accepted or next((say for form, say in _HINTS if form.search(source)), None)
    if "tab character" in error.message:
        hint = "indent with spaces, not tabs"
    shift = piece.shift if at == 0 else 0
    column = None if error.column is None else error.column + shift
    return ConfigError(
        f"section {piece.number} {error.message}",
        file=error.file,
        line=error.line or piece.line,
        column=column or 1,
        accepted=hint,
    )
