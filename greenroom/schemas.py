"""JSON Schemas of the files that people write, made from the code that reads them.

Editors complete and check by them (yaml-language-server); what they cannot say, such as whether a
named policy exists, `greenroom check` says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from pydantic import create_model

from greenroom.adapters.connection import CONNECTIONS
from greenroom.adapters.registry import adapters
from greenroom.config import BotFrame, Config
from greenroom.message import ActionKind, Severity
from greenroom.personas.schema import Persona
from greenroom.policies.actions import CROWD_LEVELS, SORTS, VERBS
from greenroom.policies.author import QUALITIES, THRESHOLDS
from greenroom.policies.clock import CLOCK_CHECKS, DAYS
from greenroom.policies.counts import COUNT_CHECKS, HISTORIES, RATES, SCOPES
from greenroom.policies.keys import MODIFIERS
from greenroom.policies.logic import GROUP_KEYS
from greenroom.policies.parts import (
    COMMENT,
    GROUPS,
    MODES,
    RULE_KEYS,
    SUBMISSION,
    TYPES,
    Part,
)
from greenroom.policies.standards import STANDARDS
from greenroom.policies.tests import KEYS as TEST_KEYS
from greenroom.triage.base import HEADS, INTENTS

Schema = dict[str, Any]
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

_SCALAR: Final[Schema] = {"type": ["string", "number", "boolean"]}
_FLAG: Final[Schema] = {"enum": [True, False]}
_LIST: Final[Schema] = {
    "type": "object",
    "properties": {"list": {"type": "string", "description": "A file in policies/lists/."}},
    "required": ["list"],
    "additionalProperties": False,
}
_VALUES: Final[Schema] = {
    "anyOf": [_SCALAR, _LIST, {"type": "array", "items": {"anyOf": [_SCALAR, _LIST]}}]
}
_COMPARED: Final[Schema] = {
    "type": ["string", "number"],
    "description": 'A sign and a number, such as "> 10"; no sign means equals.',
}
_SCORE: Final[Schema] = {
    "type": "string",
    "pattern": r"^\s*(<=|>=|==|=|<|>)\s*-?[0-9.]+\s*$",
    "description": 'A sign and a number from 0 to 1, such as "> 0.9".',
}
_TEXTS: Final[Schema] = {
    "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]
}


def bot_schema() -> Schema:
    """``bots/*.yaml``: one shape for each adapter."""
    shapes = []
    for name, entry in adapters().items():
        model = create_model(entry.settings.__name__, __base__=(BotFrame, entry.settings))
        shape = _flat(model.model_json_schema(by_alias=True))
        shape["properties"]["adapter"] = {"const": name}
        shape["description"] = (entry.settings.__doc__ or "").split("\n")[0]
        shapes.append(shape)
    adapter = {"enum": list(adapters()), "description": "The platform."}
    return _titled(
        "A Greenroom bot: one adapter, and the personas that run there",
        {
            "type": "object",
            "required": ["adapter"],
            "properties": {"adapter": adapter},
            "allOf": [
                {
                    "if": {"properties": {"adapter": {"const": name}}, "required": ["adapter"]},
                    "then": shape,
                }
                for name, shape in zip(adapters(), shapes, strict=True)
            ],
        },
    )


def persona_schema() -> Schema:
    """``personas/*.yaml``."""
    return _titled("A Greenroom persona", _flat(Persona.model_json_schema(by_alias=True)))


def config_schema() -> Schema:
    """``config.yaml``."""
    return _titled("A Greenroom deployment", _flat(Config.model_json_schema(by_alias=True)))


def adapter_schema() -> Schema:
    """``adapters/*.yaml``: how a platform is connected."""
    shapes = [_flat(model.model_json_schema(by_alias=True)) for model in CONNECTIONS.values()]
    return _titled("How Greenroom connects to a platform", {"anyOf": shapes})


def policy_schema() -> Schema:
    """``policies/*.yaml``: one rule, or a section of tests, a document."""
    rule = _rule(TOP)
    rule["properties"]["tests"] = {"type": "array", "items": _test()}
    return _titled("A rule of a Greenroom policy", rule)


def _titled(title: str, schema: Schema) -> Schema:
    return {"$schema": DIALECT, "title": title, **schema}


def _flat(schema: Schema) -> Schema:
    """Definitions put in their places: a part of a schema has no `$defs` of its own."""
    definitions = schema.pop("$defs", {})

    def filled(value: Any) -> Any:
        if isinstance(value, dict):
            name = str(value.get("$ref", "")).rpartition("/")[2]
            rest = {key: filled(one) for key, one in value.items() if key != "$ref"}
            return {**filled(definitions[name]), **rest} if name else rest
        return [filled(one) for one in value] if isinstance(value, list) else value

    found: Schema = filled(schema)
    return found


TOP: Final = Part(
    "a rule",
    COMMENT.fields | SUBMISSION.fields,
    COMMENT.checks | SUBMISSION.checks,
    COMMENT.actions | SUBMISSION.actions,
    COMMENT.modifiers | SUBMISSION.modifiers,
)


def _rule(part: Part) -> Schema:
    """A rule's keys; sub-groups and groups of checks take theirs."""
    own = {
        "type": {"enum": list(TYPES)},
        "priority": {"type": "integer"},
        "moderators_exempt": _FLAG,
        "fold": _FLAG,
        "mode": {"enum": list(MODES)},
        "standard": {"enum": list(STANDARDS)},
        "include": _TEXTS,
    }
    assert own.keys() == RULE_KEYS, "every key of a rule has a schema"
    shape = _part(part)
    shape["properties"] |= own | _groups()
    return shape


def _groups() -> Schema:
    branch = _branch(depth=2)
    many = {"anyOf": [branch, {"type": "array", "items": branch, "minItems": 1}]}
    return {**_sub_groups(), **dict.fromkeys(GROUP_KEYS, many)}


def _sub_groups() -> Schema:
    groups: Schema = {}
    for name, part in GROUPS.items():
        shape = _part(part)
        groups[name] = shape if name == "parent_submission" else {"anyOf": [shape, _VALUES]}
    return groups


def _branch(depth: int) -> Schema:
    """Checks under ``any:`` and the like; below `depth` groups, anything goes."""
    bare = Part("an item", TOP.fields, TOP.checks, frozenset(), TOP.modifiers)
    shape = _part(bare)
    shape["properties"] |= {"include": _TEXTS, **_sub_groups()}
    inner: Schema = {"type": ["object", "array"]} if depth == 1 else {}
    if depth > 1:
        branch = _branch(depth - 1)
        inner = {"anyOf": [branch, {"type": "array", "items": branch}]}
    shape["properties"] |= dict.fromkeys(GROUP_KEYS, inner)
    return shape


def _part(part: Part) -> Schema:
    plain = dict.fromkeys(sorted(part.fields), _VALUES)
    checks = {name: _check(name) for name in sorted(part.checks - frozenset(GROUP_KEYS))}
    actions = {name: _action(name) for name in sorted(part.actions)}
    modifiers = dict.fromkeys(sorted(part.modifiers), _FLAG)
    return {
        "type": "object",
        "properties": {**plain, **checks, **actions, **modifiers},
        "patternProperties": dict(_patterns(part)),
        "additionalProperties": False,
    }


def _patterns(part: Part) -> Iterable[tuple[str, Schema]]:
    """Keys with ``~``, ``+``, ``#tag`` and (modifiers)."""
    field = f"(?:{'|'.join(map(re.escape, sorted(part.fields)))})"
    modifier = f"(?:{'|'.join(map(re.escape, MODIFIERS))})"
    modifiers = rf"(?:\s*\(\s*{modifier}(?:\s*,\s*{modifier})*\s*\))?"
    yield rf"^~?\s*{field}(?:\s*\+\s*{field})*(?:#[^\s+(]*)?{modifiers}$", _VALUES
    if "similar_to" in part.checks:
        yield (
            r"^similar_to\s*\((?:knowledge|(?:removed|approved)(?:\s*,\s*(?:removed|approved))*)\)$",
            _SCORE,
        )
        zone = r"\s*\([A-Za-z0-9_+/-]+\)$"
        for name in CLOCK_CHECKS:
            yield rf"^{name}{zone}", _check(name)
        yield rf"^(?:{'|'.join(GROUP_KEYS)})#\S+$", {"type": ["object", "array"]}
        for name in COUNT_CHECKS:
            yield rf"^{name}#\S+$", _check(name)
    if part is not GROUPS["parent_submission"] and "author" not in part.what:
        names = "|".join(sorted(set(GROUPS) - {"parent_submission"}))
        yield rf"^~?\s*(?:{names}){modifiers}$", {}


def _check(name: str) -> Schema:
    if name in THRESHOLDS:
        return _COMPARED
    if name in _CHECKS:
        return _CHECKS[name]()
    return _FLAG


def _days() -> Schema:
    day: Schema = {"enum": list(DAYS)}
    return {"anyOf": [day, {"type": "array", "items": day}]}


def _hours() -> Schema:
    hour: Schema = {"type": ["string", "integer"], "description": "22-6, or 14"}
    return {"anyOf": [hour, {"type": "array", "items": hour}]}


def _triage() -> Schema:
    heads = dict.fromkeys(HEADS, _SCORE)
    return {"type": "object", "properties": heads, "additionalProperties": False}


def _intents() -> Schema:
    intent: Schema = {"enum": list(INTENTS)}
    return {"anyOf": [intent, {"type": "array", "items": intent}]}


def _counted(kinds: Iterable[str], **more: Schema) -> Callable[[], Schema]:
    properties = {**dict.fromkeys(kinds, _COMPARED), "within": _DURATION, **more}
    return lambda: {"type": "object", "properties": properties, "additionalProperties": False}


_DURATION: Final[Schema] = {"type": "string", "pattern": r"^\s*[0-9.]+\s*[A-Za-z]+\s*$"}
_COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
_CHECKS: Final[Mapping[str, Callable[[], Schema]]] = {
    "triage": _triage,
    "intent": _intents,
    "sentiment": lambda: {**_SCORE, "description": 'From -1 to 1, such as "< -0.5".'},
    "similar_to": lambda: _SCORE,
    "language": lambda: _TEXTS,
    "rate": _counted(RATES, per={"enum": list(SCOPES)}),
    "history": _counted(HISTORIES),
    "attachments": lambda: _COMPARED,
    "day_of_week": _days,
    "hour": _hours,
    "reports": lambda: _COUNT,
    "body_longer_than": lambda: _COUNT,
    "body_shorter_than": lambda: _COUNT,
    "discussion_type": lambda: {"enum": ["chat", "null", None]},
    "contributor_quality": lambda: {
        "type": "string",
        "pattern": rf"^\s*[<>=]{{0,2}}\s*(?:{'|'.join(QUALITIES)})\s*$",
    },
}


def _action(name: str) -> Schema:
    found = _ACTIONS.get(name)
    return _FLAG if found is None else found


_TEXT: Final[Schema] = {"type": "string"}
_ACTIONS: Final[Mapping[str, Schema]] = {
    "action": {"enum": list(VERBS)},
    "action_reason": _TEXT,
    "report_reason": _TEXT,
    "severity": {"enum": [one.value for one in Severity]},
    "comment": _TEXT,
    "message": _TEXT,
    "message_subject": _TEXT,
    "modmail": _TEXT,
    "modmail_subject": _TEXT,
    "reply": {"type": ["string", "boolean"]},
    "react": _TEXTS,
    "label": _TEXTS,
    "unlabel": _TEXTS,
    "notice": _TEXT,
    "mod_note": _TEXT,
    "removal_reason": _TEXT,
    "timeout": _DURATION,
    "ban": {"anyOf": [_DURATION, {"const": True}]},
    "strike": _DURATION,
    "set_flair": {
        "anyOf": [
            _TEXT,
            {"type": "array", "items": _TEXT, "maxItems": 2},
            {
                "type": "object",
                "properties": dict.fromkeys(("text", "css_class", "template_id"), _TEXT),
                "additionalProperties": False,
            },
        ]
    },
    "set_sticky": {"type": ["boolean", "integer"]},
    "set_suggested_sort": {"enum": list(SORTS)},
    "set_post_crowd_control_level": {"enum": list(CROWD_LEVELS)},
}


def _test() -> Schema:
    properties: Schema = {
        "says": {"type": "string", "description": "A comment's text."},
        "message": {"type": "object", "description": "A message, as `policy try` reads it."},
        "expect": {
            "description": "The actions that come of it; [] for none.",
            "anyOf": [
                {"enum": [kind.value for kind in ActionKind]},
                {"type": "array", "items": {"enum": [kind.value for kind in ActionKind]}},
            ],
        },
        "fires": {
            "description": "The rules that fire, by number or name.",
            "type": ["string", "integer", "array"],
        },
    }
    assert properties.keys() == set(TEST_KEYS), "every key of a test has a schema"
    return {"type": "object", "properties": properties, "additionalProperties": False}


SCHEMAS: Final[Mapping[str, Callable[[], Schema]]] = {
    "adapter": adapter_schema,
    "bot": bot_schema,
    "config": config_schema,
    "persona": persona_schema,
    "policy": policy_schema,
}
"""By the kind of file."""


def file_name(kind: str) -> str:
    """What a kind's schema is called in ``schemas/``."""
    return f"{kind}.schema.json"
