"""Notes about members, which only a subreddit's moderators see."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from asyncpraw.endpoints import API_PATH

from greenroom.adapters.reddit.fields import as_table, rows_of, table_of, text_of
from greenroom.adapters.reddit.targets import is_since, subreddit_of_order
from greenroom.adapters.reddit.web import RedditWeb
from greenroom.adapters.reddit.words import NOTE_LIMIT, fit, is_same_text
from greenroom.message import Order, Outcome

LABELS: Final = frozenset({
    "ABUSE_WARNING", "BAN", "BOT_BAN", "HELPFUL_USER", "PERMA_BAN", "SOLID_CONTRIBUTOR",
    "SPAM_WARNING", "SPAM_WATCH",
})  # fmt: skip
"""What Reddit can mark a note with; ``spam warning: sells watches`` names one first."""

_LABELLED = re.compile(r"\s*\[?([A-Za-z][A-Za-z _-]{1,30})\]?\s*:\s*(.*)", re.DOTALL)


def read_label(text: str) -> tuple[str | None, str]:
    """The label that a note begins with, and the rest; no label if it names none of Reddit's."""
    found = _LABELLED.match(text)
    if found is None:
        return None, text
    label = re.sub(r"[ -]+", "_", found[1].strip()).upper()
    return (label, found[2]) if label in LABELS and found[2].strip() else (None, text)


class Notes:
    """Writes notes with one account."""

    def __init__(self, web: RedditWeb, me: str) -> None:
        self._web = web
        self._me = me

    async def write(self, order: Order) -> Outcome:
        """Note something about the author."""
        action = order.action
        label, text = read_label(action.text or action.reason or "noted")
        note = fit(text, NOTE_LIMIT)
        form: dict[str, str | bool] = {
            "subreddit": subreddit_of_order(order.message),
            "user": order.message.author.name,
            "note": note,
        }
        if order.maybe_done and await self._was_written(order, form):
            return Outcome("noted by an earlier try")
        if label is not None:
            form["label"] = label
        if order.message.id.startswith(("t1_", "t3_")):
            form["reddit_id"] = order.message.id
        answer = await self._web.send("note", API_PATH["mod_notes"], form, once=True)
        return Outcome(ref=text_of(table_of(answer, "created"), "id"))

    async def _was_written(self, order: Order, form: Mapping[str, str | bool]) -> bool:
        asked = {"subreddit": str(form["subreddit"]), "user": str(form["user"]), "filter": "NOTE"}
        answer = await self._web.read(
            "look at the notes", API_PATH["mod_notes"], limit=100, **asked
        )
        return any(
            str(text_of(one, "operator")).lower() == self._me.lower()
            and is_same_text(table_of(one, "user_note_data").get("note"), str(form["note"]))
            and is_since(one, order.message, "created_at")
            for one in map(as_table, rows_of(answer, "mod_notes"))
        )
