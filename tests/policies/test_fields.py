"""Fields, types and modifiers: what is looked at, what is dropped, what is an error."""

from __future__ import annotations

from typing import Any

import pytest

from greenroom.message import Message, MessageKind
from tests.policies.rules import comment, decided, faults, fires, link, policy, post, remarks

ACT = "\naction: remove\n"


def with_field(name: str, value: Any) -> Message:
    return post(value) if name == "title" else post(**{name: value})


@pytest.mark.parametrize(
    "key",
    ["body+title", "body + title", "title+body", "body+title#2", "body + title #a (includes)"],
)
def test_joined_fields_are_or(key: str) -> None:
    assert fires(f"'{key}': cat", post("a cat"))
    assert fires(f"'{key}': cat", post("dog", body="cat"))
    assert not fires(f"'{key}': cat", post("dog", body="dog"))


def test_separate_keys_are_and_and_lists_are_or() -> None:
    rule = "body#1: [cat, dog]\nbody#2: [sun, moon]"
    assert fires(rule, comment("a dog under the moon"))
    assert not fires(rule, comment("a dog and a cat"))


def test_a_negated_list_forbids_every_value_in_every_field() -> None:
    rule = "~title+body: [cat, dog]"
    assert fires(rule, post("fish", body="bird"))
    assert not fires(rule, post("fish", body="dog"))
    assert not fires(rule, post("cat"))


@pytest.mark.parametrize(
    ("rule", "title"),
    [
        ("title(full-text): ITAP", "!ITAP."),
        ("title (Full-Text , Case-Sensitive): ITAP", "ITAP"),
        ("TITLE: cat", "cat"),
        ("title (case-sensitive): Cat", "Cat"),
        ("title: yes", "yes"),
        ("title: [no, 10, 1.50, 07, null, 2026-01-01]", "1.50"),
        ("title: [no, 10, 1.50, 07, null, 2026-01-01]", "07"),
        ("title: [no, 10, 1.50, 07, null, 2026-01-01]", "null and void"),
        ("title: off", "Off we go"),
        ("title:\n    - a.b", "a.b"),
    ],
)
def test_values_and_keys_are_read_as_written(rule: str, title: str) -> None:
    assert fires(rule, post(title))


def test_case_counts_only_when_asked() -> None:
    assert not fires("title (case-sensitive): cat", post("Cat"))
    assert not fires("title (starts-with, case-sensitive): ITAP", post("itap of a bird"))
    assert not fires("title: a.b", post("axb"))


def test_the_first_method_in_the_key_counts() -> None:
    assert fires("title (includes, full-exact): cat", post("concatenate"))
    assert not fires("title (full-exact, includes): cat", post("concatenate"))


@pytest.mark.parametrize(
    ("rule", "holds", "fails"),
    [
        ("id: abc", "abc", "abcd"),
        ("flair_text: News", "news", "News today"),
        ("flair_css_class: red", "RED", "red blue"),
        ("flair_template_id: a-b", "a-b", "a-b-c"),
        ("media_author: Bob", "bob", "bob b"),
        ("media_author_url: watch", "https://v.example/watch1", "https://v.example"),
        ("media_title: cat", "a cat", "cats"),
        ("media_description: cat", "a cat", "cats"),
        ("title: cat", "a cat", "cats"),
        ("flair_text+flair_css_class: News", "News today", "Newspaper"),
        ("crosspost_title: cat", "a cat", "cats"),
        ("poll_option_count: '3'", ["a", "b", "c"], ["a"]),
        ("poll_option_text: yes", ["no", "Yes!"], ["no"]),
    ],
)
def test_each_field_has_its_default_method(rule: str, holds: object, fails: object) -> None:
    name = rule.split(":", maxsplit=1)[0].split("+", maxsplit=1)[0].replace("_count", "_text")
    assert fires(rule, with_field(name, holds))
    assert not fires(rule, with_field(name, fails))


def test_url_includes_by_default() -> None:
    assert fires("url: utm_", link("https://a.example/?utm_source=x"))
    assert not fires("url (includes-word): utm", link("https://a.example/?utm_source=x"))


def test_url_is_not_checked_on_text_posts() -> None:
    text_post = post("cat", url="https://bad.example")
    assert not fires("url: bad.example", text_post)
    assert fires("url: bad.example\ntitle: cat", text_post)
    assert not fires("url+title: bad.example", text_post)


def test_body_is_checked_on_links_only_when_there_is_one() -> None:
    assert not fires("~body: cat", link())
    assert fires("~body: cat", link(body="dog"))
    assert fires("~body: cat", post(body=""))
    assert fires("body: cat", link(body="cat"))


def test_the_domain_of_a_text_post_names_its_community() -> None:
    assert fires("domain: self.harbour", post())
    assert fires("domain (starts-with): self.", post())
    assert fires("domain: example.com", link("https://www.EXAMPLE.com:8080/x"))


def test_fields_that_a_type_lacks_are_dropped() -> None:
    assert fires("type: comment\ntitle+body: cat", comment("cat"))
    assert fires("type: any\ntitle+body: cat", comment("cat"))
    (fault,) = faults(f"type: comment\ntitle: cat{ACT}")
    assert "rules.yaml:2:1" in fault
    assert "`title` does not apply to a comment" in fault


def test_an_unknown_field_is_an_error_with_a_suggestion() -> None:
    (fault,) = faults(f"title+bdy: cat{ACT}")
    assert fault.startswith("rules.yaml:1:1: unknown field `bdy`")
    assert "did you mean `body`" in fault
    (fault,) = faults(f"titel: cat{ACT}")
    assert "unknown key `titel`" in fault
    assert "did you mean `title`" in fault


def test_any_uses_the_version_that_makes_sense() -> None:
    rule = "is_top_level: true"
    assert fires(rule, comment(is_top_level=True)) is True
    assert not decided(rule + ACT, post()).fired
    assert decided("title: cat" + ACT, post("cat")).fired
    assert not decided("title: cat" + ACT, comment("cat")).fired


def test_any_with_two_failing_versions_is_an_error() -> None:
    found = faults("is_top_level: true\nset_nsfw: true\n")
    assert len(found) == 2
    assert "`set_nsfw` does not apply to a comment" in found[1]


@pytest.mark.parametrize(
    ("kind", "hits"),
    [
        ("any", "all"),
        ("submission", "posts"),
        ("comment", "comment"),
        ("text submission", "text submission"),
        ("link submission", "link submission"),
        ("crosspost submission", "crosspost submission"),
        ("poll submission", "poll submission"),
        ("gallery submission", "gallery submission"),
    ],
)
def test_a_type_takes_its_own_kind(kind: str, hits: str) -> None:
    kinds = [kind.value for kind in MessageKind]
    for one in kinds:
        message = post("cat", kind=one, body="cat")
        expected = hits == "all" or hits == one or (hits == "posts" and one != "comment")
        assert bool(decided(f"type: {kind}\nbody: cat\naction: report", message).fired) is expected


def test_a_type_alone_is_a_check_but_any_is_none() -> None:
    assert decided("type: submission\ncomment: hello", post()).fired
    assert not decided("type: any\ncomment: hello", post()).fired
    assert any("does nothing" in remark for remark in remarks("type: any\ncomment: hello"))


def test_a_rule_without_an_action_does_nothing() -> None:
    assert not decided("title: cat", post("cat")).fired
    assert any("does nothing" in remark for remark in remarks("title: cat"))


def test_an_unknown_type_says_what_there_is() -> None:
    (fault,) = faults(f"type: link\ntitle: cat{ACT}")
    assert "`type` cannot be 'link'" in fault
    assert "link submission" in fault


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ("title (regexp): a", "unknown modifier `regexp`"),
        ("title (): a", "unknown modifier ``"),
        ("'title (regex': a", "is not a key that can be read"),
        ("title+: a", "unknown field ``"),
        ("title: []", "is an empty list"),
        ("title:", "`title` has no value"),
        ("title: {a: b}", "must be one text, not a group of keys"),
        ("title: [a, [b]]", "item 2 of `title` must be a text, not a list"),
        ("title: [a, ]\nbody: [, b]", "is not YAML"),
        ("title: #help", "quote it if it starts with #"),
        ("~reports: 3", "`reports` is no search"),
        ("is_edited+title: x", "`is_edited` is no search"),
        ("reports: many", "must be a whole number"),
        ("reports: -1", "cannot be negative"),
        ("is_edited: maybe", "must be true or false"),
        ("author:\n    action: remove", "`action` belongs at the rule's top level"),
        ("author:\n    parent_submission: {title: x}", "belongs at the rule's top level"),
        ("account_age: 5", "it belongs to: author"),
        ("priority: high\ntitle: a", "`priority` must be a whole number"),
        ("moderators_exempt: sure\ntitle: a", "`moderators_exempt` must be true or false"),
    ],
)
def test_a_fault_says_what_is_wrong(rule: str, says: str) -> None:
    assert any(says in fault for fault in faults(rule + ACT)), faults(rule + ACT)


def test_one_bad_rule_hides_no_other() -> None:
    text = "title: a\nactoin: remove\n---\ntitle: 'b\n---\nbody (regex): '('\naction: remove\n---\n"
    found = faults(text + "title: good\nset_nsfw: true\n")
    assert [fault.split(": ")[0] for fault in found] == [
        "rules.yaml:2:1",
        "rules.yaml:5:1",  # where the quoted text should have ended
        "rules.yaml:6:1",
    ]
    loaded = policy(text + "title: good\nset_nsfw: true\n", strict=False)
    assert [rule.index for rule in loaded.rules] == [3]
    assert (loaded.size, len(loaded.faults)) == (4, 3)


def test_ignore_blockquotes_drops_quoted_lines() -> None:
    text = "> a cat\nmine"
    assert fires("body: cat", comment(text))
    assert not fires("body: cat\nignore_blockquotes: true", comment(text))
    assert fires("body: mine\nignore_blockquotes: true", comment(text))
    assert fires("body_shorter_than: 5\nignore_blockquotes: true", comment(text))


@pytest.mark.parametrize(
    ("rule", "body", "holds"),
    [
        ("body_longer_than: 3", "abc", False),
        ("body_longer_than: 3", "abcd", True),
        ("body_longer_than: 3", "!! abc ??", False),
        ("body_shorter_than: 4", "...abc...", True),
        ("body_shorter_than: 3", "abc", False),
        ("body_shorter_than: 7", "a b c d", False),
        ("body_shorter_than: 1", "!?", True),
    ],
)
def test_lengths_are_strict_and_trimmed(rule: str, body: str, holds: bool) -> None:
    assert fires(rule, post(body=body)) is holds
    assert fires(rule, comment(body)) is holds


def test_a_link_without_a_text_has_no_length() -> None:
    assert not fires("body_shorter_than: 100", link())


@pytest.mark.parametrize(
    ("rule", "values", "holds"),
    [
        ("reports: 2", {"reports": 2}, True),
        ("reports: 2", {"reports": 3}, True),
        ("reports: 2", {"reports": 1}, False),
        ("reports: 2", {}, False),
        ("is_edited: true", {"is_edited": True}, True),
        ("is_edited: false", {"is_edited": False}, True),
        ("is_edited: false", {"is_edited": True}, False),
        ("is_edited: false", {}, False),
        ("is_original_content: true", {"is_original_content": True}, True),
        ("is_poll: true", {"kind": "poll submission"}, True),
        ("is_poll: true", {}, False),
        ("is_gallery: true", {"kind": "gallery submission"}, True),
        ("is_gallery: false", {}, True),
        ("is_meta_discussion: true", {"is_meta_discussion": True}, True),
        ("past_archive_date: true", {"past_archive_date": True}, True),
        ("discussion_type: chat", {"discussion_type": "chat"}, True),
        ("discussion_type: chat", {}, False),
        ("discussion_type: null", {}, True),
        ("discussion_type: null", {"discussion_type": "chat"}, False),
    ],
)
def test_facts_hold_only_when_known(rule: str, values: dict[str, Any], holds: bool) -> None:
    assert fires(rule, post(**values)) is holds


def test_zero_reports_ask_nothing() -> None:
    assert fires("reports: 0\ntitle: cat", post("cat"))
    assert not fires("reports: 0", post("cat"))
