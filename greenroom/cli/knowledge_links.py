"""Links to the web, asked whether they are alive: few at a time, and never inside a network."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Sequence
from typing import Final

import aiohttp
from yarl import URL

from greenroom.context.links import DeadLink, Link

AT_ONCE: Final = 8
DEADLINE_S: Final = 10.0  # for one link
MOST: Final = 1_000  # addresses

_GONE: Final = frozenset({404, 410})
_NO_HEAD: Final = frozenset({400, 403, 404, 405, 501})
"""What servers answer to HEAD although a GET would do."""


async def dead_on_the_web(links: Sequence[Link], *, may_be_private: bool = False) -> list[DeadLink]:
    """Those of the web's links that are gone, or whose host is not there.

    A refusal, a limit or a fault of the server is no dead link. Redirects count as alive and are
    not followed. What resolves to an address of a private network is not asked: the text may
    be a stranger's.

    Args:
        links: Links; those of files are left out.
        may_be_private: Ask those too.
    """
    targets = list(dict.fromkeys(link.target.partition("#")[0] for link in links if link.is_web))
    places = asyncio.Semaphore(AT_ONCE)
    async with aiohttp.ClientSession(headers={"User-Agent": "greenroom"}) as session:

        async def ask(target: str) -> str | None:
            async with places:
                return await _why_dead(session, target, may_be_private=may_be_private)

        async with asyncio.TaskGroup() as group:
            tasks = {one: group.create_task(ask(one)) for one in targets[:MOST]}
    whys = {target: task.result() for target, task in tasks.items()}
    return [
        DeadLink(link, why)
        for link in links
        if link.is_web
        for why in [whys.get(link.target.partition("#")[0])]
        if why is not None
    ]


async def _why_dead(
    session: aiohttp.ClientSession, target: str, *, may_be_private: bool
) -> str | None:
    try:
        async with asyncio.timeout(DEADLINE_S):
            if not may_be_private and not await _is_public(URL(target).host or ""):
                return None
            status = await _status(session, target)
    except (ValueError, UnicodeError):
        return "is no address"
    except socket.gaierror:
        return "its host is not known"
    except (aiohttp.ClientConnectorError, aiohttp.ServerDisconnectedError):
        return "its host does not answer"
    except (aiohttp.ClientError, TimeoutError):
        return None  # slow or odd, which says nothing for certain
    return f"answers {status}" if status in _GONE else None


async def _status(session: aiohttp.ClientSession, target: str) -> int:
    async with session.head(target, allow_redirects=False) as answer:
        status = answer.status
    if status in _NO_HEAD:
        async with session.get(target, allow_redirects=False) as answer:
            return answer.status
    return status


async def _is_public(host: str) -> bool:
    """Whether all of a host's addresses are on the open network.

    Raises:
        socket.gaierror: There is no such host.
    """
    found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return all(ipaddress.ip_address(address[4][0]).is_global for address in found)
