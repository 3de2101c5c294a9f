"""What a persona's file may say of an experiment, and what follows."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from greenroom.experiments import Advice, Experiment, Share, advise, choose
from tests.samples import a_message

GREETINGS = {"short": "Hello!", "long": "Hello, and welcome to the harbour!"}


def an_experiment(**values: Any) -> Experiment:
    return Experiment.model_validate({"variants": GREETINGS, **values})


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"variants": {"a": "Hello"}}, "at least 2"),
        ({"variants": {"a": "Hello", "b": " "}}, "at least 1 character"),
        ({"variants": {"a": "Hello", "b c": "Hi"}}, "pattern"),
        ({"weights": {"shrt": 2}}, "`shrt`, which is no variant; there are short, long"),
        ({"weights": {"short": 0, "long": 0}}, "every variant has weight 0"),
        ({"weights": {"short": -1}}, "greater than or equal to 0"),
        ({"measure": "clicks"}, "Input should be 'success'"),
        ({"stop": {"worth": 0}}, "greater than 0"),
        ({"stop": {"when": 1}}, "Extra inputs"),
        ({"minimum": 9}, "Extra inputs"),
    ],
)
def test_what_cannot_be_is_told(values: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        an_experiment(**values)


def test_a_conversation_keeps_its_text() -> None:
    experiment = an_experiment()
    chosen = choose("guide", "greeting", experiment, a_message())
    assert chosen.text == GREETINGS[chosen.variant]
    other = next(name for name in GREETINGS if name != chosen.variant)
    kept = choose("guide", "greeting", experiment, a_message(), assigned={"guide/greeting": other})
    assert (kept.variant, kept.text) == (other, GREETINGS[other])


def test_weights_left_out_are_one() -> None:
    assert an_experiment(weights={"long": 3}).all_weights == {"short": 1, "long": 3}


def test_harm_goes_before_a_winner() -> None:
    experiment = an_experiment(min_n=50)
    shares = {"short": Share(20, 200), "long": Share(150, 200)}
    liked = advise(experiment, shares, {"long": Share(1, 40)})
    assert (liked.advice, liked.variant) == (Advice.WINNER, "long")
    hated = advise(experiment, shares, {"long": Share(30, 40)})
    assert (hated.advice, hated.variant) == (Advice.HARM, "long")


def test_less_of_what_nobody_wants_wins() -> None:
    experiment = an_experiment(measure="ignored")
    shares = {"short": Share(20, 200), "long": Share(150, 200)}
    assert advise(experiment, shares, {}).variant == "short"


def test_a_variant_that_nobody_got_yet_keeps_it_going() -> None:
    assert advise(an_experiment(), {"short": Share(200, 200)}, {}).advice is Advice.KEEP_ON
