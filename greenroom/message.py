"""The vocabulary that travels: events, messages, signals, actions, decisions.

Values here are frozen and the same for all platforms. What a platform lacks is ``None``,
never invented: karma on Discord is ``None``, and a check on it says so instead of guessing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


class EventKind(StrEnum):
    """What happened."""

    MESSAGE_POSTED = "message_posted"
    MESSAGE_EDITED = "message_edited"
    MESSAGE_DELETED = "message_deleted"
    MESSAGE_REPORTED = "message_reported"
    REACTION_ADDED = "reaction_added"
    REACTION_REMOVED = "reaction_removed"
    NATIVE_ACTION = "native_action"  # the platform's own moderation acted, such as AutoMod
    MEMBER_JOINED = "member_joined"
    BUTTON_PRESSED = "button_pressed"
    COMMAND_GIVEN = "command_given"
    SCHEDULED = "scheduled"  # a persona's own time came: a digest, a campaign


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


class Severity(StrEnum):
    """How soon a person should look; ordered by ``rank``."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 (low) to 3 (critical), for sorting a queue."""
        return list(Severity).index(self)


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


@dataclass(frozen=True, slots=True)
class Event:
    """What an adapter yields. ``key`` is the same for every delivery of the same thing.

    A command comes as the message that it is: ``/human my post is gone`` is an utterance by
    the actor, where it was given. A command about a message carries that message instead.
    """

    kind: EventKind
    bot: str  # the bot's name: the stem of its YAML file
    platform: str
    received_at: datetime
    message: Message | None = None
    message_key: str | None = None  # where the message itself is gone, or was not sent along
    actor: Author | None = None  # who reported, reacted, joined, pressed or commanded
    command: str | None = None  # a command's name, a button's value
    text: str | None = None  # a report's reason, a command's argument, a modal's text, an emoji
    id: str | None = None  # the platform's id, for events that carry no message
    respond: str | None = None  # how to answer whoever acted, for some minutes; see ANSWER

    @property
    def key(self) -> str:
        """The idempotency key of the inbox.

        Built from what the event is about, never from a delivery's own id: Slack
        redelivers with new event ids, Discord replays after RESUME.
        """
        about = self.message.key if self.message else self.message_key or ""
        revision = self.message.revision if self.message else ""
        who = self.actor.id if self.actor else ""
        return "|".join((self.bot, self.kind, about, revision, who, self.id or ""))


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of knowledge that may answer, with its source and how well it does (0 to 1)."""

    source: str  # file name, relative to the knowledge folder
    heading: str
    text: str
    score: float
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Precedent:
    """A message that people judged, with their verdict and its similarity (−1 to 1)."""

    message: str  # the message's key
    text: str
    verdict: str
    score: float
    case: str | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """What a member said of themselves, and how long it is worth keeping."""

    kind: str  # name | pronouns | place | likes | dislikes | plan | about | note
    text: str  # the member's own words
    confidence: float  # 0 to 1
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Remembered:
    """One fact as it is kept. ``number`` names it to the member."""

    id: int
    number: int
    member: Member
    persona: str
    kind: str
    text: str
    source: str  # key of the message in which the member said so
    confidence: float
    learned_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Memory:
    """A fact that came to mind, and why."""

    text: str
    source: str  # key of the message in which the member said so
    confidence: float  # 0 to 1
    learned_at: datetime
    score: float  # similarity to the message, −1 to 1
    why: str
    persona: str = ""  # whose memory it is
    kind: str = ""
    id: int = 0  # the fact's number in the ledger


@dataclass(frozen=True, slots=True)
class Turn:
    """Something that was said lately between a member and a persona."""

    by: str  # ``member``, or the persona's name
    text: str
    at: datetime
    key: str  # of the member's message; of a reply: of the message that it answers


@dataclass(frozen=True, slots=True)
class Alike:
    """An earlier message that says nearly the same, with its similarity (−1 to 1)."""

    key: str
    text: str
    score: float
    permalink: str | None = None
    posted_at: str = ""  # ISO 8601


@dataclass(frozen=True, slots=True)
class Signals:
    """What triage and context found about one message. Probabilities are 0 to 1."""

    scores: Mapping[str, float] = field(
        default_factory=dict
    )  # heads by name; `sentiment` is −1 to 1
    intent: str | None = None
    intents: Mapping[str, float] = field(default_factory=dict)
    embedding: npt.NDArray[np.float32] | None = None  # shape (384,), unit length
    language: str | None = None  # ISO 639-1, ``und`` where it cannot be told
    model: str | None = None  # name@digest of the model that read it
    stage: str | None = None  # first | encoder: which part of triage read it
    windows: int = 1  # how many windows the text needs, and how many were read
    windows_read: int = 1
    knowledge: tuple[Passage, ...] = ()
    precedents: tuple[Precedent, ...] = ()
    knowledge_score: float | None = None  # similarity to the nearest passage, if a rule asked
    counts: Mapping[str, float] = field(default_factory=dict)  # what `rate` and `history` ask
    conversation: tuple[Turn, ...] = ()  # oldest first; this message is not in it
    memories: tuple[Memory, ...] = ()  # best first
    said: tuple[Message, ...] = ()  # lately in this thread or channel, oldest first
    said_embeddings: tuple[npt.NDArray[np.float32], ...] = ()  # in the same order
    alike: tuple[Alike, ...] | None = None  # earlier questions, best first; None: nobody asked
    consents: Mapping[str, str] = field(
        default_factory=dict
    )  # persona → the member's word on memory: given | withdrawn | asked; nothing: never asked


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
class Hit:
    """One check that held, and where: offsets are characters in the original field."""

    check: str  # as written in the rule: `body+title (includes)`, `triage.toxicity`
    field: str | None = None
    matched: str | None = None
    start: int | None = None
    end: int | None = None
    value: float | None = None
    wanted: str | None = None  # what the value was compared with: `> 0.9`


@dataclass(frozen=True, slots=True)
class Fired:
    """One rule that fired, with the checks that made it."""

    policy: str  # the policy's name: the stem of its file
    rule: int  # index in the file, from 0
    name: str  # what a person calls it: its comment or its first check
    line: int | None = None
    hits: tuple[Hit, ...] = ()
    would: tuple[ActionKind, ...] = ()  # of a rule in shadow mode: what it would have ordered


@dataclass(frozen=True, slots=True)
class Decision:
    """What one persona makes of one message."""

    persona: str
    actions: tuple[Action, ...] = ()
    severity: Severity = Severity.LOW
    reason: str | None = None
    trace: tuple[Fired, ...] = ()
    evidence: tuple[Passage, ...] = ()
    notes: tuple[str, ...] = ()  # what was held back, and why
    learned: tuple[Fact, ...] = ()  # kept only with the member's consent
    asks_consent: bool = False  # what it says asks whether it may remember
    version: str | None = None  # of the persona's files, SHA-256
    model: str | None = None  # the language model that worded its reply, with its version


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
