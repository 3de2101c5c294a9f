"""Experiments in what personas say: which text a conversation gets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from greenroom.experiments import Chosen, Experiment, Stop, assign, choose, conversation_of
from greenroom.message import Message
from greenroom.personas.base import Cue
from greenroom.personas.campaigns import Campaign, StopOn
from greenroom.personas.schema import Persona

CAMPAIGN = "campaign:"
"""What the experiment of a campaign's headlines is called by, before the campaign's name."""


def tried(name: str, persona: Persona, experiment: str, cue: Cue) -> Chosen | None:
    """The text for a message's conversation; None where there is no such experiment.

    Args:
        name: The stem of the persona's file.
        persona: What the file says.
        experiment: Its name: a situation, or ``welcome``.
        cue: What is answered.
    """
    found = persona.experiments.get(experiment)
    if found is None:
        return None
    return choose(name, experiment, found, cue.message, assigned=cue.assigned)


def said_or_tried(persona: Persona) -> Mapping[str, Sequence[str]]:
    """A companion's texts by situation, with those that are tried in place of others."""
    variants = {name: tuple(one.variants.values()) for name, one in persona.experiments.items()}
    return {**persona.replies.templates, **variants}


def headline_for(name: str, campaign_name: str, campaign: Campaign, key: str) -> Chosen:
    """The headline of one post, or of one conversation; variants are called by their numbers.

    Args:
        name: The stem of the persona's file.
        campaign_name: The campaign's.
        campaign: What the file says of it.
        key: What gets one headline for good: a post's key, or a conversation.
    """
    experiment = f"{CAMPAIGN}{campaign_name}"
    weights = {str(number): 1.0 for number in range(1, len(campaign.headlines) + 1)}
    variant = assign(f"{name}/{experiment}", weights, key)
    return Chosen(experiment, variant, campaign.headlines[int(variant) - 1])


def headline_of(name: str, campaign_name: str, campaign: Campaign, message: Message) -> Chosen:
    """The headline that a member is answered with."""
    return headline_for(name, campaign_name, campaign, conversation_of(message))


def experiments_in(persona: Persona) -> dict[str, Experiment]:
    """All that a persona tries: its experiments, and headlines of campaigns that have several."""
    return {
        **persona.experiments,
        **{
            f"{CAMPAIGN}{name}": _experiment_of(campaign, persona.stop_on)
            for name, campaign in persona.campaigns.items()
            if len(campaign.headlines) > 1
        },
    }


def _experiment_of(campaign: Campaign, stop_on: StopOn) -> Experiment:
    numbered = {str(number): text for number, text in enumerate(campaign.headlines, 1)}
    # A share of 1 can never be exceeded: nobody's dislike stops it then.
    stop = Stop(negative=min(stop_on.negative, 0.999), after=stop_on.after)
    return Experiment(variants=numbered, measure="liked", min_n=20, stop=stop)
