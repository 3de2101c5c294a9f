"""``personas/NAME.yaml``: who is on stage. The fields here are the YAML keys."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import Field, field_validator, model_validator

from greenroom.context import DEFAULT_MIN_EVIDENCE
from greenroom.experiments import Experiment
from greenroom.message import ActionKind
from greenroom.personas.campaigns import Campaign, Caps, StopOn
from greenroom.personas.crisis import Crisis
from greenroom.personas.curation import WELCOME, Digest, Duplicates, Welcome
from greenroom.personas.fields import Name, Strict, Text
from greenroom.personas.memory import MemoryField, MemorySettings
from greenroom.personas.templates import Templates, check_templates
from greenroom.personas.timing import QuietHours, Zone
from greenroom.personas.voice import Voice

Kind = Literal["assistant", "companion", "curator", "moderator", "advocate"]

_ONLY: Final[dict[str, tuple[Kind, ...]]] = {
    "digest": ("curator",),
    "duplicates": ("curator",),
    "welcome": ("curator",),
    "campaigns": ("advocate",),
    "caps": ("advocate",),
    "quiet_hours": ("advocate", "curator"),
    "stop_on": ("advocate",),
    "memory": ("companion", "assistant"),
    "experiments": ("companion", "curator"),
}
"""Keys that only some kinds have."""


class Limits(Strict):
    """How often a persona may speak; what is over the limit is held back, and said so."""

    replies_per_minute: int = Field(default=6, ge=0)
    per_member_per_hour: int = Field(default=10, ge=0)


class Replies(Strict):
    """Where an assistant's answers come from, and what it does without evidence."""

    source: Literal["grounded", "template", "llm"] = Field(default="grounded", alias="from")
    templates: Templates = Field(default_factory=dict)
    min_evidence: float = Field(default=DEFAULT_MIN_EVIDENCE, ge=-1, le=1)
    otherwise: Literal["escalate", "silence"] = "escalate"
    tokens_per_day: int | None = Field(default=None, ge=1)  # None: what config leaves
    tools: tuple[Literal["search_knowledge", "hand_over"], ...] = ()
    small_talk: bool = False  # the model may reply without evidence, if it states no facts

    @model_validator(mode="after")
    def _needs_a_model(self) -> Replies:
        mine = {"tokens_per_day", "tools", "small_talk"} & self.model_fields_set
        if mine and self.source != "llm":
            raise ValueError(f"{', '.join(sorted(mine))}: only with `from: llm`")
        return self


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
    """A message and what should come of it; ``greenroom persona test`` runs it."""

    says: Text  # said to the persona itself where it begins with @
    channel: Text = Field(default="general", alias="in")
    expect: Expectation


FIRST_CONTACT = "To reach a person: /human. To be left alone by automated personas: /optout."


class Persona(Strict):
    """One persona. ``disclosure`` stands under everything it says, ``first_contact`` under the
    first thing that it says to a member."""

    kind: Kind
    name: Text
    about: str | None = None
    operator: Text
    disclosure: Text
    first_contact: Text = FIRST_CONTACT
    policies: tuple[Name, ...] = ()
    knowledge: tuple[Text, ...] = ()
    replies: Replies = Replies()
    voice: Voice = Voice()
    crisis: Crisis | None = None
    timezone: Zone = "UTC"
    digest: Digest | None = None
    duplicates: Duplicates | None = None
    welcome: Welcome | None = None
    campaigns: dict[Name, Campaign] = Field(default_factory=dict)
    caps: Caps = Caps()
    quiet_hours: QuietHours | None = None
    stop_on: StopOn = StopOn()
    memory: MemoryField = MemorySettings()
    limits: Limits = Limits()
    experiments: dict[Name, Experiment] = Field(default_factory=dict)
    examples: tuple[Example, ...] = ()

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Persona:
        for key, kinds in _ONLY.items():
            if key in self.model_fields_set and self.kind not in kinds:
                raise ValueError(f"`{key}` is for kind {' or '.join(kinds)}, not {self.kind}")
        if self.kind == "assistant" and self.memory.is_long_term:
            raise ValueError("an assistant's memory is `none` or `session`, not `long_term`")
        if self.kind == "companion" and self.crisis is None:
            raise ValueError(
                "a companion needs `crisis: {resources: …}`: what it says to somebody in need"
            )
        if self.kind == "companion" and not self.replies.templates:
            raise ValueError("a companion needs `replies: {templates: …}`: what it says")
        if self.replies.source == "template" and not self.replies.templates:
            raise ValueError("`replies.from: template` needs `templates`: what it says")
        if self.kind == "advocate" and not self.campaigns:
            raise ValueError("an advocate needs `campaigns`: what it speaks for")
        return self

    @model_validator(mode="after")
    def _tries_what_it_says(self) -> Persona:
        if self.experiments.keys() - {WELCOME} and self.kind == "curator":
            raise ValueError(f"a curator's experiments can only be called `{WELCOME}`")
        if self.experiments and self.kind == "curator" and self.welcome is None:
            raise ValueError(f"tries texts for `{WELCOME}`, which it does not have")
        for name, experiment in self.experiments.items():
            texts = tuple(experiment.variants.values())
            check_templates({"first" if name == WELCOME else name: texts})
        return self

    @model_validator(mode="after")
    def _keeps_to_its_words(self) -> Persona:
        said = [text for texts in self.replies.templates.values() for text in texts]
        said += [text for one in self.experiments.values() for text in one.variants.values()]
        for campaign in self.campaigns.values():
            said += [campaign.words(headline) for headline in campaign.headlines]
        for text in said:
            word = self.voice.avoided(text)
            if word is not None:
                raise ValueError(f"says “{word}”, which its `voice` avoids: “{text[:60]}”")
        return self

    @field_validator("first_contact")
    @classmethod
    def _names_both_ways(cls, text: str) -> str:
        missing = [name for name in ("/human", "/optout") if name not in text.lower()]
        if missing:
            raise ValueError(f"does not say how to reach a person or to opt out; name {missing[0]}")
        return text
