"""What a deployment is told in files: ``config.yaml``, ``bots/*.yaml``, ``personas/*.yaml``.

Everything is read and checked before anything connects, and every fault is reported at
once, each with its file, line and column.
"""

from __future__ import annotations

import fnmatch
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

from dotenv import dotenv_values
from pydantic import Field, SecretStr, create_model, model_validator

from greenroom.adapters.registry import Entry
from greenroom.adapters.settings import Settings
from greenroom.documents import Document, interpolate, load, read_text, suggest, validate
from greenroom.errors import ConfigError, ConfigErrors
from greenroom.experiments.feedback import DISLIKED_EMOJI, LIKED_EMOJI
from greenroom.message import Channel, Message
from greenroom.personas.fields import Name, Strict, Text
from greenroom.personas.schema import Persona

T = TypeVar("T")


class LedgerSettings(Strict):
    """Where the ledger lies."""

    path: Path = Path("data/ledger.db")
    queue_size: int = Field(default=1024, ge=1)


class ContextSettings(Strict):
    """Qdrant: embedded in a folder, or a server by ``url``."""

    path: Path = Path("data/qdrant")
    url: str | None = Field(default=None, pattern=r"^https?://")
    api_key: str | None = None


class ClassifierSettings(Strict):
    """A classifier of one's own, and the heads it answers for; `company` checks the names."""

    model: Path  # a folder that `greenroom models adopt` wrote
    heads: dict[str, str] = Field(min_length=1)  # our head: the classifier's label
    combine: Literal["replace", "max"] = "replace"


class TriageSettings(Strict):
    """The model and what runs it."""

    provider: Literal["cpu", "cuda", "tensorrt"] = "cpu"
    model: Path | None = None  # a folder; None: the model that ships
    threads: int | None = Field(default=None, ge=1)  # None: one a core
    waiting: int = Field(default=64, ge=0)
    cascade: bool = True  # whether the first stage may settle what is certain
    cache: int = Field(default=4096, ge=0)  # readings remembered
    batch_tokens: int = Field(default=16_384, ge=512)  # of a run on a GPU, with padding
    cuda_graphs: bool = False
    classifiers: dict[Name, ClassifierSettings] = Field(default_factory=dict)


class DeskSettings(Strict):
    """Where moderators work the queue."""

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    public_url: str | None = Field(default=None, pattern=r"^https?://")
    metrics_token: SecretStr | None = Field(default=None, min_length=1)


class FeedbackSettings(Strict):
    """What members make of what personas say."""

    within_minutes: int = Field(default=30, ge=1, le=1440)  # what comes later does not count
    liked: tuple[Text, ...] = LIKED_EMOJI
    disliked: tuple[Text, ...] = DISLIKED_EMOJI


class LlmSettings(Strict):
    """A server that speaks the OpenAI API, for personas whose replies are ``from: llm``."""

    url: str | None = Field(default=None, pattern=r"^https?://[^/]+")
    model: Text | None = None
    api_key: SecretStr | None = Field(default=None, min_length=1)
    deadline_s: float = Field(default=20.0, gt=0, le=600)  # for one reply, all its rounds
    max_tokens: int = Field(default=300, ge=16)  # of one answer
    tokens_per_day: int | None = Field(default=500_000, ge=1)  # of all personas; None: no limit
    at_once: int = Field(default=4, ge=1)  # replies in the making; for one more none is asked

    @model_validator(mode="after")
    def _is_whole(self) -> LlmSettings:
        if (self.url is None) != (self.model is None):
            raise ValueError("url and model go together; give both, or neither")
        return self


class LoopSettings(Strict):
    """How much is in flight at once."""

    workers: int = Field(default=32, ge=1)  # messages decided at the same time
    queue_size: int = Field(default=8, ge=1)  # messages that wait for each worker
    senders: int = Field(default=8, ge=1)  # actions performed at the same time
    send_deadline_s: float = Field(default=30.0, gt=0)
    send_attempts: int = Field(default=12, ge=1)


class ProvenanceSettings(Strict):
    """What the records of utterances come with; every utterance has one."""

    c2pa_text: bool = False  # a manifest in the text itself, where a platform keeps text


class Config(Strict):
    """``config.yaml``; paths are relative to the file."""

    bots: Path = Path("bots")
    personas: Path = Path("personas")
    policies: Path = Path("policies")
    knowledge: Path = Path("knowledge")
    ledger: LedgerSettings = LedgerSettings()
    context: ContextSettings = ContextSettings()
    triage: TriageSettings = TriageSettings()
    desk: DeskSettings = DeskSettings()
    llm: LlmSettings = LlmSettings()
    loop: LoopSettings = LoopSettings()
    provenance: ProvenanceSettings = ProvenanceSettings()
    feedback: FeedbackSettings = FeedbackSettings()


class Placement(Strict):
    """Where a persona runs: channel names (``#help``), ids, or patterns (``*``)."""

    channels: tuple[Text, ...] = Field(default=("*",), alias="in", min_length=1)

    def covers(self, channel: Channel) -> bool:
        """True if messages in ``channel`` are this persona's business."""
        names = {channel.id, channel.name or channel.id}
        return any(
            fnmatch.fnmatchcase(name, pattern.removeprefix("#"))
            for pattern in self.channels
            for name in names
        )


class BotFrame(Strict):
    """The keys that every bot has, whatever its adapter."""

    adapter: str
    mode: Literal["shadow", "live"] = "shadow"
    personas: dict[Name, Placement]
    desk_channel: str | None = None
    moderators: tuple[Text, ...] = ()  # ids or roles that may press verdicts in desk_channel


@dataclass(frozen=True, slots=True)
class Bot:
    """One bot: an adapter's settings, and the personas that run there."""

    name: str
    adapter: str
    mode: Literal["shadow", "live"]
    personas: Mapping[str, Placement]
    desk_channel: str | None
    moderators: frozenset[str]
    settings: Settings
    document: Document

    def cast(self, message: Message) -> list[str]:
        """The personas on stage where the message was written, in the file's order."""
        return [name for name, place in self.personas.items() if place.covers(message.channel)]


@dataclass(frozen=True, slots=True)
class Deployment:
    """Everything that was read."""

    folder: Path
    config: Config
    bots: Mapping[str, Bot] = field(default_factory=dict)
    personas: Mapping[str, Persona] = field(default_factory=dict)
    persona_documents: Mapping[str, Document] = field(default_factory=dict)
    document: Document = field(default_factory=lambda: Document(None, "config.yaml"))

    @property
    def documents(self) -> tuple[Document, ...]:
        """All that was read, for warnings."""
        bots = (bot.document for bot in self.bots.values())
        return (self.document, *bots, *self.persona_documents.values())

    def path(self, relative: Path) -> Path:
        """A path from ``config.yaml``, made absolute."""
        return self.folder / relative


Entries = Mapping[str, Entry]


def read(
    file: Path,
    *,
    adapters: Entries,
    environment: Mapping[str, str],
    secrets: bool = True,
    faults: list[ConfigError] | None = None,
) -> Deployment:
    """Read ``config.yaml`` and the folders it names.

    Args:
        file: The config file.
        adapters: The adapters that there are, by name.
        environment: Where ``${NAME}`` is looked up, after ``.env`` beside the file.
        secrets: False leaves ``${NAME}`` as it is, for a check without secrets; in the config
            file itself those that are known are filled in all the same.
        faults: Where faults of bots and personas are put, by a caller that looks for more
            of them; without it they are raised.

    Raises:
        ConfigErrors: All faults found.
    """
    folder = file.resolve().parent
    values = {**_dotenv(folder / ".env"), **environment}
    fill = (lambda document: interpolate(document, values)) if secrets else (lambda d: d)
    document = load(file)
    config = validate(interpolate(document, values, is_strict=secrets), Config)
    found: list[ConfigError] = [] if faults is None else faults
    documents: dict[str, Document] = {}

    def persona(path: Path) -> Persona:
        documents[path.stem] = load(path)
        return validate(documents[path.stem], Persona)

    personas = _each(folder / config.personas, persona, found)
    bots = _each(folder / config.bots, lambda path: bot_of(load(path), adapters, fill), found)
    for bot in bots.values():
        found.extend(_unknown_personas(bot, personas, known=set(documents)))
    if found and faults is None:
        raise ConfigErrors(found)
    return Deployment(folder, config, bots, personas, documents, document)


def _each(folder: Path, reader: Callable[[Path], T], faults: list[ConfigError]) -> dict[str, T]:
    """What ``reader`` makes of each YAML file of a folder, by stem; faults are collected."""
    if not folder.is_dir():
        raise ConfigError(
            "is no folder", file=folder, accepted="make it, or run `greenroom init` for a start"
        )
    found: dict[str, T] = {}
    for path in sorted((*folder.glob("*.yaml"), *folder.glob("*.yml"))):
        try:
            found[path.stem] = reader(path)
        except ConfigErrors as errors:
            faults.extend(errors.faults)
        except ConfigError as error:
            faults.append(error)
    return found


def bot_of(document: Document, adapters: Entries, fill: Callable[[Document], Document]) -> Bot:
    """What a bot's file says; ``fill`` puts secrets in the places of their names.

    Raises:
        ConfigError: All faults found, each with its place.
    """
    raw = document.value if isinstance(document.value, dict) else {}
    entry = adapters.get(str(raw.get("adapter")))
    if entry is None:
        given = (
            f"unknown adapter `{raw['adapter']}`" if "adapter" in raw else "`adapter` is missing"
        )
        accepted = suggest(str(raw.get("adapter", "")), sorted(adapters))
        raise document.fault(("adapter",), given, accepted=accepted)
    try:
        settings = entry.settings
    except ConfigError as error:
        raise document.fault(("adapter",), error.message, accepted=error.accepted) from error
    model = create_model(settings.__name__, __base__=(BotFrame, settings))
    whole = validate(fill(document), model)
    frame = whole.model_dump(include=set(BotFrame.model_fields), by_alias=True)
    rest = {name: getattr(whole, name) for name in settings.model_fields}
    shape = BotFrame.model_validate(frame)
    return Bot(
        name=Path(document.file).stem,
        adapter=shape.adapter,
        mode=shape.mode,
        personas=shape.personas,
        desk_channel=shape.desk_channel,
        moderators=frozenset(shape.moderators),
        settings=settings.model_construct(**rest),
        document=document,
    )


def _unknown_personas(
    bot: Bot, personas: Mapping[str, Any], *, known: set[str]
) -> list[ConfigError]:
    return [
        bot.document.fault(
            ("personas", name),
            f"there is no persona `{name}`",
            accepted=suggest(name, sorted(personas)) if personas else None,
        )
        for name in bot.personas
        if name not in known
    ]


def _dotenv(path: Path) -> dict[str, str]:
    if path.is_dir() or not path.exists():  # a folder of that name is somebody's environment
        return {}
    values = dotenv_values(stream=io.StringIO(read_text(path)))
    return {name: value for name, value in values.items() if value is not None}
