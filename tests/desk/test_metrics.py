"""The metrics tell how much waits, and nobody what members wrote; a flood sheds nothing."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from greenroom import app, backlog
from greenroom.adapters.base import Gaps, Health
from greenroom.company import gather
from greenroom.config import DeskSettings
from greenroom.desk import Metrics, make_desk, metrics, serve
from greenroom.ledger import Backlog, Ledger
from greenroom.message import Author
from greenroom.starter import lay_out
from greenroom.tally import BOUNDS_S, Spread, Tally
from greenroom.triage.pool import Counts
from tests.desk.house import Clock, House, explained
from tests.samples import NOON, a_message, an_event

TOKEN = "a-long-and-secret-word"
FLOOD = 120


@dataclass
class Busy:
    """A triage's figures, made up."""

    counts: Counts
    in_flight: int = 3
    is_full: bool = True


@asynccontextmanager
async def a_desk(
    ledger: Ledger,
    clock: Clock,
    *,
    token: str | None = None,
    host: str = "127.0.0.1",
    public_url: str | None = None,
) -> AsyncIterator[str]:
    """A desk with figures to tell; its address."""
    tally = Tally(taken_in=7, repeated=2, decided=4, failed=1)
    tally.deciding.add(0.2)
    counts = Counts(cached=1, settled=2, encoded=3, waited=5)

    async def nothing(message: object) -> list[object]:
        return []

    made = make_desk(
        ledger,
        bots={},
        precedents=nothing,  # type: ignore[arg-type]  # no page asks for them here
        explain=explained,
        health=lambda: {"b": Health(is_connected=True, gaps=Gaps(3, 1, 8))},
        clock=clock,
        public_url=public_url,
        watched=Metrics(tally, lambda: 6, Busy(counts), token),
    )
    async with serve(made, host=host, port=0) as address:
        yield address


async def answer(address: str, **headers: str) -> tuple[int, str]:
    async with (
        aiohttp.ClientSession() as client,
        client.get(f"{address}/metrics", headers=headers) as found,
    ):
        return found.status, await found.text()


async def figures(address: str) -> dict[str, float]:
    """Every sample, by its name and labels."""
    status, text = await answer(address)
    assert status == 200, text
    return {
        sample.name + "".join(f"[{value}]" for value in sample.labels.values()): sample.value
        for family in families(text)
        for sample in family.samples
    }


def families(text: str) -> list[Metric]:
    return list(text_string_to_metric_families(text))


# --- What they say ---------------------------------------------------------------------


async def test_every_part_has_its_figures(ledger: Ledger, clock: Clock) -> None:
    await ledger.inbox.put(an_event())
    clock.move(seconds=40)
    async with a_desk(ledger, clock) as address:
        found = await figures(address)
    expected = {
        "inbox_pending": 1, "inbox_oldest_seconds": 40, "worker_queue_events": 6,
        "events_taken_in_total": 7, "events_repeated_total": 2, "events_decided_total": 4,
        "events_failed_total": 1, "triage_texts_total[cached]": 1,
        "triage_texts_total[settled]": 2, "triage_texts_total[encoded]": 3,
        "triage_waited_total": 5, "triage_in_flight": 3, "triage_full": 1, "outbox_pending": 0,
        "writer_queue_jobs": 0, "triage_seconds_count": 0, "decide_seconds_count": 1,
        "decide_seconds_sum": 0.2, "decide_seconds_bucket[0.1]": 0,
        "decide_seconds_bucket[0.25]": 1, "decide_seconds_bucket[+Inf]": 1,
        "bot_connected[b]": 1, "events_backfilled_total[b]": 3, "events_missed_total[b]": 1,
        "events_duplicate_total[b]": 8,
    }  # fmt: skip
    assert expected == {name: found[f"greenroom_{name}"] for name in expected}


async def test_an_empty_house_has_zeros_and_no_age(ledger: Ledger, clock: Clock) -> None:
    async with House.open(ledger, clock) as house:
        found = await figures(house.address)
    assert (found["greenroom_inbox_pending"], found["greenroom_inbox_oldest_seconds"]) == (0, 0)


async def test_a_clock_set_back_gives_no_negative_age(ledger: Ledger, clock: Clock) -> None:
    await ledger.inbox.put(an_event())
    clock.move(hours=-1)
    async with a_desk(ledger, clock) as address:
        assert (await figures(address))["greenroom_inbox_oldest_seconds"] == 0


async def test_a_scraper_that_wants_openmetrics_gets_it(ledger: Ledger, clock: Clock) -> None:
    wanted = "application/openmetrics-text; version=1.0.0"
    async with a_desk(ledger, clock) as address:
        _, text = await answer(address, Accept=wanted)
    assert text.endswith("# EOF\n")


async def test_nothing_that_members_wrote_or_are_called_is_in_them(
    ledger: Ledger, clock: Clock
) -> None:
    message = a_message("a poem on herons", title="herons", author=Author("u77", "heronfriend"))
    async with House.open(ledger, clock) as house:
        await house.arrive(message)
        await ledger.inbox.put(an_event(a_message("another poem on herons", id="m9")))
        _, text = await answer(house.address)
    for word in ("heron", "u77", "m9", "general", "Harbour", "discord"):
        assert word not in text


async def test_every_metric_is_documented(ledger: Ledger, clock: Clock) -> None:
    docs = (Path(__file__).parents[2] / "docs" / "operations.md").read_text("utf-8")
    async with a_desk(ledger, clock) as address:
        _, text = await answer(address)
    for family in families(text):
        name = f"{family.name}_total" if family.type == "counter" else family.name
        assert f"| `{name}` |" in docs, name


def test_a_spread_puts_each_duration_under_its_bound() -> None:
    spread = Spread()
    for seconds in (-5.0, 0.0, BOUNDS_S[0], BOUNDS_S[0] * 1.01, BOUNDS_S[-1] * 2):
        spread.add(seconds)
    assert (spread.counts[0], spread.counts[1], spread.counts[-1]) == (3, 1, 1)
    assert sum(spread.counts) == 5
    assert spread.total_s == pytest.approx(BOUNDS_S[0] * 2.01 + BOUNDS_S[-1] * 2)


# --- Who may read them -----------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "203.0.113.9"},
        {"Forwarded": "for=203.0.113.9"},
        {"Via": "1.1 proxy"},
        {"Host": "evil.example"},
        {"Host": "evil.example:80", "Authorization": "Bearer wrong"},
    ],
    ids=["x-forwarded-for", "forwarded", "via", "rebound", "wrong token"],
)
async def test_a_request_from_elsewhere_is_refused(
    ledger: Ledger, clock: Clock, headers: Mapping[str, str]
) -> None:
    async with a_desk(ledger, clock, token=TOKEN) as address:
        status, text = await answer(address, **headers)
    assert status == 403
    assert "greenroom_" not in text


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER "])
async def test_the_token_lets_a_scraper_in_from_anywhere(
    ledger: Ledger, clock: Clock, scheme: str
) -> None:
    headers = {"Host": "desk.internal:8080", "X-Forwarded-For": "10.0.0.7"}
    async with a_desk(ledger, clock, token=TOKEN, public_url="https://desk.example") as address:
        status, text = await answer(address, Authorization=f"{scheme} {TOKEN}", **headers)
    assert status == 200
    assert "greenroom_inbox_pending" in text


@pytest.mark.parametrize("token", [TOKEN, "", None])
@pytest.mark.parametrize("given", ["", "Bearer", "Bearer ", f"Basic {TOKEN}", "Bearer wörd", TOKEN])
async def test_anything_but_the_token_is_no_token(
    ledger: Ledger, clock: Clock, token: str | None, given: str
) -> None:
    async with a_desk(ledger, clock, token=token, public_url="https://desk.example") as address:
        status, text = await answer(address, Authorization=given)
    assert status == 403
    assert "docs/operations.md" in text


async def test_behind_a_proxy_being_on_this_machine_is_not_enough(
    ledger: Ledger, clock: Clock
) -> None:
    async with a_desk(ledger, clock, public_url="https://desk.example") as address:
        assert (await answer(address))[0] == 403
        assert (await answer(address, Host="desk.example"))[0] == 403


async def test_another_machine_needs_the_token(ledger: Ledger, clock: Clock) -> None:
    own = _address_in_a_network()
    if own is None:
        pytest.skip("this machine has no address but loopback")
    async with a_desk(ledger, clock, token=TOKEN, host="0.0.0.0") as address:  # noqa: S104 (a test)
        port = address.rsplit(":", 1)[1]
        far = f"http://{own}:{port}"
        assert (await answer(far, Host=f"127.0.0.1:{port}"))[0] == 403
        assert (await answer(far, Authorization=f"Bearer {TOKEN}"))[0] == 200


def _address_in_a_network() -> str | None:
    """What others would call this machine; nothing is sent to find out."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return None
        found = str(probe.getsockname()[0])
    return None if found.startswith("127.") else found


@pytest.mark.parametrize(
    ("address", "is_near"),
    [("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("::ffff:127.0.0.1", True),
     ("10.0.0.1", False), ("::ffff:10.0.0.1", False), ("fe80::1%eth0", False), ("", False),
     ("localhost", False)],
)  # fmt: skip
def test_only_loopback_is_near(address: str, is_near: bool) -> None:
    assert metrics._is_loopback(address) is is_near


async def test_only_reading_is_offered(ledger: Ledger, clock: Clock) -> None:
    async with a_desk(ledger, clock) as address, aiohttp.ClientSession(address) as client:
        async with client.post("/metrics", data=b"x") as found:
            assert found.status in (401, 405)
        async with client.get("/") as found:
            assert found.status == 401  # the pages are for people who signed in


def test_the_token_is_kept_out_of_what_is_printed() -> None:
    settings = DeskSettings.model_validate({"metrics_token": TOKEN})
    assert TOKEN not in repr(settings)
    with pytest.raises(ValueError, match="metrics_token"):
        DeskSettings.model_validate({"metrics_token": ""})


# --- The backlog in words --------------------------------------------------------------


@pytest.mark.parametrize(
    ("depth", "seconds", "words"),
    [
        (1200, 40, "1,200 messages wait to be read; the oldest since 40 s"),
        (501, 60 * 12, "501 messages wait to be read; the oldest since 12 min"),
        (70_000, 3600 * 5, "70,000 messages wait to be read; the oldest since 5 h"),
        (501, -3, "501 messages wait to be read; the oldest since 0 s"),
        (500, 4000, None),
        (0, 0, None),
    ],
)
def test_a_large_backlog_is_put_in_words(depth: int, seconds: float, words: str | None) -> None:
    waiting = Backlog(depth, NOON)
    assert backlog.told(waiting, NOON + timedelta(seconds=seconds)) == words


async def test_the_queue_page_says_that_messages_wait(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backlog, "MANY", 2)
    await house.sign_in()
    for number in range(3):
        assert "wait to be read" not in await house.get("/")
        await house.ledger.inbox.put(an_event(a_message(id=f"w{number}")))
    house.clock.move(seconds=40)
    page = await house.get("/")
    assert "3 messages wait to be read; the oldest since 40 s. Nothing is lost" in page


async def test_the_log_is_warned_at_most_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    slept: list[float] = []
    depths = iter([0, 1200, 900, 3])

    async def look() -> Backlog:
        return Backlog(next(depths), NOON)

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 4:
            raise asyncio.CancelledError

    with caplog.at_level(logging.WARNING), pytest.raises(asyncio.CancelledError):
        await backlog.watch(look, lambda: NOON + timedelta(seconds=40), sleep=sleep)
    assert slept[1] >= 60
    assert slept[2] >= 60
    assert slept[0] < 60 > slept[3]
    assert [record.getMessage().split(";")[0] for record in caplog.records] == [
        "1,200 messages wait to be read",
        "900 messages wait to be read",
    ]


# --- A flood through the real thing ----------------------------------------------------


@pytest.fixture
async def small_house(tmp_path: Path) -> AsyncIterator[app.House]:
    """Everything real, the desk included, with one thread for the model and room for nothing."""
    list(lay_out(tmp_path, bots=[]))
    (tmp_path / "personas" / "guide.yaml").unlink()  # no knowledge has to be read then
    (tmp_path / "messages.jsonl").write_text("")
    (tmp_path / "bots").mkdir()
    (tmp_path / "bots" / "replay.yaml").write_text(
        "{adapter: replay, file: messages.jsonl, loop: false, personas: {warden: {}}}"
    )
    (tmp_path / "config.yaml").write_text(
        "desk: {port: 0}\n"
        "triage: {threads: 1, waiting: 0}\n"
        "loop: {workers: 4, queue_size: 1}\n"
    )  # fmt: skip
    async with app.open_house(gather(tmp_path / "config.yaml")) as house:
        yield house


@asynccontextmanager
async def running(house: app.House) -> AsyncIterator[None]:
    task = asyncio.create_task(house.loop.run())
    async with AsyncExitStack() as stack:
        stack.callback(task.cancel)
        yield
    await asyncio.gather(task, return_exceptions=True)


async def flood(house: app.House, numbers: range) -> None:
    for number in numbers:
        words = f"message {number} of a flood, {'you idiot' if number % 9 == 0 else 'my friend'}"
        event = an_event(a_message(words, id=f"f{number}", platform="replay"), bot="replay")
        await house.loop.take_in(event)


async def drained(house: app.House) -> list[dict[str, float]]:
    """The metrics, again and again until nothing waits any more."""
    seen = [await figures(house.desk_address)]
    async with asyncio.timeout(100):
        while seen[-1]["greenroom_inbox_pending"]:
            await asyncio.sleep(0.05)
            seen.append(await figures(house.desk_address))
    return seen


async def test_a_flood_waits_on_disk_and_is_decided_to_the_last(small_house: app.House) -> None:
    await flood(small_house, range(FLOOD // 2))
    async with running(small_house):
        await flood(small_house, range(FLOOD // 4, FLOOD))  # a quarter is delivered twice
        seen = await drained(small_house)
    last = seen[-1]
    assert last["greenroom_events_taken_in_total"] == FLOOD
    assert last["greenroom_events_repeated_total"] == FLOOD // 4
    assert last["greenroom_events_decided_total"] == FLOOD
    assert last["greenroom_decide_seconds_count"] == FLOOD
    assert last["greenroom_triage_seconds_count"] == FLOOD
    assert last["greenroom_events_failed_total"] == 0
    for number in range(FLOOD):
        key = a_message(id=f"f{number}", platform="replay").key
        assert len(await small_house.ledger.record.decisions(key)) == 1


async def test_the_metrics_say_that_a_flood_waits_while_it_does(small_house: app.House) -> None:
    await flood(small_house, range(FLOOD))
    async with running(small_house):
        seen = await drained(small_house)
    pending = [one["greenroom_inbox_pending"] for one in seen]
    assert pending == sorted(pending, reverse=True)
    assert pending[0] > 4 * 2  # more than workers and their queues hold: the rest is on disk
    assert seen[0]["greenroom_inbox_oldest_seconds"] > 0
    assert any(one["greenroom_worker_queue_events"] for one in seen)
    assert max(one["greenroom_triage_in_flight"] for one in seen) <= 1  # one thread, no waiting
    assert seen[-1]["greenroom_triage_waited_total"] > 0
    done = [one["greenroom_events_decided_total"] for one in seen]
    # Nothing is ever nowhere: what is not decided waits, but for what is being recorded.
    assert all(got + left >= FLOOD - 4 for got, left in zip(done, pending, strict=True))


async def test_what_no_stage_foresaw_is_counted_as_failed(
    small_house: app.House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def breaks(pending: object) -> None:
        raise ZeroDivisionError("odd")

    monkeypatch.setattr(small_house.loop, "handle", breaks)
    await flood(small_house, range(2))
    async with running(small_house):
        last = (await drained(small_house))[-1]
    assert (last["greenroom_events_failed_total"], last["greenroom_events_decided_total"]) == (2, 0)
