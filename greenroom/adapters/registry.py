"""Which adapters there are: Greenroom's own, and those that other packages register.

A package registers one by an entry point of the group ``greenroom.adapters``::

    [project.entry-points."greenroom.adapters"]
    irc = "greenroom_irc:IrcAdapter"

The class keeps the contract of ``base.Adapter``, is called as
``IrcAdapter(bot, settings, desk_channel=…, since=…)``, and names the model of its YAML keys
in a class attribute ``settings``, a subclass of ``adapters.settings.Settings``.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final, Protocol

from greenroom.adapters.base import Adapter
from greenroom.adapters.settings import (
    DiscordSettings,
    RedditSettings,
    ReplaySettings,
    Settings,
    SlackSettings,
    TerminalSettings,
)
from greenroom.errors import ConfigError

GROUP: Final = "greenroom.adapters"

Make = Callable[..., Adapter]
"""Called with the bot's name, its settings, ``desk_channel`` and ``since``."""


class Entry(Protocol):
    """One adapter that a bot's file can name."""

    @property
    def settings(self) -> type[Settings]:
        """The model of its keys in ``bots/NAME.yaml``."""

    @property
    def hint(self) -> str:
        """What to type where its library is missing."""

    def load(self) -> Make:
        """Import it with its library; raises ``ImportError`` where that is missing."""


class OwnEntry:
    """An adapter of Greenroom's; its library is imported only when a bot uses it."""

    def __init__(self, settings: type[Settings], place: str, extra: str | None = None) -> None:
        self.settings = settings
        self._place = place
        self.hint = f"pip install 'greenroom[{extra}]'" if extra else "install Greenroom again"

    def load(self) -> Make:
        """Import it."""
        module, _, name = self._place.partition(":")
        found: Make = getattr(importlib.import_module(module), name)
        return found


class ForeignEntry:
    """An adapter of another package."""

    def __init__(self, point: EntryPoint) -> None:
        self._point = point
        package = point.dist.name if point.dist is not None else point.value
        self.hint = f"it is registered by {package}: install that again, or without it"

    @functools.cached_property
    def settings(self) -> type[Settings]:
        """The class's own ``settings``.

        Raises:
            ConfigError: The package cannot be imported, or the class names no settings.
        """
        try:
            settings: Any = getattr(self.load(), "settings", None)
        except Exception as error:
            raise ConfigError(
                f"the adapter {self._point.name} cannot be imported: {error}", accepted=self.hint
            ) from error
        if not (isinstance(settings, type) and issubclass(settings, Settings)):
            raise ConfigError(
                f"the adapter {self._point.name} ({self._point.value}) names no settings",
                accepted="a class attribute `settings`, a subclass of "
                "greenroom.adapters.settings.Settings",
            )
        return settings

    def load(self) -> Make:
        """Import it."""
        found: Make = self._point.load()
        return found


OWN: Final[Mapping[str, Entry]] = {
    "discord": OwnEntry(DiscordSettings, "greenroom.adapters.discord:DiscordAdapter", "discord"),
    "slack": OwnEntry(SlackSettings, "greenroom.adapters.slack:SlackAdapter", "slack"),
    "reddit": OwnEntry(RedditSettings, "greenroom.adapters.reddit:RedditAdapter", "reddit"),
    "replay": OwnEntry(ReplaySettings, "greenroom.adapters.replay:ReplayAdapter"),
    "terminal": OwnEntry(TerminalSettings, "greenroom.adapters.terminal:TerminalAdapter"),
}


@functools.cache
def adapters() -> Mapping[str, Entry]:
    """All there are, by the name that a bot's file gives; Greenroom's own names come first."""
    return {**_foreign(entry_points(group=GROUP)), **OWN}


def _foreign(points: Iterable[EntryPoint]) -> dict[str, Entry]:
    return {point.name: ForeignEntry(point) for point in points}
