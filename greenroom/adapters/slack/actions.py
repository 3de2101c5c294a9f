"""What Greenroom does on Slack: one function per action, each safe to repeat."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from greenroom.adapters.base import Clock, Place
from greenroom.adapters.recent import Recent
from greenroom.adapters.slack.cards import draw
from greenroom.adapters.slack.errors import error_code
from greenroom.adapters.slack.payload import part, word
from greenroom.adapters.slack.posts import Posts, Spot
from greenroom.adapters.slack.respond import Answers, read_respond
from greenroom.adapters.slack.text import write_body, write_posts, write_speech
from greenroom.adapters.slack.web import SlackWeb, Workspace
from greenroom.adapters.wording import quoted
from greenroom.errors import DropMessage
from greenroom.message import REMOVALS, ActionKind, Message, Order, Outcome

REMEMBERED = 10_000  # removals of this process, for undoing them

ALWAYS = frozenset(
    {
        ActionKind.REPLY,
        ActionKind.POST,
        ActionKind.RETRACT,
        ActionKind.MESSAGE,
        ActionKind.NOTICE,
        ActionKind.ANSWER,
        ActionKind.REACT,
        ActionKind.APPROVE,
    }
)
WITH_DESK_CHANNEL = frozenset({ActionKind.REPORT, ActionKind.CARD, ActionKind.MODMAIL})

MAYBE_SHOWN: Final = "may have been shown, and is not repeated: Slack does not say what one saw"

# Slack names its emoji; personas may write the common ones as they look.
EMOJI: Mapping[str, str] = {
    "👍": "+1",
    "👎": "-1",
    "👀": "eyes",
    "✅": "white_check_mark",
    "❌": "x",
    "⚠": "warning",
    "🚩": "triangular_flag_on_post",
    "❤": "heart",
    "🎉": "tada",
    "👋": "wave",
    "🙏": "pray",
    "🤖": "robot_face",
    "❓": "question",
}

_TIME: Final = re.compile(r"[0-9]+\.[0-9]+")  # what Slack calls a message; a command has none
_NOWHERE: Final = "what was said to the app alone stands nowhere in Slack"
_ADMIN_NEEDED = (
    "Slack lets a bot delete only its own messages: give user_token, an admin's, in bots/{bot}.yaml"
)


class SlackActions:
    """Carries out orders in one workspace."""

    def __init__(
        self,
        bot: str,
        web: SlackWeb,
        workspace: Workspace,
        answers: Answers,
        *,
        desk_channel: str | None,
        clock: Clock,
    ) -> None:
        self._bot = bot
        self._web = web
        self._workspace = workspace
        self._answers = answers
        self._desk_channel = desk_channel
        self._posts = Posts(web, workspace)
        self._removed: Recent[str, bool] = Recent(size=REMEMBERED, clock=clock)
        self._ways: Mapping[ActionKind, Callable[[Order], Awaitable[Outcome]]] = {
            ActionKind.REPLY: self._reply,
            ActionKind.POST: self._post,
            ActionKind.MESSAGE: self._message,
            ActionKind.NOTICE: self._notice,
            ActionKind.ANSWER: self._answer,
            ActionKind.CARD: self._card,
            ActionKind.REPORT: self._report,
            ActionKind.MODMAIL: self._modmail,
            ActionKind.APPROVE: self._approve,
            ActionKind.REACT: self._react,
            ActionKind.RETRACT: self._retract,
            **dict.fromkeys(REMOVALS, self._remove),
        }

    async def places(self) -> list[Place]:
        """The channels that the bot is in."""
        return await self._posts.places()

    async def perform(self, order: Order) -> Outcome:
        """Carry out one order.

        Raises:
            RetryLater: Slack is busy or cannot be reached.
            DropMessage: Slack cannot do it, or refuses for good.
            ConfigError: A token or a scope is wrong.
        """
        way = self._ways.get(order.action.kind)
        if way is None:
            raise DropMessage(f"Slack has no way to {order.action.kind}")
        return await way(order)

    async def _reply(self, order: Order) -> Outcome:
        message = order.message
        if not _stands(message):
            outcome = await self._message(order)
            return replace(outcome, detail="as a direct message, since a command stands nowhere")
        spot = Spot(message.channel.id, message.thread or message.id, since=message.id)
        return Outcome(ref=",".join(await self._say(order, spot)), sent=_sent(order))

    async def _post(self, order: Order) -> Outcome:
        message = order.message
        since = None if message.posted_at is None else f"{message.posted_at.timestamp():.6f}"
        posted = await self._say(order, Spot(message.channel.id, message.thread, since=since))
        return Outcome(ref=f"{message.channel.id}/{','.join(posted)}", sent=_sent(order))

    async def _say(self, order: Order, spot: Spot) -> list[str]:
        texts, blocks = write_speech(order.action.text or "", order.action.footer)
        return await self._posts.send(order, spot, texts, blocks=blocks)

    async def _message(self, order: Order) -> Outcome:
        return await self._write_to(order, order.message.author.id)

    async def _write_to(self, order: Order, user: str) -> Outcome:
        answer = await self._web.call(
            "open a direct message", self._web.bot.conversations_open, users=user
        )
        channel = word(part(answer.get("channel")), "id")
        if channel is None:
            raise DropMessage("Slack opened no direct message with the member")
        posted = await self._say(order, Spot(channel))
        return Outcome(ref=f"{channel}/{','.join(posted)}", sent=_sent(order))

    async def _notice(self, order: Order) -> Outcome:
        """Where the message stands, for its author's eyes."""
        message = order.message
        if not _stands(message) and message.channel.id == message.author.id:
            return await self._message(order)  # from a shortcut, which is nowhere at all
        if order.maybe_done:
            return Outcome(MAYBE_SHOWN)
        await self._web.call(
            "show the author a notice",
            self._web.bot.chat_postEphemeral,
            sends=True,
            channel=message.channel.id,
            user=message.author.id,
            thread_ts=message.reply_to,  # at the top of a channel it would open an empty thread
            link_names=False,
            **_body(order),
        )
        return Outcome()

    async def _answer(self, order: Order) -> Outcome:
        """To whoever gave a command or pressed a button."""
        respond = read_respond(order.action.ref)
        body = _body(order)
        if respond.url is None and respond.user is not None:
            return await self._write_to(order, respond.user)
        if order.maybe_done:
            return Outcome(MAYBE_SHOWN)
        await self._answers.post(respond, body)
        return Outcome()

    async def _card(self, order: Order) -> Outcome:
        """A card in the desk channel; the one that ``ref`` names changes where it stands."""
        if order.action.card is None:
            raise DropMessage("there is no card to show")
        drawn = draw(order.action.card, home=self._workspace.url)
        if order.action.ref:
            channel, _, ts = order.action.ref.rpartition("/")
            await self._posts.change(Spot(channel), ts, drawn.text, drawn.blocks)
            return Outcome("changed", ref=order.action.ref)
        return await self._post_at_desk(order, [drawn.text], blocks=drawn.blocks)

    async def _report(self, order: Order) -> Outcome:
        return await self._post_at_desk(order, write_posts(_report_text(order), most=1))

    async def _modmail(self, order: Order) -> Outcome:
        return await self._post_at_desk(order, write_posts(_modmail_text(order)))

    async def _post_at_desk(
        self, order: Order, texts: list[str], *, blocks: list[dict[str, Any]] | None = None
    ) -> Outcome:
        if self._desk_channel is None:
            kind = order.action.kind
            raise DropMessage(f"{kind} on Slack needs desk_channel in bots/{self._bot}.yaml")
        channel = await self._posts.channel_id(self._desk_channel)
        posted = await self._posts.send(order, Spot(channel), texts, blocks=blocks)
        return Outcome(ref=f"{channel}/{','.join(posted)}")

    async def _remove(self, order: Order) -> Outcome:
        message = order.message
        if not _stands(message):
            raise DropMessage(_NOWHERE)
        ts = message.thread if order.action.on_parent and message.thread else message.id
        client = self._web.bot if message.author.is_self else self._web.admin
        if client is None:
            raise DropMessage(_ADMIN_NEEDED.format(bot=self._bot))
        was_there = await self._delete(client.chat_delete, message.channel.id, ts)
        self._removed[message.key] = True
        return Outcome("done" if was_there else "already gone", ref=ts)

    async def _approve(self, order: Order) -> Outcome:
        """Undoes a removal of ours; a message that stands is left alone.

        What a member deleted is never posted again, so it must be known that the removal
        was ours: from this process, or from ``action.ref`` (the removal's), or as told in
        the message's standing.
        """
        message = order.message
        if not _stands(message):
            raise DropMessage(_NOWHERE)
        if await self._posts.exists(message):
            return Outcome("stands")
        is_ours = message.key in self._removed or message.standing.is_removed
        if not is_ours and order.action.ref is None:
            raise DropMessage("the message is gone, and Greenroom cannot tell that it removed it")
        spot = Spot(message.channel.id, message.reply_to, since=message.id)
        posted = await self._posts.send(order, spot, _restored(message))
        return Outcome("posted again, since Slack cannot undelete", ref=",".join(posted))

    async def _react(self, order: Order) -> Outcome:
        if not _stands(order.message):
            raise DropMessage(_NOWHERE)
        name = _emoji_name(order.action.text)
        try:
            await self._web.call(
                "react",
                self._web.bot.reactions_add,
                channel=order.message.channel.id,
                timestamp=order.message.id,
                name=name,
            )
        except DropMessage as error:
            if error_code(error) != "already_reacted":
                raise
            return Outcome("already there", ref=name)
        return Outcome(ref=name)

    async def _retract(self, order: Order) -> Outcome:
        if not order.action.ref:
            raise DropMessage("nothing to retract: the reply's id is unknown")
        channel, slash, stamps = order.action.ref.rpartition("/")
        place = channel if slash else order.message.channel.id
        gone = [
            await self._delete(self._web.bot.chat_delete, place, ts) for ts in stamps.split(",")
        ]
        return Outcome("done" if any(gone) else "already gone", ref=order.action.ref)

    async def _delete(self, method: Callable[..., Any], channel: str, ts: str) -> bool:
        try:
            await self._web.call("delete the message", method, channel=channel, ts=ts)
        except DropMessage as error:
            if error_code(error) != "message_not_found":
                raise
            return False
        return True


def _report_text(order: Order) -> str:
    message = order.message
    why = order.action.reason or order.action.text or "reported"
    head = f"Report: {why}\n{message.author.name} wrote {message.permalink or message.key}"
    return f"{head}\n{quoted(message.text)}"


def _modmail_text(order: Order) -> str:
    head = order.action.subject or "To the moderators"
    about = order.message.permalink or order.message.key
    return f"{head}\n{order.action.text or order.action.reason or ''}\nAbout {about}"


def _restored(message: Message) -> list[str]:
    text = f"Restored by the moderators. {message.author.name} wrote:\n{quoted(message.text)}"
    return write_posts(text)


def _emoji_name(text: str | None) -> str:
    wanted = (text or "").strip().strip(":").removesuffix("\ufe0f")
    name = EMOJI.get(wanted, wanted)
    if not name or not name.isascii():
        raise DropMessage(f"Slack wants an emoji's name, such as eyes, not {wanted!a}")
    return name


def _body(order: Order) -> dict[str, Any]:
    if not (order.action.text or "").strip():
        raise DropMessage("there is no text to show")
    return write_body(order.action.text or "", order.action.footer)


def _stands(message: Message) -> bool:
    """False for a command and its like, which no message in Slack carries."""
    return _TIME.fullmatch(message.id) is not None


def _sent(order: Order) -> tuple[str, ...]:
    return tuple(write_speech(order.action.text or "", order.action.footer)[0])
