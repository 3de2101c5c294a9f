"""The manifest that people paste says what the adapter needs, and nothing Slack refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from greenroom.adapters.settings import Backfill, SlackEndpoints, SlackInstall, SlackSettings
from greenroom.adapters.slack import forms
from greenroom.adapters.slack.actions import ALWAYS, WITH_DESK_CHANNEL
from greenroom.adapters.slack.commands import COMMANDS, OURS
from greenroom.adapters.slack.events import REACTIONS
from greenroom.adapters.slack.limits import TIERS, UNSPACED
from greenroom.adapters.slack.scopes import BOT_SCOPES, USER_SCOPES
from greenroom.adapters.slack.web import CORE_SCOPES
from greenroom.message import REMOVALS

ROOT = Path(__file__).parents[3]

# Each event's scope, by Slack's reference.
EVENT_SCOPES = {
    "app_mention": "app_mentions:read",
    "app_uninstalled": None,
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.im": "im:history",
    "message.mpim": "mpim:history",
    "reaction_added": "reactions:read",
    "reaction_removed": "reactions:read",
    "team_join": "users:read",
    "tokens_revoked": None,
}
NUMBERS = {9: "nine", 10: "ten", 11: "eleven", 12: "twelve"}
ACTION_SCOPES = {"chat:write", "im:write", "reactions:write", "commands"}


@pytest.fixture
def manifest() -> Any:
    return yaml.safe_load((ROOT / "adapters" / "slack.yaml").read_text(encoding="utf-8"))


def test_manifest_asks_for_what_is_needed(manifest: Any) -> None:
    asked = set(manifest["oauth_config"]["scopes"]["bot"])
    assert asked >= CORE_SCOPES | ACTION_SCOPES
    assert asked == set(BOT_SCOPES)
    assert manifest["oauth_config"]["scopes"]["user"] == list(USER_SCOPES)
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


def test_manifest_has_every_command_that_is_understood(manifest: Any) -> None:
    listed = manifest["features"]["slash_commands"]
    assert {entry["command"] for entry in listed} == {f"/{name}" for name in (*COMMANDS, OURS)}
    for entry in listed:
        assert set(entry) <= {"command", "description", "usage_hint", "should_escape", "url"}
        assert 0 < len(entry["description"]) <= 2_000
        assert len(entry["command"]) <= 32
    (ours,) = [entry for entry in listed if entry["command"] == f"/{OURS}"]
    assert {word.strip() for word in ours["usage_hint"].split("|")} == set(COMMANDS)


def test_manifest_has_the_shortcuts_that_open_forms(manifest: Any) -> None:
    listed = {entry["callback_id"]: entry for entry in manifest["features"]["shortcuts"]}
    assert {name: entry["type"] for name, entry in listed.items()} == {
        forms.REPORT: "message",
        forms.HUMAN: "global",
    }
    assert all(len(entry["name"]) <= 24 for entry in listed.values())
    assert all(len(entry["description"]) <= 150 for entry in listed.values())
    assert manifest["settings"]["interactivity"]["is_enabled"] is True


def test_manifest_asks_for_reactions(manifest: Any) -> None:
    assert set(REACTIONS) <= set(manifest["settings"]["event_subscriptions"]["bot_events"])


def test_guide_says_what_members_and_moderators_can_do() -> None:
    guide = (ROOT / "docs" / "slack.md").read_text(encoding="utf-8")
    for word in (*COMMANDS, f"{OURS} human", "Report to moderators", "Ask for a person"):
        assert word in guide
    assert f"{NUMBERS[len(EVENT_SCOPES)]} bot events" in guide
    for kind in sorted(ALWAYS | WITH_DESK_CHANNEL | REMOVALS):
        assert f"`{kind}`" in guide


def test_guide_names_every_token_and_transport() -> None:
    guide = (ROOT / "docs" / "slack.md").read_text(encoding="utf-8")
    for word in ("user_token", "app_token", "signing_secret", "transport: http", "desk_channel"):
        assert word in guide


def test_guide_has_every_method_and_how_often_it_is_called() -> None:
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in (ROOT / "docs" / "slack.md").read_text(encoding="utf-8").splitlines()
        if line.startswith("|")
    ]
    told = {method: row[1] for row in rows for method in _methods(row[-1])}
    assert set(told) == set(TIERS) | UNSPACED
    for method, tier in TIERS.items():
        assert str(tier.per_minute) in told[method], method


def _methods(cell: str) -> list[str]:
    named = [word.strip("` ") for word in cell.split(",")]
    return [word for word in named if word in TIERS or word in UNSPACED]


def test_guide_names_every_key() -> None:
    guide = (ROOT / "docs" / "slack.md").read_text(encoding="utf-8")
    for model in (SlackSettings, SlackInstall, SlackEndpoints, Backfill):
        for key in model.model_fields:
            assert key in guide, key
