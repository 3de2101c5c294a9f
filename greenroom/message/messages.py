"""One normalised utterance, and what belongs to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from greenroom.message.people import Author, Channel, Community, Flair, Member


class MessageKind(StrEnum):
    """AutoModerator's ``{{kind}}``; a chat message is a comment, a forum post a submission."""

    COMMENT = "comment"
    TEXT_SUBMISSION = "text submission"
    LINK_SUBMISSION = "link submission"
    CROSSPOST_SUBMISSION = "crosspost submission"
    POLL_SUBMISSION = "poll submission"
    GALLERY_SUBMISSION = "gallery submission"

    @property
    def is_submission(self) -> bool:
        """True for every kind but a comment."""
        return self is not MessageKind.COMMENT


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that came with a message; its bytes stay where they are."""

    name: str
    url: str
    media_type: str | None = None
    size_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Media:
    """What a link's embed says of itself (Reddit's ``media_*`` fields)."""

    author: str | None = None
    author_url: str | None = None
    title: str | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Crosspost:
    """The original of a crosspost."""

    id: str
    title: str | None = None
    author: Author | None = None
    community: Community | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What people on the platform already decided about an item; ``None`` is unknown."""

    is_removed: bool | None = None
    is_approved: bool | None = None
    is_spam_filtered: bool | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One normalised utterance. Times are UTC; ``text`` is what the member wrote, unchanged."""

    platform: str  # discord | slack | reddit | terminal | replay
    community: Community
    channel: Channel
    id: str  # unique within its channel
    author: Author
    text: str
    kind: MessageKind = MessageKind.COMMENT
    title: str | None = None
    thread: str | None = None  # id of the thread's first message, or of the thread itself
    reply_to: str | None = None  # id of the message that this one answers
    url: str | None = None
    domain: str | None = None
    links: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    mentions: tuple[str, ...] = ()  # user ids
    mentions_me: bool | None = None
    posted_at: datetime | None = None
    edited_at: datetime | None = None
    revision: str = "0"  # changes with each edit: "0", then the platform's edit stamp
    permalink: str | None = None
    flair: Flair | None = None
    media: Media | None = None
    crosspost: Crosspost | None = None
    parent: Message | None = None  # the submission that a comment stands under
    poll_options: tuple[str, ...] | None = None
    reports: int | None = None
    is_edited: bool | None = None
    is_top_level: bool | None = None
    is_original_content: bool | None = None
    is_meta_discussion: bool | None = None
    discussion_type: str | None = None
    past_archive_date: bool | None = None
    standing: Standing = Standing()

    @property
    def key(self) -> str:
        """Names the message for good, across edits: ``platform:community:channel:id``."""
        return f"{self.platform}:{self.community.id}:{self.channel.id}:{self.id}"

    @property
    def member(self) -> Member:
        """Who wrote it."""
        return Member(self.platform, self.community.id, self.author.id)
