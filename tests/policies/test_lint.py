"""What rule writers get wrong is warned of, with its place; what is right is not."""

from __future__ import annotations

import pytest

from tests.policies.rules import comment, decided, remarks

ACT = "\naction: report\n"


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ("title (includes): [cat, elephant]", "finds 'cat' inside longer words too"),
        ("title: |\n    cats", "ends with a line break"),
        ("title: ['', cat]", "looks for an empty text"),
        ("title: cat\nauthor:\n    # is_gold: true", "2:1: `author` is empty and asks nothing"),
        ("title (starts-with): ''", "looks for an empty text"),
        ("title: cats #dogs", "what follows # in `title` is a comment"),
        ('title (regex): "\\bcat"', "holds a control character"),
        ("title (includes, full-exact): elephant", "names several methods: `includes` counts"),
        ("title#1: [cat, dog]\n~title#2: [dog, cat]", "this rule wants 'cat' and forbids it"),
        ("title: cat\nis_edited: false", "an edit turns this rule off"),
        ("title: cat\ntitle: dog", "`title` is given twice in one rule"),
        ("author: {is_moderator: true}", "this rule never fires: moderators are exempt"),
        ("title: cat\ncomment: x\nmessage_subject: y", "does nothing without `message`"),
        ("title: cat\nset_flair: " + "x" * 65, "is cut at 64 characters"),
        ("title: cat\nmessage: x\nmessage_subject: " + "x" * 101, "is cut at 100 characters"),
        ("title: cat\ncomment: " + "x" * 10_001, "is cut at 10,000 characters"),
        ("title: cat\ncomment: '{{athor}}'", "unknown placeholder {{athor}}"),
    ],
)
def test_a_mistake_is_warned_of(rule: str, says: str) -> None:
    found = remarks(rule + ACT)
    assert any(says in remark for remark in found), found
    assert all(remark.startswith("rules.yaml:") for remark in found)


@pytest.mark.parametrize(
    "rule",
    [
        "title (includes): [elephant, '.com']",
        "title (includes, regex): [cat]",
        "title (regex): '\\bcat'",
        "title: cat # a note",
        "title: [cat, dog] #note",
        "~title: ['[a]', '[b]']",
        "title: [cat, dog]\n~title#2: [dog food]",
        "title: cat\nis_edited: true",
        "flair_text: ''",
        "title (full-text): ''",
        "author: {is_moderator: true}\nmoderators_exempt: false",
        "title: cat\ncomment: '{{match}} {{match-title}}'",
        "standard: video hosting sites",
        "",
    ],
)
def test_what_is_right_is_not_warned_of(rule: str) -> None:
    assert remarks(f"{rule}\ntype: submission{ACT}") == []


def test_testing_as_a_moderator_is_told_when_it_happens() -> None:
    found = decided("body: cat\naction: remove", comment("cat", author={"is_moderator": True}))
    assert found.notes == (
        "rule 0 (any, body): moderators are exempt (moderators_exempt: false changes that)",
    )
