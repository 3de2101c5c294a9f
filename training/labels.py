"""What each data file's columns say about our heads.

One column name does not mean the same in two files, so each file has a function of its own.
A head that a file cannot answer stays unknown. What is inferred instead of labelled by a
person is marked WEAK; the model card repeats it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from greenroom.triage.base import HEADS
from training.corpus import Example, chance

Row = Mapping[str, str]
Scores = dict[str, float]

FAMILY: Final = ("toxicity", "insult", "hate", "threat", "obscene", "sexual")
APART: Final = ("spam", "scam", "injection")
"""Heads that hardly occur in the toxicity files."""

_PROFANE: Final = re.compile(
    r"\b(\w*fuck\w*|f[*u]ck\w*|\w*shit+\w*|bitch\w*|ass ?holes?|cunts?|dick(head)?s?|puss(y|ies)"
    r"|bastards?|cocks?|cocksuck\w*|twats?|wank\w*|stfu|whores?|sluts?|dumbass\w*|jackass\w*)\b",
    re.IGNORECASE,
)
_EXPLICIT: Final = re.compile(
    r"\b(porn\w*|blow ?jobs?|hand ?jobs?|masturbat\w*|orgasm\w*|cum(ming|shot)?|hentai|horny|nudes"
    r"|jerk(ing|ed)? off|dildos?|boner|erections?|tits|titties|creampie|deepthroat|threesome"
    r"|naked pics|sexting|fetish|gang ?bang|milfs?|onlyfans|doggy ?style|xxx)\b",
    re.IGNORECASE,
)
_HURT_SELF: Final = re.compile(
    r"suicid|kill (my|your|him|her|them)sel|kys\b|\bdie\b|self.?harm|\bcut myself|end (it|my)",
    re.IGNORECASE,
)
_PRIZE: Final = re.compile(
    r"\b(won|winner|prize|claim|urgent|award|guaranteed|selected|cash|collect|voucher|loan)\b",
    re.IGNORECASE,
)
_ASKS: Final = re.compile(
    r"^(what|who|whose|when|where|which|why|how|is|are|am|do|does|did|can|could|would|will|should"
    r"|has|have|may|any(one|body)|what's|who's|where's|how's)\b",
    re.IGNORECASE,
)
_TROUBLE: Final = re.compile(
    r"\b(help|problem|issue|not work\w*|does ?n.t work|wo ?n.t|ca ?n.t|cannot|unable|declined"
    r"|failed|lost|stolen|wrong|missing|broken|blocked|stuck|error|fraud|damaged)\b",
    re.IGNORECASE,
)
_WARM: Final = (
    {"admiration", "amusement", "approval", "caring", "curiosity", "desire", "excitement"}
    | {"gratitude", "joy", "love", "neutral", "optimism", "pride", "relief"}
)  # fmt: skip
_MOOD: Final = {"positive": 1.0, "negative": -1.0, "neutral": 0.0}


def benign(**scores: float) -> Scores:
    """All heads 0, save those given."""
    return {**dict.fromkeys(HEADS, 0.0), **scores}


def hostile(text: str, **scores: float) -> Scores:
    """Labels of a toxicity file: those given, and 0 for what such a file hardly holds (WEAK)."""
    rest = dict.fromkeys(APART, 0.0)
    if not _HURT_SELF.search(text):
        rest["self_harm"] = 0.0
    return {**rest, **scores}


def bad_words(text: str) -> Scores:
    """Obscene and sexual by word list (WEAK)."""
    return {
        "obscene": float(bool(_PROFANE.search(text))),
        "sexual": float(bool(_EXPLICIT.search(text))),
    }


def ask_or_chat(text: str) -> str:
    """Intent of everyday text (WEAK): a question if it ends with a question mark, else chat."""
    return "question" if text.rstrip().endswith("?") else "chat"


def maybe_unmarked(text: str) -> str:
    """`text` without its closing question mark half of the time, as people write in chat."""
    return text.rstrip(" ?") if text.endswith("?") and chance("mark" + text) < 0.5 else text


def _wiki_six(row: Row) -> Example:
    toxic = float(row["toxic"])
    scores = {name: float(row[name]) for name in ("obscene", "threat", "insult")}
    scores |= {"toxicity": toxic, "hate": float(row["identity_hate"])}
    if not toxic or _EXPLICIT.search(row["text"]):
        scores["sexual"] = float(bool(_EXPLICIT.search(row["text"])))
    return _example(row, hostile(row["text"], **scores), sentiment=-0.8 if toxic else None)


def _wiki_binary(row: Row) -> Example:
    if row["label"] == "not_toxic":
        clean = dict.fromkeys(FAMILY, 0.0) | bad_words(row["text"])
        return _example(row, hostile(row["text"], **clean))
    return _example(row, hostile(row["text"], toxicity=1.0), sentiment=-0.8)


def _civil(row: Row) -> Example:
    share = float(row["toxic_share"])
    scores = {name: float(row[name]) for name in ("insult", "obscene", "threat")}
    scores["hate"] = float(row["identity_attack"])
    # A low share in this pool means doubtful, not clean.
    if share >= 0.5:
        scores["toxicity"] = min(1.0, 0.3 + 0.7 * share)
    return _example(row, hostile(row["text"], **scores), sentiment=-0.7 if share > 0.6 else None)


def _davidson(row: Row) -> Example:
    votes = [float(row[f"votes_{kind}"]) for kind in ("hate", "offensive", "neither")]
    hate, offensive, _ = (vote / max(sum(votes), 1.0) for vote in votes)
    # "Offensive" here is mostly swearing among friends: likely toxic, not surely.
    scores = {"hate": hate, "toxicity": hate + 0.75 * offensive, **bad_words(row["text"])}
    if row["label"] == "neither":
        scores |= {"insult": 0.0, "threat": 0.0, "toxicity": 0.1}
    return _example(row, hostile(row["text"], **scores))


def _olid(row: Row) -> Example:
    words = bad_words(row["text"])
    if row["label"] == "not_offensive":
        clean = dict.fromkeys(FAMILY, 0.0) | words
        return _example(row, hostile(row["text"], **clean))
    scores = {"toxicity": 0.95, **words}
    if row["subtask_b"] == "TIN" and row["subtask_c"] == "IND":
        scores["insult"] = 0.9
    if row["subtask_b"] == "UNT":
        scores |= {"insult": 0.1, "toxicity": 0.8}
    return _example(row, hostile(row["text"], **scores), sentiment=-0.7)


def _vicomtech(row: Row) -> Example | None:
    if row["label"] in {"skip", "relation"}:
        return None
    if row["label"] == "hate":
        return _example(row, hostile(row["text"], hate=1.0, toxicity=0.95), sentiment=-0.7)
    return _example(row, hostile(row["text"], hate=0.0, threat=0.0))


def _surge(row: Row) -> Example:
    words = bad_words(row["text"])
    if row["label"] == "toxic":
        return _example(row, hostile(row["text"], toxicity=1.0, **words), sentiment=-0.8)
    return _example(row, hostile(row["text"], **(dict.fromkeys(FAMILY, 0.0) | words)))


def _hatemoji(row: Row) -> Example:
    hate = float(row["label"] == "hate")
    scores = {"hate": hate, **bad_words(row["text"])}
    if hate:
        scores["toxicity"] = 0.95
    elif not scores["obscene"]:
        scores |= {"toxicity": 0.1, "threat": 0.0}
    if row.get("type", "").startswith("threat"):
        scores["threat"] = hate
    return _example(row, hostile(row["text"], **scores), sentiment=-0.8 if hate else None)


def _edos(row: Row) -> Example:
    if row["label"] == "not_sexist":
        return _example(row, hostile(row["text"], hate=0.1, **bad_words(row["text"])))
    threat = float(row["category"].startswith("1"))
    # Animosity and prejudiced talk (3, 4) are hate in a milder sense than derogation.
    hate = 0.95 if row["category"][:1] in {"1", "2"} else 0.75
    scores = {"hate": hate, "toxicity": hate, "threat": threat, **bad_words(row["text"])}
    return _example(row, hostile(row["text"], **scores), sentiment=-0.7)


def _jailbreak(row: Row) -> Example:
    return _example(row, {"injection": 1.0, "spam": 0.0, "scam": 0.0}, intent="other")


def _sms(row: Row) -> Example:
    if row["label"] == "ham":
        scores = benign(**bad_words(row["text"]))
        text = maybe_unmarked(row["text"])
        return _example(row, scores, intent=ask_or_chat(row["text"]), text=text)
    scores = {"spam": 1.0, "injection": 0.0, "threat": 0.0, "hate": 0.0, "toxicity": 0.0}
    if _PRIZE.search(row["text"]):
        scores["scam"] = 1.0
    return _example(row, scores | bad_words(row["text"]), intent="promotion")


def _youtube(row: Row) -> Example:
    if row["label"] == "ham":
        scores = {"spam": 0.0, "scam": 0.0, "injection": 0.0, "self_harm": 0.0, "threat": 0.0}
        return _example(row, scores, intent=ask_or_chat(row["text"]))
    return _example(row, {"spam": 1.0, "injection": 0.0, "threat": 0.0}, intent="promotion")


def _telegram(row: Row) -> Example:
    spam = float(row["label"] == "spam")
    return _example(row, {"spam": spam, "injection": 0.0}, intent="promotion" if spam else "other")


def _clinc(row: Row) -> Example:
    return _example(row, benign(), sentiment=0.0, intent=_clinc_intent(row))


def _clinc_intent(row: Row) -> str:
    if row["label"] in {"greeting", "goodbye"}:
        return "greeting"
    if row["label"] == "thank_you":
        return "thanks"
    if row["label"] in {"yes", "no", "maybe"}:
        return "chat"
    if row["label"] in {"report_fraud", "report_lost_card", "damaged_card", "account_blocked"}:
        return "help"
    return "question" if _ASKS.match(row["text"]) or row["text"].endswith("?") else "other"


def _banking(row: Row) -> Example:
    asks = _ASKS.match(row["text"]) or row["text"].endswith("?")
    intent = "question" if asks and not _TROUBLE.search(row["text"]) else "help"
    text = maybe_unmarked(row["text"])
    return _example(row, benign(), sentiment=0.0, intent=intent, text=text)


def _goemotions(row: Row) -> Example:
    emotions = set(row["emotions"].split("|"))
    scores = hostile(row["text"], **bad_words(row["text"]), threat=0.0)
    if emotions <= _WARM:
        scores |= {"toxicity": 0.0, "insult": 0.0, "hate": 0.0}
    thanks = emotions == {"gratitude"} and "than" in row["text"].lower()
    intent = "thanks" if thanks else ask_or_chat(row["text"])
    mood = _MOOD.get(row["sentiment"])
    text = maybe_unmarked(row["text"])
    return _example(row, scores, sentiment=mood, intent=intent, text=text)


def _german(row: Row) -> Example:
    if row["label"] == "other":
        return _example(row, benign(), intent="other")
    scores = {"toxicity": 0.9, "spam": 0.0, "scam": 0.0, "injection": 0.0}
    return _example(row, scores, intent="other")


def _portuguese(row: Row) -> Example | None:
    kinds = ("homophobia", "obscene", "insult", "racism", "misogyny", "xenophobia")
    votes = {kind: int(row[kind]) for kind in kinds}
    if not any(votes.values()):
        return _example(row, benign(), intent="other")
    if max(votes.values()) < 2:
        return None  # one voter of three: a doubt
    scores = {"toxicity": 0.9, "obscene": float(votes["obscene"] >= 2)}
    scores |= {"insult": float(votes["insult"] >= 2), "spam": 0.0, "scam": 0.0, "injection": 0.0}
    return _example(row, scores, intent="other")


def _one(head: str, positive: set[str]) -> Callable[[Row], Example]:
    """A file that measures one head."""
    return lambda row: _example(row, {head: float(row["label"] in positive)})


def _mood(row: Row) -> Example:
    return _example(row, {}, sentiment=_MOOD[row["label"]])


def _example(
    row: Row,
    scores: Scores,
    *,
    sentiment: float | None = None,
    intent: str | None = None,
    text: str | None = None,
) -> Example:
    text = row["text"] if text is None else text
    return Example(text, row["file"], scores, sentiment, intent, group=row["text"])


LABELLERS: Final[Mapping[str, Callable[[Row], Example | None]]] = {
    "wiki_toxic_6label_sample": _wiki_six,
    "wiki_toxic_binary_sample": _wiki_binary,
    "wiki_context_toxicity_large": _wiki_binary,
    "civil_comments_toxic_spans": _civil,
    "davidson_hate_offensive": _davidson,
    "olid_train_levels": _olid,
    "vicomtech_forum_hate": _vicomtech,
    "surge_toxicity": _surge,
    "hatemojibuild": _hatemoji,
    "edos_sexism": _edos,
    "jailbreak_prompts": _jailbreak,
    "sms_spam": _sms,
    "youtube_spam": _youtube,
    "telegram_spam_ru": _telegram,
    "clinc150": _clinc,
    "banking77": _banking,
    "goemotions": _goemotions,
    "germeval2018_de": _german,
    "told_br_pt": _portuguese,
    "insults_forum": _one("insult", {"insult"}),
    "ethos_binary": _one("hate", {"hate"}),
    "tweeteval_hate": _one("hate", {"hate"}),
    "twitter_racism_sexism": _one("hate", {"racism", "sexism"}),
    "tweeteval_sentiment": _mood,
    "sst2": _mood,
}
