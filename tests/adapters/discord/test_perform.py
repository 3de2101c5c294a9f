"""What goes out to Discord: each action once, and every refusal told apart."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from greenroom.adapters.discord.desk import TO_DESK
from greenroom.errors import ConfigError, DropMessage, RetryLater
from greenroom.message import Action, ActionKind, Card, EventKind, Message, Order
from tests.adapters.contract import Inbox
from tests.adapters.discord.stage import Running, order, running
from tests.platforms.discord import openapi
from tests.platforms.discord.payloads import (
    FORUM,
    GUILD,
    HELP,
    ME,
    MEMBER,
    MODS,
    POST,
    ROLE_MEMBERS,
    message,
    snowflake,
)
from tests.platforms.discord.server import DIRECT, DiscordServer

ALL = frozenset(ActionKind)


def test_requests_are_held_against_discords_own_document() -> None:
    if openapi.document() is None:
        pytest.skip(f"{openapi.DOCUMENT.name} is not at hand: no request is held against it")
    path = f"/channels/{HELP}/messages"
    assert openapi.faults_of("POST", path, {}, {"content": "x", "nonce": "n"}) == []
    assert openapi.faults_of("POST", path, {}, {"contents": "x"})
    assert openapi.faults_of("POST", path, {}, {"content": 5})
    assert openapi.faults_of("POST", path, {}, {"nonce": "n" * 26})
    assert openapi.faults_of("POST", path, {}, {"message_reference": {"message_id": 5}})
    assert openapi.faults_of("POST", "/channels/1/nothing", {}, {})
    assert openapi.faults_of("PUT", f"/guilds/{GUILD}/bans/1", {"days": "1"}, {})
    assert openapi.faults_of("PUT", f"/guilds/{GUILD}/bans/1", {}, None)


async def test_reply_answers_its_message_and_calls_nobody(stage: Running) -> None:
    about = await stage.received("how?")
    text = "Read <#1001>, @everyone <@2003>."
    outcome = await stage.adapter.perform(order(ActionKind.REPLY, about, text))
    (call,) = stage.server.did("POST", f"/channels/{HELP}/messages")
    assert call.body["content"] == "Read <#1001>, @\u200deveryone <@2003>."
    assert call.body["message_reference"] == {"message_id": about.id, "fail_if_not_exists": False}
    assert call.body["allowed_mentions"] == {"parse": [], "replied_user": False}
    assert call.body["enforce_nonce"] is True
    assert 0 < len(call.body["nonce"]) <= 25
    (posted,) = stage.server.nonces.values()
    assert outcome.ref == f"{HELP}/{posted['id']}"


async def test_reply_to_words_that_discord_blocked_answers_nothing(stage: Running) -> None:
    about = replace(await stage.received("how?"), id="automod-0123456789abcdef-1767333600000")
    await stage.adapter.perform(order(ActionKind.REPLY, about, "so"))
    (call,) = stage.server.did("POST", f"/channels/{HELP}/messages")
    assert "message_reference" not in call.body


async def test_emoji_that_cannot_be_sent_is_dropped(stage: Running) -> None:
    about = await stage.received("how?")
    with pytest.raises(DropMessage, match="not text"):
        await stage.adapter.perform(order(ActionKind.REACT, about, "\ud800"))


async def test_reply_in_a_thread_stays_there(stage: Running) -> None:
    about = await stage.received("how?", channel=POST)
    assert about.channel.id == FORUM
    await stage.adapter.perform(order(ActionKind.REPLY, about, "so"))
    assert len(stage.server.did("POST", f"/channels/{POST}/messages")) == 1


async def test_same_key_from_a_new_process_posts_once(server: DiscordServer) -> None:
    outcomes = []
    async with running(server) as stage:
        about = await stage.received("how?")
    for _ in range(2):
        async with running(server) as stage:
            outcomes.append(await stage.adapter.perform(order(ActionKind.REPLY, about, "so")))
    first, second = server.did("POST", f"/channels/{HELP}/messages")
    assert first.body["nonce"] == second.body["nonce"]
    assert len(server.effects) == 1
    assert outcomes[0].ref == outcomes[1].ref


async def test_different_keys_post_twice(stage: Running) -> None:
    about = await stage.received("how?")
    for key in ("k1", "k2"):
        await stage.adapter.perform(order(ActionKind.REPLY, about, "so", key=key))
    assert len(stage.server.effects) == 2


async def test_earlier_post_is_found_when_discord_forgot_the_nonce(stage: Running) -> None:
    about = await stage.received("how?")
    for number in range(150):  # more than a page of others' talk
        stage.server.messages[HELP][str(number)] = message(HELP, MEMBER, "so", id=snowflake())
    sent = order(ActionKind.REPLY, about, "so")
    stage.server.lose()
    with pytest.raises(RetryLater):
        await stage.adapter.perform(sent)
    stage.server.nonces.clear()
    outcome = await stage.adapter.perform(replace(sent, maybe_done=True))
    assert len(stage.server.effects) == 1
    own = [m for m in stage.server.messages[HELP].values() if m["author"]["id"] == ME]
    assert outcome.ref == f"{HELP}/{own[0]['id']}"


async def test_same_words_to_somebody_else_are_no_earlier_post(stage: Running) -> None:
    other = await stage.received("how?")
    about = await stage.received("how, please?")
    await stage.adapter.perform(order(ActionKind.REPLY, other, "so", key="k0"))
    await stage.adapter.perform(order(ActionKind.REPLY, about, "so", maybe_done=True))
    assert len(stage.server.effects) == 2


async def test_long_reply_is_split_at_sentences_and_retracted_whole(stage: Running) -> None:
    about = await stage.received("how?")
    text = "This is a sentence of thirty-six... " * 100
    outcome = await stage.adapter.perform(order(ActionKind.REPLY, about, text))
    posts = stage.server.did("POST", f"/channels/{HELP}/messages")
    contents = [post.body["content"] for post in posts]
    assert " ".join(contents) == text.strip()
    assert max(map(len, contents)) <= 2000
    assert all(content.endswith("...") for content in contents)
    assert len({post.body["nonce"] for post in posts}) == len(posts) == 2
    assert ["message_reference" in post.body for post in posts] == [True, False]
    undo = Order("k2", Action(ActionKind.RETRACT, ref=outcome.ref), about)
    assert (await stage.adapter.perform(undo)).detail == "done"
    assert [m["author"]["id"] for m in stage.server.messages[HELP].values()] == [MEMBER]
    again = await stage.adapter.perform(replace(undo, key="k3"))
    assert again.detail == "already gone"


async def test_second_part_that_fails_does_not_double_the_first(stage: Running) -> None:
    about = await stage.received("how?")
    sent = order(ActionKind.REPLY, about, "word " * 500)
    await_first = asyncio.ensure_future(stage.adapter.perform(sent))
    while not stage.server.effects:
        await asyncio.sleep(0)
    stage.server.fail(429, retry_after=120.0)
    with pytest.raises(RetryLater) as caught:
        await await_first
    assert caught.value.maybe_done
    await stage.adapter.perform(replace(sent, maybe_done=True))
    assert len(stage.server.effects) == 2


async def test_half_a_character_becomes_a_question_mark(stage: Running) -> None:
    about = await stage.received("how?")
    await stage.adapter.perform(order(ActionKind.REPLY, about, "half \ud800 done", reason="\udfff"))
    assert stage.server.effects[0].body["content"] == "half \ufffd done"


@pytest.mark.parametrize("text", [None, "", " \n "])
async def test_reply_without_words_is_dropped(stage: Running, text: str | None) -> None:
    about = await stage.received("how?")
    with pytest.raises(DropMessage, match="no text"):
        await stage.adapter.perform(order(ActionKind.REPLY, about, text))


@pytest.mark.parametrize("kind", [ActionKind.REMOVE, ActionKind.SPAM, ActionKind.FILTER])
async def test_removal_deletes_with_its_reason_and_is_no_event(
    stage: Running, kind: ActionKind
) -> None:
    about = await stage.received("free nitro")
    reason = "spam:\nnear-copy \u202e " + "x" * 600
    outcome = await stage.adapter.perform(order(kind, about, reason=reason))
    (call,) = stage.server.did("DELETE", f"/messages/{about.id}")
    assert call.reason is not None
    assert call.reason.startswith("spam: near-copy")
    assert len(call.reason) == 512
    assert outcome.detail == "done"
    assert (await stage.received("next")).text == "next"


async def test_removing_what_is_gone_is_done(stage: Running) -> None:
    about = await stage.received("free nitro")
    stage.server.messages[HELP].clear()
    outcome = await stage.adapter.perform(order(ActionKind.REMOVE, about))
    assert outcome.detail == "already gone"


async def test_deletion_by_others_after_a_refused_removal_is_an_event(stage: Running) -> None:
    about = await stage.received("free nitro")
    stage.server.fail(403, code=50013, text="Missing Permissions")
    with pytest.raises(DropMessage, match="lacks the permission Manage Messages"):
        await stage.adapter.perform(order(ActionKind.REMOVE, about))
    await stage.server.delete(about.id)
    assert (await stage.inbox.next()).kind is EventKind.MESSAGE_DELETED


async def test_anothers_direct_message_cannot_be_removed(stage: Running) -> None:
    about = await stage.received("hi", channel=DIRECT, guild_id=None)
    with pytest.raises(DropMessage, match="direct message"):
        await stage.adapter.perform(order(ActionKind.REMOVE, about))
    assert stage.server.effects == []


async def test_approval_of_a_removed_message_posts_it_again(stage: Running) -> None:
    about = await stage.received("see https://example.org @everyone\nsecond line")
    await stage.adapter.perform(order(ActionKind.REMOVE, about))
    outcome = await stage.adapter.perform(order(ActionKind.APPROVE, about, key="k2"))
    (call,) = stage.server.did("POST", f"/channels/{HELP}/messages")
    assert call.body["content"] == (
        "Restored by the moderators. ada wrote:\n"
        "> see https://example.org @\u200deveryone\n> second line"
    )
    assert call.body["allowed_mentions"]["parse"] == []
    assert call.body["flags"] == 4
    assert outcome.detail == "posted again, since Discord cannot undelete"


async def test_approval_of_a_message_that_stands_changes_nothing(stage: Running) -> None:
    about = await stage.received("hello")
    outcome = await stage.adapter.perform(order(ActionKind.APPROVE, about))
    assert outcome.detail == "stands"
    assert stage.server.effects == []


async def test_what_its_author_deleted_is_not_posted_again(stage: Running) -> None:
    about = await stage.received("I regret this")
    await stage.server.delete(about.id)
    await stage.inbox.next()
    with pytest.raises(DropMessage, match="somebody else deleted"):
        await stage.adapter.perform(order(ActionKind.APPROVE, about))
    assert stage.server.effects == []


async def test_report_goes_to_the_desk_channel(stage: Running) -> None:
    about = await stage.received("free nitro <@&3002>")
    outcome = await stage.adapter.perform(order(ActionKind.REPORT, about, reason="scam"))
    (call,) = stage.server.did("POST", f"/channels/{MODS}/messages")
    assert call.body["content"] == (
        f"Report: scam\nada wrote <{about.permalink}>\n> free nitro <\u200d@&3002>"
    )
    assert call.body["flags"] == 4
    assert outcome.ref is not None
    assert outcome.ref.startswith(f"{MODS}/")


@pytest.mark.parametrize("kind", sorted(TO_DESK))
async def test_desk_without_a_channel_gets_nothing(server: DiscordServer, kind: ActionKind) -> None:
    async with running(server, desk_channel=None) as stage:
        about = await stage.received("hello")
        assert kind not in stage.adapter.capabilities
        with pytest.raises(DropMessage, match="desk_channel"):
            await stage.adapter.perform(order(kind, about, "text", card=Card("Case 1")))


@pytest.mark.parametrize("desk", ["mods", MODS])
async def test_modmail_reaches_the_desk_by_name_or_id(server: DiscordServer, desk: str) -> None:
    async with running(server, desk_channel=desk) as stage:
        about = await stage.received("hello", channel=DIRECT, guild_id=None)
        await stage.adapter.perform(order(ActionKind.MODMAIL, about, "look", subject="New"))
        (call,) = server.did("POST", f"/channels/{MODS}/messages")
        assert call.body["content"].startswith(
            "**New**\nlook\nAbout <https://discord.com/channels/@me"
        )


async def test_desk_channel_that_is_not_there_is_named(server: DiscordServer) -> None:
    async with running(server, desk_channel="#nowhere") as stage:
        about = await stage.received("hello")
        with pytest.raises(DropMessage, match="#nowhere; give it View Channel"):
            await stage.adapter.perform(order(ActionKind.REPORT, about))


async def test_direct_message_goes_to_the_author(stage: Running) -> None:
    about = await stage.received("free nitro")
    await stage.adapter.perform(order(ActionKind.MESSAGE, about, "Why we did.", subject="Removed"))
    (opened,) = stage.server.did("POST", "/users/@me/channels")
    (call,) = stage.server.did("POST", f"/channels/{DIRECT}/messages")
    assert opened.body == {"recipient_id": MEMBER}
    assert call.body["content"] == "**Removed**\nWhy we did."


async def test_member_without_direct_messages_is_dropped(stage: Running) -> None:
    about = await stage.received("free nitro")
    stage.server.fail(403, code=50007, text="Cannot send messages to this user")
    with pytest.raises(DropMessage, match="takes no direct messages"):
        await stage.adapter.perform(order(ActionKind.MESSAGE, about, "Why we did."))


@pytest.mark.parametrize(
    ("emoji", "path"),
    [
        ("👍", "👍"),
        (None, "👀"),
        (":acme:", "acme:4001"),
        ("<:acme:4001>", "acme:4001"),
        ("<a:acme:4001>", "acme:4001"),
    ],
)
async def test_reaction_takes_emoji_as_people_write_them(
    stage: Running, emoji: str | None, path: str
) -> None:
    about = await stage.received("hello")
    await stage.adapter.perform(order(ActionKind.REACT, about, emoji))
    (call,) = stage.server.effects
    assert call.path == f"/channels/{HELP}/messages/{about.id}/reactions/{path}/@me"


async def test_reaction_with_an_emoji_that_the_server_lacks_is_dropped(stage: Running) -> None:
    about = await stage.received("hello")
    with pytest.raises(DropMessage, match="no emoji named ':nope:'"):
        await stage.adapter.perform(order(ActionKind.REACT, about, ":nope:"))


@pytest.mark.parametrize(
    ("seconds", "until"),
    [
        (60, "2026-01-02T06:01:00+00:00"),
        (None, "2026-01-02T07:00:00+00:00"),
        (10**9, "2026-01-30T06:00:00+00:00"),
        (0, None),
    ],
)
async def test_timeout_lasts_as_long_as_asked_and_allowed(
    stage: Running, seconds: int | None, until: str | None
) -> None:
    about = await stage.received("hello")
    outcome = await stage.adapter.perform(
        order(ActionKind.TIMEOUT, about, duration_s=seconds, reason="heated")
    )
    (call,) = stage.server.did("PATCH", f"/guilds/{GUILD}/members/{MEMBER}")
    assert call.body == {"communication_disabled_until": until}
    assert ("28 days" in outcome.detail) is (seconds == 10**9)
    assert call.reason == "heated"


async def test_ban_deletes_no_history_and_unban_undoes_it(stage: Running) -> None:
    about = await stage.received("hello")
    await stage.adapter.perform(order(ActionKind.BAN, about, reason="scam"))
    (call,) = stage.server.did("PUT", f"/bans/{MEMBER}")
    assert (call.body, call.query, call.reason) == ({"delete_message_seconds": 0}, {}, "scam")
    undo = order(ActionKind.UNBAN, about, key="k2")
    assert (await stage.adapter.perform(undo)).detail == "done"
    assert stage.server.banned == set()
    again = await stage.adapter.perform(replace(undo, key="k3"))
    assert again.detail == "was not banned"


async def test_label_gives_the_author_the_role_of_that_name(stage: Running) -> None:
    about = await stage.received("hello")
    await stage.adapter.perform(order(ActionKind.LABEL, about, "Verified", on_author=True))
    (call,) = stage.server.effects
    assert call.path == f"/guilds/{GUILD}/members/{MEMBER}/roles/{ROLE_MEMBERS}"


async def test_unlabel_takes_that_role_and_needs_nobody_there(stage: Running) -> None:
    about = await stage.received("hello")
    sent = order(ActionKind.UNLABEL, about, "Verified")
    assert (await stage.adapter.perform(sent)).detail == "done"
    (call,) = stage.server.effects
    assert call.method == "DELETE"
    assert call.path == f"/guilds/{GUILD}/members/{MEMBER}/roles/{ROLE_MEMBERS}"
    stage.server.fail(404, code=10007, text="Unknown Member")
    assert "had left" in (await stage.adapter.perform(replace(sent, key="k2"))).detail


@pytest.mark.parametrize("kind", [ActionKind.LABEL, ActionKind.UNLABEL])
@pytest.mark.parametrize("name", ["verified", "@everyone", "", None])
async def test_label_without_such_a_role_is_dropped(
    stage: Running, kind: ActionKind, name: str | None
) -> None:
    about = await stage.received("hello")
    with pytest.raises(DropMessage, match="no role named"):
        await stage.adapter.perform(order(kind, about, name))


async def test_kick_sends_the_author_out_once(stage: Running) -> None:
    about = await stage.received("hello")
    sent = order(ActionKind.KICK, about, reason="scam")
    assert (await stage.adapter.perform(sent)).detail == "done"
    (call,) = stage.server.effects
    assert (call.method, call.path) == ("DELETE", f"/guilds/{GUILD}/members/{MEMBER}")
    assert call.reason == "scam"
    again = await stage.adapter.perform(replace(sent, key="k2", maybe_done=True))
    assert "had left" in again.detail


@pytest.mark.parametrize(
    ("kind", "permission"),
    [
        (ActionKind.KICK, "Kick Members"),
        (ActionKind.BAN, "Ban Members"),
        (ActionKind.LABEL, "Manage Roles"),
        (ActionKind.UNLABEL, "Manage Roles"),
        (ActionKind.TIMEOUT, "Moderate Members"),
        (ActionKind.LOCK, "Manage Threads"),
        (ActionKind.CARD, "Embed Links"),
    ],
)
async def test_refusal_names_the_permission(
    stage: Running, kind: ActionKind, permission: str
) -> None:
    about = await stage.received("hello", channel=POST)
    stage.server.fail(403, code=50013, text="Missing Permissions")
    with pytest.raises(DropMessage, match=permission):
        await stage.adapter.perform(order(kind, about, "Verified", card=Card("Case 1")))


@pytest.mark.parametrize(
    ("action", "locked"),
    [
        (Action(ActionKind.LOCK), True),
        (Action(ActionKind.LOCK, on_parent=True), True),
        (Action(ActionKind.SET_LOCKED, value=True), True),
        (Action(ActionKind.SET_LOCKED, value=False), False),
    ],
)
async def test_lock_shuts_and_opens_the_thread(
    stage: Running, action: Action, locked: bool
) -> None:
    about = await stage.received("hello", channel=POST)
    await stage.adapter.perform(Order("k1", action, about))
    (call,) = stage.server.did("PATCH", f"/channels/{POST}")
    assert call.body == {"locked": locked}


async def test_lock_outside_a_thread_is_dropped(stage: Running) -> None:
    about = await stage.received("hello")
    with pytest.raises(DropMessage, match="locks threads only"):
        await stage.adapter.perform(order(ActionKind.LOCK, about))


async def test_removal_of_a_parent_submission_is_dropped(stage: Running) -> None:
    about = await stage.received("hello", channel=POST)
    with pytest.raises(DropMessage, match="parent submission"):
        await stage.adapter.perform(order(ActionKind.REMOVE, about, on_parent=True))


@pytest.mark.parametrize("kind", [ActionKind.LABEL, ActionKind.TIMEOUT, ActionKind.KICK])
async def test_member_of_no_server_is_left_alone(stage: Running, kind: ActionKind) -> None:
    about = await stage.received("hi", channel=DIRECT, guild_id=None)
    with pytest.raises(DropMessage, match="in no server '@me'"):
        await stage.adapter.perform(order(kind, about, "Verified"))


async def test_every_declared_action_is_done(stage: Running) -> None:
    await stage.server.interactions.offered.wait()
    why = await stage.server.interactions.command("why")
    await why.told.wait()
    await drain(stage.inbox)
    texts = dict.fromkeys([ActionKind.LABEL, ActionKind.UNLABEL], "Verified")
    texts[ActionKind.REACT] = "👍"
    for kind in sorted(stage.adapter.capabilities):
        about = await stage.received("hello", channel=POST)
        refs = {ActionKind.RETRACT: f"{POST}/{about.id}", ActionKind.ANSWER: why.respond}
        said = texts.get(kind, "text")
        sent = order(kind, about, said, key=kind, ref=refs.get(kind), card=Card("Case 1"))
        outcome = await stage.adapter.perform(sent)
        assert outcome.detail
        await drain(stage.inbox)


async def drain(inbox: Inbox) -> None:
    """Forget what the adapter's own doing brought in, and is still bringing."""
    await asyncio.sleep(0.05)
    while not inbox.events.empty():
        inbox.events.get_nowait()


# -- refusals ----------------------------------------------------------------------------


async def perform(stage: Running, about: Message) -> None:
    await stage.adapter.perform(order(ActionKind.REPLY, about, "so"))


async def test_short_rate_limit_is_waited_out(stage: Running) -> None:
    about = await stage.received("how?")
    stage.server.fail(429, text="slow down", retry_after=0.01, headers={"Retry-After": "1"})
    await perform(stage, about)
    assert len(stage.server.did("POST", f"/channels/{HELP}/messages")) == 2
    assert len(stage.server.effects) == 1


async def test_long_rate_limit_is_left_to_the_outbox(stage: Running) -> None:
    about = await stage.received("how?")
    stage.server.fail(429, text="slow down", retry_after=120.0, headers={"Retry-After": "120"})
    with pytest.raises(RetryLater) as caught:
        await perform(stage, about)
    assert (caught.value.after_s, caught.value.maybe_done) == (120.0, False)


async def test_ban_by_the_edge_is_waited_for(stage: Running) -> None:
    about = await stage.received("how?")
    stage.server.fail(429, headers={"Retry-After": "600", "Via": ""})
    with pytest.raises(RetryLater) as caught:
        await perform(stage, about)
    assert caught.value.after_s == 600


async def test_deadline_in_a_global_rate_limit_blocks_nothing_later(server: DiscordServer) -> None:
    async with running(server, call_timeout_s=0.5) as stage:
        about = await stage.received("how?")
        server.fail(429, text="slow down", retry_after=20.0, **{"global": True})
        with pytest.raises(RetryLater):
            await perform(stage, about)
        await perform(stage, about)
        assert len(server.effects) == 1


@pytest.mark.parametrize("status", [500, 502])
async def test_server_error_past_the_deadline_may_be_done(
    server: DiscordServer, status: int
) -> None:
    async with running(server, call_timeout_s=0.5) as stage:
        about = await stage.received("how?")
        server.fail(status)
        with pytest.raises(RetryLater) as caught:
            await perform(stage, about)
    assert caught.value.maybe_done


@pytest.mark.parametrize(
    ("status", "more", "says"),
    [
        (403, {"code": 50013, "text": "Missing Permissions"}, "lacks the permission Send Messages"),
        (403, {"code": 50001, "text": "Missing Access"}, "needs View Channel"),
        (403, {"code": 160005, "text": "Thread is locked"}, "thread is locked"),
        (404, {"code": 10003, "text": "Unknown Channel"}, "the channel is gone"),
        (400, {"code": 50035, "text": "Invalid Form Body"}, "HTTP 400, code 50035"),
    ],
)
async def test_refusal_drops_and_says_why(
    stage: Running, status: int, more: dict[str, Any], says: str
) -> None:
    about = await stage.received("how?")
    stage.server.fail(status, **more)
    with pytest.raises(DropMessage, match=says):
        await perform(stage, about)


@pytest.mark.parametrize("kind", [ActionKind.REPLY, ActionKind.MESSAGE])
async def test_answer_without_an_id_asks_for_a_look(stage: Running, kind: ActionKind) -> None:
    about = await stage.received("how?")
    stage.server.fail(200)
    with pytest.raises(RetryLater, match="unreadable") as caught:
        await stage.adapter.perform(order(kind, about, "so"))
    assert caught.value.maybe_done is (kind is ActionKind.REPLY)


async def test_token_that_was_reset_meanwhile_is_a_fault_of_the_file(stage: Running) -> None:
    about = await stage.received("how?")
    stage.server.fail(401, text="401: Unauthorized")
    with pytest.raises(ConfigError, match="does not accept the token"):
        await perform(stage, about)


async def test_lost_answer_of_a_removal_needs_no_look(stage: Running) -> None:
    about = await stage.received("free nitro")
    stage.server.lose()
    sent = order(ActionKind.REMOVE, about)
    try:
        await stage.adapter.perform(sent)
    except RetryLater:
        await stage.adapter.perform(replace(sent, maybe_done=True))
    assert about.id not in stage.server.messages[HELP]
    assert (await stage.received("next")).text == "next"
