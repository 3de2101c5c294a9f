"""Every action, on the message, its author and its parent; texts, limits, shapes."""

from __future__ import annotations

from typing import Any

import pytest

from greenroom.message import Action, ActionKind, Flair
from greenroom.policies import BOT_DISCLAIMER
from tests.policies.rules import comment, decided, faults, post, remarks, shown


def actions(lines: str, **values: Any) -> tuple[Action, ...]:
    return decided(f"type: submission\n{lines}", post(**values)).actions


@pytest.mark.parametrize("verb", ["remove", "spam", "filter", "report", "escalate", "reply"])
def test_an_action_carries_its_reason_and_rule(verb: str) -> None:
    (action,) = actions(f"action: {verb}\naction_reason: why {{{{author}}}}")
    assert (action.kind, action.reason, action.rule) == (ActionKind(verb), "why mika", "rules#0")


def test_report_reason_is_another_name() -> None:
    assert actions("action: report\nreport_reason: why")[0].reason == "why"
    assert actions("action: remove")[0].reason is None


@pytest.mark.parametrize(
    ("line", "kind", "value"),
    [
        ("set_sticky: true", ActionKind.SET_STICKY, True),
        ("set_sticky: 2", ActionKind.SET_STICKY, 2),
        ("set_nsfw: true", ActionKind.SET_NSFW, True),
        ("set_nsfw: no", ActionKind.SET_NSFW, False),
        ("set_spoiler: true", ActionKind.SET_SPOILER, True),
        ("set_contest_mode: true", ActionKind.SET_CONTEST_MODE, True),
        ("set_original_content: true", ActionKind.SET_ORIGINAL_CONTENT, True),
        ("set_locked: true", ActionKind.SET_LOCKED, True),
        ('set_suggested_sort: "new"', ActionKind.SET_SUGGESTED_SORT, "new"),
        ("set_post_crowd_control_level: OFF", ActionKind.SET_POST_CROWD_CONTROL_LEVEL, "OFF"),
        ("set_post_crowd_control_level: strict", ActionKind.SET_POST_CROWD_CONTROL_LEVEL, "STRICT"),
    ],
)
def test_a_set_action_has_its_value(line: str, kind: ActionKind, value: object) -> None:
    (action,) = actions(line)
    assert (action.kind, action.value) == (kind, value)
    key = line.split(":", maxsplit=1)[0]
    assert shown(f"type: submission\n{line}", post())[key] == value


@pytest.mark.parametrize(
    ("line", "flair", "value"),
    [
        ("set_flair: Music", Flair("Music"), "Music"),
        ('set_flair: ""', Flair(""), ""),
        ('set_flair: ["Fight", "arena"]', Flair("Fight", "arena"), ["Fight", "arena"]),
        ("set_flair: [Fight]", Flair("Fight"), ["Fight"]),
        (
            "set_flair: {text: Fix, template_id: a-1}",
            Flair("Fix", None, "a-1"),
            {"text": "Fix", "template_id": "a-1"},
        ),
        (
            "set_flair: {template_id: a-1, text: '{{author}}', css_class: red}",
            Flair("mika", "red", "a-1"),
            {"template_id": "a-1", "text": "mika", "css_class": "red"},
        ),
        ("set_flair: {template_id: a-1}", Flair(None, None, "a-1"), {"template_id": "a-1"}),
    ],
)
def test_set_flair_has_three_shapes(line: str, flair: Flair, value: object) -> None:
    (action,) = actions(line)
    assert action.flair == flair
    assert shown(f"type: submission\n{line}", post())["set_flair"] == value


def test_flair_is_set_on_authors_and_parents() -> None:
    text = (
        "body: solved\nauthor:\n    set_flair: Asker\nparent_submission:\n"
        "    set_flair: [Solved, ok]\n    set_locked: true\n    action: report\n"
    )
    message = comment("solved", parent_submission={"title": "how?"})
    found = decided(text, message).actions
    assert [(one.kind, one.on_author, one.on_parent) for one in found] == [
        (ActionKind.SET_FLAIR, True, False),
        (ActionKind.REPORT, False, True),
        (ActionKind.SET_LOCKED, False, True),
        (ActionKind.SET_FLAIR, False, True),
    ]
    values = shown(text, message)
    assert values["author"] == {"set_flair": "Asker"}
    assert values["parent_submission"]["set_flair"] == ["Solved", "ok"]
    assert values["parent_submission"]["action"] == "report"


def test_a_flair_is_replaced_only_on_demand() -> None:
    assert not actions("set_flair: New", flair_text="Old")
    assert actions("set_flair: New\noverwrite_flair: true", flair_text="Old")[0].overwrite
    two = "type: submission\nset_flair: One\n---\ntype: submission\nset_flair: Two\n"
    assert shown(two, post())["set_flair"] == "One"
    assert shown(two + "overwrite_flair: true\n", post())["set_flair"] == "Two"


def test_a_comment_carries_the_disclaimer_and_its_flags() -> None:
    (action,) = actions("comment: |\n    Hi {{author}}\ncomment_stickied: true")
    assert action.kind is ActionKind.REPLY
    assert action.text == f"Hi mika\n\n{BOT_DISCLAIMER}"
    assert (action.sticky, action.lock) == (True, False)
    values = shown("type: submission\ncomment: x\ncomment_locked: true", post())
    assert (values["comment_locked"], values["comment_stickied"]) == (True, False)


def test_the_disclaimer_can_be_left_to_the_persona() -> None:
    found = decided("type: submission\ncomment: Hi", post(), disclaimer="")
    assert found.actions[0].text == "Hi"


def test_letters_have_subjects_and_the_permalink() -> None:
    link = "https://r.example/abc"
    message, modmail = sorted(
        actions("message: see\nmodmail: look\nmodmail_subject: S {{title}}", permalink=link),
        key=lambda action: action.kind,
    )
    assert message.subject == "AutoModerator notification"
    assert message.text == f"{link}\n\nsee\n\n{BOT_DISCLAIMER}"
    assert (modmail.subject, modmail.text) == ("S a title", f"{link}\n\nlook")


def test_a_permalink_that_is_there_is_not_prepended() -> None:
    (action,) = actions("modmail: 'see [it]({{permalink}})'", permalink="https://r.example/1")
    assert action.text == "see [it](https://r.example/1)"
    (action,) = actions("modmail: see")
    assert action.text == "see"


def test_texts_are_cut_at_their_limits() -> None:
    long = "é" * 1_000_000
    lines = (
        "comment: 'x{{body}}'\nmessage: '{{body}}{{body}}'\nmodmail: '{{body}}'\n"
        "message_subject: '{{body}}'\nset_flair: '{{body}}'\naction: report\n"
        "action_reason: '{{body}}'\n"
    )
    found = {one.kind: one for one in actions(lines, body=long, permalink="https://r.example/1")}
    reply, letter = found[ActionKind.REPLY], found[ActionKind.MESSAGE]
    assert len(reply.text or "") == len(letter.text or "") == 10_000
    assert (reply.text or "").endswith(BOT_DISCLAIMER)
    assert (letter.text or "").startswith("https://r.example/1\n\n")
    assert len(found[ActionKind.MODMAIL].text or "") == 10_000
    assert len(letter.subject or "") == 100
    assert found[ActionKind.SET_FLAIR].flair == Flair("é" * 64)
    assert len(found[ActionKind.REPORT].reason or "") == 1_000


def test_own_actions_are_ordered() -> None:
    lines = "react: [👍, 👀]\nlabel: seen\ntimeout: 90 minutes\nban: 7 days\nreply: hi {{author}}"
    found = actions(lines)
    assert [(one.kind, one.text, one.duration_s) for one in found] == [
        (ActionKind.REPLY, "hi mika", None),
        (ActionKind.REACT, "👍", None),
        (ActionKind.REACT, "👀", None),
        (ActionKind.LABEL, "seen", None),
        (ActionKind.TIMEOUT, None, 5400),
        (ActionKind.BAN, None, 604_800),
    ]
    values = shown(f"type: submission\n{lines}", post())
    assert (values["react"], values["label"], values["timeout"]) == (["👍", "👀"], ["seen"], 5400)


def test_the_persona_answers_for_itself() -> None:
    for line in ("reply: true", "action: reply"):
        (action,) = actions(line)
        assert (action.kind, action.text) == (ActionKind.REPLY, None)
    assert not actions("reply: false\nban: false\nset_nsfw: true")[1:]


def test_escalations_have_a_severity() -> None:
    found = decided("type: submission\naction: escalate\nseverity: critical", post())
    assert (found.severity, found.actions[0].value) == ("critical", "critical")
    assert decided("type: submission\naction: escalate", post()).severity == "medium"
    assert decided("type: submission\naction: remove\nseverity: high", post()).severity == "high"
    assert decided("type: submission\naction: remove", post()).severity == "low"


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ("action: delete", "`action` cannot be 'delete'"),
        ("action: [remove]", "`action` must be one text, not a list"),
        ("action:", "`action` has no value"),
        ("set_sticky: 9", "`set_sticky` is true, false or a slot"),
        ("set_suggested_sort: loud", "accepted: best"),
        ("set_flair: [a, b, c]", "lists a text and a CSS class"),
        ("set_flair: {colour: red}", "unknown key of set_flair `colour`"),
        ("set_flair: {}", "`set_flair` is empty"),
        ("comment: ' '", "`comment` has no text"),
        ("comment: [a]", "must be one text"),
        ("comment: {{match}}", "put quotes around a text that starts with {{"),
        ("timeout: 5", "needs a duration with its unit"),
        ("timeout: 0 days", "needs a duration"),
        ("ban: forever", "needs a duration"),
        ("react: ''", "`react` names nothing"),
        ("action: escalate\nseverity: awful", "`severity` cannot be 'awful'"),
        ("set_nsfw: maybe", "must be true or false"),
    ],
)
def test_a_faulty_action_is_told(lines: str, says: str) -> None:
    found = faults(f"type: submission\n{lines}")
    assert any(says in fault for fault in found), found


def test_submission_actions_do_not_apply_to_comments() -> None:
    assert "`set_flair` does not apply to a comment" in faults("type: comment\nset_flair: x")[0]
    assert not decided("body: cat\nset_flair: x", comment("cat")).fired
    assert decided("body: cat\nset_flair: x", post(body="cat")).fired


def test_a_key_that_goes_with_nothing_is_remarked() -> None:
    found = remarks("type: submission\nset_nsfw: true\ncomment_stickied: true\naction_reason: x")
    assert "`action_reason` does nothing without `action`" in found[0] + found[1]
    assert "`comment_stickied` does nothing without `comment`" in found[0] + found[1]
