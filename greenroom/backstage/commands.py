"""What members command: a person, the reason for a decision, an appeal against it; and see
``privacy``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from greenroom.backstage.privacy import Privacy
from greenroom.desk.verdicts import standing
from greenroom.desk.wording import in_words, listed, outcome_in_words
from greenroom.ledger import CaseDraft, Effect, Handled, Kept, Ledger, Pending
from greenroom.message import REMOVALS, ActionKind, Message, Severity
from greenroom.plan import answer_to

LOOK_BACK: Final = 50  # a member's newest messages, among which the one meant is looked for
_CLIP: Final = 80
_AGAINST: Final = REMOVALS | {
    ActionKind.TIMEOUT,
    ActionKind.KICK,
    ActionKind.BAN,
    ActionKind.LOCK,
    ActionKind.REDACT,
}
"""What somebody may object to: a reply or a reaction takes nothing away."""

HUMAN: Final = "A person from the team will look at this and answer."
NOTHING: Final = "Nothing was done to your messages here."
NO_APPEAL: Final = "Nothing was done to your messages here, so there is nothing to appeal against."
APPEALED: Final = (
    "Your appeal is with the moderators. Somebody who did not decide before will decide it."
)
TWICE: Final = "Your appeal is with the moderators already."
DECIDED: Final = "Your appeal about it was decided: {}. To talk to a person: /human"
UNKNOWN: Final = "I know /human, /why, /appeal, /memory, /optout and /optin."


class Commands:
    """Answers commands; the mode is the bot's."""

    def __init__(self, ledger: Ledger, *, clock: Callable[[], datetime]) -> None:
        self._ledger = ledger
        privacy = Privacy(ledger, clock=clock)
        self._ways: Mapping[str, Callable[[Pending, Message, str], Awaitable[Handled]]] = {
            "human": self._human,
            "why": self._why,
            "appeal": self._appeal,
            "memory": privacy.memory,
            "optout": privacy.opt_out,
            "optin": privacy.opt_in,
        }

    async def obey(self, pending: Pending, mode: str) -> Handled:
        """What follows from a command."""
        event = pending.event
        way = self._ways.get((event.command or "").lower())
        if way is None or event.message is None:
            return _told(pending, UNKNOWN)
        return await way(pending, event.message, mode)

    async def _human(self, pending: Pending, message: Message, mode: str) -> Handled:
        draft = CaseDraft("backstage", Severity.MEDIUM, "asked for a person", mode)
        return _told(pending, HUMAN, message=message, draft=draft)

    async def _why(self, pending: Pending, message: Message, _mode: str) -> Handled:
        kept, effects = await self._acted_on(pending.event.bot, message)
        if kept is None:
            return _told(pending, NOTHING)
        reasons = [
            one.decision.reason
            for one in await self._ledger.record.decisions(kept.message.key)
            if one.decision.actions and one.decision.reason
        ]
        return _told(pending, _explained(kept.message, effects, reasons))

    async def _appeal(self, pending: Pending, message: Message, mode: str) -> Handled:
        kept, effects = await self._acted_on(pending.event.bot, message)
        if kept is None:
            return _told(pending, NO_APPEAL)
        for case in await self._ledger.cases.about(kept.message.key):
            if case.appeal is not None and case.state != "withdrawn":
                said = TWICE if case.state == "open" else DECIDED.format(outcome_in_words(case))
                return _told(pending, said)
        reason = f"the author appeals: {_done(effects)}"
        draft = CaseDraft("backstage", Severity.HIGH, reason, mode, appeal=message.key)
        handled = _told(pending, APPEALED, message=kept.message, draft=draft)
        return replace(handled, spoken=message)

    async def _acted_on(self, bot: str, said: Message) -> tuple[Kept | None, Sequence[Effect]]:
        """The author's newest message that something was done about, and what still stands."""
        for kept in await self._ledger.messages.by(bot, said.author.id, limit=LOOK_BACK):
            held = standing(await self._ledger.outbox.about(kept.message.key))
            done = [effect for effect in held if effect.state == "done" and _weighs(effect)]
            if done:
                return kept, done
        return None, ()


def _weighs(effect: Effect) -> bool:
    return effect.action.kind in _AGAINST


def _explained(message: Message, effects: Sequence[Effect], reasons: Sequence[str]) -> str:
    said = " ".join(message.text.split())
    clipped = said if len(said) <= _CLIP else f"{said[:_CLIP]}…"
    lines = [f"About your message “{clipped}”: {_done(effects)}."]
    reason = effects[-1].action.reason or (reasons[-1] if reasons else None)
    if reason:
        lines.append(f"The reason: {reason}.")
    by = "a moderator" if effects[-1].by.startswith("moderator:") else "an automated rule"
    lines.append(f"It was decided by {by}. To object: /appeal, and why. For a person: /human.")
    return "\n".join(lines)


def _done(effects: Sequence[Effect]) -> str:
    return "it was decided to " + listed(dict.fromkeys(in_words(one.action) for one in effects))


def _told(
    pending: Pending,
    text: str,
    *,
    message: Message | None = None,
    draft: CaseDraft | None = None,
) -> Handled:
    """An answer, and perhaps a case about ``message``."""
    about = message or pending.event.message
    planned = answer_to(pending.event, text)
    return Handled(pending.seq, pending.event, message=about, planned=planned, case=draft)
