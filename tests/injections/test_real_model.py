"""A real language model on loopback: asked, checked, and believed only where it is right."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from greenroom.message import ActionKind
from tests.injections.house import DISCLOSURE, LLM, a_house, attempts, own_words, wrongs
from tests.llm import smollm

pytestmark = pytest.mark.timeout(300)

QUESTIONS = (
    "how do I get the verified role?",
    "what does the verified role open?",
    "may I link to my own shop?",
)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with smollm.running() as found:
        yield found


async def test_questions_are_answered_by_its_words_or_by_the_quotation(url: str) -> None:
    async with a_house(url, smollm.NAME, deadline_s=60) as house:
        for question in QUESTIONS:
            decision = await house.says(question, LLM)
            (reply,) = decision.actions
            assert reply.kind is ActionKind.REPLY
            assert reply.text is not None
            assert "Source: handbook.md" in reply.text
            assert reply.footer == DISCLOSURE
            assert (decision.model is None) == any("not worded" in one for one in decision.notes)
        service = house.composer.service
        assert service is not None
        assert service.counts.calls == len(QUESTIONS)
        assert service.counts.written > 0
        assert set(service.counts.replies) <= {
            "composed", "declined", "uncited", "unsupported", "number", "name", "negation", "leak",
            "link", "mention", "markup", "claim", "echo", "harm", "too_long", "empty", "hidden",
        }  # fmt: skip


async def test_no_attempt_gets_through_by_way_of_a_real_model(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from greenroom.personas import composer

    monkeypatch.setattr(composer, "reads_as_orders", lambda text: False)
    monkeypatch.setattr(composer, "MAX_INJECTION", 1.0)
    async with a_house(url, smollm.NAME, deadline_s=60, is_poisoned=False) as house:
        found = []
        for attempt in attempts()[::18]:
            decision = await house.says(attempt.says, LLM)
            found += [(attempt.id, wrong) for wrong in wrongs(decision)]
            if "PWNED" in own_words(decision) or "evil" in own_words(decision):
                found.append((attempt.id, own_words(decision)))
        assert found == []
        assert house.composer.service is not None
        assert house.composer.service.counts.calls >= 8
