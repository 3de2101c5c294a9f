"""What was said before a message, as far as a reply may rest on it."""

from __future__ import annotations

from greenroom.ledger.messages import Messages
from greenroom.llm import Turn
from greenroom.message import Message

MAX_TURNS = 6


async def turns_before(message: Message, messages: Messages) -> tuple[Turn, ...]:
    """The replies that lead to ``message``, oldest first: the member's own, and ours.

    What others wrote ends the chain: nobody else's words are shown to a model. So does what was
    removed or deleted.
    """
    found: list[Turn] = []
    at = message
    while at.reply_to is not None and len(found) < MAX_TURNS:
        place = f"{at.platform}:{at.community.id}:{at.channel.id}"
        kept = await messages.get(f"{place}:{at.reply_to}")
        if kept is None or kept.state != "visible":
            break
        author = kept.message.author
        if not author.is_self and author.id != message.author.id:
            break
        found.append(Turn(kept.message.text, is_ours=author.is_self))
        at = kept.message
    return tuple(reversed(found))
