"""The checks that any rule may have: searches, facts about the item, lengths."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from greenroom.documents import KeyPath
from greenroom.message import Hit, Message, MessageKind
from greenroom.policies.base import Check, Cost, Found, Result
from greenroom.policies.fields import DEFAULT_METHODS, IDENTIFYING, OWN_FIELDS, UNQUOTED
from greenroom.policies.keys import METHODS, MODIFIERS, Key, parse_key
from greenroom.policies.node import Node
from greenroom.policies.regexes import BadPattern, compile_patterns
from greenroom.policies.scene import Scene, Subject
from greenroom.policies.search import Match, Matcher, literals
from greenroom.policies.text import Text

SHOWN: Final = 200
"""Characters of a match that a trace keeps."""


@dataclass(frozen=True, slots=True)
class SearchCheck:
    """A search in one or more fields; ``~`` when none may match."""

    key: Key
    fields: tuple[str, ...]
    matcher: Matcher
    written: str
    cost: Cost
    is_folded: bool = True  # a disguised text counts as well
    is_search: bool = True

    @property
    def is_own(self) -> bool:
        """True if it only looks at where the message was, not at what it says."""
        return OWN_FIELDS.issuperset(self.fields)

    def test(self, subject: Subject, scene: Scene) -> Found | Result:
        """Look in each field; a search that runs out of time holds neither way."""
        looked = is_late = False
        for name in self.fields:
            for text in subject.texts(name) or ():
                looked = True
                try:
                    match = self._search(name, text, scene)
                except TimeoutError:
                    is_late = True
                    continue
                if match is not None:
                    return Result.FAILED if self.key.is_negated else self._found(name, text, match)
        if not looked:
            return Result.DISCARDED
        if is_late:
            scene.notes.append(f"`{self.written}` took too long on this text: it does not hold")
            return Result.UNKNOWN
        return Found((Hit(self.written),)) if self.key.is_negated else Result.FAILED

    def match(self, text: Text, scene: Scene) -> Match | None:
        """The first match in any text, disguises seen through if the rule does; for redaction.

        A search that takes too long counts as finding nothing.
        """
        try:
            return self._search("body", text, scene)
        except TimeoutError:
            return None

    def _search(self, name: str, text: Text, scene: Scene) -> Match | None:
        """A match in the text as it stands, else in the text without disguises."""
        late = None
        try:
            match = self.matcher.search(text, scene)
        except TimeoutError as error:
            match, late = None, error
        is_raw = not self.is_folded or (self.key.is_negated and name in IDENTIFYING)
        if match is None and not is_raw and text.folded is not None:
            match = self.matcher.search(text.folded, scene)
        if match is None and late is not None:
            raise late
        return match

    def _found(self, name: str, text: Text, match: Match) -> Found:
        matched = text.raw[match.start : min(match.end, match.start + SHOWN)]
        name = "body" if name == UNQUOTED else name
        return Found((Hit(self.written, name, matched, match.start, match.end),), match.groups)


def search_check(
    node: Node,
    key: Key,
    *,
    fields: tuple[str, ...],
    shared: dict[KeyPath, Matcher],
    is_unquoted: bool = False,
    is_folded: bool = True,
) -> SearchCheck:
    """Compile a search; its matcher is shared by the two versions of an ``any`` rule."""
    modifiers = _modifiers(node, key)
    method = key.methods[0] if key.methods else default_method(key)
    where = (node.document.file, *node.path)
    matcher = shared.get(where)
    if matcher is None:
        matcher = shared[where] = _matcher(node, method, modifiers, _values(node, key))
    fields = tuple(UNQUOTED if is_unquoted and name == "body" else name for name in fields)
    cost = Cost.PATTERN if "regex" in modifiers else Cost.LITERAL
    return SearchCheck(key, fields, matcher, ".".join(map(str, node.path)), cost, is_folded)


def read_key(node: Node) -> Key:
    """Take a node's key apart."""
    key = parse_key(node.key)
    if key is None:
        raise node.fault(
            f"`{node.key}` is not a key that can be read",
            accepted="[~]field[+field…][#tag] [(modifier, …)], such as ~title+body (regex)",
        )
    return key


def default_method(key: Key) -> str:
    """How a key is searched that names no method."""
    return "includes-word" if key.is_joined else DEFAULT_METHODS.get(key.fields[0], METHODS[0])


def _modifiers(node: Node, key: Key) -> tuple[str, ...]:
    for word in key.modifiers or ():
        if word not in MODIFIERS:
            raise node.unknown("modifier", word, MODIFIERS)
    return key.modifiers or ()


def _values(node: Node, key: Key) -> tuple[str, ...]:
    values = node.texts()
    if "regex" in (key.modifiers or ()):
        return values
    mark = {"channel": "#", "roles": "@"}.get(key.fields[0])
    return tuple(value.removeprefix(mark) for value in values) if mark else values


def _matcher(
    node: Node, method: str, modifiers: tuple[str, ...], values: tuple[str, ...]
) -> Matcher:
    is_exact = "case-sensitive" in modifiers
    if "regex" not in modifiers:
        return literals(method, values, is_case_sensitive=is_exact)
    try:
        return compile_patterns(method, values, is_case_sensitive=is_exact)
    except BadPattern as error:
        is_item = error.index is not None and isinstance(node.value, list)
        place = node.item(error.index or 0) if is_item else node
        raise place.fault(
            f"invalid regex in `{node.key}`: {error}",
            accepted="a regex as Python's re has it; single quotes keep its backslashes",
        ) from error


@dataclass(frozen=True, slots=True)
class FactCheck:
    """Something that is so, is not so, or is not known."""

    written: str
    holds: Callable[[Subject, Scene], bool | None]
    cost: Cost = Cost.FACT
    is_search: bool = False

    def test(self, subject: Subject, scene: Scene) -> Found | Result:
        """Ask it."""
        held = self.holds(subject, scene)
        if held is None:
            return Result.UNKNOWN
        return Found((Hit(self.written),)) if held else Result.FAILED


def same(known: object, wanted: object) -> bool | None:
    """Whether it is as wanted, if it is known at all."""
    return None if known is None else known == wanted


Fact = Callable[[Message], bool | None]

_BOTH: Final[Mapping[str, Fact]] = {"is_edited": lambda message: message.is_edited}
_COMMENT_FACTS: Final[Mapping[str, Fact]] = {
    **_BOTH,
    "is_top_level": lambda message: message.is_top_level,
}
_SUBMISSION_FACTS: Final[Mapping[str, Fact]] = {
    **_BOTH,
    "is_original_content": lambda message: message.is_original_content,
    "is_poll": lambda message: (
        message.kind is MessageKind.POLL_SUBMISSION or message.poll_options is not None
    ),
    "is_gallery": lambda message: message.kind is MessageKind.GALLERY_SUBMISSION,
    "is_meta_discussion": lambda message: message.is_meta_discussion,
    "past_archive_date": lambda message: message.past_archive_date,
}


def fact_check(node: Node, fact: Fact) -> Check:
    """``true`` or ``false`` about a message."""
    wanted = node.flag()

    def holds(subject: Subject, scene: Scene) -> bool | None:  # noqa: ARG001
        assert subject.message is not None
        return same(fact(subject.message), wanted)

    return FactCheck(node.key, holds)


def _reports(node: Node) -> Check | None:
    least = node.integer()
    if least < 0:
        raise node.fault("`reports` cannot be negative")
    if least == 0:
        return None

    def holds(subject: Subject, scene: Scene) -> bool | None:  # noqa: ARG001
        assert subject.message is not None
        reports = subject.message.reports
        return None if reports is None else reports >= least

    return FactCheck(node.key, holds)


def _length(node: Node, *, is_unquoted: bool) -> Check:
    limit = node.integer()
    is_longer = node.key == "body_longer_than"
    field = UNQUOTED if is_unquoted else "body"

    def holds(subject: Subject, scene: Scene) -> bool | None:  # noqa: ARG001
        texts = subject.texts(field)
        if texts is None:  # a link post without a text has no length to judge
            return None
        length = texts[0].trimmed_length
        return length > limit if is_longer else length < limit

    return FactCheck(node.key, holds, Cost.LITERAL)


def _discussion(node: Node) -> Check:
    wanted = None if node.value is None else node.choice(("chat", "null"))
    wanted = None if wanted == "null" else wanted

    def holds(subject: Subject, scene: Scene) -> bool:  # noqa: ARG001
        assert subject.message is not None
        return subject.message.discussion_type == wanted

    return FactCheck(node.key, holds)


_ANY: Final = ("reports", "body_longer_than", "body_shorter_than")
COMMENT_CHECKS: Final = frozenset({*_ANY, *_COMMENT_FACTS})
SUBMISSION_CHECKS: Final = frozenset({*_ANY, *_SUBMISSION_FACTS, "discussion_type"})


def item_check(node: Node, *, is_submission: bool, is_unquoted: bool) -> Check | None:
    """A check that is no search, on a comment or a submission; ``None`` if it asks nothing."""
    if node.key == "reports":
        return _reports(node)
    if node.key in ("body_longer_than", "body_shorter_than"):
        return _length(node, is_unquoted=is_unquoted)
    if node.key == "discussion_type":
        return _discussion(node)
    facts = _SUBMISSION_FACTS if is_submission else _COMMENT_FACTS
    return fact_check(node, facts[node.key])
