"""What the project tells people about Reddit is what the adapter does."""

from __future__ import annotations

from pathlib import Path

import yaml

from greenroom.adapters.reddit.actions import FOR_ALL, FOR_MODERATORS, REASON_LIMIT
from greenroom.adapters.reddit.errors import ASK_AT
from greenroom.adapters.reddit.inspection import ALWAYS, MODERATING, PERMISSIONS, PULLING, SCOPES
from greenroom.adapters.reddit.lookback import MOST_BACK
from greenroom.adapters.reddit.missing import MOST_NAMES
from greenroom.adapters.reddit.notes import LABELS
from greenroom.adapters.reddit.pace import FOR_LISTINGS
from greenroom.adapters.reddit.words import (
    COMMENT_LIMIT,
    MESSAGE_LIMIT,
    NOTE_LIMIT,
    SUBJECT_LIMIT,
)
from tests.adapters.reddit.stage import Running

ROOT = Path(__file__).parents[3]
TOLD = yaml.safe_load((ROOT / "adapters" / "reddit.yaml").read_text(encoding="utf-8"))
GUIDE = (ROOT / "docs" / "reddit.md").read_text(encoding="utf-8")


def test_capabilities_told_are_those_declared() -> None:
    assert set(TOLD["capabilities"]["any"]) == {kind.value for kind in FOR_ALL}
    assert set(TOLD["capabilities"]["moderator"]) == {kind.value for kind in FOR_MODERATORS}


def test_limits_told_are_those_kept() -> None:
    assert TOLD["rate_limits"]["listing_items"] == MOST_BACK
    assert TOLD["rate_limits"]["gap_names"] == MOST_NAMES
    assert TOLD["rate_limits"]["for_listings"] == FOR_LISTINGS
    assert TOLD["text_limits"] == {
        "comment": COMMENT_LIMIT,
        "message": MESSAGE_LIMIT,
        "subject": SUBJECT_LIMIT,
        "report_reason": REASON_LIMIT,
        "note": NOTE_LIMIT,
    }


def test_every_action_has_its_scope_and_every_scope_is_told() -> None:
    assert set(SCOPES) == FOR_ALL | FOR_MODERATORS
    assert set(TOLD["scopes"]) == {*SCOPES.values(), *ALWAYS, *MODERATING, *PULLING}
    assert set(PERMISSIONS) == FOR_MODERATORS
    assert set(TOLD["moderator_permissions"]) == {*PERMISSIONS.values(), "mail"}


def test_where_to_ask_for_access_is_the_same_everywhere() -> None:
    assert TOLD["approval"]["ask_at"] == ASK_AT
    assert ASK_AT in GUIDE
    assert "Reddit must approve it first" in GUIDE


async def test_look_costs_as_many_requests_as_told(stage: Running) -> None:
    before = len(stage.server.calls)
    await stage.look()
    paths = [call.path for call in stage.server.calls[before:]]
    assert len(paths) == TOLD["rate_limits"]["requests_per_look"]["moderator"]


def test_guide_names_every_action_and_label() -> None:
    for kind in FOR_ALL | FOR_MODERATORS:
        assert f"`{kind.value}`" in GUIDE
    for label in LABELS:
        assert label.lower().replace("_", " ") in GUIDE
