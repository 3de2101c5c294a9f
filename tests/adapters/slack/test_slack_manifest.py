"""The manifest that people paste says what the adapter needs, and nothing Slack refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from greenroom.adapters.slack.web import CORE_SCOPES

ROOT = Path(__file__).parents[3]

# Each event's scope, by Slack's reference.
EVENT_SCOPES = {
    "app_mention": "app_mentions:read",
    "app_uninstalled": None,
    "member_joined_channel": "channels:read",
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.im": "im:history",
    "message.mpim": "mpim:history",
    "team_join": "users:read",
    "tokens_revoked": None,
}
ACTION_SCOPES = {"chat:write", "im:write", "reactions:write"}


@pytest.fixture
def manifest() -> Any:
    return yaml.safe_load((ROOT / "adapters" / "slack.yaml").read_text(encoding="utf-8"))


def test_manifest_asks_for_what_is_needed(manifest: Any) -> None:
    asked = set(manifest["oauth_config"]["scopes"]["bot"])
    assert asked >= CORE_SCOPES | ACTION_SCOPES
    assert manifest["oauth_config"]["scopes"]["user"] == ["chat:write"]
    events = manifest["settings"]["event_subscriptions"]["bot_events"]
    assert set(events) == set(EVENT_SCOPES)
    assert {scope for scope in EVENT_SCOPES.values() if scope} <= asked


def test_manifest_has_only_keys_that_slack_takes(manifest: Any) -> None:
    sections = {"_metadata", "display_information", "features", "oauth_config", "settings"}
    assert set(manifest) == sections
    assert len(manifest["display_information"]["description"]) <= 140
    assert len(manifest["display_information"]["name"]) <= 35
    assert manifest["settings"]["socket_mode_enabled"] is True
    assert manifest["features"]["app_home"]["messages_tab_read_only_enabled"] is False


def test_guide_names_every_token_and_transport() -> None:
    guide = (ROOT / "docs" / "slack.md").read_text(encoding="utf-8")
    for word in ("user_token", "app_token", "signing_secret", "transport: http", "desk_channel"):
        assert word in guide
