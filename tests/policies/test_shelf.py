"""Lists and parts beside the policies: written once, named by their files."""

from __future__ import annotations

from pathlib import Path

import pytest

from greenroom.errors import ConfigErrors
from greenroom.message import Message
from greenroom.policies import Policy, evaluate, load_policy
from tests.policies.rules import NOTHING, NOW, comment, link


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files = {
        "lists/shorteners.txt": "# link shorteners\nshort.example\n\n  tiny.example  \n#\n",
        "lists/words.yaml": "- yes\n- 'a: b'\n- '#tag'\n",
        "lists/patterns.txt": r"fo+" + "\n(\n",
        "lists/tags.txt": "#free\n",
        "lists/empty.txt": "# nothing yet\n",
        "lists/group.yaml": "a: b\n",
        "parts/newcomer.yaml": 'Author:\n    account_age: "< 7 days"\n',
        "parts/link.yaml": "url (includes): http\naction: report\n",
        "parts/both.yaml": "include: [newcomer, link]\n",
        "parts/round.yaml": "include: round\n",
        "parts/wrong.yaml": "\nbodi: x\n",
        "parts/cat.yaml": "body: cat\n",
        "parts/dog.yaml": "body: dog\n",
        "parts/list.yaml": "- a\n",
        "parts/images.yaml": "standard: image hosting sites\n",
    }
    for name, text in files.items():
        path = tmp_path / "policies" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path / "policies"


def load(folder: Path, text: str) -> Policy:
    file = folder / "rules.yaml"
    file.write_text(text, encoding="utf-8")
    return load_policy(file, heads=("toxicity",), intents=("help",))


def fires(folder: Path, text: str, message: Message) -> bool:
    found = evaluate((load(folder, text),), message, NOTHING, now=NOW)
    return bool(found.fired)


def faults(folder: Path, text: str) -> str:
    with pytest.raises(ConfigErrors) as caught:
        load(folder, text)
    return "\n".join(str(fault) for fault in caught.value.faults).replace(f"{folder}/", "")


def test_a_list_stands_for_its_values(folder: Path) -> None:
    rule = "domain: {list: shorteners}\naction: report"
    assert fires(folder, rule, link("https://a.short.example/x"))
    assert fires(folder, rule, link("https://tiny.example/x"))
    assert not fires(folder, rule, link("https://list.example/x"))


def test_a_list_stands_among_other_values(folder: Path) -> None:
    rule = "body: [bird, {list: words}, {list: tags}]\naction: report"
    for body in ("a bird", "yes", "it is a: b", "#tag", "#free money"):
        assert fires(folder, rule, comment(body)), body
    assert not fires(folder, rule, comment("free"))


@pytest.mark.parametrize("rule", ["author: {list: words}", "author: {name: {list: words}}"])
def test_a_list_of_authors(folder: Path, rule: str) -> None:
    assert fires(folder, f"{rule}\naction: report", comment(author={"name": "yes"}))
    assert not fires(folder, f"{rule}\naction: report", comment(author={"name": "no"}))


def test_a_rule_takes_in_a_part_and_overrides_it(folder: Path) -> None:
    rule = "include: newcomer\nbody: cat\naction: report"
    young, old = {"name": "x", "account_age_days": 3}, {"name": "x", "account_age_days": 30}
    assert fires(folder, rule, comment("cat", author=young))
    assert not fires(folder, rule, comment("cat", author=old))
    own = f"{rule}\nauthor: {{account_age: '> 20 days'}}"
    assert fires(folder, own, comment("cat", author=old))


def test_a_groups_other_keys_stay_when_a_part_adds_one(folder: Path) -> None:
    rule = "include: newcomer\nauthor: {name: bob}\naction: report"
    assert fires(folder, rule, comment(author={"name": "bob", "account_age_days": 3}))
    assert not fires(folder, rule, comment(author={"name": "ann", "account_age_days": 3}))
    assert not fires(folder, rule, comment(author={"name": "bob", "account_age_days": 9}))


def test_parts_include_parts_and_bring_actions(folder: Path) -> None:
    young = link("https://a.example", author={"name": "x", "account_age_days": 3})
    assert fires(folder, "include: both", young)
    assert fires(folder, "include: both", young)
    assert not fires(folder, "include: both", link("https://a.example"))


def test_an_item_of_a_group_takes_in_a_part(folder: Path) -> None:
    rule = "any: [{include: cat}, {include: newcomer, body: fish}]\naction: report"
    assert fires(folder, rule, comment("cat"))
    assert not fires(folder, rule, comment("fish"))
    assert fires(folder, rule, comment("fish", author={"name": "x", "account_age_days": 1}))


def test_a_part_takes_in_a_standard_condition(folder: Path) -> None:
    assert fires(folder, "include: images\naction: report", link("https://imgur.com/abc"))
    assert not fires(folder, "include: images\naction: report", link("https://a.example/abc"))


def test_hits_name_the_part_that_they_come_from(folder: Path) -> None:
    rules = load(folder, "include: cat\naction: report")
    (fired,) = evaluate((rules,), comment("cat"), NOTHING, now=NOW).fired
    assert fired.hits[0].check == "cat.body"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("body: {list: wrods}", "rules.yaml:1:8: there is no list `wrods` in policies/lists/"),
        ("body: {list: wrods}", "words"),
        ("body: {list: empty}", "lists/empty.txt:1:1: has no values"),
        ("body: {list: group}", "lists/group.yaml:1:1: has no values"),
        ("body (regex): {list: patterns}", "lists/patterns.txt:2:1: invalid regex"),
        ("include: newcomers", "rules.yaml:1:1: there is no part `newcomers`"),
        ("include: [newcomer, nobody]", "rules.yaml:1:21: there is no part `nobody`"),
        ("include: round", "parts/round.yaml:1:1: parts include each other"),
        ("include: wrong", "parts/wrong.yaml:2:1: unknown key `bodi`"),
        ("include: list", "parts/list.yaml:1:1: is no part of a rule"),
        ("include: [cat, dog]", "parts/dog.yaml:1:1: `body` also stands in parts/cat.yaml"),
        ("author: {include: newcomer}", "`include` belongs at the rule's top level"),
        ("any: [{include: link}]", "parts/link.yaml:2:1: `action` belongs at the rule's top"),
    ],
)
def test_mistakes_are_told_where_they_are(folder: Path, text: str, said: str) -> None:
    assert said in faults(folder, f"{text}\nseverity: low\naction: escalate")


def test_without_lists_the_fault_says_where_to_put_one(tmp_path: Path) -> None:
    said = faults(tmp_path, "body: {list: words}\naction: report")
    assert "make lists/words.txt" in said


def test_a_file_name_cannot_lead_out_of_the_folder(folder: Path) -> None:
    (folder.parent / "secret.txt").write_text("x\n", encoding="utf-8")
    assert "there is no list" in faults(folder, "body: {list: ../../secret}\naction: report")
