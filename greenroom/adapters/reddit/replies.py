"""What the bot says on Reddit: comments, private messages, modmail. Each is said once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from asyncpraw.endpoints import API_PATH

from greenroom.adapters.reddit.commands import Respond, read_respond
from greenroom.adapters.reddit.fields import as_table, name_of, rows_of, table_of, text_of
from greenroom.adapters.reddit.letters import MODMAIL
from greenroom.adapters.reddit.targets import is_since, subreddit_of_order, target_of, thing_of
from greenroom.adapters.reddit.web import RedditWeb, read_page
from greenroom.adapters.reddit.words import (
    COMMENT_LIMIT,
    MESSAGE_LIMIT,
    SUBMISSION_LIMIT,
    fit_subject,
    fit_title,
    is_same_text,
    speech,
)
from greenroom.errors import DropMessage, RetryLater
from greenroom.message import Message, Order, Outcome

LOOK_BACK: Final = 100  # our own newest comments or letters, in which an earlier try's must be
_AGAIN: Final = "sent by an earlier try"


class Replies:
    """Says things with one account."""

    def __init__(self, web: RedditWeb, me: str) -> None:
        self._web = web
        self._me = me

    async def reply(self, order: Order) -> Outcome:
        """Answer a comment, a submission, a private message or modmail where it stands."""
        if order.message.channel.id == MODMAIL:
            return await self._in_modmail(order, order.message.thread or "")
        if order.message.id.startswith("t4_"):
            return await self._to_letter(order, order.message.id)
        target = target_of(order)
        text = speech(order.action.text or "", order.action.footer, COMMENT_LIMIT)
        reply_id = await self._earlier_reply(target, text) if order.maybe_done else None
        if reply_id is None:
            reply_id = await self._comment(target, text)
        detail = await self._dress(order, reply_id, target)
        return Outcome(detail, reply_id or None, sent=(text,))

    async def retract(self, order: Order) -> Outcome:
        """Delete our comment; letters cannot be taken back."""
        ref = order.action.ref
        if ref is None or not ref.startswith(("t1_", "t3_")):
            raise DropMessage(f"Reddit takes back only comments and submissions, not {ref}")
        thing = await thing_of(self._web, ref)
        await self._web.call("take back our own", thing.delete())
        return Outcome(ref=ref)

    async def post(self, order: Order) -> Outcome:
        """A submission of our own: a text under a title."""
        action = order.action
        title = fit_title(action.subject or action.text or "")
        text = speech(action.text or "", action.footer, SUBMISSION_LIMIT)
        if order.maybe_done:
            earlier = await self._earlier_submission(order.message, title, text)
            if earlier is not None:
                return Outcome(_AGAIN, ref=earlier, sent=(text,))
        form: dict[str, str | bool] = {
            "sr": subreddit_of_order(order.message),
            "kind": "self",
            "title": title,
            "text": text,
            "sendreplies": False,
        }
        answer = await self._web.send("submit", API_PATH["submit"], form, once=True)
        made = table_of(table_of(answer, "json"), "data")
        return Outcome(ref=name_of(made) or None, sent=(text,))

    async def _earlier_submission(self, message: Message, title: str, text: str) -> str | None:
        page = await self._web.page(f"user/{self._me}/submitted", limit=LOOK_BACK)
        for thing in page.things:
            is_same = thing.get("title") == title and is_same_text(thing.get("selftext"), text)
            if is_same and is_since(thing, message, "created_utc"):
                return name_of(thing)
        return None

    async def message(self, order: Order) -> Outcome:
        """Write to the author."""
        name = order.message.author.name
        return await self._compose(order, name, name)

    async def modmail(self, order: Order) -> Outcome:
        """Write to the subreddit's moderators."""
        name = subreddit_of_order(order.message)
        return await self._compose(order, f"/r/{name}", name)

    async def answer(self, order: Order) -> Outcome:
        """Answer whoever gave a command, where nobody but them (and moderators) sees it."""
        respond: Respond = read_respond(order.action.ref)
        if respond.letter is not None:
            return await self._to_letter(order, respond.letter)
        if respond.conversation is not None:
            return await self._in_modmail(order, respond.conversation)
        name = respond.member or ""
        return await self._compose(order, name, name)

    async def _comment(self, target: str, text: str) -> str:
        form = {"thing_id": target, "text": text}
        answer = await self._web.send("reply", API_PATH["comment"], form, once=True)
        made = rows_of(table_of(table_of(answer, "json"), "data"), "things")
        return name_of(table_of(as_table(made[0]), "data")) if made else ""

    async def _dress(self, order: Order, reply_id: str, target: str) -> str:
        """Distinguish, pin and lock our reply; what fails here is told, not repeated."""
        action = order.action
        wants_name = action.sticky or action.distinguish
        if not reply_id or not (wants_name or action.lock):
            return "done"
        try:
            if wants_name:
                form: dict[str, str | bool] = {"id": reply_id, "how": "yes"}
                if action.sticky and target.startswith("t3_"):  # Reddit pins no others
                    form["sticky"] = True
                await self._web.send("distinguish the reply", API_PATH["distinguish"], form)
            if action.lock:
                await self._web.send("lock the reply", API_PATH["lock"], {"id": reply_id})
        except RetryLater as error:
            raise RetryLater(str(error), after_s=error.after_s, maybe_done=True) from error
        except DropMessage as error:
            return f"replied, but: {error}"
        return "done"

    async def _earlier_reply(self, target: str, text: str) -> str | None:
        page = await self._web.page(f"user/{self._me}/comments", limit=LOOK_BACK)
        for thing in page.things:
            if thing.get("parent_id") == target and is_same_text(thing.get("body"), text):
                return name_of(thing)
        return None

    async def _to_letter(self, order: Order, letter: str) -> Outcome:
        text = speech(order.action.text or "", order.action.footer, MESSAGE_LIMIT)
        if order.maybe_done:
            for sent in await self._sent(order.message):
                if sent.get("parent_id") == letter and is_same_text(sent.get("body"), text):
                    return Outcome(_AGAIN, ref=name_of(sent))
        return Outcome(ref=await self._comment(letter, text) or None)

    async def _in_modmail(self, order: Order, conversation: str) -> Outcome:
        """Answer as the moderators, so that nobody writes to the bot's account instead."""
        path = API_PATH["modmail_conversation"].format(id=conversation)
        text = speech(order.action.text or "", order.action.footer, MESSAGE_LIMIT)
        if order.maybe_done:
            earlier = self._ours(await self._web.read("read modmail", path), order.message, text)
            if earlier is not None:
                return Outcome(_AGAIN, ref=earlier)
        form: dict[str, str | bool] = {"body": text, "isAuthorHidden": True, "isInternal": False}
        answer = await self._web.send("answer in modmail", path, form, once=True)
        return Outcome(ref=self._ours(answer, order.message, text))

    def _ours(self, whole: Mapping[str, Any], message: Message, text: str) -> str | None:
        """The newest message of ours in a conversation that says ``text``."""
        found = [
            name
            for name, one in table_of(whole, "messages").items()
            if str(text_of(table_of(as_table(one), "author"), "name")).lower() == self._me.lower()
            and is_same_text(as_table(one).get("bodyMarkdown"), text)
            and is_since(as_table(one), message, "date")
        ]
        return found[-1] if found else None

    async def _compose(self, order: Order, to: str, name: str) -> Outcome:
        text = speech(order.action.text or "", order.action.footer, MESSAGE_LIMIT)
        if order.maybe_done and await self._was_sent(order.message, name, text):
            return Outcome(_AGAIN)
        about = order.message.community.name
        subject = fit_subject(order.action.subject or (f"About r/{about}" if about else "About"))
        form = {"to": to, "subject": subject, "text": text}
        await self._web.send("send a message", API_PATH["compose"], form, once=True)
        return Outcome()

    async def _was_sent(self, message: Message, name: str, text: str) -> bool:
        return any(
            _dest(sent) == name.lower() and is_same_text(sent.get("body"), text)
            for sent in await self._sent(message)
        )

    async def _sent(self, message: Message) -> list[Mapping[str, Any]]:
        """The letters that we sent since a message came, newest first."""
        answer = await self._web.read(
            "look at what was sent", API_PATH["sent"].strip("/"), limit=LOOK_BACK
        )
        return [thing for thing in read_page(answer).things if is_since(thing, message)]


def _dest(sent: Mapping[str, Any]) -> str:
    return str(sent.get("dest") or "").lstrip("/#").removeprefix("r/").lower()
