"""Which variant a conversation gets: always the same one, without anything being remembered."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from typing import Final

from greenroom.message import Message

_STEPS: Final = 2**53  # what a float tells apart between 0 and 1


def conversation_of(message: Message) -> str:
    """What a message belongs to: its thread, else its author in its channel."""
    if message.thread is not None:
        return _thread(message, message.thread)
    return f"{message.platform}:{message.community.id}:{message.channel.id}:by:{message.author.id}"


def conversations_of(message: Message) -> tuple[str, ...]:
    """The conversation, and the one that begins where somebody answers the message in a thread.

    A thread is called by its first message on Slack, Discord and Reddit alike. So whoever writes
    in a channel, is answered in a thread and goes on there stays in one conversation.
    """
    own = conversation_of(message)
    begun = _thread(message, message.id)
    return (own,) if begun == own else (own, begun)


def assign(
    experiment: str,
    weights: Mapping[str, float],
    conversation: str,
    *,
    salt: str = "",
    assigned: Mapping[str, str] | None = None,
) -> str:
    """The variant that a conversation gets in an experiment.

    The draw is a hash, so the same conversation draws the same variant in any process. Where
    weights change, or a variant is added, only those conversations would draw another that move
    to what got heavier (weighted rendezvous hashing; Schindelhauer and Schomaker, SPAA 2005).

    Args:
        experiment: What it is called in the whole deployment: ``persona/name``.
        weights: How often each variant is drawn, in relation to the others; one of at least
            two is above 0.
        conversation: What `conversation_of` says.
        salt: Another salt is another draw for everybody: for an experiment that is run anew.
        assigned: What conversations drew before, by experiment, as the ledger kept it. It
            counts as long as there is such a variant, whatever its weight is now.

    Raises:
        ValueError: There is no variant to draw.
    """
    kept = (assigned or {}).get(experiment)
    if kept is not None and kept in weights:
        return kept
    drawn = {
        name: weight / -math.log(_draw(experiment, salt, conversation, name))
        for name, weight in weights.items()
        if weight > 0
    }
    if not drawn:
        raise ValueError(f"experiment {experiment} has no variant with a weight above 0")
    return max(drawn, key=drawn.__getitem__)


def _draw(*parts: str) -> float:
    """Even between 0 and 1, both excluded."""
    text = "\x1f".join(parts).encode("utf-8", "surrogatepass")
    number = int.from_bytes(hashlib.sha256(text).digest()[:8], "big")
    return ((number >> 11) + 0.5) / _STEPS


def _thread(message: Message, thread: str) -> str:
    return f"{message.platform}:{message.community.id}:{message.channel.id}:in:{thread}"
