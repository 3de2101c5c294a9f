"""What is wrong with knowledge, or worth a look: links, contradictions, questions unanswered."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from greenroom.cli.backtest import ago
from greenroom.cli.knowledge_links import dead_on_the_web
from greenroom.company import Company
from greenroom.context.base import Vector
from greenroom.context.contradictions import MOST, Clash, Statement, clashes
from greenroom.context.files import files_of, read_folder
from greenroom.context.knowledge import DEFAULT_MIN_EVIDENCE, sentences_of
from greenroom.context.links import DeadLink, dead_links, links_of
from greenroom.context.unanswered import Asked, Group, grouped
from greenroom.ledger import Ledger
from greenroom.ledger.past import Lived
from greenroom.senses import Senses, text_of

MOST_QUESTIONS: Final = 5_000
"""Questions that are read anew, the newest: the model takes some 5 ms for each."""

_ASKING: Final = ("question", "help")
_LISTED: Final = 20  # of each kind, in text
_QUOTED: Final = 200  # characters of a statement or question


@dataclass(frozen=True, slots=True)
class Report:
    """What was found."""

    dead: Sequence[DeadLink]
    clashes: Sequence[Clash]
    unanswered: Sequence[Group]
    asked: int  # questions that were looked at
    folder: str

    def as_text(self) -> str:
        """For a terminal."""
        lines = [f"dead links: {len(self.dead)}"]
        lines += [f"  {self._place(one)}: {one.link.target}: {one.why}" for one in self.dead]
        lines.append(f"look at these two: {len(self.clashes)}")
        for clash in self.clashes[:_LISTED]:
            lines.append(f"  {clash.why}")
            lines += [
                f"    {one.source}, {one.heading}: {_short(one.text)}"
                for one in (clash.one, clash.other)
            ]
        lines += _rest(self.clashes)
        times = sum(group.count for group in self.unanswered)
        lines.append(f"asked and not answered: {times} of {self.asked} questions")
        for group in self.unanswered[:_LISTED]:
            lines.append(f"  {group.count}×  {_short(group.questions[0])}  (best {group.best:.2f})")
        return "\n".join([*lines, *_rest(self.unanswered)])

    def as_object(self) -> dict[str, Any]:
        """For programs."""
        return {
            "dead_links": [
                {
                    "file": one.link.file.name, "line": one.link.line, "target": one.link.target,
                    "why": one.why,
                }
                for one in self.dead
            ],
            "look_at": [
                {
                    "why": clash.why, "score": round(clash.score, 4),
                    "statements": [
                        {"source": one.source, "heading": one.heading, "text": one.text}
                        for one in (clash.one, clash.other)
                    ],
                }
                for clash in self.clashes
            ],
            "unanswered": [
                {
                    "count": group.count, "best": round(group.best, 4),
                    "questions": [_short(text) for text in group.questions[:5]],
                }
                for group in self.unanswered
            ],
            "asked": self.asked,
        }  # fmt: skip

    def _place(self, dead: DeadLink) -> str:
        name = dead.link.file.as_posix().partition(f"/{self.folder}/")[2] or dead.link.file.name
        return f"{name}:{dead.link.line}" if dead.link.line else name


async def look(company: Company, senses: Senses, *, online: bool, since: str) -> Report:
    """Look at the files, and at what the ledger has of members' questions.

    Raises:
        ConfigError: A file cannot be read, or `since` is no span of time.
    """
    deployment = company.deployment
    folder = deployment.path(deployment.config.knowledge)
    start = ago(since)
    links = await asyncio.to_thread(lambda: [x for one in files_of(folder) for x in links_of(one)])
    dead = await asyncio.to_thread(dead_links, links, folder)
    if online:
        dead += await dead_on_the_web(links)
    asked, unanswered = await _unanswered(company, senses, start)
    return Report(dead, await _clashes(company, senses), unanswered, asked, folder.name)


async def _clashes(company: Company, senses: Senses) -> list[Clash]:
    deployment = company.deployment
    chunks = await asyncio.to_thread(read_folder, deployment.path(deployment.config.knowledge))
    statements = [
        Statement(chunk.source, chunk.heading, sentence)
        for chunk in chunks
        for sentence in sentences_of(chunk)
    ][:MOST]
    vectors = [await _vector(senses, statement.text) for statement in statements]
    return await asyncio.to_thread(clashes, statements, vectors)


async def _unanswered(company: Company, senses: Senses, start: datetime) -> tuple[int, list[Group]]:
    """How many questions there were, and those without an answer, in groups."""
    questions = await _questions(company, start)
    line = _line(company)
    asked: list[Asked] = []
    for text in questions:
        vector = await _vector(senses, text)
        found = await senses.knowledge.search(vector, sources=["."], text=text, limit=1)
        best = found[0].score if found else 0.0
        if best < line:
            asked.append(Asked(text, vector, best))
    return len(questions), await asyncio.to_thread(grouped, asked)


async def _questions(company: Company, start: datetime) -> list[str]:
    deployment = company.deployment
    file = deployment.path(deployment.config.ledger.path)
    if not file.exists():
        return []
    ledger = Ledger(file, is_owner=False)
    try:
        lived = [one async for one in ledger.past.lived(start) if _is_question(one)]
    finally:
        ledger.close()
    return [text_of(one.message) for one in lived[-MOST_QUESTIONS:]]


def _is_question(one: Lived) -> bool:
    author = one.message.author
    if author.is_bot or author.is_self or not one.message.text.strip():
        return False
    if one.signals.intent is not None:
        return one.signals.intent in _ASKING
    return one.message.text.rstrip().endswith("?")


def _line(company: Company) -> float:
    """The lowest evidence that any persona answers from."""
    lines = [
        persona.replies.min_evidence
        for persona in company.deployment.personas.values()
        if persona.knowledge
    ]
    return min(lines, default=DEFAULT_MIN_EVIDENCE)


async def _vector(senses: Senses, text: str) -> Vector:
    reading = await senses.triage.read(text)
    assert reading.embedding is not None, "it was asked for"
    return reading.embedding


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _QUOTED else line[: _QUOTED - 1] + "…"


def _rest(found: Sequence[object]) -> list[str]:
    return [f"  and {len(found) - _LISTED} more"] if len(found) > _LISTED else []
