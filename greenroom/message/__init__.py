"""The vocabulary that travels: events, messages, signals, actions, decisions.

Values here are frozen and the same for all platforms. What a platform lacks is ``None``,
never invented: karma on Discord is ``None``, and a check on it says so instead of guessing.
"""

from greenroom.message.actions import (
    BACKSTAGE,
    OURS,
    REMOVALS,
    SPOKEN,
    TO_ONE,
    Action,
    ActionKind,
    Button,
    Card,
    Order,
    Outcome,
    Purpose,
)
from greenroom.message.decisions import Decision, Fact, Fired, Hit, Remembered, Severity
from greenroom.message.events import Event, EventKind
from greenroom.message.messages import Attachment, Crosspost, Media, Message, MessageKind, Standing
from greenroom.message.people import Author, Channel, Community, Flair, Member
from greenroom.message.signals import Alike, Memory, Passage, Precedent, Signals, Turn

__all__ = [
    "BACKSTAGE",
    "OURS",
    "REMOVALS",
    "SPOKEN",
    "TO_ONE",
    "Action",
    "ActionKind",
    "Alike",
    "Attachment",
    "Author",
    "Button",
    "Card",
    "Channel",
    "Community",
    "Crosspost",
    "Decision",
    "Event",
    "EventKind",
    "Fact",
    "Fired",
    "Flair",
    "Hit",
    "Media",
    "Member",
    "Memory",
    "Message",
    "MessageKind",
    "Order",
    "Outcome",
    "Passage",
    "Precedent",
    "Purpose",
    "Remembered",
    "Severity",
    "Signals",
    "Standing",
    "Turn",
]
