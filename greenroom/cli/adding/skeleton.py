"""An adapter for which ``bot add`` has no conversation: its keys, as a file to fill in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from greenroom.adapters.registry import adapters
from greenroom.adapters.settings import Settings
from greenroom.cli.adding.given import secrets_of
from greenroom.cli.console import out
from greenroom.documents import suggest
from greenroom.errors import ConfigError
from greenroom.starter import starter_bots


def tell_without_conversation(name: str) -> None:
    """Say what the bot's file would be.

    Raises:
        ConfigError: There is no such adapter.
    """
    entry = adapters().get(name)
    if entry is None:
        raise ConfigError(
            f"there is no adapter `{name}`", accepted=suggest(name, sorted(adapters()))
        )
    if name in starter_bots():
        told = f"{name} has nothing to sign in to: greenroom init . --bot {name}"
    else:
        told = f"{name} has no conversation here. Write its bot by hand, in bots/{name}.yaml:"
    out.print(told, markup=False, soft_wrap=True)
    out.print("\n".join(("", *_lines(name, entry.settings), "")), markup=False, soft_wrap=True)
    out.print(f"Then: greenroom check, and greenroom run. {_library(name)}", markup=False)


def _library(name: str) -> str:
    try:
        adapters()[name].load()
    except ImportError:
        return f"Its library is not installed: {adapters()[name].hint}"
    return ""


def _lines(name: str, model: type[Settings]) -> Iterator[str]:
    schema = model.model_json_schema(by_alias=True)
    needed = schema.get("required", [])
    secrets = secrets_of(model)
    yield f"adapter: {name}"
    for key, shape in schema.get("properties", {}).items():
        value = f"${{{name.upper()}_{key.upper()}}}" if key in secrets else "…"
        mark = "" if key in needed else "# "
        yield f"{mark}{key}: {value}".ljust(33) + f" # {_told(shape, is_needed=key in needed)}"
    yield "mode: shadow"
    yield "personas:"
    yield '  warden: {in: ["*"]}'


def _told(shape: Mapping[str, Any], *, is_needed: bool) -> str:
    kind = _kind(shape)
    default = shape.get("default")
    rest = (
        "needed" if is_needed else f"else {default}" if default is not None else "may be left out"
    )
    about = shape.get("description")
    return f"{kind}, {rest}{f': {about}' if about else ''}"


def _kind(shape: Mapping[str, Any]) -> str:
    if "enum" in shape:
        return " or ".join(map(str, shape["enum"]))
    if "const" in shape:
        return str(shape["const"])
    if "anyOf" in shape:
        kinds = [_kind(one) for one in shape["anyOf"] if one.get("type") != "null"]
        return " or ".join(dict.fromkeys(kinds))
    words = {
        "string": "a text",
        "integer": "a whole number",
        "number": "a number",
        "boolean": "true or false",
        "array": "a list",
    }
    return words.get(str(shape.get("type")), "keys below it")


__all__ = ["tell_without_conversation"]
