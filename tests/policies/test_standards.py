"""Standard conditions match what they name, and give way to a rule's own keys."""

from __future__ import annotations

import pytest

from greenroom.policies.standards import STANDARDS
from tests.policies.rules import comment, faults, fires, link, post, remarks

CASES = [
    ("image hosting sites", link("https://i.imgur.com/x"), link("https://example.com/imgur.com")),
    ("direct image links", link("https://e.example/a.PNG?x=1"), link("https://e.example/a.pngx")),
    ("video hosting sites", link("https://www.youtube.com/w"), link("https://notyoutube.com/w")),
    ("streaming sites", link("https://clips.twitch.tv/x"), link("https://example.com")),
    ("crowdfunding sites", link("https://www.gofundme.com/f/x"), link("https://example.com")),
    ("meme generator sites", link("https://imgflip.com/i/1"), link("https://example.com")),
    ("facebook links", comment("see https://m.facebook.com/x"), comment("notfacebook.com/x")),
    ("facebook links", link("https://fb.me/x"), post(body="I left facebook")),
    (
        "amazon affiliate links",
        comment("https://www.amazon.co.uk/dp/B01?ref=a&tag=me-20"),
        comment("https://www.amazon.co.uk/dp/B01"),
    ),
    ("amazon affiliate links", post(body="(https://amzn.to/3x)"), post(body="amazon is large")),
]


@pytest.mark.parametrize(("name", "held", "free"), CASES)
def test_a_standard_matches_what_it_names(name: str, held: object, free: object) -> None:
    rule = f"standard: {name}\naction: remove"
    assert fires(rule, held)  # type: ignore[arg-type]  # messages, from the list above
    assert not fires(rule, free)  # type: ignore[arg-type]


def test_every_standard_of_the_reference_is_there_and_tested() -> None:
    assert {name for name, _, _ in CASES} == set(STANDARDS)
    assert len(STANDARDS) == 8
    for name in STANDARDS:
        assert remarks(f"standard: {name}\naction: remove") == []


def test_a_rule_s_own_keys_override() -> None:
    rule = "standard: Video Hosting Sites\ndomain: example.com\naction: remove"
    assert fires(rule, link("https://example.com/a"))
    assert not fires(rule, link("https://youtube.com/a"))


def test_an_unknown_standard_says_what_there_is() -> None:
    (fault, *_) = faults("standard: memes\naction: remove")
    assert "`standard` cannot be 'memes'" in fault
    assert "meme generator sites" in fault
