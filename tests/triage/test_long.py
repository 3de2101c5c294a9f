"""An insult is found wherever in a long message it stands, and no word is left unread."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from greenroom.triage.base import SCORES_ONLY, Reading
from greenroom.triage.encoder import Encoder
from greenroom.triage.manifest import SHIPPED
from greenroom.triage.windows import MAX_WHOLE_TEXT, MAX_WINDOWS, OVERLAP, Windower

LENGTH = 10_000
FILLERS = (
    "the garden was quiet and the tea was warm that afternoon. ",
    "we went on with the campaign and my bard found a map of the old harbour in the tavern. ",
    "first install the package, then open the settings and choose the folder with your photos. ",
)
INSULTS = (
    "you are a stupid fucking bitch",
    "shut up you worthless piece of shit",
    "you fucking moron, nobody likes you",
)
CLEARLY = 10.0
"""Times the filler's own odds. Beside 120 harmless tokens an insult of 8 is thinned out, so that
how high it scores is the model's affair; that it stands out is what windows have to see to."""

WORDS = (
    "garden", "was", "quiet", "and", "afternoon", "we", "played", "hello,", "(really)", "100%",
    "https://example.org/page", "12345", "😂", "ünïcödé", "Привет", "tree-house", "don't", "a.b.c",
    "antidisestablishmentarianism", "?!?", "#general", "@user", "ＡＢＣ", "日本語",
)  # fmt: skip
ORDINARY = ("garden", "evening", "people", "because", "another", "the", "question", "update")


@pytest.fixture(scope="module")
def windower() -> Windower:
    return Windower(SHIPPED / "tokenizer.json", max_tokens=128)


@pytest.fixture(scope="module")
def worst(encoder: Encoder) -> Callable[[str], float]:
    """How offensive a text is: the higher of two heads that an insult raises."""

    @cache
    def score(text: str) -> float:
        scores = _whole(encoder.read(text, SCORES_ONLY)).scores
        return max(scores["toxicity"], scores["insult"])

    return score


def _whole(reading: Reading) -> Reading:
    assert reading.windows == reading.windows_read > 10
    return reading


# --- Found -----------------------------------------------------------------------------


@pytest.mark.parametrize(("filler", "insult"), list(zip(FILLERS, INSULTS, strict=True)))
@pytest.mark.parametrize("place", [0.0, 0.5, 1.0], ids=["beginning", "middle", "end"])
def test_an_insult_in_a_long_message_is_found(
    worst: Callable[[str], float], filler: str, insult: str, place: float
) -> None:
    assert _odds(worst(_planted(filler, insult, place))) > CLEARLY * _odds(worst(_harmless(filler)))


@given(st.floats(0, 1), st.sampled_from(INSULTS), st.sampled_from(FILLERS))
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=8)
def test_no_place_hides_an_insult(
    worst: Callable[[str], float], place: float, insult: str, filler: str
) -> None:
    assert _odds(worst(_planted(filler, insult, place))) > CLEARLY * _odds(worst(_harmless(filler)))


def _odds(score: float) -> float:
    return score / (1 - score + 1e-9)


def _harmless(filler: str) -> str:
    return (filler * (LENGTH // len(filler) + 1))[:LENGTH]


def _planted(filler: str, insult: str, place: float) -> str:
    """The filler with an insult between two of its words, `place` of the way through."""
    text = _harmless(filler)
    at = text.rfind(" ", 0, round(place * len(text)) + 1) + 1
    return f"{text[:at]}{insult} {text[at:]}"


# --- Covered ---------------------------------------------------------------------------


@given(st.integers(0, 2**32), st.integers(1, 3_000))
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=40)
def test_every_token_is_in_a_window_and_neighbours_overlap(
    windower: Windower, seed: int, count: int
) -> None:
    text = _text(WORDS, seed, count)
    windows = windower.cut(text)
    if windows.total > MAX_WINDOWS:  # denser than ordinary words; the reading says that
        assert len(windows.ids) == MAX_WINDOWS
        return
    parts = [ids[0, 1:-1].tolist() for ids in windows.ids]
    joined = list(parts[0])
    for part in parts[1:]:
        shared = _shared(joined, part, windower, text)
        assert shared >= min(OVERLAP, len(part))
        joined += part[shared:]
    assert joined == _tokens(text)
    assert all(ids.shape[1] <= 128 for ids in windows.ids)


@given(st.integers(0, 2**32), st.integers(1, 2_000))
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=25)
def test_every_word_is_whole_in_some_window(windower: Windower, seed: int, count: int) -> None:
    text = _text(WORDS, seed, count)
    windows = windower.cut(text)
    assert windows.total == len(windows.ids)
    read = [_joined(ids[0, 1:-1].tolist()) for ids in windows.ids]
    for word in set(text.split()):
        assert any(_joined(_tokens(word)) in window for window in read), word


def test_ordinary_words_are_read_to_the_last_nearly_up_to_the_bound(windower: Windower) -> None:
    text = _text(ORDINARY, 0, MAX_WHOLE_TEXT)[: MAX_WHOLE_TEXT - 100]
    windows = windower.cut(f"zebra {text} giraffe")
    assert windows.total == len(windows.ids) <= MAX_WINDOWS


def _text(words: tuple[str, ...], seed: int, count: int) -> str:
    return " ".join(random.Random(seed).choices(words, k=count))


@cache
def _wide() -> Windower:
    """Puts any text that is tokenised whole into one window."""
    return Windower(SHIPPED / "tokenizer.json", max_tokens=10**6)


def _tokens(text: str) -> list[int]:
    (ids,) = _wide().cut(text).ids
    found: list[int] = ids[0, 1:-1].tolist()
    return found


def _joined(tokens: list[int]) -> str:
    return f" {' '.join(map(str, tokens))} "


def _shared(joined: list[int], part: list[int], windower: Windower, text: str) -> int:
    """How many tokens of `part` are the last of `joined`: 32, and more before the last window."""
    whole = _tokens(text)
    is_last = len(joined) - OVERLAP + len(part) > len(whole)
    shared = len(joined) + len(part) - len(whole) if is_last else OVERLAP
    assert joined[-shared:] == part[:shared]
    return shared
