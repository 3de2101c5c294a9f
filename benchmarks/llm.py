"""How a language model fares as Guide: run ``python -m benchmarks.llm [URL MODEL [QUESTIONS]]``.

Asks the held-out questions of ``tests/context/questions.py`` over the starter knowledge, and
prints what share of the replies is the model's, why the others are quotations, and how long they
take. Without an address it starts SmolLM2-135M on loopback (see ``tests/llm/smollm.py``). Then a
model that only copies its first passage is measured: what it loses, any honest model loses.
"""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from greenroom.clock import utc_now
from greenroom.company import gather
from greenroom.llm import Answer, Model, Said, Tool
from greenroom.llm.budget import DayBudget, MemoryTokens
from greenroom.llm.client import ChatServer
from greenroom.llm.service import Service
from greenroom.message import Decision
from greenroom.opening import open_senses
from greenroom.personas.composer import Composer
from greenroom.personas.schema import Persona
from greenroom.rehearsal import Rehearsal
from tests.context.questions import HELD_OUT
from tests.llm import smollm

ROOT = Path(__file__).parents[1]
_DATA = re.compile(r"=== begin \w+ passage 1 ===\n[^\n]*\n(.*?)\n=== end", re.DOTALL)


class Copyist:
    """A model that says the first two sentences of its first passage, and cites it."""

    async def ask(self, chat: Sequence[Said], tools: Sequence[Tool] = ()) -> Answer:  # noqa: ARG002
        found = _DATA.search(chat[-1].text)
        assert found is not None, "there is evidence, or it is not asked"
        text = " ".join(found[1].split())
        said = re.split(r"(?<=[.!?])\s+", text)[:2]
        return Answer(" ".join(f"{one.rstrip('.')} [1]." for one in said), model="copyist")


def main() -> None:
    """The real model, then the copyist."""
    given = sys.argv[1:]
    most = int(given[2]) if len(given) > 2 else 30
    if given:
        asyncio.run(_served(given[0], given[1], most))
    else:
        with smollm.running() as url:
            asyncio.run(_served(url, smollm.NAME, most))
    asyncio.run(_measure("copyist", Copyist(), 10_000))


async def _served(url: str, name: str, most: int) -> None:
    server = ChatServer(url, name, deadline_s=120)
    try:
        await _measure(name, server, most)
    finally:
        await server.close()


async def _measure(name: str, model: Model, most: int) -> None:
    company = gather(ROOT / "config.example.yaml", secrets=False)
    persona = _worded(company.deployment.personas["guide"])
    budget = DayBudget(MemoryTokens(), whole=None, clock=utc_now)
    took: list[float] = []
    service = Service(model, budget, deadline_s=120, took=took.append)
    with tempfile.TemporaryDirectory() as folder:
        async with open_senses(company, context=Path(folder)) as senses:
            composer = Composer(service, reader=senses, personas={"guide": persona})
            began = time.perf_counter()
            asked = 0
            for question in list(HELD_OUT.answerable)[:most]:
                rehearsal = Rehearsal(company, senses, composer=composer)
                decision, _ = await rehearsal.say(question, persona="guide")
                asked += _is_answer(decision)
            seconds = time.perf_counter() - began
    counts = service.counts
    print(f"{name}: {asked} answers, {counts.calls} calls in {seconds:.0f} s")
    for outcome, count in counts.replies.most_common():
        print(f"  {outcome:12} {count:4} {count / max(1, counts.replies.total()):5.0%}")
    if took:
        print(f"  a reply takes {median(took):.2f} s (median), {max(took):.2f} s at most;")
        print(f"  about {counts.written / max(sum(took), 1e-9):.0f} tokens a second written,")
        print(f"  {counts.read / max(1, counts.calls):.0f} read a call")


def _worded(persona: Persona) -> Persona:
    return Persona.model_validate({**persona.model_dump(by_alias=True), "replies": {"from": "llm"}})


def _is_answer(decision: Decision) -> bool:
    return any(action.text and "Source:" in action.text for action in decision.actions)


if __name__ == "__main__":
    main()
