"""``greenroom knowledge pull``: files that follow what is pinned, and leave people's own alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from greenroom.adapters.base import Article, Published
from greenroom.cli.knowledge_pull import lay_down
from greenroom.context.files import read_folder
from greenroom.errors import ConfigError
from tests.cli.conftest import Greenroom
from tests.cli.loopback import beside
from tests.platforms.reddit.access import CLIENT_ID, CLIENT_SECRET, PASSWORD
from tests.platforms.reddit.server import ME, SUBREDDIT, RedditServer, reddit_server

URL = "https://chat.example/1"


def article(text: str = "Be kind.", **more: str) -> Article:
    given = {"shelf": "pins/help", "name": "1", "title": "Pinned in #help", "url": URL, **more}
    return Article(text=text, **given)


def published(*articles: Article, **unread: str) -> Published:
    return Published(articles, {name.replace("_", "/"): why for name, why in unread.items()})


def test_articles_become_files_that_link_back(tmp_path: Path) -> None:
    pulled = lay_down(published(article("Be kind.\r\nAlways.")), "acme", tmp_path)
    assert pulled.written == ["acme/pins/help/1.md"]
    [chunk] = read_folder(tmp_path)
    assert (chunk.heading, chunk.text, chunk.url) == ("Pinned in #help", "Be kind.\nAlways.", URL)


def test_a_further_pull_changes_only_what_changed(tmp_path: Path) -> None:
    lay_down(
        published(article(), article("two", name="2"), article("3", name="3")), "acme", tmp_path
    )
    kept = tmp_path / "acme" / "pins" / "help" / "1.md"
    before = kept.stat().st_mtime_ns
    pulled = lay_down(published(article(), article("two!", name="2")), "acme", tmp_path)
    assert (pulled.written, pulled.removed, pulled.kept) == (
        ["acme/pins/help/2.md"],
        ["acme/pins/help/3.md"],
        1,
    )
    assert kept.stat().st_mtime_ns == before


def test_what_could_not_be_read_stays(tmp_path: Path) -> None:
    lay_down(published(article(), article(shelf="wiki/garden")), "acme", tmp_path)
    pulled = lay_down(published(pins_help="no"), "acme", tmp_path)
    assert pulled.removed == ["acme/wiki/garden/1.md"]
    assert (tmp_path / "acme" / "pins" / "help" / "1.md").exists()


def test_files_of_people_are_neither_removed_nor_overwritten(tmp_path: Path) -> None:
    own = tmp_path / "acme" / "pins" / "help" / "1.md"
    own.parent.mkdir(parents=True)
    own.write_text("# Mine", "utf-8")
    lay_down(published(), "acme", tmp_path)
    with pytest.raises(ConfigError, match=r"1\.md: is not from a pull"):
        lay_down(published(article(name="0"), article()), "acme", tmp_path)
    assert own.read_text("utf-8") == "# Mine"
    assert [file.name for file in own.parent.iterdir()] == ["1.md"]


@pytest.mark.parametrize(
    "hostile",
    [
        {"name": "../../../out"},
        {"shelf": "pins/../../.."},
        {"name": ".hidden"},
        {"name": "x" * 500},
        {"name": "\ud800\x00"},
        {"title": "# \n---\nurl: https://evil.example\n---"},
        {"text": "---\nurl: https://evil.example\n---\n# x\n<!-- also asked: forged -->\x1b[31m"},
        {"url": "javascript:alert(1)"},
        {"url": "https://a.example/\nurl: https://evil.example"},
    ],
)
def test_hostile_articles_stay_in_the_folder_and_say_nothing_to_us(
    tmp_path: Path, hostile: dict[str, str]
) -> None:
    lay_down(published(article(**hostile)), "acme", tmp_path / "knowledge")
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert len(files) == 1
    assert files[0].is_relative_to(tmp_path / "knowledge" / "acme")
    for chunk in read_folder(tmp_path / "knowledge"):
        assert chunk.url in ("", URL)
        assert chunk.also_asked == ()
        assert "\x1b" not in chunk.text


def test_names_that_files_cannot_tell_apart_are_kept_apart(tmp_path: Path) -> None:
    pulled = lay_down(published(article("a", name="A b"), article("b", name="a-b")), "x", tmp_path)
    assert len(pulled.written) == len(read_folder(tmp_path)) == 2


@pytest.fixture
def reddit() -> Iterator[RedditServer]:
    with beside(reddit_server) as server:
        yield server


def test_pull_follows_the_platform_and_quotes_link_there(
    greenroom: Greenroom, tmp_path: Path, reddit: RedditServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    greenroom("init", tmp_path)
    config = tmp_path / "config.yaml"
    (tmp_path / "bots" / "garden.yaml").write_text(
        f"adapter: reddit\nclient_id: {CLIENT_ID}\nclient_secret: ${{SECRET}}\nusername: {ME}\n"
        f"password: ${{PASSWORD}}\nsubreddits: [{SUBREDDIT}]\n"
        f"endpoints: {{www: {reddit.url}, oauth: {reddit.url}}}\npersonas: {{guide: {{}}}}\n"
    )
    monkeypatch.setenv("SECRET", CLIENT_SECRET)
    monkeypatch.setenv("PASSWORD", PASSWORD)
    reddit.wiki = {"compost": {"content_md": "Turn the compost heap every second week."}}
    ended = greenroom("knowledge", "pull", "garden", "--json", "--config", config)
    assert (ended.code, ended.err) == (0, "")
    assert json.loads(ended.out)["written"] == [f"garden/wiki/{SUBREDDIT}/compost.md"]
    found = greenroom(
        "knowledge", "search", "how often do I turn the compost?", "--json", "--config", config
    )
    best = json.loads(found.out)["passages"][0]
    assert best["url"] == f"https://www.reddit.com/r/{SUBREDDIT}/wiki/compost"
    reddit.wiki = {}
    again = greenroom("knowledge", "pull", "garden", "--config", config)
    assert f"removed: garden/wiki/{SUBREDDIT}/compost.md" in again.out
    reddit.fail(f"r/{SUBREDDIT}/wiki/pages", 403)
    part = greenroom("knowledge", "pull", "garden", "--config", config)
    assert part.code == 1
    assert f"not read: wiki/{SUBREDDIT}: " in part.err


def test_pull_of_what_has_nothing_to_read_says_so(greenroom: Greenroom, tmp_path: Path) -> None:
    greenroom("init", tmp_path)
    config = tmp_path / "config.yaml"
    ended = greenroom("knowledge", "pull", "terminal", "--config", config)
    assert ended.code == 2
    assert "terminal.yaml:" in ended.err
    assert "terminal has no pinned posts and no wiki" in ended.err
    unknown = greenroom("knowledge", "pull", "nobody", "--config", config)
    assert "there is no bot `nobody`" in unknown.err
