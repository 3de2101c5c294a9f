"""The actions of a rule, read into steps; ``orders`` fills them when the rule fires."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from greenroom.message import REMOVALS, ActionKind, Severity
from greenroom.policies.base import FlairTemplate, Step
from greenroom.policies.compare import duration_s
from greenroom.policies.node import Node
from greenroom.policies.placeholders import Template, made_by, parse_template
from greenroom.policies.redaction import redacted

MAX_TEXT: Final = 10_000
MAX_SUBJECT: Final = 100
MAX_FLAIR: Final = 64
DEFAULT_SUBJECT: Final = "AutoModerator notification"

Reader = Callable[[Mapping[str, Node], str], list[Step]]

VERBS: Final = ("approve", "remove", "spam", "filter", "report", "escalate", "reply")
_PARENT_VERBS: Final = ("approve", "remove", "spam", "filter", "report")

_FLAGS: Final[Mapping[str, ActionKind]] = {
    "set_nsfw": ActionKind.SET_NSFW,
    "set_spoiler": ActionKind.SET_SPOILER,
    "set_contest_mode": ActionKind.SET_CONTEST_MODE,
    "set_original_content": ActionKind.SET_ORIGINAL_CONTENT,
    "set_locked": ActionKind.SET_LOCKED,
}
SORTS: Final = (
    "best", "confidence", "top", "hot", "new", "controversial", "old", "qa", "random", "live",
    "blank", "none",
)  # fmt: skip
CROWD_LEVELS: Final = ("OFF", "LENIENT", "MEDIUM", "STRICT")
_FLAIR_KEYS: Final = ("template_id", "text", "css_class")

COMPANIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "action_reason": ("action", "timeout", "kick", "ban", "strike", "redact"),
    "report_reason": ("action", "timeout", "kick", "ban", "strike", "redact"),
    "removal_reason": ("action",),
    "overwrite_flair": ("set_flair",),
    "comment_locked": ("comment", "reply"),
    "comment_stickied": ("comment", "reply"),
    "message_subject": ("message",),
    "modmail_subject": ("modmail",),
    "severity": ("action",),
}
"""Keys that only say how another one acts."""

_ITEM: Final = frozenset({"action", "action_reason", "report_reason", "set_locked"})
_POST: Final = frozenset(
    {*_FLAGS, "set_flair", "overwrite_flair", "set_sticky", "set_suggested_sort"}
    | {"set_post_crowd_control_level"}
)
TOP_ACTIONS: Final = frozenset(
    {"comment", "comment_locked", "comment_stickied", "modmail", "modmail_subject", "message"}
    | {"message_subject", "severity", "reply", "react", "label", "timeout", "ban", "strike"}
    | {"redact", "kick", "unlabel", "notice", "mod_note", "removal_reason"}
)
COMMENT_ACTIONS: Final = _ITEM
SUBMISSION_ACTIONS: Final = _ITEM | _POST
USER_ACTIONS: Final = frozenset({"set_flair", "overwrite_flair"})


def steps_of(group: Mapping[str, Node], part: str) -> list[Step]:
    """The steps of one part of a rule, in the order in which they are done."""
    steps: list[Step] = []
    if "action" in group:
        steps.append(_verb(group, part))
    for key, kind in _FLAGS.items():
        if key in group:
            steps.append(Step(key=key, kind=kind, part=part, value=group[key].flag()))
    for key, read in _READERS.items():
        if key in group:
            steps.extend(read(group, part))
    return steps


def _verb(group: Mapping[str, Node], part: str) -> Step:
    node = group["action"]
    verb = node.choice(VERBS if part == "message" else _PARENT_VERBS)
    kind = ActionKind(verb)
    severity = _severity(group) if kind is ActionKind.ESCALATE else None
    return Step(
        key="action",
        kind=kind,
        part=part,
        reason=_reason(group),
        value=severity and severity.value,
        removal_reason=_removal_reason(group, kind),
    )


def severity_of(group: Mapping[str, Node]) -> Severity:
    """What the rule says, else medium for what it leaves to a person."""
    return _severity(group) or Severity.LOW


def _severity(group: Mapping[str, Node]) -> Severity | None:
    if "severity" in group:
        return Severity(group["severity"].choice([one.value for one in Severity]))
    verb = group.get("action")
    return Severity.MEDIUM if verb is not None and verb.value == "escalate" else None


def _reason(group: Mapping[str, Node]) -> Template | None:
    node = group.get("action_reason") or group.get("report_reason")
    return None if node is None else parse_template(node.text())


def _removal_reason(group: Mapping[str, Node], kind: ActionKind) -> str | None:
    node = group.get("removal_reason")
    if node is None:
        return None
    if kind not in REMOVALS:
        raise node.fault("`removal_reason` needs a removal", accepted="action: remove")
    title = node.text().strip()
    if not title:
        raise node.fault("`removal_reason` is empty", accepted="a title, as on the platform")
    return title


def _flag(group: Mapping[str, Node], key: str) -> bool:
    return key in group and group[key].flag()


def _flair_step(group: Mapping[str, Node], part: str) -> list[Step]:
    return [
        Step(
            key="set_flair",
            kind=ActionKind.SET_FLAIR,
            part=part,
            flair=_flair(group["set_flair"]),
            overwrite=_flag(group, "overwrite_flair"),
        )
    ]


def _flair(node: Node) -> FlairTemplate:
    if isinstance(node.value, dict):
        return _flair_group(node)
    if not isinstance(node.value, list):
        return FlairTemplate("text", parse_template(node.text()))
    texts = node.texts()
    if len(texts) > 2:
        raise node.fault("`set_flair` lists a text and a CSS class, nothing more")
    css = parse_template(texts[1]) if len(texts) == 2 else None
    return FlairTemplate("list", parse_template(texts[0]), css)


def _flair_group(node: Node) -> FlairTemplate:
    values = {}
    for child in node.items():
        if child.key not in _FLAIR_KEYS:
            raise child.unknown("key of set_flair", child.key, _FLAIR_KEYS)
        values[child.key] = child.text()
    if not values:
        raise node.fault("`set_flair` is empty", accepted=", ".join(_FLAIR_KEYS))
    css = values.get("css_class")
    return FlairTemplate(
        "group",
        parse_template(values.get("text", "")),
        None if css is None else parse_template(css),
        values.get("template_id"),
        tuple(values),
    )


def _sticky_step(group: Mapping[str, Node], part: str) -> list[Step]:
    node = group["set_sticky"]
    slot = str(node.value).strip()
    if slot.isdecimal() and slot.isascii():
        value: int | bool = int(slot[:3])
        if not 1 <= value <= 4:
            raise node.fault("`set_sticky` is true, false or a slot", accepted="1 to 4")
    else:
        value = node.flag()
    return [Step(key=node.key, kind=ActionKind.SET_STICKY, part=part, value=value)]


def _sort_step(group: Mapping[str, Node], part: str) -> list[Step]:
    kind = ActionKind.SET_SUGGESTED_SORT
    value = group["set_suggested_sort"].choice(SORTS)
    return [Step(key="set_suggested_sort", kind=kind, part=part, value=value)]


def _crowd_step(group: Mapping[str, Node], part: str) -> list[Step]:
    kind = ActionKind.SET_POST_CROWD_CONTROL_LEVEL
    value = group["set_post_crowd_control_level"].choice(CROWD_LEVELS)
    return [Step(key="set_post_crowd_control_level", kind=kind, part=part, value=value)]


def _comment_step(group: Mapping[str, Node], part: str) -> list[Step]:
    return [_reply(group, "comment", part, _body(group["comment"]))]


def _reply_step(group: Mapping[str, Node], part: str) -> list[Step]:
    word = str(group["reply"].value).lower()
    if word == "false":
        return []
    text = None if word == "true" else _body(group["reply"])
    return [_reply(group, "reply", part, text)]


def _reply(group: Mapping[str, Node], key: str, part: str, text: Template | None) -> Step:
    sticky, lock = _flag(group, "comment_stickied"), _flag(group, "comment_locked")
    return Step(key=key, kind=ActionKind.REPLY, part=part, text=text, sticky=sticky, lock=lock)


def _said_step(key: str, kind: ActionKind) -> Reader:
    def read(group: Mapping[str, Node], part: str) -> list[Step]:
        return [Step(key=key, kind=kind, part=part, text=_body(group[key]))]

    return read


def _modmail_step(group: Mapping[str, Node], part: str) -> list[Step]:
    return [_letter(group, "modmail", ActionKind.MODMAIL, part)]


def _message_step(group: Mapping[str, Node], part: str) -> list[Step]:
    return [_letter(group, "message", ActionKind.MESSAGE, part)]


def _letter(group: Mapping[str, Node], key: str, kind: ActionKind, part: str) -> Step:
    subject = group.get(f"{key}_subject")
    written = DEFAULT_SUBJECT if subject is None else subject.text()
    text = _body(group[key])
    return Step(key=key, kind=kind, part=part, text=text, subject=parse_template(written))


def _body(node: Node) -> Template:
    text = node.text()
    if not text.strip():
        raise node.fault(f"`{node.key}` has no text")
    return parse_template(text)


def _react_step(group: Mapping[str, Node], part: str) -> list[Step]:
    return _each(group["react"], ActionKind.REACT, part)


def _label_step(group: Mapping[str, Node], part: str) -> list[Step]:
    return _each(group["label"], ActionKind.LABEL, part)


def _unlabel_step(group: Mapping[str, Node], part: str) -> list[Step]:
    return _each(group["unlabel"], ActionKind.UNLABEL, part)


def _each(node: Node, kind: ActionKind, part: str) -> list[Step]:
    texts = [text.strip() for text in node.texts()]
    if not all(texts):
        raise node.fault(f"`{node.key}` names nothing")
    return [Step(key=node.key, kind=kind, part=part, text=parse_template(text)) for text in texts]


def _timeout_step(group: Mapping[str, Node], part: str) -> list[Step]:
    seconds = duration_s(group["timeout"])
    return [
        Step(
            key="timeout",
            kind=ActionKind.TIMEOUT,
            part=part,
            duration_s=seconds,
            reason=_reason(group),
        )
    ]


def _strike_step(group: Mapping[str, Node], part: str) -> list[Step]:
    seconds = duration_s(group["strike"])
    reason = _reason(group)
    return [
        Step(key="strike", kind=ActionKind.STRIKE, part=part, duration_s=seconds, reason=reason)
    ]


def _redact_steps(group: Mapping[str, Node], part: str) -> list[Step]:
    """A copy first, so that there is something to answer to; then the original goes."""
    if not group["redact"].flag():
        return []
    copy = made_by("", redacted)
    return [
        Step(key="redact", kind=ActionKind.REPLY, part=part, text=copy),
        Step(key="redact", kind=ActionKind.REMOVE, part=part, reason=_reason(group)),
    ]


def _kick_step(group: Mapping[str, Node], part: str) -> list[Step]:
    if not group["kick"].flag():
        return []
    return [Step(key="kick", kind=ActionKind.KICK, part=part, reason=_reason(group))]


def _ban_step(group: Mapping[str, Node], part: str) -> list[Step]:
    node = group["ban"]
    word = str(node.value).lower()
    if word == "false":
        return []
    seconds = None if word == "true" else duration_s(node)
    reason = _reason(group)
    return [Step(key="ban", kind=ActionKind.BAN, part=part, duration_s=seconds, reason=reason)]


_READERS: Final = {
    "set_sticky": _sticky_step,
    "set_suggested_sort": _sort_step,
    "set_post_crowd_control_level": _crowd_step,
    "set_flair": _flair_step,
    "comment": _comment_step,
    "reply": _reply_step,
    "modmail": _modmail_step,
    "message": _message_step,
    "react": _react_step,
    "label": _label_step,
    "unlabel": _unlabel_step,
    "notice": _said_step("notice", ActionKind.NOTICE),
    "mod_note": _said_step("mod_note", ActionKind.MOD_NOTE),
    "timeout": _timeout_step,
    "kick": _kick_step,
    "ban": _ban_step,
    "strike": _strike_step,
    "redact": _redact_steps,
}
