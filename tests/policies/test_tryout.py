"""`policy try`: JSON with AutoModerator's names in, what the rules would do out."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greenroom.errors import ConfigError
from greenroom.message import MessageKind
from greenroom.policies import try_lines
from greenroom.policies.incoming import NotAMessage, message_of
from tests.policies.rules import NOW, policy

RULES = """\
# Cats
title+body: cat
action: remove
action_reason: 'a {{kind}}: {{match}}'
comment: 'Hello {{author}}'
set_flair: [Cats, cats]
---
# Reports
reports: 2
modmail: look
set_locked: true
---
# Old hands
author:
    account_age: "> 1 year"
    comment_karma: "> 100"
message: thanks
---
# On a solved thread
parent_submission:
    flair_text: Solved
    set_locked: true
body: thanks
action: approve
"""


def tried(*values: dict[str, Any]) -> list[dict[str, Any]]:
    lines = [json.dumps(one) for one in values]
    return list(try_lines(policy(RULES), lines, now=NOW, file="m.jsonl"))


def test_every_name_of_the_issue_is_read() -> None:
    message = message_of(
        {
            "kind": "link submission",
            "id": "abc",
            "title": "T",
            "body": "B",
            "url": "https://www.example.com/x",
            "domain": "example.com",
            "flair_text": "F",
            "flair_css_class": "f",
            "reports": 3,
            "is_edited": True,
            "is_top_level": False,
            "subreddit": "harbour",
            "permalink": "https://r.example/abc",
            "author": {
                "name": "mika",
                "comment_karma": 1,
                "post_karma": 2,
                "account_age_days": 3,
                "flair_text": "VIP",
                "is_moderator": False,
                "is_contributor": True,
            },
            "parent_submission": {"title": "P", "kind": "text submission"},
            "mystery": [1, 2],
        },
        now=NOW,
    )
    assert (message.platform, message.kind, message.id) == (
        "reddit",
        MessageKind.LINK_SUBMISSION,
        "abc",
    )
    assert (message.title, message.text, message.url) == ("T", "B", "https://www.example.com/x")
    assert message.flair is not None
    assert (message.flair.text, message.flair.css_class) == ("F", "f")
    assert (message.reports, message.is_edited, message.is_top_level) == (3, True, False)
    assert (message.community.name, message.permalink) == ("harbour", "https://r.example/abc")
    author = message.author
    assert (author.name, author.comment_karma, author.post_karma) == ("mika", 1, 2)
    assert author.created_at is not None
    assert (NOW - author.created_at).days == 3
    assert (author.is_moderator, author.is_contributor, author.is_gold) == (False, True, None)
    assert author.flair is not None
    assert message.parent is not None
    assert message.parent.title == "P"


def test_what_is_absent_is_unknown() -> None:
    message = message_of({}, now=NOW)
    assert (message.kind, message.text, message.title) == (MessageKind.COMMENT, "", None)
    unknown = (message.reports, message.is_edited, message.parent, message.flair)
    assert unknown == (None, None, None, None)
    assert (message.author.comment_karma, message.author.created_at) == (None, None)
    assert message_of({"title": "x"}, now=NOW).kind is MessageKind.TEXT_SUBMISSION
    assert message_of({"title": "x", "url": "u"}, now=NOW).kind is MessageKind.LINK_SUBMISSION
    assert message_of({"author": "bob", "platform": "slack"}, now=NOW).author.name == "bob"


def test_results_have_automoderator_s_names() -> None:
    (found,) = tried(
        {
            "kind": "text submission",
            "title": "My cat",
            "reports": 2,
            "author": {"name": "mika", "account_age_days": 800, "comment_karma": 200},
        }
    )
    assert found["fired"] == [
        {"rule": 0, "name": "Cats"},
        {"rule": 1, "name": "Reports"},
        {"rule": 2, "name": "Old hands"},
    ]
    assert (found["action"], found["action_reason"]) == ("remove", "a submission: cat")
    assert found["comment"] == "Hello mika"
    assert found["set_flair"] == ["Cats", "cats"]
    assert found["set_locked"] is True
    assert found["modmail"] == "look"
    assert found["modmail_subject"] == found["message_subject"] == "AutoModerator notification"
    assert found["message"] == "thanks"
    json.dumps(found)


def test_nothing_fired_is_a_line_too() -> None:
    found = tried({"body": "dog"}, {"title": "a cat"}, {})
    assert [bool(one["fired"]) for one in found] == [False, True, False]
    assert (found[0]["action"], found[0]["comment"], found[0]["set_flair"]) == (None, None, None)


def test_automoderator_s_own_posts_are_skipped() -> None:
    (own,) = tried({"title": "a cat", "author": {"name": "AutoModerator"}})
    assert (own["fired"], len(own["notes"])) == ([], 1)
    (other,) = tried({"title": "a cat", "author": "AutoModerator", "platform": "discord"})
    assert other["fired"]


def test_parents_have_their_own_results() -> None:
    parent = {"title": "x", "flair_text": "Solved"}
    (found,) = tried({"body": "thanks", "parent_submission": parent})
    assert found["parent_submission"] == {"set_locked": True}
    assert found["action"] is None
    assert "approve acts on" in found["notes"][0]
    (found,) = tried({"body": "thanks", "is_spam_filtered": True, "parent_submission": parent})
    assert found["action"] == "approve"


def test_signals_may_be_given() -> None:
    rules = policy(
        "triage: {toxicity: '> 0.5'}\naction: filter\n---\nsimilar_to (removed): '> 0.9'\n"
        "intent: help\naction: escalate\n"
    )
    line = {
        "body": "x",
        "scores": {"toxicity": 0.9},
        "intent": "help",
        "precedents": [{"verdict": "removed", "score": 0.95, "text": "y"}],
    }
    (found,) = try_lines(rules, [json.dumps(line)], now=NOW)
    assert [one["rule"] for one in found["fired"]] == [0, 1]


def test_other_names_of_the_language_are_read() -> None:
    message = message_of(
        {
            "kind": "crosspost submission",
            "media_title": "M",
            "media_author": "A",
            "poll_option_text": ["a", "b"],
            "crosspost_id": "c",
            "crosspost_title": "C",
            "crosspost_author": {"name": "bob"},
            "crosspost_subreddit": "pics",
            "is_original_content": True,
            "channel": "#help",
            "subreddit": {"name": "harbour", "is_nsfw": True},
            "removed": True,
            "author": {"link_karma": 5, "roles": ["mod"], "contributor_quality": "low"},
        },
        now=NOW,
    )
    assert message.media is not None
    assert message.media.title == "M"
    assert message.poll_options == ("a", "b")
    assert message.crosspost is not None
    assert message.crosspost.author is not None
    assert message.crosspost.community is not None
    assert message.crosspost.community.name == "pics"
    assert (message.channel.name, message.community.is_nsfw) == ("help", True)
    assert message.standing.is_removed is True
    assert (message.author.post_karma, message.author.roles) == (5, ("mod",))


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "m.jsonl:2:2: is not JSON"),
        ("[1]", "m.jsonl:2: is not a JSON object"),
        ("[" * 100_000, "m.jsonl:2"),
        ('{"title": ["x"]}', "m.jsonl:2: `title` must be a text"),
        ('{"reports": "many"}', "m.jsonl:2: `reports` must be a number"),
        ('{"reports": NaN}', "`reports` must be a number of reasonable size"),
        ('{"reports": 1e999}', "of reasonable size"),
        ('{"is_edited": "yes"}', "`is_edited` must be true or false"),
        ('{"author": [1]}', "`author` must be an object"),
        ('{"author": {"comment_karma": "x"}}', "`author.comment_karma` must be a number"),
        ('{"author": {"account_age_days": 1e12}}', "`author.account_age_days` is out of range"),
        ('{"kind": "poem"}', "`kind` must be one of comment, text submission"),
        ('{"scores": {"toxicity": "high"}}', "`scores.toxicity` must be a number"),
        ('{"precedents": 3}', "`precedents` must be a list"),
        ('{"poll_option_text": [1]}', "`poll_option_text` must be a list of texts"),
        ('{"parent_submission": "x"}', "`parent_submission` must be an object"),
    ],
)
def test_a_bad_line_is_told_with_its_place(line: str, says: str) -> None:
    lines = try_lines(policy(RULES), ["{}\n", line], now=NOW, file="m.jsonl")
    assert next(lines)["fired"] == []
    with pytest.raises(ConfigError) as caught:
        next(lines)
    assert says in str(caught.value)


def test_blank_lines_are_passed_over() -> None:
    assert len(list(try_lines(policy(RULES), ["\n", "\ufeff{}", "  "], now=NOW))) == 1


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=5,
)
NAMES = st.sampled_from(
    ["kind", "title", "body", "url", "domain", "author", "reports", "subreddit", "platform",
     "flair_text", "parent_submission", "scores", "precedents", "channel", "poll_option_text"]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(NAMES, JSON, max_size=6))
def test_hostile_objects_are_read_or_refused(values: dict[str, Any]) -> None:
    try:
        message = message_of(values, now=NOW)
    except NotAMessage:
        return
    assert message.text == (values.get("body") or "") or not isinstance(values.get("body"), str)


@pytest.mark.parametrize(
    "body",
    ["", "\x00", "\ud800", "\u202eabc", "\u200b" * 50, "a" * 1_000_000, "@x " * 10_000, "<b>&",
     "{{match}} {{body}}", "---\ntitle: x", "'\"`;--", "\r\n\t\x1b[31m"],
)  # fmt: skip
def test_hostile_text_goes_through(body: str) -> None:
    (found,) = tried({"kind": "text submission", "title": body[:300], "body": body + " cat"})
    assert found["fired"][0]["rule"] == 0
    json.dumps(found)
