"""Sections of a file: how it is split, what is passed over, where faults are."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from greenroom.errors import ConfigError, ConfigErrors
from greenroom.policies import load_policy
from greenroom.policies.read import read_sections
from tests.policies.rules import KNOWN, decided, faults, policy, post, remarks

NSFW = "set_nsfw: true\n"


def names(text: str) -> list[tuple[int, int, str]]:
    return [(rule.index, rule.line, rule.name) for rule in policy(text).rules]


def test_sections_are_split_on_lines_that_start_with_dashes() -> None:
    text = (
        f"---\n    # one\n    title: a\n    {NSFW}--- # two\ntitle: b\n{NSFW}"
        f"----------\n\n\t \n---\r\ntitle: c\r\n{NSFW}---   \n# only words\n---title: d\n{NSFW}"
    )
    assert names(text) == [
        (0, 3, "one"),
        (1, 6, "two"),
        (2, 12, "any, title"),
        (3, 16, "any, title"),
    ]


def test_dashes_inside_a_text_do_not_split() -> None:
    text = "title: a\ncomment: |\n    above\n    ---\n    below\n"
    assert "---\nbelow" in (decided(text, post("a")).actions[0].text or "")


@pytest.mark.parametrize(
    ("comments", "name"),
    [
        ("# Scam words\n", "Scam words"),
        ("    ####\n    # USERS #\n\n    # Shadow bans\n    # more words\n", "Shadow bans"),
        ("###\n", "any, title"),
        ("# " + "x" * 200 + "\n", "x" * 80),
        ("", "any, title"),
    ],
)
def test_a_rule_is_called_by_its_nearest_comment(comments: str, name: str) -> None:
    (rule,) = policy(f"{comments}title: a\n{NSFW}").rules
    assert rule.name == name


def test_stray_text_and_lists_are_passed_over_with_a_warning() -> None:
    text = f"just words\n---\n- a\n- b\n---\ntitle: a\n{NSFW}---\n42\n"
    found = policy(text)
    assert [rule.index for rule in found.rules] == [0]
    assert [str(one).split(": ")[0] for one in found.warnings] == [
        "rules.yaml:1:1",
        "rules.yaml:3:1",
        "rules.yaml:9:1",
    ]


def test_duplicate_keys_are_warned_of_and_the_last_counts() -> None:
    text = f"title: a\nTitle: b\ntitle: c\n{NSFW}"
    assert decided(text, post("c")).fired
    assert not decided(text, post("a")).fired
    found = remarks(text)
    assert len(found) == 2
    assert "rules.yaml:2:1: `Title` is given twice" in found[0]


def test_anchors_and_merges_work_within_a_section() -> None:
    text = "title: &words [a, b]\nbody: *words\naction: report\n"
    assert decided(text, post("a", body="b")).fired
    assert decided("<<: {title: a}\naction: report\n", post("a")).fired


@pytest.mark.parametrize(
    ("text", "place", "says"),
    [
        ("title: a\n\taction: remove", "2:1", "indent with spaces, not tabs"),
        ("title: a\n---\n---\ntitle: [a\n", "5:1", "section 3 is not YAML"),
        ('title (regex): "\\d+"\n', "1:17", "put a regex in single quotes"),
        ("title: a: b\n", "1:9", "put quotes around a text that holds a colon"),
        ("title: *stars*\n", "1:14", "put quotes around a value that starts with a sign"),
        ("--- title: [a\n", "2:1", "section 2 is not YAML"),
        ("---title: a: b\n", "1:12", "section 2 is not YAML"),
        ("---titel: x\n", "1:4", "unknown key `titel`"),
        ("title: a\n...\ntitle: b\n", "3:1", "is not YAML"),
        ("%YAML 9\n", "1:8", "is not YAML"),
        ("{{match}}: a\n", "1:2", "is not YAML"),
        ("? [a, b]\n: c\n", "1:3", "is not YAML"),
    ],
)
def test_yaml_faults_have_section_line_and_column(text: str, place: str, says: str) -> None:
    (fault, *_) = faults(text)
    assert says in fault
    assert fault.startswith(f"rules.yaml:{place}: ")


def test_tabs_that_mean_nothing_are_passed_over() -> None:
    assert decided(f"title: a\t\n\t\n{NSFW}# x\t\n", post("a")).fired


def test_a_yaml_bomb_is_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    (fault,) = faults("\n".join(lines))
    assert "nests or repeats itself without bound" in fault


def test_a_file_is_read_by_path(tmp_path: Path) -> None:
    path = tmp_path / "spam rules.yaml"
    path.write_bytes("﻿title: a\nset_nsfw: true\n".encode())
    found = load_policy(path, heads=(), intents=())
    assert (found.name, len(found.rules)) == ("spam rules", 1)
    path.write_bytes(b"title: \xff\n")
    with pytest.raises(ConfigError, match="is not UTF-8"):
        load_policy(path, heads=(), intents=())
    with pytest.raises(ConfigError, match="cannot be read"):
        load_policy(tmp_path / "none.yaml", heads=(), intents=())


KEYS = st.sampled_from(
    ["title", "~body (regex)", "author", "type", "action", "comment", "set_flair", "reports",
     "triage", "parent_submission", "standard", "priority", "body+title#2 (full-text)", "<<",
     "account_age", "satisfy_any_threshold", "name", "is_edited", "ignore_blockquotes"]
)  # fmt: skip
SCALARS = st.one_of(
    st.sampled_from(["remove", "true", "< 7 days", "any", "{{match}}", "(", "&a x", "*a", "", "~"]),
    st.text(max_size=8),
)
BLOCKS = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
        st.lists(st.tuples(KEYS, inner), max_size=3).map(
            lambda pairs: "{" + ", ".join(f"{key}: {value}" for key, value in pairs) + "}"
        ),
    ),
    max_leaves=6,
)
FILES = st.lists(
    st.one_of(st.tuples(KEYS, BLOCKS).map(": ".join), st.just("---"), st.text(max_size=12)),
    max_size=10,
).map("\n".join)


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(FILES)
def test_no_file_crashes_the_reader(text: str) -> None:
    loaded = policy(text, strict=False)
    for fault in (*loaded.faults, *loaded.warnings):
        assert fault.place.startswith("rules.yaml:")
        assert fault.line is not None
        assert 1 <= fault.line <= text.count("\n") + text.count("\r") + 2
    if loaded.faults:
        with pytest.raises(ConfigErrors):
            policy(text)
    assert len(loaded.rules) <= loaded.size
    assert KNOWN.shared == {}


def test_a_line_for_editors_is_no_rules_name() -> None:
    line = "# yaml-language-server: $schema=../schemas/policy.schema.json"
    text = f"{line}\n\nbody: a\naction: report\n--- {line}\n# Named\nbody: b\naction: report\n"
    first, second = read_sections(text, file="rules.yaml").sections
    assert (first.name, second.name) == (None, "Named")
    assert (second.line, second.document.place(("body",)).column) == (7, 1)
