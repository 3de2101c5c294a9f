"""Holds requests against Discord's OpenAPI document, where it is at hand.

Only what its request schemas use is known here; a body's unknown key is a fault too,
although the document lets it pass.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

DOCUMENT = Path(__file__).parents[4] / "shared" / "platforms" / "discord_openapi.json.gz"

_TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}


@cache
def document() -> dict[str, Any] | None:
    """The document, or None where it is not at hand."""
    if not DOCUMENT.exists():
        return None
    with gzip.open(DOCUMENT) as file:
        found: dict[str, Any] = json.load(file)
    return found


def faults_of(method: str, path: str, query: Mapping[str, str], body: Any) -> list[str]:
    """What the document has against a request; nothing where it is not at hand."""
    whole = document()
    if whole is None:
        return []
    where = f"{method} {path}"
    operation = _operation(whole, method.lower(), path)
    if operation is None:
        return [f"{where}: no such operation"]
    return [f"{where}: {fault}" for fault in _request_faults(whole, operation, query, body)]


def _operation(whole: dict[str, Any], method: str, path: str) -> dict[str, Any] | None:
    fitting = [
        template
        for template, item in whole["paths"].items()
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path) and method in item
    ]
    if not fitting:
        return None
    closest = min(fitting, key=lambda template: template.count("{"))
    found: dict[str, Any] = whole["paths"][closest][method]
    return found


def _request_faults(
    whole: dict[str, Any], operation: dict[str, Any], query: Mapping[str, str], body: Any
) -> Iterator[str]:
    known = {p["name"] for p in operation.get("parameters", []) if p["in"] == "query"}
    yield from (f"unknown query parameter {name}" for name in query if name not in known)
    asked = operation.get("requestBody")
    if asked is None:
        if body is not None:
            yield "a body where there is none"
    elif body is None:
        if asked.get("required"):
            yield "no body"
    else:
        schema = asked["content"]["application/json"]["schema"]
        yield from _faults(whole, schema, body, "body")


def _faults(whole: dict[str, Any], schema: dict[str, Any], value: Any, at: str) -> Iterator[str]:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        yield from _faults(whole, whole["components"]["schemas"][name], value, at)
        return
    for key in ("oneOf", "anyOf"):
        if key in schema and all(list(_faults(whole, s, value, at)) for s in schema[key]):
            yield f"{at}: {value!r} fits none of {len(schema[key])} choices"
    for part in schema.get("allOf", ()):
        yield from _faults(whole, part, value, at)
    if not _has_type(schema.get("type"), value):
        yield f"{at}: {value!r} is no {schema['type']}"
        return
    yield from _limits(schema, value, at)
    if isinstance(value, dict) and "properties" in schema:
        yield from _object(whole, schema, value, at)
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from _faults(whole, schema.get("items", {}), item, f"{at}[{number}]")


def _object(
    whole: dict[str, Any], schema: dict[str, Any], value: dict[str, Any], at: str
) -> Iterator[str]:
    known = schema["properties"]
    yield from (f"{at}: {key} is missing" for key in schema.get("required", ()) if key not in value)
    for key, item in value.items():
        if key in known:
            yield from _faults(whole, known[key], item, f"{at}.{key}")
        else:
            yield f"{at}: unknown key {key}"


def _limits(schema: dict[str, Any], value: Any, at: str) -> Iterator[str]:
    if "const" in schema and value != schema["const"]:
        yield f"{at}: {value!r} is not {schema['const']!r}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at}: {value!r} is none of {schema['enum']}"
    if isinstance(value, str):
        if len(value) > schema.get("maxLength", len(value)):
            yield f"{at}: longer than {schema['maxLength']}"
        if "pattern" in schema and not re.search(schema["pattern"], value):
            yield f"{at}: {value!r} does not match {schema['pattern']}"
    if isinstance(value, list) and len(value) > schema.get("maxItems", len(value)):
        yield f"{at}: more than {schema['maxItems']}"
    is_number = isinstance(value, int) and not isinstance(value, bool)
    if is_number and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        yield f"{at}: {value} is out of bounds"


def _has_type(names: str | list[str] | None, value: Any) -> bool:
    if names is None:
        return True
    if isinstance(value, bool):
        return "boolean" in names
    wanted = [names] if isinstance(names, str) else names
    return any(isinstance(value, _TYPES[name]) for name in wanted)
