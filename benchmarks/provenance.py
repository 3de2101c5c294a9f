"""What the signed record of an utterance costs, in one run.

    python -m benchmarks.provenance [--utterances 400]

What the ledger does for an utterance (event in, decision and order recorded, order claimed and
marked done), with and without a record, takes turns in rounds on a real file, sixteen at a time;
the ratio of the medians counts, since disks and machines drift. Beside it: the last of these steps
alone, what a record takes of the writer's thread, what checking one takes, and what a C2PA
manifest takes of the event loop.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from greenroom.clock import utc_now
from greenroom.ledger import (
    Attest,
    Claimed,
    Handled,
    Ledger,
    Pending,
    Planned,
    Said,
    order_key,
)
from greenroom.message import (
    Action,
    ActionKind,
    Author,
    Channel,
    Community,
    Decision,
    Event,
    EventKind,
    Message,
    Outcome,
    Passage,
    Signals,
)
from greenroom.provenance import Binder, Keyring, Notary, Speaker, read_record, verify

ROUNDS = 7
TOGETHER = 16
TEXT = "> Ask in #verify and a moderator gives you the role.\n\nSource: faq/roles.md, Roles"


async def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--utterances", type=int, default=400, help="of each kind in a round")
    count = parser.parse_args().utterances
    with tempfile.TemporaryDirectory() as folder:
        keys = Keyring(Path(folder) / "keys")
        speaker = Speaker("Guide", "The team", "0" * 64)
        notary = Notary(keys, lambda _name: speaker, base="https://desk.example")
        rates = await _in_turns(Path(folder) / "ledger.db", notary, count)
        said = await _one_said(Path(folder) / "other.db")
        binder = Binder(keys)
    record = notary(said)
    plain, recorded = (_medians(one) for one in rates)
    whole = binder.bind(TEXT, title="Guide")
    result = {
        "whole_per_s": round(plain[0]),
        "whole_with_record_per_s": round(recorded[0]),
        "ratio": round(recorded[0] / plain[0], 2),
        "done_per_s": round(plain[1]),
        "done_with_record_per_s": round(recorded[1]),
        "record_us": round(1e6 * _median_s(lambda: notary(said))),
        "sign_us": round(1e6 * _median_s(lambda: keys.current.sign(b"0" * 64))),
        "verify_us": round(1e6 * _median_s(lambda: verify(read_record(record)))),
        "record_bytes": len(record.encode()),
        "c2pa_ms": round(1e3 * _median_s(lambda: binder.bind(TEXT, title="Guide"), 50), 2),
        "c2pa_characters": len(whole) - len(TEXT),
    }
    print(json.dumps(result, indent=1))


Rates = list[tuple[float, float]]


def _medians(rates: Rates) -> tuple[float, float]:
    return statistics.median(one for one, _ in rates), statistics.median(one for _, one in rates)


async def _in_turns(path: Path, notary: Attest, count: int) -> tuple[Rates, Rates]:
    """Utterances a second, whole and only marked done: without records, and with them."""
    rates: tuple[Rates, Rates] = ([], [])
    ledger = Ledger(path)
    numbers = itertools.count(1)
    try:
        for _ in range(ROUNDS):
            for attest, kept in ((None, rates[0]), (notary, rates[1])):
                ledger.attestations.attest = attest
                kept.append(await _rate(ledger, numbers, count))
    finally:
        ledger.close()
    return rates


async def _rate(ledger: Ledger, numbers: Iterator[int], count: int) -> tuple[float, float]:
    places = asyncio.Semaphore(TOGETHER)

    async def take_in(number: int) -> None:
        async with places:
            await ledger.inbox.put(_event(number))

    async def decide(pending: Pending) -> None:
        async with places:
            await ledger.record.handled(_decided(pending), utc_now())

    async def finish(one: Claimed) -> None:
        async with places:
            await ledger.outbox.done(one, Outcome(ref="1"), utc_now())

    begun = time.perf_counter()
    await asyncio.gather(*(take_in(next(numbers)) for _ in range(count)))
    await asyncio.gather(*map(decide, await ledger.inbox.pending(after=0, limit=count)))
    now_s = utc_now().timestamp() + 1
    claimed = await ledger.outbox.claim(now_s=now_s, limit=count, bots=("b",))
    assert len(claimed) == count
    start = time.perf_counter()
    await asyncio.gather(*map(finish, claimed))
    end = time.perf_counter()
    return count / (end - begun), count / (end - start)


def _event(number: int) -> Event:
    message = Message(
        platform="discord",
        community=Community("1", "Bench"),
        channel=Channel("2", "help"),
        id=str(number),
        author=Author("3", "member"),
        text="how do I get the verified role?",
    )
    return Event(EventKind.MESSAGE_POSTED, "b", "discord", utc_now(), message)


def _decided(pending: Pending) -> Handled:
    action = Action(ActionKind.REPLY, text=TEXT, footer="I'm an automated assistant.")
    evidence = Passage("faq/roles.md", "Roles", "Ask in #verify.", 0.71)
    decision = Decision("guide", (action,), evidence=(evidence,), version="0" * 64)
    by, event = "persona:guide", pending.event
    assert event.message is not None
    order = Planned(action, "b", by, order_key("b", event.message, action, by=by))
    signals = Signals(scores={"toxicity": 0.01}, model="encoder@0123456789ab")
    return Handled(pending.seq, event, "live", event.message, signals, (decision,), (order,))


async def _one_said(path: Path) -> Said:
    kept: list[Said] = []

    def attest(said: Said) -> str:
        kept.append(said)
        return "{}"

    ledger = Ledger(path)
    ledger.attestations.attest = attest
    try:
        await _rate(ledger, itertools.count(1), 1)
    finally:
        ledger.close()
    return kept[0]


def _median_s(run: Callable[[], object], times: int = 300) -> float:
    took = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        took.append(time.perf_counter() - start)
    return statistics.median(took)


if __name__ == "__main__":
    asyncio.run(main())
