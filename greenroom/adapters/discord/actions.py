"""What Greenroom does on Discord: one function per action, each safe to repeat."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

import discord

from greenroom.adapters.base import Clock
from greenroom.adapters.discord.callbacks import Callbacks
from greenroom.adapters.discord.desk import Desk, letter
from greenroom.adapters.discord.errors import is_gone
from greenroom.adapters.discord.events import Gone
from greenroom.adapters.discord.members import Members, guild_of, reason_of
from greenroom.adapters.discord.places import DIRECT
from greenroom.adapters.discord.posts import Posts, Spot, written
from greenroom.adapters.discord.quoting import defused, quoted
from greenroom.adapters.discord.web import DiscordWeb
from greenroom.errors import DropMessage, GreenroomError
from greenroom.message import REMOVALS, ActionKind, Message, Order, Outcome

ON_PARENT = frozenset({ActionKind.REPLY, ActionKind.LOCK, ActionKind.SET_LOCKED})
ALWAYS = REMOVALS | {
    ActionKind.APPROVE,
    ActionKind.REPLY,
    ActionKind.POST,
    ActionKind.RETRACT,
    ActionKind.MESSAGE,
    ActionKind.ANSWER,
    ActionKind.REACT,
    ActionKind.LABEL,
    ActionKind.UNLABEL,
    ActionKind.KICK,
    ActionKind.LOCK,
    ActionKind.SET_LOCKED,
    ActionKind.TIMEOUT,
    ActionKind.BAN,
    ActionKind.UNBAN,
}


class DiscordActions:
    """Carries out orders for one bot."""

    def __init__(
        self,
        client: discord.Client,
        web: DiscordWeb,
        callbacks: Callbacks,
        gone: Gone,
        *,
        desk_channel: str | None,
        clock: Clock,
    ) -> None:
        self._client = client
        self._web = web
        self._gone = gone
        self._posts = Posts(client, web)
        desk = Desk(client, web, self._posts, desk_channel)
        members = Members(client, web, clock=clock)
        self._ways: Mapping[ActionKind, Callable[[Order], Awaitable[Outcome]]] = {
            **dict.fromkeys(REMOVALS, self._remove),
            ActionKind.REPORT: desk.tell,
            ActionKind.MODMAIL: desk.tell,
            ActionKind.CARD: desk.show,
            ActionKind.APPROVE: self._approve,
            ActionKind.REPLY: self._reply,
            ActionKind.POST: self._post,
            ActionKind.RETRACT: self._retract,
            ActionKind.MESSAGE: self._message,
            ActionKind.REACT: self._react,
            ActionKind.LABEL: members.label,
            ActionKind.UNLABEL: members.unlabel,
            ActionKind.KICK: members.kick,
            ActionKind.LOCK: self._lock,
            ActionKind.SET_LOCKED: self._lock,
            ActionKind.TIMEOUT: members.time_out,
            ActionKind.ANSWER: callbacks.answer,
            ActionKind.BAN: members.ban,
            ActionKind.UNBAN: members.unban,
        }

    async def perform(self, order: Order) -> Outcome:
        """Carry out one order.

        Raises:
            RetryLater: Discord is busy or cannot be reached.
            DropMessage: Discord cannot do it, or refuses for good.
            ConfigError: The token is refused.
        """
        action = order.action
        way = self._ways.get(action.kind)
        if way is None:
            raise DropMessage(f"Discord has no way to {action.kind}")
        if action.on_parent and (order.message.thread is None or action.kind not in ON_PARENT):
            raise DropMessage(f"on Discord {action.kind} cannot be done to a parent submission")
        return await way(order)

    async def _remove(self, order: Order) -> Outcome:
        message = order.message
        if message.community.id == DIRECT and not message.author.is_self:
            raise DropMessage("Discord lets nobody delete another's direct message")
        before = self._gone.note(message.id, was_us=True)  # Discord's word comes at once
        try:
            await self._web.delete(_channel(message), message.id, reason=reason_of(order.action))
        except GreenroomError as error:
            self._gone.note(message.id, was_us=before)
            if not is_gone(error):
                raise
            return Outcome("already gone", ref=message.id)
        return Outcome(ref=message.id)

    async def _approve(self, order: Order) -> Outcome:
        """Undo a removal: Discord cannot undelete, so the text is posted again, attributed."""
        message = order.message
        if self._gone.is_others(message.id):
            raise DropMessage("somebody else deleted the message, so it is not posted again")
        if not order.maybe_done and await self._stands(message):
            return Outcome("stands")
        said = f"{message.title}\n{message.text}" if message.title else message.text
        text = f"Restored by the moderators. {defused(message.author.name)} wrote:\n{quoted(said)}"
        ref = await self._posts.send(order, Spot(_channel(message), has_previews=False), text)
        return Outcome("posted again, since Discord cannot undelete", ref=ref)

    async def _reply(self, order: Order) -> Outcome:
        message = order.message
        answers = None if order.action.on_parent else message.id
        ref = await self._posts.send(
            order, Spot(_channel(message), answers), order.action.text or ""
        )
        is_more = order.action.sticky or order.action.lock
        detail = "done; Discord replies cannot be made sticky or locked" if is_more else "done"
        return Outcome(detail, ref, _sent(order.action.text, order))

    async def _post(self, order: Order) -> Outcome:
        spot = Spot(_channel(order.message))
        ref = await self._posts.send(order, spot, order.action.text or "")
        return Outcome(ref=ref, sent=_sent(order.action.text, order))

    async def _retract(self, order: Order) -> Outcome:
        channel, slash, ids = (order.action.ref or "").rpartition("/")
        if not slash:
            raise DropMessage("nothing to retract: the reply's id is unknown")
        was_there = [await self._delete_own(channel, own) for own in ids.split(",")]
        return Outcome("done" if any(was_there) else "already gone", ref=order.action.ref)

    async def _message(self, order: Order) -> Outcome:
        channel = await self._web.direct(order.message.author.id)
        ref = await self._posts.send(order, Spot(channel), letter(order.action))
        return Outcome(ref=ref, sent=_sent(letter(order.action), order))

    async def _react(self, order: Order) -> Outcome:
        emoji = self._emoji(order.message, order.action.text)
        await self._web.call(
            "react",
            "PUT",
            "/channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}/@me",
            channel_id=_channel(order.message),
            message_id=order.message.id,
            emoji_name=emoji,
            needs="Add Reactions and Read Message History",
        )
        return Outcome(ref=emoji)

    async def _lock(self, order: Order) -> Outcome:
        message = order.message
        is_lock = order.action.kind is ActionKind.LOCK or bool(order.action.value)
        thread = message.thread or self._thread_under(message)
        if thread is None:
            raise DropMessage("Discord locks threads only, and the message is in none")
        await self._web.call(
            "lock the thread",
            "PATCH",
            "/channels/{channel_id}",
            channel_id=thread,
            body={"locked": is_lock},
            reason=reason_of(order.action),
            needs="Manage Threads",
        )
        return Outcome(ref=thread)

    async def _stands(self, message: Message) -> bool:
        try:
            await self._web.call(
                "look at the message",
                "GET",
                "/channels/{channel_id}/messages/{message_id}",
                channel_id=_channel(message),
                message_id=message.id,
                needs="Read Message History",
            )
        except DropMessage as error:
            if not is_gone(error):
                raise
            return False
        return True

    async def _delete_own(self, channel: str, message_id: str) -> bool:
        self._gone.note(message_id, was_us=True)
        try:
            await self._web.delete(channel, message_id)
        except DropMessage as error:
            if not is_gone(error):
                raise
            return False
        return True

    def _emoji(self, message: Message, text: str | None) -> str:
        """A Unicode emoji as it is; ``:name:`` and ``<:name:id>`` are the server's own."""
        wanted = (text or "").strip()
        if wanted.startswith("<"):
            return wanted.strip("<>").removeprefix("a").strip(":")
        if not (wanted.startswith(":") and wanted.endswith(":")):
            return wanted or "👀"
        own = discord.utils.get(guild_of(self._client, message).emojis, name=wanted.strip(":"))
        if own is None:
            raise DropMessage(f"the server has no emoji named {wanted!a}")
        return f"{own.name}:{own.id}"

    def _thread_under(self, message: Message) -> str | None:
        channel = self._client.get_channel(int(message.id)) if message.id.isdecimal() else None
        return message.id if isinstance(channel, discord.Thread) else None


def _channel(message: Message) -> str:
    """The channel as Discord counts: a thread is one."""
    return message.thread or message.channel.id


def _sent(text: str | None, order: Order) -> tuple[str, ...]:
    return tuple(written(text or "", order.action.footer))
