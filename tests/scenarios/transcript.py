"""A scenario as a page of the docs: what was said, what was done, what became a case."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from greenroom.message import SPOKEN, Action
from tests.scenarios.stage import Did, Happened, Scenario

_SCORE = re.compile(r"\b\d\.\d\d\b")

_HEAD = """# {title}

{about}

This page is made by `python -m tests.scenarios` from `tests/scenarios/{name}.yaml`, which is also a
test: the script is played through a whole house, with the personas that ship.
"""


def page(scenario: Scenario, happened: Sequence[Happened]) -> str:
    """The whole page, in Markdown."""
    head = _HEAD.format(title=scenario.title, about=scenario.about.strip(), name=scenario.name)
    return "\n".join((head, *(line for one in happened for line in _told(one))))


def _told(one: Happened) -> Iterator[str]:
    step = one.step
    when = f"{one.at:%A %H:%M}"
    if step.after is not None:
        yield f"*{when}*\n"
    if step.says is not None:
        place = f"in a thread of #{step.where}" if step.thread else f"in #{step.where}"
        times = f", {step.repeat} times" if step.repeat > 1 else ""
        yield f"**{step.by}** {place}{times}:\n\n{_quoted(step.says)}\n"
    for did in one.did:
        yield from _did(did)
    for case in one.cases:
        yield f"→ *case for a person, {case.severity}: {_unscored(case.reason)}*\n"
    if step.says is not None and not one.did and not one.cases:
        yield "→ *nothing*\n"


def _did(did: Did) -> Iterator[str]:
    action = did.action
    if action.kind in SPOKEN:
        how = {"message": " in a direct message", "post": f" in #{did.channel}"}.get(
            action.kind, ""
        )
        yield f"**{did.persona}**{how}:\n\n{_quoted(action.said)}\n"
        if action.reason:
            yield f"→ *why: {_without_scores(action)}*\n"
    else:
        yield f"→ *{did.persona}: {action.kind} {action.text or ''}* ".rstrip(" *") + "*\n"


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def _without_scores(action: Action) -> str:
    """Scores differ in the last digit from machine to machine."""
    return _unscored((action.reason or "").partition(" (")[0])


def _unscored(reason: str) -> str:
    return _SCORE.sub("…", reason)
