"""The language as its reference tells it, from outside: `greenroom policy try RULES MESSAGES`.

Nothing here knows how the engine works; each case is a sentence of AutoModerator's documentation.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from greenroom.cli import main

Message = dict[str, Any]
Tried = Callable[..., list[dict[str, Any]]]
LINK = "https://www.reddit.example/r/pics/comments/s1/"
NEVER = 400  # days that no rule below asks for


@pytest.fixture
def tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Tried:
    """Rules and messages in, one result a message out."""

    def run(rules: str, *messages: Message, code: int = 0) -> list[dict[str, Any]]:
        files = tmp_path / "rules.yaml", tmp_path / "messages.jsonl"
        files[0].write_text(rules, encoding="utf-8", newline="")
        files[1].write_text("".join(json.dumps(one) + "\n" for one in messages), encoding="utf-8")
        monkeypatch.setattr(sys, "argv", ["greenroom", "policy", "try", *map(str, files), "--json"])
        ended = 0
        try:
            main()
        except SystemExit as error:
            ended = int(error.code or 0)
        said = capsys.readouterr()
        assert ended == code, said.err
        return [json.loads(line) for line in said.out.splitlines()] or [{"said": said.err}]

    return run


def text(title: str = "t", **more: Any) -> Message:
    return {"kind": "text submission", "title": title, **_common(more)}


def link(title: str = "t", **more: Any) -> Message:
    url = "https://www.example.com/x"
    return {"kind": "link submission", "title": title, "url": url, **_common(more)}


def comment(body: str = "b", **more: Any) -> Message:
    return {"kind": "comment", "body": body, **_common(more)}


def by(**author: Any) -> Message:
    return comment(author={"name": "bob", **author})


def below(**parent: Any) -> Message:
    return comment(parent_submission={"kind": "link submission", "title": "Daily", **parent})


def _common(more: Message) -> Message:
    return {"subreddit": "pics", "permalink": LINK, "author": {"name": "bob"}, **more}


def titles(*titles: str) -> list[Message]:
    return [text(title) for title in titles]


def hosts(*hosts: str) -> list[Message]:
    return [link(url=f"https://{host}/x") for host in hosts]


# a check, the messages for which it holds, the messages for which it does not
HOLDS: list[tuple[str, list[Message], list[Message]]] = [
    # key grammar
    ("title + body: cat", [text("cat"), text(body="cat")], titles("t")),
    ("~title + body: cat", titles("t"), [text("cat"), text(body="cat")]),
    ("Title (Includes): cat", titles("CATS"), titles("t")),
    ("title(includes, case-sensitive): Cat", titles("Cats"), titles("cats")),
    ("title (includes-word, includes): cat", titles("cat"), titles("cats")),
    ("body#a: cat\nbody#b: dog", [comment("dog cat")], [comment("cat")]),
    ("title: [cat, dog]", titles("cat", "dog"), titles("t")),
    ("~title: [cat, dog]", titles("t"), titles("cat", "dog", "cat dog")),
    ("type: comment\ntitle+body: cat", [comment("cat")], [comment()]),
    # fields
    (
        "domain: example.com",
        [link(), link(url="https://a.b.EXAMPLE.com:80/?q"), link(domain="example.com")],
        hosts("notexample.com", "my-example.com", "example.com.evil.org", "example.com@evil.org"),
    ),
    ("domain: self.pics", [text()], [link(), text(domain="self.cats")]),
    ("~domain: [example.com, b.com]", [text(), *hosts("c.com")], [link(), *hosts("m.b.com")]),
    ("type: submission\n~url: foo", [link()], [text(), *hosts("foo.com")]),
    ("title: t\n~url: foo", [link(), text()], hosts("foo.com")),
    ("~body: cat", [comment(), text(), text(body="")], [comment("cat"), text(body="cat")]),
    ("type: link submission\n~body: cat", [link(body="dog")], [link(body="cat"), link()]),
    ("url+title: cat", [link("cat")], [link(url="https://x.example/cats")]),
    ("~flair_text (regex): '.+'", [text(), text(flair_text="")], [text(flair_text="a")]),
    # types
    ("type: submission", [text(), link(), link(kind="poll submission")], [comment()]),
    ("type: crosspost submission", [link(kind="crosspost submission")], [link(), comment()]),
    ("type: gallery submission", [link(kind="gallery submission")], [link(), text()]),
    ("is_poll: true", [text(is_poll=True), link(kind="poll submission")], [text(), comment()]),
    ("poll_option_count: 2", [text(poll_option_count=2)], [text(poll_option_count=3), text()]),
    ("is_gallery: false", [link()], [link(is_gallery=True)]),
    ("crosspost_author: al", [link(crosspost_author={"name": "al"})], [link(), comment()]),
    ("is_top_level: true", [comment(is_top_level=True)], [comment(is_top_level=False), comment()]),
    # groups
    ("author: [al, bob]", [comment(), text()], [comment(author={"name": "bobby"})]),
    ("~author: [al, bob]", [comment(author={"name": "bobby"})], [comment(), text()]),
    ("author: {flair_css_class: vip}", [by(flair_css_class="VIP")], [by(), by(flair_text="vip")]),
    ("title: cat\nauthor:\n    # name: al\n", titles("cat"), titles("t")),
    ("subreddit: {name: pics}", [comment()], [comment(subreddit="cats")]),
    ("parent_submission: {title: daily}", [below()], [below(title="x"), comment(), text("daily")]),
    ("parent_submission: {domain: self.pics}", [below(kind="text submission")], [below()]),
    ("parent_submission: {~title: daily}", [below(title="x")], [below(), comment()]),
    # author checks
    ("author: {comment_karma: < 10}", [by(comment_karma=9)], [by(comment_karma=10), by()]),
    ("author: {comment_karma: -100}", [by(comment_karma=-500)], [by(comment_karma=100)]),
    ("author: {link_karma: '= 0'}", [by(post_karma=-5)], [by(post_karma=1), by()]),
    ("author: {combined_karma: < 5}", [by(comment_karma=4, post_karma=-9)], [by(post_karma=1)]),
    ("author: {account_age: < 12 hours}", [by(account_age_days=0.4)], [by(account_age_days=0.6)]),
    ("author: {account_age: < 7}", [by(account_age_days=6.9)], [by(account_age_days=7), by()]),
    ("author: {account_age: 3 days}", [by(account_age_days=3)], [by(account_age_days=2)]),
    (
        "author: {comment_karma: < 10, account_age: < 2}",
        [by(comment_karma=1, account_age_days=1)],
        [by(comment_karma=1, account_age_days=NEVER), by(comment_karma=1)],
    ),
    (
        "author: {satisfy_any_threshold: yes, comment_karma: < 10, account_age: < 2}",
        [by(comment_karma=1, account_age_days=NEVER), by(account_age_days=1)],
        [by(comment_karma=11, account_age_days=NEVER), by()],
    ),
    (
        "author: {contributor_quality: < moderate}",
        [by(contributor_quality="low"), by(contributor_quality="lowest")],
        [by(contributor_quality="high"), by()],
    ),
    (
        "author: {is_contributor: false}",
        [by(is_contributor=False)],
        [by(is_contributor=True), by()],
    ),
    (
        "author: {is_submitter: true}",
        [text(), by(is_submitter=True)],
        [by(is_submitter=False), by()],
    ),
    # other checks
    ("reports: 2", [comment(reports=2)], [comment(reports=1), comment()]),
    ("reports: 0\nbody: b", [comment(), comment(reports=1)], []),
    ("body_longer_than: 3", [comment("!abcd!")], [comment("!!abc!!"), comment("     ")]),
    ("body_shorter_than: 3", [comment("!!ab!!"), comment("!!!!")], [comment("a b")]),
    ("body: cat\nignore_blockquotes: true", [comment("> dog\ncat")], [comment("> cat\ndog")]),
    ("standard: image hosting sites", hosts("imgur.com"), [*hosts("example.com"), text()]),
    ("standard: image hosting sites\ndomain: a.com", hosts("a.com"), hosts("imgur.com")),
    # YAML
    ("title: yes", titles("oh yes"), titles("true")),
    ("title: [07, 1.10, null]", titles("07", "v 1.10", "null"), titles("7", "1.1", "None")),
    ("title: 2020-01-02", titles("2020-01-02"), titles("2020")),
    ("title:\tcat\t\n\t\nauthor:\n\tname: bob", titles("cat"), titles("t")),
    ("title: dog\nTitle: cat", titles("cat"), titles("dog")),
]


@pytest.mark.parametrize(("check", "yes", "no"), HOLDS, ids=[one[0] for one in HOLDS])
def test_a_check_holds_where_the_reference_says(
    tried: Tried, check: str, yes: list[Message], no: list[Message]
) -> None:
    found = tried(f"{check}\nset_locked: true\n", *yes, *no)
    assert [bool(one["fired"]) for one in found] == [True] * len(yes) + [False] * len(no)


@pytest.mark.parametrize(
    ("rule", "message", "comment"),
    [
        ("title: [cat, dog]", text("my DOG!"), "DOG"),
        ("body: dog\ntitle: cat", text("a cat", body="a dog"), "dog"),
        ("title: cat\n~body: dog", text("a cat"), "cat"),
        ("author: bob", comment(), "{{match}}"),
        ("type: comment\nparent_submission: {title: daily}", below(), "{{match}}"),
    ],
)
def test_match_is_what_the_first_search_of_the_item_found(
    tried: Tried, rule: str, message: Message, comment: str
) -> None:
    (found,) = tried(f"{rule}\ncomment: '{{{{match}}}}'", message)
    assert found["comment"] == comment


def test_matches_are_named_by_key_and_group(tried: Tried) -> None:
    names = ("title", "body-1", "body-2", "body-3", "title+body#x", "2")
    quotes = "|".join(f"{{{{match-{name}}}}}" for name in names)
    rule = f"body (regex): 'a(b+)'\ntitle: cat\ntitle+body#x (includes): ca\ncomment: '{quotes}'"
    (found,) = tried(rule, text("Cat", body="abb"))
    assert found["comment"] == "Cat|abb|bb|{{match-body-3}}|Ca|bb"


def test_placeholders_are_filled_once_and_without_a_notice(tried: Tried) -> None:
    rule = "title: cat\ncomment: '{{author}} {{title}} {{kind}} {{subreddit}} {{domain}}{{url}}'"
    (found,) = tried(rule, text("cat {{body}}", body="secret", author={"name": "{{title}}"}))
    assert found["comment"] == "{{title}} cat {{body}} submission pics self.pics"


def test_flair_texts_and_classes_are_filled(tried: Tried) -> None:
    rule = "title (regex): '\\w+ <b>'\nset_flair: ['{{match}}', '{{match}} ok']"
    (found,) = tried(rule, text("cat <b>"))
    assert found["set_flair"] == ["cat <b>", "cat b ok"]


def test_letters_have_the_permalink_and_a_subject(tried: Tried) -> None:
    (found,) = tried("body: b\nmessage: hi\nmodmail: see {{permalink}}", comment())
    assert (found["message"], found["modmail"]) == (f"{LINK}\n\nhi", f"see {LINK}")
    assert found["message_subject"] == found["modmail_subject"] == "AutoModerator notification"


@pytest.mark.parametrize(
    ("rules", "message", "order", "action"),
    [
        (["action: report", "action: remove", "action: spam", "set_locked: true"],
         comment(), [1, 0, 3], "remove"),
        (["action: filter\npriority: -1", "action: spam"], comment(), [1], "spam"),
        (["action: filter", "action: spam"], comment(), [0], "filter"),
        (["comment: a\npriority: -5", "comment: b", "comment: c\npriority: 5"],
         comment(), [2, 1, 0], None),
        (["action: remove", "action: spam\nmoderators_exempt: false", "modmail: x"],
         by(is_moderator=True), [1, 2], "spam"),
        (["modmail: x\nmoderators_exempt: true"], by(is_moderator=True), [], None),
        (["action: remove", "set_locked: true"], comment(is_approved=True), [1], None),
        (["action: remove", "set_locked: true"], comment(is_removed=True), [], None),
        (["action: approve"], comment(is_spam_filtered=True), [0], "approve"),
        (["action: approve"], comment(reports=2), [0], None),
        (["reports: 1\naction: approve"], comment(reports=2), [0], "approve"),
    ],
)  # fmt: skip
def test_rules_run_in_the_reference_s_order(
    tried: Tried, rules: list[str], message: Message, order: list[int], action: str | None
) -> None:
    (found,) = tried("\n---\n".join(f"body: b\n{rule}" for rule in rules), message)
    assert [one["rule"] for one in found["fired"]] == order
    assert found["action"] == action


def test_every_rule_that_fires_is_shown(tried: Tried) -> None:
    rules = "body: b\ncomment: one\nset_locked: true\n---\nbody: b\ncomment: two\nset_locked: false"
    (found,) = tried(rules, comment())
    assert (found["comment"], found["set_locked"]) == ("one", False)
    assert found["also"] == [{"rule": 1, "on": "message", "comment": "two"}]


def test_a_line_always_has_the_same_keys(tried: Tried) -> None:
    nothing, something = tried(
        "body: b\nset_locked: true\ncomment: x\nmodmail: y\naction: report\n",
        comment("c"),
        comment(),
    )
    assert nothing.keys() == something.keys()
    assert nothing["set_nsfw"] is nothing["set_flair"] is nothing["modmail"] is None


@pytest.mark.parametrize(
    "before",
    ["---", "# words", "---\n\n---\n# words", "hello\n---\n- a"],
)
def test_rules_are_counted_without_the_sections_that_are_none(tried: Tried, before: str) -> None:
    (found,) = tried(f"{before}\n---\nbody: b\naction: report\n", comment())
    assert [one["rule"] for one in found["fired"]] == [0]


@pytest.mark.parametrize("rule", ["action: remove", "body: b", "type: any\naction: remove"])
def test_a_rule_without_check_or_action_does_nothing(tried: Tried, rule: str) -> None:
    assert tried(rule, comment())[0]["fired"] == []


@pytest.mark.parametrize(
    ("rules", "place", "says"),
    [
        ("titel: x\naction: remove", "1:1", "did you mean `title`?"),
        ("body: x\naction: remvoe", "2:1", "did you mean `remove`?"),
        ("title (foo): x\naction: remove", "1:1", "unknown modifier `foo`"),
        ("title+foo: x\naction: remove", "1:1", "unknown field `foo`"),
        ("type: comment\ntitle: x\naction: remove", "2:1", "`title` does not apply to a comment"),
        ("body: x\nauthor:\n    action: remove", "3:5", "belongs at the rule's top level"),
        ("author:\nname: bob\naction: remove", "2:1", "`name` does not apply to a comment"),
        ("author:\n    comment_karma: > 5\naction: remove", "2:", "put quotes around"),
        ("body: x\naction: spam\n---\nbody: [x\naction: spam", "5:", "section 2 is not YAML"),
        ("title: !help\naction: remove", "1:1", "quote it"),
        ("title: a\n\tbody: b\naction: remove", "2:1", "indent with spaces, not tabs"),
    ],
)
def test_a_fault_stops_with_its_place(tried: Tried, rules: str, place: str, says: str) -> None:
    (found,) = tried(rules, comment(), code=2)
    assert f"rules.yaml:{place}" in found["said"]
    assert says in found["said"]
