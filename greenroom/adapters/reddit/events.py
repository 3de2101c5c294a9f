"""Reddit's things as events: what each listing tells of, in Greenroom's words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Any

from greenroom.adapters.base import Clock
from greenroom.adapters.recent import Recent
from greenroom.adapters.reddit.commands import Respond, read_command
from greenroom.adapters.reddit.fields import Thing, name_of, text_of
from greenroom.adapters.reddit.letters import (
    is_by_member,
    read_letter,
    read_modmail,
    read_notice,
)
from greenroom.adapters.reddit.people import People, Subreddits
from greenroom.adapters.reddit.reports import (
    filter_stamp,
    is_filtered,
    read_filter,
    read_reasons,
    read_reporter,
    report_stamp,
)
from greenroom.adapters.reddit.things import PLATFORM, Setting, read_thing
from greenroom.message import Event, EventKind, Message

Events = tuple[Event, ...]


class Role(StrEnum):
    """What a listing is for."""

    POSTS = "posts"
    EDITS = "edits"
    REPORTS = "reports"
    QUEUE = "queue"
    INBOX = "inbox"


class Teller:
    """Makes events of what is found, for one account.

    Args:
        bot: The bot's name.
        me: The account's name.
        www: The address of Reddit's site.
        subreddits: What is known of the bot's subreddits.
        people: What is known of members.
        own: Our newest comments, an answer to which is said to us.
        clock: The time now, in UTC.
    """

    def __init__(
        self,
        bot: str,
        me: str,
        www: str,
        *,
        subreddits: Subreddits,
        people: People,
        own: Recent[str, None],
        clock: Clock,
    ) -> None:
        self._bot = bot
        self.me = me
        self._www = www.rstrip("/")
        self._subreddits = subreddits
        self._people = people
        self._clock = clock
        self._own = own
        self._ways: Mapping[Role, Callable[[Thing], Events]] = {
            Role.POSTS: self.posted,
            Role.EDITS: self.edited,
            Role.REPORTS: self._reported,
            Role.QUEUE: self._queued,
            Role.INBOX: self._received,
        }

    def tell(self, role: Role, thing: Thing) -> Events:
        """What a thing in a listing amounts to; nothing, if another listing tells of it."""
        return self._ways[role](thing)

    def recall(self, thing: Thing) -> None:
        """Remember a thing that is no news; answers to ours are said to us."""
        author = text_of(thing, "author") or ""
        if author.lower() == self.me.lower():
            self._own[name_of(thing)] = None

    def posted(self, thing: Thing) -> Events:
        """A comment or submission, and the command that it may be."""
        self.recall(thing)
        message = self._read(thing)
        event = self._event(EventKind.MESSAGE_POSTED, message)
        is_to_us = message.mentions_me or (message.reply_to or "") in self._own
        command = self._commanded(message, Respond(member=message.author.name))
        return (event, *command) if is_to_us else (event,)

    def edited(self, thing: Thing) -> Events:
        """A comment or submission as it reads now."""
        return (self._event(EventKind.MESSAGE_EDITED, self._read(thing)),)

    def deleted(self, thing: Thing) -> Events:
        """A comment or submission that its author took back."""
        event = self._event(EventKind.MESSAGE_DELETED, None)
        return (replace(event, message_key=self._read(thing).key),)

    def _reported(self, thing: Thing) -> Events:
        event = self._event(EventKind.MESSAGE_REPORTED, self._read(thing))
        return (
            replace(
                event,
                actor=read_reporter(thing, self.me),
                text=read_reasons(thing),
                id=f"reports:{report_stamp(thing)}",
            ),
        )

    def _queued(self, thing: Thing) -> Events:
        """What a filter took out, perhaps before any other listing had it; reports have theirs."""
        if not is_filtered(thing):
            return ()
        message = self._read(thing)
        acted = self._event(EventKind.NATIVE_ACTION, message)
        acted = replace(acted, id=filter_stamp(thing), text=read_filter(thing))
        return (self._event(EventKind.MESSAGE_POSTED, message), acted)

    def _received(self, thing: Thing) -> Events:
        """A private message, or a comment outside our subreddits that answers or names us."""
        author, place = text_of(thing, "author"), text_of(thing, "subreddit")
        if author is None or author.lower() == self.me.lower():
            return ()  # of a subreddit's moderators, or our own
        if thing.get("distinguished") == "admin":
            return ()  # of Reddit's staff: it is about the account
        facts, setting = self._people.facts(thing), self._setting(thing)
        if name_of(thing).startswith("t4_"):
            if place is not None:
                return ()  # modmail has it
            message = read_letter(thing, setting, facts)
            command = self._commanded(message, Respond(letter=message.id))
            return command or (self._event(EventKind.MESSAGE_POSTED, message),)
        if self._subreddits.get(place) is not None:
            return ()  # the listing of comments has it
        message = read_notice(thing, setting, facts)
        event = self._event(EventKind.MESSAGE_POSTED, message)
        return (event, *self._commanded(message, Respond(member=message.author.name)))

    def written(self, conversation: Mapping[str, Any], message: Mapping[str, Any]) -> Events:
        """A member's message in modmail."""
        if not is_by_member(message, self.me):
            return ()
        owner = conversation.get("owner")
        place = owner.get("displayName") if isinstance(owner, dict) else None
        read = read_modmail(conversation, message, self._setting({"subreddit": place}))
        if not read.id:
            return ()
        command = self._commanded(read, Respond(conversation=read.thread))
        return command or (self._event(EventKind.MESSAGE_POSTED, read),)

    def _commanded(self, message: Message, respond: Respond) -> Events:
        command = read_command(message.text, self.me)
        if command is None or message.author.is_self or message.author.is_bot:
            return ()
        event = self._event(EventKind.COMMAND_GIVEN, message)
        return (
            replace(
                event,
                actor=message.author,
                command=command.name,
                text=command.argument,
                respond=str(respond),
            ),
        )

    def _event(self, kind: EventKind, message: Message | None) -> Event:
        return Event(kind, self._bot, PLATFORM, self._clock(), message)

    def _read(self, thing: Thing) -> Message:
        return read_thing(thing, self._setting(thing), self._people.facts(thing))

    def _setting(self, thing: Thing) -> Setting:
        known = self._subreddits.get(text_of(thing, "subreddit"))
        return Setting(
            me=self.me,
            www=self._www,
            moderators=None if known is None else known.moderators,
            is_nsfw=None if known is None else known.is_nsfw,
        )
