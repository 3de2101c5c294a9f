"""``--token`` and ``--set KEY=VALUE``: answers given beforehand, secrets apart from the rest."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, get_args

import yaml
from pydantic import BaseModel, SecretStr

from greenroom.adapters.registry import adapters
from greenroom.adapters.settings import Settings
from greenroom.cli.adding.file import Value
from greenroom.documents import suggest
from greenroom.errors import ConfigError

_NAMED: Final = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*\}")
_OF_FRAME: Final = ("moderators",)
"""Keys that every bot has and no other option sets."""


@dataclass(frozen=True, slots=True)
class Given:
    """What options said.

    Attributes:
        secrets: By the key in the bot's file.
        settings: The other keys, nested ones as mappings.
    """

    secrets: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Value] = field(default_factory=dict)


def read_given(platform: str, token: str | None, pairs: Sequence[str]) -> Given:
    """What ``--token`` and ``--set`` say.

    Raises:
        ConfigError: There is no such key; values of secrets are never quoted.
    """
    model = adapters()[platform].settings
    secrets: dict[str, str] = {} if token is None else {"token": token}
    settings: dict[str, Value] = {}
    for pair in pairs:
        key, is_pair, value = pair.partition("=")
        known = [*model.model_fields, *_OF_FRAME]
        if not is_pair or key.partition(".")[0] not in known:
            raise ConfigError(
                f"--set: {platform} has no key `{key}`" if is_pair else "--set wants KEY=VALUE",
                accepted=suggest(key, known),
            )
        if key in secrets_of(model):
            secrets[key] = value
        else:
            _put(settings, key.split("."), _value(key, value))
    for key in _open_secrets(model, settings):
        raise ConfigError(
            f"--set: `{key}` is a secret, and would stand in the bot's file",
            accepted=f"put it into .env, and say --set '{key}=${{ITS_NAME}}'",
        )
    return Given(secrets, settings)


def secrets_of(model: type[Settings]) -> Sequence[str]:
    """The keys of an adapter whose values are secrets."""
    return [
        name
        for name, info in model.model_fields.items()
        if SecretStr in (info.annotation, *get_args(info.annotation))
    ]


def _open_secrets(model: type[BaseModel], settings: Mapping[str, Value]) -> Iterator[str]:
    """The dotted keys of secrets that are given as they are, not as names of variables."""
    for key, value in settings.items():
        info = model.model_fields.get(key)
        kinds = () if info is None else (info.annotation, *get_args(info.annotation))
        if SecretStr in kinds and not _NAMED.fullmatch(str(value)):
            yield key
        for kind in kinds:
            if isinstance(kind, type) and issubclass(kind, BaseModel) and isinstance(value, dict):
                yield from (f"{key}.{inner}" for inner in _open_secrets(kind, value))


def _value(key: str, text: str) -> Value:
    try:
        value: Value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError(
            f"--set {key}: is not YAML", accepted="quotes around the value"
        ) from error
    return value


def _put(settings: dict[str, Value], path: Sequence[str], value: Value) -> None:
    *parents, last = path
    for part in parents:
        inner = settings.setdefault(part, {})
        if not isinstance(inner, dict):
            raise ConfigError(f"--set: `{part}` has a value already, and no keys below it")
        settings = inner
    settings[last] = value
