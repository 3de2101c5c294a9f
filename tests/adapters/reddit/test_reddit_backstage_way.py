"""Members' commands about themselves over Reddit's own wire: by letter and in a comment."""

from __future__ import annotations

import asyncio
from pathlib import Path

from greenroom.backstage import privacy
from greenroom.message import Event, Member
from tests.adapters.reddit.stage import WAIT_S, running
from tests.backstage.at_work import at_work
from tests.platforms.reddit.server import ME, MEMBER, SUBREDDIT, RedditServer


async def test_members_opt_out_by_letter_and_come_back_in_a_comment(
    server: RedditServer, tmp_path: Path
) -> None:
    async with running(server) as stage, at_work(stage.adapter, tmp_path) as house:
        heard: list[Event] = []

        async def told(text: str) -> None:
            for event in await stage.look():
                heard.append(event)
                await house.intake(event)
            async with asyncio.timeout(WAIT_S):
                while not any(text in letter["body"] for letter in server.letters.sent):
                    await asyncio.sleep(0.01)

        server.letters.write("/memory", author=MEMBER, at=server.now())
        await told(privacy.IS_OFF)
        server.letters.write("!optout please", author=MEMBER, at=server.now())
        await told(privacy.OPTED_OUT)
        message = heard[-1].message
        assert message is not None
        here = Member("reddit", SUBREDDIT, message.author.id)  # a letter has no subreddit
        assert house.ledger.consents.has_opted_out(here)
        post = server.submit()
        server.comment(f"u/{ME} /optin", under=post)
        await told(privacy.OPTED_IN)
        assert not house.ledger.consents.has_opted_out(here)
