"""A process that ends at once, as `kill -9` does, between the ledger and Qdrant.

``python -m tests.dying FOLDER learn|forget``: learns a fact, or erases all; then dies at the moment
when Qdrant has heard of it and the ledger has not noted that yet (``learn``), or when the ledger
has erased and Qdrant has not heard of it (``forget``).
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Collection
from pathlib import Path

from greenroom.context import MemoryIndex
from greenroom.context.base import Vector
from greenroom.message import Remembered
from tests.test_recollection import a_house


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Dying(MemoryIndex):
    """Takes one step, and ends the process."""

    async def remember(self, fact: Remembered, vector: Vector) -> None:
        await super().remember(fact, vector)
        die()

    async def forget(self, facts: Collection[int]) -> None:
        die()


async def main(folder: Path, what: str) -> None:
    async with a_house(folder, index=Dying) as house:
        if what == "learn":
            await house.say("!memory on", "k1")
            await house.say("I love sailing", "k2")
        else:
            await house.say("!memory forget all", "k3")
        await asyncio.sleep(30)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
