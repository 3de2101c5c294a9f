"""One request to a model, to its end: rounds of tools, within the budget and the rights."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from greenroom.llm.base import Answer, Budget, Model, Numbered, Said, Tool, Unanswered, Why
from greenroom.llm.counts import Counts
from greenroom.llm.prompt import Prompt
from greenroom.llm.tools import HAND_OVER, SEARCH, check_calls
from greenroom.message import Passage

MAX_ROUNDS: Final = 3
MAX_PASSAGES: Final = 8  # that one request may show

Search = Callable[[str], Awaitable[Sequence[Passage]]]
"""Passages of the persona's own sources that may answer, best first."""

_FRAME: Final = 16  # tokens that a chat template may add to each message
_TOOL: Final = 500  # and a tool's description at most


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one persona may use.

    Attributes:
        persona: Its name.
        budget: Counts tokens.
        limit: Tokens a day; None: only everybody's limit.
        max_tokens: What one answer may have at most.
    """

    persona: str
    budget: Budget
    limit: int | None
    max_tokens: int


@dataclass(frozen=True, slots=True)
class Draft:
    """What a model proposes to say.

    Attributes:
        text: Its words.
        passages: All that it was shown, found ones included.
        model: Which model, in which version.
        wants_person: It asked for a person instead.
    """

    text: str
    passages: tuple[Numbered, ...]
    model: str
    wants_person: bool = False


async def converse(
    model: Model,
    prompt: Prompt,
    *,
    tools: Sequence[Tool],
    search: Search,
    allowance: Allowance,
    counts: Counts,
) -> Draft:
    """Ask until it answers, at most `MAX_ROUNDS` times.

    Raises:
        Unanswered: It did not, may not, or did what it may not.
    """
    chat, shown = prompt.chat(), list(prompt.passages)
    for _ in range(MAX_ROUNDS):
        answer = await _ask(model, chat, tools, allowance, counts)
        if not answer.calls:
            if answer.is_cut:
                raise Unanswered(Why.TOO_LONG)
            return Draft(answer.text, tuple(shown), answer.model)
        wanted = check_calls(answer.calls, tools)
        if any(tool is HAND_OVER for _, tool, _ in wanted):
            return Draft("", tuple(shown), answer.model, wants_person=True)
        chat.append(Said("assistant", answer.text, answer.calls))
        for call, tool, query in wanted:
            assert tool is SEARCH, "the two tools that there are"
            found = _new(await search(query), shown)  # numbered on from those shown
            shown += found
            text = prompt.shown(found) if found else "Nothing more was found."
            chat.append(Said("tool", text, answers=call.id))
    raise Unanswered(Why.TOOL, f"no answer after {MAX_ROUNDS} rounds")


def _new(found: Sequence[Passage], shown: Sequence[Numbered]) -> list[Numbered]:
    """Those not shown yet, numbered on, as many as may be."""
    known = {(one.passage.source, one.passage.heading, one.passage.text) for one in shown}
    fresh = [one for one in found if (one.source, one.heading, one.text) not in known]
    room = max(0, MAX_PASSAGES - len(shown))
    start = len(shown) + 1
    return [Numbered(number, one) for number, one in enumerate(fresh[:room], start=start)]


def tokens_at_most(chat: Sequence[Said]) -> int:
    """No tokeniser makes more tokens of a text than it has bytes."""
    return sum(len(one.text.encode("utf-8", "replace")) + _FRAME for one in chat)


def tokens_about(text: str) -> int:
    """An estimate for servers that do not count: four bytes to a token, as in English."""
    return len(text.encode("utf-8", "replace")) // 4 + 1


async def _ask(
    model: Model,
    chat: Sequence[Said],
    tools: Sequence[Tool],
    allowance: Allowance,
    counts: Counts,
) -> Answer:
    """One call, with its tokens set aside before and put right after, whatever comes of it."""
    who, budget = allowance.persona, allowance.budget
    most = tokens_at_most(chat) + _TOOL * len(tools) + allowance.max_tokens
    reservation = await budget.reserve(who, most, allowance.limit)
    if reservation is None:
        raise Unanswered(Why.BUDGET, "the day's tokens are used up")
    counts.calls += 1
    read = sum(map(tokens_about, (one.text for one in chat)))
    written = allowance.max_tokens  # a call that breaks off may have written all of it
    try:
        answer = await model.ask(chat, tools)
        read, written = _used(answer, read, most)
    except Unanswered as error:
        if not error.has_spent and error.fault.why is not Why.SLOW:
            read = written = 0  # refused, or never reached
        raise
    else:
        return answer
    finally:
        counts.read += read
        counts.written += written
        await budget.settle(reservation, read + written)


def _used(answer: Answer, read: int, most: int) -> tuple[int, int]:
    """Tokens read and written: what the server counted, where that can be."""
    written = tokens_about(answer.text + "".join(call.arguments for call in answer.calls))
    if 0 < answer.tokens <= most and answer.written <= answer.tokens:
        return answer.tokens - answer.written, answer.written
    return read, written
