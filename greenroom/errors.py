"""Every error of ours, in one tree, split by what the caller can do about it.

    GreenroomError
    ├── RetryLater      the same call may succeed later (network, rate limit, busy)
    ├── ConfigError     a person must change a file, a secret or a setting
    ├── DropMessage     this one message or action cannot be handled; go on with the next
    └── GiveUp          nothing more can be done here; stop cleanly and say why

A leaf translates its library's errors into these at its edge, always with
``raise ... from``.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


class GreenroomError(Exception):
    """The root of the tree; catch it only at a supervised edge."""


class RetryLater(GreenroomError):
    """The same call may succeed later.

    Args:
        message: What happened, for the log.
        after_s: Seconds the other side asked us to wait, if it said so.
        maybe_done: True when the call may have taken effect although its answer never came.
    """

    def __init__(
        self, message: str, *, after_s: float | None = None, maybe_done: bool = False
    ) -> None:
        super().__init__(message)
        self.after_s = after_s
        self.maybe_done = maybe_done


class ConfigError(GreenroomError):
    """A person must change something; the text says where and what is accepted.

    Args:
        message: What is wrong, in a sentence without a full stop.
        file: The file to change, if the fault lies in one.
        line: Line in that file, from 1.
        column: Column in that line, from 1.
        accepted: What would be right: accepted values, a command to run, a link.
    """

    def __init__(
        self,
        message: str,
        *,
        file: Path | str | None = None,
        line: int | None = None,
        column: int | None = None,
        accepted: str | None = None,
    ) -> None:
        self.message = message
        self.file = None if file is None else str(file)
        self.line = line
        self.column = column
        self.accepted = accepted
        super().__init__(self._render())

    @property
    def place(self) -> str:
        """``file:line:column``, as far as it is known; editors make it a link."""
        parts = [self.file, self.line, self.column]
        known = parts[: parts.index(None)] if None in parts else parts
        return ":".join(str(part) for part in known)

    def _render(self) -> str:
        head = f"{self.place}: {self.message}" if self.place else self.message
        return f"{head}\n  {self.accepted}" if self.accepted else head


class ConfigErrors(ConfigError):
    """Several faults found in one reading, so that a person mends them in one go."""

    def __init__(self, faults: Iterable[ConfigError]) -> None:
        self.faults = tuple(faults)
        super().__init__(self.faults[0].message)
        self.args = ("\n".join(str(fault) for fault in self.faults),)


def worst_of(failures: BaseExceptionGroup[BaseException]) -> BaseException:
    """Of tasks that failed side by side: what a person must mend, if anything, else the first."""
    failure: BaseException = failures.subgroup(ConfigError) or failures
    while isinstance(failure, BaseExceptionGroup):
        failure = failure.exceptions[0]
    return failure


class DropMessage(GreenroomError):
    """This one message or action cannot be handled (deleted meanwhile, refused, unreadable)."""


class GiveUp(GreenroomError):
    """Nothing more can be done here: stop cleanly and say why."""
