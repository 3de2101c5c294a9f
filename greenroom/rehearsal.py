"""A persona tried on a message, without ledger, adapter or desk: for ``try`` and examples."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from greenroom.clock import utc_now
from greenroom.company import Company
from greenroom.errors import ConfigError
from greenroom.message import ActionKind, Author, Channel, Community, Decision, Message, Signals
from greenroom.personas.base import Cue
from greenroom.personas.composer import Composer
from greenroom.personas.gate import Gate
from greenroom.personas.schema import Example
from greenroom.policies import Situation, Why, failed_tests, rule_called, why
from greenroom.senses import Senses, signals_of, text_of
from greenroom.triage.base import HEADS
from greenroom.triage.explain import Explanation, asked_heads, explain

Say = Callable[[str], Awaitable[tuple[Decision, Signals]]]
"""What a persona makes of a text. Each call is a rehearsal of its own, so that what is said in
one uses up no other's limits."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Where a score comes from, and what the persona does with the text that is changed."""

    explanation: Explanation
    then: Decision | None  # None where no change was found, or none was looked for


class Rehearsal:
    """Runs steps 3 to 6 of a message's way, the same code as live.

    Args:
        company: What the files say.
        senses: Triage and context.
        clock: The time now, in UTC.
        composer: Lets a language model word replies; without it they stay as decided.
    """

    def __init__(
        self,
        company: Company,
        senses: Senses,
        *,
        clock: Callable[[], datetime] = utc_now,
        composer: Composer | None = None,
    ) -> None:
        self._company = company
        self._senses = senses
        self._clock = clock
        self._composer = composer
        limits = {name: persona.limits for name, persona in company.deployment.personas.items()}
        voices = {name: persona.voice for name, persona in company.deployment.personas.items()}
        self._gate = Gate(senses.scores, limits, voices=voices)

    async def say(
        self, text: str, *, persona: str, platform: str = "terminal", channel: str = "general"
    ) -> tuple[Decision, Signals]:
        """What ``persona`` makes of ``text``, as if every action were possible."""
        now = self._clock()
        message = _message(text, platform, channel, now)
        performer = self._company.performers[persona]
        cue = await self._senses.sense(
            message, [performer], lambda signals: Cue(message, signals, now)
        )
        decision = performer.decide(cue)
        if self._composer is not None:
            decision = await self._composer.compose(performer, decision, cue)
        admitted = await self._gate.admit(
            decision,
            message,
            capabilities=frozenset(ActionKind),
            disclosure=performer.disclosure,
            now=now,
        )
        return admitted, cue.signals

    async def why(
        self,
        text: str,
        rule: str,
        *,
        persona: str,
        platform: str = "terminal",
        channel: str = "general",
    ) -> Why:
        """Why a rule of ``persona`` fires on ``text``, or does not.

        Raises:
            ConfigError: It has no such rule.
        """
        names = self._company.deployment.personas[persona].policies
        policies = [self._company.policies[name] for name in names]
        asked = rule_called(policies, rule, owner=persona)
        now = self._clock()
        message = _message(text, platform, channel, now)
        cue = await self._senses.sense(
            message, [self._company.performers[persona]], lambda found: Cue(message, found, now)
        )
        return why(policies, asked, message, cue.signals, Situation(now))


def _message(text: str, platform: str, channel: str, now: datetime) -> Message:
    return Message(
        platform=platform,
        community=Community("rehearsal", "Rehearsal"),
        channel=Channel(channel, channel),
        id="1",
        author=Author("member", "member"),
        text=text,
        mentions_me=text.startswith("@"),
        posted_at=now,
    )


async def reasons(senses: Senses, text: str, decision: Decision, *, say: Say) -> list[Reason]:
    """The words behind each score that a rule fired on; where none did, behind the highest.

    Args:
        senses: What ``text`` was read with.
        text: What the persona decided on.
        decision: What it decided.
        say: Decides anew on a text from which words were taken out.
    """
    heads = asked_heads(decision.trace)
    if not heads:
        scores = await senses.scores(text)
        heads = {max(HEADS, key=scores.__getitem__): None}
    found = []
    for head, threshold in heads.items():
        explanation = await explain(senses.triage, text, head, threshold=threshold)
        change = explanation.turning
        then = None if change is None else (await say(change.text))[0]
        found.append(Reason(explanation, then))
    return found


@dataclass(frozen=True, slots=True)
class Tried:
    """An example, and what came of it; ``problem`` says how that is not what it expects."""

    persona: str
    index: int
    example: Example
    decision: Decision
    problem: str | None


async def try_examples(company: Company, senses: Senses, *, persona: str) -> list[Tried]:
    """Each example of a persona, tried alone: they share no limit and no conversation."""
    tried = []
    for index, example in enumerate(company.deployment.personas[persona].examples):
        rehearsal = Rehearsal(company, senses)
        channel = example.channel.removeprefix("#")
        decision, _ = await rehearsal.say(example.says, persona=persona, channel=channel)
        tried.append(Tried(persona, index, example, decision, _problem(example, decision)))
    return tried


async def failed_examples(company: Company, senses: Senses) -> list[ConfigError]:
    """Each persona's example that does not come out as its file says, told with its place."""
    failures = []
    for name in company.deployment.personas:
        for one in await try_examples(company, senses, persona=name):
            if one.problem is not None:
                document = company.deployment.persona_documents[name]
                failures.append(document.fault(("examples", one.index), one.problem))
    return failures


async def failed_policy_tests(company: Company, senses: Senses) -> list[ConfigError]:
    """Each test in a policy's file that does not come out as it says, told with its place."""

    async def read(message: Message) -> Signals:
        return signals_of(await senses.triage.read(text_of(message)))

    failures = []
    for policy in company.policies.values():
        failures.extend(await failed_tests(policy, read=read, now=utc_now()))
    return failures


def _problem(example: Example, decision: Decision) -> str | None:
    expected = example.expect
    kinds = tuple(action.kind.value for action in decision.actions)
    if expected.actions is not None and sorted(expected.actions) != sorted(kinds):
        wanted = [kind.value for kind in expected.actions]
        return f"expected actions {wanted}, got {list(kinds)}"
    said = "\n".join(action.text or "" for action in decision.actions)
    if expected.contains is not None and expected.contains not in said:
        return f"expected a reply with {expected.contains!r}, got {said!r}"
    sources = [passage.source for passage in decision.evidence]
    if expected.cites is not None and ("reply" not in kinds or expected.cites not in sources):
        return f"expected a reply that cites {expected.cites}, got {list(kinds)} from {sources}"
    return None
