"""adapters/discord.yaml and docs/discord.md say what the code does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import discord
import pytest
import yaml

from greenroom.adapters.discord import adapter, posts, shards, web
from greenroom.adapters.discord.actions import ALWAYS
from greenroom.adapters.discord.client import INTENTS
from greenroom.adapters.discord.desk import TO_DESK
from greenroom.adapters.settings import Backfill
from greenroom.message import ActionKind

ROOT = Path(__file__).parents[3]
DOC = (ROOT / "docs" / "discord.md").read_text(encoding="utf-8")
FREE = {ActionKind.RETRACT, ActionKind.ANSWER}  # Discord asks no permission for them
SOURCES = sorted((ROOT / "greenroom" / "adapters" / "discord").glob("*.py"))


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    text = (ROOT / "adapters" / "discord.yaml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def shown(permission: str) -> str:
    """A permission as Discord's pages name it."""
    return permission.replace("_", " ").title().replace(" In ", " in ")


def test_intents_are_those_asked_for(manifest: dict[str, Any]) -> None:
    assert discord.Intents(**dict.fromkeys(manifest["intents"], True)) == INTENTS
    privileged = {name for name, said in manifest["intents"].items() if said["privileged"]}
    assert privileged == {"message_content", "members"}


def test_capabilities_are_those_declared(manifest: dict[str, Any]) -> None:
    assert set(manifest["capabilities"]["always"]) == ALWAYS
    assert set(manifest["capabilities"]["desk_channel"]) == TO_DESK


def test_each_permission_is_for_an_action_and_each_action_has_its_own(
    manifest: dict[str, Any],
) -> None:
    allowed = {action for said in manifest["permissions"].values() for action in said["for"]}
    assert allowed == (ALWAYS | TO_DESK) - FREE


def test_invite_asks_for_just_the_permissions(manifest: dict[str, Any]) -> None:
    names = dict.fromkeys(manifest["permissions"], True)
    assert manifest["invite"]["everything"] == discord.Permissions(**names).value
    watching = discord.Permissions(view_channel=True, read_message_history=True)
    assert manifest["invite"]["watching"] == watching.value


def test_every_permission_that_a_refusal_names_is_listed(manifest: dict[str, Any]) -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in SOURCES)
    needs = re.findall(r'(?:needs|_MAY_POST) ?= ?"([^"]+)"', source)
    named = {name for name in manifest["permissions"] if any(shown(name) in said for said in needs)}
    assert all(any(shown(name) in said for name in named) for said in needs)
    assert set(manifest["permissions"]) - named == {"view_channel"}  # lacking, nothing comes in


def test_limits_are_the_codes(manifest: dict[str, Any]) -> None:
    assert manifest["rate_limits"]["longest_wait_s"] == web.LONGEST_WAIT_S
    assert manifest["rate_limits"]["call_timeout_s"] == adapter.CALL_TIMEOUT_S
    assert manifest["rate_limits"]["seconds_between_sessions"] == shards.IDENTIFY_S
    assert manifest["text_limits"] == {
        "message": posts.POST_LIMIT,
        "messages_of_one_reply": posts.MOST_POSTS,
        "audit_log_reason": web.LONGEST_REASON,
    }


def test_page_shows_each_permission_with_its_number(manifest: dict[str, Any]) -> None:
    for name in manifest["permissions"]:
        number = discord.Permissions(**{name: True}).value
        assert f"| {shown(name)} | {number} |" in DOC


def test_page_shows_how_far_a_look_back_goes() -> None:
    bound = Backfill()
    assert f"hours: {bound.hours:g} " in DOC
    assert f"messages_per_channel: {bound.messages_per_channel} " in DOC


def test_page_shows_both_invites_and_every_action(manifest: dict[str, Any]) -> None:
    assert f"permissions={manifest['invite']['watching']}" in DOC
    assert f"`{manifest['invite']['everything']}`" in DOC
    for action in (ALWAYS | TO_DESK) - FREE:
        assert f"`{action}`" in DOC
