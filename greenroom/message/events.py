"""What an adapter yields."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from greenroom.message.messages import Message
from greenroom.message.people import Author


class EventKind(StrEnum):
    """What happened."""

    MESSAGE_POSTED = "message_posted"
    MESSAGE_EDITED = "message_edited"
    MESSAGE_DELETED = "message_deleted"
    MESSAGE_REPORTED = "message_reported"
    REACTION_ADDED = "reaction_added"
    REACTION_REMOVED = "reaction_removed"
    NATIVE_ACTION = "native_action"  # the platform's own moderation acted, such as AutoMod
    MEMBER_JOINED = "member_joined"
    BUTTON_PRESSED = "button_pressed"
    COMMAND_GIVEN = "command_given"
    SCHEDULED = "scheduled"  # a persona's own time came: a digest, a campaign


@dataclass(frozen=True, slots=True)
class Event:
    """What an adapter yields. ``key`` is the same for every delivery of the same thing.

    A command comes as the message that it is: ``/human my post is gone`` is an utterance by
    the actor, where it was given. A command about a message carries that message instead.
    """

    kind: EventKind
    bot: str  # the bot's name: the stem of its YAML file
    platform: str
    received_at: datetime
    message: Message | None = None
    message_key: str | None = None  # where the message itself is gone, or was not sent along
    actor: Author | None = None  # who reported, reacted, joined, pressed or commanded
    command: str | None = None  # a command's name, a button's value
    text: str | None = None  # a report's reason, a command's argument, a modal's text, an emoji
    id: str | None = None  # the platform's id, for events that carry no message
    respond: str | None = None  # how to answer whoever acted, for some minutes; see ANSWER

    @property
    def key(self) -> str:
        """The idempotency key of the inbox.

        Built from what the event is about, never from a delivery's own id: Slack
        redelivers with new event ids, Discord replays after RESUME.
        """
        about = self.message.key if self.message else self.message_key or ""
        revision = self.message.revision if self.message else ""
        who = self.actor.id if self.actor else ""
        return "|".join((self.bot, self.kind, about, revision, who, self.id or ""))
