"""The advocate: speaks for campaigns, labelled where they are sponsored, and knows when to stop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from greenroom.experiments import Chosen, Share, stops_on_negative
from greenroom.message import Action, ActionKind, Decision, EventKind, Purpose
from greenroom.personas.base import Cue, Needs
from greenroom.personas.campaigns import Campaign
from greenroom.personas.handover import (
    wants_an_answer,
    without_answers,
)
from greenroom.personas.moderator import consult, decision_of, needs_of, rules_want
from greenroom.personas.occasions import Job, Occasion, Responses
from greenroom.personas.schema import Persona
from greenroom.personas.trying import CAMPAIGN, headline_for, headline_of
from greenroom.personas.urgent import urgent, urgent_needs
from greenroom.policies import Count, Policy

LATE: Final = timedelta(minutes=30)
"""How late an announcement may come, such as after a stop; past that it is left out."""

TOLD: Final = Count("history", "told", "member", 7 * 86_400)
_DAY, _WEEK = timedelta(days=1), timedelta(days=7)


class AdvocatePersona:
    """Announces campaigns on their schedule, and answers where a rule asks it to.

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
        self.knowledge: tuple[str, ...] = ()

    def needs(self, cue: Cue) -> Needs:
        """What its rules ask; and, where one may want an answer, what the member was told."""
        wanted = rules_want(self.policies, cue)
        found = needs_of(wanted)
        if wanted.reply:
            found |= Needs(counts=frozenset({TOLD}))
        found |= urgent_needs(self.persona)
        return found

    def seeks_knowledge(self, cue: Cue) -> bool:  # noqa: ARG002 (the contract's)
        """Never: a campaign says what it says."""
        return False

    def decide(self, cue: Cue) -> Decision:
        """What its rules order; where one wants an answer, the campaign that the message names."""
        first = urgent(self.name, self.persona, cue)
        if first is not None:
            return first
        found = consult(self.policies, cue)
        decision = decision_of(self.name, found)
        asked = [action for action in found.actions if wants_an_answer(action)]
        decision = replace(decision, actions=without_answers(decision.actions))
        if not asked or cue.trigger is not EventKind.MESSAGE_POSTED:
            return decision
        return self._told(cue, decision, asked[0])

    def jobs(self, now: datetime) -> Sequence[Job]:
        """Each campaign that runs and is due, outside the hours of quiet."""
        quiet = self.persona.quiet_hours
        if quiet is not None and quiet.cover(now, self.persona.timezone):
            return ()
        jobs = []
        for name, campaign in self.persona.campaigns.items():
            if campaign.schedule is None or not campaign.runs(now, self.persona.timezone):
                continue
            due = campaign.schedule.latest(now, self.persona.timezone)
            if now - due <= LATE:
                jobs.append(Job(f"{CAMPAIGN}{name}", due, campaign.channels))
        return jobs

    def perform(self, occasion: Occasion) -> Decision:
        """The campaign's post, unless it is over a cap, was stopped, or it is quiet."""
        name = occasion.job.name.removeprefix(CAMPAIGN)
        campaign = self.persona.campaigns[name]
        held = self._held(occasion)
        if held is not None:
            return Decision(self.name, notes=(held,), reason=held)
        headline = headline_for(self.name, name, campaign, occasion.message.key)
        reason = f"the campaign {name} was due"
        action = _said(ActionKind.POST, campaign, headline, reason)
        return Decision(self.name, actions=(action,), reason=reason)

    def _held(self, occasion: Occasion) -> str | None:
        quiet, caps = self.persona.quiet_hours, self.persona.caps
        if quiet is not None and quiet.cover(occasion.now, self.persona.timezone):
            return "not posted: quiet hours"
        stopped = self._stopped(occasion.responses.get(occasion.job.name, Responses()))
        if stopped is not None:
            return f"not posted: {stopped}"
        here = [one for one in occasion.posted if one.channel == occasion.message.channel.id]
        today = [
            one for one in here if one.job == occasion.job.name and occasion.now - one.at < _DAY
        ]
        if len(today) >= caps.posts_per_day:
            return f"not posted: cap of {caps.posts_per_day} posts a day"
        week = [one for one in here if occasion.now - one.at < _WEEK]
        if len(week) >= caps.posts_per_week:
            return f"not posted: cap of {caps.posts_per_week} posts a week in this channel"
        return None

    def _stopped(self, responses: Responses) -> str | None:
        stop = self.persona.stop_on
        told = Share(responses.negative, responses.total)
        if not stops_on_negative(told, stop.negative, stop.after):
            return None
        return (
            f"stopped, since {responses.negative} of {responses.total} responses were negative;"
            " a person decides whether it goes on"
        )

    def _told(self, cue: Cue, decision: Decision, asked: Action) -> Decision:
        running = {
            name: campaign
            for name, campaign in self.persona.campaigns.items()
            if campaign.runs(cue.now, self.persona.timezone)
        }
        text = f"{cue.message.title or ''}\n{cue.message.text}".casefold()
        name = next(
            (
                name
                for name, campaign in running.items()
                if any(word.casefold() in text for word in campaign.about)
            ),
            None,
        )
        if name is None:
            note = "no campaign that runs is about this"
            return replace(decision, notes=(*decision.notes, note))
        most = self.persona.caps.per_member_per_week
        if cue.signals.counts.get(TOLD.key, 0.0) >= most:
            note = f"not told of {name}: cap of {most} a week for one member"
            return replace(decision, notes=(*decision.notes, note))
        campaign = running[name]
        reason = f"asked about the campaign {name}"
        headline = headline_of(self.name, name, campaign, cue.message)
        said = _said(ActionKind.REPLY, campaign, headline, reason)
        reply = replace(said, rule=asked.rule)
        return replace(decision, actions=(*decision.actions, reply), reason=reason)


def _said(kind: ActionKind, campaign: Campaign, headline: Chosen, reason: str) -> Action:
    return Action(
        kind,
        text=campaign.words(headline.text),
        subject=headline.text,
        reason=reason,
        purpose=Purpose.CAMPAIGN,
        sponsor=campaign.sponsor,
        consent=campaign.consent if campaign.sponsor else None,
        experiment=headline.experiment,
        variant=headline.variant,
    )
