"""Reddit's comments and submissions as messages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from greenroom.adapters.reddit.fields import (
    Thing,
    flag_of,
    moment_of,
    name_of,
    number_of,
    rows_of,
    table_of,
    text_of,
)
from greenroom.message import (
    Author,
    Channel,
    Community,
    Crosspost,
    Flair,
    Media,
    Message,
    MessageKind,
    Standing,
)

PLATFORM = "reddit"

LINK = re.compile(r"https?://[^\s<>()\[\]\"]+")
MENTION = re.compile(r"(?<![\w/-])/?u/([A-Za-z0-9_-]{2,20})")


@dataclass(frozen=True, slots=True)
class Facts:
    """What Reddit tells of a member beside their messages; ``None`` is unknown."""

    created_at: datetime | None = None
    comment_karma: int | None = None
    post_karma: int | None = None
    has_verified_email: bool | None = None
    is_gold: bool | None = None


@dataclass(frozen=True, slots=True)
class Setting:
    """What a message is read against: our account, the site, the subreddit's own facts."""

    me: str
    www: str
    moderators: frozenset[str] | None = None  # in lower case; None: unknown
    is_nsfw: bool | None = None


def read_thing(thing: Thing, setting: Setting, facts: Facts | None = None) -> Message:
    """A message from a comment or a submission; missing and mistyped fields are unknown."""
    is_comment = name_of(thing).startswith("t1_")
    message = _message(thing, setting)
    message = replace(message, author=author_of(thing, setting, facts))
    return _as_comment(message, thing, setting) if is_comment else _as_submission(message, thing)


def revision(thing: Thing) -> str:
    """``"0"``, or the second of the latest edit."""
    if not thing.get("edited"):
        return "0"
    when = moment_of(thing, "edited")  # of old items only that they were edited
    return "1" if when is None else str(int(when.timestamp()))


def is_deleted(thing: Thing) -> bool:
    """Whether its author took it back; not so where a moderator did, or the account is gone."""
    if thing.get("removed_by_category") == "deleted":
        return True
    is_nobodys = thing.get("author") in (None, "[deleted]")
    return is_nobodys and _written(thing) == "[deleted]"


def is_emptied(thing: Thing) -> bool:
    """Whether what was written is gone, whoever took it away."""
    return is_deleted(thing) or _written(thing) in ("[deleted]", "[removed]")


def _written(thing: Thing) -> str | None:
    return text_of(thing, "body" if name_of(thing).startswith("t1_") else "selftext")


def _message(thing: Thing, setting: Setting) -> Message:
    text = _written(thing) or ""
    mentions = tuple(dict.fromkeys(MENTION.findall(text)))
    place = text_of(thing, "subreddit_id") or text_of(thing, "subreddit") or ""
    return Message(
        platform=PLATFORM,
        community=Community(place, text_of(thing, "subreddit"), setting.is_nsfw),
        channel=Channel(place, text_of(thing, "subreddit")),
        id=name_of(thing),
        author=Author("", ""),
        text=text,
        links=tuple(dict.fromkeys(LINK.findall(text))),
        mentions=mentions,
        mentions_me=setting.me.lower() in (name.lower() for name in mentions),
        posted_at=moment_of(thing, "created_utc"),
        edited_at=moment_of(thing, "edited"),
        revision=revision(thing),
        permalink=absolute(setting, text_of(thing, "permalink")),
        reports=number_of(thing, "num_reports"),
        is_edited=bool(thing.get("edited")),
        standing=_standing(thing),
    )


def _as_comment(message: Message, thing: Thing, setting: Setting) -> Message:
    parent_id = text_of(thing, "parent_id")
    return replace(
        message,
        thread=text_of(thing, "link_id"),
        reply_to=parent_id,
        is_top_level=None if parent_id is None else parent_id.startswith("t3_"),
        parent=_parent(message, thing, setting),
    )


def _as_submission(message: Message, thing: Thing) -> Message:
    kind = _kind(thing)
    url = None if kind is MessageKind.TEXT_SUBMISSION else text_of(thing, "url")
    is_poll = kind is MessageKind.POLL_SUBMISSION
    return replace(
        message,
        kind=kind,
        title=text_of(thing, "title"),
        url=url,
        domain=None if url is None else text_of(thing, "domain"),
        links=message.links if url is None else tuple(dict.fromkeys((url, *message.links))),
        flair=_flair(thing, "link_flair"),
        media=_media(thing),
        crosspost=_crosspost(thing),
        poll_options=_poll_options(thing) if is_poll else None,
        is_original_content=flag_of(thing, "is_original_content"),
        is_meta_discussion=flag_of(thing, "is_meta"),
        discussion_type=text_of(thing, "discussion_type"),
        past_archive_date=flag_of(thing, "archived"),
    )


def _parent(message: Message, thing: Thing, setting: Setting) -> Message | None:
    """The submission, as far as a listing of comments tells of it."""
    link_id, title = text_of(thing, "link_id"), text_of(thing, "link_title")
    if link_id is None or title is None:
        return None
    name, permalink = text_of(thing, "link_author") or "", text_of(thing, "link_permalink")
    url = text_of(thing, "link_url")
    is_text = url is None or url == permalink or f"/comments/{link_id[3:]}/" in url
    return Message(
        platform=PLATFORM,
        community=message.community,
        channel=message.channel,
        id=link_id,
        author=Author(name, name, is_self=name.lower() == setting.me.lower()),
        text="",
        kind=MessageKind.TEXT_SUBMISSION if is_text else MessageKind.LINK_SUBMISSION,
        title=title,
        url=None if is_text else url,
        domain=None if is_text or url is None else _host(url),
        permalink=absolute(setting, permalink),
    )


def author_of(thing: Thing, setting: Setting, facts: Facts | None) -> Author:
    name = text_of(thing, "author") or "[deleted]"
    known = facts or Facts()
    listed = None if setting.moderators is None else name.lower() in setting.moderators
    return Author(
        id=text_of(thing, "author_fullname") or name,
        name=name,
        is_bot=name == "AutoModerator",
        is_self=name.lower() == setting.me.lower(),
        is_moderator=True if thing.get("distinguished") == "moderator" else listed,
        is_submitter=flag_of(thing, "is_submitter"),
        is_gold=known.is_gold if known.is_gold is not None else flag_of(thing, "author_premium"),
        has_verified_email=known.has_verified_email,
        created_at=known.created_at,
        comment_karma=known.comment_karma,
        post_karma=known.post_karma,
        flair=_flair(thing, "author_flair"),
    )


def read_facts(user: Mapping[str, Any]) -> Facts:
    """A member's facts, from ``user/…/about`` or from the batch of many."""
    return Facts(
        created_at=moment_of(user, "created_utc"),
        comment_karma=number_of(user, "comment_karma"),
        post_karma=number_of(user, "link_karma"),
        has_verified_email=flag_of(user, "has_verified_email"),
        is_gold=flag_of(user, "is_gold"),
    )


def _kind(thing: Thing) -> MessageKind:
    if thing.get("crosspost_parent") or thing.get("crosspost_parent_list"):
        return MessageKind.CROSSPOST_SUBMISSION
    if thing.get("poll_data"):
        return MessageKind.POLL_SUBMISSION
    if thing.get("is_gallery"):
        return MessageKind.GALLERY_SUBMISSION
    return MessageKind.TEXT_SUBMISSION if thing.get("is_self") else MessageKind.LINK_SUBMISSION


def _standing(thing: Thing) -> Standing:
    """Moderators are told ``removed``, ``approved`` and ``spam``; others little or nothing."""
    banned_by = thing.get("banned_by")
    gone = text_of(thing, "removed_by_category") is not None or bool(banned_by)
    removed = flag_of(thing, "removed")
    return Standing(
        is_removed=True if removed or gone else removed,
        is_approved=flag_of(thing, "approved"),
        is_spam_filtered=True if banned_by is True else flag_of(thing, "spam"),
    )


def _flair(thing: Thing, kind: str) -> Flair | None:
    text, css_class = text_of(thing, f"{kind}_text"), text_of(thing, f"{kind}_css_class")
    template_id = text_of(thing, f"{kind}_template_id")
    if text is None and css_class is None and template_id is None:
        return None
    return Flair(text, css_class, template_id)


def _media(thing: Thing) -> Media | None:
    embed = table_of(table_of(thing, "media") or table_of(thing, "secure_media"), "oembed")
    if not embed:
        return None
    names = ("author_name", "author_url", "title", "description")
    return Media(*(text_of(embed, name) for name in names))


def _crosspost(thing: Thing) -> Crosspost | None:
    parents = rows_of(thing, "crosspost_parent_list")
    original = parents[0] if parents else None
    if not isinstance(original, dict):
        identity = text_of(thing, "crosspost_parent")
        return None if identity is None else Crosspost(identity)
    name = text_of(original, "author")
    place = text_of(original, "subreddit_id") or text_of(original, "subreddit") or ""
    return Crosspost(
        id=text_of(original, "name") or text_of(thing, "crosspost_parent") or "",
        title=text_of(original, "title"),
        author=None if name is None else Author(text_of(original, "author_fullname") or name, name),
        community=Community(place, text_of(original, "subreddit")),
    )


def _poll_options(thing: Thing) -> tuple[str, ...]:
    options = rows_of(table_of(thing, "poll_data"), "options")
    return tuple(text_of(item, "text") or "" for item in options if isinstance(item, dict))


def _host(url: str) -> str | None:
    try:
        host = urlsplit(url).hostname
    except ValueError:
        return None
    return None if host is None else host.removeprefix("www.")


def absolute(setting: Setting, permalink: str | None) -> str | None:
    if permalink is None or not permalink.startswith("/"):
        return permalink
    return setting.www + permalink
