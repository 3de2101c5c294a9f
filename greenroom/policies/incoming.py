"""A JSON object with AutoModerator's own names as a message; what is absent is unknown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from greenroom.message import (
    Attachment,
    Author,
    Channel,
    Community,
    Crosspost,
    Flair,
    Media,
    Message,
    MessageKind,
    Precedent,
    Signals,
    Standing,
)

_KINDS: Final = {
    **{kind.value: kind for kind in MessageKind},
    **{kind.value.removesuffix(" submission"): kind for kind in MessageKind},
}
_AUTHOR_FLAGS: Final = (
    "is_moderator", "is_contributor", "is_submitter", "is_gold", "has_verified_email",
)  # fmt: skip
_AUTHOR_NUMBERS: Final = ("comment_karma", "comment_subreddit_karma", "post_subreddit_karma")
_FLAGS: Final = (
    "is_edited", "is_top_level", "is_original_content", "is_meta_discussion", "past_archive_date",
    "mentions_me",
)  # fmt: skip


MAX_OPTIONS: Final = 1_000
"""More options than any poll has."""


class NotAMessage(ValueError):
    """A value that cannot be what its name says; the text names the key."""


@dataclass(frozen=True, slots=True)
class Fields:
    """A JSON object, read by name; null is absent, unknown names are passed over."""

    values: Mapping[str, Any]
    at: str = ""

    def text(self, *names: str) -> str | None:
        """A text under one of some names; a number is taken as it is written."""
        for name in names:
            value = self.values.get(name)
            if isinstance(value, str):
                return value
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                return str(value)
            if value is not None:
                raise self._wrong(name, "a text")
        return None

    def flag(self, *names: str) -> bool | None:
        """True, false or unknown."""
        for name in names:
            value = self.values.get(name)
            if isinstance(value, bool):
                return value
            if value is not None:
                raise self._wrong(name, "true or false")
        return None

    def number(self, *names: str) -> float | None:
        """A finite number."""
        for name in names:
            value = self.values.get(name)
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                if abs(value) <= 1e15:  # NaN compares false as well
                    return value
                raise self._wrong(name, "a number of reasonable size")
            if value is not None:
                raise self._wrong(name, "a number")
        return None

    def whole(self, *names: str) -> int | None:
        """A whole number."""
        value = self.number(*names)
        return None if value is None else int(value)

    def texts(self, name: str) -> tuple[str, ...] | None:
        """A list of texts, or one."""
        value = self.values.get(name)
        if value is None:
            return None
        items = [value] if isinstance(value, str) else value
        if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
            raise self._wrong(name, "a list of texts")
        return tuple(items)

    def group(self, name: str, *, short: str | None = None) -> Fields | None:
        """An object; a plain text is its ``short`` key."""
        value = self.values.get(name)
        if short is not None and isinstance(value, str):
            value = {short: value}
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self._wrong(name, "an object")
        return Fields(value, f"{self.at}{name}.")

    def _wrong(self, name: str, wanted: str) -> NotAMessage:
        return NotAMessage(f"`{self.at}{name}` must be {wanted}")


def message_of(values: Mapping[str, Any], *, now: datetime) -> Message:
    """A message from its names.

    Raises:
        NotAMessage: A value has the wrong type.
    """
    return _message(Fields(values), now=now)


def signals_of(values: Mapping[str, Any]) -> Signals:
    """``scores``, ``intent`` and ``precedents``, where they are given."""
    fields = Fields(values)
    precedents = values.get("precedents") or []
    if not isinstance(precedents, list):
        raise NotAMessage("`precedents` must be a list of objects")
    judged = tuple(_precedent(one) for one in precedents)
    return Signals(
        scores=_numbers(fields, "scores"),
        intent=fields.text("intent"),
        language=fields.text("language"),
        precedents=judged,
        knowledge_score=fields.number("knowledge_score"),
        counts=_numbers(fields, "counts"),
    )


def _numbers(fields: Fields, name: str) -> dict[str, float]:
    group = fields.group(name)
    given = {} if group is None else {name: group.number(name) for name in group.values}
    return {name: number for name, number in given.items() if number is not None}


def _precedent(value: object) -> Precedent:
    if not isinstance(value, dict):
        raise NotAMessage("`precedents` must be a list of objects")
    fields = Fields(value, "precedents.")
    return Precedent(
        message=fields.text("message") or "",
        text=fields.text("text") or "",
        verdict=fields.text("verdict") or "",
        score=fields.number("score") or 0.0,
    )


def _message(fields: Fields, *, now: datetime, below: Community | None = None) -> Message:
    """Long, because a message has that many fields: one line each, and nothing else."""
    parent = fields.group("parent_submission") if below is None else None
    author = fields.group("author", short="name")
    community = _community(fields, "subreddit") or _community(fields, "community")
    community = community or below or Community("")
    url = fields.text("url")
    flags = {name: fields.flag(name) for name in _FLAGS}
    return Message(
        platform=fields.text("platform") or "reddit",
        community=community,
        channel=_channel(fields) or Channel(community.id, community.name),
        id=fields.text("id") or "",
        author=Author("", "") if author is None else _author(author, now=now),
        text=fields.text("body", "text") or "",
        kind=_kind(fields, is_parent=below is not None),
        title=fields.text("title"),
        url=url,
        domain=fields.text("domain") or _host(url),
        permalink=fields.text("permalink"),
        flair=_flair(fields),
        media=_media(fields),
        crosspost=_crosspost(fields, now=now),
        parent=None if parent is None else _message(parent, now=now, below=community),
        poll_options=_poll_options(fields),
        links=fields.texts("links") or (),
        attachments=_attachments(fields),
        posted_at=_time(fields, "posted_at"),
        edited_at=_time(fields, "edited_at"),
        reports=fields.whole("reports"),
        discussion_type=fields.text("discussion_type"),
        standing=_standing(fields),
        is_edited=flags["is_edited"],
        is_top_level=flags["is_top_level"],
        is_original_content=flags["is_original_content"],
        is_meta_discussion=flags["is_meta_discussion"],
        past_archive_date=flags["past_archive_date"],
        mentions_me=flags["mentions_me"],
    )


def _kind(fields: Fields, *, is_parent: bool) -> MessageKind:
    if fields.flag("is_poll"):
        return MessageKind.POLL_SUBMISSION
    if fields.flag("is_gallery"):
        return MessageKind.GALLERY_SUBMISSION
    word = fields.text("kind", "type")
    if word is None and not is_parent and fields.text("title") is None:
        return MessageKind.COMMENT
    if word is None or word in ("submission", "post", "any"):
        is_link = bool(fields.text("url"))
        return MessageKind.LINK_SUBMISSION if is_link else MessageKind.TEXT_SUBMISSION
    kind = _KINDS.get(word.lower())
    if kind is None:
        raise NotAMessage(f"`kind` must be one of {', '.join(MessageKind)}, not {word!r}")
    return kind


def _host(url: str | None) -> str | None:
    try:
        return urlsplit(url or "").hostname
    except ValueError:
        return None


def _community(fields: Fields, name: str) -> Community | None:
    group = fields.group(name, short="name")
    if group is None:
        return None
    title = group.text("name")
    return Community(group.text("id") or title or "", title, group.flag("is_nsfw"))


def _channel(fields: Fields) -> Channel | None:
    group = fields.group("channel", short="name")
    if group is None:
        return None
    name = (group.text("name") or "").removeprefix("#") or None
    return Channel(group.text("id") or name or "", name)


def _author(fields: Fields, *, now: datetime) -> Author:
    name = fields.text("name") or ""
    numbers = {key: fields.whole(key) for key in _AUTHOR_NUMBERS}
    flags = {key: fields.flag(key) for key in _AUTHOR_FLAGS}
    return Author(
        id=fields.text("id") or name,
        name=name,
        is_bot=bool(fields.flag("is_bot")),
        is_self=bool(fields.flag("is_self")),
        is_moderator=flags["is_moderator"],
        is_contributor=flags["is_contributor"],
        is_submitter=flags["is_submitter"],
        is_gold=flags["is_gold"],
        has_verified_email=flags["has_verified_email"],
        created_at=_created_at(fields, now),
        comment_karma=numbers["comment_karma"],
        post_karma=fields.whole("post_karma", "link_karma"),
        comment_subreddit_karma=numbers["comment_subreddit_karma"],
        post_subreddit_karma=numbers["post_subreddit_karma"],
        contributor_quality=fields.text("contributor_quality"),
        flair=_flair(fields),
        roles=fields.texts("roles"),
    )


def _created_at(fields: Fields, now: datetime) -> datetime | None:
    days = fields.number("account_age_days", "account_age")
    if days is None:
        return None
    try:
        return now - timedelta(days=days)
    except OverflowError as error:
        raise NotAMessage(f"`{fields.at}account_age_days` is out of range") from error


def _flair(fields: Fields) -> Flair | None:
    names = ("flair_text", "flair_css_class", "flair_template_id")
    text, css, template = (fields.text(name) for name in names)
    return None if text is css is template is None else Flair(text, css, template)


def _media(fields: Fields) -> Media | None:
    names = ("media_author", "media_author_url", "media_title", "media_description")
    values = [fields.text(name) for name in names]
    return Media(*values) if any(value is not None for value in values) else None


def _poll_options(fields: Fields) -> tuple[str, ...] | None:
    """The options; of a poll that only tells how many it has, as many without a text."""
    options, count = fields.texts("poll_option_text"), fields.whole("poll_option_count")
    if options is not None or count is None:
        return options
    return ("",) * max(0, min(count, MAX_OPTIONS))


def _crosspost(fields: Fields, *, now: datetime) -> Crosspost | None:
    id_, title = fields.text("crosspost_id"), fields.text("crosspost_title")
    author = fields.group("crosspost_author", short="name")
    community = _community(fields, "crosspost_subreddit")
    if (id_, title, author, community) == (None, None, None, None):
        return None
    who = None if author is None else _author(author, now=now)
    return Crosspost(id_ or "", title, who, community)


def _attachments(fields: Fields) -> tuple[Attachment, ...]:
    """Files that came along: names, or objects with a name and a media type."""
    given = fields.values.get("attachments") or []
    if not isinstance(given, list):
        raise NotAMessage("`attachments` must be a list")
    return tuple(map(_attachment, given))


def _attachment(value: object) -> Attachment:
    if isinstance(value, str):
        return Attachment(value, "")
    if not isinstance(value, dict):
        raise NotAMessage("`attachments` must be a list of names or objects")
    fields = Fields(value, "attachments.")
    return Attachment(
        name=fields.text("name") or "",
        url=fields.text("url") or "",
        media_type=fields.text("media_type"),
        size_bytes=fields.whole("size_bytes"),
    )


def _time(fields: Fields, name: str) -> datetime | None:
    value = fields.values.get(name)
    try:
        if isinstance(value, datetime):  # as YAML reads it
            time = value
        elif (text := fields.text(name)) is None:
            return None
        else:
            time = datetime.fromisoformat(text)
    except ValueError as error:
        raise NotAMessage(f"`{name}` must be a time, such as 2026-03-01T12:00:00Z") from error
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _standing(fields: Fields) -> Standing:
    return Standing(
        is_removed=fields.flag("is_removed", "removed"),
        is_approved=fields.flag("is_approved", "approved"),
        is_spam_filtered=fields.flag("is_spam_filtered", "spam_filtered", "is_spam", "spam"),
    )
