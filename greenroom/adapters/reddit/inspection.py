"""What Reddit lets the bot's account do: asked before it runs, and told with what to click."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from asyncpraw.endpoints import API_PATH

from greenroom.adapters.base import Access, Clock
from greenroom.adapters.reddit.actions import FOR_MODERATORS
from greenroom.adapters.reddit.fields import text_of
from greenroom.adapters.reddit.people import Subreddit, Subreddits
from greenroom.adapters.reddit.settings import SETTERS
from greenroom.adapters.reddit.web import RedditWeb
from greenroom.adapters.reddit.words import MESSAGE_LIMIT, defuse, fit
from greenroom.errors import ConfigError, DropMessage
from greenroom.message import ActionKind

SUBJECT: Final = "Greenroom"
EVERY_SCOPE: Final = "*"
ALWAYS: Final = ("identity", "read", "history", "privatemessages")
"""Scopes to read with, and to find again what we said."""
MODERATING: Final = ("modposts", "modmail")
"""Scopes to read what moderators see."""
PULLING: Final = ("wikiread",)
"""Scopes that only ``knowledge pull`` needs; a bot runs without."""

SCOPES: Final[Mapping[ActionKind, str]] = {
    ActionKind.REPLY: "submit",
    ActionKind.POST: "submit",
    ActionKind.RETRACT: "edit",
    ActionKind.REPORT: "report",
    ActionKind.MESSAGE: "privatemessages",
    ActionKind.MODMAIL: "privatemessages",
    ActionKind.ANSWER: "privatemessages",
    ActionKind.APPROVE: "modposts",
    ActionKind.REMOVE: "modposts",
    ActionKind.SPAM: "modposts",
    ActionKind.FILTER: "modposts",
    ActionKind.BAN: "modcontributors",
    ActionKind.UNBAN: "modcontributors",
    ActionKind.MOD_NOTE: "modnote",
    ActionKind.SET_FLAIR: "modflair",
    **dict.fromkeys(SETTERS, "modposts"),
    ActionKind.SET_POST_CROWD_CONTROL_LEVEL: "modconfig",
}
"""The scope that each action asks of a token."""

_CLICKS: Final[Mapping[str, str]] = {
    "posts": "Manage Posts & Comments",
    "flair": "Manage Flair",
    "access": "Manage Users",
    "mail": "Manage Mod Mail",
}
"""Moderators' permissions, and what they are called where one clicks them."""

PERMISSIONS: Final[Mapping[ActionKind, str]] = {
    **dict.fromkeys(FOR_MODERATORS, "posts"),
    ActionKind.SET_FLAIR: "flair",
    ActionKind.BAN: "access",
    ActionKind.UNBAN: "access",
    ActionKind.MOD_NOTE: "access",
}
"""The permission that each moderators' action asks of the account."""


async def inspect(
    web: RedditWeb, names: Sequence[str], needs: frozenset[ActionKind], *, clock: Clock
) -> Access:
    """Sign in, and compare scopes and permissions with ``needs``.

    Raises:
        ConfigError: The sign-in is refused.
        RetryLater: Reddit cannot be reached.
    """
    facts = await web.read("say who we are", API_PATH["me"])
    me, identity = text_of(facts, "name") or "", text_of(facts, "id")
    granted = await web.call("say what the token may do", web.client.auth.scopes())
    lacks = list(_missing_scopes(frozenset(granted), needs))
    if facts.get("is_suspended") is True:
        lacks.append(ConfigError(f"u/{me} is suspended", accepted="appeal at reddit.com/appeals"))
    places: list[str] = []
    for name in names:
        found = Subreddits(web, (name,), clock=clock)
        try:
            await found.refresh()
        except ConfigError as error:
            lacks.append(error)
            continue
        places += [f"r/{one.name}" for one in found.all]
        lacks += [lack for one in found.all for lack in _missing_permissions(one, me, needs)]
    account = f"u/{me} (t2_{identity})" if identity else f"u/{me}"
    return Access(account, tuple(places), tuple(lacks))


def _missing_scopes(granted: frozenset[str], needs: frozenset[ActionKind]) -> Iterable[ConfigError]:
    wanted = {*ALWAYS, *MODERATING, *(SCOPES[kind] for kind in needs if kind in SCOPES)}
    missing = sorted(wanted - granted)
    if EVERY_SCOPE in granted or not missing:
        return
    yield ConfigError(
        f"Reddit's token lacks the scopes {', '.join(missing)}",
        accepted="sign in again for a refresh_token with the scopes that adapters/reddit.yaml "
        "lists (docs/reddit.md, step 4)",
    )


def _missing_permissions(
    subreddit: Subreddit, me: str, needs: frozenset[ActionKind]
) -> Iterable[ConfigError]:
    wanted = {PERMISSIONS[kind] for kind in needs if kind in PERMISSIONS}
    if subreddit.moderators is None or me.lower() not in subreddit.moderators:
        if not wanted:
            return
        permissions = ", ".join(_CLICKS[one] for one in sorted(wanted | {"posts", "mail"}))
        yield ConfigError(
            f"u/{me} is no moderator of r/{subreddit.name}",
            accepted=f"in r/{subreddit.name}: Mod Tools, Moderators, Invite moderator, "
            f"u/{me}, with {permissions}; then accept the invitation as u/{me}",
        )
        return
    for permission in sorted(wanted | {"posts", "mail"}):
        if not subreddit.may(me, permission):
            yield ConfigError(
                f"u/{me} lacks the permission {_CLICKS[permission]} in r/{subreddit.name}",
                accepted=f"in r/{subreddit.name}: Mod Tools, Moderators, the pencil beside "
                f"u/{me}, tick {_CLICKS[permission]}{_purpose(permission, needs)}",
            )


def _purpose(permission: str, needs: frozenset[ActionKind]) -> str:
    kinds = sorted(kind for kind in needs if PERMISSIONS.get(kind) == permission)
    seen = {"posts": "to see edits, reports and the queue", "mail": "to read modmail"}
    purposes = [
        *([f"for {', '.join(kinds)}"] if kinds else []),
        *filter(None, [seen.get(permission)]),
    ]
    return f" ({'; '.join(purposes)})" if purposes else ""


async def greet(web: RedditWeb, name: str, text: str, *, clock: Clock) -> str:
    """Write to a subreddit's moderators, or where that cannot be to the account itself.

    Returns where it was posted.
    """
    me, body = await web.me(), fit(defuse(text), MESSAGE_LIMIT)
    try:
        return await _to_moderators(web, name, body, me, clock)
    except (DropMessage, ConfigError):
        form = {"to": me, "subject": SUBJECT, "text": body}
        await web.send("write to itself", API_PATH["compose"], form, once=True)
        return f"the inbox of u/{me} (it may not write to the moderators of r/{name})"


async def _to_moderators(web: RedditWeb, name: str, body: str, me: str, clock: Clock) -> str:
    found = Subreddits(web, (name,), clock=clock)
    await found.refresh()
    if any(one.may(me, "mail") for one in found.all):
        discussion: dict[str, str | bool] = {
            "srName": name, "subject": SUBJECT, "body": body, "isAuthorHidden": False,
        }  # fmt: skip
        path = API_PATH["modmail_conversations"]
        await web.send("start a moderators' discussion", path, discussion, once=True)
        return f"the modmail of r/{name}, under Mod Discussions"
    form = {"to": f"/r/{name}", "subject": SUBJECT, "text": body}
    await web.send("write to the moderators", API_PATH["compose"], form, once=True)
    return f"a message to the moderators of r/{name}"
