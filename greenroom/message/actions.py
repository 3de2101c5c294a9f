"""What can be done, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from greenroom.message.messages import Message
from greenroom.message.people import Flair


class ActionKind(StrEnum):
    """What can be done; each adapter declares which of these its platform can do."""

    APPROVE = "approve"  # also undoes remove, spam and filter
    REMOVE = "remove"
    SPAM = "spam"
    FILTER = "filter"  # remove, but keep in the queue
    REPORT = "report"
    ESCALATE = "escalate"  # ours: opens a case, needs no platform
    STRIKE = "strike"  # ours: a mark against the author that expires, needs no platform
    REPLY = "reply"
    POST = "post"  # a message of our own in a channel, in answer to nobody
    RETRACT = "retract"  # takes back a reply of our own
    MESSAGE = "message"  # a direct message to the author
    NOTICE = "notice"  # where the message stands, and only its author sees it
    ANSWER = "answer"  # to a command or a pressed button; only whoever gave it sees it
    CARD = "card"  # a review card in the desk channel; with ``ref`` the one there changes
    MODMAIL = "modmail"
    MOD_NOTE = "mod_note"  # about the author, for the platform's moderators
    REACT = "react"
    LABEL = "label"
    UNLABEL = "unlabel"
    REDACT = "redact"
    LOCK = "lock"
    TIMEOUT = "timeout"
    KICK = "kick"
    BAN = "ban"
    UNBAN = "unban"
    SET_FLAIR = "set_flair"
    SET_STICKY = "set_sticky"
    SET_NSFW = "set_nsfw"
    SET_SPOILER = "set_spoiler"
    SET_CONTEST_MODE = "set_contest_mode"
    SET_ORIGINAL_CONTENT = "set_original_content"
    SET_LOCKED = "set_locked"
    SET_SUGGESTED_SORT = "set_suggested_sort"
    SET_POST_CROWD_CONTROL_LEVEL = "set_post_crowd_control_level"


OURS = frozenset({ActionKind.ESCALATE, ActionKind.STRIKE})
"""What no platform has to do."""

BACKSTAGE = frozenset({ActionKind.CARD, ActionKind.ANSWER})
"""What shows or tells, and does nothing to the message it is about."""

SPOKEN = frozenset({ActionKind.REPLY, ActionKind.MESSAGE, ActionKind.NOTICE, ActionKind.POST})
"""What members read as a persona's own words."""

TO_ONE = SPOKEN - {ActionKind.POST}
"""What is said to one member."""

REMOVALS = frozenset({ActionKind.REMOVE, ActionKind.SPAM, ActionKind.FILTER})


class Purpose(StrEnum):
    """Why a persona speaks of its own accord; what a rule orders word for word has none."""

    ANSWER = "answer"  # from knowledge
    CHAT = "chat"  # a turn of a conversation
    HANDOVER = "handover"  # a person will follow
    CRISIS = "crisis"  # the operator's own words for somebody in need
    WELCOME = "welcome"
    DUPLICATE = "duplicate"  # where the same was asked before
    DIGEST = "digest"
    CAMPAIGN = "campaign"


@dataclass(frozen=True, slots=True)
class Button:
    """One thing to press on a card."""

    value: str  # comes back as the event's ``command``; at most 100 ASCII characters
    label: str
    style: str = "plain"  # plain | good | bad
    asks: str | None = None  # asks for a text first, in a modal, under this label


@dataclass(frozen=True, slots=True)
class Card:
    """A case as moderators see it inside their platform."""

    title: str
    text: str = ""  # what the member wrote
    fields: tuple[tuple[str, str], ...] = ()  # name and value
    buttons: tuple[Button, ...] = ()  # none once it is judged
    link: str | None = None  # to the desk


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do to a message or its author, with the reason and the rule that asked."""

    kind: ActionKind
    text: str | None = None  # body of a reply, message or modmail; name of a label or emoji
    subject: str | None = None
    reason: str | None = None
    rule: str | None = None
    on_author: bool = False  # set_flair, label: the author instead of the message
    on_parent: bool = False  # the parent submission instead of the message
    flair: Flair | None = None
    overwrite: bool = False
    value: str | int | bool | None = None  # what a set_ action sets
    duration_s: int | None = None
    sticky: bool = False  # of a reply
    lock: bool = False  # of a reply
    ref: str | None = None  # retract, card: the id of our own message; answer: ``respond``
    distinguish: bool = False  # of a reply: said as a moderator
    removal_reason: str | None = None  # of a removal: the platform's own, by title or id
    card: Card | None = None
    purpose: Purpose | None = None
    sponsor: str | None = None  # who pays for what it says
    consent: str | None = None  # where the agreement with the sponsor is written down
    experiment: str | None = None  # what this text is a variant in
    variant: str | None = None
    footer: str | None = None  # under the text, in the platform's way: who speaks, who helps

    @property
    def said(self) -> str:
        """The text with its footer, for places that have no way of their own to show one."""
        return f"{self.text or ''}\n\n{self.footer}" if self.footer else self.text or ""


@dataclass(frozen=True, slots=True)
class Order:
    """One action on its way out, performed at most once however often it is tried."""

    key: str  # idempotency key, at most 64 characters
    action: Action
    message: Message
    maybe_done: bool = False  # an earlier try's outcome is unknown: look before repeating


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an order."""

    detail: str = "done"
    ref: str | None = None  # the platform's id of what was made, such as our reply
    sent: tuple[str, ...] = ()  # of something said: each post's text as the platform got it
