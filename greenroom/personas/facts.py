"""What a member's message says of themselves that is worth remembering. Pure.

Only what is said in the first person, plainly, as a sentence of its own; the words are the
member's. Precision goes first: a fact missed is asked for again, a wrong one is told back.
Secrets, addresses, health, beliefs, other people, and whatever speaks to the machine are none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from greenroom.fold import fold
from greenroom.message import Fact, Message
from greenroom.personas.base import Cue
from greenroom.personas.dates import day_in
from greenroom.personas.unfit import is_unfit

MOST: Final = 5  # facts of one message
LONGEST_TEXT: Final = 2_000  # characters that are looked at
LONGEST: Final = 160  # of a sentence that may hold a fact
LONGEST_THING: Final = 6  # words; what is longer is a remark on something
MAX_HARM: Final = 0.5
DAYS: Final = {
    "name": 366, "pronouns": 366, "place": 180, "likes": 180, "dislikes": 180, "about": 180,
    "note": 90, "plan": 30,
}  # fmt: skip
"""How long each kind is worth keeping, in days; a persona's ``days`` may make it less."""

_HARM: Final = ("injection", "self_harm", "hate", "threat", "sexual", "scam")

_LEAD: Final = (
    r"(?:(?:hi|hey|hello|well|so|oh|and|also|btw|by the way|anyway|yes|yeah|ok|okay|actually|ah|"
    r"hm+|fun fact|fyi|thanks|thank you)(?: (?:all|everyone|there|folks))?[,:!]?\s+){0,3}"
)
_I_AM: Final = r"(?:i am|i'm|im)"
_NAME: Final = r"[^\W\d_][\w'’-]{0,23}(?: [A-ZÀ-Þ][\w'’-]{1,23})?"
_PLACE: Final = (
    r"[A-ZÀ-Þ][\w'’.-]{1,24}(?:(?:,? | de | of | am | upon )[A-ZÀ-Þ][\w'’.-]{1,24}){0,2}"
)
_THING: Final = r"[\w'’&+#. -]{2,60}?"
_END: Final = (
    r"(?=$|[,;:]| but | because | since | and i | so i | - | – |\s?[:;]-?[)D]| lol$| haha$| btw$"
    r"| too$| a lot$| very much$| so much$)"
)
_TOLD_LATER: Final = r"(?: (?:now|currently|at the moment|these days))?"
_JOBS: Final = (
    "teacher|nurse|doctor|student|developer|programmer|engineer|designer|artist|illustrator|writer|"
    "musician|photographer|chef|cook|baker|lawyer|scientist|biologist|chemist|physicist|accountant|"
    "carpenter|electrician|plumber|farmer|gardener|driver|pilot|librarian|journalist|translator|"
    "researcher|pharmacist|mechanic|historian|editor|beginner|firefighter|architect|analyst|potter|"
    "blacksmith|bookbinder|sailor|welder|vet"
)


class _Way(NamedTuple):
    """One way of saying something of oneself: the fact is the text that ``pattern`` covers."""

    kind: str
    confidence: float
    pattern: re.Pattern[str]


def _way(kind: str, confidence: float, pattern: str, *, exact: bool = False) -> _Way:
    """``exact`` minds the case of letters behind the first words."""
    flags = "(?i:" + _LEAD + ")"
    said = pattern if exact else f"(?i:{pattern})"
    return _Way(kind, confidence, re.compile(rf"{flags}(?P<fact>{said})"))


_WAYS: Final = (
    _way("name", 0.95, rf"(?i:my name is|my name's|my name’s) (?P<name>{_NAME}){_END}", exact=True),
    _way(
        "name",
        0.9,
        r"(?i:please call me|just call me|you can call me|call me|people call me|everyone calls me|"
        rf"i go by|i'm called|i am called) (?P<name>[A-ZÀ-Þ][\w'’-]{{1,23}}){_END}",
        exact=True,
    ),
    _way("pronouns", 0.95, r"(?:my pronouns are|my pronouns:|i use|i go by) "
         rf"(?:he|she|they|it|xe|ze|fae|any)(?: ?/ ?[a-z]{{2,5}}){{1,3}}(?: pronouns)?{_END}"),
    _way("pronouns", 0.9, rf"i use (?:he|she|they|it|xe|ze|any) pronouns{_END}"),
    _way(
        "place",
        0.9,
        rf"(?i:i live in|i'm living in|i am living in|{_I_AM} based in|{_I_AM} from|i come from|"
        rf"i grew up in|i moved to|i've moved to) (?P<place>{_PLACE}){_TOLD_LATER}{_END}",
        exact=True,
    ),
    _way("likes", 0.9, r"my (?:all-time |all time )?favou?rite "
         rf"(?:[a-z-]{{2,20}} ){{1,3}}(?:is|are) (?P<thing>{_THING}){_END}"),
    _way("likes", 0.8, r"i (?:really |absolutely |also |just |still )?"
         rf"(?:love|like|enjoy|adore|prefer) (?P<thing>{_THING}){_END}"),
    _way("likes", 0.8, rf"(?:{_I_AM} (?:a )?(?:really |big |huge |great )?(?:fan of|into|fond of)) "
         rf"(?P<thing>{_THING}){_END}"),
    _way(
        "dislikes",
        0.8,
        r"i (?:really |absolutely |also |just )?(?:hate|dislike|can't stand|cannot stand|"
        rf"don't like|do not like|don’t like|can’t stand) (?P<thing>{_THING}){_END}",
    ),
    _way("about", 0.85, rf"(?:i work as|{_I_AM}) an? (?:[a-z-]{{3,16}} ){{0,2}}(?:{_JOBS}){_END}"),
    _way("about", 0.85, r"i (?:study|teach|collect|speak|play(?: the)?|knit|brew|paint|"
         rf"bake|breed|restore) (?P<thing>{_THING}){_END}"),
    _way("about", 0.8, rf"{_I_AM} (?:studying|learning|teaching myself|training for|saving for|"
         rf"writing|building) (?P<thing>{_THING}){_END}"),
    _way("about", 0.85, r"i(?: have|'ve got|’ve got| have got) (?:an?|two|three|four) "
         r"(?:[a-z]{3,12} ){0,2}(?:dogs?|cats?|rabbits?|parrots?|horses?|hamsters?|lizards?|"
         rf"snakes?|puppy|kitten|chickens)(?: (?:called|named) [\w' -]{{2,30}}?)?{_END}"),
    _way("about", 0.85, rf"{_I_AM} (?:a )?(?:vegan|vegetarian|left-handed|colou?r-?blind|night owl|"
         rf"early bird){_END}"),
)  # fmt: skip
_PLAN: Final = re.compile(
    rf"(?i:{_LEAD})(?P<fact>(?i:(?:{_I_AM} (?:going|moving|travell?ing|flying|visiting|starting|"
    r"running|taking|playing|seeing|leaving|presenting|giving|performing|hosting|getting|"
    r"releasing|competing|graduating|planning)|i(?:'ll| will|’ll) (?:be|go|move|visit|start|run|"
    r"take|play|see|present|give|host|get|release|travel|fly)|i(?: have|'ve got|’ve got| have got) "
    r"(?:an?|my|the))"
    r"\b[\w'’ ,:/.-]{2,100}))"
)
_NOTE: Final = re.compile(
    rf"(?i:{_LEAD}(?:please )?(?:remember|don't forget|do not forget|keep in mind|note)"
    r"(?: that)?[:,]? (?P<fact>(?:"
    r"i (?:only |never |always |usually |mostly |don't |do not |can't ){0,2}(?:eat|drink|take|"
    r"prefer|like|love|hate|have|play|read|watch|listen|wear|live|work|study|sleep|travel|train|cook|drive|"
    r"cycle|walk|swim|run)|i(?: am|'m|’m) (?:in|at|on|away|vegan|vegetarian|left-handed|an? )|"
    r"my (?!role|rank|level|status|title|word|account|name)[a-z' -]{2,30} (?:is|are))"
    r"\b[^\n]{3,110}))"
)
_SENTENCE: Final = re.compile(r"(?<=[.!?…])\s+|\n+|;\s")
_QUOTED: Final = re.compile(
    r"```.*?(?:```|\Z)|`[^`\n]*`|“[^”]*”|\"[^\"\n]*\"|^\s*>.*?$", re.DOTALL | re.MULTILINE
)
_JOKE: Final = re.compile(
    r"(?i)\b(?:jk|just kidding|kidding|not really|sarcasm|hypothetically)\b|/s\b|/j\b"
)
_UNSURE: Final = re.compile(
    r"(?i)\b(?:maybe|perhaps|might|probably|i think|i guess|i wish|if|would|could|should|used to|"
    r"almost|pretend\w*|imagine|suppose|said|says|told|once|when|unless|never mind|anymore|"
    r"no longer|not sure|as if|like a)\b|\?\s*$"
)
_NO_NAME: Final = frozenset(
    """
not a an the on in at it is was my your mud nobody none nothing private secret irrelevant later
back crazy stupid maybe when if tomorrow now soon anything whatever something what of also here
new sorry done taken
""".split()  # noqa: SIM905 (a list of words is read as words)
)
_SHORT_PLACES: Final = frozenset({"UK", "US", "USA", "UAE", "NZ", "LA", "NYC", "DC", "SF"})
_SOMEBODY: Final = re.compile(
    r"(?i:\bfavou?rite (?:person|member|user|player|streamer)\b)|\b(?:with|about|against|for) [A-Z]"
)
_NO_THING: Final = re.compile(
    r"(?i)^(?:it|that|this|these|those|them|him|her|us|me|he|she|they|to (?:think|say|know|be|see|"
    r"add|point)|how|what|when|where|who|why|"
    r"all of|both|some|one|myself|being|everything|anything|nothing|mine|part|with|games?$|"
    r"an? (?:lot|bit|few|little)|the|to \w+ (?:it|that|this)$|doing that|"
    r"having to|for everyone|under)\b|\b(?:this|my life|more than .*)$"
)


def learned_from(cue: Cue, persona: str, *, days: int) -> tuple[Fact, ...]:
    """What ``persona`` may learn from a message: nothing without the member's consent.

    Args:
        cue: The message, with the member's word on memory.
        persona: Whose memory it is.
        days: The longest that anything is kept.
    """
    if cue.signals.consents.get(persona) != "given":
        return ()
    if any(cue.signals.scores.get(head, 0.0) > MAX_HARM for head in _HARM):
        return ()
    return facts_of(cue.message, now=cue.now, days=days)


def facts_of(message: Message, *, now: datetime, days: int = 90) -> tuple[Fact, ...]:
    """Every fact in a message, in its order, each once; at most ``MOST``."""
    if message.author.is_bot or message.author.is_self:
        return ()
    text = _QUOTED.sub("\n", message.text[:LONGEST_TEXT])
    if _JOKE.search(text):
        return ()
    found: dict[tuple[str, str], Fact] = {}
    for sentence in _sentences(text):
        fact = _fact(sentence, now, days)
        if fact is not None:
            found.setdefault((fact.kind, fact.text.lower()), fact)
    return tuple(found.values())[:MOST]


def _sentences(text: str) -> Iterator[str]:
    for part in _SENTENCE.split(text):
        sentence = " ".join(part.split()).rstrip(".!… ")
        if 5 <= len(sentence) <= LONGEST:
            yield sentence


def _fact(sentence: str, now: datetime, days: int) -> Fact | None:
    if is_unfit(sentence) or is_unfit(fold(sentence).text):
        return None
    noted = _NOTE.match(sentence)
    if noted is not None:
        return _kept("note", noted["fact"], 0.9, now, days)
    if _UNSURE.search(sentence):
        return None
    planned = _PLAN.match(sentence)
    if planned is not None and not _SOMEBODY.search(planned["fact"]):
        day = day_in(planned["fact"], now)
        if day is not None:
            until = min(day + timedelta(days=1), now + timedelta(days=days))
            return Fact("plan", planned["fact"], 0.7, until)
    for way in _WAYS:
        match = way.pattern.match(sentence)
        if match is not None and _is_sound(match) and not _SOMEBODY.search(match["fact"]):
            return _kept(way.kind, match["fact"], way.confidence, now, days)
    return None


def _is_sound(match: re.Match[str]) -> bool:
    """Whether what was named can be a name, a place or a thing."""
    parts = match.groupdict()
    name, thing, place = parts.get("name"), parts.get("thing"), parts.get("place")
    if name is not None:
        is_whole = match.end() == len(match.string) or name[:1].isupper()
        return is_whole and name.lower().split()[0] not in _NO_NAME
    if place is not None:
        is_desk = place.isupper() and place not in _SHORT_PLACES
        return not is_desk and not any(char.isdigit() for char in place)
    return thing is None or (not _NO_THING.match(thing) and len(thing.split()) <= LONGEST_THING)


def _kept(kind: str, text: str, confidence: float, now: datetime, days: int) -> Fact:
    return Fact(kind, text.strip(" ,"), confidence, now + timedelta(days=min(DAYS[kind], days)))
