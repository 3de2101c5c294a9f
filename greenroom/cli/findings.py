"""What ``check`` found, for people, editors and code hosts: text, JSON, SARIF, GitHub."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Self

from greenroom import __version__
from greenroom.errors import ConfigError, ConfigErrors

_SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"


class Format(StrEnum):
    """How findings are printed."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"


class Level(StrEnum):
    """How bad it is: SARIF's and GitHub's words."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to mend or to mind; lines and columns count from 1."""

    level: Level
    message: str
    file: str | None
    line: int | None
    column: int | None
    accepted: str | None

    @classmethod
    def all_of(cls, level: Level, fault: ConfigError) -> list[Self]:
        """A fault, or each of several."""
        faults = fault.faults if isinstance(fault, ConfigErrors) else (fault,)
        return [
            cls(level, one.message, _near(one.file), one.line, one.column, one.accepted)
            for one in faults
        ]


def _near(file: str | None) -> str | None:
    """A path from here, where it lies below: what editors and code hosts can open."""
    if file is None:
        return None
    path, here = Path(file), Path.cwd()
    return path.relative_to(here).as_posix() if path.is_relative_to(here) else path.as_posix()


def as_json(findings: Sequence[Finding]) -> str:
    """One object: the findings, and how many of each level."""
    counts = {level.value: sum(one.level is level for one in findings) for level in Level}
    listed = [
        {
            "level": one.level.value,
            "file": one.file,
            "line": one.line,
            "column": one.column,
            "message": one.message,
            "accepted": one.accepted,
        }
        for one in findings
    ]
    return json.dumps({"findings": listed, "counts": counts}, ensure_ascii=False, indent=2)


def as_sarif(findings: Sequence[Finding]) -> str:
    """A log of the Static Analysis Results Interchange Format, OASIS, 2.1.0."""
    driver = {
        "name": "greenroom check",
        "version": __version__,
        "rules": [{"id": level.value, "defaultConfiguration": {"level": level}} for level in Level],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": list(map(_result, findings)),
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _result(finding: Finding) -> Mapping[str, Any]:
    text = _whole(finding)
    result: dict[str, Any] = {
        "ruleId": finding.level.value,
        "level": finding.level.value,
        "message": {"text": text},
    }
    if finding.file is not None:
        place: dict[str, Any] = {"artifactLocation": {"uri": _uri(finding.file)}}
        if finding.line is not None:
            column = {} if finding.column is None else {"startColumn": finding.column}
            place["region"] = {"startLine": finding.line, **column}
        result["locations"] = [{"physicalLocation": place}]
    return result


def _uri(file: str) -> str:
    path = Path(file)
    return path.as_uri() if path.is_absolute() else file


def as_github(findings: Iterable[Finding]) -> str:
    """GitHub Actions' workflow commands: an annotation at each place."""
    return "\n".join(map(_annotation, findings))


def _annotation(finding: Finding) -> str:
    places = {"file": finding.file, "line": finding.line, "col": finding.column}
    told = ",".join(f"{key}={_escaped(str(value), ',:')}" for key, value in places.items() if value)
    return f"::{finding.level.value}{' ' + told if told else ''}::{_escaped(_whole(finding))}"


def _escaped(text: str, more: str = "") -> str:
    """As the runner reads it back: a line break would end the command."""
    text = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    for sign in more:
        text = text.replace(sign, f"%{ord(sign):02X}")
    return text


def _whole(finding: Finding) -> str:
    return f"{finding.message}\n{finding.accepted}" if finding.accepted else finding.message


SHOWN: Final[Mapping[Format, Callable[[Sequence[Finding]], str]]] = {
    Format.JSON: as_json,
    Format.SARIF: as_sarif,
    Format.GITHUB: as_github,
}
"""How each format but text is made."""
