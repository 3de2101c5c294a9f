"""What each platform never tells, by the names that rules have for it.

Kept apart from the adapters, so that ``greenroom check`` knows it without their libraries; a
test holds that no adapter gives what is listed here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from greenroom.message import MessageKind


@dataclass(frozen=True, slots=True)
class Unknown:
    """What a platform does not have.

    Attributes:
        kinds: Kinds of messages that never come.
        message: Fields and facts of a message.
        author: Fields and facts of an author.
        parts: Parts of a message that are never there, such as ``parent_submission``.
        community: Facts of a community.
    """

    kinds: frozenset[MessageKind] = frozenset()
    message: frozenset[str] = frozenset()
    author: frozenset[str] = frozenset()
    parts: frozenset[str] = frozenset()
    community: frozenset[str] = frozenset()


_KARMA: Final = frozenset({
    "comment_karma", "post_karma", "link_karma", "combined_karma", "comment_subreddit_karma",
    "post_subreddit_karma", "combined_subreddit_karma",
})  # fmt: skip
_STANDING: Final = frozenset(
    {"contributor_quality", "has_verified_email", "is_gold", "is_contributor"}
)
_FLAIR: Final = frozenset({"flair_text", "flair_css_class", "flair_template_id"})
_OF_LINKS: Final = frozenset({
    "url", "crosspost_id", "crosspost_title", "media_author", "media_author_url", "media_title",
    "media_description",
})  # fmt: skip
_OF_POSTS: Final = frozenset(
    {"is_original_content", "is_meta_discussion", "discussion_type", "past_archive_date"}
)
_PARTS: Final = frozenset({"parent_submission", "crosspost_author", "crosspost_subreddit"})
_ALL_SUBMISSIONS: Final = frozenset(kind for kind in MessageKind if kind.is_submission)

UNKNOWN: Final[Mapping[str, Unknown]] = {
    "discord": Unknown(
        kinds=_ALL_SUBMISSIONS - {MessageKind.TEXT_SUBMISSION},
        message=frozenset({"reports"}) | _FLAIR | _OF_LINKS | _OF_POSTS,
        author=_KARMA | _STANDING | _FLAIR,
        parts=_PARTS,
        community=frozenset({"is_nsfw"}),
    ),
    "slack": Unknown(
        kinds=_ALL_SUBMISSIONS,
        message=frozenset({"title", "domain", "poll_option_text", "poll_option_count", "reports"})
        | _FLAIR | _OF_LINKS | _OF_POSTS,
        author=_KARMA | _STANDING | _FLAIR | {"account_age", "is_submitter"},
        parts=_PARTS,
        community=frozenset({"is_nsfw"}),
    ),
    "reddit": Unknown(
        message=frozenset({"attachments", "attachment_name", "attachment_type"}),
        author=frozenset({
            "comment_subreddit_karma", "post_subreddit_karma", "combined_subreddit_karma",
            "contributor_quality", "is_contributor", "roles",
        }),
    ),
}  # fmt: skip
"""By platform; a terminal is for trying, and a recording that is replayed may hold anything."""
