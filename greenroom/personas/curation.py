"""What a curator is told: digests, near duplicates, welcomes."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import Field, model_validator

from greenroom.personas.fields import Strict, Text
from greenroom.personas.timing import Schedule


class Digest(Strict):
    """What was said in some channels, on a schedule; or in a thread or a day, when somebody asks.

    Attributes:
        schedule: When; without one, only when somebody asks for it.
        sources: The channels that it is about.
        channels: Where it is posted.
        items: Lines at most; each links what it quotes.
        least: With fewer messages than that there is no digest.
        title: What stands above it.
    """

    schedule: Schedule | None = None
    sources: tuple[Text, ...] = Field(default=("*",), alias="of", min_length=1)
    channels: tuple[Text, ...] = Field(default=(), alias="in")
    items: int = Field(default=5, ge=1, le=20)
    least: int = Field(default=10, ge=1)
    title: Text = "What was talked about"

    @model_validator(mode="after")
    def _goes_somewhere(self) -> Digest:
        if self.schedule is not None and not self.channels:
            raise ValueError("has a schedule and no place: give `in`, such as [#digest]")
        return self


class Duplicates(Strict):
    """Questions that were asked before: the answer is a link to where.

    Attributes:
        likeness: Similarity (cosine) from which two questions are the same.
        days: How far back it looks.
        says: What it says; the links follow.
    """

    likeness: float = Field(default=0.80, ge=0.5, le=1)
    days: int = Field(default=90, ge=1)
    says: Text = "This looks like something that was asked before:"


WELCOME: Final = "welcome"
"""The experiment whose variants are said in place of `says`."""


class Welcome(Strict):
    """A word to who writes for the first time, with what fits what they wrote.

    Attributes:
        channels: Where newcomers say hello.
        within_days: On platforms that tell when a member joined: not later than that.
        says: What it says; ``{{author}}`` and ``{{community}}`` are filled in.
        suggests: Sections of its knowledge that fit, at most; each with its source.
        min_evidence: How near a section must be to what the newcomer wrote.
        how: In public, or in a direct message.
    """

    channels: tuple[Text, ...] = Field(default=("*",), alias="in", min_length=1)
    within_days: int = Field(default=30, ge=1)
    says: Text = "Welcome, {{author}}!"
    suggests: int = Field(default=3, ge=0, le=5)
    min_evidence: float = Field(default=0.35, ge=-1, le=1)
    how: Literal["reply", "message"] = "reply"
