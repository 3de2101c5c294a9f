"""What each command prints, and how it ends."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from greenroom.cli.commands import app
from greenroom.errors import ConfigError
from tests.cli.conftest import Greenroom

COMMANDS = (
    *(["init"], ["check"], ["try"], ["run"], ["demo"], ["triage"]),
    *(["backtest"], ["promote"], ["schema"], ["policy", "try"], ["desk", "link"], ["bot", "add"]),
    *(["persona", "chat"], ["persona", "test"]),
    *(["provenance", name] for name in ("verify", "show", "export", "key", "rotate")),
    ["report", "personas"],
    *(["knowledge", "add"], ["knowledge", "search"], ["knowledge", "check"]),
    ["knowledge", "pull"],
)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help_has_an_example(greenroom: Greenroom, command: list[str]) -> None:
    ended = greenroom(*command, "--help")
    assert ended.code == 0
    assert f"Example: greenroom {' '.join(command)}" in " ".join(ended.out.split())


def test_every_command_is_known_to_the_help_test() -> None:
    names = {command.name for command in app.registered_commands}
    assert names == {command[0] for command in COMMANDS if len(command) == 1}


def test_version(greenroom: Greenroom) -> None:
    assert re.match(r"greenroom \d+\.\d+", greenroom("--version").out)


def test_init_lays_out_a_deployment_that_checks(greenroom: Greenroom, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    assert greenroom("init", folder).code == 0
    ended = greenroom("check", "--config", folder / "config.yaml")
    assert (ended.code, ended.err) == (0, "")
    assert "1 bot, 5 personas, 5 policies" in ended.out


def test_init_overwrites_nothing(greenroom: Greenroom, tmp_path: Path) -> None:
    greenroom("init", tmp_path)
    (tmp_path / "config.yaml").write_text("desk: {port: 9000}\n")
    ended = greenroom("init", tmp_path, "--bot", "discord")
    assert (tmp_path / "config.yaml").read_text() == "desk: {port: 9000}\n"
    assert (tmp_path / "bots" / "discord.yaml").exists()
    assert "discord.yaml" in ended.out
    assert "config.yaml\n" not in ended.out.split("Next:")[0]


def test_init_of_an_unknown_bot_says_which_there_are(greenroom: Greenroom, tmp_path: Path) -> None:
    ended = greenroom("init", tmp_path, "--bot", "discrod")
    assert ended.code == 2
    assert "did you mean `discord`?" in ended.err


def test_check_tells_a_mistake_with_its_place(greenroom: Greenroom, tmp_path: Path) -> None:
    greenroom("init", tmp_path)
    persona = tmp_path / "personas" / "guide.yaml"
    persona.write_text(persona.read_text().replace("knowledge:", "knowlege:"))
    ended = greenroom("check", "--config", tmp_path / "config.yaml")
    assert ended.code == 2
    assert re.search(r"guide\.yaml:\d+:1: unknown key `knowlege`", ended.err)
    assert "did you mean `knowledge`?" in ended.err


def test_check_tells_what_a_value_may_be(greenroom: Greenroom, tmp_path: Path) -> None:
    greenroom("init", tmp_path)
    guide = tmp_path / "personas" / "guide.yaml"
    text = guide.read_text().replace("kind: assistant", "kind: asistant")
    guide.write_text(text + "  - {says: hi, expect: {actions: [replyy]}}\n")
    ended = greenroom("check", "--config", tmp_path / "config.yaml")
    assert "guide.yaml:4:1: `kind`: unknown value 'asistant'" in ended.err
    assert "did you mean `assistant`? accepted: assistant, companion," in ended.err
    assert "unknown value 'replyy'\n  did you mean `reply`?" in ended.err


def test_check_tells_all_mistakes_of_all_files_at_once(
    greenroom: Greenroom, tmp_path: Path
) -> None:
    greenroom("init", tmp_path)
    guide, rules = tmp_path / "personas" / "guide.yaml", tmp_path / "policies" / "help.yaml"
    guide.write_text(guide.read_text().replace("[help]", "[halp]") + "limts: {}\n")
    rules.write_text("bdoy: x\naction: remove\n")
    (tmp_path / "bots" / "terminal.yaml").write_text("adapter: terminl\n")
    ended = greenroom("check", "--config", tmp_path / "config.yaml")
    assert ended.code == 2
    for told in ("`limts`", "no policy `halp`", "help.yaml:1:1:", "adapter `terminl`"):
        assert told in ended.err


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("policies: [help]", "policies: [halp]"), "there is no policy `halp`"),
        (("rules.md", "rulez.md"), "there is no knowledge `rulez.md`"),
    ],
)
def test_check_tells_what_does_not_exist(
    greenroom: Greenroom, tmp_path: Path, change: tuple[str, str], told: str
) -> None:
    greenroom("init", tmp_path)
    persona = tmp_path / "personas" / "guide.yaml"
    persona.write_text(persona.read_text().replace(*change))
    ended = greenroom("check", "--config", tmp_path / "config.yaml")
    assert ended.code == 2
    assert told in ended.err


def test_check_tells_a_missing_secret(greenroom: Greenroom, tmp_path: Path) -> None:
    greenroom("init", tmp_path, "--bot", "discord")
    ended = greenroom("check", "--config", tmp_path / "config.yaml")
    assert ended.code == 2
    assert "secret DISCORD_TOKEN is not set" in ended.err
    assert greenroom("check", "--config", tmp_path / "config.yaml", "--no-secrets").code == 0


def test_check_warns_of_what_a_platform_cannot_do(greenroom: Greenroom, tmp_path: Path) -> None:
    greenroom("init", tmp_path, "--bot", "slack")
    ended = greenroom("check", "--config", tmp_path / "config.yaml", "--no-secrets")
    assert ended.code == 0
    assert re.search(
        r"slack cannot do `filter`, which policy civility asks for \(line \d+", ended.err
    )


def test_check_runs_the_examples(greenroom: Greenroom, tmp_path: Path) -> None:
    greenroom("init", tmp_path)
    config = tmp_path / "config.yaml"
    ended = greenroom("check", "--config", config, "--examples")
    assert (ended.code, ended.err) == (0, "")
    guide = tmp_path / "personas" / "guide.yaml"
    guide.write_text(guide.read_text().replace("cites: faq.md", "cites: rules.md"))
    ended = greenroom("check", "--config", config, "--examples")
    assert ended.code == 1
    assert "expected a reply that cites rules.md" in ended.err


@pytest.mark.parametrize(
    ("file", "text", "told"),
    [
        ("config.yaml", "desk: {port: 8080, port: 8081}\n", "`port` stands twice"),
        ("personas/quiet.yaml", "kind: assistant\nname: Q\noperator: T\ndisclosure: D\n",
         "quiet has no policies"),
    ],
)  # fmt: skip
def test_check_warns_of_what_may_surprise(
    greenroom: Greenroom, tmp_path: Path, file: str, text: str, told: str
) -> None:
    greenroom("init", tmp_path)
    (tmp_path / file).write_text(text)
    ended = greenroom("check", "--config", tmp_path / "config.yaml")
    assert ended.code == 0
    assert told in ended.err


def test_check_warns_where_no_bot_is(greenroom: Greenroom, tmp_path: Path) -> None:
    greenroom("init", tmp_path)
    (tmp_path / "bots" / "terminal.yaml").unlink()
    ended = greenroom("check", "--config", tmp_path / "config.yaml")
    assert "has no bots: nothing will come in" in ended.err


def test_check_opens_what_a_start_would_open(greenroom: Greenroom, tmp_path: Path) -> None:
    greenroom("init", tmp_path, "--bot", "replay")
    (tmp_path / "messages.jsonl").write_text("{")
    (tmp_path / "config.yaml").write_text("triage: {model: nowhere}\n")
    (tmp_path / "knowledge" / "odd.md").write_bytes(b"\xff")
    ended = greenroom("check", "--config", tmp_path / "config.yaml")
    assert ended.code == 2
    for told in ("messages.jsonl:1:1: is not JSON", "odd.md:1:1: is not UTF-8", "nowhere"):
        assert told in ended.err


def test_run_needs_a_config(greenroom: Greenroom, tmp_path: Path) -> None:
    ended = greenroom("run", "--config", tmp_path / "none.yaml")
    assert ended.code == 2
    assert "none.yaml: cannot be read" in ended.err


def test_try_answers_from_the_knowledge(greenroom: Greenroom) -> None:
    ended = greenroom("try", "how do I get the verified role?", "--persona", "guide")
    assert ended.code == 0
    assert "Source: faq.md" in ended.out
    assert "Type /human" in ended.out
    assert "because: answered from faq.md" in ended.out


def test_try_as_json_says_why(greenroom: Greenroom) -> None:
    ended = greenroom("try", "shut up you worthless piece of shit", "--persona", "warden", "--json")
    found = json.loads(ended.out)
    assert "filter" in [action["action"] for action in found["actions"]]
    assert found["fired"][0]["policy"] == "civility"
    assert found["scores"]["insult"] > 0.8


def test_try_explains_which_words_made_the_scores(greenroom: Greenroom) -> None:
    ended = greenroom("try", "good day, you stupid idiot", "--persona", "warden", "--explain")
    assert ended.code == 0
    assert re.search(r"\d+%  (stupid|idiot)\n", ended.out)
    assert re.search(r"\nwithout “.+” it would be 0\.\d\d, under 0\.\d\d: then ", ended.out)
    assert "then nothing would be done" in ended.out


def test_try_says_why_a_rule_did_not_fire(greenroom: Greenroom) -> None:
    tried = ["try", "lovely weather", "--persona", "warden", "--why"]
    ended = greenroom(*tried, "civility#3")
    assert re.search(
        r"\nwhy civility:\d+ Insult, all but certain: `triage.insult` is .*0\S*, wanted > 0.92\n",
        ended.out,
    )
    told = json.loads(greenroom(*tried, "spam#0", "--json").out)["why"]
    assert (told["rule"], told["fired"], told["check"]) == ("spam#0", False, "body+title (regex)")
    ended = greenroom(*tried, "civility#99")
    assert (ended.code, "warden has no rule `civility#99`" in ended.err) == (2, True)


def test_try_explains_the_highest_score_where_no_rule_fired(greenroom: Greenroom) -> None:
    ended = greenroom("try", "lovely weather", "--persona", "warden", "--explain", "--json")
    found = json.loads(ended.out)
    (one,) = found["explanations"]
    highest = max(score for head, score in found["scores"].items() if head != "sentiment")
    # The first stage settled it, and the encoder explains: they agree that there is nothing.
    assert one["score"] == pytest.approx(highest, abs=0.05)
    assert (one["threshold"], one["turning"]) == (None, None)


def test_try_as_json_has_the_words_and_what_would_then_be_done(greenroom: Greenroom) -> None:
    text = "good day, you stupid idiot"
    ended = greenroom("try", text, "--persona", "warden", "--explain", "--json")
    for one in json.loads(ended.out)["explanations"]:
        assert {word["text"] for word in one["words"][:2]} == {"stupid", "idiot"}
        assert all(text[word["start"] : word["end"]] == word["text"] for word in one["words"])
        assert one["turning"]["score"] < one["threshold"] <= one["score"]
        assert isinstance(one["turning"]["then"], list)
    assert "explanations" not in json.loads(
        greenroom("try", text, "--persona", "warden", "--json").out
    )


def test_try_explains_hostile_text_as_text(greenroom: Greenroom) -> None:
    text = "[red]you[/red] \x1b[31m\u202e[link=http://x.example]idiot[/link] \x07[/"
    ended = greenroom("try", text, "--persona", "warden", "--explain")
    assert ended.code == 0
    told = ended.out[ended.out.index("by its words:") :]
    assert "[red]you[/red] \\u001b[31m\\u202e[link=http://x.example]idiot[/link] \\u0007[/" in told
    assert not set("\x1b\u202e\x07") & set(told)


def test_try_tells_which_personas_there_are(greenroom: Greenroom) -> None:
    ended = greenroom("try", "hi", "--persona", "wardn")
    assert ended.code == 2
    assert "did you mean `warden`?" in ended.err


def test_triage_scores_lines_in_order(greenroom: Greenroom, tmp_path: Path) -> None:
    lines = [{"text": f"line {n}", "n": n} for n in range(100)] + [{"text": "you idiot", "n": 100}]
    path = tmp_path / "in.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in lines))
    ended = greenroom("triage", "--jsonl", path)
    scored = [json.loads(line) for line in ended.out.splitlines()]
    assert [one["n"] for one in scored] == list(range(101))
    assert scored[100]["scores"]["insult"] > scored[0]["scores"]["insult"]
    assert "embedding" not in scored[0]


def test_triage_takes_plain_lines_too(greenroom: Greenroom, tmp_path: Path) -> None:
    path = tmp_path / "lines.txt"
    path.write_bytes(b"you stupid idiot\r\n\xff odd\n")
    ended = greenroom("triage", path)
    first, second = (json.loads(line) for line in ended.out.splitlines())
    assert (first["text"], second["text"]) == ("you stupid idiot", "\ufffd odd")
    assert first["scores"]["insult"] > 0.8


def test_triage_embeds_on_request(greenroom: Greenroom, tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text('{"text": "hello"}\n\n{"text": "\\ud800 odd"}\n')
    ended = greenroom("triage", "--jsonl", "--embed", path)
    scored = [json.loads(line) for line in ended.out.splitlines()]
    assert len(scored) == 2
    assert sum(number**2 for number in scored[0]["embedding"]) == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize("line", ["{", "[]", '{"txt": "a"}', '{"text": 3}'])
def test_triage_tells_a_bad_line(greenroom: Greenroom, tmp_path: Path, line: str) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text('{"text": "fine"}\n' + line)
    ended = greenroom("triage", "--jsonl", path)
    assert ended.code == 2
    assert "in.jsonl:2:1:" in ended.err
    assert [json.loads(line)["text"] for line in ended.out.splitlines()] == ["fine"]


def test_policy_try_says_what_rules_would_do(greenroom: Greenroom, tmp_path: Path) -> None:
    rules, messages = tmp_path / "rules.yaml", tmp_path / "messages.jsonl"
    rules.write_text(
        "type: comment\nbody: cats\naction: remove\naction_reason: 'no {{match}}'\n"
        "---\nbody: cats\ncomment: 'Hi {{author}}'\n"
    )
    messages.write_text(
        '{"kind": "comment", "body": "cats!", "author": {"name": "sam"}}\n'
        '{"kind": "comment", "body": "dogs"}\n'
    )
    ended = greenroom("policy", "try", rules, messages, "--json")
    first, second = (json.loads(line) for line in ended.out.splitlines())
    assert [one["rule"] for one in first["fired"]] == [0, 1]
    assert (first["action"], first["action_reason"]) == ("remove", "no cats")
    assert first["comment"].startswith("Hi sam")
    assert second["fired"] == []


def test_policy_try_says_why_a_rule_did_not_fire(greenroom: Greenroom, tmp_path: Path) -> None:
    rules, messages = tmp_path / "rules.yaml", tmp_path / "messages.jsonl"
    rules.write_text("# No cats\nbody: cats\naction: remove\n")
    messages.write_text('{"body": "dogs"}\n')
    asked = ["policy", "try", rules, messages, "--why", "no cats"]
    assert "rule 0: `body` found none of its values in body" in greenroom(*asked).out
    told = json.loads(greenroom(*asked, "--json").out)["why"]
    assert (told["fired"], told["check"]) == (False, "body")
    ended = greenroom("policy", "try", rules, messages, "--why", "no dogs")
    assert ended.code == 2
    assert "rules.yaml: has no rule `no dogs`" in ended.err
    assert "No cats" in ended.err


def test_policy_try_reads_scores_where_rules_ask_for_them(
    greenroom: Greenroom, tmp_path: Path
) -> None:
    rules, messages = tmp_path / "rules.yaml", tmp_path / "messages.jsonl"
    rules.write_text('triage: {insult: "> 0.5"}\naction: filter\n')
    messages.write_text(
        '{"body": "you stupid idiot"}\n{"body": "lovely"}\n'
        '{"body": "you stupid idiot", "scores": {"insult": 0.1}}\n{"text": "you idiot"}\n'
    )
    ended = greenroom("policy", "try", rules, messages, "--json")
    fired = [bool(json.loads(line)["fired"]) for line in ended.out.splitlines()]
    assert fired == [True, False, False, False]
    assert "messages.jsonl:4: has none of author, body, title, url" in ended.err


def test_init_adds_no_bot_to_a_folder_that_has_one(greenroom: Greenroom, tmp_path: Path) -> None:
    greenroom("init", tmp_path, "--bot", "discord")
    greenroom("init", tmp_path)
    assert [path.name for path in (tmp_path / "bots").iterdir()] == ["discord.yaml"]


def test_init_with_a_replay_brings_its_recording(greenroom: Greenroom, tmp_path: Path) -> None:
    greenroom("init", tmp_path, "--bot", "replay")
    assert (tmp_path / "messages.jsonl").exists()


def test_policy_try_tells_a_mistake_in_the_rules(greenroom: Greenroom, tmp_path: Path) -> None:
    rules, messages = tmp_path / "rules.yaml", tmp_path / "messages.jsonl"
    rules.write_text("bdoy: cats\naction: remove\n")
    messages.write_text('{"body": "a"}\n')
    ended = greenroom("policy", "try", rules, messages)
    assert ended.code == 2
    assert "rules.yaml:1:1:" in ended.err


def test_desk_link_is_good_for_one_sign_in(greenroom: Greenroom, tmp_path: Path) -> None:
    greenroom("init", tmp_path)
    ended = greenroom("desk", "link", "--config", tmp_path / "config.yaml", "--moderator", "sam")
    assert ended.code == 0
    assert re.match(r"http://127\.0\.0\.1:8080/sign-in\?token=\S{20,}", ended.out)


def test_an_error_from_inside_a_task_group_ends_with_its_code(
    greenroom: Greenroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails() -> None:
        inner = ConfigError("the token is wrong", file="bots/b.yaml", line=3, column=1)
        raise ExceptionGroup("loop", [ExceptionGroup("adapter", [inner])])

    monkeypatch.setattr(sys.modules["greenroom.cli.commands"], "app", fails)
    ended = greenroom("run")
    assert (ended.code, ended.err) == (2, "bots/b.yaml:3:1: the token is wrong\n")
