"""The advocate: labelled, capped, quiet at night, and silent where it is not wanted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from greenroom.message import ActionKind, Decision, Purpose
from greenroom.personas.advocate import TOLD, AdvocatePersona
from greenroom.personas.occasions import Job, Occasion, Posted, Responses
from greenroom.policies import Policy
from tests.personas.people import a_cue, a_persona
from tests.policies.rules import policy as policy_of
from tests.samples import NOON, a_message

FAIR = {
    "in": ["#news"],
    "schedule": {"every": "day", "at": "12:00"},
    "headlines": ["The fair is on.", "Come to the fair."],
    "text": "Ten to five.",
    "link": "https://example.org/fair",
    "about": ["fair"],
}
SPONSORED = {**FAIR, "sponsor": "Acme Tools", "consent": "contract 7 in the team's folder"}
JOB = Job("campaign:fair", NOON, ("#news",))


def herald(
    *policies: Policy, campaign: dict[str, Any] | None = None, **keys: Any
) -> AdvocatePersona:
    campaigns = {"fair": campaign or FAIR}
    return AdvocatePersona("herald", a_persona("advocate", campaigns=campaigns, **keys), policies)


def perform(persona: AdvocatePersona, **more: Any) -> Decision:
    values = {"job": JOB, "message": a_message("", id="p1"), "now": NOON, **more}
    return persona.perform(Occasion(**values))


def posted(hours: float, *, job: str = "campaign:fair", channel: str = "ch1") -> Posted:
    return Posted(job, channel, NOON - timedelta(hours=hours))


def test_a_post_is_one_headline_and_the_rest() -> None:
    (action,) = perform(herald()).actions
    assert action.kind is ActionKind.POST
    assert action.purpose is Purpose.CAMPAIGN
    assert action.text in {
        f"{headline}\nTen to five.\nhttps://example.org/fair" for headline in FAIR["headlines"]
    }
    assert action.sponsor is None


def test_a_sponsored_post_begins_with_its_label_and_names_the_consent() -> None:
    decision = perform(herald(campaign=SPONSORED))
    assert (decision.actions[0].text or "").startswith("Ad, sponsored by Acme Tools\n")
    assert decision.actions[0].sponsor == "Acme Tools"
    assert decision.actions[0].consent == "contract 7 in the team's folder"


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"posted": [posted(23)]}, "cap of 1 posts a day"),
        ({"posted": [posted(24 * day, job="campaign:x") for day in range(5)]}, "5 posts a week"),
        ({"now": datetime(2026, 3, 1, 23, 0, tzinfo=UTC)}, "quiet hours"),
        ({"responses": {"campaign:fair": Responses(16, 20)}}, "16 of 20 responses were negative"),
    ],
)
def test_it_stays_silent_and_says_why(more: dict[str, Any], why: str) -> None:
    decision = perform(herald(quiet_hours={"from": "22:00", "to": "08:00"}), **more)
    assert decision.actions == ()
    assert why in (decision.reason or "")


@pytest.mark.parametrize(
    "more",
    [
        {"posted": [posted(25)]},
        {"posted": [posted(1, channel="other")]},
        {"responses": {"campaign:fair": Responses(4, 10)}},  # not sure
        {"responses": {"campaign:fair": Responses(2, 10)}},
        {"responses": {"campaign:fair": Responses(5, 9)}},
        {"responses": {"campaign:other": Responses(9, 10)}},
    ],
)
def test_nothing_else_keeps_it_silent(more: dict[str, Any]) -> None:
    assert len(perform(herald(), **more).actions) == 1


@pytest.mark.parametrize(
    ("campaign", "is_due"),
    [
        (FAIR, True),
        ({**FAIR, "starts": "2026-03-02"}, False),
        ({**FAIR, "starts": "2026-03-01", "ends": "2026-03-01"}, True),
        ({**FAIR, "ends": "2026-02-28"}, False),
    ],
)
def test_a_campaign_runs_on_its_days(campaign: dict[str, Any], is_due: bool) -> None:
    assert bool(herald(campaign=campaign).jobs(NOON)) is is_due


def test_no_job_is_begun_in_quiet_hours() -> None:
    assert herald(quiet_hours={"from": "11:00", "to": "13:00"}).jobs(NOON) == ()


ASKED = policy_of("body (includes): fair\naction: reply\n")


def test_who_asks_is_told_once_a_week() -> None:
    persona = herald(ASKED)
    (action,) = persona.decide(a_cue("when is the fair?", counts={TOLD.key: 0.0})).actions
    assert action.kind is ActionKind.REPLY
    assert (action.text or "").endswith("https://example.org/fair")
    again = persona.decide(a_cue("when is the fair?", counts={TOLD.key: 1.0}))
    assert again.actions == ()
    assert again.notes == ("not told of fair: cap of 1 a week for one member",)


def test_what_no_campaign_is_about_is_not_answered() -> None:
    persona = herald(policy_of("body (includes): lamp\naction: reply\n"))
    assert persona.decide(a_cue("a lamp?")).actions == ()


@pytest.mark.parametrize(
    ("campaign", "told"),
    [
        ({**FAIR, "sponsor": "Acme Tools"}, "is sponsored and has no `consent`"),
        ({**FAIR, "in": []}, "has a schedule and no place"),
        ({**FAIR, "starts": "2026-03-02", "ends": "2026-03-01"}, "before it starts"),
        ({**FAIR, "link": "javascript:alert(1)"}, "pattern"),
        ({**FAIR, "headlines": []}, "at least 1"),
    ],
)
def test_a_campaign_with_a_mistake_says_which(campaign: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        herald(campaign=campaign)
