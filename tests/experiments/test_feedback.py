"""What members do about an utterance, and what it comes to."""

from __future__ import annotations

from datetime import timedelta

import pytest

from greenroom.experiments import (
    Experiment,
    Feedback,
    FeedbackKind,
    Outcome,
    Share,
    Utterance,
    by_experiment,
    by_version,
    is_thanks,
    outcome_of,
    value_of_emoji,
)
from tests.samples import NOON

K = FeedbackKind


def an_utterance(*feedback: tuple[FeedbackKind, float | None], minutes: float = 5) -> Utterance:
    at = NOON + timedelta(minutes=minutes)
    found = tuple(Feedback(kind, at, value) for kind, value in feedback)
    return Utterance("guide", "v1", NOON, "discord:c1:ch1:by:u1", feedback=found)


@pytest.mark.parametrize(
    ("feedback", "held"),
    [
        ((), {"ignored", "success"}),
        (((K.REACTION, 1.0),), {"liked", "success"}),
        (((K.REACTION, 0.0),), {"success"}),
        (((K.REACTION, 1.0), (K.REACTION, -1.0)), {"negative"}),
        (((K.REACTION, -1.0),), {"negative"}),
        (((K.ANSWER, 0.2),), {"answered", "success"}),
        (((K.ANSWER, None),), {"answered", "success"}),
        (((K.ANSWER, -0.8),), {"answered", "negative"}),
        (((K.ANSWER, 0.9), (K.THANKS, None)), {"answered", "thanks", "success"}),
        (((K.ANSWER, 0.0), (K.ASKED_AGAIN, None)), {"answered"}),
        (((K.HANDED_OVER, None),), {"handed_over"}),
        (
            ((K.ANSWER, 0.5), (K.THANKS, None), (K.HANDED_OVER, None)),
            {"answered", "thanks", "handed_over"},
        ),
    ],
)
def test_what_happened_is_what_it_came_to(
    feedback: tuple[tuple[FeedbackKind, float | None], ...], held: set[str]
) -> None:
    outcome = outcome_of(an_utterance(*feedback))
    names = ("success", "thanks", "liked", "answered", "handed_over", "ignored", "negative")
    assert {name for name in names if getattr(outcome, name)} == held


def test_what_comes_late_does_not_count() -> None:
    late = an_utterance((K.ANSWER, -0.9), minutes=31)
    assert outcome_of(late).ignored
    assert outcome_of(late, within=timedelta(hours=1)).negative


def test_sentiment_is_the_mean_of_the_answers() -> None:
    outcome = outcome_of(an_utterance((K.ANSWER, 0.5), (K.ANSWER, -0.1), (K.ANSWER, None)))
    assert outcome.sentiment == pytest.approx(0.2)
    assert Outcome().sentiment is None


@pytest.mark.parametrize(
    ("emoji", "value"),
    [
        ("👍", 1), ("👍🏽", 1), ("❤", 1), ("❤️", 1), ("+1", 1), ("+1::skin-tone-3", 1),
        ("👎", -1), ("👎🏿", -1), ("-1", -1), ("🤡", -1), (":x:", -1),
        ("🍕", 0), (":harbour:", 0), ("", 0), ("👍👎", 0),
    ],
)  # fmt: skip
def test_emoji_like_dislike_or_neither(emoji: str, value: int) -> None:
    assert value_of_emoji(emoji) == value


def test_a_community_has_emoji_of_its_own() -> None:
    own = {"liked": (":ship:",), "disliked": ("iceberg", "👍")}
    assert [value_of_emoji(one, **own) for one in (":ship:", "ICEBERG", "👍🏽")] == [1, -1, -1]


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("thanks!", True),
        ("ok thank you so much", True),
        ("Danke, das hat geholfen", True),
        ("that worked", True),
        ("¡Muchas gracias!", True),
        ("where is the thankless list", False),
        ("typing now", False),
        ("no", False),
    ],
)
def test_thanks_are_heard(text: str, held: bool) -> None:
    assert is_thanks(text) is held


def test_bitter_thanks_are_none() -> None:
    assert not is_thanks("thanks for nothing, useless bot", intent="thanks", sentiment=-0.8)
    assert is_thanks("perfect", intent="thanks", sentiment=0.8)


def test_versions_are_told_apart_and_what_is_fresh_is_not_counted_yet() -> None:
    old = an_utterance((K.ANSWER, -0.9))
    new = Utterance("guide", "v2", NOON + timedelta(hours=1), "x")
    figures = by_version([old, new], NOON + timedelta(hours=1, minutes=5))
    assert [(one.version, one.tally.utterances, one.tally.settled) for one in figures] == [
        ("v2", 1, 0),
        ("v1", 1, 1),
    ]
    assert figures[1].tally.shares["negative"] == Share(1, 1)
    assert figures[0].tally.shares["ignored"] == Share(0, 0)


def test_an_experiment_counts_a_conversation_once() -> None:
    experiment = Experiment(variants={"a": "Hello", "b": "Hi"}, min_n=1)
    said = [
        Utterance("guide", "v1", NOON + timedelta(minutes=n), f"talk{n // 2}", "greeting", variant)
        for n, variant in enumerate(("a", "a", "b", "b", "b", "b"))
    ]
    (figures,) = by_experiment(said, {"guide": {"greeting": experiment}}, NOON + timedelta(hours=9))
    assert [(one.variant, one.measured) for one in figures.variants] == [
        ("a", Share(1, 1)),
        ("b", Share(2, 2)),
    ]


def test_an_experiment_that_no_file_has_is_told_without_advice() -> None:
    said = [Utterance("guide", "v1", NOON, "talk", "old", "a")]
    (figures,) = by_experiment(said, {}, NOON + timedelta(hours=9))
    assert (figures.name, figures.standing) == ("old", None)


def test_a_variant_that_was_taken_out_is_told_as_such() -> None:
    experiment = Experiment(variants={"a": "Hello", "b": "Hi"})
    said = [Utterance("guide", "v1", NOON, "talk", "greeting", "c")]
    (figures,) = by_experiment(said, {"guide": {"greeting": experiment}}, NOON + timedelta(hours=9))
    assert [(one.variant, one.is_on) for one in figures.variants] == [
        ("a", True),
        ("b", True),
        ("c", False),
    ]
