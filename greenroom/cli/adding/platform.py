"""What ``bot add`` knows of a platform: what to click there, what to ask, how a bot gets in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from greenroom.cli.adding.asking import Asker
from greenroom.cli.adding.file import Draft

LONGEST: Final = 4_000  # of a secret; a terminal's line ends there


@dataclass(frozen=True, slots=True)
class Wanted:
    """A secret that the platform gives out, or that somebody chose.

    Attributes:
        key: What it is called in the bot's file.
        variable: What it is called in ``.env``, unless that name is taken.
        question: What it is called where one copies it.
        not_like: Beginnings of other secrets, and what those are: easily confused.
        is_optional: Enter leaves it out.
        is_chosen: A person made it up, so that it may hold blanks.
        note: The comment beside its key.
    """

    key: str
    variable: str
    question: str
    not_like: Mapping[str, str] | None = None
    is_optional: bool = False
    is_chosen: bool = False
    note: str | None = None

    def clean(self, answer: str) -> str:
        """The answer, without the blanks that come along when one copies."""
        return answer if self.is_chosen else answer.strip()

    def objection(self, answer: str) -> str | None:
        """What is wrong with an answer; never quotes it."""
        answer = self.clean(answer)
        if not answer:
            return None if self.is_optional else f"the {self.question} is needed"
        if len(answer) > LONGEST:
            return f"that is longer than any {self.question}"
        if not answer.isprintable():
            return "that holds characters that cannot be meant; copy it again"
        if not self.is_chosen and (" " in answer or not answer.isascii()):
            return f"a {self.question} holds no blanks and no accents; copy it again"
        for start, what in (self.not_like or {}).items():
            if answer.startswith(start):
                return f"that is {what}, not the {self.question}"
        return None


class Conversation(Protocol):
    """One platform's part; texts have ``**labels**`` where the platform's pages have them."""

    platform: str
    title: str
    arrival: str  # completes "Press Enter when …"
    where: str  # what places are called there; empty where there is one only
    desk: str  # what the desk channel is called there; empty where there is none

    def ask(self, asker: Asker, draft: Draft) -> None:
        """Ask for keys of its own, into ``draft.settings``."""

    def steps(self, draft: Draft) -> str:
        """How to make the account there, with what is to be pasted."""

    def secrets(self, draft: Draft) -> Sequence[Wanted]:
        """What is to be copied from there, in the file's order."""

    def invitation(self, draft: Draft, *, account: str | None, token: str) -> str:
        """How the account gets in, and with which permissions."""
