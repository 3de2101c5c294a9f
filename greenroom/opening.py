"""Opens what messages are read with: the model, Qdrant with its knowledge, a language model."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from greenroom.adapters.base import Clock
from greenroom.clock import utc_now
from greenroom.company import (
    Company,
    chat_server,
    classifiers_of,
    model_folder,
    provider_of,
)
from greenroom.config import Deployment
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
from greenroom.ledger import Ledger
from greenroom.llm import Turn
from greenroom.llm.budget import DayBudget, MemoryTokens, TokenStore
from greenroom.llm.service import Service
from greenroom.message import Message
from greenroom.personas.composer import Composer
from greenroom.personas.conversation import turns_before
from greenroom.senses import Senses
from greenroom.triage.pool import EncoderPool
from greenroom.triage.providers import cpu_features, describe_cpu

log = logging.getLogger(__name__)


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
