"""Words that made a score: those without which it falls, in the text as it was written."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations, pairwise
from random import Random
from statistics import mean

import pytest

from greenroom.message import Fired, Hit
from greenroom.triage.base import EVERYTHING, SCORES_ONLY, Reading, Triage, Wants
from greenroom.triage.encoder import Encoder
from greenroom.triage.explain import (
    MOST_READINGS,
    MOST_REMOVED,
    Explanation,
    Word,
    asked_heads,
    explain,
    words_of,
)
from greenroom.triage.pool import EncoderPool

HARMFUL = (
    ("insult", "you are such a stupid idiot and nobody here likes you, just go away"),
    ("insult", "lol imagine being this dumb, your brain must be made of cheese you clown"),
    ("insult", "your take on the patch notes is moronic and you are a pathetic liar"),
    ("toxicity", "shut up you worthless piece of garbage, crawl back into your hole"),
    ("toxicity", "everyone on this server hates you, never come back you loser"),
    ("threat", "keep talking and I will find you and kill you, I know where you live"),
    ("threat", "i swear i will break your legs when i see you at the meetup tomorrow"),
    ("obscene", "what the fuck is this shit update, it broke everything again"),
    ("hate", "those people are vermin and should be thrown out of this country"),
    ("sexual", "send me pics of your naked body baby i am so horny right now"),
    ("spam", "claim your free nitro before it ends http://discord-gifts.example/nitro only today"),
    ("scam", "your account is suspended, verify your wallet seed phrase at http://wallet.example"),
)
DULL = "The ferry leaves from the second pier at nine, so bring your ticket and some water. "


@dataclass(slots=True)
class Counter:
    """A triage that notes what it was asked to read."""

    triage: Triage
    read_texts: list[str] = field(default_factory=list)

    @property
    def digest(self) -> str:
        return self.triage.digest

    async def read(self, text: str, wants: Wants = EVERYTHING) -> Reading:
        assert wants == SCORES_ONLY
        self.read_texts.append(text)
        return await self.triage.read(text, wants)


@dataclass(slots=True)
class Alone:
    """Triage by the encoder that all tests share, which reads each text once."""

    encoder: Encoder
    known: dict[str, Reading] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        return self.encoder.manifest.digest

    async def read(self, text: str, wants: Wants = EVERYTHING) -> Reading:
        if text not in self.known:
            self.known[text] = self.encoder.read(text, wants)
        return self.known[text]


@pytest.fixture(scope="module")
def alone(encoder: Encoder) -> Alone:
    return Alone(encoder)


async def score(triage: Triage, text: str, head: str) -> float:
    return (await triage.read(text, SCORES_ONLY)).scores[head]


def without(text: str, words: tuple[Word, ...]) -> str:
    for word in sorted(words, key=lambda word: -word.start):
        text = f"{text[: word.start]} {text[word.end :]}"
    return text


async def fall(triage: Triage, text: str, head: str, words: tuple[Word, ...]) -> float:
    """How far the score falls without some words."""
    return await score(triage, text, head) - await score(triage, without(text, words), head)


async def test_without_the_named_words_the_score_falls_further_than_without_others(
    alone: Alone,
) -> None:
    chance = Random(1)
    named, others = [], []
    for head, text in HARMFUL:
        words = (await explain(alone, text, head)).words
        named.append(await fall(alone, text, head, words[:2]))
        pairs = [tuple(chance.sample(words[2:], 2)) for _ in range(5)]
        others.append(mean([await fall(alone, text, head, pair) for pair in pairs]))
    assert mean(named) > mean(others) + 0.1
    assert sum(one > other for one, other in zip(named, others, strict=True)) >= 10


async def test_words_that_back_each_other_up_are_both_named(alone: Alone) -> None:
    text = "you are such a stupid idiot"
    found = await explain(alone, text, "insult")
    assert {word.text for word in found.words[:2]} == {"stupid", "idiot"}


async def test_shares_are_those_of_words_that_raise_the_score(alone: Alone) -> None:
    found = await explain(alone, "thank you, my dear idiot", "insult")
    assert sum(share for _, share in found.shares) == pytest.approx(1)
    assert found.shares[0][0].text == "idiot"
    assert [word.weight for word in found.words] == sorted(
        (word.weight for word in found.words), reverse=True
    )


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("well, f u c k you all", "f u c k"),
        ("you are an \u0456d\u0456ot, sir", "\u0456d\u0456ot"),
        ("you id\u200biot!", "id\u200biot"),
        ("you \U0001f595 there", "\U0001f595"),
        ("see https://x.example/a?b=c#d now", "https://x.example/a?b=c#d"),
        (f"at https://x.example/{'a' * 90} now", f"https://x.example/{'a' * 90}"),
        ("don't well-known you", "well-known"),
    ],
)
def test_words_stand_where_the_original_has_them(text: str, spelled: str) -> None:
    words = words_of(text)
    assert spelled in [word.text for word in words]
    assert all(text[word.start : word.end] == word.text for word in words)
    assert all(one.end <= other.start for one, other in pairwise(words))


async def test_a_disguised_insult_is_named_as_it_is_written(alone: Alone) -> None:
    text = "good morning to you, you i d i o t and welcome"
    found = await explain(alone, text, "insult")
    assert found.words[0].text == "i d i o t"


async def test_the_same_text_is_explained_alike(alone: Alone) -> None:
    head, text = HARMFUL[0]
    found = await explain(alone, text, head, threshold=0.5)
    assert await explain(alone, text, head, threshold=0.5) == found
    async with EncoderPool(threads=3, cache=0) as pool:
        assert await explain(pool, text, head, threshold=0.5) == found


@pytest.mark.parametrize(
    "text",
    [
        *(text for _, text in HARMFUL),
        "idiot " * 20,
        f"{DULL * 3}you stupid idiot",
        f"{DULL * 30}you stupid idiot",
    ],
)
async def test_readings_are_bounded(alone: Alone, text: str) -> None:
    counter = Counter(alone)
    await explain(counter, text, "insult", threshold=1e-6)
    assert len(counter.read_texts) <= MOST_READINGS
    assert len(set(counter.read_texts)) > 1


@pytest.mark.parametrize("text", ["", "  \n ", "... !?", "\u200b", "\ud800"])
async def test_a_text_without_words_has_no_explanation(alone: Alone, text: str) -> None:
    found = await explain(alone, text, "insult", threshold=0.0)
    assert all(word.text == "\ud800" for word in found.words)
    assert found.shares == () or text == "\ud800"


async def test_a_single_word_has_the_whole_share(alone: Alone) -> None:
    found = await explain(alone, "idiot!", "insult", threshold=0.1)
    ((word, share),) = found.shares
    assert (word.text, word.start, word.end, share) == ("idiot", 0, 5, 1.0)
    assert found.turning is not None
    assert found.turning.text == "!"


async def test_a_long_text_names_the_insult_at_its_end(alone: Alone) -> None:
    text = f"{DULL * 150}"[:9_980] + " you stupid idiot"
    found = await explain(alone, text, "insult")
    strongest = {word.text: word for word in found.words[:2]}
    assert set(strongest) == {"stupid", "idiot"}
    assert strongest["idiot"].end == len(text)


def half(found: Explanation, least: float) -> float:
    """A threshold between a harmful score and one of the text without what is harmful."""
    return (found.score + least) / 2


@pytest.mark.parametrize(("head", "text"), HARMFUL)
async def test_a_change_suffices_and_no_word_of_it_is_needless(
    alone: Alone, head: str, text: str
) -> None:
    found = await explain(alone, text, head)
    limit = half(found, await score(alone, "", head))
    turning = (await explain(alone, text, head, threshold=limit)).turning
    if turning is None:  # some texts are harmful through and through
        return
    assert 1 <= len(turning.words) <= MOST_REMOVED
    assert turning.score == await score(alone, turning.text, head) < limit
    for fewer in combinations(turning.words, len(turning.words) - 1):
        assert await score(alone, without(text, fewer), head) >= limit


async def test_most_harmful_texts_have_a_change(alone: Alone) -> None:
    changes = 0
    for head, text in HARMFUL:
        limit = half(await explain(alone, text, head), await score(alone, "", head))
        changes += (await explain(alone, text, head, threshold=limit)).turning is not None
    assert changes >= 10


async def test_a_change_reads_like_the_text_without_its_words(alone: Alone) -> None:
    text = "well, you are an idiot, my friend"
    limit = half(await explain(alone, text, "insult"), await score(alone, "", "insult"))
    turning = (await explain(alone, text, "insult", threshold=limit)).turning
    assert turning is not None
    assert [word.text for word in turning.words] == ["idiot"]
    assert turning.text == "well, you are an , my friend"


async def test_a_long_text_is_changed_where_its_score_comes_from(alone: Alone) -> None:
    text = f"{DULL * 8}You stupid idiot. {DULL * 8}"
    plain = await score(alone, DULL * 16, "insult")
    limit = half(await explain(alone, text, "insult"), plain)
    turning = (await explain(alone, text, "insult", threshold=limit)).turning
    assert turning is not None
    assert {word.text for word in turning.words} <= {"You", "stupid", "idiot"}


async def test_under_the_threshold_nothing_has_to_change(alone: Alone) -> None:
    assert (await explain(alone, "lovely weather", "insult", threshold=0.99)).turning is None
    assert (await explain(alone, "you idiot", "insult")).turning is None


def test_heads_that_rules_fired_on_have_the_lowest_limit() -> None:
    hits = (
        Hit("triage.toxicity", value=0.97, wanted="> 0.95"),
        Hit("triage.insult", value=0.9, wanted=">= 0.5"),
        Hit("body (includes)", "body", "fool", 0, 4),
        Hit("sentiment", value=-0.9, wanted="< -0.5"),
    )
    more = (
        Hit("triage.toxicity", value=0.97, wanted="> 0.75"),
        Hit("triage.injection", value=0.1, wanted="<= 0.80"),
    )
    trace = (Fired("a", 0, "a", 1, hits), Fired("a", 1, "b", 2, more))
    assert asked_heads(trace) == {"toxicity": 0.75, "insult": 0.5, "injection": None}
