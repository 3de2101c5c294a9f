"""Occasions on which a persona speaks first: a digest is due, a campaign runs.

As with messages, deciding is pure: what an occasion rests on is gathered before, and handed over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from greenroom.message import Decision, Message
from greenroom.personas.base import Performer

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Job:
    """Something that is due.

    Attributes:
        name: What it is: ``digest``, ``campaign:spring-fair``.
        due: When it was due, in UTC; with the name and the place it names the occasion for good.
        channels: Where it belongs: names, ids or patterns.
        since: What was said from then on is asked for; None: nothing is.
        sources: The channels whose messages are asked for.
    """

    name: str
    due: datetime
    channels: tuple[str, ...]
    since: datetime | None = None
    sources: tuple[str, ...] = ("*",)


@dataclass(frozen=True, slots=True)
class Posted:
    """A post of the persona's own, as far as it went out or will."""

    job: str
    channel: str  # its id
    at: datetime
    variant: str | None = None


@dataclass(frozen=True, slots=True)
class Responses:
    """What members made of a job's posts."""

    negative: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Occasion:
    """A job in one place, with everything that the decision may rest on.

    Attributes:
        job: What is due.
        message: The persona's own utterance-to-be: where, and under which id; without text.
        now: The time now, in UTC.
        said: What members said since ``job.since``, oldest first, with what it is about.
        posted: The persona's posts of late, in all places.
        responses: What members made of the posts, by job.
    """

    job: Job
    message: Message
    now: datetime
    said: Sequence[Message] = ()
    vectors: Sequence[npt.NDArray[np.float32]] = ()  # each message's embedding, in the same order
    posted: Sequence[Posted] = ()
    responses: Mapping[str, Responses] = field(default_factory=dict)


@runtime_checkable
class Scheduled(Performer, Protocol):
    """A persona that speaks first."""

    def jobs(self, now: datetime) -> Sequence[Job]:
        """What is due, at its latest time before ``now``."""

    def perform(self, occasion: Occasion) -> Decision:
        """What it says on an occasion, if anything. Pure, as ``decide`` is."""


def job_of(command: str | None) -> tuple[str, str]:
    """The persona and the job that an event of kind ``scheduled`` names: ``herald/digest``."""
    persona, _, job = (command or "").partition("/")
    return persona, job
