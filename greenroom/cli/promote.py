"""``greenroom promote``: from shadow mode to live, if people agree with what it would do."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Annotated, Final

import typer

from greenroom.backtest import Backtest
from greenroom.cli.backtest import AgainstOption, SinceOption, run_backtest
from greenroom.cli.console import fault, out
from greenroom.company import gather
from greenroom.documents import load, read_text
from greenroom.errors import ConfigError
from greenroom.experiments.intervals import Share
from greenroom.policies import Known, Policy, Rule, load_policy, parse_policy, rule_called
from greenroom.policies.read import read_sections
from greenroom.policies.shelf import Shelf
from greenroom.triage import HEADS, INTENTS

EXAMPLE = "Example: greenroom promote policies/spam.yaml --rule 3 --floor 0.9"
LEAST: Final = 10

_MODE: Final = re.compile(
    r"(\s*['\"]?mode['\"]?\s*:\s*)(['\"]?)shadow\2(\s*(?:#.*)?)", re.IGNORECASE
)


def promote(
    target: Annotated[Path, typer.Argument(help="A rule file with --rule, or a bot's file.")],
    floor: Annotated[float, typer.Option(min=0, max=1, help="The precision that it must have.")],
    rule: Annotated[str | None, typer.Option(help="The rule: its number or name.")] = None,
    least: Annotated[
        int, typer.Option(min=1, help="So many judged messages it must have caught.")
    ] = LEAST,
    against: AgainstOption = "ledger",
    since: SinceOption = None,
    config: Annotated[Path, typer.Option("--config", help="Whose ledger it is.")] = Path(
        "config.yaml"
    ),
) -> None:
    """Put a rule or a bot live that ran in shadow mode, if its precision is high enough.

    The precision is that of a backtest: of the messages that it would have caught and that people
    judged, the share that they found bad. Under the floor, nothing is changed.
    """
    found: Rule | None = None
    if rule is None:
        policies, line = _bot(target, config), _place_of_bot(target)
        what = f"{target}: the bot"
    else:
        policy, found = _rule(target, rule)
        policies, line = [policy], _place_of_rule(target, found)
        what = f"{target}:{found.line}: rule {found.index} ({found.name})"
    tried = asyncio.run(run_backtest(policies, against=against, since=since, config=config))
    share = tried.tried.precision if found is None else _of_rule(tried, policies[0], found)
    refusal = _refusal(share, floor=floor, least=least)
    if refusal is not None:
        fault(f"{what} stays in shadow mode: {refusal}")
        raise typer.Exit(1)
    _make_live(target, line, found)
    out.print(f"{what} is live now: {_told(share)}", markup=False, soft_wrap=True)


def _refusal(share: Share, *, floor: float, least: int) -> str | None:
    if share.of < least:
        return f"people judged {share.of} of the messages that it caught, and {least} are needed"
    assert share.value is not None, "there are some"
    return f"{_told(share)} is under the floor of {floor:.0%}" if share.value < floor else None


def _told(share: Share) -> str:
    low, high = share.interval
    return f"precision {share.value:.0%} ({low:.0%} to {high:.0%}, {share.hits} of {share.of})"


def _of_rule(tried: Backtest, policy: Policy, rule: Rule) -> Share:
    return tried.rules[policy.name, rule.index].precision


def _rule(file: Path, name: str) -> tuple[Policy, Rule]:
    policy = load_policy(file, heads=HEADS, intents=INTENTS)
    rule = rule_called((policy,), name, file=file)
    if not rule.is_shadow:
        raise ConfigError(
            f"rule {rule.index} ({rule.name}) is not in shadow mode", file=file, line=rule.line
        )
    return policy, rule


def _bot(file: Path, config: Path) -> list[Policy]:
    company = gather(config, secrets=False)
    bot = company.deployment.bots.get(file.stem)
    if bot is None or Path(bot.document.file).resolve() != file.resolve():
        raise ConfigError(
            "is no bot of this deployment", file=file, accepted="a file in bots/, or --rule"
        )
    if bot.mode == "live":
        raise ConfigError("is live already", file=file)
    names = dict.fromkeys(
        policy
        for persona in bot.personas
        for policy in company.deployment.personas[persona].policies
    )
    return [company.policies[name] for name in names]


def _place_of_rule(file: Path, rule: Rule) -> int | None:
    for section in read_sections(read_text(file), file=str(file)).sections:
        if section.index == rule.index and ("mode",) in section.document.places:
            return section.document.place(("mode",)).line
    return None  # a part brings it


def _place_of_bot(file: Path) -> int | None:
    document = load(file)
    return document.place(("mode",)).line if ("mode",) in document.places else None


def _make_live(file: Path, line: int | None, rule: Rule | None) -> None:
    """Take the rule's line out, or turn the bot's; all else in the file stays as it is."""
    is_bot = rule is None
    text = read_text(file)
    lines = text.splitlines(keepends=True)
    match = None if line is None else _MODE.fullmatch(lines[line - 1].rstrip("\r\n"))
    if match is None and not (is_bot and line is None):
        raise ConfigError(
            "its `mode` cannot be changed for you here",
            file=file,
            line=line,
            accepted="take `mode: shadow` out by hand, where it stands",
        )
    if is_bot and match is not None and line is not None:
        ending = lines[line - 1][len(match[0]) :]
        lines[line - 1] = f"{match[1]}live{match[3]}{ending}"
    elif is_bot:
        lines.append(f"{'' if text.endswith(chr(10)) else chr(10)}mode: live\n")
    elif line is not None:
        del lines[line - 1]
    changed = "".join(lines)
    if rule is not None and _is_still_shadow(changed, file, rule):
        raise ConfigError(
            "says `mode: shadow` more than once for this rule",
            file=file,
            line=line,
            accepted="take all of them out by hand",
        )
    file.write_bytes(changed.encode())


def _is_still_shadow(text: str, file: Path, rule: Rule) -> bool:
    known = Known(HEADS, INTENTS, Shelf(file.parent))
    found = parse_policy(text, path=file, known=known, strict=False).rules
    return any(one.is_shadow for one in found if one.index == rule.index)
