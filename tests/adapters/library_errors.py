"""Errors of the platforms' libraries, all there are, made by their own constructors."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import Any

import aiohttp
from aiohttp.client_reqrep import ConnectionKey
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL


def below(kind: type[BaseException]) -> Iterator[type[BaseException]]:
    """All classes under one."""
    for found in kind.__subclasses__():
        yield found
        yield from below(found)


def made(kind: type[BaseException], url: URL, facts: Mapping[str, Any]) -> BaseException:
    """An error about ``url``; ``facts`` are its constructor's parameters that aiohttp lacks."""
    given: dict[str, Any] = {
        "connection_key": ConnectionKey(url.host or "", 443, True, True, None, None, None),
        "certificate_error": ValueError("self-signed"),
        "os_error": OSError(111, "refused"),
        "path": "/socket",
        "request_info": aiohttp.RequestInfo(url, "POST", CIMultiDictProxy(CIMultiDict()), url),
        "history": (),
        "url": "http://[",
        "expected": b"",
        "got": b"",
        "host": url.host,
        "port": 443,
        "message": "it broke",
        **facts,
    }
    positional, named = [], {}
    for name, parameter in inspect.signature(kind.__init__).parameters.items():
        if name not in given or parameter.kind is parameter.VAR_POSITIONAL:
            continue
        if parameter.kind is parameter.KEYWORD_ONLY:
            named[name] = given[name]
        else:
            positional.append(given[name])
    return kind(*positional, **named)
