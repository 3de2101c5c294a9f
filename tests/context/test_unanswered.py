"""Questions in groups by what they are about."""

from __future__ import annotations

from greenroom.context.unanswered import Asked, grouped
from tests.context.vectors import at


def asked(text: str, degrees: float, best: float = 0.1) -> Asked:
    return Asked(text, at(degrees), best)


def test_questions_about_the_same_are_one_group_with_its_middle_first() -> None:
    groups = grouped(
        [
            asked("wifi?", 0),
            asked("parking?", 100),
            asked("wifi password?", 20, best=0.3),
            asked("the wifi, please?", 40),
        ]
    )
    assert [(group.count, group.questions[0], group.best) for group in groups] == [
        (3, "wifi password?", 0.3),
        (1, "parking?", 0.1),
    ]


def test_no_question_is_no_group() -> None:
    assert grouped([]) == []
