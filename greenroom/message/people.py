"""Who, and where: members, communities, channels."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Flair:
    """A label shown beside a title or a name."""

    text: str | None = None
    css_class: str | None = None
    template_id: str | None = None


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote a message, as far as the platform says."""

    id: str
    name: str
    is_bot: bool = False
    is_self: bool = False  # one of Greenroom's own bots
    is_moderator: bool | None = None
    is_contributor: bool | None = None
    is_submitter: bool | None = None
    is_gold: bool | None = None
    has_verified_email: bool | None = None
    created_at: datetime | None = None
    joined_at: datetime | None = None
    comment_karma: int | None = None
    post_karma: int | None = None
    comment_subreddit_karma: int | None = None
    post_subreddit_karma: int | None = None
    contributor_quality: str | None = None
    flair: Flair | None = None
    roles: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """Whose consent, facts and contacts something is: an account in one community."""

    platform: str
    community: str  # its id
    id: str

    @property
    def key(self) -> str:
        """``platform:community:id``."""
        return f"{self.platform}:{self.community}:{self.id}"


@dataclass(frozen=True, slots=True)
class Community:
    """A server, workspace or subreddit."""

    id: str
    name: str | None = None
    is_nsfw: bool | None = None


@dataclass(frozen=True, slots=True)
class Channel:
    """A place inside a community; a subreddit is its own only channel."""

    id: str
    name: str | None = None
