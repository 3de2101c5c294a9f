"""The rules that a new community starts with load without a warning and do what they say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from greenroom.message import Precedent, Signals
from greenroom.policies import as_json, evaluate, load_policy
from greenroom.triage import HEADS, INTENTS
from tests.policies.rules import NOW, comment

FOLDER = Path(__file__).parents[2] / "policies"


def tried(name: str, body: str, signals: Signals | None = None, **values: Any) -> dict[str, Any]:
    policy = load_policy(FOLDER / f"{name}.yaml", heads=HEADS, intents=INTENTS)
    assert policy.warnings == ()
    return as_json(evaluate((policy,), comment(body, **values), signals or Signals(), now=NOW))


def scored(intent: str | None = None, **scores: float) -> Signals:
    return Signals(scores=scores, intent=intent)


@pytest.mark.parametrize(
    ("name", "body", "signals", "action", "severity"),
    [
        ("civility", "hi", scored(toxicity=0.2, threat=0.1), None, "low"),
        ("civility", "hi", scored(threat=0.95), "filter", "high"),
        ("civility", "hi", scored(threat=0.7), "escalate", "high"),
        ("civility", "hi", scored(toxicity=0.8), "escalate", "medium"),
        ("civility", "hi", scored(self_harm=0.85), "escalate", "critical"),
        ("civility", "go kill yourself!", None, "filter", "high"),
        ("civility", "hi", None, None, "low"),
        ("spam", "FREE Discord Nitro for all", None, "filter", "high"),
        ("spam", "I got free time and nitro cold brew", None, None, "low"),
        ("spam", "Bitcoin giveaway today", None, "filter", "high"),
        ("spam", "see http://dlscord.example.com", None, "filter", "high"),
        ("spam", "hi", scored(scam=0.7), "escalate", "medium"),
        ("spam", "hi", scored(spam=0.97), "filter", "low"),
        ("help", "how?", scored("question", injection=0.0), "reply", "low"),
        ("help", "how?", scored("question", injection=0.9), "escalate", "medium"),
        ("help", "thanks", scored("thanks", injection=0.0), None, "low"),
    ],
)
def test_starter_rules_decide(
    name: str, body: str, signals: Signals | None, action: str | None, severity: str
) -> None:
    found = tried(name, body, signals)
    assert (found["action"], found["severity"]) == (action, severity)


def test_newcomers_links_are_shown_to_a_person() -> None:
    link = "look https://example.com/x"
    assert tried("spam", link, author={"account_age_days": 1})["action"] == "escalate"
    assert tried("spam", link, author={"account_age_days": 30})["action"] is None
    invitation = "join discord.gg/abc"
    assert tried("spam", invitation, author={"account_age_days": 3})["action"] == "filter"


def test_copies_of_removed_messages_are_shown_to_a_person() -> None:
    copy = Signals(precedents=(Precedent("k", "hi", "removed", 0.97),))
    found = tried("civility", "hi", copy)
    assert (found["action"], found["action_reason"]) == (
        "escalate",
        "close to a removed message (0.97)",
    )


def test_a_mention_is_answered() -> None:
    assert (
        tried("help", "hey", scored(injection=0.1), mentions_me=True)[
            "reply" if False else "action"
        ]
        == "reply"
    )


def test_reasons_name_the_score() -> None:
    found = tried("civility", "hi", scored(threat=0.954))
    assert found["action_reason"] == "threat 0.95"
