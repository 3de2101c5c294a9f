"""``{{placeholders}}``: parsed once when a rule is read, filled when it fires.

Filled in one pass, so that a member who writes ``{{match}}`` changes nothing. A placeholder
that nothing can fill stays as it is written: a person should see that it was a mistake.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from greenroom.message import Author, Flair, Message
from greenroom.policies.base import Bound, Found, hit_in_words
from greenroom.policies.checks import SearchCheck
from greenroom.policies.fields import domain_of
from greenroom.policies.own import NumberCheck
from greenroom.policies.scene import Scene

_PLACEHOLDER = re.compile(r"\{\{([^{}]{1,200})\}\}")
_MATCH = re.compile(r"match(?:-(?P<check>.*?))??(?:-(?P<group>\d{1,3}))?")


MOST: Final = 1_000
"""Placeholders of one text; the rest of it is shown as it is written."""


@dataclass(frozen=True, slots=True)
class Quote:
    """What one search of the base item found."""

    name: str  # fields and tag: `title+body#2`
    field: str  # the field in which it was found
    groups: tuple[str, ...]
    is_own: bool


@dataclass(slots=True)
class Filling:
    """What placeholders of one rule may use."""

    scene: Scene
    held: tuple[tuple[Bound, Found], ...]  # in the rule's order
    quotes: tuple[Quote, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.quotes = tuple(
            Quote(check.key.name, found.hits[0].field or "", found.groups, check.is_own)
            for bound, found in self.held
            if bound.part == "message"
            and isinstance(check := bound.check, SearchCheck)
            and found.groups
        )

    def quote(self, check: str | None) -> Quote | None:
        """The search that a placeholder names: exactly, else without its tag, else by field."""
        if check is None:
            return next((one for one in self.quotes if not one.is_own), None)
        ways: tuple[Callable[[Quote], str], ...] = (
            lambda one: one.name,
            lambda one: one.name.split("#")[0],
            lambda one: one.field,
        )
        for way in ways:
            for one in self.quotes:
                if way(one) == check:
                    return one
        return None


Slot = Callable[[Filling], str | None]


@dataclass(frozen=True, slots=True)
class Template:
    """A text with its placeholders, taken apart."""

    written: str
    parts: tuple[tuple[str, Slot | None], ...]
    names: tuple[str, ...]  # all placeholders, as they were written
    unknown: tuple[str, ...] = ()

    @property
    def heads(self) -> frozenset[str]:
        """The scores that it shows."""
        asked = (name.removeprefix("triage.") for name in self.names if name.startswith("triage."))
        return frozenset((*asked, *(name for name in self.names if name == "sentiment")))

    def fill(self, filling: Filling, limit: int) -> str:
        """The text, cut at ``limit`` characters: a member's words may be a megabyte long."""
        pieces: list[str] = []
        room = limit
        for written, slot in self.parts:
            piece = written if slot is None else slot(filling)
            piece = written if piece is None else piece
            pieces.append(piece[:room])
            room -= len(pieces[-1])
            if room <= 0:
                break
        return "".join(pieces)


def made_by(written: str, slot: Slot) -> Template:
    """A text that is all made when the rule fires."""
    return Template(written, ((written, slot),), ())


def parse_template(text: str) -> Template:
    """Take a text apart."""
    parts: list[tuple[str, Slot | None]] = []
    names: list[str] = []
    unknown: list[str] = []
    end = 0
    for match in islice(_PLACEHOLDER.finditer(text), MOST):
        name = match[1].strip().lower()
        slot = _slot(name)
        names.append(name)
        if slot is None:
            unknown.append(match[0])
        parts.extend(((text[end : match.start()], None), (match[0], slot)))
        end = match.end()
    parts.append((text[end:], None))
    return Template(text, tuple(part for part in parts if part[0]), tuple(names), tuple(unknown))


def _slot(name: str) -> Slot | None:
    if name in SIMPLE:
        simple = SIMPLE[name]
        return lambda filling: simple(filling.scene.message)
    if name in _SIGNALS:
        return _SIGNALS[name]
    if name.startswith("triage."):
        return _score(name.removeprefix("triage."))
    match = _MATCH.fullmatch(name)
    return None if match is None else _match_slot(match["check"], int(match["group"] or 1))


def _match_slot(check: str | None, group: int) -> Slot:
    wanted = check.replace(" ", "") if check else None

    def slot(filling: Filling) -> str | None:
        quote = filling.quote(wanted)
        if quote is None or not 1 <= group <= len(quote.groups):
            return None
        return quote.groups[group - 1]

    return slot


def _score(name: str) -> Slot:
    def slot(filling: Filling) -> str:
        score = filling.scene.signals.scores.get(name)
        return "" if score is None else f"{score:.2f}"

    return slot


def _similar(filling: Filling) -> str | None:
    for bound, found in filling.held:
        if isinstance(bound.check, NumberCheck) and bound.check.written.startswith("similar_to"):
            return f"{found.hits[0].value:.2f}"
    return None


def _why(filling: Filling) -> str:
    """What made the rule fire, as the trace has it."""
    hits = [hit for _, found in filling.held for hit in found.hits]
    return "; ".join(map(hit_in_words, hits))


def _intent(filling: Filling) -> str:
    return filling.scene.signals.intent or ""


def _post(message: Message) -> Message:
    """The submission that placeholders such as ``{{title}}`` speak of."""
    return message if message.kind.is_submission else message.parent or message


def _author_flair(author: Author) -> Flair:
    return author.flair or Flair()


def _kind(message: Message) -> str:
    return "submission" if message.kind.is_submission else "comment"


_SIGNALS: Final[Mapping[str, Slot]] = {
    "intent": _intent,
    "similar_to": _similar,
    "sentiment": _score("sentiment"),
    "why": _why,
}
SIMPLE: Final[Mapping[str, Callable[[Message], str]]] = {
    "author": lambda message: message.author.name,
    "author_flair_text": lambda message: _author_flair(message.author).text or "",
    "author_flair_css_class": lambda message: _author_flair(message.author).css_class or "",
    "author_flair_template_id": lambda message: _author_flair(message.author).template_id or "",
    "body": lambda message: message.text,
    "permalink": lambda message: message.permalink or "",
    "subreddit": lambda message: message.community.name or message.community.id,
    "community": lambda message: message.community.name or message.community.id,
    "channel": lambda message: message.channel.name or message.channel.id,
    "platform": lambda message: message.platform,
    "kind": _kind,
    "title": lambda message: _post(message).title or "",
    "domain": lambda message: domain_of(_post(message)),
    "url": lambda message: _post(message).url or "",
    "media_author": lambda message: ((m := _post(message).media) and m.author) or "",
    "media_author_url": lambda message: ((m := _post(message).media) and m.author_url) or "",
    "media_title": lambda message: ((m := _post(message).media) and m.title) or "",
    "media_description": lambda message: ((m := _post(message).media) and m.description) or "",
}
