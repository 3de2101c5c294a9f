"""What in a sentence can be held against its evidence word by word: numbers, names, negation."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final

from greenroom.llm.said import words

_NUMBER: Final = re.compile(r"\d+(?:[.,:/-]\d+)*")
_SPELLED: Final = {
    "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8",
    "nine": "9", "ten": "10", "eleven": "11", "twelve": "12", "thirteen": "13", "fourteen": "14",
    "fifteen": "15", "sixteen": "16", "seventeen": "17", "eighteen": "18", "nineteen": "19",
    "twenty": "20", "thirty": "30", "forty": "40", "fifty": "50", "sixty": "60", "seventy": "70",
    "eighty": "80", "ninety": "90", "hundred": "100", "thousand": "1000", "million": "1000000",
    "dozen": "12", "twice": "2",
}  # fmt: skip
"""Without "one" and "once", which are mostly no numbers."""

_NAME: Final = re.compile(
    r"(?<![.!?:\"“(]\s)(?<!^)(?<![\w'’])([A-Z][\w'’-]+|[A-Z]{2,})", re.MULTILINE
)
_NEGATION: Final = re.compile(
    r"\b(?:not|no|never|none|nobody|nothing|nowhere|neither|nor|without|cannot|\w+n['’]t|"
    r"forbidden|prohibited|banned|disallowed|unable|refuse[ds]?|except|unless)\b",
    re.IGNORECASE,
)
_PLAIN: Final = frozenset({
    "a", "about", "after", "all", "also", "am", "an", "and", "any", "are", "as", "at", "be",
    "because", "been", "before", "being", "both", "but", "by", "can", "could", "did", "do", "does",
    "doing", "down", "during", "each", "few", "for", "from", "further", "had", "has", "have",
    "having", "he", "her", "here", "hers", "him", "his", "how", "i", "if", "in", "into", "is", "it",
    "its", "itself", "just", "let", "like", "made", "make", "many", "may", "me", "might", "more",
    "most", "must", "my", "need", "of", "off", "on", "once", "only", "or", "other", "our", "out",
    "over", "own", "please", "same", "shall", "she", "should", "so", "some", "such", "than", "that",
    "the", "their", "them", "then", "there", "these", "they", "this", "those", "through", "to",
    "too", "under", "until", "up", "upon", "us", "very", "was", "we", "were", "what", "when",
    "where", "which", "while", "who", "whom", "why", "will", "with", "would", "yes", "you", "your",
    "yours", "not", "no", "get", "gets", "got", "getting",
})  # fmt: skip
_NO_NAMES: Final = frozenset({"i", "i'm", "i'll", "i've", "i'd", "ok", "okay", "yes", "no"})


def numbers_in(text: str) -> set[str]:
    """Every number, in one spelling: ``1,000`` and ``thousand`` are ``1000``."""
    figures = {_plain(found) for found in _NUMBER.findall(text)}
    return figures | {_SPELLED[word] for word in words(text) if word in _SPELLED}


def measures_in(text: str) -> set[tuple[str, str]]:
    """Every number with the word that it counts, as in ``("14", "day")``."""
    found = [_SPELLED.get(word, word) for word in words(text)]
    return {
        (number, stem(word))
        for number, word in pairwise(found)
        if number.isdigit() and not word.isdigit() and word not in _PLAIN
    }


def names_in(text: str) -> set[str]:
    """Words with a capital that do not begin a sentence, as stems."""
    found = {name.casefold() for name in _NAME.findall(text)}
    return {stem(name) for name in found - _NO_NAMES if name not in _PLAIN}


def negations_in(text: str) -> int:
    """How often it denies, forbids or excepts something."""
    return len(_NEGATION.findall(text))


def content(text: str, *, keeps_all: bool = False) -> list[str]:
    """The stems of the words that carry its meaning."""
    return [stem(word) for word in words(text) if keeps_all or word not in _PLAIN]


def covered(text: str, evidence: str, *, also: str = "") -> float:
    """Share of its words that the evidence has, 0 to 1.

    Words of ``also`` (the question) count where the evidence has none of them, but cannot carry
    a sentence alone: at least one word must be the evidence's.
    """
    said = content(text)
    if not said:
        return 1.0
    there, asked = set(content(evidence)), set(content(also))
    theirs = sum(word in there for word in said)
    if not theirs:
        return 0.0
    return (theirs + sum(word in asked and word not in there for word in said)) / len(said)


def stem(word: str) -> str:
    """A word without its commonest endings: enough to meet its other forms."""
    word = re.sub(r"['’]s$|['’]", "", word.casefold())
    for ending in ("ations", "ation", "ings", "ing", "ers", "ies", "ied", "ed", "er", "es", "ly",
                   "s", "y", "e"):  # fmt: skip
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


def _plain(number: str) -> str:
    if re.fullmatch(r"\d{1,3}(?:,\d{3})+", number):
        return number.replace(",", "")
    return number.lstrip("0") or "0"
