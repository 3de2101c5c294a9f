"""Reddit's things as its JSON has them: comments, submissions, letters, members, modmail."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

Thing = dict[str, Any]

SUBREDDIT, PLACE = "gardening", "t5_garden"
ME, MEMBER, MODERATOR = "greenroom_bot", "ada", "grace"
START: Final = 1_700_000_000.0

_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"

_COMMON: Final[Mapping[str, Any]] = {
    "all_awardings": [], "approved": False, "approved_at_utc": None, "approved_by": None,
    "archived": False, "author_flair_css_class": None, "author_flair_richtext": [],
    "author_flair_template_id": None, "author_flair_text": None, "author_flair_type": "text",
    "author_is_blocked": False, "author_premium": False, "awarders": [], "ban_note": None,
    "banned_at_utc": None, "banned_by": None, "can_gild": False, "can_mod_post": True,
    "distinguished": None, "downs": 0, "edited": False, "gilded": 0, "gildings": {},
    "ignore_reports": False, "likes": None, "locked": False, "mod_note": None,
    "mod_reason_by": None, "mod_reason_title": None, "mod_reports": [], "no_follow": True,
    "num_reports": 0, "removal_reason": None, "removed": False, "report_reasons": [],
    "saved": False, "score": 1, "send_replies": True, "spam": False, "stickied": False,
    "subreddit_type": "public", "top_awarded_type": None, "total_awards_received": 0,
    "treatment_tags": [], "unrepliable_reason": None, "ups": 1, "user_reports": [],
}  # fmt: skip

_COMMENT: Final[Mapping[str, Any]] = {
    "associated_award": None, "collapsed": False, "collapsed_because_crowd_control": None,
    "collapsed_reason": None, "controversiality": 0, "over_18": False, "quarantine": False,
    "replies": "", "score_hidden": False, "num_comments": 1, "rte_mode": "markdown",
}  # fmt: skip

_SUBMISSION: Final[Mapping[str, Any]] = {
    "allow_live_comments": False, "category": None, "clicked": False, "content_categories": None,
    "contest_mode": False, "discussion_type": None, "hidden": False, "hide_score": False,
    "is_crosspostable": True, "is_meta": False, "is_original_content": False,
    "is_reddit_media_domain": False, "is_robot_indexable": True, "is_self": True,
    "is_video": False, "link_flair_css_class": None, "link_flair_richtext": [],
    "link_flair_text": None, "link_flair_type": "text", "media": None, "media_embed": {},
    "media_only": False, "num_comments": 0, "num_crossposts": 0, "num_duplicates": 0,
    "over_18": False, "pinned": False, "pwls": 6, "quarantine": False, "removed_by": None,
    "removed_by_category": None, "secure_media": None, "secure_media_embed": {}, "selftext": "",
    "spoiler": False, "suggested_sort": None, "thumbnail": "self", "upvote_ratio": 1.0,
    "view_count": None, "visited": False, "wls": 6,
}  # fmt: skip


def base36(number: int) -> str:
    """A number as Reddit writes ids."""
    text = ""
    while number:
        number, digit = divmod(number, 36)
        text = _DIGITS[digit] + text
    return text or "0"


def comment_of(facts: Mapping[str, Any]) -> Thing:
    """A comment with all the fields that Reddit sends."""
    html = {"body_html": f'<div class="md"><p>{facts.get("body")}</p>\n</div>'}
    return {**_COMMON, **_COMMENT, **html, **facts}


def submission_of(facts: Mapping[str, Any]) -> Thing:
    """A submission with all the fields that Reddit sends."""
    return {**_COMMON, **_SUBMISSION, "domain": f"self.{facts.get('subreddit')}", **facts}


def letter_of(facts: Mapping[str, Any]) -> Thing:
    """A private message, as the inbox has it."""
    return {
        "associated_awarding_id": None, "context": "", "distinguished": None,
        "first_message": None, "first_message_name": None, "likes": None, "new": True,
        "num_comments": None, "parent_id": None, "replies": "", "score": 0, "subreddit": None,
        "subreddit_name_prefixed": None, "type": "unknown", "was_comment": False, **facts,
    }  # fmt: skip


def notice_of(comment: Mapping[str, Any], kind: str, *, to: str) -> Thing:
    """A comment that answers or names somebody, as their inbox has it: with less of it."""
    shown = ("author", "author_fullname", "body", "created_utc", "id", "link_title", "name",
             "parent_id", "subreddit")  # fmt: skip
    return letter_of({
        **{key: comment.get(key) for key in shown},
        "context": f"{comment['permalink']}?context=3",
        "dest": to,
        "subject": "username mention" if kind == "username_mention" else "comment reply",
        "subreddit_name_prefixed": f"r/{comment['subreddit']}",
        "type": kind,
        "was_comment": True,
    })  # fmt: skip


def modmail_author(name: str, *, is_moderator: bool, is_hidden: bool = False) -> Thing:
    """Who wrote in modmail; the id is a plain number there."""
    return {
        "id": int(member_id(name), 36), "isAdmin": False, "isApproved": False,
        "isDeleted": False, "isHidden": is_hidden, "isMod": is_moderator,
        "isOp": not is_moderator, "isParticipant": not is_moderator, "name": name,
    }  # fmt: skip


def member_id(name: str) -> str:
    """A member's id, without ``t2_``: the name as far as it is one."""
    return "".join(letter for letter in name.lower() if letter in _DIGITS)[:12] or "0"


def iso(seconds: float) -> str:
    """A time as modmail writes it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")


def listing(things: list[Thing], after: str | None = None) -> dict[str, Any]:
    """Things as Reddit lists them."""
    children = [{"kind": str(thing["name"])[:2], "data": thing} for thing in things]
    data = {"after": after, "before": None, "children": children, "dist": len(things),
            "geo_filter": "", "modhash": None}  # fmt: skip
    return {"kind": "Listing", "data": data}
