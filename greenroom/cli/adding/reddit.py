"""``bot add reddit``: Reddit's approval, its form for an app, and a moderator's seat."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from greenroom.adapters.connection import RedditConnection
from greenroom.cli.adding.asking import Asker
from greenroom.cli.adding.file import Draft
from greenroom.cli.adding.platform import Wanted
from greenroom.documents import load, validate
from greenroom.starter import starter_folder

_NAME: Final = re.compile(r"[A-Za-z0-9_]{2,21}")

_STEPS: Final = """\
**Reddit must approve it first.** Its Data API is open only to those who asked; accounts that
had access before keep it.
 1. Read {policy}
    and ask, as a moderator of the subreddit, choosing API access, at
    {ask_at}
    Say that it is a moderation bot, for which subreddits, and what it does with what it reads.

Make the app, once Reddit has said yes
 2. Signed in as the bot's account ({account}), open https://www.reddit.com/prefs/apps and
    press **create another app…** at the bottom:
      name          {name}
      kind          **script**
      redirect uri  {redirect}
 3. Press **create app**. The string under *personal use script* is the client id; *secret* is
    the client secret."""

_INVITATION: Final = """\
Make it a moderator
 1. In {subreddits}: **Mod Tools**, **Moderators**, **Invite moderator**: {account}, with
    the permissions that your rules use: **Manage Posts & Comments** (removals, locks, edits,
    reports), **Manage Flair**, **Manage Users** (bans).
 2. Accept the invitation as {account}.
Without this it can only read, reply and report."""


class RedditConversation:
    """What to do at Reddit."""

    platform = "reddit"
    title = "A bot in a subreddit. docs/reddit.md shows where to click."
    arrival = "the bot is a moderator"
    where = ""
    desk = ""

    def __init__(self) -> None:
        self._has_refresh_token = False

    def ask(self, asker: Asker, draft: Draft) -> None:
        """The subreddits, how the account signs in, and its name."""
        settings = draft.settings
        if "subreddits" not in settings:
            told = asker.ask("Which subreddits, without r/, with commas between", check=_subreddits)
            settings["subreddits"] = list(_split(told))
        if "username" in settings:
            return
        question = "Has the account two-factor sign-in? Then it needs a refresh token, no password"
        self._has_refresh_token = asker.confirm(question, default=asker.is_silent)
        if not self._has_refresh_token:
            told = asker.ask("The bot account's name, without u/", check=_username)
            settings["username"] = told.removeprefix("u/")

    def steps(self, draft: Draft) -> str:
        """How to ask for access and make the app."""
        connection = validate(load(starter_folder() / "adapters" / "reddit.yaml"), RedditConnection)
        first = _subreddits_of(draft)[0]
        return _STEPS.format(
            policy=connection.approval.policy,
            ask_at=connection.approval.ask_at,
            account=_account(draft),
            name=connection.app.name.replace("your_subreddit", first),
            redirect=connection.app.redirect_uri,
        )

    def secrets(self, draft: Draft) -> Sequence[Wanted]:  # noqa: ARG002 (the contract's)
        """The app's two, and the account's password or a refresh token."""
        app = [
            Wanted("client_id", "REDDIT_CLIENT_ID", "client id", note="kept in .env"),
            Wanted("client_secret", "REDDIT_CLIENT_SECRET", "client secret"),
        ]
        if self._has_refresh_token:
            return [*app, Wanted("refresh_token", "REDDIT_REFRESH_TOKEN", "refresh token")]
        return [
            *app,
            Wanted("password", "REDDIT_PASSWORD", "account's password", is_chosen=True),
        ]

    def invitation(self, draft: Draft, *, account: str | None, token: str) -> str:  # noqa: ARG002
        """How it becomes a moderator."""
        subreddits = ", ".join(f"r/{name}" for name in _subreddits_of(draft))
        return _INVITATION.format(subreddits=subreddits, account=_account(draft))


def _account(draft: Draft) -> str:
    name = draft.settings.get("username")
    return f"u/{name}" if name else "the bot's account"


def _subreddits_of(draft: Draft) -> Sequence[str]:
    found = draft.settings.get("subreddits")
    return [str(one) for one in found] if isinstance(found, list) and found else ["your_subreddit"]


def _split(told: str) -> Sequence[str]:
    names = (name.strip().removeprefix("/").removeprefix("r/") for name in told.split(","))
    return [name for name in names if name]


def _subreddits(told: str) -> str | None:
    names = _split(told)
    if not names:
        return "at least one is needed"
    odd = [name for name in names if not _NAME.fullmatch(name)]
    return f"no subreddit is called {odd[0]!a}: letters, digits and _" if odd else None


def _username(told: str) -> str | None:
    is_name = re.fullmatch(r"(u/)?[A-Za-z0-9_-]{3,20}", told)
    return None if is_name else "a name has 3 to 20 letters, digits, _ or -"
