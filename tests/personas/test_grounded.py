"""An answer is a quotation with its source, or there is none."""

from __future__ import annotations

import pytest

from greenroom.message import Passage
from greenroom.personas.grounded import MAX_QUOTE, best_evidence, grounded_reply


def a_passage(text: str, score: float = 0.8, **more: str) -> Passage:
    return Passage(more.get("source", "faq.md"), more.get("heading", "Roles"), text, score)


def test_the_best_passage_must_reach_the_threshold() -> None:
    weak, strong = a_passage("a", 0.3), a_passage("b", 0.6)
    assert best_evidence([weak, strong], min_evidence=0.5) is strong
    assert best_evidence([weak, strong], min_evidence=0.7) is None
    assert best_evidence([], min_evidence=-1) is None


def test_a_reply_quotes_and_names_its_source() -> None:
    reply = grounded_reply("how?", a_passage("Read the rules.\n\nThen react."))
    assert reply == "> Read the rules.\n>\n> Then react.\n\nSource: faq.md, Roles"


def test_a_long_passage_is_cut_to_the_part_that_was_asked_about() -> None:
    filler = "Nothing of the kind is said in this paragraph at all. " * 8
    answer = "The verified role is given after a week."
    reply = grounded_reply(
        "how do I get the verified role?", a_passage(f"{filler}\n\n{answer}\n\n{filler}")
    )
    assert reply.startswith(f"> {answer}")
    assert len(reply) < MAX_QUOTE + 100


@pytest.mark.parametrize("text", ["x" * 5000, "word " * 2000, "Sentence one. " * 300])
def test_one_endless_paragraph_is_cut(text: str) -> None:
    assert len(grounded_reply("?", a_passage(text))) < MAX_QUOTE + 60
