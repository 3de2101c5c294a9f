"""What an advocate is told: campaigns, how often it may speak, when it must stop."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from greenroom.personas.fields import Strict, Text
from greenroom.personas.timing import Schedule

LABEL: Final = "Ad, sponsored by {sponsor}"
"""What stands before sponsored words, at their very beginning and in plain words, as the FTC asks
(16 CFR Part 255; "Disclosures 101 for Social Media Influencers")."""


class Campaign(Strict):
    """Something to announce.

    Attributes:
        headlines: What comes first; with several, variants are tried.
        text: What follows.
        link: Where more is to be read.
        channels: Where it is posted.
        schedule: When; without one it is only told to who asks (a policy's ``action: reply``).
        starts: The first day, in the persona's time zone.
        ends: The last day.
        sponsor: Who pays for it, or gave something for it. Its posts are labelled then.
        consent: Where the sponsor's agreement, and the team's to the sponsor, is written down.
        about: Words by which a member's question is known to be about it.
    """

    headlines: tuple[Text, ...] = Field(min_length=1)
    text: Text | None = None
    link: str | None = Field(default=None, pattern=r"^https?://\S+$")
    channels: tuple[Text, ...] = Field(default=(), alias="in")
    schedule: Schedule | None = None
    starts: date | None = None
    ends: date | None = None
    sponsor: Text | None = None
    consent: Text | None = None
    about: tuple[Text, ...] = ()

    @model_validator(mode="after")
    def _is_whole(self) -> Campaign:
        if self.sponsor is not None and self.consent is None:
            raise ValueError(
                "is sponsored and has no `consent`: say where the agreement is written down"
            )
        if self.schedule is not None and not self.channels:
            raise ValueError("has a schedule and no place: give `in`, such as [#news]")
        if self.starts and self.ends and self.ends < self.starts:
            raise ValueError(f"ends on {self.ends}, before it starts on {self.starts}")
        return self

    def runs(self, now: datetime, zone: str) -> bool:
        """Whether the day is one of the campaign's."""
        day = now.astimezone(ZoneInfo(zone)).date()
        return (self.starts is None or self.starts <= day) and (
            self.ends is None or day <= self.ends
        )

    def words(self, headline: str) -> str:
        """One variant, labelled where it is sponsored."""
        label = LABEL.format(sponsor=self.sponsor) if self.sponsor else None
        parts = (label, headline, self.text, self.link)
        return "\n".join(part for part in parts if part)


class Caps(Strict):
    """How often an advocate may speak first; what is over is left out, not kept for later."""

    posts_per_day: int = Field(default=1, ge=0)  # of one campaign, in one channel
    posts_per_week: int = Field(default=5, ge=0)  # of all campaigns, in one channel
    per_member_per_week: int = Field(default=1, ge=0)  # answers about campaigns to one member


class StopOn(Strict):
    """When a campaign stops by itself: too many members do not like it."""

    negative: float = Field(default=0.3, gt=0, le=1)  # the share that is too many
    after: int = Field(default=10, ge=3)  # responses, before any share is believed
