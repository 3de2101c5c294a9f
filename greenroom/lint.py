"""What is not wrong but may surprise: told by ``check`` and at every start."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from greenroom.adapters.unknown import UNKNOWN, Unknown
from greenroom.company import Company, make_adapter
from greenroom.config import Bot
from greenroom.documents import Document
from greenroom.errors import ConfigError
from greenroom.message import OURS, ActionKind, Channel
from greenroom.policies.asked import Asked
from greenroom.policies.author import THRESHOLDS
from greenroom.policies.base import Rule

_PATTERN = re.compile(r"[*?\[]")
_ADD_A_BOT = "greenroom bot add discord (or slack, or reddit)"


def warnings_of(company: Company) -> Iterator[ConfigError]:
    """Warnings of policies, then what a bot's platform cannot do of what its personas ask."""
    deployment = company.deployment
    if not deployment.bots:
        folder = deployment.path(deployment.config.bots)
        yield ConfigError("has no bots: nothing will come in", file=folder, accepted=_ADD_A_BOT)
    for document in deployment.documents:
        yield from _duplicates(document)
    for name, persona in deployment.personas.items():
        if not persona.policies and persona.kind in ("moderator", "assistant"):
            document = deployment.persona_documents[name]
            yield document.fault((), f"{name} has no policies: it will do nothing but hand over")
    yield from _in_the_clear(company)
    for policy in company.policies.values():
        yield from policy.warnings
    for bot in company.deployment.bots.values():
        yield from _impossible(company, bot)
        yield from _off_stage(company, bot)
    yield from _unknown_there(company)


def _in_the_clear(company: Company) -> Iterator[ConfigError]:
    """A language model elsewhere, asked without TLS."""
    url = urlsplit(company.deployment.config.llm.url or "")
    if url.scheme != "http" or _is_near(url.hostname or ""):
        return
    yield company.deployment.document.fault(
        ("llm", "url"),
        f"what members write goes to {url.hostname} in the clear",
        accepted="use https://, or a model on this machine or network",
    )


def _is_near(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" or "." not in host  # a name in this network, or a container's
    return address.is_loopback or address.is_private


def _duplicates(document: Document) -> Iterator[ConfigError]:
    for key, place in document.duplicates:
        yield ConfigError(
            f"`{key}` stands twice: the last one counts",
            file=document.file,
            line=place.line,
            column=place.column,
        )


def _impossible(company: Company, bot: Bot) -> Iterator[ConfigError]:
    able = _capabilities(company, bot)
    if able is None:
        return
    for name in bot.personas:
        for policy_name in company.deployment.personas[name].policies:
            policy = company.policies[policy_name]
            for kind in sorted(policy.actions_used - able - OURS):
                lines = [str(rule.line) for rule in policy.rules if kind in rule.actions_used]
                yield bot.document.fault(
                    ("personas", name),
                    f"{bot.adapter} cannot do `{kind}`, which policy {policy_name} asks for"
                    f" (line {', '.join(lines)}): it will be held back and become a case",
                )


def _off_stage(company: Company, bot: Bot) -> Iterator[ConfigError]:
    """Channels that a persona is to post in by its file, and where the bot does not let it."""
    for name, placement in bot.personas.items():
        persona = company.deployment.personas[name]
        wanted = [persona.digest.channels] if persona.digest and persona.digest.schedule else []
        wanted += [one.channels for one in persona.campaigns.values() if one.schedule]
        for channel in dict.fromkeys(one for channels in wanted for one in channels):
            bare = channel.removeprefix("#")
            if not _PATTERN.search(bare) and not placement.covers(Channel(bare, bare)):
                yield bot.document.fault(
                    ("personas", name),
                    f"{name} posts in {channel} by its own file, and is not on stage there",
                    accepted=f'add "{channel}" to its `in`',
                )


def _unknown_there(company: Company) -> Iterator[ConfigError]:
    """Per rule and platform: what the platform does not know, and what happens instead."""
    told: dict[tuple[str, str], None] = {}
    for bot in company.deployment.bots.values():
        for name in bot.personas:
            for policy in company.deployment.personas[name].policies:
                told[bot.adapter, policy] = None
    for platform, name in told:
        unknown = UNKNOWN.get(platform)
        if unknown is not None:
            for rule in company.policies[name].rules:
                yield from _unknown_to_rule(rule, platform, unknown, company.policies[name].file)


def _unknown_to_rule(
    rule: Rule, platform: str, unknown: Unknown, file: Path
) -> Iterator[ConfigError]:
    who = f"rule {rule.index} ({rule.name})"
    versions = {True: rule.submission, False: rule.comment}
    kinds = {kind for kind in rule.kinds if versions[kind.is_submission] is not None}
    if kinds and kinds <= unknown.kinds:
        what = min(kinds) if len(kinds) == 1 else "submission"
        yield ConfigError(
            f"{platform} has no {what}: {who} never fires there", file=file, line=rule.line
        )
        return
    for asked in rule.asked:
        absent = _absent(asked, unknown)
        if absent is None:
            continue
        yield ConfigError(
            f"{platform} does not know `{absent}`: {_instead(asked, who)}",
            file=asked.file,
            line=asked.line,
            column=asked.column,
        )


def _absent(asked: Asked, unknown: Unknown) -> str | None:
    """What of a check a platform lacks: its part, or all that it names."""
    if asked.part in unknown.parts:
        return asked.part
    lacking = {
        "message": unknown.message,
        "author": unknown.author,
        "subreddit": unknown.community,
    }.get(asked.part, frozenset())
    if not lacking.issuperset(asked.names):
        return None
    name = "+".join(asked.names)
    return name if asked.part == "message" else f"{asked.part}.{name}"


def _instead(asked: Asked, who: str) -> str:
    if asked.is_nested:
        return f"in {who}, the item with `{asked.written}` never holds there"
    if asked.is_search and asked.is_negated:
        return f"`{asked.written}` of {who} holds for every message there"
    if asked.part == "author" and asked.names[0] in THRESHOLDS:
        return (
            f"`{asked.written}` of {who} does not hold there, so the rule fires only where"
            " satisfy_any_threshold lets another one do"
        )
    return f"{who} never fires there"


def _capabilities(company: Company, bot: Bot) -> frozenset[ActionKind] | None:
    """What the bot's adapter can do; None while its library is not installed."""
    try:
        return make_adapter(bot, company.deployment).capabilities
    except ConfigError:
        return None
