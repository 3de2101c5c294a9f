"""Rule files that communities really wrote: every rule loads, or its mistake is located."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from greenroom.policies import Policy, evaluate, load_policy
from tests.policies.rules import KNOWN, NOTHING, NOW, comment, link, post

FOLDER = Path(__file__).parents[2].parent / "shared" / "data" / "automoderator"
FILES = sorted(FOLDER.glob("*.yaml"))

pytestmark = pytest.mark.skipif(not FILES, reason=f"no rule files at {FOLDER}: nothing is tried")


def load(path: Path) -> Policy:
    return load_policy(path, heads=KNOWN.heads, intents=KNOWN.intents, strict=False)


def sections(path: Path) -> int:
    """Sections with something besides comments, counted without our reader."""
    text = path.read_text(encoding="utf-8-sig")
    bodies = [re.sub(r"(?m)^\s*#.*$", "", part) for part in re.split(r"(?m)^---", text)]
    return sum(bool(re.search(r"(?m)^\s*[^\s#-][^:\n]*:(\s|$)", body)) for body in bodies)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_rule_of_a_real_file_loads(path: Path) -> None:
    found = load(path)
    assert found.faults == ()
    assert len(found.rules) == found.size == sections(path)
    assert all(rule.comment or rule.submission for rule in found.rules)
    for warning in found.warnings:
        assert warning.line is not None
        assert warning.column is not None


MESSAGES = [
    comment("help"),
    comment("x" * 20_000, reports=9, author={"account_age_days": 1, "comment_karma": -50}),
    comment("❤️ (555) 123-4567 http://bit.ly/x \ud800", parent_submission={"title": "t"}),
    post("which mmo should I play?", flair_text="News", reports=5, author={"is_moderator": True}),
    post("", body=""),
    link("https://www.youtube.com/watch?v=1", author={"account_age_days": 9000}),
]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_real_rules_evaluate_on_any_message(path: Path) -> None:
    found = load(path)
    for message in MESSAGES:
        evaluation = evaluate((found,), message, NOTHING, now=NOW)
        assert len(evaluation.explanations) == len(evaluation.fired)
        removals = [one for one in evaluation.fired if found.rules[one.rule].is_removal]
        assert len(removals) <= 1


def test_real_rules_do_what_their_writers_meant() -> None:
    named = {path.stem: load(path) for path in FILES}

    def fired(stem: str, message: object) -> set[str]:
        found = evaluate((named[stem],), message, NOTHING, now=NOW)  # type: ignore[arg-type]
        return {action.kind.value for action in found.actions}

    flaired = fired("Guerillero__LavaSpike", post("[Card] a new burn spell"))
    assert flaired == {"set_flair"}
    assert fired("Guerillero__LavaSpike", post("a new burn spell")) == {"remove", "reply"}
    itap = "squingu__itap"
    assert "remove" in fired(itap, post("itap of a bird"))
    assert "remove" not in fired(itap, post("ITAP of a bird"))
    assert "remove" in fired(itap, link("https://youtu.be/x", title="ITAP of a bird"))
    assert "modmail" in fired("ChangedNameTo__Reddit-Parser", comment("x", reports=3))
    assert "remove" in fired("ChangedNameTo__Reddit-Parser", comment("call 555-123-4567 now"))
    assert fired("kerray__r-brno", comment("x", author={"account_age_days": 3})) == set()
    young = comment("x", author={"account_age_days": 3, "is_submitter": False})
    assert fired("kerray__r-brno", young) == {"remove", "message", "modmail"}
