"""Texts with their labels, as people write them to measure a model: JSON Lines."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from greenroom.errors import ConfigError

SURE: Final = (0.3, 0.7)
"""A label between the two is a doubt of the annotators: it counts neither way."""

_ACCEPTED: Final = 'one JSON object a line, such as {"text": "hello", "labels": {"toxicity": 0}}'


@dataclass(frozen=True, slots=True)
class Labelled:
    """One text and what people say of it.

    Attributes:
        text: What was written.
        labels: Head → whether it applies; heads that nobody judged are not in it.
        intent: What it is for; None where nobody said.
        source: Where it comes from; figures are told for each source too.
    """

    text: str
    labels: Mapping[str, bool]
    intent: str | None = None
    source: str | None = None


def read_labelled(
    lines: Iterable[bytes], *, file: str, heads: Sequence[str], intents: Sequence[str]
) -> Iterator[Labelled]:
    """Parse lines; blank ones are passed over.

    Args:
        lines: As they are in the file.
        file: Its name, for errors.
        heads: The labels that the model can be held against.
        intents: The intents likewise.

    Raises:
        ConfigError: A line is unfit; it names the line and what is accepted.
    """
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        value = _object(line, file, number)
        try:
            yield _understand(value, heads=heads, intents=intents)
        except _Unfit as error:
            what, accepted = error.args
            raise _fault(what, file, number, accepted=accepted) from error


class _Unfit(Exception):
    """What is wrong with a line, and what is accepted."""


def _object(line: bytes, file: str, number: int) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise _fault(f"is not JSON: {error}", file, number) from error
    if not isinstance(value, dict):
        raise _fault("is not a JSON object", file, number)
    return value


def _understand(value: dict[str, Any], *, heads: Sequence[str], intents: Sequence[str]) -> Labelled:
    if not isinstance(value.get("text"), str):
        raise _Unfit("has no `text`", _ACCEPTED)
    labels, intent, source = (value.get(key) for key in ("labels", "intent", "source"))
    if labels is not None and not isinstance(labels, dict):
        raise _Unfit("`labels` is not an object", _ACCEPTED)
    if source is not None and not isinstance(source, str):
        raise _Unfit("`source` is not a text", _ACCEPTED)
    if intent is not None and intent not in intents:
        raise _Unfit(f"unknown intent {_shown(intent)}", f"accepted: {', '.join(intents)}")
    judged = {head: _label(head, given, heads) for head, given in (labels or {}).items()}
    sure = {head: is_so for head, is_so in judged.items() if is_so is not None}
    return Labelled(value["text"], sure, intent, source)


def _label(head: str, given: object, heads: Sequence[str]) -> bool | None:
    """Whether the head applies; None for a doubt and for ``null``."""
    if head not in heads:
        raise _Unfit(f"unknown label {_shown(head)}", f"accepted: {', '.join(heads)}")
    if given is None:
        return None
    if not isinstance(given, int | float) or not math.isfinite(given) or not 0 <= given <= 1:
        raise _Unfit(
            f"`{head}` is {_shown(given)}", "a label is 0, 1, a number between them, or null"
        )
    if SURE[0] < given < SURE[1]:
        return None
    return given >= SURE[1]


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"


def _fault(what: str, file: str, number: int, *, accepted: str = _ACCEPTED) -> ConfigError:
    return ConfigError(what, file=file, line=number, column=1, accepted=accepted)
