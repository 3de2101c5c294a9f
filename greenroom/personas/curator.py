"""The curator: keeps a community's threads findable. Digests, links to duplicates, welcomes, tags.

Everything that it says is somebody's words with their source; tags come from its policies
(``react``, ``label``, ``set_flair``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from greenroom.context import SEPARATOR
from greenroom.message import (
    Action,
    ActionKind,
    Alike,
    Decision,
    EventKind,
    Message,
    Passage,
    Purpose,
)
from greenroom.personas.base import Cue, Needs
from greenroom.personas.curation import WELCOME, Digest
from greenroom.personas.digest import Item, items_of
from greenroom.personas.handover import asks_for_a_person, is_bot, without_answers
from greenroom.personas.moderator import consult, decision_of, needs_of, rules_want
from greenroom.personas.occasions import Job, Occasion
from greenroom.personas.schema import Persona
from greenroom.personas.templates import fill, plain_name
from greenroom.personas.trying import tried
from greenroom.personas.urgent import urgent, urgent_needs
from greenroom.personas.voice import covers, shortened
from greenroom.policies import Count, Policy

DIGEST: Final = "digest"
FIRST_SEEN: Final = Count("history", "first_seen", "member", 0)
LATE: Final = timedelta(hours=6)
"""How late a digest may come, such as after a stop; past that it is left out."""

_ASKING: Final = frozenset({"question", "help"})
_LINKS: Final = 3
_PERIODS: Final = {"hour": timedelta(hours=1), "day": timedelta(days=1)}
_WEEK: Final = timedelta(days=7)
_MONTH: Final = timedelta(days=31)
_DIGEST: Final = re.compile(
    r"\b(?:digest|summar\w+|recap|tl;?\s?dr|catch me up|what did i miss)\b", re.IGNORECASE
)
_SUGGESTED: Final = 140  # characters of a suggestion


class CuratorPersona:
    """Finds again what the community said.

    Args:
        name: The stem of the persona's file.
        persona: What the file says.
        policies: Its policies, in the file's order.
    """

    def __init__(self, name: str, persona: Persona, policies: Sequence[Policy]) -> None:
        self.name = name
        self.persona = persona
        self.policies = tuple(policies)
        self.disclosure = persona.disclosure
        self.knowledge = persona.knowledge

    def needs(self, cue: Cue) -> Needs:
        """What its rules ask; earlier questions for a question; for a newcomer its knowledge."""
        found = needs_of(rules_want(self.policies, cue))
        found |= urgent_needs(self.persona)
        if not self._may_speak(cue):
            return found
        if self._is_asked_for_digest(cue):
            return found | Needs(said=True)
        if self.persona.duplicates is not None:
            found |= Needs(intent=True, alike_days=self.persona.duplicates.days)
        if self._may_welcome(cue):
            found |= Needs(counts=frozenset({FIRST_SEEN}), knowledge=self.knowledge)
        return found

    def seeks_knowledge(self, cue: Cue) -> bool:
        """For the welcome of somebody new."""
        return bool(self.knowledge) and self._is_newcomer(cue)

    def decide(self, cue: Cue) -> Decision:
        """What its rules order; a link where the same was asked before; a welcome."""
        first = urgent(self.name, self.persona, cue)
        if first is not None:
            return first
        decision = decision_of(self.name, consult(self.policies, cue))
        decision = replace(decision, actions=without_answers(decision.actions))
        if not self._may_speak(cue):
            return decision
        if self._is_asked_for_digest(cue):
            return self._digest_here(cue, decision)
        if self._is_newcomer(cue):
            return self._welcome(cue, decision)
        return self._link(cue, decision)

    def jobs(self, now: datetime) -> Sequence[Job]:
        """The digest, where it is due."""
        digest = self.persona.digest
        quiet = self.persona.quiet_hours
        if digest is None or digest.schedule is None:
            return ()
        if quiet is not None and quiet.cover(now, self.persona.timezone):
            return ()
        due = digest.schedule.latest(now, self.persona.timezone)
        if now - due > LATE:
            return ()
        since = due - _PERIODS.get(
            digest.schedule.every, _MONTH if digest.schedule.every == "month" else _WEEK
        )
        if digest.schedule.every == "weekday":
            since = due - _PERIODS["day"]
        return (Job(DIGEST, due, digest.channels, since, digest.sources),)

    def perform(self, occasion: Occasion) -> Decision:
        """The digest, if enough was said."""
        digest = self.persona.digest
        assert digest is not None, "it was among the jobs"
        said = len(occasion.said)
        if said < digest.least:
            note = f"no digest: {said} messages, and it takes {digest.least}"
            return Decision(self.name, notes=(note,), reason=note)
        items = items_of(occasion.said, occasion.vectors, limit=digest.items)
        if not items:
            note = "no digest: no message says enough to stand for others"
            return Decision(self.name, notes=(note,), reason=note)
        return self._posted(digest, occasion, items)

    def _posted(self, digest: Digest, occasion: Occasion, items: Sequence[Item]) -> Decision:
        day = occasion.job.due.strftime("%d %B %Y").lstrip("0")
        head = f"{digest.title}, {day}: {len(occasion.said)} messages"
        text = "\n".join((head, *(_line(item) for item in items)))
        reason = f"a digest was due; {len(items)} of {len(occasion.said)} messages quoted"
        action = Action(
            ActionKind.POST,
            text=text,
            subject=f"{digest.title}, {day}",
            reason=reason,
            purpose=Purpose.DIGEST,
        )
        return Decision(self.name, actions=(action,), reason=reason, evidence=_quoted(items))

    def _may_speak(self, cue: Cue) -> bool:
        is_new = cue.trigger is EventKind.MESSAGE_POSTED
        return is_new and not is_bot(cue.message) and not asks_for_a_person(cue.message)

    def _is_asked_for_digest(self, cue: Cue) -> bool:
        asks = bool(cue.message.mentions_me) and _DIGEST.search(cue.message.text[:500])
        return self.persona.digest is not None and bool(asks)

    def _digest_here(self, cue: Cue, decision: Decision) -> Decision:
        """On request: the thread that the request stands in, or the channel's last day."""
        digest, said = self.persona.digest, cue.signals.said
        assert digest is not None, "it was asked"
        items = items_of(said, cue.signals.said_embeddings, limit=digest.items)
        what = "thread" if cue.message.thread else "channel's last day"
        text = f"Nothing in this {what} says enough to quote."
        if items:
            head = f"{digest.title}: {len(said)} messages of this {what}"
            text = "\n".join((head, *map(_line, items)))
        reason = f"asked for a digest; {len(items)} of {len(said)} messages quoted"
        action = Action(ActionKind.REPLY, text=text, reason=reason, purpose=Purpose.DIGEST)
        return replace(
            decision,
            actions=(*decision.actions, action),
            reason=decision.reason or reason,
            evidence=_quoted(items),
        )

    def _may_welcome(self, cue: Cue) -> bool:
        welcome = self.persona.welcome
        if welcome is None or not self._may_speak(cue):
            return False
        joined = cue.message.author.joined_at
        if joined is not None and cue.now - joined > timedelta(days=welcome.within_days):
            return False
        return any(covers(pattern, cue.message.channel) for pattern in welcome.channels)

    def _is_newcomer(self, cue: Cue) -> bool:
        return self._may_welcome(cue) and cue.signals.counts.get(FIRST_SEEN.key) == 0.0

    def _welcome(self, cue: Cue, decision: Decision) -> Decision:
        welcome = self.persona.welcome
        assert welcome is not None, "it was asked"
        fitting = [
            passage for passage in cue.signals.knowledge if passage.score >= welcome.min_evidence
        ][: welcome.suggests]
        chosen = tried(self.name, self.persona, WELCOME, cue)
        lines = [fill(chosen.text if chosen else welcome.says, cue.message)]
        if fitting:
            lines += ["This may fit what you wrote:", *map(_suggestion, fitting)]
        kind = ActionKind.MESSAGE if welcome.how == "message" else ActionKind.REPLY
        reason = f"a first message here; {len(fitting)} sections fit"
        action = Action(
            kind,
            text="\n".join(lines),
            reason=reason,
            purpose=Purpose.WELCOME,
            experiment=chosen.experiment if chosen else None,
            variant=chosen.variant if chosen else None,
        )
        return replace(
            decision,
            actions=(*decision.actions, action),
            evidence=tuple(fitting),
            reason=decision.reason or reason,
        )

    def _link(self, cue: Cue, decision: Decision) -> Decision:
        duplicates, message = self.persona.duplicates, cue.message
        asks = cue.signals.intent in _ASKING or message.kind.is_submission
        if duplicates is None or not asks:
            return decision
        near = [one for one in cue.signals.alike or () if one.score >= duplicates.likeness][:_LINKS]
        if not near:
            return decision
        reason = f"was asked before (similar {near[0].score:.2f})"
        text = "\n".join((duplicates.says, *map(_earlier, near)))
        action = Action(ActionKind.REPLY, text=text, reason=reason, purpose=Purpose.DUPLICATE)
        evidence = tuple(
            Passage(one.key, "", one.text[:_SUGGESTED], one.score, one.permalink) for one in near
        )
        return replace(
            decision,
            actions=(*decision.actions, action),
            evidence=evidence,
            reason=decision.reason or reason,
        )


def _line(item: Item) -> str:
    answers = f", {item.replies} answer{'s' if item.replies > 1 else ''}" if item.replies else ""
    who = plain_name(item.message.author.name)
    return f"• “{item.text}” ({who}{answers}) {_where(item.message)}"


def _quoted(items: Sequence[Item]) -> tuple[Passage, ...]:
    return tuple(
        Passage(item.message.key, "", item.text, item.weight, item.message.permalink)
        for item in items
    )


def _where(message: Message) -> str:
    if message.permalink:
        return f"<{message.permalink}>"
    return f"#{message.channel.name or message.channel.id}, message {message.id}"


def _suggestion(passage: Passage) -> str:
    said = shortened(" ".join(passage.text.split()), _SUGGESTED)
    title = passage.heading.rpartition(SEPARATOR)[2]
    link = f" <{passage.url}>" if passage.url else ""
    return f"• {title}: {said} (Source: {passage.source}{link})"


def _earlier(one: Alike) -> str:
    said = shortened(" ".join(one.text.split()), _SUGGESTED).replace("@", "@\u2060")
    where = f"<{one.permalink}>" if one.permalink else one.key
    return f"• “{said}” {where}"
