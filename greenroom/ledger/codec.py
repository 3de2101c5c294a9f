"""Travelling values to JSON and back, for the ledger's columns."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

from pydantic import TypeAdapter
from pydantic_core import PydanticSerializationError

from greenroom.message import Action, Decision, Event, Memory, Message, Precedent, Signals, Turn

T = TypeVar("T")

_ADAPTERS: dict[type, TypeAdapter[Any]] = {
    kind: TypeAdapter(kind) for kind in (Action, Decision, Event, Message)
}

_DECISIONS = TypeAdapter(tuple[Decision, ...])


def encode(value: Action | Decision | Event | Message) -> str:
    """Compact JSON without defaults. Lone surrogates, which UTF-8 cannot hold, become U+FFFD."""
    adapter = _ADAPTERS[type(value)]
    try:
        return adapter.dump_json(value, exclude_defaults=True).decode()
    except (PydanticSerializationError, UnicodeEncodeError):
        return adapter.dump_json(scrub(value), exclude_defaults=True).decode()


def encode_decisions(decisions: tuple[Decision, ...]) -> str:
    """Several personas' decisions as one JSON list.

    What they learned is left out: it is kept once, where it can be erased.
    """
    kept = (dataclasses.replace(one, learned=()) if one.learned else one for one in decisions)
    return f"[{','.join(map(encode, kept))}]"


def decode_decisions(text: str) -> tuple[Decision, ...]:
    """What ``encode_decisions`` wrote."""
    return _DECISIONS.validate_json(text)


def decode(kind: type[T], text: str) -> T:
    """The value that ``encode`` wrote."""
    value: T = _ADAPTERS[kind].validate_json(text)
    return value


def encode_signals(signals: Signals) -> str:
    """What a backtest needs of the signals: scores, intent, precedents, and who gave them."""
    return canonical(
        {
            "scores": {name: round(score, 6) for name, score in signals.scores.items()},
            "intent": signals.intent,
            "language": signals.language,
            "precedents": [
                {"message": one.message, "verdict": one.verdict, "score": round(one.score, 6)}
                for one in signals.precedents
            ],
            "knowledge_score": signals.knowledge_score,
            "counts": dict(signals.counts),
            "conversation": [
                {"key": one.key, "by": one.by, "at": one.at.isoformat()}
                for one in signals.conversation
            ],
            "memories": [
                {
                    "fact": one.id,
                    "persona": one.persona,
                    "kind": one.kind,
                    "source": one.source,
                    "confidence": one.confidence,
                    "learned_at": one.learned_at.isoformat(),
                    "score": round(one.score, 6),
                    "why": one.why,
                }
                for one in signals.memories
            ],
            "consents": dict(signals.consents),
            "model": signals.model,
            "stage": signals.stage,
            "windows": signals.windows,
            "windows_read": signals.windows_read,
        }
    )


def decode_signals(values: Mapping[str, Any]) -> Signals:
    """What ``encode_signals`` wrote; what older versions left out is unknown."""
    precedents = tuple(
        Precedent(one["message"], "", one["verdict"], one["score"])
        for one in values.get("precedents", ())
    )
    return Signals(
        scores=values.get("scores", {}),
        intent=values.get("intent"),
        language=values.get("language"),
        precedents=precedents,
        knowledge_score=values.get("knowledge_score"),
        counts=values.get("counts", {}),
        conversation=tuple(map(_turn, values.get("conversation", ()))),
        memories=tuple(map(_memory, values.get("memories", ()))),
        consents=values.get("consents", {}),
        model=values.get("model"),
        stage=values.get("stage"),
    )


def _turn(value: Mapping[str, Any]) -> Turn:
    """Without the words: they are in the messages, and what is erased there stays erased."""
    return Turn(value["by"], "", datetime.fromisoformat(value["at"]), value["key"])


def _memory(value: Mapping[str, Any]) -> Memory:
    return Memory(
        text="",
        source=value["source"],
        confidence=value["confidence"],
        learned_at=datetime.fromisoformat(value["learned_at"]),
        score=value["score"],
        why=value["why"],
        persona=value["persona"],
        kind=value["kind"],
        id=value["fact"],
    )


def canonical(value: Mapping[str, Any]) -> str:
    """JSON with one spelling, so that its digest is one too: sorted keys, no spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def scrub(value: T) -> T:
    """``value`` with every lone surrogate in every text replaced by U+FFFD."""
    cleaned: Any = value
    if isinstance(value, str):
        cleaned = type(value)(value) if value.isascii() else _without_surrogates(value)
    elif isinstance(value, tuple):
        cleaned = tuple(scrub(item) for item in value)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {f.name: scrub(getattr(value, f.name)) for f in dataclasses.fields(value)}
        cleaned = dataclasses.replace(value, **fields)
    result: T = cleaned
    return result


def _without_surrogates(text: str) -> str:
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
