"""The composition root: the only module that names concrete classes and wires them."""

from __future__ import annotations

import importlib
import logging
import os
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiohttp.web import Application

from greenroom.adapters.base import Adapter, Clock
from greenroom.adapters.settings import (
    DiscordSettings,
    RedditSettings,
    ReplaySettings,
    Settings,
    SlackSettings,
    TerminalSettings,
)
from greenroom.config import Bot, Deployment, read
from greenroom.context import EdgeStore, Indexed, Knowledge, Precedents, ServerStore, VectorStore
from greenroom.desk import RunningBot, make_desk, serve
from greenroom.documents import suggest
from greenroom.errors import ConfigError, ConfigErrors
from greenroom.ledger import Ledger
from greenroom.loop import Loop, Stage
from greenroom.message import Message, Precedent
from greenroom.personas.assistant import AssistantPersona
from greenroom.personas.base import Performer
from greenroom.personas.gate import Gate
from greenroom.personas.moderator import ModeratorPersona
from greenroom.personas.schema import Persona
from greenroom.policies import Policy, load_policy
from greenroom.sender import Sender
from greenroom.senses import Senses, text_of
from greenroom.triage import HEADS, INTENTS
from greenroom.triage.pool import EncoderPool

log = logging.getLogger(__name__)

_ALIKE = 0.3  # cosine below which a precedent says nothing to a person


@dataclass(frozen=True, slots=True)
class AdapterEntry:
    """Where an adapter is, so that its library is imported only when it is used."""

    settings: type[Settings]
    module: str
    name: str
    extra: str | None = None


ADAPTERS: Mapping[str, AdapterEntry] = {
    "discord": AdapterEntry(
        DiscordSettings, "greenroom.adapters.discord", "DiscordAdapter", "discord"
    ),
    "slack": AdapterEntry(SlackSettings, "greenroom.adapters.slack", "SlackAdapter", "slack"),
    "reddit": AdapterEntry(RedditSettings, "greenroom.adapters.reddit", "RedditAdapter", "reddit"),
    "replay": AdapterEntry(ReplaySettings, "greenroom.adapters.replay", "ReplayAdapter"),
    "terminal": AdapterEntry(TerminalSettings, "greenroom.adapters.terminal", "TerminalAdapter"),
}

PERSONAS: Mapping[str, Callable[[str, Persona, Sequence[Policy]], Performer]] = {
    "moderator": ModeratorPersona,
    "assistant": AssistantPersona,
}


@dataclass(frozen=True, slots=True)
class Company:
    """Everything that files say, read and checked: who could go on stage."""

    deployment: Deployment
    policies: Mapping[str, Policy]
    performers: Mapping[str, Performer]


@dataclass(frozen=True, slots=True)
class House:
    """A running deployment."""

    company: Company
    ledger: Ledger
    senses: Senses
    loop: Loop
    adapters: Mapping[str, Adapter]
    desk_address: str


def utc_now() -> datetime:
    """The time now, in UTC."""
    return datetime.now(UTC)


def gather(file: Path, *, secrets: bool = True) -> Company:
    """Read and check everything that a deployment's files say.

    Raises:
        ConfigErrors: All faults found, each with its place.
    """
    settings = {name: entry.settings for name, entry in ADAPTERS.items()}
    deployment = read(file, adapters=settings, environment=os.environ, secrets=secrets)
    faults: list[ConfigError] = []
    policies = _policies(deployment, faults)
    performers: dict[str, Performer] = {}
    for name, persona in deployment.personas.items():
        faults.extend(_unknown_names(deployment, name, persona))
        chosen = [policies[policy] for policy in persona.policies if policy in policies]
        performers[name] = PERSONAS[persona.kind](name, persona, chosen)
    if faults:
        raise ConfigErrors(faults)
    return Company(deployment, policies, performers)


@asynccontextmanager
async def open_senses(company: Company, *, context: Path | None = None) -> AsyncIterator[Senses]:
    """Triage and context, with the community's knowledge indexed.

    Args:
        company: What the files say.
        context: Another folder for the embedded Qdrant, for a trial beside a running house.
    """
    deployment, config = company.deployment, company.deployment.config
    async with AsyncExitStack() as stack:
        pool = _triage(deployment)
        stack.push_async_callback(pool.close)
        store = await _store(deployment, context)
        stack.push_async_callback(store.close)
        knowledge = Knowledge(store, model=pool.model)
        if any(performer.needs.knowledge for performer in company.performers.values()):

            async def embed(text: str) -> Any:
                return (await pool.read(text)).embedding

            indexed = await knowledge.index(deployment.path(config.knowledge), embed)
            log.info("knowledge: %d sections, %s", indexed.chunks, _changes(indexed))
        yield Senses(pool, knowledge, Precedents(store, model=pool.model))


@asynccontextmanager
async def open_house(
    company: Company,
    *,
    clock: Clock = utc_now,
    port_tries: int = 1,
) -> AsyncIterator[House]:
    """Open everything that a deployment needs, and the desk; nothing connects yet.

    Args:
        company: What the files say.
        clock: The time now, in UTC.
        port_tries: How many ports to try for the desk, from its own upwards.

    Raises:
        ConfigError: Something is missing or in use; it names the file or the setting.
    """
    deployment, config = company.deployment, company.deployment.config
    async with AsyncExitStack() as stack:
        ledger = Ledger(deployment.path(config.ledger.path), queue_size=config.ledger.queue_size)
        stack.callback(ledger.close)
        staged = {
            bot.name: make_adapter(bot, deployment, await ledger.inbox.last_received_at(bot.name))
            for bot in deployment.bots.values()
        }
        senses = await stack.enter_async_context(open_senses(company))
        address = await stack.enter_async_context(
            serve(
                _desk(company, ledger, staged, senses=senses, clock=clock),
                host=config.desk.host,
                port=config.desk.port,
                port_tries=port_tries,
            )
        )
        loop = _loop(company, ledger, staged, senses=senses, clock=clock)
        yield House(company, ledger, senses, loop, staged, address)


def _loop(
    company: Company,
    ledger: Ledger,
    staged: Mapping[str, Adapter],
    *,
    senses: Senses,
    clock: Clock,
) -> Loop:
    deployment, settings = company.deployment, company.deployment.config.loop
    limits = {name: persona.limits for name, persona in deployment.personas.items()}
    return Loop(
        ledger,
        {bot.name: _stage(bot, staged[bot.name], company) for bot in deployment.bots.values()},
        senses=senses,
        gate=Gate(senses.scores, limits),
        sender=Sender(
            ledger,
            staged,
            clock=clock,
            senders=settings.senders,
            deadline_s=settings.send_deadline_s,
            attempts=settings.send_attempts,
        ),
        clock=clock,
        workers=settings.workers,
        queue_size=settings.queue_size,
    )


def _desk(
    company: Company,
    ledger: Ledger,
    staged: Mapping[str, Adapter],
    *,
    senses: Senses,
    clock: Clock,
) -> Application:
    return make_desk(
        ledger,
        bots=RunningBots(company.deployment.bots, staged),
        precedents=_precedents(senses),
        health=lambda: {name: adapter.health() for name, adapter in staged.items()},
        clock=clock,
        public_url=company.deployment.config.desk.public_url,
    )


def make_adapter(bot: Bot, deployment: Deployment, since: datetime | None = None) -> Adapter:
    """The adapter of one bot; nothing connects yet.

    Args:
        bot: What its file says.
        deployment: Where paths in it start from.
        since: When its newest event came, for platforms that must be asked what was missed.

    Raises:
        ConfigError: Its library is not installed.
    """
    kind = adapter_class(bot)
    settings = bot.settings
    if isinstance(settings, ReplaySettings):
        settings = settings.model_copy(update={"file": deployment.path(settings.file)})
    more: dict[str, Any] = {}
    if bot.adapter in ("discord", "slack"):
        more["desk_channel"] = bot.desk_channel
    if bot.adapter == "reddit":
        more["since"] = since
    adapter: Adapter = kind(bot.name, settings, **more)
    return adapter


def adapter_class(bot: Bot) -> Callable[..., Adapter]:
    """Import the bot's adapter with its library.

    Raises:
        ConfigError: The library is not installed; the message says how to install it.
    """
    entry = ADAPTERS[bot.adapter]
    try:
        module = importlib.import_module(entry.module)
    except ImportError as error:
        raise bot.document.fault(
            ("adapter",),
            f"adapter {bot.adapter} needs a library that is not installed ({error.name})",
            accepted=f"pip install 'greenroom[{entry.extra}]'",
        ) from error
    found: Callable[..., Adapter] = getattr(module, entry.name)
    return found


def _changes(indexed: Indexed) -> str:
    return f"{indexed.embedded} embedded anew, {indexed.kept} kept, {indexed.deleted} deleted"


def _triage(deployment: Deployment) -> EncoderPool:
    settings = deployment.config.triage
    more: dict[str, Any] = {}
    if settings.model is not None:
        more["folder"] = deployment.path(settings.model)
    return EncoderPool(
        provider=settings.provider, threads=settings.threads, waiting=settings.waiting, **more
    )


async def _store(deployment: Deployment, context: Path | None) -> VectorStore:
    settings = deployment.config.context
    if settings.url is not None and context is None:
        return ServerStore(settings.url, api_key=settings.api_key)
    return EdgeStore(context or deployment.path(settings.path))


def _policies(deployment: Deployment, faults: list[ConfigError]) -> dict[str, Policy]:
    folder = deployment.path(deployment.config.policies)
    policies: dict[str, Policy] = {}
    for path in sorted((*folder.glob("*.yaml"), *folder.glob("*.yml"))):
        try:
            policies[path.stem] = load_policy(path, heads=HEADS, intents=INTENTS)
        except ConfigErrors as errors:
            faults.extend(errors.faults)
        except ConfigError as error:
            faults.append(error)
    return policies


def _unknown_names(deployment: Deployment, name: str, persona: Persona) -> list[ConfigError]:
    document = deployment.persona_documents[name]
    known = [path.stem for path in deployment.path(deployment.config.policies).glob("*.y*ml")]
    faults = [
        document.fault(
            ("policies", index),
            f"there is no policy `{policy}`",
            accepted=suggest(policy, sorted(known)),
        )
        for index, policy in enumerate(persona.policies)
        if policy not in known
    ]
    folder = deployment.path(deployment.config.knowledge)
    faults += [
        document.fault(("knowledge", index), f"there is no knowledge `{source}` in {folder.name}/")
        for index, source in enumerate(persona.knowledge)
        if not (folder / source).exists()
    ]
    return faults


def _stage(bot: Bot, adapter: Adapter, company: Company) -> Stage:
    def performers(message: Message) -> list[Performer]:
        return [company.performers[name] for name in bot.cast(message)]

    return Stage(adapter, bot.mode, performers)


class RunningBots(Mapping[str, RunningBot]):
    """The bots as the desk sees them: what each can do is asked anew, since it may shrink."""

    def __init__(self, bots: Mapping[str, Bot], adapters: Mapping[str, Adapter]) -> None:
        self._bots = bots
        self._adapters = adapters

    def __getitem__(self, name: str) -> RunningBot:
        bot, adapter = self._bots[name], self._adapters[name]
        return RunningBot(
            name=name,
            platform=adapter.platform,
            mode=bot.mode,
            capabilities=adapter.capabilities,
        )

    def __iter__(self) -> Iterator[str]:
        return iter(self._bots)

    def __len__(self) -> int:
        return len(self._bots)


def _precedents(senses: Senses) -> Callable[[Message], Any]:
    async def find(message: Message) -> Sequence[Precedent]:
        reading = await senses.triage.read(text_of(message))
        assert reading.embedding is not None, "it was asked for"
        found = await senses.precedents.similar(reading.embedding, community=message.community.id)
        return [
            precedent
            for precedent in found
            if precedent.message != message.key and precedent.score >= _ALIKE
        ]

    return find
