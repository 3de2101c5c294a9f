"""Checks on authors and communities: thresholds, units, floors, facts, shorthand, sub-groups."""

from __future__ import annotations

from typing import Any

import pytest

from tests.policies.rules import comment, decided, faults, fires, link, post, remarks


def rule(*lines: str) -> str:
    return "author:\n" + "".join(f"    {line}\n" for line in lines)


@pytest.mark.parametrize(
    ("line", "author", "holds"),
    [
        ('comment_karma: "< 10"', {"comment_karma": 9}, True),
        ('comment_karma: "< 10"', {"comment_karma": 10}, False),
        ('comment_karma: "<10"', {"comment_karma": -3}, True),
        ("comment_karma: < 10", {"comment_karma": 9}, True),
        ('comment_karma: ">10"', {"comment_karma": 11}, True),
        ('comment_karma: ">= 10"', {"comment_karma": 10}, True),
        ('comment_karma: "<= 10"', {"comment_karma": 10}, True),
        ("comment_karma: 10", {"comment_karma": 10}, True),
        ("comment_karma: 10", {"comment_karma": 11}, False),
        ('comment_karma: "= 10"', {"comment_karma": 10}, True),
        ('comment_karma: "== 10"', {"comment_karma": 11}, False),
        ('comment_karma: "< -15"', {"comment_karma": -16}, True),
        ('comment_karma: "< 10"', {}, False),
        ('comment_karma: "= -100"', {"comment_karma": -5000}, True),
        ('comment_karma: "< -100"', {"comment_karma": -5000}, False),
        ('post_karma: "= 0"', {"post_karma": -7}, True),
        ('link_karma: "< 50"', {"post_karma": 7}, True),
        ('post_karma: "< 50"', {"link_karma": 7}, True),
        ('combined_karma: "< 20"', {"comment_karma": 5, "post_karma": 14}, True),
        ('combined_karma: "= -100"', {"comment_karma": -900, "post_karma": -900}, True),
        ('combined_karma: "< 20"', {"comment_karma": 5}, False),
        ('comment_subreddit_karma: "< -500"', {"comment_subreddit_karma": -501}, True),
        ('post_subreddit_karma: "> 5"', {"post_subreddit_karma": 6}, True),
        (
            'combined_subreddit_karma: "> 5"',
            {"post_subreddit_karma": 3, "comment_subreddit_karma": 3},
            True,
        ),
        ('account_age: "< 7 days"', {"account_age_days": 6.9}, True),
        ('account_age: "< 7 days"', {"account_age_days": 7}, False),
        ('account_age: "< 7"', {"account_age_days": 6}, True),
        ('account_age: "> 8 months"', {"account_age_days": 241}, True),
        ('account_age: ">8 months"', {"account_age_days": 240}, False),
        ('account_age: "< 1 hour"', {"account_age_days": 1 / 25}, True),
        ('account_age: "< 90 minutes"', {"account_age_days": 1 / 24}, True),
        ('account_age: "< 2 Weeks"', {"account_age_days": 13}, True),
        ('account_age: "> 1 year"', {"account_age_days": 366}, True),
        ("account_age: 7 days", {"account_age_days": 7.5}, True),
        ("account_age: 7 days", {"account_age_days": 8}, False),
        ('account_age: ">= 7 days"', {"account_age_days": 7}, True),
        ('account_age: "< 7 days"', {}, False),
        ('contributor_quality: "< moderate"', {"contributor_quality": "low"}, True),
        ('contributor_quality: "< moderate"', {"contributor_quality": "moderate"}, False),
        ("contributor_quality: lowest", {"contributor_quality": "LOWEST"}, True),
        ('contributor_quality: "> high"', {"contributor_quality": "highest"}, True),
        ('contributor_quality: "= low"', {"contributor_quality": "low"}, True),
        ('contributor_quality: "< high"', {}, False),
        ("is_gold: true", {"is_gold": True}, True),
        ("is_gold: false", {"is_gold": False}, True),
        ("is_gold: false", {}, False),
        ("has_verified_email: false", {"has_verified_email": False}, True),
        ("is_contributor: true", {"is_contributor": True}, True),
        ("is_moderator: true", {"is_moderator": True}, True),
        ("is_moderator: false", {"is_moderator": True}, False),
        ("is_submitter: true", {"is_submitter": True}, True),
        ("name: bob", {"name": "bob"}, True),
        ("name: bob", {"name": "bobby"}, False),
        ("name: bob", {"name": "bob-the-second"}, True),
        ("name (includes): bob", {"name": "bobby"}, True),
        ("~name: [bob, ann]", {"name": "ann"}, False),
        ("~name: [bob, ann]", {"name": "mika"}, True),
        ('name (regex, full-exact): ["^(?!good$|fine$).*"]', {"name": "good"}, False),
        ('name (regex, full-exact): ["^(?!good$|fine$).*"]', {"name": "goodie"}, True),
        ("id: t2_9", {"id": "t2_9"}, True),
        ("flair_text: VIP", {"flair_text": "vip"}, True),
        ("~flair_text: VIP", {}, True),
        ("flair_css_class: red", {"flair_css_class": "red"}, True),
        ("roles: Helper", {"roles": ["helper", "member"]}, True),
        ('roles: ["@Helper", admin]', {"roles": ["member"]}, False),
        ("~roles: Helper", {"roles": ["member"]}, True),
    ],
)
def test_an_author_check_holds(line: str, author: dict[str, Any], holds: bool) -> None:
    assert fires(rule(line), comment(author=author)) is holds


@pytest.mark.parametrize(
    ("flag", "author", "holds"),
    [
        ("true", {"comment_karma": 1, "account_age_days": 400}, True),
        ("true", {"comment_karma": 99, "account_age_days": 400}, False),
        ("true", {"comment_karma": 1}, True),
        ("false", {"comment_karma": 1, "account_age_days": 400}, False),
        ("false", {"comment_karma": 1, "account_age_days": 2}, True),
        ("false", {"comment_karma": 1}, False),
    ],
)
def test_satisfy_any_threshold_joins_thresholds(
    flag: str, author: dict[str, Any], holds: bool
) -> None:
    lines = rule(
        'comment_karma: "< 10"', 'account_age: "< 7 days"', f"satisfy_any_threshold: {flag}"
    )
    assert fires(lines, comment(author=author)) is holds


def test_other_author_checks_stay_and_with_any_threshold() -> None:
    lines = rule('comment_karma: "< 10"', "satisfy_any_threshold: true", "is_gold: true")
    assert not fires(lines, comment(author={"comment_karma": 1, "is_gold": False}))


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("account_age: < 7 fortnights", "unknown unit `fortnights`"),
        ("account_age: young", "compares with an age, not 'young'"),
        ("account_age: >7 days", "is not YAML"),
        ("account_age: >7", "quotes around it"),
        ("account_age: > 7 days", "put quotes around a value that starts with >"),
        ("comment_karma: many", "compares with a number, not 'many'"),
        ('comment_karma: "< 10 days"', "compares with a number"),
        ("comment_karma:", "has no value"),
        ("contributor_quality: awful", "compares with a rank, not 'awful'"),
        ("is_gold: perhaps", "must be true or false"),
        ("karma: 5", "unknown key `karma`"),
        ("satisfy_any_threshold: x", "must be true or false"),
        ("title: cat", "`title` does not apply to author"),
        ("set_sticky: true", "`set_sticky` does not apply to author"),
    ],
)
def test_a_faulty_author_check_is_told(line: str, says: str) -> None:
    found = faults(rule(line) + "action: remove\n")
    assert any(says in fault for fault in found), found


@pytest.mark.parametrize(
    ("short", "name", "holds"),
    [
        ("author: bob", "bob", True),
        ("author: bob", "ann", False),
        ("author: [bob, ann]", "ann", True),
        ("~author: bob", "ann", True),
        ("~author: [bob, ann]", "ann", False),
        ("author (includes): bo", "bob", True),
        ("~author (regex): 'b.b'", "bob", False),
        ("author: {name: ann}\n~author: bob", "ann", True),
        ("author: {is_gold: true}\n~author: bob", "ann", False),
    ],
)
def test_shorthand_means_the_name(short: str, name: str, holds: bool) -> None:
    assert fires(short, comment(author={"name": name})) is holds


def test_shorthand_with_a_group_where_none_fits_is_told() -> None:
    assert "must be a group of keys" in faults("parent_submission: x\naction: remove")[0]
    assert "must be a group of keys" in faults("~author: {name: x}\naction: remove")[0]
    assert "has no value" in faults("~author:\naction: remove")[0]


def test_the_submitter_is_known_from_the_parent() -> None:
    lines = rule("is_submitter: true")
    parent = {"title": "a post", "author": {"name": "mika"}}
    assert fires(lines, comment(parent_submission=parent))
    assert not fires(lines, comment(author={"name": "ann"}, parent_submission=parent))
    assert not fires(lines, comment())


def test_subreddit_checks_look_at_the_community() -> None:
    assert fires("subreddit: harbour", comment())
    assert fires("subreddit: {name: [other, harbour]}", comment())
    assert not fires("subreddit: {is_nsfw: true}", comment())
    assert fires("subreddit: {is_nsfw: true}", comment(subreddit={"name": "x", "is_nsfw": True}))


def test_parent_submission_is_for_comments_with_a_parent() -> None:
    lines = "parent_submission:\n    title: daily\n    ~id: xyz"
    assert fires(lines, comment(parent_submission={"id": "abc", "title": "Daily thread"}))
    assert not fires(lines, comment(parent_submission={"id": "xyz", "title": "Daily thread"}))
    assert not fires(lines, comment())
    assert not fires(lines, post("daily"))
    (fault,) = faults("type: submission\nparent_submission: {title: x}\naction: remove")
    assert "a submission has no `parent_submission`" in fault


def test_parent_submission_asks_its_own_kind() -> None:
    parent = {"kind": "text submission", "title": "x", "url": "https://a.example"}
    assert not fires("parent_submission: {~url: b.example}", comment(parent_submission=parent))


def test_crosspost_groups_apply_to_crossposts_only() -> None:
    lines = "title: cat\ncrosspost_subreddit: {~name: spam}\ncrosspost_author: bob"
    original = {"crosspost_subreddit": "pics", "crosspost_author": "bob"}
    assert fires(lines, post("cat", kind="crosspost submission", **original))
    assert not fires(lines, post("cat", kind="crosspost submission", crosspost_subreddit="pics"))
    assert not fires(lines, post("cat"))


def test_impossible_thresholds_are_remarked() -> None:
    found = remarks(rule('comment_karma: "< -100"', 'post_karma: "< 0"') + "action: remove\n")
    assert [remark.split(": ", 1)[1] for remark in found] == [
        "`comment_karma` is never below -100: this never holds",
        "`post_karma` is never below 0: this never holds",
    ]


def test_hits_say_what_was_compared() -> None:
    found = decided(
        rule('account_age: "< 7 days"') + "action: report", link(author={"account_age_days": 2})
    )
    (hit,) = found.fired[0].hits
    assert (hit.check, hit.value, hit.wanted) == ("author.account_age", 2.0, "< 7 days")
    assert found.explanations == ("rules:1 any, author: author.account_age is 2, wanted < 7 days",)
