"""What the project tells people about Reddit is what the adapter does."""

from __future__ import annotations

from pathlib import Path

import yaml

from greenroom.adapters.reddit.actions import FOR_ALL, FOR_MODERATORS, REASON_LIMIT
from greenroom.adapters.reddit.listings import MOST_BACK
from greenroom.adapters.reddit.words import COMMENT_LIMIT, MESSAGE_LIMIT, SUBJECT_LIMIT
from tests.adapters.reddit.stage import Running
from tests.platforms.reddit.server import SUBREDDIT

ROOT = Path(__file__).parents[3]
TOLD = yaml.safe_load((ROOT / "adapters" / "reddit.yaml").read_text(encoding="utf-8"))


def test_capabilities_told_are_those_declared() -> None:
    assert set(TOLD["capabilities"]["any"]) == {kind.value for kind in FOR_ALL}
    assert set(TOLD["capabilities"]["moderator"]) == {kind.value for kind in FOR_MODERATORS}


def test_limits_told_are_those_kept() -> None:
    assert TOLD["rate_limits"]["listing_items"] == MOST_BACK
    assert TOLD["text_limits"] == {
        "comment": COMMENT_LIMIT,
        "message": MESSAGE_LIMIT,
        "subject": SUBJECT_LIMIT,
        "report_reason": REASON_LIMIT,
    }


async def test_look_costs_as_many_requests_as_told(stage: Running) -> None:
    before = len(stage.server.calls)
    await stage.look()
    paths = [call.path for call in stage.server.calls[before:]]
    assert len(paths) == TOLD["rate_limits"]["requests_per_look"]["moderator"]
    assert all(path.startswith(f"r/{SUBREDDIT}/") for path in paths)


def test_guide_names_every_action() -> None:
    guide = (ROOT / "docs" / "reddit.md").read_text(encoding="utf-8")
    assert "Reddit must approve it first" in guide
    for kind in FOR_ALL | FOR_MODERATORS:
        assert f"`{kind.value}`" in guide
