"""``bot add slack`` against a Slack on loopback, with the real client."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from greenroom.company import gather
from tests.cli.conftest import Greenroom, Talk
from tests.cli.loopback import beside
from tests.platforms.slack.access import ADMIN_TOKEN, APP_TOKEN, BOT_TOKEN, SCOPES
from tests.platforms.slack.server import DESK, SlackServer, slack_server

CAST = ("guide", "#help", "#mods")


@pytest.fixture
def slack() -> Iterator[SlackServer]:
    with beside(slack_server) as server:
        yield server


@pytest.fixture
def endpoints(slack: SlackServer) -> list[str]:
    return ["--set", f"endpoints.api=http://{slack.url}/api/"]


def posted(slack: SlackServer) -> list[str]:
    return [str(call.arguments["text"]) for call in slack.effects]


def test_a_bot_is_added_from_the_manifest_to_a_test_message(
    talk: Talk, greenroom: Greenroom, deployment: Path, slack: SlackServer, endpoints: list[str]
) -> None:
    ended = talk("slack", *endpoints, answers=[*CAST, BOT_TOKEN, APP_TOKEN, "", "y"])
    assert (ended.code, ended.err) == (0, "")
    assert "is in: Acme" in ended.out
    assert "A test message was posted: #mods in Acme" in ended.out
    (call,) = slack.effects
    assert (call.method, call.arguments["channel"]) == ("chat.postMessage", DESK)
    assert "Greenroom is here: Guide" in call.arguments["text"]
    for token in (BOT_TOKEN, APP_TOKEN):
        assert token not in ended.out
    checked = greenroom("check", "--online", "--config", deployment / "config.yaml")
    assert (checked.code, "in Acme" in checked.out) == (0, True)


def test_a_wrong_token_can_be_given_again(
    talk: Talk, deployment: Path, endpoints: list[str]
) -> None:
    answers = [*CAST, "test-wrong", APP_TOKEN, "y", BOT_TOKEN, "", "later"]
    ended = talk("slack", *endpoints, answers=answers)
    assert ended.code == 0
    assert "Slack does not accept the token" in ended.err
    assert "test-wrong" not in ended.out + ended.err
    assert f"SLACK_BOT_TOKEN={BOT_TOKEN}\n" in (deployment / ".env").read_text()


def test_a_wrong_app_token_can_be_given_again_too(
    talk: Talk, deployment: Path, endpoints: list[str]
) -> None:
    answers = [*CAST, BOT_TOKEN, "test-wrong", "y", "", APP_TOKEN, "later"]
    ended = talk("slack", *endpoints, answers=answers)
    assert ended.code == 0
    assert "App-Level Tokens" in ended.err
    assert f"SLACK_APP_TOKEN={APP_TOKEN}\n" in (deployment / ".env").read_text()


def test_a_missing_scope_and_channel_are_told_with_what_to_click(
    talk: Talk, greenroom: Greenroom, deployment: Path, slack: SlackServer, endpoints: list[str]
) -> None:
    slack.scopes = SCOPES.replace("im:write,", "")
    answers = ["warden", "*", "#lobby", BOT_TOKEN, APP_TOKEN, ADMIN_TOKEN, "", "later", "n"]
    ended = talk("slack", *endpoints, answers=answers)
    assert ended.code == 0
    assert "lacks the scope im:write" in ended.err
    assert "/invite @Greenroom" in ended.err
    assert posted(slack) == []
    config = deployment / "config.yaml"
    checked = greenroom("check", "--online", "--config", config, "--format", "json")
    lines = (deployment / "bots" / "slack.yaml").read_text().splitlines()
    found = [one for one in json.loads(checked.out)["findings"] if one["level"] == "error"]
    keys = {lines[one["line"] - 1].partition(":")[0] for one in found}
    assert (checked.code, keys >= {"token", "desk_channel"}) == (1, True)
    gather(config)
