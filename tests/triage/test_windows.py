"""No word of a message up to tens of thousands of characters is left unread."""

from __future__ import annotations

import pytest

from greenroom.triage.manifest import SHIPPED
from greenroom.triage.windows import MAX_WHOLE_TEXT, MAX_WINDOWS, OVERLAP, Windower, evenly


@pytest.fixture(scope="module")
def windower() -> Windower:
    return Windower(SHIPPED / "tokenizer.json", max_tokens=128)


def test_short_text_is_one_window(windower: Windower) -> None:
    windows = windower.cut("hello world")
    assert [ids.shape for ids in windows.ids] == [(1, 4)]
    assert windows.total == 1


def test_windows_overlap_and_cover_every_token(windower: Windower) -> None:
    text = " ".join(str(number) for number in range(1000, 1900))
    whole = windower.cut(text)
    starts = [ids[0, 1:-1].tolist() for ids in whole.ids]
    joined = starts[0]
    for window in starts[1:-1]:
        assert joined[-OVERLAP:] == window[:OVERLAP]
        joined = joined + window[OVERLAP:]
    assert whole.total == len(whole.ids)
    assert starts[-1][-1] == windower.cut("1899").ids[0][0, -2]
    assert all(ids.shape[1] == 128 for ids in whole.ids)


def test_very_long_text_keeps_its_head_and_tail(windower: Windower) -> None:
    text = "zebra " + "word " * 300_000 + "giraffe"
    windows = windower.cut(text)
    assert len(windows.ids) == MAX_WINDOWS < windows.total
    assert windower.cut("zebra").ids[0][0, 1] in windows.ids[0]
    assert windower.cut("giraffe").ids[0][0, -2] in windows.ids[-1]


def test_dense_long_text_keeps_its_last_token(windower: Windower) -> None:
    windows = windower.cut("?" * (MAX_WHOLE_TEXT + 1) + "!")
    assert windower.cut("!").ids[0][0, 1] in windows.ids[-1]


def test_evenly_keeps_the_ends() -> None:
    assert evenly([1, 2, 3], 5) == [1, 2, 3]
    assert evenly(range(100), 3) == [0, 50, 99] or evenly(range(100), 3) == [0, 49, 99]


@pytest.mark.parametrize("char", ["字", "?", "a ", "ы"])
def test_ten_thousand_characters_are_read_whole_in_any_script(
    windower: Windower, char: str
) -> None:
    windows = windower.cut((char * 10_000)[:10_000])
    assert windows.total == len(windows.ids)


@pytest.mark.parametrize("max_tokens", [4, 16, 34, 35])
def test_small_windows_cover_every_token_too(max_tokens: int) -> None:
    windower = Windower(SHIPPED / "tokenizer.json", max_tokens=max_tokens)
    text = " ".join(str(number) for number in range(1000, 1050))
    read = {int(token) for ids in windower.cut(text).ids for token in ids[0]}
    whole = Windower(SHIPPED / "tokenizer.json", max_tokens=4096).cut(text).ids[0][0]
    assert read == {int(token) for token in whole}
