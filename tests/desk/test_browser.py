"""The desk in a real Chromium: keys, live updates, and nothing that a policy forbids."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from greenroom.ledger import Change, Judgement, Verdict
from greenroom.message import Author, Outcome, Severity
from tests.desk.house import House, blame_it_all
from tests.samples import a_message, a_removal
from tests.talk import Talk

pytestmark = pytest.mark.browser

_ARGUMENTS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync"
)
_PWNED = "<img src=x onerror='window.pwned=1'><script>window.pwned=1</script>"

Open = Callable[..., Awaitable[Page]]


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    found = shutil.which("chromium")
    if found is None and os.environ.get("CI") == "true":
        pytest.fail("chromium is not installed, and CI must not skip the browser tests")
    if found is None:
        pytest.skip("chromium is not installed: apt install chromium")
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=found, args=_ARGUMENTS.split())
        yield launched
        await launched.close()


@pytest.fixture
def complaints() -> list[str]:
    """What pages say on the console; a test that provokes something clears it."""
    return []


@pytest.fixture
async def enter(browser: Browser, house: House, complaints: list[str]) -> AsyncIterator[Open]:
    """Opens a page, signed in; at the end nothing may have been complained about."""

    async def open_page(**options: object) -> Page:
        context = await browser.new_context(**options)  # type: ignore[arg-type]  # as each test says
        page = await context.new_page()
        page.set_default_timeout(20_000)
        page.on("console", lambda said: complaints.append(f"{said.type}: {said.text}"))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        await page.goto(await house.link())
        await page.get_by_role("main").get_by_role("button", name="Sign in").click()
        await page.wait_for_url("**/")
        return page

    yield open_page
    assert complaints == []  # a breach of the content security policy is said on the console too


async def watching(page: Page) -> None:
    await page.wait_for_selector("html[data-watching=yes]")


async def top_of(page: Page, selector: str) -> float:
    box = await page.locator(selector).bounding_box()
    assert box is not None
    return box["y"]


async def test_a_case_arrives_and_is_judged_by_key(enter: Open, house: House) -> None:
    page = await enter()
    await watching(page)
    await expect(page.get_by_text("Nothing waits for you.")).to_be_visible()
    case = await house.arrive(a_message("you fool"))
    await expect(page.get_by_text("you fool")).to_be_visible()
    await expect(page.get_by_text("Nothing waits for you.")).to_have_count(0)
    await expect(page).to_have_title("(1) Queue · Greenroom")
    await page.keyboard.press("j")
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**/cases/{case}")
    await page.keyboard.press("r")
    await page.wait_for_url(f"**/?judged={case}")
    await expect(page.get_by_text(f"Case {case}: acted on by kim.")).to_be_visible()
    judged = await house.case(case)
    assert (judged.state, judged.verdict, judged.moderator) == ("closed", "act", "kim")
    (effect,) = await house.ledger.outbox.about(judged.message)
    assert (effect.action.kind, effect.state) == ("remove", "pending")


async def test_arrivals_leave_focus_and_scroll_alone(enter: Open, house: House) -> None:
    for _ in range(40):
        await house.arrive()
    page = await enter()
    await watching(page)
    for _ in range(20):
        await page.keyboard.press("j")
    await expect(page.locator("#case-20 > a")).to_be_focused()
    before = await top_of(page, "#case-20")
    case = await house.arrive(a_message("look here", id="new"), severity=Severity.CRITICAL)
    await page.wait_for_selector(f"#case-{case}")
    await expect(page.locator("#queue .row").first).to_contain_text("look here")
    await expect(page.locator("#case-20 > a")).to_be_focused()
    assert abs(await top_of(page, "#case-20") - before) < 2


async def test_a_colleagues_verdict_shows_at_once(enter: Open, house: House) -> None:
    first, second = await house.arrive(), await house.arrive()
    page = await enter()
    await watching(page)
    await page.keyboard.press("j")
    judgement = Judgement(first, Verdict.DISMISS, "lou")
    await house.ledger.cases.judge(judgement, house.clock())
    house.ledger.feed.publish(Change("verdict", None, first))
    row = page.locator(f"#case-{first}")
    await expect(row).to_contain_text("dismissed by lou")
    await expect(row.locator("a")).to_be_focused()
    await expect(page.locator(f"#case-{second}")).to_have_attribute("data-state", "open")
    await expect(page.locator("#tabs")).to_contain_text("Closed 1")


async def test_a_case_page_follows_what_happens_elsewhere(enter: Open, house: House) -> None:
    message = a_message("a word")
    case = await house.arrive(message, a_removal(message))
    page = await enter()
    await page.goto(f"{house.address}/cases/{case}")
    await watching(page)
    await expect(page.locator("#done")).to_contain_text("waiting to be sent")
    await page.keyboard.press("n")
    await page.keyboard.type("joking, I think")
    (claimed,) = await house.ledger.outbox.claim(now_s=9e9, limit=1, bots=("b",))
    await house.ledger.outbox.done(claimed, Outcome(), house.clock())
    house.ledger.feed.publish(Change("effect", message.key))
    await expect(page.locator("#done .effect.done")).to_be_visible()
    await expect(page.locator("#note")).to_have_value("joking, I think")
    await expect(page.locator("#note")).to_be_focused()
    await house.arrive(replace(message, text="another word", revision="1"))
    await expect(page.get_by_text("The author edited the message just now.")).to_be_visible()
    judgement = Judgement(case, Verdict.UPHOLD, "lou")
    await house.ledger.cases.judge(judgement, house.clock())
    house.ledger.feed.publish(Change("verdict", message.key, case))
    await expect(page.locator("#verdict")).to_contain_text("Upheld by lou")


async def test_a_time_out_takes_two_keys(enter: Open, house: House) -> None:
    case = await house.arrive()
    page = await enter()
    await page.goto(f"{house.address}/cases/{case}")
    await page.keyboard.press("2")  # nothing is chosen while the choice is not open
    await page.keyboard.press("b")
    await expect(page.get_by_role("button", name="Time out for 1 hour")).to_be_visible()
    await page.keyboard.press("2")
    await page.wait_for_url("**/?judged=*")
    effects = await house.ledger.outbox.about((await house.case(case)).message)
    assert [(e.action.kind, e.action.duration_s) for e in effects] == [
        ("remove", None),
        ("timeout", 3600),
    ]


async def test_keys_move_between_cases_and_writing_is_writing(enter: Open, house: House) -> None:
    first, second = await house.arrive(), await house.arrive()
    page = await enter()
    await page.goto(f"{house.address}/cases/{first}")
    await page.keyboard.press("n")
    await page.keyboard.type("r d a j")
    await page.keyboard.press("Escape")
    await page.keyboard.press("j")
    await page.wait_for_url(f"**/cases/{second}")
    await page.keyboard.press("k")
    await page.wait_for_url(f"**/cases/{first}")
    await page.keyboard.press("q")
    await page.wait_for_url("**/")
    assert (await house.ledger.cases.counts()) == {"open": 2}


async def test_one_key_pressed_twice_judges_one_case(enter: Open, house: House) -> None:
    first, second = await house.arrive(), await house.arrive()
    page = await enter()
    await page.goto(f"{house.address}/cases/{first}")
    await page.keyboard.press("d")
    await page.keyboard.press("d")
    await page.wait_for_url(f"**/cases/{second}?judged={first}")
    assert (await house.ledger.cases.counts()) == {"open": 1, "closed": 1}


async def test_everything_works_without_the_script(enter: Open, house: House) -> None:
    message = a_message("a plain word")
    case = await house.arrive(message, a_removal(message))
    page = await enter(java_script_enabled=False)
    await page.get_by_text("a plain word").click()
    await page.get_by_label("Note for colleagues").fill("by hand")
    await page.get_by_role("button", name="Uphold").click()
    await expect(page.get_by_text("upheld by kim")).to_be_visible()
    assert (await house.case(case)).note == "by hand"


async def test_a_key_shows_which_words_made_the_score_and_hides_them(
    enter: Open, house: House
) -> None:
    case = await house.arrive(a_message("good morning, you stupid fool, have a nice day"))
    page = await enter()
    await page.goto(f"{house.address}/cases/{case}")
    await page.keyboard.press("n")
    await page.keyboard.type("a note")
    await page.keyboard.press("Escape")
    await page.keyboard.press("e")
    # The model is loaded for this, and a hundred readings take their time on a busy machine.
    await expect(page.locator("#words")).to_be_visible(timeout=90_000)
    await expect(page.locator(".text mark.made4, .text mark.made3").first).to_be_visible()
    await expect(page.locator(".text mark", has_text="stupid")).to_be_visible()
    await expect(page.locator("#said")).to_contain_text("stupid")
    await expect(page.locator("#note")).to_have_value("a note")
    await page.keyboard.press("e")
    await expect(page.locator("#words")).to_have_count(0)
    await expect(page.locator(".text mark")).to_have_count(0)
    assert page.url.endswith(f"/cases/{case}")


async def test_words_are_shown_without_the_script_too(enter: Open, house: House) -> None:
    case = await house.arrive(a_message("you stupid fool"))
    page = await enter(java_script_enabled=False)
    await page.goto(f"{house.address}/cases/{case}")
    await page.get_by_role("link", name="Which words made the score?").click()
    await expect(page.locator(".text mark", has_text="fool")).to_be_visible()
    await page.get_by_role("link", name="Hide").click()
    await expect(page.locator(".text mark")).to_have_count(0)


@pytest.mark.parametrize("width", [390, 1280])
async def test_hostile_text_neither_runs_nor_breaks_the_page(
    enter: Open, house: House, width: int
) -> None:
    author = Author("u", _PWNED + "W" * 300)
    message = a_message(_PWNED + "M" * 3000 + "\u202e" * 40, title="W" * 400, author=author)
    case = await house.arrive(message)
    page = await enter(viewport={"width": width, "height": 800})
    house.explain = blame_it_all
    for path in ("/", f"/cases/{case}", f"/cases/{case}/words", "/ledger", "/nothing"):
        answer = await page.request.get(house.address + path)
        if answer.status == 404:
            continue
        await page.goto(house.address + path)
        assert await page.evaluate("window.pwned") is None
        assert await page.evaluate("document.documentElement.scrollWidth") == width


async def test_an_open_page_says_that_it_was_signed_out(
    enter: Open, house: House, complaints: list[str]
) -> None:
    page = await enter()
    await watching(page)
    (cookie,) = await page.context.cookies()
    await house.ledger.people.sign_out(cookie["value"])
    house.ledger.feed.publish(Change("case"))
    await expect(page.locator("#lost")).to_contain_text("You are signed out")
    complaints.clear()  # the 401 that this is about


async def test_an_open_page_says_that_the_desk_is_away(
    enter: Open, house: House, complaints: list[str]
) -> None:
    page = await enter()
    await watching(page)
    await house.stop()
    await expect(page.locator("#lost")).to_contain_text("Live updates have stopped")
    await page.context.close()
    complaints.clear()  # the refused connections that this is about


async def test_a_persona_is_paused_in_one_window_and_seen_in_another(
    enter: Open, house: House
) -> None:
    house.cast |= {"guide": {}, _PWNED: {}}
    other, page = await enter(), await enter()
    for one in (other, page):
        await one.goto(f"{house.address}/personas")
        await watching(one)
    await page.get_by_role("button", name="Pause guide").click()
    await expect(page.get_by_text("It says and does nothing")).to_be_visible()
    assert list(await house.ledger.pauses.all()) == ["guide"]
    await expect(other.get_by_role("button", name="Resume guide")).to_be_visible()
    await expect(other.locator("#notices")).to_contain_text("doing nothing: guide.")
    await other.get_by_role("button", name="Resume guide").click()
    await expect(page.get_by_role("button", name="Pause guide")).to_be_visible()
    assert await house.ledger.pauses.all() == {}
    assert await page.evaluate("window.pwned") is None


async def test_the_personas_page_fits_a_phone(enter: Open, house: House) -> None:
    house.cast["guide"] = {}
    talk = Talk(house.ledger, house.clock())
    for _ in range(3):
        await talk.say()
    house.clock.move(hours=1)
    page = await enter(viewport={"width": 360, "height": 740})
    await page.goto(f"{house.address}/personas")
    await expect(page.get_by_role("region", name="Figures of guide")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") == 360
