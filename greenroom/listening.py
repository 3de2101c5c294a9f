"""What members make of what personas say: reactions, answers, thanks, pleas for a person."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from greenroom.experiments import FeedbackKind, is_thanks, value_of_emoji
from greenroom.experiments.feedback import DISLIKED_EMOJI, LIKED_EMOJI, WITHIN
from greenroom.ledger import Answered, Before, Ledger, Note
from greenroom.message import Author, Event, EventKind, Message, Signals
from greenroom.personas.base import Needs
from greenroom.personas.handover import asks_for_a_person

AGAIN: Final = 0.7  # cosine from which a message is the question asked again
HUMAN: Final = "human"  # the command that asks for a person
NOBODY: Final = Before()
_MOOD: Final = Needs(scores=True, floor=0.0, intent=True)
_ASKING: Final = frozenset({"question", "help"})
_REACTIONS: Final = frozenset({EventKind.REACTION_ADDED, EventKind.REACTION_REMOVED})
_LOOKED_AT: Final = frozenset(
    {
        EventKind.MESSAGE_POSTED,
        EventKind.MESSAGE_EDITED,
        EventKind.MESSAGE_REPORTED,
        EventKind.COMMAND_GIVEN,
        EventKind.SCHEDULED,
    }
)
_ANSWERS: Final = frozenset({EventKind.MESSAGE_POSTED, EventKind.COMMAND_GIVEN})

Likeness = Callable[[Message, Message], Awaitable[float]]
"""How similar two messages are, -1 to 1."""

Measured = Callable[[str, str, str], Awaitable[bool]]
"""Whether a member of a platform's community (platform, community, member) may be measured."""


async def everybody(_platform: str, _community: str, _member: str) -> bool:
    """All members are measured."""
    return True


@dataclass(frozen=True, slots=True)
class Ear:
    """What is listened for.

    Attributes:
        within: How long after an utterance the same member's next message answers it.
        liked: Emoji that say that something is liked, as they are or by name.
        disliked: Emoji that say the opposite.
    """

    within: timedelta = WITHIN
    liked: tuple[str, ...] = LIKED_EMOJI
    disliked: tuple[str, ...] = DISLIKED_EMOJI


class Listening:
    """Finds what a member's doing says of an utterance.

    Args:
        ledger: Where utterances are.
        likeness: Tells whether a question is asked again.
        ear: What is listened for.
        measured: Filters members who do not want to be measured. Of others nothing is kept.
    """

    def __init__(
        self,
        ledger: Ledger,
        *,
        likeness: Likeness,
        ear: Ear = Ear(),
        measured: Measured = everybody,
    ) -> None:
        self._ledger = ledger
        self._likeness = likeness
        self._ear = ear
        self._measured = measured

    async def before(self, event: Event) -> Before:
        """What must be known before a message is decided on; one look into the ledger."""
        message = event.message
        if message is None or event.kind not in _LOOKED_AT:
            return NOBODY
        at = message.posted_at or event.received_at
        found = await self._ledger.utterances.before(message, at, within=self._ear.within)
        is_answer = event.kind in _ANSWERS and found.answered is not None
        if is_answer and await self._may_measure(message, message.author):
            return found
        return Before(None, found.assigned, found.paused)

    def needs(self, before: Before) -> Needs:
        """Intent and sentiment of what answers us; of nothing else for this alone."""
        return Needs() if before.answered is None else _MOOD

    async def notes(self, event: Event, before: Before, signals: Signals) -> tuple[Note, ...]:
        """What an event says of something that a persona said.

        Args:
            event: What happened.
            before: What `before` found.
            signals: What triage made of it.
        """
        if event.kind in _REACTIONS:
            return await self._reaction(event)
        message, answered = event.message, before.answered
        if message is None or answered is None:
            return ()
        kinds = list(_kinds(event, message, signals))
        if await self._asks_again(message, answered, signals):
            kinds.append(FeedbackKind.ASKED_AGAIN)
        return tuple(_note(kind, event, message, answered, signals) for kind in kinds)

    async def _reaction(self, event: Event) -> tuple[Note, ...]:
        """A reaction to whatever it is; the ledger keeps it if that is an utterance."""
        actor = event.actor
        key = event.message.key if event.message else event.message_key
        if actor is None or key is None or event.text is None or actor.is_bot or actor.is_self:
            return ()
        platform, _, rest = key.partition(":")
        community = rest.partition(":")[0]
        if not await self._measured(platform, community, actor.id):
            return ()
        ear = self._ear
        note = Note(
            FeedbackKind.REACTION,
            f"{platform}:{community}",
            actor.id,
            event.text,
            key=key,
            value=value_of_emoji(event.text, liked=ear.liked, disliked=ear.disliked),
            is_back=event.kind is EventKind.REACTION_REMOVED,
            at=event.received_at,
        )
        return (note,)

    async def _asks_again(self, message: Message, answered: Answered, signals: Signals) -> bool:
        question = answered.question
        if question is None or not answered.is_theirs or signals.intent not in _ASKING:
            return False
        return await self._likeness(question, message) >= AGAIN

    async def _may_measure(self, message: Message, member: Author) -> bool:
        return await self._measured(message.platform, message.community.id, member.id)


def _kinds(event: Event, message: Message, signals: Signals) -> Iterator[FeedbackKind]:
    if event.kind is EventKind.COMMAND_GIVEN:
        if (event.command or "").lower() == HUMAN:
            yield FeedbackKind.HANDED_OVER
        return
    yield FeedbackKind.ANSWER
    sentiment = signals.scores.get("sentiment")
    if is_thanks(message.text, intent=signals.intent, sentiment=sentiment):
        yield FeedbackKind.THANKS
    if asks_for_a_person(message):
        yield FeedbackKind.HANDED_OVER


def _note(
    kind: FeedbackKind, event: Event, message: Message, answered: Answered, signals: Signals
) -> Note:
    return Note(
        kind,
        f"{message.platform}:{message.community.id}",
        message.author.id,
        message.key,
        utterance=answered.utterance,
        value=signals.scores.get("sentiment") if kind is FeedbackKind.ANSWER else None,
        at=message.posted_at or event.received_at,
    )
