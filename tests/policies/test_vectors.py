"""Every vector of the reference, word for word."""

from __future__ import annotations

import pytest

from tests.policies.rules import decided, fires, link, post, shown

TITLES = [
    ("title: cat", ["cat", "a cat!", "Cat", "cat-nap"], ["cats", "concat", "_cat_"]),
    ("title: C++", ["I like C++", "C++x", "C++11"], ["xC++"]),
    ('title: "!help"', ["please!help"], []),
    ("title: über", ["über alles"], ["überall"]),
    ("title (includes): insta", ["instantly"], ["inst"]),
    ("title (starts-with): help", ["help me", "HELPER"], ["\nhelp", "no help"]),
    ("title (ends-with): help", ["help\n", "self-help"], ["help!", "help\n\n"]),
    ("title (full-exact): yes", ["YES", "yes\n"], ["yes!", " yes"]),
    ("title (full-text): yes", ["  (yes).", "yes", "yes\n\n"], ["oh yes", "yesno"]),
    ("title (regex): 'a|b'", ["a", "x b"], ["ab"]),
]


@pytest.mark.parametrize(
    ("rule", "title", "holds"),
    [(rule, title, True) for rule, titles, _ in TITLES for title in titles]
    + [(rule, title, False) for rule, _, titles in TITLES for title in titles],
)
def test_title_vector_holds_as_the_reference_says(rule: str, title: str, holds: bool) -> None:
    assert fires(rule, post(title)) is holds


@pytest.mark.parametrize(
    ("domain", "holds"),
    [
        ("www.example.com", True),
        ("example.com", True),
        ("EXAMPLE.com", True),
        ("notexample.com", False),
        ("my-example.com", False),
        ("example.com.evil.org", False),
        ("example.comx", False),
    ],
)
def test_domain_matches_itself_and_its_subdomains_only(domain: str, holds: bool) -> None:
    assert fires("domain: example.com", link(f"https://{domain}/x", domain=domain)) is holds


def test_groups_are_numbered_from_the_whole_value() -> None:
    rule = (
        "body (regex): '(\\d+)-(\\d+)'\n"
        "action: report\n"
        "action_reason: '{{match-1}} {{match-2}} {{match-3}} {{match}}'\n"
    )
    found = shown(rule, post(body="vote 10-20 now"))
    assert found["action_reason"] == "10-20 10 20 10-20"


def test_every_search_discarded_fails_the_target() -> None:
    assert not fires("~url: bad.example", post())
    assert fires("~url: bad.example", link("https://good.example/"))
    assert fires("~url: bad.example\ntitle: cat", post("cat"))


def test_an_absent_field_is_an_empty_text() -> None:
    assert fires("~flair_text (regex): '.+'", post())
    assert not fires("flair_text (regex): '.+'", post())
    assert not fires("~flair_text (regex): '.+'", post(flair_text="News"))


def test_a_rule_fires_with_its_name_and_index() -> None:
    text = (
        "# only a note\n---\n# first\ntitle: dog\nset_nsfw: true\n---\n[a, list]\n---\n# second\n"
    )
    found = decided(text + "title: cat\nset_nsfw: true\n", post("cat"))
    assert [(one.rule, one.name) for one in found.fired] == [(1, "second")]
