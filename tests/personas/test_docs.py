"""docs/personas.md names every key that a persona or a bot may have."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel

from greenroom.config import BotFrame, FeedbackSettings
from greenroom.experiments import Experiment, Stop
from greenroom.personas.campaigns import Campaign, Caps, StopOn
from greenroom.personas.crisis import Crisis
from greenroom.personas.curation import Digest, Duplicates, Welcome
from greenroom.personas.schema import Expectation, Limits, Persona, Replies
from greenroom.personas.voice import Voice

TEXT = (Path(__file__).parents[2] / "docs" / "personas.md").read_text()


def keys(model: type[BaseModel], prefix: str = "") -> list[str]:
    return [prefix + (info.alias or name) for name, info in model.model_fields.items()]


@pytest.mark.parametrize(
    "key",
    [
        *keys(Persona),
        *keys(Replies, "replies."),
        *keys(Limits, "limits."),
        *keys(Voice, "voice."),
        *keys(Crisis, "crisis."),
        *keys(Digest, "digest."),
        *keys(Duplicates, "duplicates."),
        *keys(Welcome, "welcome."),
        *keys(Campaign),
        *keys(Caps, "caps."),
        *keys(StopOn, "stop_on."),
        *keys(BotFrame),
    ],
)
def test_every_key_has_its_row(key: str) -> None:
    whole = {"replies", "limits"}  # their keys have the rows
    assert key in whole or f"| `{key}` |" in TEXT


@pytest.mark.parametrize("key", keys(Expectation))
def test_every_expectation_is_told(key: str) -> None:
    assert f"`{key}`" in TEXT


EXPERIMENTS = (Path(__file__).parents[2] / "docs" / "experiments.md").read_text()


@pytest.mark.parametrize(
    "key",
    [*keys(Experiment), *keys(Stop, "stop."), *keys(FeedbackSettings, "feedback.")],
)
def test_every_key_of_an_experiment_has_its_row(key: str) -> None:
    if key != "stop":
        assert f"\n| `{key}` |" in EXPERIMENTS
