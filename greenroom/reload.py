"""Files that change while the house runs: checked, then taken over between two messages.

A file that cannot be taken over is refused, with its line, in the log and on the desk; what was
there goes on.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from watchfiles import Change as FileChange
from watchfiles import awatch

from greenroom.app import House, swap
from greenroom.company import gather
from greenroom.context.files import READERS
from greenroom.errors import ConfigError, ConfigErrors, RetryLater
from greenroom.ledger import Change
from greenroom.opening import learn

DEBOUNCE_MS: Final = 300
"""Editors write a file in several steps."""

_ENDINGS: Final = (".yaml", ".yml", ".txt", *READERS)
_TOLD: Final = 3  # faults that the desk shows

log = logging.getLogger(__name__)


class Reloader:
    """Watches a deployment's files.

    Args:
        house: What runs.
        file: Its config file.
    """

    def __init__(self, house: House, file: Path) -> None:
        self._house = house
        self._file = file.resolve()

    async def run(self) -> None:
        """Watch until cancelled."""
        config = self._house.company.deployment.config
        folder = self._file.parent
        named = (config.bots, config.personas, config.policies, config.knowledge)
        folders = [folder / one for one in named if (folder / one).is_dir()]
        log.info("watching %s", ", ".join(one.name for one in folders))
        watched = awatch(self._file, *folders, watch_filter=_is_ours, debounce=DEBOUNCE_MS, step=50)
        try:
            async for changes in watched:
                await self.reload(sorted({Path(path).name for _, path in changes}))
        except OSError as error:  # such as too many watches on this machine
            log.warning("files are watched no longer, a change needs a restart: %s", error)

    async def reload(self, names: Sequence[str] = ()) -> bool:
        """Read everything anew and take it over; false if it was refused."""
        try:
            company = await asyncio.to_thread(gather, self._file)
            await learn(company, self._house.senses)
        except ConfigError as error:
            self._refuse(error)
            return False
        except RetryLater as error:  # Qdrant is away
            self._refuse(ConfigError(f"knowledge cannot be indexed: {error}"))
            return False
        notices = swap(self._house, company)
        log.info("took over %s", ", ".join(names) or "the files")
        for notice in notices:
            log.warning("%s", notice)
        self._tell(notices)
        return True

    def _refuse(self, error: ConfigError) -> None:
        faults = error.faults if isinstance(error, ConfigErrors) else (error,)
        for fault in faults:
            log.error("not taken over: %s", fault)
        shown = [f"{_near(fault, self._file.parent)}" for fault in faults[:_TOLD]]
        more = [f"and {len(faults) - _TOLD} more"] if len(faults) > _TOLD else []
        self._tell(["A change was not taken over; what was there goes on.", *shown, *more])

    def _tell(self, notices: Sequence[str]) -> None:
        self._house.notices[:] = notices
        self._house.ledger.feed.publish(Change("files", None))


def _near(fault: ConfigError, folder: Path) -> str:
    """The fault with its place, without the path that all files share."""
    return str(fault).replace(f"{folder}/", "").split("\n")[0]


def _is_ours(change: FileChange, path: str) -> bool:  # noqa: ARG001 (the library's contract)
    return path.lower().endswith(_ENDINGS)
