"""What members made of something that a persona said: kinds of feedback, and what they come to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

WITHIN: Final = timedelta(minutes=30)
NEGATIVE: Final = -0.35  # sentiment, -1 to 1, from which an answer counts as a negative one

_LIKED: Final = (
    "👍 ❤️ 🎉 🙏 ✅ 💯 😄 😊 🙂 🥳 🤩 😍 👏 🙌 🔥 🚀 💜 💙 💚 🧡 💛 ⭐ 🌟 👌 🤝 🫶"
    " +1 thumbsup heart tada pray white_check_mark 100 smile blush clap raised_hands fire"
    " rocket star ok_hand heavy_check_mark"
)
_DISLIKED: Final = (
    "👎 😠 😡 🤬 😒 🙄 🤦 🤦‍♂️ 🤦‍♀️ 💩 🤮 🤢 😤 🖕 ❌ 🚫 🤡 🥱 😕 ☹️ 🙁"
    " -1 thumbsdown angry rage face_with_rolling_eyes facepalm poop hankey"
    " middle_finger x no_entry_sign clown_face yawning_face confused"
)
LIKED_EMOJI: Final = tuple(_LIKED.split())
DISLIKED_EMOJI: Final = tuple(_DISLIKED.split())

_SKIN: Final = re.compile("[\U0001f3fb-\U0001f3ff\ufe0f]|:?:skin-tone-[2-6]:?")
_THANKS: Final = re.compile(
    r"\b(?:thanks|thank\s+(?:you|u)|thx|tysm|ty|cheers|much appreciated|that (?:helped|worked)"
    r"|danke|dankeschön|merci|gracias|obrigad[oa]|grazie|bedankt|tack|dzięki|спасибо|дякую)\b",
    re.IGNORECASE,
)
_THANKED_EARLY: Final = 500  # characters in which thanks are looked for


class FeedbackKind(StrEnum):
    """What somebody did about an utterance."""

    REACTION = "reaction"  # value: 1 liked, -1 disliked, 0 neither
    ANSWER = "answer"  # value: the answer's sentiment, -1 to 1
    THANKS = "thanks"
    HANDED_OVER = "handed_over"  # asked for a person
    ASKED_AGAIN = "asked_again"  # with the question that the utterance was to answer


@dataclass(frozen=True, slots=True)
class Feedback:
    """One thing that a member did about an utterance; it holds no word of theirs."""

    kind: FeedbackKind
    at: datetime
    value: float | None = None


@dataclass(frozen=True, slots=True)
class Utterance:
    """One thing that a persona said, with what it is counted under."""

    persona: str
    version: str | None
    said_at: datetime
    conversation: str
    experiment: str | None = None
    variant: str | None = None
    feedback: tuple[Feedback, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an utterance came to, by what happened within its time.

    Attributes:
        answered: Somebody answered it.
        liked: Somebody reacted with an emoji that says so, and nobody with the opposite.
        thanks: Somebody thanked.
        handed_over: Somebody asked for a person.
        asked_again: The question was asked again.
        negative: An answer, or a reaction, was negative.
        sentiment: The mean sentiment of its answers, -1 to 1; None without any.
    """

    answered: bool = False
    liked: bool = False
    thanks: bool = False
    handed_over: bool = False
    asked_again: bool = False
    negative: bool = False
    reacted: bool = False
    sentiment: float | None = None

    @property
    def ignored(self) -> bool:
        """Nobody answered, reacted or asked for a person."""
        return not (self.answered or self.reacted or self.handed_over)

    @property
    def is_told(self) -> bool:
        """Somebody let us know what they think: the whole that negative ones are a share of."""
        return not self.ignored

    @property
    def success(self) -> bool:
        """Thanked or liked; or nobody asked again, asked for a person or was negative.

        Silence counts: whoever has what they came for often says nothing. That is why
        ``ignored`` stands beside it in every report.
        """
        if self.handed_over or self.asked_again:
            return False
        return self.thanks or self.liked or not self.negative


def outcome_of(utterance: Utterance, *, within: timedelta = WITHIN) -> Outcome:
    """What an utterance came to; what happened later than ``within`` does not count."""
    until = utterance.said_at + within
    found = [one for one in utterance.feedback if one.at <= until]
    kinds = {one.kind for one in found}
    sentiments = _values(found, FeedbackKind.ANSWER)
    reactions = _values(found, FeedbackKind.REACTION)
    return Outcome(
        answered=FeedbackKind.ANSWER in kinds,
        liked=any(value > 0 for value in reactions) and all(value >= 0 for value in reactions),
        thanks=FeedbackKind.THANKS in kinds,
        handed_over=FeedbackKind.HANDED_OVER in kinds,
        asked_again=FeedbackKind.ASKED_AGAIN in kinds,
        negative=any(v <= NEGATIVE for v in sentiments) or any(v < 0 for v in reactions),
        reacted=FeedbackKind.REACTION in kinds,
        sentiment=sum(sentiments) / len(sentiments) if sentiments else None,
    )


def is_settled(utterance: Utterance, now: datetime, *, within: timedelta = WITHIN) -> bool:
    """True once its time is over, so that it can be counted; before, all look ignored."""
    return utterance.said_at + within <= now


def first_of_each(utterances: Iterable[Utterance]) -> list[Utterance]:
    """The first utterance of each conversation, persona, experiment and variant.

    What is said again in the same conversation is no new draw, so an experiment counts it once.
    """
    seen: dict[tuple[str | None, ...], Utterance] = {}
    for one in sorted(utterances, key=lambda one: one.said_at):
        seen.setdefault((one.conversation, one.persona, one.experiment, one.variant), one)
    return list(seen.values())


def is_thanks(text: str, *, intent: str | None = None, sentiment: float | None = None) -> bool:
    """True if a text thanks, by triage's intent or by its words, and is not bitter about it."""
    if sentiment is not None and sentiment <= NEGATIVE:
        return False
    return intent == "thanks" or _THANKS.search(text[:_THANKED_EARLY]) is not None


def value_of_emoji(
    emoji: str, *, liked: Sequence[str] = LIKED_EMOJI, disliked: Sequence[str] = DISLIKED_EMOJI
) -> int:
    """1 for an emoji that likes, -1 for one that does not, 0 for all others.

    Tones of skin and colons around a name make no difference.
    """
    bare = _bare(emoji)
    if bare in map(_bare, liked):
        return 1
    return -1 if bare in map(_bare, disliked) else 0


def _bare(emoji: str) -> str:
    return _SKIN.sub("", emoji).strip(":").lower()


def _values(found: Sequence[Feedback], kind: FeedbackKind) -> list[float]:
    return [one.value for one in found if one.kind is kind and one.value is not None]
