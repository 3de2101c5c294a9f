"""What is not wrong but may surprise: told by ``check`` and at every start."""

from __future__ import annotations

import importlib
from collections.abc import Iterator

from greenroom.app import ADAPTERS, Company
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
    able = _capabilities(bot)
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


def _capabilities(bot: Bot) -> frozenset[ActionKind] | None:
    """What the bot's adapter can do; None while its library is not installed."""
    entry = ADAPTERS[bot.adapter]
    try:
        module = importlib.import_module(entry.module)
    except ImportError:
        return None
    found = getattr(getattr(module, entry.name), "capabilities", None)
    return found if isinstance(found, frozenset) else None
