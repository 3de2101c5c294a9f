"""What a model may ask for: the persona's own tools, each with one text, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Final

from greenroom.llm.base import Call, Tool, Unanswered, Why

SEARCH: Final = Tool(
    "search_knowledge",
    "Look for further passages in this community's documents.",
    "query",
    200,
)
HAND_OVER: Final = Tool(
    "hand_over",
    "Let a person answer, where the passages do not or a person should.",
    "reason",
    200,
)
TOOLS: Final[Mapping[str, Tool]] = {tool.name: tool for tool in (SEARCH, HAND_OVER)}

_MAX_CALLS: Final = 3  # at once


def argument_of(call: Call, given: Sequence[Tool]) -> tuple[Tool, str]:
    """The tool that is called, and with what.

    Raises:
        Unanswered: It was not given, or the arguments are not exactly one text.
    """
    tool = next((tool for tool in given if tool.name == call.name), None)
    if tool is None:
        raise Unanswered(Why.TOOL, "it called a tool that it was not given")
    try:
        values = json.loads(call.arguments)
    except (ValueError, RecursionError) as error:
        raise Unanswered(Why.TOOL, f"{tool.name} was called with no JSON") from error
    if not isinstance(values, dict) or values.keys() != {tool.argument}:
        raise Unanswered(Why.TOOL, f"{tool.name} was called with other arguments than its own")
    value = values[tool.argument]
    if not isinstance(value, str) or not value.strip() or len(value) > tool.max_length:
        raise Unanswered(Why.TOOL, f"{tool.name} takes a text of up to {tool.max_length} letters")
    return tool, value


def check_calls(calls: Sequence[Call], given: Sequence[Tool]) -> list[tuple[Call, Tool, str]]:
    """Each call with its tool and its text.

    Raises:
        Unanswered: One of them may not be done, or there are too many.
    """
    if len(calls) > _MAX_CALLS:
        raise Unanswered(Why.TOOL, f"{len(calls)} calls at once")
    return [(call, *argument_of(call, given)) for call in calls]
