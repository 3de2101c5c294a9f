"""A recording plays as a live community, and goes on where it stopped."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from greenroom.adapters.replay import ReplayAdapter
from greenroom.adapters.settings import ReplaySettings
from greenroom.errors import ConfigError
from greenroom.message import Event, MessageKind
from tests.samples import NOON


class Taken:
    """An inbox that ends the play after so many events."""

    def __init__(self) -> None:
        self.events: dict[str, Event] = {}

    async def __call__(self, event: Event) -> bool:
        is_new = event.key not in self.events
        self.events[event.key] = event
        return is_new


def a_recording(folder: Path, *lines: object) -> Path:
    path = folder / "messages.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in lines))
    return path


def an_adapter(path: Path, waits: list[float], *, pace: float | None = 4.0) -> ReplayAdapter:
    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    settings = ReplaySettings(file=path, messages_per_second=pace)
    return ReplayAdapter("b", settings, clock=lambda: NOON, sleep=sleep)


async def test_lines_become_messages(tmp_path: Path) -> None:
    line = {"text": "hi", "channel": "help", "author": "member-7", "account_age_days": 2}
    path = a_recording(tmp_path, line, {"text": "news", "title": "T"})
    taken = Taken()
    await an_adapter(path, []).run(taken)
    first, second = (event.message for event in taken.events.values())
    assert first is not None
    assert second is not None
    assert (first.text, first.channel.name, first.author.name) == ("hi", "help", "member-7")
    assert first.author.created_at is not None
    assert (NOON - first.author.created_at).days == 2
    assert (second.kind, second.title) == (MessageKind.TEXT_SUBMISSION, "T")


async def test_what_was_taken_in_before_is_passed_over_without_waiting(tmp_path: Path) -> None:
    path = a_recording(tmp_path, {"text": "a"}, {"text": "b"})
    taken, waits = Taken(), list[float]()
    await an_adapter(path, waits).run(taken)
    assert waits == [0.25, 0.25]
    await an_adapter(path, waits).run(taken)
    assert waits == [0.25, 0.25]
    assert len(taken.events) == 2


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{", "is not JSON"),
        ("[1]", "needs a `text`"),
        ('{"text": 3}', "needs a `text`"),
        ('{"text": "a", "chanel": "b"}', "unknown key `chanel`"),
    ],
)
def test_a_bad_line_is_told_with_its_number(tmp_path: Path, line: str, told: str) -> None:
    path = tmp_path / "messages.jsonl"
    path.write_text('{"text": "fine"}\n' + line)
    with pytest.raises(ConfigError, match=f"messages.jsonl:2:1: {told}"):
        an_adapter(path, [])


async def test_an_empty_recording_ends_even_if_it_shall_begin_again(tmp_path: Path) -> None:
    settings = ReplaySettings(file=a_recording(tmp_path), loop=True)
    taken = Taken()
    await asyncio.wait_for(ReplayAdapter("b", settings).run(taken), 5)
    assert not taken.events


async def test_a_followed_recording_goes_on_with_what_is_appended(tmp_path: Path) -> None:
    file = tmp_path / "messages.jsonl"
    file.write_text('{"text": "first"}\n')
    settings = ReplaySettings(file=file, messages_per_second=None, follow=True)
    events: asyncio.Queue[Event] = asyncio.Queue()

    async def intake(event: Event) -> bool:
        await events.put(event)
        return True

    async def said() -> str:
        async with asyncio.timeout(10):
            event = await events.get()
        assert event.message is not None
        return event.message.text

    running = asyncio.create_task(ReplayAdapter("b", settings).run(intake))
    try:
        assert await said() == "first"
        with file.open("a") as recording:
            recording.write('{"text": "half a li')
            recording.flush()
            await asyncio.sleep(0.3)
            recording.write('ne"}\n{"text": "last"}\n')
        assert [await said(), await said()] == ["half a line", "last"]
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
