"""What an order is about: a comment, a submission, a letter, a member, a subreddit."""

from __future__ import annotations

import re
from typing import Any

from greenroom.adapters.reddit.fields import Thing, as_table, moment_of
from greenroom.adapters.reddit.letters import INBOX, MODMAIL
from greenroom.adapters.reddit.web import RedditWeb
from greenroom.errors import DropMessage
from greenroom.message import Message, Order

_FULLNAME = re.compile(r"t[13]_[A-Za-z0-9]{1,20}")


def target_of(order: Order) -> str:
    """The full name of the comment or submission that an order is about.

    Raises:
        DropMessage: It is about a letter, or the submission above is unknown.
    """
    message = order.message
    if message.channel.id == MODMAIL or message.id.startswith("t4_"):
        raise DropMessage(f"{order.action.kind} is not for private messages and modmail")
    target: str | None = message.id
    if order.action.on_parent:
        target = message.thread or (message.parent.id if message.parent else None)
    if target is None:
        raise DropMessage("the submission that the comment stands under is unknown")
    if not _FULLNAME.fullmatch(target):
        raise DropMessage(f"{target!a} is neither a comment nor a submission of Reddit's")
    return target


def moderated_target_of(order: Order) -> str:
    """The same, where only a moderator may act.

    Raises:
        DropMessage: It stands where the bot moderates nothing.
    """
    if order.message.channel.id == INBOX:
        raise DropMessage(f"{order.action.kind} is not for what stands outside the bot's places")
    return target_of(order)


def subreddit_of_order(message: Message) -> str:
    """The name of the subreddit that a message was written in, or to the moderators of.

    Raises:
        DropMessage: It was written to the bot alone, or elsewhere.
    """
    name = message.community.name
    if name is None or message.channel.id == INBOX:
        raise DropMessage("which subreddit it is about is unknown")
    return name


async def thing_of(web: RedditWeb, fullname: str) -> Any:
    """The library's model of a comment or submission; it is not fetched."""
    kind, _, identity = fullname.partition("_")
    if kind == "t1":
        return await web.client.comment(identity, fetch=False)
    if kind == "t3":
        return await web.client.submission(identity, fetch=False)
    raise DropMessage(f"{fullname!a} is neither a comment nor a submission of Reddit's")


def is_since(found: Thing, message: Message, key: str = "created_utc") -> bool:
    """Whether something of ours may be about a message: it came after it, by Reddit's clock."""
    when = moment_of(as_table(found), key)
    return when is None or message.posted_at is None or when >= message.posted_at
