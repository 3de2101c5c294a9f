"""One evaluation in progress: the parts of the message, their texts, and the patience left."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from greenroom.message import Author, Community, Message, Signals
from greenroom.policies.base import Situation
from greenroom.policies.fields import COMMENT_FIELDS, DISGUISABLE, SUBMISSION_FIELDS, USER_FIELDS
from greenroom.policies.fields import SUBREDDIT_FIELDS as COMMUNITY_FIELDS
from greenroom.policies.hurry import HURRIED, TookLong
from greenroom.policies.text import Text

DEADLINE_S: Final = 0.05
HURRIED_S: Final = 0.002
PATIENCE: Final = 4
"""So many searches of one evaluation may run into the deadline before all must hurry."""


class Subject:
    """One part of a message and the texts that searches look at, prepared once."""

    __slots__ = ("_fields", "_texts", "_thing", "author", "community", "message")

    def __init__(self, thing: Message | Author | Community) -> None:
        self.message = thing if isinstance(thing, Message) else None
        self.author = thing if isinstance(thing, Author) else None
        self.community = thing if isinstance(thing, Community) else None
        self._thing = thing
        self._fields = _fields_of(thing)
        self._texts: dict[str, tuple[Text, ...] | None] = {}

    def texts(self, name: str) -> tuple[Text, ...] | None:
        """The texts of a field; ``None`` if the field is not checked on this item."""
        if name not in self._texts:
            raw = self._fields[name](self._thing)
            can_fold = name in DISGUISABLE and self.community is None
            texts = tuple(Text(one, can_fold=can_fold) for one in raw or ())
            self._texts[name] = None if raw is None else texts
        return self._texts[name]


def _fields_of(thing: object) -> Mapping[str, Callable[..., Sequence[str] | None]]:
    if isinstance(thing, Author):
        return USER_FIELDS
    if isinstance(thing, Community):
        return COMMUNITY_FIELDS
    assert isinstance(thing, Message)
    return SUBMISSION_FIELDS if thing.kind.is_submission else COMMENT_FIELDS


@dataclass(slots=True)
class Scene:
    """What checks and steps may look at."""

    message: Message
    signals: Signals
    situation: Situation
    notes: list[str] = field(default_factory=list)
    _subjects: dict[str, Subject | None] = field(default_factory=dict)
    _overruns: int = 0

    def subject(self, part: str) -> Subject | None:
        """A part of the message; ``None`` if it has no such part."""
        if part not in self._subjects:
            thing = _PARTS[part](self.message)
            self._subjects[part] = None if thing is None else Subject(thing)
        return self._subjects[part]

    def deadline_s(self) -> float:
        """Seconds for the next slow search: less on the event loop, and once several did not end
        in time."""
        is_patient = self._overruns < PATIENCE and not HURRIED.get()
        return DEADLINE_S if is_patient else HURRIED_S

    def ran_out(self) -> None:
        """Note that a search did not end in time.

        Raises:
            TookLong: It has more time elsewhere.
        """
        if HURRIED.get():
            raise TookLong
        self._overruns += 1


_PARTS: Final[Mapping[str, Callable[[Message], Message | Author | Community | None]]] = {
    "message": lambda message: message,
    "author": lambda message: message.author,
    "subreddit": lambda message: message.community,
    "parent_submission": lambda message: message.parent,
    "crosspost_author": lambda message: message.crosspost.author if message.crosspost else None,
    "crosspost_subreddit": lambda message: (
        message.crosspost.community if message.crosspost else None
    ),
}
