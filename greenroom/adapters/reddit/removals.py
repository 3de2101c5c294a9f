"""Removals on Reddit, with the subreddit's own removal reasons."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from asyncpraw.endpoints import API_PATH

from greenroom.adapters.base import Clock
from greenroom.adapters.recent import Recent
from greenroom.adapters.reddit.fields import as_table, table_of, text_of
from greenroom.adapters.reddit.targets import moderated_target_of, subreddit_of_order
from greenroom.adapters.reddit.web import RedditWeb
from greenroom.adapters.reddit.words import NOTE_OF_REMOVAL_LIMIT, fit
from greenroom.errors import DropMessage
from greenroom.message import ActionKind, Order, Outcome

KEEP: Final = timedelta(hours=1)
MOST_SUBREDDITS: Final = 100


class Removals:
    """Removes, and says why in the subreddit's own words."""

    def __init__(self, web: RedditWeb, *, clock: Clock) -> None:
        self._web = web
        self._reasons: Recent[str, Mapping[str, str]] = Recent(
            size=MOST_SUBREDDITS, clock=clock, keep=KEEP
        )

    async def remove(self, order: Order) -> Outcome:
        """Remove; a reason that cannot be given keeps nothing from being removed."""
        target = moderated_target_of(order)
        is_spam = order.action.kind is ActionKind.SPAM
        await self._web.send("remove", API_PATH["remove"], {"id": target, "spam": is_spam})
        if order.action.removal_reason is None:
            return Outcome(ref=target)
        try:
            detail = await self._give_reason(order, target, order.action.removal_reason)
        except DropMessage as error:
            detail = f"removed, but without the reason: {error}"
        return Outcome(detail, ref=target)

    async def _give_reason(self, order: Order, target: str, wanted: str) -> str:
        name = subreddit_of_order(order.message)
        reason = (await self._known(name)).get(wanted.strip().lower())
        if reason is None:
            titles = (await self._titles(name)).values()
            return (
                f"removed, but r/{name} has no removal reason {wanted!r}; it has "
                f"{', '.join(titles) or 'none (Mod Tools, Removal Reasons)'}"
            )
        note = fit(order.action.reason or "", NOTE_OF_REMOVAL_LIMIT)
        given = {"item_ids": [target], "mod_note": note, "reason_id": reason}
        await self._web.send(
            "give the removal's reason", API_PATH["removal_reasons"], {"json": json.dumps(given)}
        )
        return "done"

    async def _known(self, subreddit: str) -> Mapping[str, str]:
        """The ids of a subreddit's reasons, by title and by id, in lower case."""
        titles = await self._titles(subreddit)
        by_title = {title.lower(): reason for reason, title in reversed(list(titles.items()))}
        return by_title | {reason.lower(): reason for reason in titles}

    async def _titles(self, subreddit: str) -> Mapping[str, str]:
        """The titles of a subreddit's reasons by their ids, fetched once an hour."""
        key = subreddit.lower()
        if key not in self._reasons:
            path = API_PATH["removal_reasons_list"].format(subreddit=subreddit)
            answer = await self._web.read("list the removal reasons", path)
            self._reasons[key] = {
                str(reason): (text_of(as_table(facts), "title") or "").strip()
                for reason, facts in table_of(answer, "data").items()
            }
        return self._reasons[key]
