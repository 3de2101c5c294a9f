"""A persona tried on a message, without ledger, adapter or desk: for ``try`` and examples."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from greenroom.app import utc_now
from greenroom.company import Company
from greenroom.message import ActionKind, Author, Channel, Community, Decision, Message, Signals
from greenroom.personas.base import Cue
from greenroom.personas.gate import Gate
from greenroom.personas.schema import Example
from greenroom.senses import Senses


class Rehearsal:
    """Runs steps 3 to 6 of a message's way, the same code as live.

    Args:
        company: What the files say.
        senses: Triage and context.
        clock: The time now, in UTC.
    """

    def __init__(
        self, company: Company, senses: Senses, *, clock: Callable[[], datetime] = utc_now
    ) -> None:
        self._company = company
        self._senses = senses
        self._clock = clock
        limits = {name: persona.limits for name, persona in company.deployment.personas.items()}
        self._gate = Gate(senses.scores, limits)

    async def say(
        self, text: str, *, persona: str, platform: str = "terminal", channel: str = "general"
    ) -> tuple[Decision, Signals]:
        """What ``persona`` makes of ``text``, as if every action were possible."""
        now = self._clock()
        message = Message(
            platform=platform,
            community=Community("rehearsal", "Rehearsal"),
            channel=Channel(channel, channel),
            id="1",
            author=Author("member", "member"),
            text=text,
            posted_at=now,
        )
        performer = self._company.performers[persona]
        cue = await self._senses.sense(
            message, [performer], lambda signals: Cue(message, signals, now)
        )
        decision = performer.decide(cue)
        admitted = await self._gate.admit(
            decision,
            message,
            capabilities=frozenset(ActionKind),
            disclosure=performer.disclosure,
            now=now,
        )
        return admitted, cue.signals


async def failed_examples(company: Company, senses: Senses) -> list[str]:
    """Each persona's example that does not come out as its file says, told with its place."""
    failures = []
    for name, persona in company.deployment.personas.items():
        rehearsal = Rehearsal(company, senses)  # one each: examples share no rate limit
        for index, example in enumerate(persona.examples):
            decision, _ = await rehearsal.say(example.says, persona=name)
            problem = _problem(example, decision)
            if problem is not None:
                document = company.deployment.persona_documents[name]
                failures.append(str(document.fault(("examples", index), problem)))
    return failures


def _problem(example: Example, decision: Decision) -> str | None:
    expected = example.expect
    kinds = tuple(action.kind.value for action in decision.actions)
    if expected.actions is not None and sorted(expected.actions) != sorted(kinds):
        return f"expected actions {list(expected.actions)}, got {list(kinds)}"
    said = "\n".join(action.text or "" for action in decision.actions)
    if expected.contains is not None and expected.contains not in said:
        return f"expected a reply with {expected.contains!r}, got {said!r}"
    sources = [passage.source for passage in decision.evidence]
    if expected.cites is not None and ("reply" not in kinds or expected.cites not in sources):
        return f"expected a reply that cites {expected.cites}, got {list(kinds)} from {sources}"
    return None
