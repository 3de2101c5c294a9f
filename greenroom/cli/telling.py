"""What each persona made of what was typed in the terminal, and why."""

from __future__ import annotations

from greenroom.app import House
from greenroom.cli.attempt import scores, why
from greenroom.cli.console import out
from greenroom.ledger import Decided
from greenroom.message import Signals


async def tell(house: House) -> None:
    """Print it as it is decided, until cancelled."""
    with house.ledger.feed.watch() as changes:
        while True:
            change = await changes.get()
            if change.topic == "message" and str(change.message).startswith("terminal:"):
                await tell_one(house, str(change.message))


async def tell_one(house: House, key: str) -> None:
    """What was decided about one message."""
    told = await house.ledger.record.decisions(key)
    for decided in told:
        reasons = why(decided.decision).replace("\n", "\n    ")
        out.print(f"  [{decided.decision.persona}] {reasons}", markup=False, soft_wrap=True)
    for line in scores(_signals_of(told[-1])) if told else ():
        out.print(f"  {line}\n", markup=False, soft_wrap=True)


def _signals_of(decided: Decided) -> Signals:
    kept = decided.signals
    return Signals(scores=kept["scores"], intent=kept["intent"], model=kept["model"])
