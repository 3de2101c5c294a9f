"""How checks come together: all of a rule's, and the groups ``any:``, ``all:`` and ``not:``.

Three answers, after Kleene: a check holds, fails, or is unknown, and ``not:`` leaves the unknown
unknown. So ``not: {author: {comment_karma: "> 10"}}`` fires on nobody whose karma is not told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from greenroom.message import Hit
from greenroom.policies.base import Bound, Cost, Found, Held, Result
from greenroom.policies.scene import Scene, Subject

GROUP_KEYS: Final = ("any", "all", "not")


@dataclass(frozen=True, slots=True)
class Branch:
    """Checks under a group that must hold together."""

    checks: tuple[Bound, ...]  # cheapest first
    needs: tuple[str, ...] = ()  # parts without which nothing can be said


@dataclass(frozen=True, slots=True)
class GroupCheck:
    """``any:``, ``all:`` or ``not:`` over some branches."""

    kind: str
    branches: tuple[Branch, ...]
    written: str

    @property
    def cost(self) -> Cost:
        """That of its dearest check."""
        costs = (bound.check.cost for branch in self.branches for bound in branch.checks)
        return max(costs, default=Cost.FACT)

    @property
    def is_search(self) -> bool:
        """True if it looks into texts: then there may be nothing to look at."""
        return any(bound.check.is_search for branch in self.branches for bound in branch.checks)

    def test(self, subject: Subject, scene: Scene) -> Found | Result:  # noqa: ARG002
        """Ask the branches until one settles it."""
        if self.kind == "all":
            return self._all(scene)
        found = self._any(scene)
        if self.kind == "any":
            return found
        if isinstance(found, Found):
            return Result.FAILED
        return Found((Hit(self.written),)) if found is Result.FAILED else found

    def _any(self, scene: Scene) -> Found | Result:
        results: set[Result] = set()
        for branch in self.branches:
            held = hold(branch.checks, branch.needs, scene)
            if not isinstance(held, Result):
                return _found(held)
            results.add(held)
        if Result.UNKNOWN in results:
            return Result.UNKNOWN
        return Result.DISCARDED if results == {Result.DISCARDED} else Result.FAILED

    def _all(self, scene: Scene) -> Found | Result:
        founds: list[Found] = []
        is_unknown = False
        for branch in self.branches:
            held = hold(branch.checks, branch.needs, scene)
            if held is Result.FAILED:
                return Result.FAILED
            if isinstance(held, Result):
                is_unknown = is_unknown or held is Result.UNKNOWN
            else:
                founds.append(_found(held))
        if is_unknown:
            return Result.UNKNOWN
        hits = tuple(hit for found in founds for hit in found.hits)
        return Found(hits) if founds else Result.DISCARDED


def _found(held: Held) -> Found:
    return Found(tuple(hit for _, found in held for hit in found.hits))


def hold(
    checks: Iterable[Bound],
    needs: Sequence[str],
    scene: Scene,
    *,
    below: Cost | None = None,
) -> Held | Result:
    """The checks that hold, in the rule's order, or why they do not all hold.

    Args:
        checks: Cheapest first.
        needs: Parts that the message must have.
        scene: The evaluation.
        below: Ask only checks that are cheaper; the others count as holding.
    """
    held: list[tuple[Bound, Found]] = []
    searched: dict[str, bool] = {}
    is_unknown = any(scene.subject(part) is None for part in needs)
    for bound in checks:
        if below is not None and bound.check.cost >= below:
            break
        subject = scene.subject(bound.part)
        found = Result.UNKNOWN if subject is None else bound.check.test(subject, scene)
        if found is Result.FAILED:
            return Result.FAILED
        if found is Result.UNKNOWN:
            is_unknown = True
            continue
        if bound.check.is_search:
            is_kept = isinstance(found, Found)
            searched[bound.part] = searched.get(bound.part, False) or is_kept
        if isinstance(found, Found):
            held.append((bound, found))
    if is_unknown:
        return Result.UNKNOWN
    if not all(searched.values()):  # every search of a part was discarded
        return Result.DISCARDED
    return tuple(sorted(held, key=lambda one: one[0].order))


def leaves(checks: Iterable[Bound]) -> Iterator[Bound]:
    """All checks, those under groups included, the groups themselves not."""
    for bound in checks:
        if isinstance(bound.check, GroupCheck):
            for branch in bound.check.branches:
                yield from leaves(branch.checks)
        else:
            yield bound
