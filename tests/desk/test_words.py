"""Which words made a score, on the case's page."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace

import pytest

from greenroom.desk import Explain, Patience
from greenroom.desk.text import Span
from greenroom.desk.words import Words
from greenroom.ledger import Ledger
from greenroom.message import Decision, Fired, Hit, Message, Signals
from greenroom.triage.explain import Explanation, Turning, Word
from tests.desk.house import Clock, House
from tests.samples import a_message

_MARKED = re.compile(r'<mark class="made[1-4]">([^<]+)</mark>')
_TITLE = re.compile(r"What made (\w+) 0")


async def arrive(house: House, message: Message, **wanted: str) -> int:
    """A case about a message, with a rule that fired on each of some heads."""
    hits = tuple(Hit(f"triage.{head}", value=0.9, wanted=limit) for head, limit in wanted.items())
    decision = Decision("warden", trace=(Fired("civility", 0, "insults", 3, hits),))
    scores = {"toxicity": 0.95, "insult": 0.9, "spam": 0.2, "sentiment": -0.9}
    return await house.arrive(message, decisions=(decision,), signals=Signals(scores=scores))


async def test_the_words_of_the_head_that_fired_are_marked_and_listed(house: House) -> None:
    await house.sign_in()
    case = await arrive(house, a_message("Good day to you, you stupid fool"), insult="> 0.30")
    page = await house.get(f"/cases/{case}/words")
    assert _TITLE.findall(page) == ["insult"]
    assert {"stupid", "fool"} <= set(_MARKED.findall(page))
    assert "under the rule’s limit of 0.30" in page
    for head in ("toxicity", "spam"):
        assert f'href="/cases/{case}/words?head={head}"' in page
    assert "head=sentiment" not in page


async def test_the_case_page_only_offers_to_look(house: House) -> None:
    await house.sign_in()
    house.explain = _never
    case = await arrive(house, a_message("you fool"), insult="> 0.30")
    page = await house.get(f"/cases/{case}")
    assert f'href="/cases/{case}/words"' in page
    assert not _MARKED.search(page)
    case = await arrive(house, a_message("", id="bare"), insult="> 0.30")
    assert f'href="/cases/{case}/words"' not in await house.get(f"/cases/{case}")


async def test_a_head_that_no_rule_asked_for_has_words_but_no_limit(house: House) -> None:
    await house.sign_in()
    case = await arrive(house, a_message("you stupid fool"), insult="> 0.30")
    page = await house.get(f"/cases/{case}/words?head=toxicity")
    assert _TITLE.findall(page) == ["toxicity"]
    assert "limit of" not in page
    assert f'href="/cases/{case}/words?head=insult"' in page


async def test_without_a_rule_the_highest_head_is_explained(house: House) -> None:
    await house.sign_in()
    case = await arrive(house, a_message("you stupid fool"))
    assert _TITLE.findall(await house.get(f"/cases/{case}/words")) == ["toxicity"]


@pytest.mark.parametrize("head", ["sentiment", "nonsense", "%3Cscript%3E"])
async def test_what_is_no_head_is_not_found(house: House, head: str) -> None:
    await house.sign_in()
    case = await arrive(house, a_message("you fool"), insult="> 0.30")
    await house.get(f"/cases/{case}/words?head={head}", status=404)


async def test_only_moderators_may_ask(house: House) -> None:
    house.explain = _never
    case = await arrive(house, a_message("you fool"), insult="> 0.30")
    await house.get(f"/cases/{case}/words", status=401)
    await house.sign_in()
    await house.get("/cases/99/words", status=404)


async def test_words_of_a_title_are_marked_in_the_title(house: House) -> None:
    await house.sign_in()
    message = a_message("Nothing else to say.", title="You stupid fool")
    case = await arrive(house, message, insult="> 0.30")
    page = await house.get(f"/cases/{case}/words")
    title = re.search(r"<h3.*?</h3>", page, re.DOTALL)
    assert title is not None
    assert {"stupid", "fool"} <= set(_MARKED.findall(title[0]))


async def test_the_text_as_it_stands_now_is_explained(house: House) -> None:
    await house.sign_in()
    message = a_message("you fool")
    case = await arrive(house, message, insult="> 0.30")
    await arrive(house, replace(message, text="you idiot", revision="1"), insult="> 0.30")
    assert "idiot" in _MARKED.findall(await house.get(f"/cases/{case}/words"))


async def test_explanations_are_made_one_at_a_time(house: House) -> None:
    await house.sign_in()
    case = await arrive(house, a_message("you fool"), insult="> 0.30")
    running, most = 0, 0

    async def explain(message: Message, head: str, threshold: float | None) -> Explanation:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1
        return Explanation(head, 0.5, ())

    house.explain = explain
    await asyncio.gather(*(house.get(f"/cases/{case}/words") for _ in range(4)))
    assert most == 1


async def test_what_takes_too_long_is_said(ledger: Ledger, clock: Clock) -> None:
    async def explain(message: Message, head: str, threshold: float | None) -> Explanation:
        await asyncio.Event().wait()
        raise AssertionError

    async with House.open(ledger, clock, patience=Patience(words_s=0.01)) as house:
        await house.sign_in()
        house.explain = explain
        case = await arrive(house, a_message("you fool"), insult="> 0.30")
        page = await house.get(f"/cases/{case}/words")
    assert "The model is busy just now" in page
    assert "you fool" in page


async def test_a_change_is_quoted_and_a_lack_of_one_said(house: House) -> None:
    await house.sign_in()
    case = await arrive(house, a_message("a fool and an idiot"), insult="> 0.30")
    fool, idiot = Word(2, 6, "fool", 2.0), Word(14, 19, "idiot", 1.0)
    found = Explanation("insult", 0.9, (fool, idiot), 0.3)
    for turning, said in (
        (
            Turning((fool, idiot), "a and an", 0.1),
            "Without “<bdi>fool</bdi>” and “<bdi>idiot</bdi>”",
        ),
        (None, "No change of up to 6 words"),
    ):
        house.explain = _always(replace(found, turning=turning))
        assert said in await house.get(f"/cases/{case}/words")


def test_strength_follows_the_share_and_slight_words_are_not_marked() -> None:
    words = (Word(0, 3, "you", 0.1), Word(4, 9, "idiot", 8.0), Word(10, 13, "bad", 2.0))
    found = Words("insult", ["insult"], Explanation("insult", 0.9, words))
    assert found.spans(0, 13) == [Span(4, 9, 4), Span(10, 13, 2)]
    assert found.spans(4, 11) == [Span(0, 5, 4), Span(6, 7, 2)]
    assert found.said == "insult 0.90: idiot 79%, bad 20%"


def _always(found: Explanation) -> Explain:
    async def explain(message: Message, head: str, threshold: float | None) -> Explanation:
        return found

    return explain


async def _never(message: Message, head: str, threshold: float | None) -> Explanation:
    raise AssertionError("nobody asked for words")
