"""An answer's surface: what may not stand in it whatever the evidence says. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from greenroom.llm.base import MAX_ANSWER, Fault, Why
from greenroom.llm.prompt import NO_ANSWER

_WORD: Final = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_LETTERS: Final = re.compile(r"[\W_]+")
_CITATION: Final = re.compile(r"\s*\[(\d{1,3})\]")
_ADDRESS: Final = re.compile(
    r"(?:[a-z][a-z0-9+.-]{1,20}:(?://)?[^\s<>()\[\]]+)"  # scheme:…
    r"|(?:[\w.+-]+@[\w-]+(?:\.[\w-]+)+)"  # mail
    r"|(?:(?:[\w-]+\.)+[a-z]{2,24}(?:/[^\s<>()\[\]]*)?)"  # a bare domain, a file's name
    r"|(?:\b\d{1,3}(?:\.\d{1,3}){3}\b)",
    re.IGNORECASE,
)
_MENTION: Final = re.compile(
    r"<[@#!&a]|(?<![\w.])@[^\W\d]\w*|(?<!\w)(?:/?[ur]/\w{2,})|(?<![\w/.:])/[a-z]\w+|(?<!\w)#[^\W\d][\w-]*"
)
_EVERYBODY: Final = frozenset({"@everyone", "@here", "@channel", "<@", "<!", "<#", "<&"})
_MARKUP: Final = re.compile(
    r"!\[|\]\(|^\s*\[[^\]]+\]:|</?[a-z!]|```|\|\||^\s{0,3}#{1,6}\s|^\s*>|‹|›|=== ",
    re.IGNORECASE | re.MULTILINE,
)
_CLAIMS: Final = re.compile(
    r"\b(?:i|we)(?:['’]m| am|['’]re| are)\s+(?:actually\s+|really\s+|indeed\s+|just\s+)?"
    r"(?:an?\s+)?(?:real\s+|actual\s+|living\s+)?"
    r"(?:human|person|people|man|woman|moderator|admin(?:istrator)?|owner|developer)\b"
    r"|\b(?:i|we)(?:['’]m| am|['’]re| are)\s+not\s+(?:an?\s+)?"
    r"(?:ai|bot|robot|machine|automated|language model|artificial|virtual|assistant|program)"
    r"|\bno\s+(?:ai|bots?)\s+(?:here|involved)\b"
    r"|\b(?:i|we)(?:['’]ve| have|['’]ll| will| just|)\s+(?:already\s+|just\s+|now\s+)?"
    r"(?:ban(?:ned)?|kick(?:ed)?|mute[d]?|unban(?:ned)?|remove[d]?|delete[d]?|promote[d]?"
    r"|grant(?:ed)?|verif(?:y|ied)|refund(?:ed)?|approve[d]?|timed?\s+out|give you|gave you)\b"
    r"|\byou\s+(?:are|have been|were)\s+(?:now\s+)?(?:banned|promoted|verified|made\s+an?\s+admin)"
    r"|\bich\s+bin\s+(?:ein\s+)?(?:echter\s+)?(?:mensch|moderator|kein\s+(?:bot|ki))"
    r"|\bje\s+suis\s+(?:un\s+)?(?:humain|vrai|modérateur)|\bsoy\s+(?:un\s+)?(?:humano|moderador)",
    re.IGNORECASE,
)

RUN: Final = 7
"""Words in a row that are the orders', or the member's, and so no answer."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of an answer, without its citations, and the passages it cites."""

    text: str
    cites: tuple[int, ...]


def tidy(text: str) -> str:
    """An answer without what models put around it: blanks, quotation marks."""
    text = unicodedata.normalize("NFC", text).replace("\r", "").strip()
    lines = (line.strip() for line in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip().strip('"“”').strip()


def declines(text: str) -> bool:
    """True if the model says that the passages do not answer."""
    return NO_ANSWER in text.upper()


def surface_fault(text: str, evidence: str) -> Fault | None:
    """What is wrong with an answer as it stands.

    Args:
        text: The answer, tidied.
        evidence: All passages with their addresses: what it may repeat.
    """
    if not text:
        return Fault(Why.EMPTY)
    if len(text) > MAX_ANSWER:
        return Fault(Why.TOO_LONG)
    if any(unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co") for char in text if char != "\n"):
        return Fault(Why.HIDDEN, "characters that nobody sees")
    if _MARKUP.search(text):
        return Fault(Why.MARKUP, "markup that an answer has no use for")
    if set(_addresses(text)) - set(_addresses(evidence)):
        return Fault(Why.LINK, "an address that is not in the evidence")
    called = {found[0].lower() for found in _MENTION.finditer(text)}
    known = {found[0].lower() for found in _MENTION.finditer(evidence)} - _EVERYBODY
    if called - known:
        return Fault(Why.MENTION, "somebody or something is called that the evidence does not")
    if _CLAIMS.search(text):
        return Fault(Why.CLAIM, "it claims to be, or to have done, what it is not and has not")
    return None


def leak_fault(text: str, *, orders: str, marks: Sequence[str], evidence: str) -> Fault | None:
    """Whether an answer says what only the model was told.

    Args:
        text: The answer.
        orders: What the model was told to do.
        marks: Random words that only the prompt holds.
        evidence: What it may repeat all the same.
    """
    plain = _LETTERS.sub("", text).lower()
    for mark in marks:
        if mark and (mark.lower() in plain or mark[::-1].lower() in plain):
            return Fault(Why.LEAK, "the private mark")
    told = _runs(orders, RUN) - _runs(evidence, RUN)
    if told & _runs(text, RUN):
        return Fault(Why.LEAK, "words of the orders")
    return None


def echo_fault(text: str, *, asked: str, evidence: str) -> Fault | None:
    """Whether an answer says a member's words as its own."""
    if (_runs(asked, RUN) - _runs(evidence, RUN)) & _runs(text, RUN):
        return Fault(Why.ECHO, "the member's words")
    return None


def sentences(text: str) -> list[Sentence]:
    """An answer's sentences; one without a citation has those of the next in its paragraph.

    A citation counts for the sentence that it ends, before or after the full stop.
    """
    found: list[Sentence] = []
    for paragraph in text.split("\n"):
        parts = [part for part in _split(paragraph) if part.text]
        cites: tuple[int, ...] = ()
        for number in range(len(parts) - 1, -1, -1):
            cites = parts[number].cites or cites
            parts[number] = Sentence(parts[number].text, cites)
        found += parts
    return found


def without_citations(text: str) -> str:
    """An answer as members read it."""
    return re.sub(r"[ \t]{2,}", " ", _CITATION.sub("", text)).strip()


def words(text: str) -> list[str]:
    """Its words, in small letters."""
    return _WORD.findall(text.casefold())


_SENTENCE: Final = re.compile(r".+?(?:[.!?…]+[\"”')]?(?:\s*\[\d{1,3}\])*(?=\s|$)|$)", re.DOTALL)


def _split(paragraph: str) -> Iterator[Sentence]:
    for found in _SENTENCE.finditer(re.sub(r"^\s*(?:[-*•]|\d{1,2}[.)])\s+", "", paragraph)):
        cites = tuple(int(number) for number in _CITATION.findall(found[0]))
        yield Sentence(_CITATION.sub("", found[0]).strip(), cites)


def _addresses(text: str) -> Iterator[str]:
    for found in _ADDRESS.finditer(_CITATION.sub("", text)):
        yield found[0].rstrip(".,;:!?'\"")


def _runs(text: str, length: int) -> set[tuple[str, ...]]:
    found = words(text)
    return {tuple(found[at : at + length]) for at in range(len(found) - length + 1)}
