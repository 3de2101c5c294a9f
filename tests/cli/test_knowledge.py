"""``greenroom knowledge``: files come in, are found, and are checked."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web

from greenroom.cli.knowledge_links import dead_on_the_web
from greenroom.context import EdgeStore
from greenroom.context.links import Link
from greenroom.ledger import Handled, Ledger
from greenroom.message import Decision, Signals
from tests.cli.conftest import Greenroom
from tests.cli.loopback import beside
from tests.context.pdfs import pdf_of
from tests.samples import a_message, an_event

PAGE = "<title>Parking</title><h1>Parking</h1><p>Park your bike behind the blue shed.</p>"


@pytest.fixture
def config(greenroom: Greenroom, tmp_path: Path) -> Path:
    greenroom("init", tmp_path)
    return tmp_path / "config.yaml"


@asynccontextmanager
async def pages() -> AsyncIterator[str]:
    """A site with a page, a redirect to it, a PDF, and nothing else."""

    async def page(request: web.Request) -> web.Response:
        return web.Response(text=PAGE, content_type="text/html")

    async def moved(request: web.Request) -> web.Response:
        raise web.HTTPFound("/wiki/parking")

    async def book(request: web.Request) -> web.Response:
        return web.Response(body=pdf_of(["The book."]), content_type="application/pdf")

    async def image(request: web.Request) -> web.Response:
        return web.Response(body=b"x", content_type="image/png")

    async def no_head(request: web.Request) -> web.Response:
        return web.Response(status=405 if request.method == "HEAD" else 200)

    async def refused(request: web.Request) -> web.Response:
        return web.Response(status=403)

    app = web.Application()
    app.router.add_get("/wiki/parking", page)
    app.router.add_get("/old", moved)
    app.router.add_get("/book.pdf", book)
    app.router.add_get("/image.png", image)
    app.router.add_route("*", "/no-head", no_head)
    app.router.add_route("*", "/refused", refused)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def test_add_copies_files_and_overwrites_nothing(
    greenroom: Greenroom, config: Path, tmp_path: Path
) -> None:
    book = tmp_path / "Hand book.PDF"
    book.write_bytes(pdf_of(["Park behind the shed.", "And lock it."]))
    ended = greenroom("knowledge", "add", book, "--config", config)
    assert (ended.code, ended.err) == (0, "")
    assert "knowledge/hand-book.pdf: 2 sections; no persona quotes it yet" in ended.out
    again = greenroom("knowledge", "add", book, "--config", config)
    assert again.code == 2
    assert "hand-book.pdf: is there already\n  --as gives it another name" in again.err
    named = greenroom("knowledge", "add", book, "--as", "faq/two", "--json", "--config", config)
    assert json.loads(named.out) == {"added": [{"file": "faq/two.PDF", "sections": 2}]}


def test_add_takes_what_can_be_read_of_a_folder(
    greenroom: Greenroom, config: Path, tmp_path: Path
) -> None:
    docs = tmp_path / "Docs"
    (docs / "deep").mkdir(parents=True)
    (docs / "a.md").write_text("# A\na", "utf-8")
    (docs / "deep" / "b.txt").write_text("b", "utf-8")
    (docs / "c.png").write_bytes(b"x")
    ended = greenroom("knowledge", "add", docs, "--json", "--config", config)
    added = [one["file"] for one in json.loads(ended.out)["added"]]
    assert added == ["docs/a.md", "docs/deep/b.txt"]


@pytest.mark.parametrize("name", ["../out.md", "/srv/out.md", ".hidden/a.md", "a/../../b.md"])
def test_add_stays_in_the_folder(
    greenroom: Greenroom, config: Path, tmp_path: Path, name: str
) -> None:
    (tmp_path / "a.md").write_text("# A\na", "utf-8")
    ended = greenroom("knowledge", "add", tmp_path / "a.md", "--as", name, "--config", config)
    assert ended.code == 2
    assert "--as cannot be" in ended.err


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("bad.md", b"\xff", "is not UTF-8"),
        ("empty.md", b"# Only a heading", "has no text to quote"),
        ("a.csv", b"a,b", "is of a kind that cannot be read"),
    ],
)
def test_add_leaves_nothing_of_what_cannot_be_read(
    greenroom: Greenroom, config: Path, tmp_path: Path, name: str, data: bytes, told: str
) -> None:
    before = sorted((tmp_path / "knowledge").rglob("*"))
    (tmp_path / name).write_bytes(data)
    ended = greenroom("knowledge", "add", tmp_path / name, "--config", config)
    assert ended.code == 2
    assert told in ended.err
    assert sorted((tmp_path / "knowledge").rglob("*")) == before


def test_a_page_from_the_web_links_back_when_it_is_found(
    greenroom: Greenroom, config: Path, tmp_path: Path
) -> None:
    with beside(pages) as site:
        ended = greenroom("knowledge", "add", f"{site}/old", f"{site}/book.pdf", "--config", config)
        picture = greenroom("knowledge", "add", f"{site}/image.png", "--config", config)
        missing = greenroom("knowledge", "add", f"{site}/none", "--config", config)
    assert (ended.code, ended.err) == (0, "")
    text = (tmp_path / "knowledge" / "parking.md").read_text("utf-8")
    assert text == (
        f"---\nurl: {site}/wiki/parking\n---\n# Parking\n\nPark your bike behind the blue shed.\n"
    )
    assert (tmp_path / "knowledge" / "book.pdf").exists()
    assert (picture.code, missing.code) == (2, 2)
    assert "image.png is image/png\n" in picture.err
    assert "answers 404" in missing.err
    found = greenroom(
        "knowledge", "search", "where can I park my bike?", "--json", "--config", config
    )
    best = json.loads(found.out)["passages"][0]
    assert (best["source"], best["url"]) == ("parking.md", f"{site}/wiki/parking")
    assert best["score"] == pytest.approx(
        0.42 * best["nearest"] + 0.48 * best["pair"] + 0.1 * best["words"], abs=1e-3
    )


def test_search_tells_scores_and_what_the_persona_would_say(
    greenroom: Greenroom, config: Path
) -> None:
    ended = greenroom(
        "knowledge", "search", "how do I get verified?", "--persona", "guide", "--config", config
    )
    assert (ended.code, ended.err) == (0, "")
    first, *_, last = [line for line in ended.out.splitlines() if line[:1].isdigit()]
    assert first.endswith("How do I get the verified role?")
    assert last.endswith("(below the persona's min_evidence)")
    assert "words in common 0." in ended.out
    unknown = greenroom("knowledge", "search", "x", "--persona", "nobody", "--config", config)
    assert "there is no persona `nobody`" in unknown.err


async def test_search_works_beside_a_house_that_runs(config: Path) -> None:
    running = EdgeStore(config.parent / "data" / "qdrant")
    command = ["-m", "greenroom", "knowledge", "search", "how do I appeal?", "--limit", "1"]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, *command, "--config", str(config)), stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    await running.close()
    assert process.returncode == 0
    assert b"How do I appeal?" in said


def test_check_finds_dead_links_and_contradictions(
    greenroom: Greenroom, config: Path, tmp_path: Path
) -> None:
    clean = greenroom("knowledge", "check", "--config", config)
    assert (clean.code, clean.err) == (0, "")
    assert "dead links: 0\nlook at these two: 0\n" in clean.out
    (tmp_path / "knowledge" / "new.md").write_text(
        "# Appeals\nSee [the form](form.md) \x1b[31m first.\n"
        "Build night starts every Thursday at 20:00 UTC.",
        "utf-8",
    )
    (tmp_path / "knowledge" / "old.md").write_text(
        "# Meetings\nBuild night starts every Thursday at 18:30 UTC.", "utf-8"
    )
    ended = greenroom("knowledge", "check", "--config", config)
    assert ended.code == 1
    assert "dead links: 1\n  new.md:2: form.md: there is no form.md\n" in ended.out
    assert "clock: 20 and 18:30" in ended.out
    assert "\x1b" not in ended.out
    told = json.loads(greenroom("knowledge", "check", "--json", "--config", config).out)
    assert told["dead_links"] == [
        {"file": "new.md", "line": 2, "target": "form.md", "why": "there is no form.md"}
    ]
    assert {one["source"] for one in told["look_at"][0]["statements"]} >= {"new.md"}


async def _remember(file: Path, texts: list[tuple[str, str]]) -> None:
    ledger = Ledger(file)
    for number, (text, intent) in enumerate(texts):
        event = an_event(a_message(text, id=str(number)))
        await ledger.inbox.put(event)
        (pending,) = await ledger.inbox.pending(after=0, limit=1)
        signals, told = Signals(intent=intent), (Decision("guide"),)
        made = Handled(pending.seq, event, message=event.message, signals=signals, decisions=told)
        await ledger.record.handled(made, datetime.now(UTC))
    ledger.close()


def test_check_groups_what_members_ask_and_nothing_answers(
    greenroom: Greenroom, config: Path, tmp_path: Path
) -> None:
    texts = [
        ("which glue holds acrylic to wood?", "question"),
        ("what glue do I need for acrylic on wood?", "help"),
        ("how do I get the verified role?", "question"),
        ("lovely weather, which glue?", "chat"),
    ]
    asyncio.run(_remember(tmp_path / "data" / "ledger.db", texts))
    told = json.loads(greenroom("knowledge", "check", "--json", "--config", config).out)
    assert told["asked"] == 3
    [group] = told["unanswered"]
    assert group["count"] == 2
    assert sorted(group["questions"]) == sorted(text for text, _ in texts[:2])


async def test_links_to_the_web_are_dead_only_when_it_is_certain() -> None:
    async with pages() as site:
        names = ("wiki/parking", "old", "no-head", "refused", "none", "none#part")
        links = [Link(Path("a.md"), 1, f"{site}/{name}") for name in names]
        links.append(Link(Path("a.md"), 2, "http://127.0.0.1:9/x"))
        dead = await dead_on_the_web(links, may_be_private=True)
        assert await dead_on_the_web(links) == []  # a private network is not asked
    assert [(one.link.target.rpartition("/")[2], one.why) for one in dead] == [
        ("none", "answers 404"),
        ("none#part", "answers 404"),
        ("x", "its host does not answer"),
    ]
