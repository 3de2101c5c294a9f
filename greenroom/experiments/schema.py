"""``experiments:`` in a persona's file: texts that are tried against each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from greenroom.experiments.assign import assign, conversation_of
from greenroom.experiments.intervals import Share
from greenroom.experiments.stop import Advice, Standing, stands, stops_on_negative
from greenroom.message import Message

VariantName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")]
VariantText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]

Measure = Literal["success", "thanks", "answered", "liked", "handed_over", "ignored", "negative"]

UNWANTED: frozenset[str] = frozenset({"handed_over", "ignored", "negative"})
"""Measures of which less is better."""


class _Strict(BaseModel):
    """Unknown keys are errors; values never change after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Stop(_Strict):
    """When an experiment ends by itself, or is said to be over."""

    worth: float = Field(default=0.1, gt=0, lt=1)  # the smallest difference that would matter
    negative: float = Field(default=0.3, gt=0, lt=1)  # share of negative answers put up with
    after: int = Field(default=10, ge=1)  # answers before `negative` is looked at


class Experiment(_Strict):
    """Texts of which each conversation gets one, always the same."""

    variants: dict[VariantName, VariantText] = Field(min_length=2)
    weights: dict[VariantName, Annotated[float, Field(ge=0)]] = Field(default_factory=dict)
    measure: Measure = "success"
    min_n: int = Field(default=50, ge=1)  # conversations of each variant before anything is said
    stop: Stop = Stop()
    salt: str = ""  # another one draws anew for every conversation

    @model_validator(mode="after")
    def _weighs_its_variants(self) -> Experiment:
        unknown = sorted(self.weights.keys() - self.variants.keys())
        if unknown:
            known = ", ".join(self.variants)
            raise ValueError(f"weights `{unknown[0]}`, which is no variant; there are {known}")
        if not any(weight > 0 for weight in self.all_weights.values()):
            raise ValueError("every variant has weight 0; one must be above")
        return self

    @property
    def all_weights(self) -> Mapping[str, float]:
        """Each variant's weight: 1 where none is given."""
        return {name: self.weights.get(name, 1.0) for name in self.variants}


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a conversation gets in an experiment; goes with the action that says it."""

    experiment: str
    variant: str
    text: str


def choose(
    persona: str,
    name: str,
    experiment: Experiment,
    message: Message,
    *,
    assigned: Mapping[str, str] | None = None,
) -> Chosen:
    """The text for the conversation that ``message`` belongs to.

    Args:
        persona: Whose it is.
        name: The experiment's.
        experiment: What the persona's file says.
        message: What is answered.
        assigned: What the conversation drew before, by ``persona/name`` (``Cue.assigned``).
    """
    variant = assign(
        f"{persona}/{name}",
        experiment.all_weights,
        conversation_of(message),
        salt=experiment.salt,
        assigned=assigned,
    )
    return Chosen(name, variant, experiment.variants[variant])


def advise(
    experiment: Experiment, shares: Mapping[str, Share], negative: Mapping[str, Share]
) -> Standing:
    """What an experiment's figures say so far; harm goes before all else.

    Args:
        experiment: What the persona's file says.
        shares: What each variant reached in the experiment's measure, one outcome a
            conversation.
        negative: How many of the conversations that answered or reacted were negative.
    """
    for name in experiment.variants:
        found = negative.get(name, Share(0, 0))
        if stops_on_negative(found, experiment.stop.negative, experiment.stop.after):
            return Standing(Advice.HARM, name)
    return stands(
        {name: shares.get(name, Share(0, 0)) for name in experiment.variants},
        min_n=experiment.min_n,
        worth=experiment.stop.worth,
        higher_is_better=experiment.measure not in UNWANTED,
    )
