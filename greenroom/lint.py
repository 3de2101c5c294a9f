"""What is not wrong but may surprise: told by ``check`` and at every start."""

from __future__ import annotations

from collections.abc import Iterator

from greenroom.company import Company, make_adapter
from greenroom.config import Bot
from greenroom.documents import Document
from greenroom.errors import ConfigError
from greenroom.message import ActionKind

_ADD_A_BOT = "greenroom init . --bot discord (or slack, or reddit)"
_OURS = frozenset({ActionKind.ESCALATE})


def warnings_of(company: Company) -> Iterator[ConfigError]:
    """Warnings of policies, then what a bot's platform cannot do of what its personas ask."""
    deployment = company.deployment
    if not deployment.bots:
        folder = deployment.path(deployment.config.bots)
        yield ConfigError("has no bots: nothing will come in", file=folder, accepted=_ADD_A_BOT)
    for document in deployment.documents:
        yield from _duplicates(document)
    for name, persona in deployment.personas.items():
        if not persona.policies:
            document = deployment.persona_documents[name]
            yield document.fault((), f"{name} has no policies: it will do nothing but hand over")
    for policy in company.policies.values():
        yield from policy.warnings
    for bot in company.deployment.bots.values():
        yield from _impossible(company, bot)


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
            for kind in sorted(policy.actions_used - able - _OURS):
                lines = [str(rule.line) for rule in policy.rules if kind in rule.actions_used]
                yield bot.document.fault(
                    ("personas", name),
                    f"{bot.adapter} cannot do `{kind}`, which policy {policy_name} asks for"
                    f" (line {', '.join(lines)}): it will be held back and become a case",
                )


def _capabilities(company: Company, bot: Bot) -> frozenset[ActionKind] | None:
    """What the bot's adapter can do; None while its library is not installed."""
    try:
        return make_adapter(bot, company.deployment).capabilities
    except ConfigError:
        return None
