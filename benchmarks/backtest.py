"""How long the starter policies take on the past of 100,000 messages.

    python -m benchmarks.backtest [--messages 100000]

A ledger is filled with the demo's chat, each message different, with the scores that the model
would have given and a verdict on one in fifty; then `greenroom backtest` reads all of it, in a
process of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.policies import chat_messages
from greenroom.ledger import CaseDraft, Handled, Judgement, Ledger, Verdict
from greenroom.message import Decision, Event, EventKind, Message, Severity, Signals
from greenroom.starter import lay_out
from greenroom.triage.base import HEADS

POLICIES = ("civility", "spam", "help")
JUDGED = 50


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=100_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="greenroom-") as name:
        folder = Path(name)
        list(lay_out(folder, bots=["terminal"]))
        began = time.perf_counter()
        asyncio.run(_fill(folder / "data" / "ledger.db", options.messages))
        print(f"filled the ledger in {time.perf_counter() - began:.0f} s", file=sys.stderr)
        command = [sys.executable, "-m", "greenroom", "backtest", "--json"]
        command += ["--config", str(folder / "config.yaml")]
        command += [str(folder / "policies" / f"{name}.yaml") for name in POLICIES]
        began = time.perf_counter()
        ended = subprocess.run(command, capture_output=True, check=True, text=True)
        seconds = time.perf_counter() - began
    told = json.loads(ended.stdout)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(
        f"{told['messages']:,} messages, {told['judged']:,} judged, in {seconds:.1f} s:"
        f" {told['messages'] / seconds:,.0f} a second, {peak:.0f} MiB at most"
    )


async def _fill(file: Path, count: int) -> None:
    ledger = Ledger(file)
    dice = random.Random(3)
    messages = chat_messages(count, 0)
    for start in range(0, count, 256):
        batch = messages[start : start + 256]
        await asyncio.gather(*(ledger.inbox.put(_event(message)) for message in batch))
        pending = await ledger.inbox.pending(after=0, limit=256)
        outcomes = (_handled(one.seq, one.event, dice) for one in pending)
        await asyncio.gather(
            *(ledger.record.handled(one, one.event.received_at) for one in outcomes)
        )
    for case, message in await ledger.cases.queue(limit=count):
        verdict = dice.choice((Verdict.UPHOLD, Verdict.DISMISS))
        await ledger.cases.judge(Judgement(case.id, verdict, "bench"), _event(message).received_at)
    ledger.close()


def _event(message: Message) -> Event:
    assert message.posted_at is not None, "all of them have a time"
    return Event(EventKind.MESSAGE_POSTED, "bench", "discord", message.posted_at, message)


def _handled(seq: int, event: Event, dice: random.Random) -> Handled:
    scores = {head: dice.random() ** 8 for head in HEADS}
    draft = CaseDraft("warden", Severity.LOW, "bench", "live")
    return Handled(
        seq,
        event,
        message=event.message,
        signals=Signals(scores=scores, intent="chat", model="bench"),
        decisions=(Decision("warden"),),
        case=draft if seq % JUDGED == 0 else None,
    )


if __name__ == "__main__":
    main()
