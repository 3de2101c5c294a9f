"""``personas/NAME.yaml``: who is on stage. The fields here are the YAML keys."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from greenroom.context import DEFAULT_MIN_EVIDENCE
from greenroom.message import ActionKind
from greenroom.personas.fields import Name, Strict, Text

Kind = Literal["assistant", "moderator"]


class Limits(Strict):
    """How often a persona may speak; what is over the limit is held back, and said so."""

    replies_per_minute: int = Field(default=6, ge=0)
    per_member_per_hour: int = Field(default=10, ge=0)


class Replies(Strict):
    """Where an assistant's answers come from, and what it does without evidence."""

    source: Literal["grounded"] = Field(default="grounded", alias="from")
    min_evidence: float = Field(default=DEFAULT_MIN_EVIDENCE, ge=-1, le=1)
    otherwise: Literal["escalate", "silence"] = "escalate"


class Expectation(Strict):
    """What an example expects of the persona."""

    cites: str | None = None
    actions: tuple[ActionKind, ...] | None = None  # exactly these, in any order
    contains: str | None = None  # in what it says

    @model_validator(mode="after")
    def _expects_something(self) -> Expectation:
        if self.cites is None and self.actions is None and self.contains is None:
            raise ValueError("expects nothing; give cites, actions or contains")
        return self


class Example(Strict):
    """A message and what should come of it; ``greenroom check --examples`` runs it."""

    says: Text
    expect: Expectation


class Persona(Strict):
    """One persona. ``disclosure`` stands under everything it says."""

    kind: Kind
    name: Text
    about: str | None = None
    operator: Text
    disclosure: Text
    policies: tuple[Name, ...] = ()
    knowledge: tuple[Text, ...] = ()
    replies: Replies = Replies()
    limits: Limits = Limits()
    examples: tuple[Example, ...] = ()
