"""A slow pattern leaves the event loop: it is asked anew on a thread, and means the same there."""

from __future__ import annotations

import asyncio
import threading

from greenroom.policies import Evaluation, Policy, evaluate, hurried
from tests.policies.rules import NOTHING, NOW, comment, policy

SLOW = "body (regex): '(?=a)(a|aa)+$'\naction: report\n"
STALLING = comment("a" * 60 + "!")


def asked(rules: Policy, seen: list[threading.Thread]) -> Evaluation:
    seen.append(threading.current_thread())
    return evaluate((rules,), STALLING, NOTHING, now=NOW)


async def test_what_is_quick_stays_on_the_loop() -> None:
    seen: list[threading.Thread] = []
    rules = policy("body: a\naction: report")
    await hurried(lambda: asked(rules, seen))
    assert seen == [threading.main_thread()]


async def test_what_is_slow_is_asked_anew_on_a_thread_and_means_the_same() -> None:
    seen: list[threading.Thread] = []
    found = await hurried(lambda: asked(policy(SLOW), seen))
    assert seen[0] is threading.main_thread()
    assert seen[1] is not threading.main_thread()
    assert len(seen) == 2
    assert found == evaluate((policy(SLOW),), STALLING, NOTHING, now=NOW)
    assert "took too long" in found.notes[0]


async def test_the_loop_goes_on_while_a_pattern_searches() -> None:
    """Three searches of 50 ms: on the loop nothing would tick, on a thread it ticks all along."""
    rules = policy("---\n".join(SLOW + f"priority: {n}\n" for n in range(3)))
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.005)
            ticks += 1

    ticking = asyncio.create_task(tick())
    await asyncio.sleep(0)
    found = await hurried(lambda: evaluate((rules,), STALLING, NOTHING, now=NOW))
    ticking.cancel()
    assert len(found.notes) == 3
    assert ticks >= 5


async def test_many_slow_messages_are_asked_at_the_same_time() -> None:
    rules = policy(SLOW)
    calls = (hurried(lambda: evaluate((rules,), STALLING, NOTHING, now=NOW)) for _ in range(4))
    found = await asyncio.gather(*calls)
    assert all("took too long" in one.notes[0] for one in found)
