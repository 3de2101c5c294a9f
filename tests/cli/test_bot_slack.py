"""``bot add slack``: the manifest to paste, the tokens, and where to invite."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from greenroom.adapters.connection import SlackManifest
from greenroom.adapters.slack.scopes import HEARING, SCOPES
from greenroom.adapters.slack.web import CORE_SCOPES
from greenroom.cli.adding.file import Draft
from greenroom.cli.adding.slack import ONLY_FOR, SlackConversation, manifest_for
from greenroom.documents import load, validate
from greenroom.message import REMOVALS, ActionKind
from tests.cli.conftest import Talk
from tests.cli.labels import labels

ROOT = Path(__file__).parents[2]


def a_draft(*needs: ActionKind, name: str = "slack", **settings: Any) -> Draft:
    return Draft(
        Path(f"bots/{name}.yaml"), ROOT, "slack", "", needs=frozenset(needs), settings=settings
    )


def manifest(*needs: ActionKind, name: str = "slack", **settings: Any) -> Any:
    return yaml.safe_load(manifest_for(a_draft(*needs, name=name, **settings)))


@pytest.fixture(scope="module")
def shipped() -> Any:
    return yaml.safe_load((ROOT / "adapters" / "slack.yaml").read_text(encoding="utf-8"))


def test_all_actions_and_keys_take_the_whole_manifest(shipped: Any) -> None:
    assert manifest(*ActionKind, join=["*"]) == shipped


@pytest.mark.parametrize("kind", sorted(SCOPES))
def test_a_manifest_has_what_inspection_asks_for(kind: ActionKind) -> None:
    made = manifest(kind)["oauth_config"]["scopes"]
    assert {*SCOPES[kind], *CORE_SCOPES, *HEARING} <= set(made["bot"])
    assert (made.get("user") is not None) == (kind in REMOVALS)


@pytest.mark.parametrize("scope", sorted(ONLY_FOR))
def test_a_scope_that_no_persona_needs_is_left_out(shipped: Any, scope: str) -> None:
    made = manifest(*(frozenset(ActionKind) - ONLY_FOR[scope]), join=["*"])
    asked = shipped["oauth_config"]["scopes"]["bot"]
    assert made["oauth_config"]["scopes"]["bot"] == [one for one in asked if one != scope]


def test_a_scope_to_join_channels_is_there_for_who_joins() -> None:
    assert "channels:join" not in manifest(*ActionKind)["oauth_config"]["scopes"]["bot"]


def test_an_admin_is_asked_for_nothing_where_nothing_is_removed(shipped: Any) -> None:
    made = manifest(ActionKind.REPLY)
    assert "user" not in made["oauth_config"]["scopes"]
    assert made["settings"] == shipped["settings"]
    keys = [one.key for one in SlackConversation().secrets(a_draft(ActionKind.REPLY))]
    assert keys == ["token", "app_token"]


def test_the_app_is_called_as_the_bot() -> None:
    made = manifest(name="acme-helper-with-a-name-that-is-far-too-long")
    names = {made["display_information"]["name"], made["features"]["bot_user"]["display_name"]}
    assert names == {"acme-helper-with-a-name-that-is-far-too-long"[:35]}


def test_http_takes_no_socket() -> None:
    assert manifest(transport="http")["settings"]["socket_mode_enabled"] is False
    keys = [one.key for one in SlackConversation().secrets(a_draft(transport="http"))]
    assert keys == ["token", "signing_secret"]


def test_a_deployments_own_manifest_is_taken(deployment: Path) -> None:
    own = deployment / "adapters" / "slack.yaml"
    own.write_text(own.read_text().replace("people backstage", "Acme's people backstage"))
    draft = Draft(Path("bots/slack.yaml"), deployment, "slack", "")
    text = manifest_for(draft)
    assert "Acme's people backstage" in text
    assert "yaml-language-server" not in text
    validate(load(own), SlackManifest)


def test_a_manifest_in_one_line_keeps_its_scopes(tmp_path: Path, shipped: Any) -> None:
    (tmp_path / "adapters").mkdir()
    text = yaml.safe_dump(shipped, default_flow_style=None, width=10_000)
    (tmp_path / "adapters" / "slack.yaml").write_text(text)
    draft = Draft(Path("bots/slack.yaml"), tmp_path, "slack", "")
    assert yaml.safe_load(manifest_for(draft)) == shipped  # which is more than it needs


def test_what_is_clicked_stands_in_the_guide() -> None:
    guide = labels((ROOT / "docs" / "slack.md").read_text(encoding="utf-8"))
    talk = SlackConversation()
    for settings in ({}, {"transport": "http"}):
        assert labels(talk.steps(a_draft(*ActionKind, **settings))) <= guide


def test_the_manifest_is_shown_ready_to_paste_and_channels_to_invite_it_to(
    talk: Talk, shipped: Any
) -> None:
    answers = ["guide", "#help, #welcome", "#mods", "xapp-x", "test-bot-token", "test-app-token"]
    ended = talk("slack", "--offline", "--name", "acme", answers=answers)
    assert ended.code == 0
    assert "that is an app token, not the bot token" in ended.err
    start, end = ended.out.index("_metadata:"), ended.out.index("Get the tokens")
    pasted = yaml.safe_load(ended.out[start:end])
    assert pasted.keys() == shipped.keys()
    assert "in #help, #welcome, and in #mods, type" in ended.out
    assert "/invite @acme" in ended.out
