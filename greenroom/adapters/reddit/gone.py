"""What was told of, and whether it still stands: authors delete and edit without a word."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, Iterable

from greenroom.adapters.base import Clock
from greenroom.adapters.recent import Recent
from greenroom.adapters.reddit.events import Events
from greenroom.adapters.reddit.fields import name_of
from greenroom.adapters.reddit.things import is_deleted, revision
from greenroom.adapters.reddit.watching import Look, News
from greenroom.adapters.reddit.web import PAGE, read_page
from greenroom.message import Event, EventKind

WATCHED = 1_000  # the newest that were told of; each is looked at every so often
TOLD = 10_000
EVERY = 12  # looks: about once a minute a hundred of them


class Watch:
    """Asks for what was told of, a hundred a call; what vanished from its listing comes first."""

    name = "api/info"

    def __init__(self, *, clock: Clock) -> None:
        self._told: Recent[str, str] = Recent(size=TOLD, clock=clock)  # names to revisions
        self._rota: deque[str] = deque(maxlen=WATCHED)
        self._suspects: dict[str, None] = {}

    @property
    def every(self) -> int:
        """At once where something vanished."""
        return 1 if self._suspects else EVERY

    def saw(self, events: Events) -> None:
        """Watch what these told of."""
        for event in events:
            message = event.message
            if message is None or not message.id.startswith(("t1_", "t3_")):
                continue
            if message.id not in self._told:
                self._rota.append(message.id)
            if event.kind in (EventKind.MESSAGE_POSTED, EventKind.MESSAGE_EDITED):
                self._told[message.id] = message.revision

    def knows(self, name: str) -> bool:
        """Whether a thing was told of."""
        return name in self._told

    def untold(self, events: Events) -> Events:
        """Without what another listing told of before."""
        return tuple(event for event in events if not self._was_told(event))

    def suspect(self, names: Iterable[str]) -> None:
        """These are no longer where they were."""
        self._suspects.update(dict.fromkeys(names))
        for name in list(self._suspects)[:-WATCHED]:
            del self._suspects[name]

    async def poll(self, look: Look) -> AsyncGenerator[News, None]:
        """What its author deleted or edited."""
        first = list(self._suspects)[:PAGE]
        others = [name for name in self._rota if name not in self._suspects][: PAGE - len(first)]
        names = [*first, *others]
        if not names:
            return
        answer = await look.web.read("see what still stands", self.name, id=",".join(names))
        for thing in read_page(answer).things:
            name = name_of(thing)
            if is_deleted(thing):
                yield News(look.teller.deleted(thing))
                self._forget(name)
            elif name in self._told and self._told[name] != revision(thing):
                events = look.teller.edited(thing)
                yield News(events)
                self.saw(events)
        for name in first:
            self._suspects.pop(name, None)
        self._rota.rotate(-len(others))

    def _forget(self, name: str) -> None:
        self._suspects.pop(name, None)
        if name in self._rota:
            self._rota.remove(name)

    def _was_told(self, event: Event) -> bool:
        message = event.message
        if message is None or message.id not in self._told:
            return False
        if event.kind is EventKind.MESSAGE_EDITED:
            return self._told[message.id] == message.revision
        return event.kind in (EventKind.MESSAGE_POSTED, EventKind.COMMAND_GIVEN)
