"""Folding undoes disguises, leaves ordinary text alone, and knows where everything stood."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greenroom.fold import Folded, fold

MIXED = (
    "abBiIst0134571$@!.-_ /\n~<>:|9"
    # look-alikes and others, compatibility forms, marks, unseen
    "\u0430\u0441\u043e\u0436\u0456\u03bf\u03b1\u03bb\u0585\u13a0\u1d04\u0131\u00e9\u00df"
    "\uff41\uff21\U0001d4ef\u2460\u24d0\u249c\ufb01\u2026\u00bd\u00b4\ufdfa\u3392\u337f"
    "\u0300\u0301\u0323\u0327\u0336\u20e3\ufe0f\u3099"
    "\u200b\u200c\u200d\u00ad\u2060\ufeff\u061c\u3164\u180e\x00\x7f\x85\ue000\U000e0041"
    "\U0001f171\U0001f1e6\U0001f1fa\U0001f1f8\U0001f602\u2764"
    "\ud800\udc00\u0378\u05d0\u05bc\u0627\u064b\u0653\u0915\u093c\u0958\u0e19\u0e33"
    "\u304b\uff76\uff9e\u30cf\u1112\u1161\u11ab\uac00\u314b\uffa1\u6625\u00b7"
)
PIECES = (
    "f u c k", "sh1t", "1d10t", "\u0430", "\u0441\u043e", "hello", "a$", "b!", " ", "x@y.z",
    "://", "www.", "<:", ":1>",
)  # fmt: skip
texts = st.one_of(
    st.text(max_size=40),
    st.text(alphabet=MIXED, max_size=24),
    st.text(alphabet=st.characters(), max_size=12),
    st.text(alphabet="ab t1$!@. -\u0430\u0436\u200b\u0301", max_size=16),
    st.lists(
        st.sampled_from(
            PIECES
        ),
        max_size=8,
    ).map("".join),
)  # fmt: skip
many = settings(max_examples=1500, deadline=None)


def check_places(folded: Folded, text: str) -> None:
    length = len(folded.text)
    if folded.starts is None or folded.ends is None:
        assert folded.starts is folded.ends is None
        assert length == len(text)
        return
    starts, ends = list(folded.starts), list(folded.ends)
    assert len(starts) == len(ends) == length
    assert starts == sorted(starts)
    assert ends == sorted(ends)
    assert all(0 <= start < end <= len(text) for start, end in zip(starts, ends, strict=True))


@many
@given(texts, st.data())
def test_every_character_knows_where_it_stood(text: str, data: st.DataObject) -> None:
    folded = fold(text)
    check_places(folded, text)
    start = data.draw(st.integers(0, len(folded.text)))
    end = data.draw(st.integers(start, len(folded.text)))
    first, last = folded.original(start, end)
    assert 0 <= first <= last <= len(text)
    assert start == end or first < last


@many
@given(texts)
def test_what_is_folded_stays_as_it_is(text: str) -> None:
    once = fold(text).text
    assert fold(once).text == once


@given(texts)
def test_folding_is_the_same_every_time(text: str) -> None:
    assert fold(text).text == fold(text).text


@given(st.from_regex(r"([a-zA-Z]{2,8}[ ,.?!;'\"]{1,2}){0,8}", fullmatch=True))
def test_plain_words_are_left_as_they_are(text: str) -> None:
    folded = fold(text)
    if not re.search(r"[A-Za-z]![A-Za-z]", text):
        assert folded.text == text
    assert folded.starts is None


@given(texts, st.sampled_from(["a", "[a-z]+", ".", r"\s", r"\w\w"]))
def test_a_rewriting_keeps_places(text: str, pattern: str) -> None:
    folded = fold(text)
    assert folded.rewritten(re.compile(pattern), lambda found: [(found, 0, len(found))]) is folded
    longer = folded.rewritten(re.compile(pattern), lambda found: [("xyz", 0, len(found))])
    check_places(longer, text)
    check_places(folded.rewritten(re.compile(pattern), lambda _: ()), text)


def test_a_rewriting_tells_where_what_it_says_comes_from() -> None:
    folded = fold("a\u200bb 12345 c").rewritten(
        re.compile(r"\d+"), lambda one: [("0", 0, len(one))]
    )
    assert folded.text == "ab 0 c"
    assert [folded.original(*span) for span in ((0, 2), (3, 4), (5, 6), (4, 4), (0, 0))] == [
        (0, 3), (4, 9), (10, 11), (9, 9), (0, 0),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("disguised", "plain"),
    [
        ("sh1t", "shit"),
        ("5h1t", "shit"),
        ("1d10t", "idiot"),
        ("a$$hole", "asshole"),
        ("you a$$!", "you ass!"),
        ("b!tch", "bitch"),
        ("f@ck", "fack"),
        ("fu\u0441k \u0443\u043eu", "fuck you"),
        ("\u043aill them", "kill them"),  # a small letter whose capital looks Latin
        ("\u0406D\u0406\u041eT", "IDIOT"),
        (
            "such a b\u0430d \u0430\u0455\u0455",
            "such a bad ass",
        ),  # all Cyrillic, in a text that is Latin
        ("\uff46\uff55\uff43\uff4b", "fuck"),
        ("\U0001d4ef\U0001d4fe\U0001d4ec\U0001d4f4 \U0001d432\U0001d428\U0001d42e", "fuck you"),
        ("\u24d5\u24e4\u24d2\u24da", "fuck"),
        ("\u24a6\u24a4\u24a7\u24a7", "kill"),
        ("i\u200bd\u200di\u00ado\u2060t", "idiot"),
        ("id\x00i\x7fot", "idiot"),
        ("i\ud800diot", "idiot"),
        ("i\u0334\u0321d\u0316\u0301\u0310i\u0336o\u0301\u0302\u0303\u0304t\u20e3", "idiot"),
        ("\U0001f175\U0001f184\U0001f172\U0001f17a", "fuck"),
        ("\U0001f171\ufe0fruh", "bruh"),
        ("\U0001f1eb\U0001f1fa\U0001f1e8\U0001f1f0", "fuck"),
        ("\U0001f1f8 \U0001f1ed \U0001f1ee \U0001f1f9", "shit"),
        ("\ua730\u1d1c\u1d04\u1d0b \u028f\u1d0f\u1d1c", "fuck you"),
        ("f u c k you", "fuck you"),
        ("f u \u0441 k you", "fuck you"),
        ("k.i.l.l", "kill"),
        ("k - i - l - l", "kill"),
        ("k\ni\nl\nl", "kill"),
        ("cafe\u0301", "caf\u00e9"),
        ("well\u2026", "well..."),
    ],
)
def test_a_disguise_is_undone(disguised: str, plain: str) -> None:
    folded = fold(disguised)
    assert folded.text == plain
    check_places(folded, disguised)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "user@example.org, j0hn.d03@mail.example.com",
        "mp3 1st ps5 4k 3am 1v1 $5 5$ US$5 A$ 50",
        "\u0447\u0442\u043e \u0437\u0430 \u0441\u043e\u0440, \u0440\u0438\u0441?",
        "\u041f\u0440\u0438\u0432\u0435\u0442 \u0432\u0441\u0435\u043c \u0432 Discord",
        "\u03ba\u03b1\u03b9 \u03c4\u03bf \u03bd\u03b5\u03c1\u03cc",
        "\u0928\u092e\u0938\u094d\u0924\u0947 \u0958\u0932\u092e",
        "\u0627\u0644\u0633\u0644\u0627\u0645 \u0639\u0644\u064a\u0643\u0645 \ufdfa",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  # Persian parts words with a non-joiner
        "\u05e9\u05c1\u05b8\u05dc\u05d5\u05b9\u05dd",
        "\u0e19\u0e49\u0e33\u0e43\u0e08",
        "\u3053\u3093\u306b\u3061\u306f T\u30b7\u30e3\u30c4 \u6625 \u590f \u79cb \u51ac",
        "\ud55c\uad6d\uc5b4 \u314b\u314b\u314b",
        "caf\u00e9 na\u00efve \u00dcber k\u0131z Vi\u1ec7t",
        "the U.S. and e.g. you",
        "don\u2019t don\u00b4t stop!you",
        "https://x.y.z.example/a1b2c3?q=sh1t www.s1te.example",
        "<@123> <@!123> <@U1B2C3> <#C1A2|g3n> <:n1ce:123> <a:w0w:123> <:a_b_c:1>",
        "\U0001f1fa\U0001f1f8 and \U0001f1fa\U0001f1f8\U0001f1ec\U0001f1e7",
        "\U0001f602\U0001f602 \U0001f44d\U0001f3fd",
    ],
)
def test_what_is_no_disguise_stays(text: str) -> None:
    folded = fold(text)
    assert folded.text == text
    assert folded.starts is None


def test_a_look_alike_host_is_spelled_in_latin_letters() -> None:
    assert fold("see https://g\u043e\u043egle.example/").text == "see https://google.example/"


@pytest.mark.parametrize(
    "piece",
    [
        "\u00e9\U0001f602a", "a b c d ", "a ", "a b c, ", "\u0301", "\u0316\u0301", "a\u0301",
        "$", "a$", "a1", "1a1a ", "b!", "\uff21a", "\ufb01", "\u337f", "\ufdfa", "a\u200b",
        "fu\u0441k", "fu\u0441k ", "\u0441\u043e\u0440 hello ", "\U0001f1fa\U0001f1f8", "a@",
        "www.", "a://", "<@", "a-b@c", " ", "\n", "0",
    ],
)  # fmt: skip
def test_a_megabyte_is_folded_in_linear_time(piece: str) -> None:
    """Eight times the text takes at most some eight times as long, whatever it is made of."""
    text = (piece * (2**20 // len(piece) + 1))[: 2**20]
    fold(text[:100])
    started = time.process_time()
    fold(text[: 2**17])
    part = time.process_time() - started
    started = time.process_time()
    fold(text)
    whole = time.process_time() - started
    assert whole < max(24 * part, 0.4)
    assert whole < 5  # a tenth of it where nothing else runs; most where one becomes four
