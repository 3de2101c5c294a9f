"""The composition root: opens what a deployment needs, and wires it. See also ``company``."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp.web import Application

from greenroom.adapters.base import Adapter, Clock
from greenroom.archive import Archive
from greenroom.backstage import Backstage
from greenroom.company import (
    Company,
    chat_server,
    check_c2pa,
    classifiers_of,
    experiments_of,
    key_folder,
    make_adapter,
    model_folder,
    provider_of,
)
from greenroom.config import Bot, Deployment, FeedbackSettings
from greenroom.context import (
    EdgeStore,
    Indexed,
    Knowledge,
    MemoryIndex,
    Posts,
    Precedents,
    ServerStore,
    VectorStore,
)
from greenroom.counting import Counting
from greenroom.desk import Metrics, RunningBot, Wording, make_desk, serve
from greenroom.experiments import Experiment
from greenroom.ledger import Ledger
from greenroom.listening import Ear, Listening, Measured
from greenroom.llm import Turn
from greenroom.llm.budget import DayBudget, MemoryTokens, TokenStore
from greenroom.llm.service import Service
from greenroom.loop import Loop, Stage
from greenroom.message import Member, Message, Precedent
from greenroom.personas.base import Performer
from greenroom.personas.composer import Composer
from greenroom.personas.contact import FirstContact
from greenroom.personas.conversation import turns_before
from greenroom.personas.gate import Gate
from greenroom.personas.schema import Limits
from greenroom.personas.voice import Voice
from greenroom.provenance import Binder, Keyring, Notary, Outgoing, Speaker, lost_key_warning
from greenroom.recollection import Recollection
from greenroom.report import Experiments
from greenroom.sender import Dress, Sender
from greenroom.senses import Senses, text_of
from greenroom.tally import Spread
from greenroom.triage.explain import Explanation, explain
from greenroom.triage.pool import EncoderPool
from greenroom.triage.providers import cpu_features, describe_cpu

log = logging.getLogger(__name__)

_ALIKE = 0.3  # cosine below which a precedent says nothing to a person


@dataclass(slots=True)
class House:
    """A running deployment; ``swap`` gives it other files.

    Attributes:
        company: What the files say that it runs by.
        ledger: Inbox, record and outbox.
        senses: Triage and context.
        loop: Moves every message along.
        adapters: Each bot's.
        bots: As the desk sees them.
        gate: What personas say passes it.
        composer: Lets a language model word what they say.
        notices: What the desk shows above every page, such as a file that was refused.
        cast: Each persona's experiments, for the desk.
        desk_address: Where the desk is.
        stand: Who the personas are, for the records of what they say.
    """

    company: Company
    ledger: Ledger
    senses: Senses
    loop: Loop
    adapters: Mapping[str, Adapter]
    bots: RunningBots
    gate: Gate
    composer: Composer
    notices: list[str]
    cast: dict[str, Mapping[str, Experiment]]
    desk_address: str
    stand: Stand


def utc_now() -> datetime:
    """The time now, in UTC."""
    return datetime.now(UTC)


@asynccontextmanager
async def open_senses(company: Company, *, context: Path | None = None) -> AsyncIterator[Senses]:
    """Triage and context, with the community's knowledge indexed.

    Args:
        company: What the files say.
        context: Another folder for the embedded Qdrant, for a trial beside a running house.
    """
    deployment = company.deployment
    async with AsyncExitStack() as stack:
        pool = _triage(deployment)
        stack.push_async_callback(pool.close)
        store = await _store(deployment, context)
        stack.push_async_callback(store.close)
        knowledge = Knowledge(store, model=pool.model)
        precedents, posts = Precedents(store, model=pool.model), Posts(store, model=pool.model)
        memory = MemoryIndex(store, model=pool.model)
        senses = Senses(pool, knowledge, precedents, posts=posts, memory=memory)
        await learn(company, senses)
        yield senses


async def learn(company: Company, senses: Senses) -> None:
    """Bring the index to what the files of knowledge say, if anybody would look it up.

    Raises:
        ConfigError: A file cannot be read; the index stays as it was.
    """
    quotes = any(performer.knowledge for performer in company.performers.values())
    if not quotes and not any(policy.needs_likeness for policy in company.policies.values()):
        return
    indexed = await index_knowledge(company, senses)
    log.info("knowledge: %d sections, %s", indexed.chunks, _changes(indexed))


async def index_knowledge(company: Company, senses: Senses) -> Indexed:
    """Bring the index to what the files of knowledge say.

    Only what changed is embedded; who searches meanwhile finds the old or the new.

    Raises:
        ConfigError: A file cannot be read; the index stays as it was.
    """
    deployment = company.deployment

    async def embed(text: str) -> Any:
        return (await senses.triage.read(text)).embedding

    return await senses.knowledge.index(deployment.path(deployment.config.knowledge), embed)


@asynccontextmanager
async def open_composer(
    company: Company,
    senses: Senses,
    *,
    ledger: Ledger | None = None,
    clock: Clock = utc_now,
    took: Callable[[float], None] | None = None,
) -> AsyncIterator[Composer]:
    """What words replies, with the model that config names, if it names one.

    Args:
        company: What the files say.
        senses: Triage and context.
        ledger: Counts tokens and knows conversations; without one nothing is recorded.
        clock: The time now, in UTC.
        took: Told how many seconds each reply took.

    Raises:
        ConfigError: The library that speaks to the model is not installed.
    """
    settings, personas = company.deployment.config.llm, company.deployment.personas
    server = chat_server(company.deployment)
    if server is None:
        yield Composer(None, reader=senses, personas=personas)
        return
    store: TokenStore = MemoryTokens() if ledger is None else ledger.tokens
    service = Service(
        server,
        DayBudget(store, whole=settings.tokens_per_day, clock=clock),
        deadline_s=settings.deadline_s,
        max_tokens=settings.max_tokens,
        at_once=settings.at_once,
        took=took,
    )

    async def recall(message: Message) -> Sequence[Turn]:
        return () if ledger is None else await turns_before(message, ledger.messages)

    try:
        yield Composer(service, reader=senses, personas=personas, recall=recall)
    finally:
        await server.close()


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
        counting = Counting(ledger, company.policies.values())
        senses = replace(
            senses,
            counting=counting,
            archive=Archive(ledger),
            recollection=_recollection(company, ledger, senses, clock),
        )
        first_contact = FirstContact(ledger.contacts.has_spoken, _first_contacts(company))
        gate = Gate(
            senses.scores,
            _limits(company),
            voices=_voices(company),
            first_contact=first_contact,
        )
        bots, notices = RunningBots(company.deployment.bots, staged), list[str]()
        stand = Stand(company)
        keys = await _sign_records(ledger, stand, notices)
        cast = dict(experiments_of(company))
        wording = Spread()
        composer = await stack.enter_async_context(
            open_composer(company, senses, ledger=ledger, clock=clock, took=wording.add)
        )
        loop = _loop(
            company,
            ledger,
            staged,
            senses=senses,
            gate=gate,
            composer=composer,
            bots=bots,
            dress=_dress(keys, stand),
            clock=clock,
        )
        address = await stack.enter_async_context(
            serve(
                _desk(
                    company,
                    ledger,
                    staged,
                    senses=senses,
                    loop=loop,
                    wording=_wording(composer, wording),
                    bots=bots,
                    notices=notices,
                    keys=keys,
                    cast=cast,
                    clock=clock,
                ),
                host=config.desk.host,
                port=config.desk.port,
                port_tries=port_tries,
            )
        )
        yield House(
            company,
            ledger,
            senses,
            loop,
            staged,
            bots,
            gate,
            composer,
            notices,
            cast,
            address,
            stand,
        )


def swap(house: House, company: Company) -> list[str]:
    """Let the house run by other files from the next message on.

    Personas, policies, limits, placements and modes change at once.

    Returns:
        What needs a restart: other adapters, their settings, and `config.yaml`.
    """
    notices = list(_needs_restart(house.company, company))
    running = {name: bot for name, bot in company.deployment.bots.items() if name in house.adapters}
    house.loop.restage(
        {name: _stage(bot, house.adapters[name], company) for name, bot in running.items()}
    )
    house.gate.set_rules(_limits(company), _voices(company))
    if house.gate.first_contact is not None:
        house.gate.first_contact.lines = _first_contacts(company)
    house.composer.set_personas(company.deployment.personas)
    house.bots.show(running)
    if house.senses.counting is not None:
        house.senses.counting.reach(company.policies.values())
    if house.senses.recollection is not None:
        house.senses.recollection.personas = company.deployment.personas
    house.cast.clear()
    house.cast.update(experiments_of(company))
    house.company = house.stand.company = company
    return notices


def _needs_restart(before: Company, after: Company) -> Iterator[str]:
    if before.deployment.config != after.deployment.config:
        yield "config.yaml has changed: it counts from the next start"
    old, new = before.deployment.bots, after.deployment.bots
    for name in sorted(old.keys() | new.keys()):
        if name not in old:
            yield f"bots/{name}.yaml is new: it comes on stage at the next start"
        elif name not in new:
            yield f"bots/{name}.yaml is gone: it decides nothing, and leaves at the next start"
        elif (old[name].adapter, old[name].settings) != (new[name].adapter, new[name].settings):
            yield f"bots/{name}.yaml connects otherwise: that counts from the next start"


def _recollection(company: Company, ledger: Ledger, senses: Senses, clock: Clock) -> Recollection:
    assert senses.memory is not None, "open_senses makes one"
    personas = company.deployment.personas
    return Recollection(
        ledger, senses.memory, senses.embed, personas, posts=senses.posts, clock=clock
    )


def _limits(company: Company) -> Mapping[str, Limits]:
    return {name: persona.limits for name, persona in company.deployment.personas.items()}


def _voices(company: Company) -> Mapping[str, Voice]:
    return {name: persona.voice for name, persona in company.deployment.personas.items()}


def _first_contacts(company: Company) -> Mapping[str, str]:
    return {name: one.first_contact for name, one in company.deployment.personas.items()}


def _loop(
    company: Company,
    ledger: Ledger,
    staged: Mapping[str, Adapter],
    *,
    senses: Senses,
    gate: Gate,
    composer: Composer,
    bots: RunningBots,
    dress: Dress | None,
    clock: Clock,
) -> Loop:
    deployment, settings = company.deployment, company.deployment.config.loop
    sender = Sender(
        ledger,
        staged,
        clock=clock,
        senders=settings.senders,
        deadline_s=settings.send_deadline_s,
        attempts=settings.send_attempts,
        dress=dress,
    )
    backstage = Backstage(
        ledger, bots, wake=sender.wake, clock=clock, desk=deployment.config.desk.public_url
    )
    return Loop(
        ledger,
        {bot.name: _stage(bot, staged[bot.name], company) for bot in deployment.bots.values()},
        senses=senses,
        gate=gate,
        sender=sender,
        composer=composer,
        backstage=backstage,
        listening=Listening(
            ledger,
            likeness=senses.likeness,
            ear=_ear(deployment.config.feedback),
            measured=_measured(ledger),
        ),
        clock=clock,
        workers=settings.workers,
        queue_size=settings.queue_size,
    )


def _measured(ledger: Ledger) -> Measured:
    """Whoever opted out is not measured."""

    async def is_measured(platform: str, community: str, member: str) -> bool:
        return not ledger.consents.has_opted_out(Member(platform, community, member))

    return is_measured


def _ear(settings: FeedbackSettings) -> Ear:
    return Ear(timedelta(minutes=settings.within_minutes), settings.liked, settings.disliked)


def _desk(
    company: Company,
    ledger: Ledger,
    staged: Mapping[str, Adapter],
    *,
    senses: Senses,
    loop: Loop,
    wording: Wording | None,
    bots: RunningBots,
    notices: Sequence[str],
    keys: Keyring,
    cast: Experiments,
    clock: Clock,
) -> Application:
    return make_desk(
        ledger,
        bots=bots,
        notices=notices,
        cast=cast,
        within=_ear(company.deployment.config.feedback).within,
        precedents=_precedents(senses),
        explain=_explain(senses),
        health=lambda: {name: adapter.health() for name, adapter in staged.items()},
        clock=clock,
        public_url=company.deployment.config.desk.public_url,
        watched=_watched(company.deployment, senses, loop, wording),
        public_keys=lambda: keys.names,
    )


@dataclass(slots=True)
class Stand:
    """Who the personas are at this moment: the files may change while the house runs."""

    company: Company

    def speaker(self, name: str) -> Speaker | None:
        """A persona as a record names it; None if there is none of that name."""
        persona = self.company.deployment.personas.get(name)
        if persona is None:
            return None
        version = self.company.versions.get(name)
        is_model = str(persona.replies.source) == "llm"
        return Speaker(persona.name, persona.operator, version, is_model)


async def _sign_records(ledger: Ledger, stand: Stand, notices: list[str]) -> Keyring:
    """From here on each utterance gets a signed record."""
    keys = Keyring(key_folder(stand.company.deployment))
    warning = lost_key_warning(keys, await ledger.attestations.count())
    if warning is not None:
        log.warning("%s", warning)
        notices.append(warning)
    base = stand.company.deployment.config.desk.public_url
    ledger.attestations.attest = Notary(keys, stand.speaker, base=base)
    return keys


def _dress(keys: Keyring, stand: Stand) -> Dress | None:
    """Manifests in texts, where config asks for them."""
    if not stand.company.deployment.config.provenance.c2pa_text:
        return None
    check_c2pa(stand.company.deployment)
    return Outgoing(Binder(keys), stand.speaker)


def _wording(composer: Composer, took: Spread) -> Wording | None:
    service = composer.service
    if service is None:
        return None
    return Wording(service.counts, took, lambda: service.breaker.is_open)


def _watched(
    deployment: Deployment, senses: Senses, loop: Loop, wording: Wording | None
) -> Metrics:
    assert isinstance(senses.triage, EncoderPool), "open_senses makes one"
    token = deployment.config.desk.metrics_token
    shown = None if token is None else token.get_secret_value()
    return Metrics(loop.tally, loop.queued, senses.triage, shown, wording)


def _changes(indexed: Indexed) -> str:
    return f"{indexed.embedded} embedded anew, {indexed.kept} kept, {indexed.deleted} deleted"


def _triage(deployment: Deployment) -> EncoderPool:
    settings = deployment.config.triage
    classifiers = classifiers_of(deployment)
    provider = provider_of(deployment)
    log.info("triage on %s; CPU: %s", provider.name, describe_cpu(cpu_features()))
    return EncoderPool(
        model_folder(deployment),
        provider=provider,
        threads=settings.threads,
        waiting=settings.waiting,
        # The first stage is certified for the encoder's scores, not for those of others.
        cascade=settings.cascade and not classifiers,
        cache=settings.cache,
        classifiers=classifiers,
    )


async def _store(deployment: Deployment, context: Path | None) -> VectorStore:
    settings = deployment.config.context
    if settings.url is not None and context is None:
        return ServerStore(settings.url, api_key=settings.api_key)
    return EdgeStore(context or deployment.path(settings.path))


def _stage(bot: Bot, adapter: Adapter, company: Company) -> Stage:
    def performers(message: Message) -> list[Performer]:
        return [company.performers[name] for name in bot.cast(message)]

    troupe = [company.performers[name] for name in bot.personas]
    return Stage(adapter, bot.mode, performers, troupe, company.versions)


class RunningBots(Mapping[str, RunningBot]):
    """The bots as the desk sees them: what each can do is asked anew, since it may shrink."""

    def __init__(self, bots: Mapping[str, Bot], adapters: Mapping[str, Adapter]) -> None:
        self._bots = bots
        self._adapters = adapters

    def show(self, bots: Mapping[str, Bot]) -> None:
        """Other bots, or the same ones otherwise."""
        self._bots = bots

    def __getitem__(self, name: str) -> RunningBot:
        bot, adapter = self._bots[name], self._adapters[name]
        return RunningBot(
            name=name,
            platform=adapter.platform,
            mode=bot.mode,
            capabilities=adapter.capabilities,
            has_desk_channel=bot.desk_channel is not None,
            moderators=bot.moderators,
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


def _explain(senses: Senses) -> Callable[[Message, str, float | None], Any]:
    async def find(message: Message, head: str, threshold: float | None) -> Explanation:
        return await explain(senses.triage, text_of(message), head, threshold=threshold)

    return find
