"""Rules find disguised words, show them as they were written, and can be told not to."""

from __future__ import annotations

import time
from typing import Any

import pytest

from greenroom.fold import Folded, fold
from greenroom.message import Hit, Message
from greenroom.policies import evaluate
from tests.policies.rules import NOTHING, NOW, comment, decided, faults, fires, link, policy, post

IDIOT = 'body (includes-word): ["idiot"]'
CYRILLIC = "\u0456d\u0456\u043et"


def hit(check: str, message: Message) -> Hit:
    (found,) = decided(f"{check}\naction: report\n", message).fired
    return found.hits[0]


@pytest.mark.parametrize(
    ("before", "written"),
    [
        ("you ", "1d10t"),
        ("you ", CYRILLIC),
        ("what an ", "i d i o t"),
        ("\u2026\U0001f602\ufe0f ", "i\u200bd\u200bi\u200bo\u200bt"),
        ("well\u2026 ", "\uff29\uff24\uff29\uff2f\uff34"),
    ],
)
def test_a_disguised_word_is_found_where_it_stands(before: str, written: str) -> None:
    body = f"{before}{written}, really"
    assert hit(IDIOT, comment(body)) == Hit(
        "body (includes-word)", "body", written, len(before), len(before) + len(written)
    )
    assert not fires(f"{IDIOT}\nfold: false", comment(body))


def test_the_text_as_it_stands_comes_first() -> None:
    found = hit(IDIOT, comment("1d10t or idiot"))
    assert (found.matched, found.start) == ("idiot", 9)
    found = hit('body: ["1d10t", "idiot"]', comment("a 1d10t"))
    assert (found.matched, found.start) == ("1d10t", 2)


def test_a_match_is_quoted_as_it_was_written() -> None:
    rule = (
        "body (regex): '(you) (idiot)s?'\naction: report\n"
        "action_reason: '{{match}}|{{match-2}}|{{match-3}}'\n"
    )
    found = decided(rule, comment("hey y\u200bou 1d10ts"))
    assert found.actions[0].reason == "y\u200bou 1d10ts|y\u200bou|1d10t"


@pytest.mark.parametrize(
    ("check", "body", "holds"),
    [
        ("body (starts-with): idiot", "1d10ts all", True),
        ("body (starts-with): idiot", "all 1d10ts", False),
        ("body (ends-with): idiot", "you 1d10t", True),
        ("body (full-exact): idiot", "1d10t", True),
        ("body (full-exact): idiot", "a 1d10t", False),
        ("body (full-text): idiot", "*** 1d10t!", True),
        ("body (includes): diot", "you 1d10ts", True),
        ("body (case-sensitive): Idiot", "\u0406diot", True),
        ("body (case-sensitive): idiot", "\u0406DIOT", False),
        ("body (regex): '\\bidiots?\\b'", "1d10ts", True),
        ("body (regex): 'id(?=iot)[a-z]+'", "1d10ts", True),
        ("~body: idiot", "1d10t", False),
        ("~body: idiot\nfold: false", "1d10t", True),
        ("~body: idiot", "n1ce", True),
        ("~body: 1d10t", "a 1d10t", False),
        ("body: idiot\nignore_blockquotes: true", "> 1d10t\nno", False),
        ("body: idiot\nignore_blockquotes: true", "> no\n1d10t", True),
        ("body: idiot\nFold: yes", "1d10t", True),
        ("body_longer_than: 5", "i\u200bd\u200bi\u200bo\u200bt", True),  # lengths are as written
    ],
)
def test_every_search_reads_the_folded_text_too(check: str, body: str, holds: bool) -> None:
    assert fires(check, comment(body)) is holds


@pytest.mark.parametrize(
    ("check", "values"),
    [
        ("title: idiot", {"title": "1d10t"}),
        ("flair_text: idiot", {"flair_text": "1d10t"}),
        ("poll_option_text: idiot", {"poll_option_text": ["1d10t"]}),
        ("media_title: idiot", {"media_title": "1d10t"}),
        ("author: idiot", {"author": {"name": "1d10t"}}),
        ("author: {flair_text: idiot}", {"author": {"flair_text": "1d10t"}}),
    ],
)
def test_what_members_write_is_folded(check: str, values: dict[str, Any]) -> None:
    assert fires(check, post(**values))
    assert not fires(f"{check}\nfold: false", post(**values))


@pytest.mark.parametrize(
    ("check", "message"),
    [
        ("id: bio", post(id="b1o")),
        ("url: pass", link("https://e.example/p4ss")),
        ("domain: google.example", link(domain="g00gle.example")),
        ("flair_css_class: idiot", post(flair_css_class="1d10t")),
        ("subreddit: {name: idiot}", post(subreddit="1d10t")),
        ("community: idiot", post(subreddit="1d10t")),
        ("media_author_url: pass", post(media_author_url="p4ss")),
    ],
)
def test_ids_links_and_places_are_what_they_are(check: str, message: Message) -> None:
    assert not fires(check, message)


def test_who_only_looks_like_a_trusted_member_is_not_spared() -> None:
    assert fires("~author: jane", post(author={"name": "j\u0430ne"}))
    assert not fires("~author: jane", post(author={"name": "jane"}))
    assert fires("author: {~flair_text: VIP}", post(author={"flair_text": "V1P"}))


def test_fold_is_true_or_false_at_the_top_of_a_rule() -> None:
    assert "must be true or false" in faults("body: a\nfold: maybe\naction: report")[0]
    assert "top level" in faults("author: {name: a, fold: false}\naction: report")[0]
    assert not decided("fold: false\naction: report", comment("a")).fired  # it asks nothing


def test_a_search_that_takes_too_long_as_written_may_still_be_found_folded() -> None:
    found = decided("body (regex): '(?=a)(a|aa)+$'\naction: report", comment("a" * 60 + "\u200b"))
    assert [one.hits[0].start for one in found.fired] == [0]


@pytest.mark.parametrize(
    "text", ["e\u0301 a1a ", "\u00e9\U0001f602a", "a b c d ", "\u0301", "$a", "fu\u0441k "]
)
def test_a_disguised_megabyte_costs_little(text: str) -> None:
    rules = policy(
        "---\n".join(f"body: [cat{n}, 'dog{n}']\n~title: x\naction: report\n" for n in range(20))
    )
    message = comment((text * (2**20 // len(text)))[: 2**20])
    started = time.process_time()
    assert not evaluate((rules,), message, NOTHING, now=NOW).fired
    assert time.process_time() - started < 4


def test_a_text_is_folded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    folded: list[str] = []

    def folding(text: str) -> Folded:
        folded.append(text)
        return fold(text)

    monkeypatch.setattr("greenroom.policies.text.fold", folding)
    body = "n1ce words"
    rules = policy("---\n".join(f"body: word{n}\naction: report\n" for n in range(10)))
    evaluate((rules,), comment(body), NOTHING, now=NOW)
    assert folded == [body]
