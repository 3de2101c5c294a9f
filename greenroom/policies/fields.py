"""The search fields: which a comment, a submission, a user and a community have, and their texts.

A field gives the texts to look at, or ``None`` when it is not checked on this item at all
(``url`` on a text post). What a platform does not know is an empty text: nothing is found
in it, so a ``~`` check on it holds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final
from urllib.parse import urlsplit

from greenroom.message import (
    Attachment,
    Author,
    Community,
    Crosspost,
    Flair,
    Media,
    Message,
    MessageKind,
)

Texts = Sequence[str] | None

_LINK = re.compile(r"(?:\bhttps?://|\bwww\.)[^\s<>()\[\]{}\"'`|]+", re.IGNORECASE)
_AFTER_A_LINK = ".,;:!?"
_PREFIX = re.compile(r"^t[1-6]_")  # Reddit writes t3_abc where people write abc


def _ids(id: str) -> Texts:  # noqa: A002
    bare = _PREFIX.sub("", id)
    return (id,) if bare == id else (id, bare)


def _one(text: str | None) -> Texts:
    return (text or "",)


def domain_of(message: Message) -> str:
    """The domain as AutoModerator names it: ``self.<sub>`` for a text post."""
    if message.domain:
        return message.domain
    if message.kind is MessageKind.TEXT_SUBMISSION:
        return f"self.{message.community.name or message.community.id}"
    try:
        return urlsplit(message.url or "").hostname or ""
    except ValueError:  # such as http://[
        return ""


def _url(message: Message) -> Texts:
    return None if message.kind is MessageKind.TEXT_SUBMISSION else _one(message.url)


def _body(message: Message) -> Texts:
    is_text = message.kind in (MessageKind.TEXT_SUBMISSION, MessageKind.COMMENT)
    return (message.text,) if is_text or message.text else None


def without_quotes(text: str) -> str:
    """``text`` without the lines that start with ``>``."""
    return "\n".join(line for line in text.split("\n") if not line.startswith(">"))


def _unquoted(message: Message) -> Texts:
    texts = _body(message)
    return None if texts is None else tuple(map(without_quotes, texts))


def _flair(flair: Flair | None) -> Flair:
    return flair or Flair()


def _media(message: Message) -> Media:
    return message.media or Media()


def _crosspost(message: Message) -> Crosspost:
    return message.crosspost or Crosspost("")


def _option_count(message: Message) -> Texts:
    return _one(None if message.poll_options is None else str(len(message.poll_options)))


def links_of(message: Message) -> tuple[str, ...]:
    """All links, each once: of the post, of its text, and those that the platform found."""
    written = _LINK.findall(f"{message.title or ''}\n{message.text}")
    bare = (link.rstrip(_AFTER_A_LINK) for link in (message.url or "", *message.links, *written))
    return tuple(dict.fromkeys(link for link in bare if link))


def _link_domains(message: Message) -> Texts:
    """The hosts of all links."""
    hosts = map(_host, links_of(message))
    return tuple(dict.fromkeys(host for host in hosts if host)) or ("",)


def _host(link: str) -> str:
    try:
        return (urlsplit(link if "://" in link else f"//{link}").hostname or "").rstrip(".")
    except ValueError:  # such as http://[
        return ""


def _attachments(message: Message, part: Callable[[Attachment], str | None]) -> Texts:
    return tuple(part(one) or "" for one in message.attachments) or ("",)


def _names(id: str, name: str | None) -> Texts:  # noqa: A002
    return (id, name) if name and name != id else (id,)


UNQUOTED: Final = "body without quotes"
"""How ``ignore_blockquotes`` reads the body; no key can be written so."""

_PLACES: Final[Mapping[str, Callable[[Message], Texts]]] = {
    "platform": lambda message: (message.platform,),
    "community": lambda message: _names(message.community.id, message.community.name),
    "channel": lambda message: _names(message.channel.id, message.channel.name),
}

_SENT_ALONG: Final[Mapping[str, Callable[[Message], Texts]]] = {
    "link_domain": _link_domains,
    "attachment_name": lambda message: _attachments(message, lambda one: one.name),
    "attachment_type": lambda message: _attachments(message, lambda one: one.media_type),
}

COMMENT_FIELDS: Final[Mapping[str, Callable[[Message], Texts]]] = {
    "id": lambda message: _ids(message.id),
    "body": _body,
    **_SENT_ALONG,
    UNQUOTED: _unquoted,
    **_PLACES,
}

SUBMISSION_FIELDS: Final[Mapping[str, Callable[[Message], Texts]]] = {
    **COMMENT_FIELDS,
    "title": lambda message: _one(message.title),
    "domain": lambda message: _one(domain_of(message)),
    "url": _url,
    "flair_text": lambda message: _one(_flair(message.flair).text),
    "flair_css_class": lambda message: _one(_flair(message.flair).css_class),
    "flair_template_id": lambda message: _one(_flair(message.flair).template_id),
    "poll_option_text": lambda message: message.poll_options or ("",),
    "poll_option_count": _option_count,
    "crosspost_id": lambda message: _ids(_crosspost(message).id),
    "crosspost_title": lambda message: _one(_crosspost(message).title),
    "media_author": lambda message: _one(_media(message).author),
    "media_author_url": lambda message: _one(_media(message).author_url),
    "media_title": lambda message: _one(_media(message).title),
    "media_description": lambda message: _one(_media(message).description),
}

USER_FIELDS: Final[Mapping[str, Callable[[Author], Texts]]] = {
    "id": lambda author: _ids(author.id),
    "name": lambda author: _one(author.name),
    "flair_text": lambda author: _one(_flair(author.flair).text),
    "flair_css_class": lambda author: _one(_flair(author.flair).css_class),
    "flair_template_id": lambda author: _one(_flair(author.flair).template_id),
    "roles": lambda author: author.roles or ("",),
}

SUBREDDIT_FIELDS: Final[Mapping[str, Callable[[Community], Texts]]] = {
    "name": lambda community: _one(community.name or community.id),
}

OWN_FIELDS: Final = frozenset({*_PLACES, "roles"})
"""Greenroom's own: found by exact name, and never what a bare ``{{match}}`` quotes."""

DISGUISABLE: Final = frozenset({
    "body", UNQUOTED, "title", "name", "flair_text", "poll_option_text", "crosspost_title",
    "media_author", "media_title", "media_description", "attachment_name",
})  # fmt: skip
"""Free texts by members, which they may disguise. Ids, links and places are what they are."""

IDENTIFYING: Final = frozenset({"name", "flair_text"})
"""Rules trust who has these: ``~name: jane`` must not spare one who only looks like jane."""

DEFAULT_METHODS: Final[Mapping[str, str]] = {
    "id": "full-exact",
    "flair_text": "full-exact",
    "flair_css_class": "full-exact",
    "flair_template_id": "full-exact",
    "media_author": "full-exact",
    "url": "includes",
    "media_author_url": "includes",
    "domain": "domain",
    "link_domain": "domain",
    "attachment_type": "starts-with",
    **dict.fromkeys(OWN_FIELDS, "full-exact"),
}
"""For one field without a method; all others, and joined fields, take ``includes-word``."""
