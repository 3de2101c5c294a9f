"""``bot add reddit`` from the approval to a test message, with the real client."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from greenroom.cli.adding.file import Draft
from greenroom.cli.adding.reddit import RedditConversation
from greenroom.company import gather
from tests.cli.conftest import Ended, Talk
from tests.cli.labels import labels
from tests.cli.loopback import beside
from tests.platforms.reddit.access import CLIENT_ID, CLIENT_SECRET, PASSWORD, REFRESH_TOKEN
from tests.platforms.reddit.server import ME, SUBREDDIT, RedditServer, reddit_server


@pytest.fixture
def reddit() -> Iterator[RedditServer]:
    with beside(reddit_server) as server:
        yield server


@pytest.fixture
def endpoints(reddit: RedditServer) -> list[str]:
    return ["--set", f"endpoints.oauth={reddit.url}", "--set", f"endpoints.www={reddit.url}"]


NOWHERE = tuple(
    one for key in ("oauth", "www") for one in ("--set", f"endpoints.{key}=http://127.0.0.1:9")
)
SECRETS = (CLIENT_ID, CLIENT_SECRET, PASSWORD)
CAST = ("warden", f"r/{SUBREDDIT}", "n", ME)


def scripted(*words: str) -> list[str]:
    secrets = zip(("client_id", "client_secret", "password"), SECRETS, strict=True)
    given = {"username": ME, "subreddits": f"[{SUBREDDIT}]", **dict(secrets)}
    pairs = [one for key, value in given.items() for one in ("--set", f"{key}={value}")]
    return ["reddit", "--no-input", "--persona", "warden", *pairs, *words]


def unseen(ended: Ended) -> bool:
    return not any(secret in ended.out + ended.err for secret in SECRETS)


def test_a_bot_is_added_from_the_first_click_to_a_test_message(
    talk: Talk, deployment: Path, reddit: RedditServer, endpoints: list[str]
) -> None:
    ended = talk("reddit", *endpoints, answers=[*CAST, *SECRETS, "", "y"])
    assert (ended.code, ended.err) == (0, "")
    assert "Reddit must approve it first" in ended.out
    assert f"Signed in as u/{ME}" in ended.out
    assert "under Mod Discussions" in ended.out
    (conversation,) = reddit.letters.conversations.values()
    (said,) = conversation["messages"].values()
    assert "Greenroom is here: Warden. In shadow mode" in said["bodyMarkdown"]
    bot = gather(deployment / "config.yaml").deployment.bots["reddit"]
    assert (bot.mode, list(bot.personas)) == ("shadow", ["warden"])
    assert all(secret in (deployment / ".env").read_text() for secret in SECRETS)
    assert not any(one in (deployment / "bots" / "reddit.yaml").read_text() for one in SECRETS)
    assert unseen(ended)


def test_a_wrong_password_can_be_given_again(
    talk: Talk, deployment: Path, endpoints: list[str]
) -> None:
    wrong = [CLIENT_ID, CLIENT_SECRET, "test wrong"]
    again = ["y", "", "", PASSWORD]  # the others are kept
    ended = talk("reddit", *endpoints, answers=[*CAST, *wrong, *again, "later"])
    assert ended.code == 0
    assert "Reddit refuses the sign-in" in ended.err
    assert f"REDDIT_PASSWORD={PASSWORD}\n" in (deployment / ".env").read_text()
    assert unseen(ended)
    assert "test wrong" not in ended.out + ended.err


def test_after_a_wrong_password_it_can_be_left(
    talk: Talk, deployment: Path, endpoints: list[str]
) -> None:
    wrong = [CLIENT_ID, CLIENT_SECRET, "test wrong"]
    ended = talk("reddit", *endpoints, answers=[*CAST, *wrong, "n"])
    assert (ended.code, "Nothing was written" in ended.err) == (1, True)
    assert not (deployment / ".env").exists()
    assert list((deployment / "bots").iterdir()) == []


def test_what_was_set_before_and_is_refused_can_be_replaced(
    talk: Talk, deployment: Path, endpoints: list[str]
) -> None:
    (deployment / ".env").write_text("REDDIT_PASSWORD=test-old\n")
    first = [*CAST, CLIENT_ID, CLIENT_SECRET, "y"]  # use what is set
    again = ["y", "", "", "", PASSWORD, "y"]  # no longer what is set, and replace it
    ended = talk("reddit", *endpoints, answers=[*first, *again, "later"])
    assert ended.code == 0
    assert (deployment / ".env").read_text() == (
        f"REDDIT_PASSWORD={PASSWORD}\nREDDIT_CLIENT_ID={CLIENT_ID}\n"
        f"REDDIT_CLIENT_SECRET={CLIENT_SECRET}\n"
    )


def test_what_lacks_is_told_until_it_is_mended(
    talk: Talk, reddit: RedditServer, endpoints: list[str]
) -> None:
    reddit.permissions[ME] = ["mail"]

    def mended() -> str:
        del reddit.permissions[ME]
        return ""

    ended = talk("reddit", *endpoints, answers=[*CAST, *SECRETS, "", "", mended, "n"])
    assert ended.code == 0
    assert ended.err.count("lacks the permission Manage Posts & Comments") == 2
    assert "It may do all that its personas need." in ended.out


def test_when_the_answers_end_late_both_files_are_whole(
    talk: Talk, deployment: Path, endpoints: list[str]
) -> None:
    ended = talk("reddit", *endpoints, answers=[*CAST, *SECRETS])
    assert ended.code == 1
    assert "Stopped. reddit.yaml is written, and REDDIT_CLIENT_ID" in ended.err
    assert "greenroom check --online" in ended.err
    gather(deployment / "config.yaml")


def test_a_script_adds_a_bot_and_hears_what_lacks(
    talk: Talk, reddit: RedditServer, endpoints: list[str]
) -> None:
    reddit.moderators.remove(ME)
    ended = talk(*scripted(*endpoints))
    assert ended.code == 0
    assert f"u/{ME} is no moderator of r/{SUBREDDIT}" in ended.err
    assert not reddit.letters.sent  # it says hello only where all is well
    assert unseen(ended)


def test_a_script_that_is_told_to_greets(
    talk: Talk, reddit: RedditServer, endpoints: list[str]
) -> None:
    assert "A test message was posted" in talk(*scripted(*endpoints, "--greet")).out
    assert len(reddit.letters.conversations) == 1
    assert talk(*scripted(*endpoints, "--no-greet", "--force")).code == 0
    assert len(reddit.letters.conversations) == 1


def test_a_script_ends_where_the_platform_refuses_or_is_away(
    talk: Talk, deployment: Path, endpoints: list[str]
) -> None:
    refused = talk(*scripted(*endpoints, "--set", "password=test-wrong"))
    assert (refused.code, "Reddit refuses the sign-in" in refused.err) == (2, True)
    away = talk(*scripted(*NOWHERE))
    assert (away.code, "--offline adds the bot without asking" in away.err) == (1, True)
    assert not (deployment / ".env").exists()


def test_a_platform_that_is_away_can_be_done_without(talk: Talk, deployment: Path) -> None:
    ended = talk("reddit", *NOWHERE, answers=[*CAST, *SECRETS, "y", "n", "y"])
    assert (ended.code, ended.err.count("gives reddit no answer")) == (0, 2)
    assert "Nothing was tried" in ended.out
    gather(deployment / "config.yaml")


def test_an_account_with_two_factors_brings_a_refresh_token(
    talk: Talk, deployment: Path, endpoints: list[str]
) -> None:
    answers = ["warden", SUBREDDIT, "y", CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN, "later"]
    ended = talk("reddit", *endpoints, answers=answers)
    assert ended.code == 0
    text = (deployment / "bots" / "reddit.yaml").read_text()
    assert "refresh_token: ${REDDIT_REFRESH_TOKEN}" in text
    assert "username" not in text


@pytest.mark.parametrize("told", ["", ",", "r/no spaces", "x" * 30])
def test_what_is_no_subreddit_is_asked_again(talk: Talk, told: str) -> None:
    answers = ["warden", told, SUBREDDIT, "n", ME, *SECRETS]
    assert talk("reddit", "--offline", answers=answers).code == 0


def test_what_is_clicked_stands_in_the_guide() -> None:
    root = Path(__file__).parents[2]
    guide = labels((root / "docs" / "reddit.md").read_text(encoding="utf-8"))
    draft = Draft(Path("bots/reddit.yaml"), Path(), "reddit", "")
    talk = RedditConversation()
    told = talk.steps(draft) + talk.invitation(draft, account=None, token="")
    assert labels(told) <= guide
