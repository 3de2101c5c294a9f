"""A persona's version changes with what makes it decide, and with nothing else."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import rfc8785

from greenroom.company import gather
from greenroom.starter import lay_out
from greenroom.versions import persona_version, version_files


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    list(lay_out(tmp_path, bots=["replay"]))
    return tmp_path


def versions(folder: Path) -> dict[str, str]:
    return dict(gather(folder / "config.yaml").versions)


def add(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text((path.read_text() if path.exists() else "") + text)


def test_anybody_can_compute_it(folder: Path) -> None:
    company = gather(folder / "config.yaml")
    name, version = next(iter(company.versions.items()))
    files = [f"personas/{name}.yaml"]
    files += [f"policies/{one}.yaml" for one in company.deployment.personas[name].policies]
    pairs = [[one, hashlib.sha256((folder / one).read_bytes()).hexdigest()] for one in files]
    assert version == hashlib.sha256(rfc8785.dumps(sorted(pairs))).hexdigest()
    assert version == persona_version(company.deployment, name)


def test_it_changes_with_the_personas_file_alone(folder: Path) -> None:
    before = versions(folder)
    name = next(iter(before))
    add(folder / "personas" / f"{name}.yaml", "\n# a word more\n")
    after = versions(folder)
    assert after[name] != before[name]
    assert {k: v for k, v in after.items() if k != name} == {
        k: v for k, v in before.items() if k != name
    }


def test_it_changes_with_a_policy_of_its_own(folder: Path) -> None:
    company = gather(folder / "config.yaml")
    before = company.versions
    for policy in company.policies:
        using = {n for n, p in company.deployment.personas.items() if policy in p.policies}
        path = folder / "policies" / f"{policy}.yaml"
        text = path.read_text()
        path.write_text(f"# a word more\n{text}")
        changed = {name for name, version in versions(folder).items() if version != before[name]}
        assert changed == using
        path.write_text(text)


def test_it_changes_with_a_list_that_a_rule_names(folder: Path) -> None:
    company = gather(folder / "config.yaml")
    name, persona = next((n, p) for n, p in company.deployment.personas.items() if p.policies)
    policies = folder / "policies"
    add(policies / "lists" / "shady-ones.txt", "shady.example\n")
    add(policies / "lists" / "unrelated-zz.txt", "other\n")
    add(policies / "parts" / "fresh-part.yaml", "domain: {list: shady-ones}\n")
    rule = "\n---\ninclude: fresh-part\naction: report\naction_reason: shady\n"
    add(policies / f"{persona.policies[0]}.yaml", rule)
    deployment = gather(folder / "config.yaml").deployment
    named = {path.name for path in version_files(deployment, name)}
    assert {"fresh-part.yaml", "shady-ones.txt"} <= named
    assert "unrelated-zz.txt" not in named
    before = versions(folder)[name]
    add(policies / "lists" / "unrelated-zz.txt", "more\n")
    assert versions(folder)[name] == before
    add(policies / "lists" / "shady-ones.txt", "more.example\n")
    assert versions(folder)[name] != before
