"""Placeholders: what they show, what stays as it is, and that members cannot use them."""

from __future__ import annotations

from typing import Any

import pytest

from greenroom.message import Message, Precedent, Signals
from tests.policies.rules import comment, decided, link, post, remarks

WHOLE: dict[str, Any] = {
    "title": "A title",
    "body": "A body",
    "permalink": "https://r.example/p/1",
    "author": {
        "name": "mika",
        "flair_text": "VIP",
        "flair_css_class": "gold",
        "flair_template_id": "t-1",
    },
    "media_author": "Ann",
    "media_author_url": "https://v.example/ann",
    "media_title": "A film",
    "media_description": "Long",
}


def reason(
    template: str, message: Message, checks: str = "~id: none", signals: Signals | None = None
) -> str | None:
    text = f"{checks}\naction: report\naction_reason: '{template}'\n"
    return decided(text, message, signals or Signals()).actions[0].reason


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("author", "mika"),
        ("author_flair_text", "VIP"),
        ("author_flair_css_class", "gold"),
        ("author_flair_template_id", "t-1"),
        ("body", "A body"),
        ("permalink", "https://r.example/p/1"),
        ("subreddit", "harbour"),
        ("kind", "submission"),
        ("title", "A title"),
        ("domain", "example.com"),
        ("url", "https://example.com/a"),
        ("media_author", "Ann"),
        ("media_author_url", "https://v.example/ann"),
        ("media_title", "A film"),
        ("media_description", "Long"),
        ("platform", "reddit"),
        ("Author", "mika"),
    ],
)
def test_a_placeholder_shows_its_value(name: str, value: str) -> None:
    assert reason(f"<{{{{{name}}}}}>", link(**WHOLE)) == f"<{value}>"


def test_what_is_unknown_is_empty() -> None:
    assert reason("[{{author_flair_text}}{{permalink}}{{media_author}}]", post()) == "[]"


def test_a_comment_speaks_of_its_submission() -> None:
    message = comment("hi", parent_submission={"title": "T", "url": "https://a.example/x"})
    assert reason("{{kind}} {{title}} {{url}} {{domain}} {{body}}", message) == (
        "comment T https://a.example/x a.example hi"
    )


MATCHING = "title#1: [cat, dog]\nbody+title#2 (regex): '(sun)(?:ny)? (moon)?'\n~title#3: fish"


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("{{match}}", "Dog"),
        ("{{match-1}}", "Dog"),
        ("{{match-title#1}}", "Dog"),
        ("{{match-title}}", "Dog"),
        ("{{match-title-1}}", "Dog"),
        ("{{match-body+title#2}}", "sunny "),
        ("{{match-body+title}}", "sunny "),
        ("{{match-body+title#2-2}}", "sun"),
        ("{{match-body}}", "sunny "),
        ("{{match-BODY-2}}", "sun"),
        ("<{{match-body-3}}>", "<>"),
        ("{{match-2}}", "{{match-2}}"),
        ("{{match-title#3}}", "{{match-title#3}}"),
        ("{{match-url}}", "{{match-url}}"),
        ("{{unknown}} {{", "{{unknown}} {{"),
        ("{{match}}{{match}}", "DogDog"),
    ],
)
def test_match_placeholders_are_numbered(template: str, value: str) -> None:
    message = post("My Dog", body="a sunny day")
    assert reason(template, message, MATCHING) == value


def test_only_the_base_item_is_quoted() -> None:
    checks = "author: {name (includes): mi}\nbody: cat"
    assert reason("{{match}} {{match-name}}", comment("cat"), checks) == "cat {{match-name}}"


def test_a_place_is_not_what_match_quotes() -> None:
    checks = "platform: reddit\nbody: cat"
    assert reason("{{match}} {{match-platform}}", comment("a Cat"), checks) == "Cat reddit"


def test_own_placeholders_show_scores() -> None:
    signals = Signals(
        scores={"toxicity": 0.987, "sentiment": -0.5},
        intent="help",
        precedents=(Precedent("k", "t", "removed", 0.951), Precedent("k", "t", "approved", 0.99)),
    )
    checks = "similar_to (removed): '> 0.9'\ntriage: {toxicity: '> 0.9'}"
    template = "{{triage.toxicity}} {{sentiment}} {{intent}} {{similar_to}} {{triage.spam}}."
    assert reason(template, comment(), checks, signals) == "0.99 -0.50 help 0.95 ."


def test_member_text_is_never_read_for_placeholders() -> None:
    message = comment("{{author}} {{match}} {{body}}", author={"name": "{{body}}"})
    assert reason("{{body}}/{{author}}", message) == "{{author}} {{match}} {{body}}/{{body}}"


def test_placeholders_that_nothing_fills_are_remarked() -> None:
    found = remarks(
        "~title: cat\nmodmail: '{{autor}} {{match}} {{triage.rage}}'\nmodmail_subject: '{{title}}'"
    )
    text = "\n".join(found)
    assert "unknown placeholder {{autor}}" in text
    assert "{{triage.rage}} names no triage head" in text
    assert "no search here finds anything to quote" in text


def test_why_is_what_the_trace_says() -> None:
    rule = (
        'body: [cat, dog]\nauthor: {account_age: "< 2 days"}\nany: [{title+body: cat}]\n'
        "message: 'Gone: {{why}}.'\naction: remove"
    )
    message = comment("a cat", author={"name": "x", "account_age_days": 1})
    (told,) = [one for one in decided(rule, message).actions if one.kind == "message"]
    assert told.text is not None
    assert told.text.startswith(
        "Gone: body found “cat”; any.0.title+body found “cat”;"
        " author.account_age is 1, wanted < 2 days."
    )
