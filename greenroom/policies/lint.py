"""What rule writers get wrong although it loads: told as warnings, each with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from greenroom.errors import ConfigError
from greenroom.policies.actions import COMPANIONS, MAX_FLAIR, MAX_SUBJECT, MAX_TEXT
from greenroom.policies.author import FLOORS
from greenroom.policies.base import Known, Rule
from greenroom.policies.checks import default_method
from greenroom.policies.compare import number_comparison
from greenroom.policies.keys import Key, parse_key
from greenroom.policies.logic import GROUP_KEYS
from greenroom.policies.node import Node
from greenroom.policies.parts import ALL_FIELDS
from greenroom.policies.placeholders import parse_template
from greenroom.policies.read import Section
from greenroom.policies.split import branches_of, split_keys
from greenroom.policies.text import is_word

Keys = Mapping[str, Node]
Groups = Mapping[str, Mapping[str, Node]]

SHORT: Final = 3
_TEXTS: Final = (
    ("comment", MAX_TEXT),
    ("message", MAX_TEXT),
    ("modmail", MAX_TEXT),
    ("reply", MAX_TEXT),
    ("message_subject", MAX_SUBJECT),
    ("modmail_subject", MAX_SUBJECT),
    ("set_flair", MAX_FLAIR),
    ("action_reason", None),
    ("report_reason", None),
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def lint(
    section: Section, base: Keys, groups: Groups, rule: Rule, known: Known
) -> Iterator[ConfigError]:
    """All remarks about one rule that loads."""
    yield from _idle(section, rule)
    yield from _empty_groups(section, groups)
    yield from _never(groups, rule)
    for node in _searched(base, groups, known):
        yield from _search_remarks(node, section)
    yield from _contradictions(base)
    yield from _companions(base)
    yield from _edits(base)
    yield from _texts(base, known)


def _searched(base: Keys, groups: Groups, known: Known) -> Iterator[Node]:
    """All keys of a rule, those in its sub-groups and under ``any:`` and the like included."""
    for keys in (base, *groups.values()):
        for node in keys.values():
            if node.key.partition("#")[0] in GROUP_KEYS:
                for branch in branches_of(node):
                    split = split_keys(branch, known.shelf)
                    yield from _searched(split.base, split.groups, known)
            else:
                yield node


def _idle(section: Section, rule: Rule) -> Iterator[ConfigError]:
    if rule.comment is None and rule.submission is None:
        yield section.document.fault(
            (),
            "this rule does nothing",
            accepted="a rule needs a check (what must hold) and an action (what to do)",
        )


def _empty_groups(section: Section, groups: Groups) -> Iterator[ConfigError]:
    for name, keys in groups.items():
        if not keys:
            yield section.document.fault(
                (name,),
                f"`{name}` is empty and asks nothing",
                accepted="its keys below it, further to the right",
            )


def _never(groups: Groups, rule: Rule) -> Iterator[ConfigError]:
    author = groups.get("author", {})
    node = author.get("is_moderator")
    if rule.moderators_exempt and node is not None and node.flag():
        yield node.fault(
            "this rule never fires: moderators are exempt from it",
            accepted="moderators_exempt: false",
        )
    for key, floor in FLOORS.items():
        node = author.get(key)
        if node is None:
            continue
        comparison = number_comparison(node)
        is_below = comparison.number < floor or (
            comparison.sign == "<" and comparison.number == floor
        )
        if is_below and comparison.sign in ("<", "<=", "=", "=="):
            yield node.fault(f"`{key}` is never below {floor}: this never holds")


def _search_remarks(node: Node, section: Section) -> Iterator[ConfigError]:
    key = parse_key(node.key)
    if key is None or not ALL_FIELDS.issuperset(key.fields):
        return
    if len(key.methods) > 1:
        yield node.fault(f"`{node.key}` names several methods: `{key.methods[0]}` counts")
    values = node.texts()
    is_regex = "regex" in (key.modifiers or ())
    for value in values:
        if is_regex and _CONTROL.search(value):
            yield node.fault(
                f"a regex in `{node.key}` holds a control character",
                accepted=r"single quotes: in double quotes YAML reads \b as a backspace",
            )
    if any(value.endswith("\n") for value in values):
        yield node.fault(
            f"a value of `{node.key}` ends with a line break, which is searched as well",
            accepted="the value on one line, or `|-` instead of `|`",
        )
    method = key.methods[0] if key.methods else default_method(key)
    if "" in values and method not in ("full-exact", "full-text"):
        yield node.fault(
            f"`{node.key}` looks for an empty text, which is found in any",
            accepted="the text that is meant, or `(full-exact)` for a field that is empty",
        )
    if not is_regex and key.methods[:1] == ("includes",):
        yield from _short_words(node, values)
    yield from _lost_to_comment(node, section)


def _short_words(node: Node, values: tuple[str, ...]) -> Iterator[ConfigError]:
    for value in values:
        if 0 < len(value) <= SHORT and all(map(is_word, value)):
            yield node.fault(
                f"`{node.key}` finds {value!r} inside longer words too",
                accepted="includes-word finds it as a word",
            )


def _lost_to_comment(node: Node, section: Section) -> Iterator[ConfigError]:
    if node.document is not section.document:
        return
    place = section.document.place(node.path)
    at = place.line - section.line_offset
    line = section.lines[at] if 0 <= at < len(section.lines) else ""
    value = node.value if isinstance(node.value, str) else ""
    if value and "#" in line and re.search(re.escape(value) + r"\s+#[^\s#]", line):
        yield node.fault(
            f"what follows # in `{node.key}` is a comment to YAML and is not searched",
            accepted="quotes around the whole text, if # belongs to it",
        )


def _contradictions(base: Keys) -> Iterator[ConfigError]:
    wanted: dict[str, set[str]] = {}
    for node, key in _plain_searches(base):
        if not key.is_negated:
            wanted.setdefault("+".join(key.fields), set()).update(node.texts())
    for node, key in _plain_searches(base):
        both = wanted.get("+".join(key.fields), set()) & set(node.texts())
        if key.is_negated and both and both == wanted["+".join(key.fields)]:
            yield node.fault(
                f"this rule wants {min(both)!r} and forbids it: it never fires",
                accepted="a ~ list means that none of its values may be found",
            )


def _plain_searches(base: Keys) -> Iterator[tuple[Node, Key]]:
    for node in base.values():
        key = parse_key(node.key)
        if key is not None and ALL_FIELDS.issuperset(key.fields):
            yield node, key


def _companions(base: Keys) -> Iterator[ConfigError]:
    for key, needed in COMPANIONS.items():
        if key in base and not any(one in base for one in needed):
            yield base[key].fault(
                f"`{key}` does nothing without {' or '.join(f'`{one}`' for one in needed)}"
            )


def _edits(base: Keys) -> Iterator[ConfigError]:
    node = base.get("is_edited")
    if node is not None and not node.flag():
        yield node.fault("an edit turns this rule off: the new text is not checked by it")


def _texts(base: Keys, known: Known) -> Iterator[ConfigError]:
    can_quote = any(not key.is_negated for _, key in _plain_searches(base))
    for name, limit in _TEXTS:
        node = base.get(name)
        if node is None or not isinstance(node.value, str):
            continue
        if limit is not None and len(node.value) > limit:
            yield node.fault(f"`{name}` is cut at {limit:,} characters")
        yield from _placeholders(node, can_quote=can_quote, known=known)


def _placeholders(node: Node, *, can_quote: bool, known: Known) -> Iterator[ConfigError]:
    template = parse_template(node.text())
    for written in template.unknown:
        yield node.fault(f"unknown placeholder {written} stays as it is")
    for head in sorted(template.heads - {*known.heads, "sentiment"}):
        yield node.fault(
            f"{{{{triage.{head}}}}} names no triage head", accepted=", ".join(sorted(known.heads))
        )
    if not can_quote and any(name.startswith("match") for name in template.names):
        yield node.fault(
            f"`{node.key}` quotes {{{{match}}}}, but no search here finds anything to quote",
            accepted="a search without ~ at the rule's top level",
        )
