"""What Greenroom does on Reddit: one function per action, each safe to repeat."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from greenroom.adapters.reddit.settings import SETTERS
from greenroom.adapters.reddit.web import RedditWeb
from greenroom.adapters.reddit.words import (
    COMMENT_LIMIT,
    MESSAGE_LIMIT,
    defuse,
    fit,
    fit_subject,
    is_same_text,
)
from greenroom.errors import DropMessage, RetryLater
from greenroom.message import ActionKind, Message, Order, Outcome

REASON_LIMIT = 100  # characters of a report's and of a ban's reason
LONGEST_BAN_DAYS = 999
DAY_S = 86_400
LOOK_BACK = 100  # our own newest comments, in which an earlier try's must be

FOR_ALL = frozenset(
    {
        ActionKind.REPLY,
        ActionKind.RETRACT,
        ActionKind.REPORT,
        ActionKind.MESSAGE,
        ActionKind.MODMAIL,
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
    ActionKind.SET_FLAIR,
}


class RedditActions:
    """Carries out orders with one account."""

    def __init__(self, web: RedditWeb, me: str) -> None:
        self._web = web
        self._me = me
        self._ways: Mapping[ActionKind, Callable[[Order], Awaitable[Outcome]]] = {
            ActionKind.REPLY: self._reply,
            ActionKind.RETRACT: self._retract,
            ActionKind.REPORT: self._report,
            ActionKind.MESSAGE: self._message,
            ActionKind.MODMAIL: self._modmail,
            ActionKind.APPROVE: self._approve,
            ActionKind.REMOVE: self._remove,
            ActionKind.SPAM: self._remove,
            ActionKind.FILTER: self._remove,  # Greenroom's own queue keeps it
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

    async def _reply(self, order: Order) -> Outcome:
        text = fit(defuse(order.action.text or ""), COMMENT_LIMIT)
        target = _target_id(order)
        reply_id = await self._earlier_reply(target, text) if order.maybe_done else None
        if reply_id is None:
            thing = await self._thing(target)
            comment = await self._web.call("reply", thing.reply(text), sends=True)
            reply_id = "" if comment is None else str(comment.fullname)
        return Outcome(await self._dress(order, reply_id), ref=reply_id or None)

    async def _dress(self, order: Order, reply_id: str) -> str:
        """Distinguish, pin and lock our reply; what fails here is told, not repeated."""
        action = order.action
        if not reply_id or not (action.sticky or action.lock):
            return "done"
        comment = await self._thing(reply_id)
        try:
            if action.sticky:
                await self._web.call("pin the reply", comment.mod.distinguish(sticky=True))
            if action.lock:
                await self._web.call("lock the reply", comment.mod.lock())
        except RetryLater as error:
            raise RetryLater(str(error), after_s=error.after_s, maybe_done=True) from error
        except DropMessage as error:
            return f"replied, but: {error}"
        return "done"

    async def _earlier_reply(self, target: str, text: str) -> str | None:
        page = await self._web.page(f"user/{self._me}/comments", limit=LOOK_BACK)
        for thing in page.things:
            if thing.get("parent_id") == target and is_same_text(thing.get("body"), text):
                return str(thing["name"])
        return None

    async def _retract(self, order: Order) -> Outcome:
        ref = order.action.ref
        if ref is None or not ref.startswith(("t1_", "t3_")):
            raise DropMessage(f"Reddit takes back only comments and submissions, not {ref}")
        thing = await self._thing(ref)
        await self._web.call("take back our own", thing.delete())
        return Outcome(ref=ref)

    async def _report(self, order: Order) -> Outcome:
        thing = await self._thing(_target_id(order))
        reason = fit(order.action.reason or order.action.text or "reported", REASON_LIMIT)
        await self._web.call("report", thing.report(reason))
        return Outcome()

    async def _message(self, order: Order) -> Outcome:
        member = await self._web.client.redditor(order.message.author.name)
        return await self._compose(order, member, order.message.author.name)

    async def _modmail(self, order: Order) -> Outcome:
        subreddit = await self._subreddit(order.message)
        return await self._compose(order, subreddit, _subreddit_name(order.message))

    async def _compose(self, order: Order, receiver: Any, name: str) -> Outcome:
        text = fit(defuse(order.action.text or ""), MESSAGE_LIMIT)
        if order.maybe_done and await self._was_sent(name, text):
            return Outcome("sent by an earlier try")
        subject = fit_subject(order.action.subject or f"About r/{_subreddit_name(order.message)}")
        work = receiver.message(subject=subject, message=text)
        await self._web.call("send a message", work, sends=True)
        return Outcome()

    async def _was_sent(self, to: str, text: str) -> bool:
        answer = await self._web.read("look at what was sent", "message/sent", limit=LOOK_BACK)
        data = answer.get("data")
        children = data.get("children") if isinstance(data, dict) else None
        return any(
            _is_to(child.get("data"), to, text)
            for child in children or []
            if isinstance(child, dict)
        )

    async def _approve(self, order: Order) -> Outcome:
        thing = await self._thing(_target_id(order))
        await self._web.call("approve", thing.mod.approve())
        return Outcome()

    async def _remove(self, order: Order) -> Outcome:
        thing = await self._thing(_target_id(order))
        is_spam = order.action.kind is ActionKind.SPAM
        await self._web.call("remove", thing.mod.remove(spam=is_spam))
        return Outcome(ref=_target_id(order))

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
        await self._web.call("ban", subreddit.banned.add(name, **settings))
        return Outcome()

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
        chosen = {"text": flair.text or ""}
        if flair.template_id is not None:
            chosen["flair_template_id"] = flair.template_id
        else:
            chosen["css_class"] = flair.css_class or ""
        if action.on_author:
            subreddit = await self._subreddit(order.message)
            work = subreddit.flair.set(order.message.author.name, **chosen)
        else:
            work = (await self._submission(order)).mod.flair(**chosen)
        await self._web.call("set a flair", work)
        return Outcome()

    async def _set(self, order: Order) -> Outcome:
        setter = SETTERS[order.action.kind]
        takes_comments = order.action.kind in (ActionKind.LOCK, ActionKind.SET_LOCKED)
        thing = (
            await self._thing(_target_id(order))
            if takes_comments
            else await self._submission(order)
        )
        await self._web.call(f"do {order.action.kind}", setter(thing, order.action.value))
        return Outcome()

    async def _thing(self, fullname: str) -> Any:
        kind, _, identity = fullname.partition("_")
        if kind == "t1":
            return await self._web.client.comment(identity, fetch=False)
        if kind == "t3":
            return await self._web.client.submission(identity, fetch=False)
        raise DropMessage(f"{fullname!a} is neither a comment nor a submission of Reddit's")

    async def _submission(self, order: Order) -> Any:
        target = _target_id(order)
        if not target.startswith("t3_"):
            raise DropMessage(f"{order.action.kind} needs a submission, and this is a comment")
        submission = await self._thing(target)
        submission.subreddit = _subreddit_name(order.message)  # some calls need it
        return submission

    async def _subreddit(self, message: Message) -> Any:
        return await self._web.client.subreddit(_subreddit_name(message))


def _target_id(order: Order) -> str:
    message = order.message
    if not order.action.on_parent:
        return message.id
    parent = message.thread or (message.parent.id if message.parent else None)
    if parent is None:
        raise DropMessage("the submission that the comment stands under is unknown")
    return parent


def _subreddit_name(message: Message) -> str:
    name = message.community.name
    if name is None:
        raise DropMessage("the subreddit's name is unknown")
    return name


def _is_to(sent: Any, to: str, text: str) -> bool:
    if not isinstance(sent, dict):
        return False
    dest = str(sent.get("dest") or "").lstrip("/#").removeprefix("r/").lower()
    return dest == to.lower() and is_same_text(sent.get("body"), text)
