"""Who could go on stage: everything that a deployment's files say, read and checked.

With ``app`` this is the composition root: here adapters and personas get their classes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from greenroom.adapters.base import Adapter
from greenroom.adapters.connection import CONNECTIONS
from greenroom.adapters.registry import Make, adapters
from greenroom.adapters.settings import ReplaySettings, SlackSettings
from greenroom.config import Bot, Deployment, read
from greenroom.context.files import files_of, read_folder
from greenroom.documents import Document, load, suggest, validate
from greenroom.errors import ConfigError, ConfigErrors
from greenroom.experiments import Experiment
from greenroom.personas.advocate import AdvocatePersona
from greenroom.personas.assistant import AssistantPersona
from greenroom.personas.base import Performer
from greenroom.personas.companion import CompanionPersona
from greenroom.personas.curator import CuratorPersona
from greenroom.personas.moderator import ModeratorPersona
from greenroom.personas.schema import Persona
from greenroom.personas.trying import experiments_in
from greenroom.policies import Policy, load_policy
from greenroom.provenance import c2pa_library
from greenroom.triage import HEADS, INTENTS
from greenroom.triage.classifier import Assignment, load_classifier
from greenroom.triage.manifest import SHIPPED, load_manifest
from greenroom.triage.providers import PROVIDERS, Provider, provider_named
from greenroom.versions import persona_version

if TYPE_CHECKING:
    from greenroom.llm.client import ChatServer

PERSONAS: Mapping[str, Callable[[str, Persona, Sequence[Policy]], Performer]] = {
    "moderator": ModeratorPersona,
    "assistant": AssistantPersona,
    "companion": CompanionPersona,
    "curator": CuratorPersona,
    "advocate": AdvocatePersona,
}


@dataclass(frozen=True, slots=True)
class Company:
    """Everything that files say, read and checked: who could go on stage."""

    deployment: Deployment
    policies: Mapping[str, Policy]
    performers: Mapping[str, Performer]
    versions: Mapping[str, str] = field(default_factory=dict)  # of personas, see `versions`


def gather(file: Path, *, secrets: bool = True) -> Company:
    """Read and check everything that a deployment's files say.

    Raises:
        ConfigErrors: All faults found, each with its place.
    """
    faults: list[ConfigError] = []
    deployment = read(
        file, adapters=adapters(), environment=os.environ, secrets=secrets, faults=faults
    )
    policies = _policies(deployment, faults)
    for document in deployment.persona_documents.values():
        faults.extend(_unknown_names(deployment, document))
    faults.extend(_model_faults(deployment))
    faults.extend(_connection_faults(deployment.folder / "adapters"))
    if faults:
        raise ConfigErrors(faults)
    performers = {
        name: PERSONAS[persona.kind](name, persona, [policies[one] for one in persona.policies])
        for name, persona in deployment.personas.items()
    }
    versions = {name: persona_version(deployment, name) for name in deployment.personas}
    return Company(deployment, policies, performers, versions)


def experiments_of(company: Company) -> Mapping[str, Mapping[str, Experiment]]:
    """Every persona's experiments, by its name and theirs."""
    personas = company.deployment.personas
    return {name: experiments_in(persona) for name, persona in personas.items()}


def preflight(company: Company) -> None:
    """Open what a start would open and ``gather`` does not: model, knowledge, recordings.

    Raises:
        ConfigErrors: All faults found.
    """
    deployment, faults = company.deployment, list[ConfigError]()
    looks: list[Callable[[], object]] = [
        lambda: load_manifest(
            model_folder(deployment), precision=provider_of(deployment).precision
        ),
        lambda: classifiers_of(deployment),
        lambda: check_c2pa(deployment),
        lambda: chat_server(deployment),
    ]
    knowledge = deployment.path(deployment.config.knowledge)
    looks.append(lambda: read_folder(knowledge) if knowledge.is_dir() else ())
    looks += [
        partial(make_adapter, bot, deployment)
        for bot in deployment.bots.values()
        if isinstance(bot.settings, ReplaySettings)
    ]
    for look in looks:
        try:
            look()
        except ConfigErrors as errors:
            faults.extend(errors.faults)
        except ConfigError as error:
            faults.append(error)
    if faults:
        raise ConfigErrors(faults)


def key_folder(deployment: Deployment) -> Path:
    """Where the keys lie that records are signed with: beside the ledger."""
    return deployment.path(deployment.config.ledger.path).parent / "keys"


def check_c2pa(deployment: Deployment) -> None:
    """That C2PA's library is there, if config asks for manifests in texts.

    Raises:
        ConfigError: It is not installed.
    """
    if not deployment.config.provenance.c2pa_text:
        return
    try:
        c2pa_library()
    except ConfigError as error:
        place = ("provenance", "c2pa_text")
        raise deployment.document.fault(place, error.message, accepted=error.accepted) from error


def model_folder(deployment: Deployment) -> Path:
    """The encoder's folder."""
    folder = deployment.config.triage.model
    return SHIPPED if folder is None else deployment.path(folder)


def provider_of(deployment: Deployment) -> Provider:
    """What runs the models, as config sets it.

    Raises:
        ConfigError: It is not installed.
    """
    settings = deployment.config.triage
    return replace(
        provider_named(settings.provider),
        budget=settings.batch_tokens,
        graphs=settings.cuda_graphs,
        engines=deployment.path(deployment.config.ledger.path).parent / "tensorrt",
    )


def classifiers_of(deployment: Deployment) -> tuple[Assignment, ...]:
    """The adopted classifiers that config gives heads to.

    Raises:
        ConfigErrors: All heads, labels and folders that are not there, each with its place.
    """
    faults: list[ConfigError] = []
    settings = deployment.config.triage
    for name in settings.classifiers:
        faults.extend(_classifier_faults(deployment, name))
    if faults:
        raise ConfigErrors(faults)
    return tuple(
        Assignment(deployment.path(one.model), one.heads, one.combine)
        for one in settings.classifiers.values()
    )


def _classifier_faults(deployment: Deployment, name: str) -> list[ConfigError]:
    settings, document = deployment.config.triage, deployment.document
    one, place = settings.classifiers[name], ("triage", "classifiers", name)
    names = list(settings.classifiers)
    before = [settings.classifiers[other].heads for other in names[: names.index(name)]]
    faults = []
    for head in one.heads:
        if head not in HEADS:
            what, accepted = f"there is no head `{head}`", suggest(head, [*HEADS])
        elif one.combine == "replace" and any(head in heads for heads in before):
            what, accepted = f"another classifier answers for `{head}`", "add `combine: max`"
        else:
            continue
        faults.append(document.fault((*place, "heads", head), what, accepted=accepted))
    try:
        precision = PROVIDERS[settings.provider].precision
        manifest = load_classifier(deployment.path(one.model), precision=precision)
    except ConfigError as error:
        return [*faults, document.fault((*place, "model"), str(error))]
    return faults + [
        document.fault(
            (*place, "heads", head),
            f"the classifier {name} has no label `{label}`",
            accepted=suggest(label, [*manifest.labels]),
        )
        for head, label in one.heads.items()
        if label not in manifest.labels
    ]


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
        settings = settings.model_copy(update={"file": _recording(bot, deployment, settings)})
    if isinstance(settings, SlackSettings):
        settings = settings.within(deployment.folder)
    return kind(bot.name, settings, desk_channel=bot.desk_channel, since=since)


def _recording(bot: Bot, deployment: Deployment, settings: ReplaySettings) -> Path:
    path = deployment.path(settings.file)
    if not path.exists():
        raise bot.document.fault(
            ("file",),
            f"there is no recording `{settings.file}` in {deployment.folder}",
            accepted="`greenroom init . --bot replay` lays one out",
        )
    return path


def adapter_class(bot: Bot) -> Make:
    """Import the bot's adapter with its library.

    Raises:
        ConfigError: The library is not installed; the message says how to install it.
    """
    entry = adapters()[bot.adapter]
    try:
        return entry.load()
    except ImportError as error:
        raise bot.document.fault(
            ("adapter",),
            f"adapter {bot.adapter} needs a library that is not installed ({error.name})",
            accepted=entry.hint,
        ) from error


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


def _connection_faults(folder: Path) -> list[ConfigError]:
    """What is wrong with the files that say how platforms are connected, if they are there."""
    faults: list[ConfigError] = []
    for path in sorted((*folder.glob("*.yaml"), *folder.glob("*.yml"))):
        try:
            document = load(path)
            if path.stem in CONNECTIONS:
                validate(document, CONNECTIONS[path.stem])
        except ConfigErrors as errors:
            faults.extend(errors.faults)
        except ConfigError as error:
            faults.append(error)
    return faults


def _unknown_names(deployment: Deployment, document: Document) -> list[ConfigError]:
    """What a persona's file names and is not there, even if the file has other faults."""
    policies = deployment.path(deployment.config.policies)
    known = sorted(path.stem for path in policies.glob("*.y*ml"))
    faults = [
        document.fault(
            ("policies", index), f"there is no policy `{one}`", accepted=suggest(one, known)
        )
        for index, one in _texts(document, "policies")
        if one not in known
    ]
    folder = deployment.path(deployment.config.knowledge)
    faults += [
        document.fault(
            ("knowledge", index),
            f"there is no knowledge `{one}` in {folder.name}/",
            accepted=suggest(one, _sources(folder)),
        )
        for index, one in _texts(document, "knowledge")
        if not (folder / one).exists()
    ]
    return faults


def _model_faults(deployment: Deployment) -> list[ConfigError]:
    """Personas that want a language model where config has none."""
    if deployment.config.llm.url is not None:
        return []
    return [
        deployment.persona_documents[name].fault(
            ("replies", "from"),
            f"{name} wants its replies worded by a language model, and config.yaml names none",
            accepted="set llm.url and llm.model in config.yaml, or write `from: grounded`",
        )
        for name, persona in deployment.personas.items()
        if persona.replies.source == "llm"
    ]


def chat_server(deployment: Deployment) -> ChatServer | None:
    """The language model's server, as config names it; nothing connects yet.

    None where config names none, or where the key's place is known and the key is not.

    Raises:
        ConfigError: The library that speaks to it is not installed.
    """
    settings = deployment.config.llm
    if settings.url is None or settings.model is None:
        return None
    key = None if settings.api_key is None else settings.api_key.get_secret_value()
    if key is not None and key.startswith("${"):
        return None
    try:
        from greenroom.llm.client import ChatServer  # noqa: PLC0415 (an extra)
    except ImportError as error:
        raise deployment.document.fault(
            ("llm", "url"),
            f"a language model needs a library that is not installed ({error.name})",
            accepted="pip install 'greenroom[llm]'",
        ) from error
    return ChatServer(
        settings.url,
        settings.model,
        key=key,
        deadline_s=settings.deadline_s,
        max_tokens=settings.max_tokens,
    )


def _texts(document: Document, key: str) -> list[tuple[int, str]]:
    value = document.value.get(key) if isinstance(document.value, dict) else None
    items = value if isinstance(value, list) else []
    return [(index, item) for index, item in enumerate(items) if isinstance(item, str)]


def _sources(folder: Path) -> list[str]:
    files = [path.relative_to(folder).as_posix() for path in files_of(folder)]
    return [*files, "."]
