"""Whether an answer says what its evidence says: each sentence by the passages that it cites.

Likeness alone cannot tell "may" from "must not", or 7 days from 70. So a sentence must be near to
what it cites by the shipped encoder, say most of its words, and bring no number, name, address
or negation that is not there. What cannot be told is refused: the fallback is a quotation.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from greenroom.llm.base import Embed, Fault, Numbered, Why
from greenroom.llm.facts import (
    content,
    covered,
    measures_in,
    names_in,
    negations_in,
    numbers_in,
)
from greenroom.llm.prompt import Prompt
from greenroom.llm.said import (
    Sentence,
    declines,
    echo_fault,
    leak_fault,
    sentences,
    surface_fault,
    without_citations,
)
from greenroom.message import Passage

MIN_LIKENESS: Final = 0.6
"""Cosine of a sentence and what it rests on; how it was chosen is in docs/llm.md."""

MIN_COVERED: Final = 0.8
"""Share of a sentence's words that stand in what it cites, or in the question."""

_PARTS: Final = re.compile(r"(?<=[.!?:;])\s+|\n{2,}|\n(?=\s*[-*•])")
_CLAUSES: Final = re.compile(r"(?<=,)\s+")
_WINDOW: Final = 2  # sentences of a passage that one sentence of an answer may draw together


@dataclass(frozen=True, slots=True)
class Grounded:
    """An answer that may be said: its words, and the passages they rest on."""

    text: str
    passages: tuple[Passage, ...]


async def ground(
    text: str, prompt: Prompt, shown: Sequence[Numbered], embed: Embed
) -> Grounded | Fault:
    """The answer as it may go out, or what is wrong with it.

    Args:
        text: The model's words, tidied.
        prompt: What it was asked.
        shown: All passages that it was shown.
        embed: The shipped encoder.
    """
    evidence = "\n".join(whole(one.passage) for one in shown)
    marks = (prompt.canary, prompt.boundary)
    fault = (
        leak_fault(text, orders=prompt.orders, marks=marks, evidence=evidence)
        or surface_fault(text, evidence)
        or echo_fault(text, asked=prompt.asked, evidence=evidence)
    )
    if fault is not None:
        return fault
    if declines(text):
        return Fault(Why.DECLINED, "the model says that the passages do not answer")
    by_number = {one.number: one.passage for one in shown}
    cited: dict[int, Passage] = {}
    for sentence in sentences(text):
        if not set(sentence.cites) <= by_number.keys():
            return Fault(Why.UNCITED, "it cites a passage that it was not given")
        fault = await _sentence_fault(sentence, by_number, prompt, embed)
        if fault is not None:
            return fault
        cited |= {number: by_number[number] for number in sentence.cites}
    said = without_citations(text)
    if not content(said):
        return Fault(Why.EMPTY, "it says nothing")
    return Grounded(said, tuple(cited[number] for number in sorted(cited)))


def whole(passage: Passage) -> str:
    """All that a passage says: its place, its words, its address."""
    return "\n".join(filter(None, (passage.source, passage.heading, passage.text, passage.url)))


async def _sentence_fault(
    sentence: Sentence, by_number: dict[int, Passage], prompt: Prompt, embed: Embed
) -> Fault | None:
    if not sentence.cites:
        return _small_talk_fault(sentence.text, prompt)
    passages = [by_number[number] for number in sentence.cites]
    evidence = "\n".join(whole(passage) for passage in passages)
    fault = _facts_fault(sentence.text, evidence, prompt)
    if fault is not None:
        return fault
    windows = [window for passage in passages for window in _windows(passage)]
    likeness, nearest = await _nearest(sentence.text, windows, embed)
    if likeness < MIN_LIKENESS:
        return Fault(Why.UNSUPPORTED, f"a sentence is unlike what it cites ({likeness:.2f})")
    if negations_in(sentence.text) != negations_in(nearest):
        return Fault(Why.NEGATION, "a sentence denies what it cites, or the other way round")
    return None


def _small_talk_fault(text: str, prompt: Prompt) -> Fault | None:
    """A sentence that cites nothing: only where the persona may chat, and without facts."""
    if not prompt.role.chats:
        return Fault(Why.UNCITED, "a sentence cites nothing")
    said = "\n".join((*(turn.text for turn in prompt.turns), *prompt.memories))
    known = f"{prompt.asked}\n{said}\n{_facts_of(prompt)}"
    if not numbers_in(text) <= numbers_in(known):
        return Fault(Why.NUMBER, "a number that nobody mentioned")
    if not names_in(text) <= _words_of(known):
        return Fault(Why.NAME, "a name that nobody mentioned")
    return None


def _facts_fault(text: str, evidence: str, prompt: Prompt) -> Fault | None:
    if not numbers_in(text) <= numbers_in(evidence):
        return Fault(Why.NUMBER, "a number that it does not cite")
    if not measures_in(text) <= measures_in(evidence):
        return Fault(Why.NUMBER, "a number of something else than it cites")
    if not names_in(text) <= _words_of(f"{evidence}\n{_facts_of(prompt)}"):
        return Fault(Why.NAME, "a name that it does not cite")
    share = covered(text, evidence, also=prompt.asked)
    if share < MIN_COVERED:
        return Fault(Why.UNSUPPORTED, f"{share:.0%} of a sentence's words are in what it cites")
    return None


def _facts_of(prompt: Prompt) -> str:
    role = prompt.role
    return "\n".join(filter(None, (role.name, role.operator, role.about)))


def _words_of(text: str) -> set[str]:
    return set(content(text, keeps_all=True))


def _windows(passage: Passage) -> list[str]:
    """What a sentence may rest on: a clause, a sentence, or neighbouring sentences together."""
    parts = [" ".join(part.split()) for part in _PARTS.split(passage.text) if part.strip()]
    clauses = [clause for part in parts for clause in _CLAUSES.split(part)]
    together = [
        " ".join(parts[at : at + size])
        for size in range(1, _WINDOW + 1)
        for at in range(max(0, len(parts) - size + 1))
    ]
    return list(dict.fromkeys((*clauses, *together))) or [passage.text]


async def _nearest(text: str, windows: Sequence[str], embed: Embed) -> tuple[float, str]:
    """The window most like the text, and how like it is; single sentences win ties."""
    vector = await embed(text)
    best, nearest = -1.0, ""
    for window in windows:
        likeness = float(np.dot(vector, await embed(window)))
        if likeness > best + 1e-6:
            best, nearest = likeness, window
    return best, nearest
