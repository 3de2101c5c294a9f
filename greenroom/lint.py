"""What is not wrong but may surprise: told by ``check`` and at every start."""

from __future__ import annotations

from collections.abc import Iterator

from greenroom.app import Company, make_adapter
from greenroom.config import Bot
from greenroom.errors import ConfigError
from greenroom.message import ActionKind

_OURS = frozenset({ActionKind.ESCALATE})


def warnings_of(company: Company) -> Iterator[ConfigError]:
    """Warnings of policies, then what a bot's platform cannot do of what its personas ask."""
    for policy in company.policies.values():
        yield from policy.warnings
    for bot in company.deployment.bots.values():
        yield from _impossible(company, bot)


def _impossible(company: Company, bot: Bot) -> Iterator[ConfigError]:
    able = _capabilities(company, bot)
    if able is None:
        return
    for name in bot.personas:
        for policy_name in company.deployment.personas[name].policies:
            policy = company.policies[policy_name]
            for kind in sorted(policy.actions_used - able - _OURS):
                yield bot.document.fault(
                    ("personas", name),
                    f"{bot.adapter} cannot do `{kind}`, which policy {policy_name} asks for:"
                    " it will be held back and become a case",
                )


def _capabilities(company: Company, bot: Bot) -> frozenset[ActionKind] | None:
    """What the bot's adapter can do; None while its library is not installed."""
    try:
        return make_adapter(bot, company.deployment).capabilities
    except ConfigError:
        return None
