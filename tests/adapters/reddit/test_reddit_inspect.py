"""What the account lacks is told before it runs, with what to click."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from greenroom.adapters.reddit import RedditAdapter
from greenroom.adapters.reddit.errors import ASK_AT
from greenroom.errors import ConfigError, RetryLater
from greenroom.message import ActionKind
from tests.adapters.reddit.stage import Running, settings
from tests.platforms.reddit.access import REFRESH_TOKEN
from tests.platforms.reddit.server import ME, MODERATOR, SUBREDDIT, RedditServer

ALL = frozenset({ActionKind.REPLY, ActionKind.REMOVE, ActionKind.BAN, ActionKind.SET_FLAIR})


def adapter(server: RedditServer, **more: object) -> RedditAdapter:
    """An adapter that does not run."""
    return RedditAdapter("garden", settings(server, **more))


async def test_account_that_may_do_all_lacks_nothing(server: RedditServer) -> None:
    access = await adapter(server).inspect(ALL)
    assert access.account == f"u/{ME} (t2_me)"
    assert access.places == (f"r/{SUBREDDIT}",)
    assert access.lacks == ()


async def test_missing_scopes_are_named(server: RedditServer) -> None:
    server.tokens.scope = "identity read history submit modposts"
    web_app = {"username": None, "password": None, "refresh_token": SecretStr(REFRESH_TOKEN)}
    access = await adapter(server, **web_app).inspect(ALL)
    (lack,) = access.lacks
    assert "lacks the scopes modcontributors, modflair, modmail, privatemessages" in str(lack)
    assert "adapters/reddit.yaml" in str(lack)


async def test_missing_permissions_are_named_with_their_click(server: RedditServer) -> None:
    server.permissions[ME] = ["posts", "wiki"]
    access = await adapter(server).inspect(ALL)
    told = [str(lack) for lack in access.lacks]
    assert len(told) == 3
    assert "Manage Users in r/gardening" in told[0]
    assert "for ban" in told[0]
    assert "Manage Flair" in told[1]
    assert "Manage Mod Mail" in told[2]
    assert "to read modmail" in told[2]


async def test_account_that_moderates_nothing_is_told_how_to(server: RedditServer) -> None:
    server.moderators = [MODERATOR]
    (lack,) = (await adapter(server).inspect(ALL)).lacks
    assert f"u/{ME} is no moderator of r/gardening" in str(lack)
    assert "Invite moderator" in str(lack)
    assert (await adapter(server).inspect(frozenset({ActionKind.REPLY}))).lacks == ()


async def test_every_unknown_subreddit_is_told(server: RedditServer) -> None:
    access = await adapter(server, subreddits=("nowhere", SUBREDDIT, "gone")).inspect(ALL)
    assert access.places == (f"r/{SUBREDDIT}",)
    assert [str(lack).split("\n")[0] for lack in access.lacks] == [
        "there is no subreddit r/nowhere",
        "there is no subreddit r/gone",
    ]


@pytest.mark.parametrize("status", [401, 403])
async def test_refused_sign_in_says_that_reddit_must_approve(
    server: RedditServer, status: int
) -> None:
    server.fail("api/v1/access_token", status)
    with pytest.raises(ConfigError) as caught:
        await adapter(server).inspect(ALL)
    assert "approved" in str(caught.value)
    assert ASK_AT in str(caught.value)


async def test_reddit_that_cannot_be_reached_is_asked_later() -> None:
    nowhere = RedditServer(url="http://127.0.0.1:9")
    with pytest.raises(RetryLater):
        await adapter(nowhere).inspect(ALL)


async def test_inspecting_disturbs_no_run(stage: Running) -> None:
    assert (await stage.adapter.inspect(ALL)).lacks == ()
    stage.server.submit()
    assert len(await stage.look()) == 1


async def test_greeting_starts_a_moderators_discussion(server: RedditServer) -> None:
    place = await adapter(server).greet("Hello from Greenroom.")
    assert place == f"the modmail of r/{SUBREDDIT}, under Mod Discussions"
    (conversation,) = server.letters.conversations.values()
    assert conversation["isInternal"]
    (message,) = conversation["messages"].values()
    assert message["bodyMarkdown"] == "Hello from Greenroom."


async def test_greeting_of_an_outsider_is_a_message_to_the_moderators(
    server: RedditServer,
) -> None:
    server.moderators = [MODERATOR]
    assert await adapter(server).greet("Hi.") == "a message to the moderators of r/gardening"
    assert server.letters.sent[-1]["dest"] == "#gardening"


async def test_greeting_that_nobody_else_may_get_goes_to_itself(server: RedditServer) -> None:
    server.moderators = [MODERATOR]
    server.fail("api/compose", 403)
    assert (await adapter(server).greet("Hi.")).startswith(f"the inbox of u/{ME}")
    assert server.letters.sent[-1]["dest"] == ME
