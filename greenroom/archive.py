"""What an occasion rests on, found before deciding: what was said, and what was posted of late."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from greenroom.ledger import Kept, Ledger
from greenroom.message import Message
from greenroom.personas.occasions import Job, Posted, Responses
from greenroom.personas.voice import covers

MOST: Final = 400
"""Messages of one digest: the newest. Each is read by the encoder, some 5 ms."""

_DAY: Final = timedelta(days=1)
_THREAD: Final = timedelta(days=30)
_LOOK_BACK: Final = timedelta(days=8)  # of posts: the longest cap is a week


@dataclass(frozen=True, slots=True)
class Archive:
    """Reads the ledger for the loop."""

    ledger: Ledger

    async def said(self, bot: str, message: Message, job: Job) -> list[Message]:
        """What members said in the job's channels since then, oldest first.

        What was removed or deleted, and what bots or members who opted out wrote, is left out.
        """
        if job.since is None:
            return []
        kept = await self.ledger.messages.since(
            bot, message.community.id, job.since, until=job.due, limit=MOST
        )
        return [
            one.message
            for one in kept
            if self._counts(one)
            and any(covers(pattern, one.message.channel) for pattern in job.sources)
        ]

    async def around(self, message: Message, now: datetime) -> list[Message]:
        """What members said before a message: in its thread, else in its channel in a day."""
        since = now - (_THREAD if message.thread else _DAY)
        kept = await self.ledger.messages.in_channel(message, since, limit=MOST)
        return [one.message for one in kept if self._counts(one) and one.message.key != message.key]

    def _counts(self, kept: Kept) -> bool:
        author = kept.message.author
        if kept.state != "visible" or author.is_bot or author.is_self:
            return False
        return not self.ledger.consents.has_opted_out(kept.message.member)

    async def responses(self, persona: str, job: Job) -> Responses:
        """How many members answered or reacted to a job's posts, and how many did so negatively."""
        told = await self.ledger.utterances.negative(persona, experiment=job.name)
        return Responses(told.hits, told.of)

    async def posted(self, persona: str, now: datetime) -> Sequence[Posted]:
        """The persona's posts of the last days, as far as they went out or are on their way."""
        found = await self.ledger.outbox.posts(f"persona:{persona}", now - _LOOK_BACK)
        return [
            Posted(job_in(post.message), post.message.channel.id, post.at, post.action.variant)
            for post in found
        ]


def job_in(message: Message) -> str:
    """The job that a post was made for, from its id; see ``Scheduler``."""
    return message.id.partition("/")[2].rpartition("/")[0]
