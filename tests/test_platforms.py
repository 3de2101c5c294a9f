"""What a platform does not know is told per rule: which key, and what happens instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from greenroom.adapters.registry import OWN
from greenroom.adapters.unknown import UNKNOWN
from greenroom.company import gather
from greenroom.lint import warnings_of
from greenroom.policies.author import THRESHOLDS, USER_CHECKS
from greenroom.policies.parts import COMMENT, GROUPS, SUBMISSION
from greenroom.starter import lay_out


class Told:
    """Warnings of ``check`` about one policy on one platform, without the folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, platform: str, rules: str) -> list[str]:
        list(lay_out(self._folder, bots=[platform]))
        (self._folder / "policies" / "civility.yaml").write_text(rules, encoding="utf-8")
        company = gather(self._folder / "config.yaml", secrets=False)
        said = [str(warning) for warning in warnings_of(company)]
        return [one.replace(f"{self._folder}/", "") for one in said if "civility.yaml" in one]


@pytest.fixture
def told(tmp_path: Path) -> Told:
    return Told(tmp_path)


@pytest.mark.parametrize(
    ("platform", "rules", "expected"),
    [
        ("slack", "title: x\naction: filter",
         "civility.yaml:1: slack has no submission: rule 0 (any, title) never fires there"),
        ("discord", "type: poll submission\naction: filter",
         "civility.yaml:1: discord has no poll submission"),
        ("discord", "# Karma\nauthor:\n    comment_karma: '< 3'\naction: filter",
         "civility.yaml:3:5: discord does not know `author.comment_karma`: `comment_karma` of rule"
         " 0 (Karma) does not hold there"),
        ("discord", "reports: 3\naction: filter",
         "civility.yaml:1:1: discord does not know `reports`: rule 0 (any, reports) never fires"),
        ("slack", "author: {~flair_text: vip}\naction: filter",
         "civility.yaml:1:10: slack does not know `author.flair_text`: `~flair_text` of rule 0"
         " (any, author) holds for every message there"),
        ("reddit", "author: {roles: vip}\naction: filter",
         "civility.yaml:1:10: reddit does not know `author.roles`: rule 0 (any, author) never"),
        ("slack", "any: [{body: x}, {author: {is_gold: true}}]\naction: filter",
         "in rule 0 (any, any), the item with `is_gold` never holds there"),
        ("discord", "type: comment\nparent_submission: {title: x}\naction: filter",
         "discord does not know `parent_submission`: rule 0"),
    ],
)  # fmt: skip
def test_what_is_not_known_is_told_with_its_place(
    told: Told, platform: str, rules: str, expected: str
) -> None:
    assert any(expected in one for one in told(platform, rules))


@pytest.mark.parametrize(
    ("platform", "rules"),
    [
        ("reddit", "author: {comment_karma: '< 3'}\nflair_text: x\naction: filter"),
        ("discord", "type: text submission\ntitle: x\naction: filter"),
        ("discord", "author: {account_age: '< 3 days', roles: vip}\nbody: x\naction: filter"),
        ("slack", "title+body: x\naction: filter"),
    ],
)
def test_what_is_known_is_not_talked_about(told: Told, platform: str, rules: str) -> None:
    assert told(platform, rules) == []


@pytest.mark.parametrize("platform", sorted(UNKNOWN))
def test_all_that_is_listed_is_in_the_language(platform: str) -> None:
    unknown = UNKNOWN[platform]
    assert platform in OWN
    assert unknown.message <= COMMENT.keys | SUBMISSION.keys
    assert unknown.author <= GROUPS["author"].keys | USER_CHECKS | frozenset(THRESHOLDS)
    assert unknown.community <= GROUPS["subreddit"].keys
    assert unknown.parts <= GROUPS.keys()
