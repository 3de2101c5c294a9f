"""Who writes and who moderates on Reddit, fetched once and remembered for a while."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from asyncpraw.endpoints import API_PATH

from greenroom.adapters.base import Clock, Place
from greenroom.adapters.recent import Recent
from greenroom.adapters.reddit.fields import Thing, as_table, flag_of, rows_of, table_of, text_of
from greenroom.adapters.reddit.things import Facts, read_facts
from greenroom.adapters.reddit.web import PAGE, RedditWeb
from greenroom.errors import ConfigError, DropMessage, RetryLater
from greenroom.message import Channel, Community

log = logging.getLogger(__name__)

REMEMBERED = 10_000  # members: about 5 MB
KEEP_FACTS = timedelta(hours=6)
KEEP_SUBREDDITS = timedelta(hours=1)
ONE_BY_ONE = 10  # up to so many new members get a call each, which tells more; else one for all
UNKNOWN = Facts()


@dataclass(frozen=True, slots=True)
class Subreddit:
    """One of the bot's subreddits."""

    name: str
    id: str  # Reddit's own, such as t5_2qh1i
    is_nsfw: bool | None
    moderators: frozenset[str] | None  # in lower case; None: Reddit does not say
    permissions: Mapping[str, frozenset[str]] = field(default_factory=dict)  # by moderator

    def may(self, name: str, permission: str) -> bool:
        """Whether a moderator has a permission."""
        held = self.permissions.get(name.lower(), frozenset())
        return "all" in held or permission in held


class Subreddits:
    """The bot's subreddits, looked at again every hour."""

    def __init__(self, web: RedditWeb, names: Iterable[str], *, clock: Clock) -> None:
        self._web = web
        self._names = tuple(names)
        self._fresh: Recent[str, Subreddit] = Recent(
            size=len(self._names), clock=clock, keep=KEEP_SUBREDDITS
        )
        self._known: dict[str, Subreddit] = {}  # one for each of the bot's few subreddits

    async def refresh(self) -> None:
        """Look at those that are due.

        Raises:
            ConfigError: One does not exist, or the account may not read it.
            RetryLater: Reddit cannot be reached.
        """
        for name in self._names:
            if name.lower() not in self._fresh:
                subreddit = await self._look(name)
                self._fresh[name.lower()] = self._known[name.lower()] = subreddit

    def get(self, name: str | None) -> Subreddit | None:
        """What is known of one."""
        return self._known.get((name or "").lower())

    @property
    def names(self) -> frozenset[str]:
        """The names of all, in lower case."""
        return frozenset(self._known) | {name.lower() for name in self._names}

    @property
    def all(self) -> tuple[Subreddit, ...]:
        """What is known of each."""
        return tuple(self._known.values())

    def places(self) -> tuple[Place, ...]:
        """Each as a place to write in."""
        return tuple(
            Place(Community(one.id, one.name, one.is_nsfw), Channel(one.id, one.name))
            for one in self.all
        )

    def moderated_by(self, me: str) -> tuple[str, ...]:
        """Those whose moderators include the account ``me``."""
        return tuple(
            known.name
            for known in self._known.values()
            if known.moderators is not None and me.lower() in known.moderators
        )

    async def _look(self, name: str) -> Subreddit:
        try:
            answer = await self._web.read(f"open r/{name}", f"r/{name}/about")
        except DropMessage as error:
            raise ConfigError(
                f"the bot's account cannot read r/{name}: {error}",
                accepted="check the name under `subreddits:`; a private subreddit must approve "
                "the account first",
            ) from error
        about = table_of(answer, "data")
        if answer.get("kind") != "t5":  # Reddit answers with a search for unknown names
            raise ConfigError(
                f"there is no subreddit r/{name}", accepted="check the name under `subreddits:`"
            )
        permissions = await self._permissions(name)
        return Subreddit(
            name=text_of(about, "display_name") or name,
            id=text_of(about, "name") or name,
            is_nsfw=flag_of(about, "over18"),
            moderators=None if permissions is None else frozenset(permissions),
            permissions=permissions or {},
        )

    async def _permissions(self, name: str) -> dict[str, frozenset[str]] | None:
        path = API_PATH["list_moderator"].format(subreddit=name)
        try:
            answer = await self._web.read(f"list the moderators of r/{name}", path)
        except DropMessage as error:
            log.warning("%s", error)
            return None
        listed = [as_table(child) for child in rows_of(table_of(answer, "data"), "children")]
        return {
            str(one.get("name")).lower(): frozenset(map(str, rows_of(one, "mod_permissions")))
            for one in listed
        }


class People:
    """Facts about members: age, karma, verified."""

    def __init__(self, web: RedditWeb, *, clock: Clock) -> None:
        self._web = web
        self._facts: Recent[str, Facts] = Recent(size=REMEMBERED, clock=clock, keep=KEEP_FACTS)

    def facts(self, thing: Thing) -> Facts:
        """What is known of a thing's author."""
        return self._facts.get(str(thing.get("author_fullname")), UNKNOWN)

    async def learn(self, things: Iterable[Thing]) -> None:
        """Fetch the facts of the authors that are not known yet; a failure leaves them so."""
        missing = {
            str(thing["author_fullname"]): str(thing.get("author"))
            for thing in things
            if isinstance(thing.get("author_fullname"), str)
            and str(thing["author_fullname"]) not in self._facts
        }
        try:
            if len(missing) <= ONE_BY_ONE:
                await self._learn_each(missing)
            else:
                await self._learn_all(list(missing))
        except RetryLater as error:
            log.info("some authors' facts stay unknown for now: %s", error)

    async def _learn_each(self, missing: Mapping[str, str]) -> None:
        for fullname, name in missing.items():
            try:
                path = API_PATH["user_about"].format(user=name)
                answer = await self._web.read("look up a member", path)
            except DropMessage:  # suspended, shadow-banned or gone
                self._facts[fullname] = UNKNOWN
                continue
            self._facts[fullname] = read_facts(table_of(answer, "data"))

    async def _learn_all(self, missing: list[str]) -> None:
        for start in range(0, len(missing), PAGE):
            some = missing[start : start + PAGE]
            try:
                answer = await self._web.read(
                    "look up members", API_PATH["user_by_fullname"].lstrip("/"), ids=",".join(some)
                )
            except DropMessage:  # none of them exists
                answer = {}
            for fullname in some:
                user = table_of(answer, fullname)
                self._facts[fullname] = read_facts(user) if user else UNKNOWN
