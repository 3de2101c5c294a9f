"""Statements that may contradict each other: how often the report is right, with the model."""

from __future__ import annotations

import pytest

from greenroom.context.base import Vector
from greenroom.context.contradictions import Statement, clashes, difference
from greenroom.triage.encoder import Encoder
from greenroom.triage.manifest import SHIPPED
from tests.context.statements import AGREEING, CLASHING


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    if not (SHIPPED / "model.onnx").exists():
        pytest.skip(f"THE SHIPPED MODEL IS MISSING: {SHIPPED}; contradictions are not tested")
    return Encoder()


def vector(encoder: Encoder, text: str) -> Vector:
    found = encoder.read(text).embedding
    assert found is not None
    return found


def test_most_that_is_reported_contradicts_and_most_that_does_is_reported(
    encoder: Encoder,
) -> None:
    def is_reported(pair: tuple[str, str]) -> bool:
        statements = [Statement("a.md", "A", text) for text in pair]
        return bool(clashes(statements, [vector(encoder, text) for text in pair]))

    right = sum(map(is_reported, CLASHING))
    wrong = sum(map(is_reported, AGREEING))
    assert right / len(CLASHING) >= 0.9
    assert right / (right + wrong) >= 0.85


@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        ("It takes 3 days.", "It takes three days.", None),
        ("It takes 3 days or 5 days.", "It takes 5 days.", None),
        ("Open at 19:00.", "Open at 7 pm, on Friday.", "clock: 19 and 7"),
        ("It costs 1,000 euros.", "It costs €1000.", None),
        ("Links aren’t allowed here.", "Links are forbidden here.", None),
        ("Links are allowed here.", "Links aren’t allowed here.", "only one of them says no"),
        ("Kind words.", "Kind words.", None),
        ("Version 1.2.3.4", "٣ days", None),
    ],
)
def test_difference_is_what_can_be_told_for_certain(one: str, other: str, why: str | None) -> None:
    assert (difference(other, one) is None) == (why is None)
    assert difference(one, other) == why
