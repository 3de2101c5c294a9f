"""A model as personas use it: so many at once, within the deadline, and not while it is away."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from greenroom.llm.base import Budget, Model, Tool, Unanswered, Why
from greenroom.llm.breaker import Breaker
from greenroom.llm.counts import Counts
from greenroom.llm.prompt import Prompt
from greenroom.llm.talk import Allowance, Draft, Search, converse

_ILL = frozenset({Why.AWAY, Why.SLOW, Why.REFUSED})


@dataclass(slots=True)
class Service:
    """Asks the model, if it may be asked now.

    Attributes:
        model: Answers.
        budget: Counts tokens.
        deadline_s: Seconds for one reply, all its rounds together.
        max_tokens: What one answer may have at most.
        at_once: Replies that may be in the making; one more is not waited for, so that a slow
            model holds up only so many of the loop's workers.
        breaker: Remembers that it is away.
        counts: For the metrics.
        took: Told how many seconds each reply took.
        timer: Seconds that only rise.
    """

    model: Model
    budget: Budget
    deadline_s: float = 20.0
    max_tokens: int = 300
    at_once: int = 4
    breaker: Breaker = field(default_factory=Breaker)
    counts: Counts = field(default_factory=Counts)
    took: Callable[[float], None] | None = None
    timer: Callable[[], float] = time.perf_counter
    _busy: int = 0

    async def draft(
        self,
        prompt: Prompt,
        *,
        persona: str,
        limit: int | None,
        tools: Sequence[Tool],
        search: Search,
    ) -> Draft:
        """What the model proposes to say.

        Args:
            prompt: What it is told.
            persona: Whose tokens it uses.
            limit: How many of them a day.
            tools: What it may ask for.
            search: Looks into the persona's own sources.

        Raises:
            Unanswered: It was not asked, did not answer, or did what it may not.
        """
        if self._busy >= self.at_once:
            raise Unanswered(Why.BUSY, f"{self._busy} replies are in the making")
        if not self.breaker.lets_pass():
            raise Unanswered(Why.PAUSED, "the model failed too often lately")
        self._busy += 1
        began = self.timer()
        try:
            allowance = Allowance(persona, self.budget, limit, self.max_tokens)
            async with asyncio.timeout(self.deadline_s):
                draft = await converse(
                    self.model,
                    prompt,
                    tools=tools,
                    search=search,
                    allowance=allowance,
                    counts=self.counts,
                )
        except TimeoutError as error:
            slow = Unanswered(Why.SLOW, f"no answer within {self.deadline_s:g} s")
            self._note(slow)
            raise slow from error
        except Unanswered as error:
            self._note(error)
            raise
        else:
            self.breaker.succeeded()
            return draft
        finally:
            self._busy -= 1
            if self.took is not None:
                self.took(self.timer() - began)

    def _note(self, error: Unanswered) -> None:
        why = error.fault.why
        if why in _ILL:
            self.breaker.failed(str(error), for_good=why is Why.REFUSED)
        elif why is not Why.BUDGET:  # it answered, if not well
            self.breaker.succeeded()
