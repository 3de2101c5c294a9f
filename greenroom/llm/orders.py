"""Orders to a model inside a text that should only be read: told by their words, no model.

A second look beside triage's `injection`, in more languages. For documents it is the only one:
triage learned from what members write, and takes a handbook's "type", "press" and "do not" for
orders. It is a sieve, not a wall: what slips through is still data between fences, and what a
model makes of it is still checked.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_ORDERS: Final = re.compile(
    r"\b(?:ignor(?:e[rnz]?|iere[nt]?|a[rd]?|ez|i|uj)\w*|disregard|forget|override|bypass|vergiss|"
    r"oublie[rz]?|olvida|dimentica|esque[cç]a|negeer|zignoruj|игнорируй\w*|забудь)\b.{0,40}?"
    r"\b(?:instructions?|rules?|prompts?|orders|passages?|guidelines|above|everything|previous|"
    r"anweisung\w*|regeln|vorgaben|r[eè]gles|consignes|instrucciones|reglas|istruzioni|regole|"
    r"instruç\w+|regras|instructies|regels|polece\w+|instrukc\w+|указани\w+|инструкци\w+|правил\w*)"
    r"|\bsystem[ -]?prompt|\bdeveloper mode\b|\bjailbreak|\bdo anything now\b"
    r"|\b(?:dear|note (?:to|for)|instructions? (?:to|for)|important (?:to|for)) (?:all |the |any )?"
    r"(?:ai|bots?|assistants?|(?:large )?language models?|llms?|chatbots?)\b"
    r"|(?:^|[\n.!?>-]\s*)(?:\[?system\]?|assistant|ai|bot)\s*(?:\]|:)"
    r"|\byou are now (?:an?|in|the|free|dan)\b"
    r"|\byour (?:new |only |real )+(?:instructions?|task|rules?)"
    r"|\bwhen (?:this (?:passage|text|document|page) is|asked, (?:call|use|run|say))\b"
    r"|\bask all (?:assistants|bots|models)\b|\bcall the tool\b"
    r"|\binstrucciones anteriores|\binstructions pr[eé]c[eé]dentes"
    r"|忽略.{0,12}(?:指令|指示|规则|說明|说明)|指示.{0,8}無視|무시하"
    r"|تجاهل.{0,20}(?:التعليمات|القواعد)|התעלם.{0,20}(?:הוראות|ההוראות)|अनदेखा"
    r"|bỏ qua.{0,20}(?:chỉ dẫn|hướng dẫn)|talimatları.{0,16}yok say"
    r"|<\|[\w ]+\|>|\[/?INST\]|<</?SYS>>|</?s>|<(?:start|end)_of_turn>",
    re.IGNORECASE | re.DOTALL,
)
_TAGS: Final = range(0xE0000, 0xE0080)  # letters that nobody sees and models read
_TURNS: Final = frozenset("\u202a\u202b\u202d\u202e\u2066\u2067\u2068")


def reads_as_orders(text: str) -> bool:
    """True if a text speaks to a model, or hides something from people."""
    if any(ord(char) in _TAGS or char in _TURNS for char in text):
        return True
    folded = unicodedata.normalize("NFKC", text)
    seen = "".join(char for char in folded if unicodedata.category(char) != "Cf")
    return _ORDERS.search(seen[:20_000]) is not None
