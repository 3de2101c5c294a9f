"""The bots of a running house, as the desk and the platforms' queue see them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from greenroom.adapters.base import Adapter
from greenroom.config import Bot
from greenroom.desk import RunningBot


class RunningBots(Mapping[str, RunningBot]):
    """The bots as the desk sees them: what each can do is asked anew, since it may shrink."""

    def __init__(self, bots: Mapping[str, Bot], adapters: Mapping[str, Adapter]) -> None:
        self._bots = bots
        self._adapters = adapters

    def show(self, bots: Mapping[str, Bot]) -> None:
        """Other bots, or the same ones otherwise."""
        self._bots = bots

    def __getitem__(self, name: str) -> RunningBot:
        bot, adapter = self._bots[name], self._adapters[name]
        return RunningBot(
            name=name,
            platform=adapter.platform,
            mode=bot.mode,
            capabilities=adapter.capabilities,
            has_desk_channel=bot.desk_channel is not None,
            moderators=bot.moderators,
        )

    def __iter__(self) -> Iterator[str]:
        return iter(self._bots)

    def __len__(self) -> int:
        return len(self._bots)
