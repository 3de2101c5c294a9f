"""Reddit's letters as messages: private messages, notices of comments elsewhere, modmail."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from greenroom.adapters.reddit.fields import (
    Thing,
    flag_of,
    moment_of,
    name_of,
    number_of,
    table_of,
    text_of,
)
from greenroom.adapters.reddit.fields import fullname_of as numbered
from greenroom.adapters.reddit.things import (
    LINK,
    PLATFORM,
    Facts,
    Setting,
    absolute,
    author_of,
    read_thing,
)
from greenroom.message import Author, Channel, Community, Message

INBOX: Final = "inbox"  # the channel of private messages, and of comments elsewhere
MODMAIL: Final = "modmail"
MODMAIL_SITE: Final = "https://mod.reddit.com"

_THREAD = re.compile(r"/comments/([a-z0-9]{1,13})(?:/|$)")


def read_letter(thing: Thing, setting: Setting, facts: Facts | None = None) -> Message:
    """A private message to us; our account's own place is its community."""
    place = f"u_{setting.me}"
    text = text_of(thing, "body") or ""
    return Message(
        platform=PLATFORM,
        community=Community(place, place),
        channel=Channel(INBOX, INBOX),
        id=name_of(thing),
        author=author_of(thing, setting, facts),
        text=text,
        title=text_of(thing, "subject"),
        thread=text_of(thing, "first_message_name") or name_of(thing),
        reply_to=text_of(thing, "parent_id"),
        links=tuple(dict.fromkeys(LINK.findall(text))),
        mentions_me=True,
        posted_at=moment_of(thing, "created_utc"),
        permalink=f"{setting.www}/message/messages/{name_of(thing).removeprefix('t4_')}",
    )


def read_notice(thing: Thing, setting: Setting, facts: Facts | None = None) -> Message:
    """A comment elsewhere that answers or names us; the inbox tells less of it."""
    message = read_thing(thing, setting, facts)
    context = text_of(thing, "context")
    thread = _THREAD.search(context or "")
    return replace(
        message,
        channel=Channel(INBOX, INBOX),
        title=text_of(thing, "link_title"),
        thread=f"t3_{thread[1]}" if thread else None,
        permalink=absolute(setting, context),
        mentions_me=True,
    )


def read_modmail(
    conversation: Mapping[str, Any], message: Mapping[str, Any], setting: Setting
) -> Message:
    """A message that a member wrote to a subreddit's moderators."""
    owner, identity = table_of(conversation, "owner"), str(conversation.get("id") or "")
    name = text_of(owner, "displayName")
    text = text_of(message, "bodyMarkdown") or ""
    return Message(
        platform=PLATFORM,
        community=Community(text_of(owner, "id") or name or "", name, setting.is_nsfw),
        channel=Channel(MODMAIL, MODMAIL),
        id=str(message.get("id") or ""),
        author=modmail_author(message, setting),
        text=text,
        title=text_of(conversation, "subject"),
        thread=identity,
        links=tuple(dict.fromkeys(LINK.findall(text))),
        posted_at=moment_of(message, "date"),
        permalink=f"{MODMAIL_SITE}/mail/perma/{identity}",
    )


def modmail_author(message: Mapping[str, Any], setting: Setting) -> Author:
    """Who wrote it; modmail has a number for an id, which elsewhere is written in base 36."""
    author = table_of(message, "author")
    name, number = text_of(author, "name") or "[deleted]", number_of(author, "id")
    return Author(
        id=name if number is None else numbered("t2", number),
        name=name,
        is_bot=name == "AutoModerator",
        is_self=name.lower() == setting.me.lower(),
        is_moderator=flag_of(author, "isMod"),
    )


def is_by_member(message: Mapping[str, Any], me: str) -> bool:
    """Whether a member wrote it, and no moderator, admin, filter or bot of Reddit's."""
    author = table_of(message, "author")
    name = text_of(author, "name")
    is_staff = author.get("isMod") is True or author.get("isAdmin") is True
    is_ours = name is None or name.lower() == me.lower() or name == "AutoModerator"
    return not (is_staff or is_ours or message.get("isInternal") is True)
