"""The queue shows the most severe first, page by page, and says how things stand."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from greenroom.errors import RetryLater
from greenroom.ledger import Judgement, Verdict
from greenroom.message import Channel, Community, EventKind, Severity
from tests.desk.house import House
from tests.samples import a_message, an_event

_CASE = re.compile(r'href="/cases/(\d+)"')


def listed(page: str) -> list[int]:
    return [int(number) for number in _CASE.findall(page)]


async def test_an_empty_queue_says_so(house: House) -> None:
    await house.sign_in()
    page = await house.get("/")
    assert "Nothing waits for you." in page
    assert "no open case" in page


async def test_the_most_severe_case_comes_first(house: House) -> None:
    await house.sign_in()
    for severity in (Severity.LOW, Severity.CRITICAL, Severity.MEDIUM, Severity.CRITICAL):
        await house.arrive(severity=severity)
        house.clock.move(seconds=1)
    assert listed(await house.get("/")) == [2, 4, 3, 1]


async def test_a_row_says_what_one_needs_to_know(house: House) -> None:
    await house.sign_in()
    await house.arrive(a_message("you are\n\n all wrong", title="On basil"))
    page = await house.get("/")
    for words in ("mika", "Discord", "#general", "On basil", "you are all wrong", "insult 0.80"):
        assert words in page
    assert '<span class="severity medium">medium</span>' in page
    assert 'datetime="2026-03-01T12:00:00+00:00"' in page


async def test_reddit_is_written_as_there(house: House) -> None:
    await house.sign_in()
    place = Community("t5_x", "gardens")
    await house.arrive(
        a_message(platform="reddit", community=place, channel=Channel("t5_x", "gardens"))
    )
    assert "r/gardens" in await house.get("/")


async def test_the_queue_has_pages(house: House) -> None:
    await house.sign_in()
    for _ in range(120):
        await house.arrive()
    first, last = await house.get("/"), await house.get("/?page=3")
    assert listed(first) == list(range(1, 51))
    assert listed(last) == list(range(101, 121))
    assert "Page 1 of 3" in first
    assert 'rel="next"' not in last
    assert "This page is empty" in await house.get("/?page=9")


@pytest.mark.parametrize("page", ["0", "-1", "x", "", "9" * 40, "²", "1e3"])
async def test_a_strange_page_number_is_harmless(house: House, page: str) -> None:
    await house.sign_in()
    case = await house.arrive()
    assert f'href="/cases/{case}"' in await house.get(f"/?page={page}")


async def test_closed_and_withdrawn_cases_have_their_tabs(house: House) -> None:
    await house.sign_in()
    first, second = await house.arrive(), await house.arrive()
    await house.judge(first, "dismiss")
    message = a_message(id=f"m{second}")
    gone = replace(
        an_event(message), kind=EventKind.MESSAGE_DELETED, message=None, message_key=message.key
    )
    await house.ledger.inbox.put(gone)
    (pending,) = await house.ledger.inbox.pending(after=0, limit=1)
    await house.ledger.record.deleted(pending.seq, gone, house.clock())
    closed = await house.get("/?state=closed")
    assert listed(closed) == [first]
    assert "dismissed by" in closed
    withdrawn = await house.get("/?state=withdrawn")
    assert listed(withdrawn) == [second]
    assert "the author deleted it" in withdrawn
    assert "Nothing is left to judge" in await house.get(f"/cases/{second}")
    assert listed(await house.get("/")) == []
    await house.get("/?state=strange", status=404)


async def test_the_strip_says_how_the_bots_fare(house: House) -> None:
    await house.sign_in()
    await house.arrive()
    await house.ledger.inbox.put(an_event(a_message(id="waits")))
    page = await house.get("/")
    assert "1 waiting in the inbox" in page
    assert "oldest open case" in page
    assert re.search(r'class="bot good">.*?<bdi>b</bdi>.*?live', page, re.DOTALL)


async def test_a_row_alone_says_that_a_colleague_closed_it(house: House) -> None:
    await house.sign_in()
    case = await house.arrive()
    await house.ledger.cases.judge(Judgement(case, Verdict.DISMISS, "lou"), house.clock())
    row = await house.get(f"/cases/{case}/row")
    assert 'data-state="closed"' in row
    assert "<bdi>lou</bdi>" in row


@pytest.mark.parametrize("path", ["/cases/99", "/cases/99/row", "/cases/99/text", "/cases/x", "/x"])
async def test_what_is_not_there_is_a_page_too(house: House, path: str) -> None:
    await house.sign_in()
    page = await house.get(path, status=404)
    assert "Go to the queue" in page


async def test_an_error_nobody_foresaw_is_a_page_and_in_the_log(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    await house.sign_in()
    case = await house.arrive()
    house.precedents_error = ZeroDivisionError("test")
    page = await house.get(f"/cases/{case}", status=500)
    assert "log says what happened" in page
    assert "ZeroDivisionError" not in page
    assert "ZeroDivisionError: test" in caplog.text
    house.precedents_error = RetryLater("busy")
    assert "cannot be looked up just now" in await house.get(f"/cases/{case}")
