"""Review cards: posted once, changed in place, and their buttons, also after a restart."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from greenroom.adapters.discord.cards import body_of
from greenroom.adapters.discord.custom_ids import (
    LONGEST,
    Asked,
    Press,
    Ref,
    of_button,
    of_question,
    read,
)
from greenroom.errors import DropMessage, RetryLater
from greenroom.message import Action, ActionKind, Button, Card, EventKind, Message, Order
from tests.adapters.contract import WAIT_S
from tests.adapters.discord.stage import Running, running
from tests.platforms.discord.interactions import Interaction
from tests.platforms.discord.payloads import (
    GUILD,
    HELP,
    MANAGE_MESSAGES,
    ME,
    MEMBER,
    MODERATOR,
    MODS,
    message,
    snowflake,
)
from tests.platforms.discord.server import DIRECT, DiscordServer

DISMISS = Button("case:7:dismiss:0123abcd", "Dismiss", "good")
REMOVE = Button("case:7:remove:0123abcd", "Remove", "bad")
BAN = Button("case:7:ban:0123abcd", "Ban", "bad", asks="Note for the record (optional)")
CARD = Card(
    "Case 7: high",
    "free nitro @everyone [here](https://evil.example)",
    (("Why", "scam"), ("Who", "<@2002>")),
    (DISMISS, REMOVE, BAN),
    "https://desk.example/cases/7",
)


def card(about: Message, shown: Card = CARD, *, key: str = "c1", **more: Any) -> Order:
    """An order to show a card."""
    maybe_done = bool(more.pop("maybe_done", False))
    return Order(key, Action(ActionKind.CARD, card=shown, **more), about, maybe_done)


async def shown(stage: Running, wanted: Card = CARD) -> dict[str, Any]:
    """The message of a card that was posted."""
    about = await stage.received("free nitro")
    outcome = await stage.adapter.perform(card(about, wanted))
    await stage.inbox.next()  # our own post
    assert outcome.ref is not None
    channel, _, message_id = outcome.ref.partition("/")
    return stage.server.messages[channel][message_id]


async def told(given: Interaction) -> None:
    """Wait until the bot has acknowledged it."""
    async with asyncio.timeout(WAIT_S):
        await given.told.wait()


async def test_card_shows_the_case_and_calls_nobody(stage: Running) -> None:
    about = await stage.received("free nitro")
    outcome = await stage.adapter.perform(card(about))
    (call,) = stage.server.did("POST", f"/channels/{MODS}/messages")
    (embed,) = call.body["embeds"]
    assert embed["title"] == "Case 7: high"
    assert embed["description"] == "free nitro @\u200deveryone [here]\u200d(https://evil.example)"
    assert [(one["name"], one["value"]) for one in embed["fields"]] == [
        ("Why", "scam"),
        ("Who", "<\u200d@2002>"),
    ]
    (row,) = call.body["components"]
    assert [(one["label"], one["style"]) for one in row["components"]] == [
        ("Dismiss", 3),
        ("Remove", 4),
        ("Ban", 4),
        ("Open the desk", 5),
    ]
    assert row["components"][0]["custom_id"] == "gr.b:case:7:dismiss:0123abcd"
    assert row["components"][3]["url"] == "https://desk.example/cases/7"
    assert call.body["allowed_mentions"]["parse"] == []
    assert call.body["enforce_nonce"] is True
    assert outcome.ref is not None
    assert outcome.ref.startswith(f"{MODS}/")


async def test_card_about_a_direct_message_finds_the_desk(stage: Running) -> None:
    about = await stage.received("hi", channel=DIRECT, guild_id=None)
    outcome = await stage.adapter.perform(card(about))
    assert outcome.ref is not None
    assert outcome.ref.startswith(f"{MODS}/")


async def test_card_fits_discord_however_long_it_is(stage: Running) -> None:
    about = await stage.received("hello")
    many = tuple(Button(f"case:7:{n}:0123abcd", "x" * 200, "odd") for n in range(30))
    fields = tuple(("n" * 300, "v" * 2_000) for _ in range(30))
    await stage.adapter.perform(card(about, Card("t" * 300, "w " * 5_000, fields, many, CARD.link)))
    (call,) = stage.server.did("POST", f"/channels/{MODS}/messages")
    (embed,) = call.body["embeds"]
    parts = [embed["title"], embed["description"]]
    parts += [one[key] for one in embed["fields"] for key in ("name", "value")]
    assert sum(map(len, parts)) <= 6_000
    assert len(embed["title"]) == 256
    assert len(embed["description"]) >= 2_000
    assert embed["description"].endswith("…")
    assert [len(row["components"]) for row in call.body["components"]] == [5] * 5
    assert call.body["components"][4]["components"][4]["style"] == 5


@pytest.mark.parametrize(
    "empty", [Card(""), Card(" ", " ", (("", ""),)), Card("\ud800", "\udfff", (("\ud800", "x"),))]
)
async def test_card_without_words_is_shown(stage: Running, empty: Card) -> None:
    about = await stage.received("hello")
    await stage.adapter.perform(card(about, empty))
    (call,) = stage.server.did("POST", f"/channels/{MODS}/messages")
    assert call.body["embeds"][0]["title"]
    assert all(one["name"] and one["value"] for one in call.body["embeds"][0]["fields"])
    assert call.body["components"] == []


@pytest.mark.parametrize(
    "link",
    [
        "http://localhost:8460/cases/7",
        "javascript:alert(1)",
        "not a link",
        "https://x.example/" + "a" * 600,
        "http://[::1",
    ],
)
def test_link_that_discord_refuses_is_left_out(link: str) -> None:
    assert body_of(Card("Case 7", link=link))["components"] == []


async def test_card_changes_in_place_and_loses_its_buttons(stage: Running) -> None:
    about = await stage.received("hello")
    first = await stage.adapter.perform(card(about))
    judged = Card("Case 7: removed by mo", CARD.text)
    again = card(about, judged, key="c2", ref=first.ref)
    outcome = await stage.adapter.perform(again)
    assert outcome.ref == first.ref
    (call,) = stage.server.did("PATCH", f"/messages/{(first.ref or '').partition('/')[2]}")
    assert call.body["components"] == []
    assert call.body["embeds"][0]["title"] == "Case 7: removed by mo"
    assert call.body["allowed_mentions"]["parse"] == []
    own = [one for one in stage.server.messages[MODS].values() if one["author"]["id"] == ME]
    assert [one["components"] for one in own] == [[]]


async def test_card_that_somebody_deleted_is_already_gone(stage: Running) -> None:
    about = await stage.received("hello")
    order = card(about, ref=f"{MODS}/12345")
    outcome = await stage.adapter.perform(order)
    assert (outcome.detail, outcome.ref) == ("already gone", f"{MODS}/12345")


@pytest.mark.parametrize("ref", ["", "x", "1/", "/1", "C1/1.5", f"{MODS}/1,2"])
async def test_card_of_another_platform_is_dropped(stage: Running, ref: str) -> None:
    about = await stage.received("hello")
    with pytest.raises(DropMessage, match="no such card"):
        await stage.adapter.perform(card(about, ref=ref))


async def test_order_without_a_card_is_dropped(stage: Running) -> None:
    about = await stage.received("hello")
    with pytest.raises(DropMessage, match="no card"):
        await stage.adapter.perform(Order("c1", Action(ActionKind.CARD), about))


async def test_card_with_a_lost_answer_is_not_doubled(stage: Running) -> None:
    about = await stage.received("hello")
    for number in range(120):  # more than a page of others' talk
        stage.server.messages[MODS][str(number)] = message(MODS, MEMBER, "so", id=snowflake())
    stage.server.lose()
    with pytest.raises(RetryLater) as caught:
        await stage.adapter.perform(card(about))
    assert caught.value.maybe_done
    stage.server.nonces.clear()  # it was long ago
    outcome = await stage.adapter.perform(card(about, maybe_done=True))
    own = [one for one in stage.server.messages[MODS].values() if one["author"]["id"] == ME]
    assert [f"{MODS}/{one['id']}" for one in own] == [outcome.ref]


async def test_card_about_old_words_is_found_past_much_talk(stage: Running) -> None:
    about = await stage.received("hello")
    for number in range(620):
        stage.server.messages[MODS][str(number)] = message(MODS, MEMBER, "so", id=snowflake())
    stage.server.lose()
    with pytest.raises(RetryLater):
        await stage.adapter.perform(card(about))
    stage.server.nonces.clear()
    await stage.adapter.perform(card(about, maybe_done=True))
    own = [one for one in stage.server.messages[MODS].values() if one["author"]["id"] == ME]
    assert len(own) == 1


async def test_card_about_words_that_discord_blocked_is_found_again(stage: Running) -> None:
    """What AutoMod blocks has no id of Discord's."""
    about = replace(await stage.received("hello"), id="automod-0123456789abcdef-1767333600000")
    stage.server.lose()
    with pytest.raises(RetryLater):
        await stage.adapter.perform(card(about))
    stage.server.nonces.clear()
    await stage.adapter.perform(card(about, maybe_done=True))
    own = [one for one in stage.server.messages[MODS].values() if one["author"]["id"] == ME]
    assert len(own) == 1


async def test_another_cases_card_is_no_earlier_try(stage: Running) -> None:
    about = await stage.received("hello")
    other = replace(CARD, buttons=(Button("case:8:dismiss:0123abcd", "Dismiss"),))
    await stage.adapter.perform(card(about, other, key="c0"))
    await stage.adapter.perform(card(about, maybe_done=True))
    assert len(stage.server.effects) == 2


# -- buttons -------------------------------------------------------------------------------


async def test_press_says_who_pressed_what_where(stage: Running) -> None:
    posted = await shown(stage)
    stage.server.interactions.permissions[MODERATOR] = MANAGE_MESSAGES
    given = await stage.server.interactions.press(posted, "Dismiss", by=MODERATOR)
    event = await stage.inbox.next()
    assert event.kind is EventKind.BUTTON_PRESSED
    assert (event.command, event.text) == (DISMISS.value, None)
    assert event.message_key == f"discord:{GUILD}:{MODS}:{posted['id']}"
    assert event.id == given.id
    assert event.respond == given.respond
    assert event.actor is not None
    assert (event.actor.id, event.actor.name) == (MODERATOR, "mo")
    assert event.actor.roles == ("Mods",)
    assert event.actor.is_moderator is True
    await told(given)
    assert given.is_ephemeral


@pytest.mark.parametrize(
    ("may", "expected"),
    [
        (0, False),
        (1 << 3, True),  # administrator
        (1 << 13, True),  # manage messages
        (1 << 40, True),  # moderate members
        (1 << 2, False),  # ban members
    ],
)
async def test_moderator_is_whom_discord_calls_one_there(
    stage: Running, may: int, expected: bool
) -> None:
    posted = await shown(stage)
    stage.server.interactions.permissions[MEMBER] = may
    await stage.server.interactions.press(posted, "Dismiss")
    event = await stage.inbox.next()
    assert event.actor is not None
    assert event.actor.is_moderator is expected


async def test_press_without_roles_or_permissions_says_what_it_can(stage: Running) -> None:
    posted = await shown(stage)
    bare = {"user": {"id": MODERATOR, "username": "mo"}, "roles": ["9999", "x", 5]}
    await stage.server.interactions.press(posted, "Dismiss", member=bare)
    event = await stage.inbox.next()
    assert event.actor is not None
    assert (event.actor.roles, event.actor.is_moderator) == ((), False)


async def test_button_that_asks_opens_a_modal_and_comes_back_with_the_note(stage: Running) -> None:
    posted = await shown(stage)
    asked = await stage.server.interactions.press(posted, "Ban", by=MODERATOR)
    await told(asked)
    assert asked.callback is not None
    modal = asked.callback["data"]
    assert modal["components"][0]["label"] == "Note for the record (optional)"
    assert stage.inbox.events.empty()
    given = await stage.server.interactions.submit(asked, "third time", by=MODERATOR)
    event = await stage.inbox.next()
    assert event.kind is EventKind.BUTTON_PRESSED
    assert (event.command, event.text) == (BAN.value, "third time")
    assert event.message_key == f"discord:{GUILD}:{MODS}:{posted['id']}"
    assert event.id == given.id
    await told(given)
    assert given.is_ephemeral


async def test_note_that_stays_empty_is_none(stage: Running) -> None:
    posted = await shown(stage)
    asked = await stage.server.interactions.press(posted, "Ban")
    await told(asked)
    await stage.server.interactions.submit(asked, "", by=MODERATOR)
    event = await stage.inbox.next()
    assert (event.command, event.text) == (BAN.value, None)


async def test_card_and_open_modal_outlive_a_restart(server: DiscordServer) -> None:
    async with running(server) as stage:
        posted = await shown(stage)
        asked = await server.interactions.press(posted, "Ban")
        await told(asked)
    async with running(server) as stage:
        # Discord tells with the modal what it hung on; a compatible server may not
        await server.interactions.submit(asked, "third time", message=None)
        noted = await stage.inbox.next()
        again = await server.interactions.press(posted, "Ban")
        await told(again)
        await server.interactions.press(posted, "Dismiss")
        dismissed = await stage.inbox.next()
    assert (noted.command, noted.text) == (BAN.value, "third time")
    assert noted.message_key == f"discord:{GUILD}:{MODS}:{posted['id']}"
    assert again.callback is not None
    assert again.callback["data"]["components"][0]["label"] == BAN.asks
    assert dismissed.command == DISMISS.value


async def test_server_that_refuses_a_modal_is_asked_in_the_older_layout(stage: Running) -> None:
    posted = await shown(stage)
    stage.server.fail(400, code=50035, text="Invalid Form Body")
    asked = await stage.server.interactions.press(posted, "Ban", by=MODERATOR)
    await told(asked)
    assert asked.callback is not None
    (row,) = asked.callback["data"]["components"]
    assert row["type"] == 1
    assert row["components"][0]["label"] == BAN.asks
    await stage.server.interactions.submit(asked, "third time", by=MODERATOR)
    event = await stage.inbox.next()
    assert (event.command, event.text) == (BAN.value, "third time")


async def test_modal_in_discords_older_layout_is_understood(stage: Running) -> None:
    custom_id = of_question(BAN.value, Ref(HELP, "1"))
    rows = [{"type": 1, "components": [{"type": 4, "custom_id": "text", "value": "third"}]}]
    await stage.server.interactions.act(5, {"custom_id": custom_id, "components": rows})
    assert (await stage.inbox.next()).text == "third"


async def test_value_that_does_not_fit_is_dropped(stage: Running) -> None:
    about = await stage.received("hello")
    wide = Card("Case 7", buttons=(Button("x" * 100, "Too long"),))
    with pytest.raises(DropMessage, match="does not fit"):
        await stage.adapter.perform(card(about, wide))
    assert stage.server.effects == []


@pytest.mark.parametrize("value", ["a", "case:7:ban:0123abcd", "gr.b::1:2/3", "x" * 90])
@pytest.mark.parametrize("asks", ["Why?", "é" * 80, "1:2:3"])
def test_ids_carry_everything_that_fits(value: str, asks: str) -> None:
    custom_id = of_button(Button(value, "Ban", asks=asks))
    assert len(custom_id) <= LONGEST
    press = read(custom_id)
    assert isinstance(press, Press)
    assert press.value == value
    fits = len(value) + min(45, len(asks)) < 90
    assert press.asks == (asks[:45] if fits else "Note")
    where = Ref("1234567890123456789", "2345678901234567890")
    question = of_question(value, where)
    assert len(question) <= LONGEST
    assert read(question) == Asked(value, where if len(value) < 50 else None)
