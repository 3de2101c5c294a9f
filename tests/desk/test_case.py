"""A case's page says everything, and a verdict changes the ledger and orders actions."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from greenroom.desk import RunningBot
from greenroom.ledger import CaseDraft, Claimed, Judgement, Ledger, Verdict
from greenroom.message import (
    Action,
    ActionKind,
    Attachment,
    Author,
    Decision,
    EventKind,
    Fired,
    Hit,
    Message,
    Outcome,
    Passage,
    Precedent,
    Severity,
    Signals,
)
from tests.desk.house import CAN, Clock, House
from tests.samples import NOON, a_message, a_removal, an_event, handled


async def claim(house: House) -> list[Claimed]:
    return await house.ledger.outbox.claim(
        now_s=house.clock().timestamp() + 1, limit=10, bots=("b",)
    )


async def ordered(house: House) -> list[ActionKind]:
    return [claimed.order.action.kind for claimed in await claim(house)]


def a_decision(message: Message) -> Decision:
    at = message.text.index("fool")
    hits = (
        Hit("body (includes)", "body", "fool", at, at + 4),
        Hit("triage.insult", value=0.81, wanted="> 0.60"),
    )
    return Decision(
        "warden",
        (Action(ActionKind.ESCALATE, reason="rude"),),
        Severity.HIGH,
        "rude",
        (Fired("civility", 1, "insults", 12, hits),),
        (Passage("rules.md", "Be kind", "No insults, please.", 0.61),),
        ("reply held back: discord cannot do it",),
    )


async def test_the_page_says_why(house: House) -> None:
    await house.sign_in()
    message = a_message("you <i>fool</i>, go", attachments=(Attachment("a.png", "javascript:x"),))
    signals = Signals(scores={"insult": 0.81, "sentiment": -0.5}, model="minilm@12ab", windows=9)
    case = await house.arrive(message, decisions=(a_decision(message),), signals=signals)
    page = await house.get(f"/cases/{case}")
    for words in (
        "you &lt;i&gt;<mark>fool</mark>&lt;/i&gt;, go",
        "civility:12",
        "matched <mark><bdi>fool</bdi></mark>",
        "wanted &gt; 0.60,",
        "was 0.81",
        "limit 0.60",
        '<svg class="bar over"',
        '<rect class="fill" width="81.0%"',
        "minilm@12ab",
        "1 of 9 parts were read",
        "rules.md, Be kind",
        "No insults, please.",
        "reply held back",
        "a.png",
    ):
        assert words in page
    assert "javascript:" not in page


async def test_the_page_shows_what_surrounds_the_message(house: House) -> None:
    await house.sign_in()
    texts = ("before", "the case", "after")
    for number, text in enumerate(texts):
        event = an_event(a_message(text, id=f"n{number}"))
        await house.ledger.inbox.put(event)
        (pending,) = await house.ledger.inbox.pending(after=0, limit=1)
        made = handled(pending.seq, event, case=text == "the case")
        await house.ledger.record.handled(made, NOON)
    gone = an_event(a_message(id="n0"), EventKind.MESSAGE_DELETED)
    await house.ledger.inbox.put(gone)
    (pending,) = await house.ledger.inbox.pending(after=0, limit=1)
    await house.ledger.record.deleted(pending.seq, gone, NOON)
    page = await house.get("/cases/1")
    around = page[page.index("Around it in") :]
    assert [around.index(text) for text in texts] == sorted(around.index(text) for text in texts)
    assert 'class="near deleted' in around
    assert 'class="near visible this"' in around


async def test_precedents_lead_to_their_cases(house: House) -> None:
    await house.sign_in()
    case = await house.arrive()
    own = (await house.case(case)).message
    house.precedents = [
        Precedent("k", "a like one", "removed", 0.93, "41"),
        Precedent(own, "itself", "approved", 1.0),
    ]
    page = await house.get(f"/cases/{case}")
    assert "a like one" in page
    assert "93% alike" in page
    assert 'href="/cases/41"' in page
    assert "itself" not in page


async def test_slow_precedents_do_not_hold_the_page_up(house: House) -> None:
    await house.sign_in()
    case = await house.arrive()
    house.precedents_wait = asyncio.Event()  # never set
    page = await house.get(f"/cases/{case}")
    assert "cannot be looked up just now" in page
    assert '<h2 id="verdict-title">' in page


async def test_a_removal_removes_and_goes_on_to_the_next_case(house: House) -> None:
    await house.sign_in()
    first, second = await house.arrive(), await house.arrive()
    with house.ledger.feed.watch() as changes:
        answer = await house.judge(first, "remove", note="  again \x00 ")
        topics = [changes.get_nowait().topic for _ in range(changes.qsize())]
    assert answer.headers["Location"] == f"/cases/{second}?judged={first}"
    assert topics == ["verdict", "effect"]
    case = await house.case(first)
    assert (case.state, case.verdict, case.moderator) == ("closed", "act", "kim")
    (claimed,) = await claim(house)
    assert claimed.order.action.kind is ActionKind.REMOVE
    await house.ledger.outbox.done(claimed, Outcome(), house.clock())
    page = await house.get(f"/cases/{first}")
    assert "<b>Acted on</b> by <bdi>kim</bdi>" in page
    assert "again" in page
    assert 'class="effect done"' in page
    kinds = [entry.kind for entry in await house.ledger.entries.about(case.message)]
    assert kinds == ["decision", "case", "verdict", "effect"]
    follows = await house.get(answer.headers["Location"])
    assert f'Case <a href="/cases/{first}">{first}</a>: acted on by <bdi>kim</bdi>' in follows


async def test_after_the_last_case_comes_the_queue(house: House) -> None:
    await house.sign_in()
    case = await house.arrive()
    answer = await house.judge(case, "dismiss")
    assert answer.headers["Location"] == f"/?judged={case}"
    assert "dismissed by" in await house.get(answer.headers["Location"])


async def test_after_the_end_of_the_queue_comes_its_beginning(house: House) -> None:
    await house.sign_in()
    first, last = await house.arrive(), await house.arrive()
    answer = await house.judge(last, "dismiss")
    assert answer.headers["Location"] == f"/cases/{first}?judged={last}"


async def test_overturning_puts_the_message_back(house: House) -> None:
    await house.sign_in()
    message = a_message()
    case = await house.arrive(message, a_removal(message))
    (removal,) = await claim(house)
    await house.ledger.outbox.done(removal, Outcome(), house.clock())
    assert ">removed<" in await house.get(f"/cases/{case}")
    await house.judge(case, "overturn")
    (approval,) = await claim(house)
    assert approval.order.action.kind is ActionKind.APPROVE
    await house.ledger.outbox.done(approval, Outcome(), house.clock())
    kept = await house.ledger.messages.get(message.key)
    assert kept is not None
    assert kept.state == "visible"


async def test_overturning_what_was_not_sent_yet_takes_it_back(house: House) -> None:
    await house.sign_in()
    message = a_message()
    case = await house.arrive(message, a_removal(message))
    await house.judge(case, "overturn")
    assert await ordered(house) == [ActionKind.APPROVE]


async def test_a_second_case_about_a_message_can_remove_it_again(house: House) -> None:
    await house.sign_in()
    message = a_message()
    await house.judge(await house.arrive(message), "remove")
    (first,) = await claim(house)
    await house.ledger.outbox.done(first, Outcome(), house.clock())
    again = await house.arrive(replace(message, revision="1"))
    await house.judge(again, "overturn")
    (approval,) = await claim(house)
    await house.ledger.outbox.done(approval, Outcome(), house.clock())
    third = await house.arrive(replace(message, revision="2"))
    await house.judge(third, "remove")
    assert await ordered(house) == [ActionKind.REMOVE]


async def test_only_the_first_verdict_counts(house: House) -> None:
    await house.sign_in()
    case = await house.arrive()
    await house.ledger.cases.judge(
        Judgement(case, Verdict.DISMISS, "lou", "just banter"), house.clock()
    )
    answer = await house.judge(case, "remove", status=409)
    page = await answer.text()
    assert "Somebody was quicker" in page
    assert "<b>Dismissed</b> by <bdi>lou</bdi>" in page
    assert "just banter" in page
    assert await ordered(house) == []
    assert (await house.case(case)).moderator == "lou"


async def test_two_verdicts_at_once_are_one(house: House) -> None:
    await house.sign_in()
    case = await house.arrive()
    data = {"csrf": await house.csrf(), "seen": await house.seen(case), "choice": "remove"}
    path = f"/cases/{case}/verdict"
    answers = await asyncio.gather(
        *(house.client.post(path, data=data, allow_redirects=False) for _ in range(8))
    )
    assert sorted(answer.status for answer in answers) == [303] + [409] * 7
    assert await ordered(house) == [ActionKind.REMOVE]


async def test_a_text_edited_meanwhile_is_read_again_first(house: House) -> None:
    await house.sign_in()
    message = a_message("first words")
    case = await house.arrive(message)
    seen = await house.seen(case)
    await house.arrive(replace(message, text="other words", revision="1"))
    answer = await house.judge(case, "remove", seen=seen, note="rude", status=409)
    page = await answer.text()
    assert "edited the message while you read it" in page
    assert "other words" in page
    assert "Earlier versions of the text" in page
    assert ">rude</textarea>" in page
    assert (await house.case(case)).state == "open"


async def test_an_action_on_its_way_is_waited_for(house: House) -> None:
    await house.sign_in()
    message = a_message()
    case = await house.arrive(message, a_removal(message))
    await claim(house)
    answer = await house.judge(case, "overturn", status=409)
    assert "on its way" in await answer.text()


@pytest.mark.parametrize("choice", ["uphold", "set_nsfw", "", "timeout-1", "REMOVE"])
async def test_only_what_is_offered_can_be_chosen(house: House, choice: str) -> None:
    await house.sign_in()
    case = await house.arrive()
    await house.judge(case, choice, status=409)
    assert (await house.case(case)).state == "open"


async def test_the_page_says_that_shadow_mode_does_nothing(ledger: Ledger, clock: Clock) -> None:
    async with House.open(ledger, clock, mode="shadow") as house:
        await house.sign_in()
        case = await house.arrive()
        assert "<b>Shadow mode.</b>" in await house.get(f"/cases/{case}")
        await house.judge(case, "remove")
        assert await ordered(house) == []
        (effect,) = await ledger.outbox.about((await house.case(case)).message)
        assert effect.state == "shadow"
        assert "not done: shadow mode" in await house.get(f"/cases/{case}")


async def test_a_live_bot_has_no_banner(house: House) -> None:
    await house.sign_in()
    assert "Shadow mode" not in await house.get(f"/cases/{await house.arrive()}")


async def test_the_page_says_that_a_bot_does_not_run(house: House) -> None:
    await house.sign_in()
    case = await house.arrive()
    house.bots.clear()
    page = await house.get(f"/cases/{case}")
    assert "This bot is not running." in page
    assert 'value="remove"' not in page
    house.bots["b"] = RunningBot("b", "discord", "live", CAN)
    assert 'value="remove"' in await house.get(f"/cases/{case}")


async def test_a_failure_says_what_to_do(house: House) -> None:
    await house.sign_in()
    message = a_message()
    await house.arrive(message, a_removal(message))
    (claimed,) = await claim(house)
    draft = CaseDraft("sender", Severity.HIGH, "filter failed: no permission", "live")
    case = await house.ledger.record.effect_failed(claimed, "no permission", draft, NOON)
    page = await house.get(f"/cases/{case}")
    assert 'class="effect failed"' in page
    assert "no permission" in page
    assert "by hand on the platform" in page
    await house.judge(case, "remove")
    assert await ordered(house) == [ActionKind.REMOVE]


async def test_reloading_the_answer_to_a_verdict_leads_to_the_case(house: House) -> None:
    await house.sign_in()
    case = await house.arrive()
    assert f"<h1>Case {case}</h1>" in await house.get(f"/cases/{case}/verdict")


async def test_the_whole_text_is_one_link_away(house: House) -> None:
    await house.sign_in()
    text = "<b>word</b> " * 90_000
    case = await house.arrive(a_message(text))
    page = await house.get(f"/cases/{case}")
    assert f'href="/cases/{case}/text"' in page
    assert len(page) < 1_000_000
    async with house.client.get(f"/cases/{case}/text") as answer:
        assert await answer.text() == text
        assert answer.content_type == "text/plain"
        assert "attachment" in answer.headers["Content-Disposition"]


async def test_a_burst_of_reports_leaves_the_page_readable(house: House) -> None:
    await house.sign_in()
    report = an_event(a_message(), EventKind.MESSAGE_REPORTED)
    for number in range(80):
        event = replace(report, actor=Author(f"u{number}", "x"))
        await house.ledger.inbox.put(event)
        (pending,) = await house.ledger.inbox.pending(after=0, limit=1)
        await house.ledger.record.handled(handled(pending.seq, event, case=True), NOON)
    page = await house.get("/cases/1")
    assert page.count('<article class="decision">') == 10
    history = page[page.index('id="history"') :].partition("</section>")[0]
    assert history.count("<li>") == 50


async def test_an_appeal_stands_on_the_page_and_harms_nobody(house: House) -> None:
    await house.sign_in()
    said = a_message("/appeal <script>alert(1)</script> I was joking", id="cmd-1")
    draft = CaseDraft("backstage", Severity.HIGH, "the author appeals", "live", appeal=said.key)
    case = await house.arrive(a_message("you fool"), case=draft, spoken=said)
    page = await house.get(f"/cases/{case}")
    assert "The author appeals" in page
    assert "I was joking" in page
    assert "<script>alert" not in page


async def test_whose_verdict_is_appealed_is_told_that_a_colleague_decides(house: House) -> None:
    await house.sign_in()
    message = a_message("you fool")
    first = await house.arrive(message)
    await house.judge(first, "dismiss")
    other = await house.arrive(a_message("another", id="m9"))
    await house.ledger.cases.judge(Judgement(other, Verdict.DISMISS, "somebody else"), NOON)
    said = a_message("/appeal please", id="cmd-1")
    draft = CaseDraft("backstage", Severity.HIGH, "the author appeals", "live", appeal=said.key)
    edited = replace(message, revision="1")
    case = await house.arrive(edited, case=draft, spoken=said)
    answer = await house.judge(case, "dismiss", status=409)
    assert "a colleague decides it" in await answer.text()
