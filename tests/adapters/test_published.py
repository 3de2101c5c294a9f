"""What platforms have to read: pinned posts and wikis, through the real client libraries."""

from __future__ import annotations

import pytest

from greenroom.adapters.base import Article
from greenroom.adapters.discord_invite import PERMISSIONS
from greenroom.adapters.reddit import RedditAdapter
from greenroom.adapters.slack import SlackAdapter
from greenroom.errors import ConfigError
from tests.adapters.discord.stage import Sleeps, adapter_for
from tests.adapters.reddit.stage import settings as reddit_settings
from tests.adapters.slack.stage import settings as slack_settings
from tests.platforms.discord.payloads import GUILD, HELP, MODS
from tests.platforms.discord.server import discord_server
from tests.platforms.reddit.server import ME, MODERATOR, SUBREDDIT, reddit_server
from tests.platforms.slack.server import slack_server

READ = str(PERMISSIONS["view_channel"].number)


async def test_discord_gives_the_pins_of_channels_that_everybody_reads() -> None:
    async with discord_server() as server:
        everyone = next(one for one in server.places.servers[GUILD]["roles"] if one["id"] == GUILD)
        everyone["permissions"] = READ
        mods = next(one for one in server.places.servers[GUILD]["channels"] if one["id"] == MODS)
        mods["permission_overwrites"] = [{"id": GUILD, "type": 0, "allow": "0", "deny": READ}]
        for number in range(60):
            posted = await server.say(f"Rule {number}", channel=HELP)
            server.places.pins[HELP][posted["id"]] = f"2026-01-01T00:{number:02}:00+00:00"
        secret = await server.say("only moderators read this", channel=MODS)
        server.places.pins[MODS][secret["id"]] = "2026-01-01T00:00:00+00:00"
        found = await adapter_for(server, Sleeps()).published()
        assert server.invalid == []
    assert len(found.articles) == 60  # two pages
    assert found.unread == {}
    newest = found.articles[0]
    assert newest == Article(
        shelf="pins/help",
        name=newest.name,
        title="Pinned in #help",
        text="Rule 59",
        url=f"https://discord.com/channels/{GUILD}/{HELP}/{newest.name}",
    )


async def test_discord_tells_which_channel_it_may_not_read() -> None:
    async with discord_server() as server:
        everyone = next(one for one in server.places.servers[GUILD]["roles"] if one["id"] == GUILD)
        everyone["permissions"] = READ
        server.unreadable.add(HELP)
        found = await adapter_for(server, Sleeps()).published()
    assert list(found.unread) == ["pins/help"]


async def test_slack_gives_the_pins_of_public_channels_it_is_in() -> None:
    async with slack_server() as server:
        [team] = server.teams.values()
        team.open("CFAQ", "faq")
        team.open("CSECRET", "secret", is_private=True)
        for room, text in (
            ("CFAQ", "See <https://acme.example|our site> &amp; ask"),
            ("CSECRET", "x"),
        ):
            ts = team.post(room, {"user": "UMIKA", "text": text})
            team.pins[room][ts] = 1_700_000_000
        found = await SlackAdapter("acme", slack_settings(server)).published()
    [article] = found.articles
    assert (article.shelf, article.title) == ("pins/faq", "Pinned in #faq")
    assert article.text == "See [our site](https://acme.example) & ask"
    assert article.url.startswith("https://acme.slack.example/archives/CFAQ/p")


async def test_slack_without_the_scope_says_which() -> None:
    async with slack_server() as server:
        [team] = server.teams.values()
        team.open("CFAQ", "faq")
        server.scopes = (server.scopes or "").replace("pins:read,", "")
        with pytest.raises(ConfigError, match=r"pins:read(.|\n)*Reinstall to Workspace"):
            await SlackAdapter("acme", slack_settings(server)).published()


async def test_reddit_gives_its_wiki_and_pinned_posts_that_members_read() -> None:
    async with reddit_server() as server:
        server.wiki = {
            "index": {"content_md": "Welcome &amp; read."},
            "guides/first_steps": {"content_md": "Plant in spring."},
            "mods": {"content_md": "secret", "permlevel": 2},
            "config/automoderator": {"content_md": "---\ntype: any"},
            "empty": {"content_md": ""},
        }
        server.submit(title="Read me first", selftext="Be kind.", stickied=True)
        server.submit(title="Other", selftext="Not pinned.")
        found = await RedditAdapter("garden", reddit_settings(server)).published()
        server.moderators = [MODERATOR]
        as_member = await RedditAdapter("garden", reddit_settings(server)).published()
    told = [(one.shelf, one.name, one.title, one.text) for one in found.articles]
    assert told[:2] == [
        (f"wiki/{SUBREDDIT}", "guides/first_steps", "first steps", "Plant in spring."),
        (f"wiki/{SUBREDDIT}", "index", "index", "Welcome &amp; read."),
    ]
    assert [one[2:] for one in told[2:]] == [("Read me first", "Be kind.")]
    assert found.articles[0].url == f"https://www.reddit.com/r/{SUBREDDIT}/wiki/guides/first_steps"
    assert as_member == found
    assert ME not in server.moderators
