"""Review cards in the desk channel: inside Slack's limits, and inert whatever they quote."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from greenroom.adapters.slack.cards import draw
from greenroom.errors import DropMessage, RetryLater
from greenroom.message import Action, ActionKind, Button, Card, Order, Outcome
from tests.adapters.slack.stage import Inbox, Running, running
from tests.adapters.slack.test_slack_perform import MESSAGE
from tests.platforms.slack.blocks import faults_of_message
from tests.platforms.slack.server import BOT_TOKEN, DESK, SlackServer

HOME = "https://acme.slack.example/"
CARD = Card(
    title="Case 7: high",
    text="buy now <!channel>",
    fields=(("Why", "spam"), ("Where", f"{HOME}archives/C1/p1690000000000100")),
    buttons=(
        Button("case:7:dismiss:0123abcd", "Leave it", style="good"),
        Button("case:7:remove:0123abcd", "Remove", style="bad"),
        Button("case:7:ban:0123abcd", "Ban", asks="Note for the record (optional)"),
    ),
    link="https://desk.example/cases/7",
)


def _order(card: Card | None = CARD, *, key: str = "k1", **more: Any) -> Order:
    maybe_done = more.pop("maybe_done", False)
    return Order(key, Action(ActionKind.CARD, card=card, **more), MESSAGE, maybe_done)


def _blocks(card: Card, kind: str) -> list[dict[str, Any]]:
    return [block for block in draw(card, home=HOME).blocks if block["type"] == kind]


async def test_card_stands_in_the_desk_channel_with_its_buttons(stage: Running) -> None:
    assert ActionKind.CARD in stage.adapter.capabilities
    outcome = await stage.adapter.perform(_order())
    (call,) = stage.server.called("chat.postMessage")
    assert (call.token, call.arguments["channel"]) == (BOT_TOKEN, DESK)
    assert call.arguments["metadata"]["event_payload"] == {"key": "k1", "part": 0}
    assert call.arguments["text"] == "Case 7: high\nbuy now &lt;!channel&gt;"
    (ts,) = stage.server.messages[DESK]
    assert outcome.ref == f"{DESK}/{ts}"
    header, quoted, fields, actions = call.arguments["blocks"]
    assert header["text"] == {"type": "plain_text", "text": "Case 7: high", "emoji": False}
    assert quoted["elements"][0] == {
        "type": "rich_text_preformatted",
        "elements": [{"type": "text", "text": "buy now <!channel>"}],
    }
    assert [field["text"] for field in fields["fields"]] == [
        "Why: spam",
        f"Where: <{HOME}archives/C1/p1690000000000100|open in Slack>",
    ]
    leave, remove, ban, link = actions["elements"]
    assert (leave["value"], leave["style"]) == ("case:7:dismiss:0123abcd", "primary")
    assert (remove["value"], remove["style"]) == ("case:7:remove:0123abcd", "danger")
    assert (ban["value"], "style" in ban) == ("case:7:ban:0123abcd", False)
    assert link["url"] == "https://desk.example/cases/7"
    assert len({element["action_id"] for element in actions["elements"]}) == 4


async def test_card_changes_where_it_stands(stage: Running) -> None:
    posted = await stage.adapter.perform(_order())
    judged = Card(title="Case 7: dismissed by Ada", text="buy now")
    changed = await stage.adapter.perform(_order(judged, key="k2", ref=posted.ref))
    assert changed == Outcome("changed", ref=posted.ref)
    assert len(stage.server.called("chat.postMessage")) == 1
    (call,) = stage.server.called("chat.update")
    assert (call.arguments["parse"], call.arguments["link_names"]) == ("none", False)
    (kept,) = stage.server.messages[DESK].values()
    assert [block["type"] for block in kept["blocks"]] == ["header", "rich_text"]
    assert kept["metadata"]["event_payload"]["key"] == "k1"
    again = await stage.adapter.perform(_order(judged, key="k3", ref=posted.ref, maybe_done=True))
    assert again.ref == posted.ref


async def test_card_whose_answer_was_lost_is_found_again(stage: Running) -> None:
    stage.server.lost_answers.add("chat.postMessage")
    with pytest.raises(RetryLater) as lost:
        await stage.adapter.perform(_order())
    assert lost.value.maybe_done
    stage.server.lost_answers.clear()
    outcome = await stage.adapter.perform(_order(maybe_done=True))
    assert outcome.ref == f"{DESK}/{next(iter(stage.server.messages[DESK]))}"
    assert len(stage.server.messages[DESK]) == 1


async def test_card_that_is_gone_is_told(stage: Running) -> None:
    with pytest.raises(DropMessage, match="message_not_found"):
        await stage.adapter.perform(_order(ref=f"{DESK}/1700000000.000100"))
    with pytest.raises(DropMessage, match="no card"):
        await stage.adapter.perform(_order(None, key="k2"))


async def test_card_needs_a_desk_channel(server: SlackServer) -> None:
    async with running(server, Inbox(), desk_channel=None) as stage:
        assert not {ActionKind.CARD, ActionKind.MODMAIL} & stage.adapter.capabilities
        with pytest.raises(DropMessage, match=r"card .* needs desk_channel in bots/acme\.yaml"):
            await stage.adapter.perform(_order())


async def test_card_may_be_taken_back(stage: Running) -> None:
    posted = await stage.adapter.perform(_order())
    order = Order("k2", Action(ActionKind.RETRACT, ref=posted.ref), MESSAGE)
    await stage.adapter.perform(order)
    assert not stage.server.messages[DESK]


HOSTILE = (
    "*b* _i_ ~s~ `c` :smile: <!channel> <@U1> <#C1> @here <https://evil.example|rules> "
    "https://evil.example \ud800 \u202e"
)


def test_nothing_that_a_member_wrote_works_in_a_card() -> None:
    card = Card(HOSTILE, HOSTILE, (("Why", HOSTILE), ("Who", HOSTILE[:50])), CARD.buttons)
    drawn = draw(card, home=HOME)
    assert not faults_of_message(drawn.blocks)
    texts = json.dumps(drawn.blocks, ensure_ascii=False)
    texts.encode()  # no half of a character is left
    assert '"mrkdwn"' not in texts
    assert '"emoji": true' not in texts
    assert "<" not in drawn.text
    assert "@here" not in drawn.text


@pytest.mark.parametrize(
    "where",
    [
        f"{HOME}archives/C1/p1|<!channel>",
        f"{HOME}archives/C1/p1 and more",
        f"{HOME}archives/C1/p1>",
        f"{HOME}services/x",
        "https://evil.example/archives/C1/p1",
        "https://acme.slack.example.evil.example/archives/C1/p1",
    ],
)
def test_only_messages_of_the_workspace_are_linked(where: str) -> None:
    card = Card("Case", fields=(("Where", where),))
    assert '"mrkdwn"' not in json.dumps(draw(card, home=HOME).blocks)


@pytest.mark.parametrize(
    "card",
    [
        Card(""),
        Card("t" * 500, "x" * 50_000),
        Card("t", "\n \n"),
        Card("t", fields=(("", ""), ("n" * 3_000, "v"), ("n", "v" * 9_000))),
        Card("t", fields=tuple((f"n{number}", "v" * 200) for number in range(90))),
        Card("t", fields=tuple((f"n{number}", "v") for number in range(90))),
        Card("t", buttons=tuple(Button(f"v{number}", "b" * 99) for number in range(60))),
        Card("t", buttons=(Button("v", "", asks="a" * 900), Button("v", "x", style="odd"))),
        Card("t", link="javascript:alert(1)"),
        Card("t", link="https://desk.example/" + "x" * 4_000),
        Card("t", "😀" * 4_000, (("n", "😀" * 3_000),)),
    ],
)
def test_any_card_keeps_slacks_limits(card: Card) -> None:
    drawn = draw(card, home=HOME)
    assert not faults_of_message(drawn.blocks)
    assert 0 < len(drawn.text) <= 3_000
    shown = [element for block in drawn.blocks for element in block.get("elements", ())]
    pressed = [element for element in shown if element["type"] == "button" and "value" in element]
    assert [element["value"] for element in pressed] == [button.value for button in card.buttons]


def test_cut_text_says_that_it_goes_on() -> None:
    assert not _blocks(CARD, "context")
    (context,) = _blocks(replace(CARD, text="x" * 5_000), "context")
    assert "the desk has all of it" in context["elements"][0]["text"]


def test_card_without_buttons_is_final_and_keeps_its_link() -> None:
    (row,) = _blocks(replace(CARD, buttons=()), "actions")
    assert [element.get("value") for element in row["elements"]] == [None]
    assert not _blocks(replace(CARD, buttons=(), link=None), "actions")
