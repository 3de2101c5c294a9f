"""What Greenroom does on Reddit: one function per action, each safe to repeat."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from asyncpraw.endpoints import API_PATH

from greenroom.adapters.base import Clock
from greenroom.adapters.reddit.fields import as_table, rows_of, table_of
from greenroom.adapters.reddit.notes import Notes
from greenroom.adapters.reddit.removals import Removals
from greenroom.adapters.reddit.replies import Replies
from greenroom.adapters.reddit.settings import SETTERS
from greenroom.adapters.reddit.targets import (
    moderated_target_of,
    subreddit_of_order,
    target_of,
    thing_of,
)
from greenroom.adapters.reddit.web import RedditWeb
from greenroom.adapters.reddit.words import defuse, fit
from greenroom.errors import DropMessage
from greenroom.message import ActionKind, Message, Order, Outcome

REASON_LIMIT = 100  # characters of a report's and of a ban's reason
LONGEST_BAN_DAYS = 999
DAY_S = 86_400

FOR_ALL = frozenset(
    {
        ActionKind.REPLY,
        ActionKind.POST,
        ActionKind.RETRACT,
        ActionKind.REPORT,
        ActionKind.MESSAGE,
        ActionKind.MODMAIL,
        ActionKind.ANSWER,
    }
)
"""What any account can do; the rest needs a moderator's."""

FOR_MODERATORS = frozenset(SETTERS) | {
    ActionKind.REMOVE,
    ActionKind.SPAM,
    ActionKind.FILTER,
    ActionKind.APPROVE,
    ActionKind.BAN,
    ActionKind.UNBAN,
    ActionKind.MOD_NOTE,
    ActionKind.SET_FLAIR,
}


class RedditActions:
    """Carries out orders with one account."""

    def __init__(self, web: RedditWeb, me: str, *, clock: Clock) -> None:
        self._web = web
        replies, removals = Replies(web, me), Removals(web, clock=clock)
        self._ways: Mapping[ActionKind, Callable[[Order], Awaitable[Outcome]]] = {
            ActionKind.REPLY: replies.reply,
            ActionKind.POST: replies.post,
            ActionKind.RETRACT: replies.retract,
            ActionKind.MESSAGE: replies.message,
            ActionKind.MODMAIL: replies.modmail,
            ActionKind.ANSWER: replies.answer,
            ActionKind.MOD_NOTE: Notes(web, me).write,
            ActionKind.REPORT: self._report,
            ActionKind.APPROVE: self._approve,
            ActionKind.REMOVE: removals.remove,
            ActionKind.SPAM: removals.remove,
            ActionKind.FILTER: removals.remove,  # Greenroom's own queue keeps it
            ActionKind.BAN: self._ban,
            ActionKind.UNBAN: self._unban,
            ActionKind.SET_FLAIR: self._set_flair,
            **dict.fromkeys(SETTERS, self._set),
        }

    async def perform(self, order: Order) -> Outcome:
        """Carry out one order.

        Raises:
            RetryLater: Reddit is busy or cannot be reached.
            DropMessage: Reddit cannot do it, or refuses for good.
            ConfigError: The sign-in or a scope is wrong.
        """
        way = self._ways.get(order.action.kind)
        if way is None:
            raise DropMessage(f"Reddit has no way to {order.action.kind}")
        return await way(order)

    async def _report(self, order: Order) -> Outcome:
        reason = fit(order.action.reason or order.action.text or "reported", REASON_LIMIT)
        form = {"thing_id": target_of(order), "reason": reason}
        await self._web.send("report", API_PATH["report"], form)
        return Outcome()

    async def _approve(self, order: Order) -> Outcome:
        await self._web.send("approve", API_PATH["approve"], {"id": moderated_target_of(order)})
        return Outcome()

    async def _ban(self, order: Order) -> Outcome:
        subreddit = await self._subreddit(order.message)
        settings: dict[str, Any] = {
            "ban_reason": fit(order.action.reason or "", REASON_LIMIT),
            "note": fit(order.action.rule or "", REASON_LIMIT),
        }
        if order.action.text:
            settings["ban_message"] = fit(defuse(order.action.text), 1_000)
        if order.action.duration_s is not None:
            days = -(-order.action.duration_s // DAY_S)
            settings["duration"] = min(max(days, 1), LONGEST_BAN_DAYS)
        name = order.message.author.name
        if order.maybe_done and await self._is_banned(order.message):
            return Outcome("banned by an earlier try")
        await self._web.call("ban", subreddit.banned.add(name, **settings), sends=True)
        return Outcome()

    async def _is_banned(self, message: Message) -> bool:
        """Banning again would write to the member again."""
        name = message.author.name
        path = API_PATH["list_banned"].format(subreddit=subreddit_of_order(message))
        answer = await self._web.read("look at who is banned", path, user=name)
        listed = map(as_table, rows_of(table_of(answer, "data"), "children"))
        return any(str(one.get("name")).lower() == name.lower() for one in listed)

    async def _unban(self, order: Order) -> Outcome:
        subreddit = await self._subreddit(order.message)
        await self._web.call("unban", subreddit.banned.remove(order.message.author.name))
        return Outcome()

    async def _set_flair(self, order: Order) -> Outcome:
        action, flair = order.action, order.action.flair
        if flair is None:
            raise DropMessage("no flair is given to set")
        current = order.message.author.flair if action.on_author else order.message.flair
        if current is not None and not action.overwrite:
            return Outcome("kept the flair that was there")
        name = subreddit_of_order(order.message)
        chosen: dict[str, str | bool] = {"text": flair.text or ""}
        if flair.template_id is not None:
            path = API_PATH["select_flair"].format(subreddit=name)
            chosen["flair_template_id"] = flair.template_id
        else:
            path = API_PATH["flair"].format(subreddit=name)
            chosen["css_class"] = flair.css_class or ""
        if action.on_author:
            chosen["name"] = order.message.author.name
        else:
            chosen["link"] = _submission_of(order)
        await self._web.send("set a flair", path, chosen)
        return Outcome()

    async def _set(self, order: Order) -> Outcome:
        setter = SETTERS[order.action.kind]
        takes_comments = order.action.kind in (ActionKind.LOCK, ActionKind.SET_LOCKED)
        thing = (
            await thing_of(self._web, moderated_target_of(order))
            if takes_comments
            else await self._submission(order)
        )
        await self._web.call(f"do {order.action.kind}", setter(thing, order.action.value))
        return Outcome()

    async def _submission(self, order: Order) -> Any:
        submission = await thing_of(self._web, _submission_of(order))
        submission.subreddit = subreddit_of_order(order.message)  # some calls need it
        return submission

    async def _subreddit(self, message: Message) -> Any:
        return await self._web.client.subreddit(subreddit_of_order(message))


def _submission_of(order: Order) -> str:
    target = moderated_target_of(order)
    if not target.startswith("t3_"):
        raise DropMessage(f"{order.action.kind} needs a submission, and this is a comment")
    return target
