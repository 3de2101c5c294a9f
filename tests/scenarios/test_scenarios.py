"""Each kind's scenario, played through a whole house; its page in the docs says what happened."""

from __future__ import annotations

from pathlib import Path

import pytest

from greenroom.message import SPOKEN
from tests.scenarios.__main__ import PAGES
from tests.scenarios.stage import Happened, on_stage, read_scenario, scenarios
from tests.scenarios.transcript import page

KNOWN = {"nothing", "says", "purpose", "does", "case"}


@pytest.mark.parametrize("path", scenarios(), ids=lambda path: path.stem)
async def test_a_scenario_comes_out_as_its_script_and_its_page_say(
    path: Path, tmp_path: Path
) -> None:
    scenario = read_scenario(path)
    async with on_stage(scenario, tmp_path / "house") as stage:
        happened = await stage.play()
    for one in happened:
        _check(one)
    written = (PAGES / f"{scenario.name}.md").read_text("utf-8")
    assert written == page(scenario, happened), "run: python -m tests.scenarios"


def test_there_is_one_for_each_kind() -> None:
    kinds = {"assistant", "companion", "curator", "moderator", "advocate"}
    assert kinds <= {path.stem for path in scenarios()}


def _check(one: Happened) -> None:
    expect, where = one.step.expect, f"step {one.step.line}: {one.step.says}"
    assert set(expect) <= KNOWN, where
    said = [did.action for did in one.did if did.action.kind in SPOKEN]
    if expect.get("nothing"):
        assert (one.did, one.cases) == ((), ()), where
    if "says" in expect:
        assert any(expect["says"] in (action.text or "") for action in said), (where, said)
    if "purpose" in expect:
        assert [action.purpose for action in said] == [expect["purpose"]], (where, said)
    if "does" in expect:
        assert expect["does"] in [did.action.kind for did in one.did], (where, one.did)
    if "case" in expect:
        assert [case.severity for case in one.cases] == [expect["case"]], (where, one.cases)
    for did in one.did:
        is_said = did.action.kind in SPOKEN and did.persona != "backstage"
        assert did.action.footer or not is_said, f"{where}: said without a disclosure"
