"""What goes to a language model and what comes back; why a reply of its may not go out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal, Protocol

import numpy as np
import numpy.typing as npt

from greenroom.message import Passage

Vector = npt.NDArray[np.float32]

Embed = Callable[[str], Awaitable[Vector]]
"""The sentence embedding of a text, of unit length."""

MAX_ANSWER: Final = 1_200
"""Characters of an answer; the stream is cut there, and what was cut is not said."""


class Why(StrEnum):
    """Why a reply was not worded by the model: a metric's label, and a note's first word."""

    NO_MODEL = "no_model"  # config has none, or its key is not known here
    AWAY = "away"  # unreachable, failing, or answering what cannot be read
    PAUSED = "paused"  # it failed too often lately, so it is not asked
    REFUSED = "refused"  # it does not take the key, the model's name or the request
    SLOW = "slow"  # not ready by the deadline
    BUSY = "busy"  # as many are asking as may
    BUDGET = "budget"  # the day's tokens are used up
    INJECTION = "injection"  # the message or its evidence reads as an order to the model
    DECLINED = "declined"  # it says that the passages do not answer
    EMPTY = "empty"
    TOO_LONG = "too_long"
    HIDDEN = "hidden"  # characters that nobody sees, or that turn text around
    TOOL = "tool"  # a call of what it was not given, or an ill-formed one
    LEAK = "leak"  # its own orders
    LINK = "link"  # an address that is not in the evidence, or an image
    MENTION = "mention"  # somebody would be called
    MARKUP = "markup"
    CLAIM = "claim"  # to be a person, or to have done something
    ECHO = "echo"  # the member's own words
    UNCITED = "uncited"  # a sentence without a passage, or a passage that it was not given
    NUMBER = "number"
    NAME = "name"
    NEGATION = "negation"
    UNSUPPORTED = "unsupported"
    VOICE = "voice"  # a word that the persona's voice avoids
    HARM = "harm"  # triage reads it as harmful


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with an answer; ``detail`` is for people and quotes no member."""

    why: Why
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.why.value}: {self.detail}" if self.detail else self.why.value


class Unanswered(Exception):
    """No answer came, or none that may be used. Never leaves the composer."""

    def __init__(self, why: Why, detail: str = "", *, has_spent: bool = False) -> None:
        self.fault = Fault(why, detail)
        self.has_spent = has_spent  # tokens: it broke off after it had begun
        super().__init__(str(self.fault))


@dataclass(frozen=True, slots=True)
class Turn:
    """One earlier message of the conversation."""

    text: str
    is_ours: bool


@dataclass(frozen=True, slots=True)
class Call:
    """A tool that the model wants used; the arguments are as it wrote them."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Said:
    """One message of a chat, in the roles of the OpenAI API."""

    role: Literal["system", "user", "assistant", "tool"]
    text: str
    calls: tuple[Call, ...] = ()
    answers: str | None = None  # of a tool: the call's id


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one call.

    Attributes:
        text: What the model wrote.
        calls: Tools that it wants used.
        model: The model as the server names it, with its version where there is one.
        tokens: Used, as the server says, or 0 where it does not.
        written: Of these, those that it wrote.
        is_cut: The text was longer than may be and the rest was not read.
    """

    text: str
    calls: tuple[Call, ...] = ()
    model: str = ""
    tokens: int = 0
    written: int = 0
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class Tool:
    """What a model may ask for; each takes one text."""

    name: str
    about: str
    argument: str
    max_length: int


class Model(Protocol):
    """A language model that chats."""

    async def ask(self, chat: Sequence[Said], tools: Sequence[Tool] = ()) -> Answer:
        """What it says next.

        Raises:
            Unanswered: It is away, refuses, or answers what cannot be read.
        """


@dataclass(frozen=True, slots=True)
class Reservation:
    """Tokens set aside for a call."""

    persona: str
    day: str
    tokens: int


class Budget(Protocol):
    """How many tokens a persona may use in a day (UTC)."""

    async def reserve(self, persona: str, tokens: int, limit: int | None) -> Reservation | None:
        """Set ``tokens`` aside; None if the persona's ``limit`` or everybody's is reached."""

    async def settle(self, reservation: Reservation, used: int) -> None:
        """Put what was reserved right by what was used."""


@dataclass(frozen=True, slots=True)
class Numbered:
    """A passage as the model is shown it: under a number, from 1."""

    number: int
    passage: Passage
