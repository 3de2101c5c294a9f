"""The composition root: opens what a deployment needs, and wires it. See also ``company``."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from aiohttp.web import Application

from greenroom.adapters.base import Adapter, Clock
from greenroom.archive import Archive
from greenroom.attesting import Stand, dress, sign_records
from greenroom.backstage import Backstage
from greenroom.clock import utc_now
from greenroom.company import (
    Company,
    experiments_of,
    make_adapter,
)
from greenroom.config import Bot, Deployment, FeedbackSettings
from greenroom.counting import Counting
from greenroom.desk import Metrics, Wording, make_desk, serve
from greenroom.experiments import Experiment
from greenroom.ledger import Ledger
from greenroom.listening import Ear, Listening, Measured
from greenroom.loop import Loop, Stage
from greenroom.message import Member, Message, Precedent
from greenroom.opening import open_composer, open_senses
from greenroom.personas.base import Performer
from greenroom.personas.composer import Composer
from greenroom.personas.contact import FirstContact
from greenroom.personas.gate import Gate
from greenroom.personas.schema import Limits
from greenroom.personas.voice import Voice
from greenroom.provenance import Keyring
from greenroom.recollection import Recollection
from greenroom.report import Experiments
from greenroom.running_bots import RunningBots
from greenroom.sender import Dress, Sender
from greenroom.senses import Senses, text_of
from greenroom.tally import Spread
from greenroom.triage.explain import Explanation, explain
from greenroom.triage.pool import EncoderPool

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
        keys = await sign_records(ledger, stand, notices)
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
            dress=dress(keys, stand),
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


def _stage(bot: Bot, adapter: Adapter, company: Company) -> Stage:
    def performers(message: Message) -> list[Performer]:
        return [company.performers[name] for name in bot.cast(message)]

    troupe = [company.performers[name] for name in bot.personas]
    return Stage(adapter, bot.mode, performers, troupe, company.versions)


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
