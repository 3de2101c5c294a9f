"""A policy tried on the past: what it would have changed, and whether people agree."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from greenroom.backtest import Past, backtest
from greenroom.experiments.intervals import Share
from greenroom.ledger import CaseDraft, Handled, Judgement, Ledger, Verdict
from greenroom.message import (
    Action,
    ActionKind,
    Decision,
    Event,
    EventKind,
    Precedent,
    Severity,
    Signals,
)
from tests.cli.conftest import Greenroom
from tests.policies.rules import NOW, comment, policy
from tests.samples import NOON, a_message, an_event

SIGNALS = Signals(
    scores={"spam": 0.25},
    intent="help",
    language="en",
    precedents=(Precedent("k", "words", "removed", 0.9),),
)
CATS = "# Cats\nbody: cat\naction: filter\n---\n# Dogs\nbody: dog\naction: report\n"


async def stream(*past: Past) -> AsyncIterator[Past]:
    for one in past:
        yield one


def seen(text: str, *, is_bad: bool | None = None, did: ActionKind | None = None) -> Past:
    actions = (Action(did, rule="rules#0"),) if did else ()
    return Past(comment(text), Signals(), NOW, is_bad, (Decision("warden", actions),))


async def test_what_is_caught_and_released_is_counted_against_the_record() -> None:
    found = await backtest(
        [policy(CATS)],
        stream(
            seen("a cat", did=ActionKind.FILTER),
            seen("a dog", is_bad=True),
            seen("a cow", is_bad=False, did=ActionKind.REMOVE),
            seen("a hen", did=ActionKind.REPLY),
            seen("a cat and a dog", is_bad=False),
        ),
    )
    assert (found.messages, found.judged) == (5, 3)
    assert (found.tried.caught, found.compared.caught) == (3, 2)
    assert (found.newly_caught, found.newly_released) == (2, 1)
    assert [one.message.text for one in found.caught_samples] == ["a dog", "a cat and a dog"]
    assert [one.message.text for one in found.released_samples] == ["a cow"]
    assert found.tried.precision == Share(1, 2)
    assert found.tried.recall == Share(1, 1)
    assert found.compared.precision == Share(0, 1)
    assert [(rule.fired, rule.precision) for rule in found.rules.values()] == [
        (2, Share(0, 1)),
        (2, Share(1, 2)),
    ]


async def test_it_compares_with_another_policy_instead() -> None:
    old = policy("body: [cat, hen]\naction: remove")
    past = stream(seen("a cat"), seen("a dog"), seen("a hen"))
    found = await backtest([policy(CATS)], past, than=[old])
    assert (found.tried.caught, found.compared.caught) == (2, 2)
    assert (found.newly_caught, found.newly_released) == (1, 1)


async def test_only_actions_of_the_same_policies_count_as_before() -> None:
    past = Past(
        comment("a cow"),
        Signals(),
        NOW,
        decisions=(Decision("warden", (Action(ActionKind.REMOVE, rule="other#0"),)),),
    )
    found = await backtest([policy(CATS)], stream(past))
    assert found.compared.caught == 0


async def test_a_rule_in_shadow_mode_counts_as_if_it_were_live() -> None:
    found = await backtest(
        [policy("body: cat\naction: filter\nmode: shadow")], stream(seen("a cat", is_bad=True))
    )
    assert (found.tried.caught, found.newly_caught) == (1, 1)
    (rule,) = found.rules.values()
    assert (rule.is_shadow, rule.fired, rule.precision.value) == (True, 1, 1.0)


async def test_a_rule_that_answers_catches_nothing() -> None:
    found = await backtest([policy("body: cat\ncomment: hello")], stream(seen("a cat")))
    assert found.tried.caught == 0


async def test_messages_without_the_scores_that_a_rule_wants_are_told() -> None:
    rules = policy('body: cat\ntriage: {spam: "> 0.5"}\naction: filter')
    scored = Past(comment("a cat"), Signals(scores={"spam": 0.9}), NOW)
    found = await backtest([rules], stream(seen("a cat"), seen("a cow"), scored))
    assert (found.unread, found.tried.caught) == (1, 1)


async def test_rates_are_counted_anew_over_the_past() -> None:
    rules = policy("rate: {copies: '> 2', within: 1 minute}\naction: filter")
    times = (0, 10, 20, 300)
    past = [Past(comment("buy now"), Signals(), NOW + timedelta(seconds=one)) for one in times]
    found = await backtest([rules], stream(*past))
    assert found.tried.caught == 1  # the third within a minute
    known = Past(comment("x"), Signals(counts={"rate.copies/member/60": 9}), NOW)
    assert (await backtest([rules], stream(known))).tried.caught == 1  # as it was counted then


async def test_messages_without_the_history_that_a_rule_wants_are_told() -> None:
    rules = policy("body: cat\nhistory: {removals: '> 2'}\naction: filter")
    counted = Past(comment("a cat"), Signals(counts={"history.removals/member/2592000": 3}), NOW)
    found = await backtest([rules], stream(seen("a cat"), seen("a cow"), counted))
    assert (found.unread, found.tried.caught) == (1, 1)


async def test_judged_samples_are_shown_first() -> None:
    past = [seen(f"cat {n}") for n in range(8)] + [seen("cat x", is_bad=False)]
    found = await backtest([policy(CATS)], stream(*past), samples=3)
    assert found.caught_samples[0].message.text == "cat x"
    assert [one.message.text for one in found.caught_samples[1:]] == ["cat 6", "cat 7"]


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [(0, 0, 0.0, 1.0), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1.0), (0, 20, 0.0, 0.1611)],
)
def test_intervals_are_wilsons(hits: int, of: int, low: float, high: float) -> None:
    found = Share(hits, of).interval
    assert found == pytest.approx((low, high), abs=1e-4)


async def a_past(ledger: Ledger) -> None:
    """Three messages: one upheld, one dismissed, one that nobody judged."""
    for number, text in enumerate(("a cat", "a cat is fine", "a cow")):
        event = an_event(a_message(text, id=f"m{number}"))
        await ledger.inbox.put(event)
        (pending,) = await ledger.inbox.pending(after=0, limit=1)
        actions = (Action(ActionKind.ESCALATE, rule="cats#0"),) if number == 0 else ()
        draft = CaseDraft("warden", Severity.LOW, "x", "live") if number < 2 else None
        outcome = Handled(
            pending.seq,
            event,
            message=event.message,
            signals=SIGNALS,
            decisions=(Decision("warden", actions),),
            case=draft,
        )
        await ledger.record.handled(outcome, NOON)
    for case, message in await ledger.cases.queue():
        verdict = Verdict.UPHOLD if message.text == "a cat" else Verdict.DISMISS
        await ledger.cases.judge(Judgement(case.id, verdict, "sam"), NOON)


async def test_the_ledgers_past_has_signals_decisions_and_verdicts(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.db")
    await a_past(ledger)
    lived = [one async for one in ledger.past.lived(NOON - timedelta(days=1))]
    assert [one.message.text for one in lived] == ["a cat", "a cat is fine", "a cow"]
    assert [one.verdict for one in lived] == [Verdict.UPHOLD, Verdict.DISMISS, None]
    assert lived[0].decisions[0].actions[0].rule == "cats#0"
    signals = lived[0].signals
    assert (signals.scores, signals.intent, signals.language) == ({"spam": 0.25}, "help", "en")
    assert signals.precedents == (Precedent("k", "", "removed", 0.9),)
    assert await ledger.past.count(NOON - timedelta(days=1)) == 3
    assert await ledger.past.count(NOON + timedelta(days=1)) == 0
    ledger.close()


async def test_a_deleted_message_is_not_tried_on(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.db")
    await a_past(ledger)
    gone = Event(
        EventKind.MESSAGE_DELETED, "b", "discord", NOON, message_key=a_message(id="m2").key
    )
    await ledger.inbox.put(gone)
    (pending,) = await ledger.inbox.pending(after=0, limit=1)
    await ledger.record.deleted(pending.seq, gone, NOON)
    assert len([one async for one in ledger.past.lived(NOON)]) == 2
    ledger.close()


LINES = (
    '{"body": "a cat", "verdict": "removed"}\n'
    '{"body": "<script>alert(1)</script> cat", "author": "<b>eve</b>", "verdict": "approved"}\n'
    '{"body": "cow", "posted_at": "2020-01-01T00:00:00Z"}\n'
)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "cats.yaml").write_text(CATS, encoding="utf-8")
    (tmp_path / "past.jsonl").write_text(LINES, encoding="utf-8")
    return tmp_path


def test_a_file_of_messages_is_tried_on(greenroom: Greenroom, files: Path) -> None:
    tried = ["backtest", files / "cats.yaml", "--against", files / "past.jsonl"]
    ended = greenroom(*tried)
    assert ended.code == 0
    assert "cats on 3 messages" in ended.out
    assert "precision        50% (9% to 91%, 1 of 2)" in ended.out
    told = json.loads(greenroom(*tried, "--json").out)
    assert (told["messages"], told["judged"], told["newly_caught"]["count"]) == (3, 2, 2)
    assert told["rules"][0]["precision"] == {
        "value": 0.5, "low": 0.0945, "high": 0.9055, "hits": 1, "of": 2,
    }  # fmt: skip
    last = json.loads(greenroom(*tried, "--json", "--since", "30d").out)
    assert last["messages"] == 2


def test_the_page_runs_no_word_of_a_member(greenroom: Greenroom, files: Path) -> None:
    page = files / "report.html"
    ended = greenroom("backtest", files / "cats.yaml", "--against", files / "past.jsonl",
                      "--html", page)  # fmt: skip
    assert f"wrote {page}" in ended.err
    html = page.read_text(encoding="utf-8")
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)" in html
    assert "<b>eve" not in html
    assert not re.search(r"(?:src|href)=", html)
    assert "default-src 'none'" in html


def test_the_ledger_is_tried_on_beside_a_running_house(greenroom: Greenroom, files: Path) -> None:
    greenroom("init", files)
    ledger = Ledger(files / "data" / "ledger.db")
    asyncio.run(a_past(ledger))
    ended = greenroom("backtest", files / "cats.yaml", "--config", files / "config.yaml", "--json")
    ledger.close()
    told = json.loads(ended.out)
    assert (told["messages"], told["judged"]) == (3, 2)
    assert (told["before"]["caught"], told["newly_caught"]["count"]) == (1, 1)


def test_a_file_of_messages_knows_no_before(greenroom: Greenroom, files: Path) -> None:
    past = files / "past.jsonl"
    past.write_bytes(b"\xef\xbb\xbf" + past.read_bytes())
    tried = ["backtest", files / "cats.yaml", "--against", past]
    assert json.loads(greenroom(*tried, "--json").out)["before"] is None
    text = greenroom(*tried, "--html", files / "r.html").out
    assert "before:" not in text
    assert "--than RULES" in text
    assert "before" not in (files / "r.html").read_text(encoding="utf-8")
    (files / "old.yaml").write_text("body: cow\naction: remove\n", encoding="utf-8")
    told = json.loads(greenroom(*tried, "--json", "--than", files / "old.yaml").out)
    assert told["before"]["caught"] == 1


def test_two_files_of_one_name_are_refused(greenroom: Greenroom, files: Path) -> None:
    (files / "other").mkdir()
    (files / "other" / "cats.yaml").write_text(CATS, encoding="utf-8")
    ended = greenroom("backtest", files / "cats.yaml", files / "other" / "cats.yaml")
    assert (ended.code, "has the name of" in ended.err) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--against", "nowhere.jsonl"], "nowhere.jsonl: cannot be read"),
        (["--against", "past.jsonl", "--since", "soon"], "--since cannot be 'soon'"),
        (["--against", "odd.jsonl"], "odd.jsonl:1: `verdict` cannot be 'maybe'"),
        (["--against", "broken.jsonl"], "broken.jsonl:2: is not JSON"),
        (["--against", "list.jsonl"], "list.jsonl:1: is not a JSON object"),
        (["--against", "wrong.jsonl"], "wrong.jsonl:1: `body` must be a text"),
    ],
)
def test_what_cannot_be_read_is_told(
    greenroom: Greenroom,
    files: Path,
    arguments: list[str],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(files)
    (files / "odd.jsonl").write_text('{"body": "x", "verdict": "maybe"}\n')
    (files / "broken.jsonl").write_text('{"body": "x"}\n{\n')
    (files / "list.jsonl").write_text("[1]\n")
    (files / "wrong.jsonl").write_text('{"body": true}\n')
    ended = greenroom("backtest", "cats.yaml", *arguments)
    assert ended.code == 2
    assert said in ended.err


def test_without_a_ledger_it_says_what_to_do(greenroom: Greenroom, files: Path) -> None:
    greenroom("init", files)
    ended = greenroom("backtest", files / "cats.yaml", "--config", files / "config.yaml")
    assert ended.code == 2
    assert "there is no ledger yet" in ended.err
