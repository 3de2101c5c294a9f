"""All that one bot looks at on Reddit; outlives a lost connection, so that the next catches up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from greenroom.adapters.base import Clock
from greenroom.adapters.recent import Recent
from greenroom.adapters.reddit.events import Role
from greenroom.adapters.reddit.gone import Watch
from greenroom.adapters.reddit.listings import Listing
from greenroom.adapters.reddit.modmail import Modmail
from greenroom.adapters.reddit.watching import Source

APPEALS_EVERY = 6  # looks
OWN = 2_000  # our newest comments, an answer to which is said to us


@dataclass(slots=True)
class Sources:
    """The sources by name, made when they are first asked for."""

    clock: Clock
    watch: Watch = field(init=False)
    own: Recent[str, None] = field(init=False)
    _known: dict[str, Source] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.watch = Watch(clock=self.clock)
        self.own = Recent(size=OWN, clock=self.clock)

    def watched(self, all_names: Sequence[str], moderated: Sequence[str]) -> list[Source]:
        """Posts and comments of all, the inbox, and where we moderate what moderators see."""
        everywhere, ours = "+".join(all_names), "+".join(moderated)
        found: list[Source] = [
            self._listing(f"r/{everywhere}/new", Role.POSTS, kind="t3", every=0),
            self._listing(f"r/{everywhere}/comments", Role.POSTS, kind="t1", every=0),
            self._listing("message/inbox", Role.INBOX),
        ]
        if ours:
            found += [
                self._listing(f"r/{ours}/about/edited", Role.EDITS),
                self._listing(f"r/{ours}/about/reports", Role.REPORTS),
                self._listing(f"r/{ours}/about/modqueue", Role.QUEUE),
                self._modmail("all", moderated, every=1),
                self._modmail("appeals", moderated, every=APPEALS_EVERY),
            ]
        return [*found, self.watch]

    def _listing(self, name: str, role: Role, *, kind: str | None = None, every: int = 1) -> Source:
        if name not in self._known:
            self._known[name] = Listing(name, role, self.watch, self.clock, kind=kind, every=every)
        return self._known[name]

    def _modmail(self, state: str, moderated: Sequence[str], *, every: int) -> Source:
        places = ",".join(moderated)
        key = f"modmail {state} {places}"
        if key not in self._known:
            self._known[key] = Modmail(state, places, every=every, clock=self.clock)
        return self._known[key]
