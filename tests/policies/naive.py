"""A deliberately naive reading of the reference: Python's ``re`` and nothing else."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import yaml

from greenroom.message import Message

WORDED = {
    "includes-word": r"(?:^|\W|\b)%s(?:$|\W|\b)",
    "includes": "%s",
    "starts-with": "^%s",
    "ends-with": "%s$",
    "full-exact": "^%s$",
    "full-text": r"^\W*%s\W*$",
}


def naive_match(
    method: str, values: Sequence[str], text: str, *, is_regex: bool, is_case_sensitive: bool
) -> re.Match[str] | None:
    """What the reference's template finds in ``text``."""
    flags = re.DOTALL | re.UNICODE
    if not is_case_sensitive:
        flags |= re.IGNORECASE
    inside = "|".join(value if is_regex else re.escape(value) for value in values)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return re.search(WORDED[method] % f"({inside})", text, flags)


def naive_holds(
    key: tuple[bool, Sequence[str], str], values: Sequence[str], message: dict[str, str]
) -> bool:
    """Whether ``[~]field+field (method): values`` holds for a message's fields."""
    is_negated, fields, method = key
    is_found = any(
        naive_match(method, values, message[name], is_regex=False, is_case_sensitive=False)
        for name in fields
    )
    return is_found is not is_negated


def naive_fired(text: str, message: Message) -> list[int]:
    """Indexes of the rules that fire, in the order they run.

    Reads files of searches with lists of values, ``author: {name: […]}``, ``priority`` and a
    ``remove``, ``report`` or ``approve`` as the action; without folding.
    """
    rules = list(enumerate(map(yaml.safe_load, text.split("---\n"))))
    rules.sort(key=lambda one: -one[1].get("priority", 0))
    removing = [one for one in rules if one[1]["action"] == "remove"]
    others = [one for one in rules if one[1]["action"] != "remove"]
    fired = [index for index, rule in removing if _naive_rule(rule, message)][:1]
    reported = set[str]()
    for index, rule in others:
        said = repr(rule)
        if not _naive_rule(rule, message) or (rule["action"] == "report" and said in reported):
            continue
        reported.add(said)
        fired.append(index)
    return fired


def _naive_rule(rule: dict[str, Any], message: Message) -> bool:
    names = rule.get("author", {}).get("name")
    if names and not naive_holds((False, ("name",), "includes-word"), names, {"name": "mika"}):
        return False
    searches = [_naive_search(key, rule[key], message) for key in rule if key not in _NO_SEARCH]
    kept = [held for held in searches if held is not None]
    return bool(kept) and all(kept)


def _naive_search(key: str, values: Sequence[str], message: Message) -> bool | None:
    """Whether a search holds; ``None`` where there is nothing to look at."""
    match = re.fullmatch(r"(~?)([a-z+]+)(?: \(([a-z-]+)\))?", key)
    assert match is not None
    has = _SUBMISSION_HAS if message.kind.is_submission else _COMMENT_HAS
    fields = [name for name in match[2].split("+") if name in has]
    if not fields:
        return False  # a rule with such a key is not for this kind
    here = _naive_fields(message)
    texts = [here[name] for name in fields if name in here]
    if not texts:
        return None
    method = match[3] if match[3] in WORDED else _DEFAULTS.get(match[2], "includes-word")
    found = any(_naive_found(method, match[3], values, text) for text in texts)
    return found is not (match[1] == "~")


def _naive_found(method: str, modifier: str | None, values: Sequence[str], text: str) -> bool:
    if method == "domain":
        return any(("." + text.lower()).endswith("." + value.lower()) for value in values)
    is_exact, is_regex = modifier == "case-sensitive", modifier == "regex"
    found = naive_match(method, values, text, is_regex=is_regex, is_case_sensitive=is_exact)
    return found is not None


def _naive_fields(message: Message) -> dict[str, str]:
    """What there is to look at; a link's body only if it has one, a text post's url never."""
    if not message.kind.is_submission:
        return {"body": message.text}
    title = {"title": message.title or ""}
    if message.url is None:
        community = message.community.name or message.community.id
        return {**title, "domain": f"self.{community}", "body": message.text}
    link = {"url": message.url, "domain": urlsplit(message.url).hostname or ""}
    return {**title, **link, **({"body": message.text} if message.text else {})}


_NO_SEARCH = ("author", "priority", "fold", "action")
_DEFAULTS = {"url": "includes", "domain": "domain"}
_COMMENT_HAS = ("body",)
_SUBMISSION_HAS = ("title", "body", "url", "domain")
