"""One spelling for what varies, words for emoji, and offsets that lead into the original."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from greenroom.triage.spelling import canonical, spell_out

NASTY = st.sampled_from(
    ["😂", "😂😂😂", "👍🏽", "🇩🇪", "🏳️‍🌈", "\u200b", "\u202e", "e\u0301", "\ud800", "аdmin",
     "f r e e", "<:pepe_sad:12345>", "<@U123|bob>", "<!channel>", "@bob", "u/some_one", "1234567",
     "sooooo", "https://gift.example/claim?ref=1#x", "<", ">", "<@", "://", ":", "\x00", "ﬁ",
     "İ", "ß", "㎏"]
)  # fmt: skip
TEXTS = st.lists(st.one_of(NASTY, st.text(max_size=12)), max_size=12).map("".join)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("so funny 😂", "so funny face with tears of joy"),
        ("so funny 😂😂😂😂", "so funny face with tears of joy"),
        ("2😂2", "2 face with tears of joy 2"),
        ("😂💀", "face with tears of joy skull"),
        ("👍🏽", "thumbs up medium skin tone"),
        ("🏳️\u200d🌈", "white flag rainbow"),
        ("greetings from 🇩🇪", "greetings from germany"),
        ("🇧🇷 x 🇯🇵", "brazil x japan"),
        ("<:pepe_sad:12345678901> hm", "pepe sad hm"),
        ("<a:dance:12345678901>", "dance"),
    ],
)
def test_emoji_are_words(written: str, read: str) -> None:
    assert canonical(written) == read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("<@U123ABC> hi", "@user hi"),
        ("<@U123ABC|bob> hi", "@user hi"),
        ("<@!123456789> and <@&99887766>", "@user and @user"),
        ("see <#C123|general>", "see @user"),
        ("@some.body hi", "@user hi"),
        ("ask u/some_one or /u/another-one", "ask @user or @user"),
        ("<!channel> look", "@everyone look"),
        ("<!here> look", "@everyone look"),
        ("@everyone and @here", "@everyone and @here"),
    ],
)
def test_names_are_one_word_and_calls_stay_calls(written: str, read: str) -> None:
    assert canonical(written) == read


@pytest.mark.parametrize(
    "text",
    ["write to bob@example.org", "a < b > c", "<b>bold</b>", "12:30:45", "r/u/some_one",
     "cost: 1234", "aaa", "see <nothing> here", "menu/item"],
)  # fmt: skip
def test_what_is_no_name_and_no_emoji_stays(text: str) -> None:
    assert canonical(text) == text


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("code 12345", "code 987654321"),
        ("get it https://gift.example/claim?ref=1", "get it https://gift.example/claim?u=2#top"),
        ("sooooo good", "soooooooooo good"),
        ("FREE Nitro", "free nitro"),
        ("free \n\n nitro", "free nitro"),
        ("fr\u200bee ni\u2060tro", "free nitro"),
        ("frее nitro", "free nitro"),  # Cyrillic е
        ("𝐟𝐫𝐞𝐞 nitro", "free nitro"),
        ("hi @mika", "hi @someone-else"),
        ("go 🚀", "go 🚀🚀🚀🚀"),
    ],
)
def test_what_says_nothing_is_spelled_alike(one: str, other: str) -> None:
    assert canonical(one) == canonical(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("I have 3 cats", "I have 4 cats"),  # short numbers may matter
        ("https://gift.example/a-page", "https://good.example/a-page"),
        ("good", "god"),
        ("😂", "💀"),
        ("🇩🇪", "🇫🇷"),
        ("@everyone hi", "@mika hi"),
        ("", "a"),
    ],
)
def test_what_matters_is_told_apart(one: str, other: str) -> None:
    assert canonical(one) != canonical(other)


@given(TEXTS)
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_canonical_is_one_line_of_lower_case(text: str) -> None:
    said = canonical(text)
    assert said == canonical(text)
    assert said == " ".join(said.split())
    assert said == said.lower() or not said.isascii()  # some capitals have two lower cases


@given(TEXTS)
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_offsets_lead_into_the_original_and_never_back(text: str) -> None:
    spelled = spell_out(text)
    spans = [spelled.original(place, place + 1) for place in range(len(spelled.text))]
    assert all(0 <= start <= end <= len(text) for start, end in spans)
    assert [start for start, _ in spans] == sorted(start for start, _ in spans)
    assert [end for _, end in spans] == sorted(end for _, end in spans)


@given(TEXTS, TEXTS)
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_plain_word_is_found_where_it_stood(before: str, after: str) -> None:
    text = f"{before} heronry {after}"
    spelled = spell_out(text)
    assume(spelled.text.count("heronry") == 1)  # in an unfinished link or mention it may be gone
    place = spelled.text.index("heronry")
    start, end = spelled.original(place, place + len("heronry"))
    assert text[start:end] == "heronry"


@pytest.mark.parametrize(
    ("text", "word", "original"),
    [
        ("oh 😂😂 you", "tears", "😂😂"),
        ("hi <@U123|bob> there", "user", "<@U123|bob>"),
        ("it is sooooooo good", "sooo", "sooooooo"),
        ("code 1234567 now", "000", "1234567"),
        ("a <:pepe_sad:99> day", "pepe sad", "<:pepe_sad:99>"),
    ],
)
def test_what_was_respelled_leads_to_what_was_written(text: str, word: str, original: str) -> None:
    spelled = spell_out(text)
    place = spelled.text.index(word)
    start, end = spelled.original(place, place + len(word))
    assert text[start:end] == original


@pytest.mark.parametrize(
    "text",
    ["<" * 50_000, "@" * 50_000, "<@" * 25_000, "u/" * 25_000, "https://" * 6_000, "😂" * 20_000,
     "a1" * 25_000, "<:a:" * 12_000, "🇩" * 20_001, "<@u|" + "x" * 50_000],
    ids=["angles", "ats", "mentions", "users", "links", "emoji", "leet", "custom", "flags", "open"],
)  # fmt: skip
@pytest.mark.timeout(60)
def test_long_hostile_text_is_spelled_in_one_go(text: str) -> None:
    assert isinstance(canonical(text), str)
