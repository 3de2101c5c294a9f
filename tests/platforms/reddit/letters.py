"""Private messages and modmail of a Reddit on loopback."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .things import Thing, base36, iso, letter_of, member_id, modmail_author, notice_of

MOST = 5_000  # letters and conversations kept
FIRST = {"t4": int("2z0000", 36), "conversation": int("a000", 36), "message": int("b000", 36)}


@dataclass(slots=True)
class Letters:
    """One account's inbox and sent letters, and the modmail of the subreddit."""

    me: str
    inbox: deque[Thing] = field(default_factory=lambda: deque(maxlen=MOST))  # oldest first
    sent: deque[Thing] = field(default_factory=lambda: deque(maxlen=MOST))
    conversations: dict[str, Thing] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=lambda: dict(FIRST))

    def write(self, body: str, *, author: str, at: float, **more: Any) -> Thing:
        """A member writes to the account."""
        letter = self._letter({"author": author, "body": body, "dest": self.me, **more}, at)
        self.inbox.append(letter)
        return letter

    def send(self, body: str, *, to: str, at: float, **more: Any) -> Thing:
        """The account writes to a member, or (``#name``) to a subreddit."""
        letter = self._letter({"author": self.me, "body": body, "dest": to, **more}, at)
        self.sent.append(letter)
        return letter

    def notice(self, comment: Mapping[str, Any], kind: str) -> None:
        """A comment elsewhere names the account, or answers it."""
        self.inbox.append(notice_of(comment, kind, to=self.me))

    def _letter(self, facts: Mapping[str, Any], at: float) -> Thing:
        self.counts["t4"] += 1
        identity = base36(self.counts["t4"])
        author = str(facts["author"])
        return letter_of({
            "id": identity, "name": f"t4_{identity}", "subject": "a word",
            "author_fullname": f"t2_{member_id(author)}", "created": at, "created_utc": at,
            "body_html": f'<div class="md"><p>{facts["body"]}</p>\n</div>', **facts,
        })  # fmt: skip

    def find(self, name: str) -> Thing | None:
        """A letter that came or went."""
        return next((one for one in (*self.inbox, *self.sent) if one["name"] == name), None)

    def open(self, subject: str, place: tuple[str, str], *, is_internal: bool = False) -> Thing:
        """A new conversation of modmail."""
        self.counts["conversation"] += 1
        identity = base36(self.counts["conversation"])
        name, fullname = place
        self.conversations[identity] = {
            "authors": [], "id": identity, "isAuto": False, "isHighlighted": False,
            "isInternal": is_internal, "isRepliable": True, "lastModUpdate": None,
            "lastUnread": None, "lastUpdated": None, "lastUserUpdate": None,
            "messages": {}, "numMessages": 0, "objIds": [],
            "owner": {"displayName": name, "id": fullname, "type": "subreddit"},
            "participant": {}, "state": 0, "subject": subject,
        }  # fmt: skip
        if len(self.conversations) > MOST:
            del self.conversations[next(iter(self.conversations))]
        return self.conversations[identity]

    def add(self, conversation: Thing, body: str, author: str, at: float, **more: bool) -> Thing:
        """A message in modmail: ``is_moderator``, ``is_internal``, ``is_hidden``."""
        self.counts["message"] += 1
        identity = base36(self.counts["message"])
        is_moderator = more.get("is_moderator", False)
        by = modmail_author(
            author, is_moderator=is_moderator, is_hidden=more.get("is_hidden", False)
        )
        message = {
            "author": by, "body": f'<div class="md"><p>{body}</p>\n</div>', "bodyMarkdown": body,
            "date": iso(at), "id": identity, "isInternal": more.get("is_internal", False),
            "participatingAs": "moderator" if is_moderator else "participant_user",
        }  # fmt: skip
        conversation["messages"][identity] = message
        conversation["authors"].append(by)
        conversation["objIds"].append({"id": identity, "key": "messages"})
        conversation["numMessages"] += 1
        conversation["lastUpdated"] = iso(at)
        conversation["lastModUpdate" if is_moderator else "lastUserUpdate"] = iso(at)
        if not is_moderator:
            conversation["participant"] = by
        return message


def head_of(conversation: Mapping[str, Any], *, is_listed: bool) -> Thing:
    """A conversation without its messages; a list names only the newest of them."""
    head = {key: value for key, value in conversation.items() if key != "messages"}
    return {**head, "objIds": head["objIds"][-1:]} if is_listed else head
