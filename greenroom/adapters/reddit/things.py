"""Reddit's comments and submissions as messages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from greenroom.adapters.reddit.web import Thing
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

_LINK = re.compile(r"https?://[^\s<>()\[\]\"]+")
_MENTION = re.compile(r"(?<![\w/-])/?u/([A-Za-z0-9_-]{2,20})")


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
    is_comment = str(thing.get("name")).startswith("t1_")
    message = _message(thing, setting, is_comment)
    message = replace(message, author=_author(thing, setting, facts))
    return _as_comment(message, thing, setting) if is_comment else _as_submission(message, thing)


def revision(thing: Thing) -> str:
    """``"0"``, or the second of the latest edit."""
    edited = thing.get("edited")
    if not edited:
        return "0"
    when = None if edited is True else _time(edited)  # of old items only that they were edited
    return "1" if when is None else str(int(when.timestamp()))


def _message(thing: Thing, setting: Setting, is_comment: bool) -> Message:
    text = _str(thing, "body" if is_comment else "selftext") or ""
    mentions = tuple(dict.fromkeys(_MENTION.findall(text)))
    place = _str(thing, "subreddit_id") or _str(thing, "subreddit") or ""
    return Message(
        platform=PLATFORM,
        community=Community(place, _str(thing, "subreddit"), setting.is_nsfw),
        channel=Channel(place, _str(thing, "subreddit")),
        id=str(thing.get("name")),
        author=Author("", ""),
        text=text,
        links=tuple(dict.fromkeys(_LINK.findall(text))),
        mentions=mentions,
        mentions_me=setting.me.lower() in (name.lower() for name in mentions),
        posted_at=_time(thing.get("created_utc")),
        edited_at=None if thing.get("edited") is True else _time(thing.get("edited") or None),
        revision=revision(thing),
        permalink=_absolute(setting, _str(thing, "permalink")),
        reports=_int(thing, "num_reports"),
        is_edited=bool(thing.get("edited")),
        standing=_standing(thing),
    )


def _as_comment(message: Message, thing: Thing, setting: Setting) -> Message:
    parent_id = _str(thing, "parent_id")
    return replace(
        message,
        thread=_str(thing, "link_id"),
        reply_to=parent_id,
        is_top_level=None if parent_id is None else parent_id.startswith("t3_"),
        parent=_parent(message, thing, setting),
    )


def _as_submission(message: Message, thing: Thing) -> Message:
    kind = _kind(thing)
    url = None if kind is MessageKind.TEXT_SUBMISSION else _str(thing, "url")
    poll = _dict(thing, "poll_data").get("options")
    return replace(
        message,
        kind=kind,
        title=_str(thing, "title"),
        url=url,
        domain=None if url is None else _str(thing, "domain"),
        links=message.links if url is None else tuple(dict.fromkeys((url, *message.links))),
        flair=_flair(thing, "link_flair"),
        media=_media(thing),
        crosspost=_crosspost(thing),
        poll_options=_poll_options(poll) if kind is MessageKind.POLL_SUBMISSION else None,
        is_original_content=_bool(thing, "is_original_content"),
        is_meta_discussion=_bool(thing, "is_meta"),
        discussion_type=_str(thing, "discussion_type"),
        past_archive_date=_bool(thing, "archived"),
    )


def _parent(message: Message, thing: Thing, setting: Setting) -> Message | None:
    """The submission, as far as a listing of comments tells of it."""
    link_id, title = _str(thing, "link_id"), _str(thing, "link_title")
    if link_id is None or title is None:
        return None
    name, permalink = _str(thing, "link_author") or "", _str(thing, "link_permalink")
    url = _str(thing, "link_url")
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
        permalink=_absolute(setting, permalink),
    )


def _author(thing: Thing, setting: Setting, facts: Facts | None) -> Author:
    name = _str(thing, "author") or "[deleted]"
    known = facts or Facts()
    listed = None if setting.moderators is None else name.lower() in setting.moderators
    return Author(
        id=_str(thing, "author_fullname") or name,
        name=name,
        is_self=name.lower() == setting.me.lower(),
        is_moderator=True if thing.get("distinguished") == "moderator" else listed,
        is_submitter=_bool(thing, "is_submitter"),
        is_gold=known.is_gold if known.is_gold is not None else _bool(thing, "author_premium"),
        has_verified_email=known.has_verified_email,
        created_at=known.created_at,
        comment_karma=known.comment_karma,
        post_karma=known.post_karma,
        flair=_flair(thing, "author_flair"),
    )


def read_facts(user: Mapping[str, Any]) -> Facts:
    """A member's facts, from ``user/…/about`` or from the batch of many."""
    return Facts(
        created_at=_time(user.get("created_utc")),
        comment_karma=_int(user, "comment_karma"),
        post_karma=_int(user, "link_karma"),
        has_verified_email=_bool(user, "has_verified_email"),
        is_gold=_bool(user, "is_gold"),
    )


def read_reasons(thing: Thing) -> str | None:
    """What the reports say, each reason with how often it was given."""
    users, mods = _pairs(thing, "user_reports"), _pairs(thing, "mod_reports")
    told = [f"{reason} ({count})" for reason, count in users]
    told += [f"{reason} ({name})" for reason, name in mods]
    return "; ".join(told) or None


def read_reporter(thing: Thing, me: str) -> Author | None:
    """The moderator who alone reported it; members report without a name."""
    mods = {name for _, name in _pairs(thing, "mod_reports") if isinstance(name, str)}
    if _pairs(thing, "user_reports") or len(mods) != 1:
        return None
    name = mods.pop()
    return Author(name, name, is_self=name.lower() == me.lower(), is_moderator=True)


def _pairs(thing: Thing, key: str) -> list[tuple[Any, Any]]:
    listed = thing.get(key)
    found = listed if isinstance(listed, list) else []
    return [(item[0], item[1]) for item in found if isinstance(item, list) and len(item) > 1]


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
    gone = _str(thing, "removed_by_category") is not None or bool(banned_by)
    removed = _bool(thing, "removed")
    return Standing(
        is_removed=True if removed or gone else removed,
        is_approved=_bool(thing, "approved"),
        is_spam_filtered=True if banned_by is True else _bool(thing, "spam"),
    )


def _flair(thing: Thing, kind: str) -> Flair | None:
    text, css_class = _str(thing, f"{kind}_text"), _str(thing, f"{kind}_css_class")
    template_id = _str(thing, f"{kind}_template_id")
    if text is None and css_class is None and template_id is None:
        return None
    return Flair(text, css_class, template_id)


def _media(thing: Thing) -> Media | None:
    embed = _dict(_dict(thing, "media") or _dict(thing, "secure_media"), "oembed")
    if not embed:
        return None
    names = ("author_name", "author_url", "title", "description")
    return Media(*(_str(embed, name) for name in names))


def _crosspost(thing: Thing) -> Crosspost | None:
    parents = thing.get("crosspost_parent_list")
    original = parents[0] if isinstance(parents, list) and parents else None
    if not isinstance(original, dict):
        identity = _str(thing, "crosspost_parent")
        return None if identity is None else Crosspost(identity)
    name = _str(original, "author")
    place = _str(original, "subreddit_id") or _str(original, "subreddit") or ""
    return Crosspost(
        id=_str(original, "name") or _str(thing, "crosspost_parent") or "",
        title=_str(original, "title"),
        author=None if name is None else Author(_str(original, "author_fullname") or name, name),
        community=Community(place, _str(original, "subreddit")),
    )


def _poll_options(options: Any) -> tuple[str, ...]:
    found = options if isinstance(options, list) else []
    return tuple(str(item.get("text")) for item in found if isinstance(item, dict))


def _host(url: str) -> str | None:
    try:
        host = urlsplit(url).hostname
    except ValueError:
        return None
    return None if host is None else host.removeprefix("www.")


def _absolute(setting: Setting, permalink: str | None) -> str | None:
    if permalink is None or not permalink.startswith("/"):
        return permalink
    return setting.www + permalink


def _time(stamp: Any) -> datetime | None:
    try:
        return None if stamp is None else datetime.fromtimestamp(float(stamp), UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def _str(thing: Mapping[str, Any], key: str) -> str | None:
    value = thing.get(key)
    return value if isinstance(value, str) and value else None


def _int(thing: Mapping[str, Any], key: str) -> int | None:
    value = thing.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _bool(thing: Mapping[str, Any], key: str) -> bool | None:
    value = thing.get(key)
    return value if isinstance(value, bool) else None


def _dict(thing: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = thing.get(key)
    return value if isinstance(value, dict) else {}
