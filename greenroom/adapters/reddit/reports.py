"""What people and filters hold against a comment or submission, as moderators are told."""

from __future__ import annotations

from greenroom.adapters.reddit.fields import Thing, moment_of, number_of, pairs_of, text_of
from greenroom.message import Author


def report_stamp(thing: Thing) -> str:
    """Changes with each report; an approval lets Reddit count from the beginning again."""
    count = str(number_of(thing, "num_reports") or 0)
    approved = moment_of(thing, "approved_at_utc")
    return count if approved is None else f"{count}@{int(approved.timestamp())}"


def read_reasons(thing: Thing) -> str | None:
    """What the reports say, each reason with how often it was given."""
    users, mods = pairs_of(thing, "user_reports"), pairs_of(thing, "mod_reports")
    told = [f"{reason} ({count})" for reason, count in users]
    told += [f"{reason} ({name})" for reason, name in mods]
    return "; ".join(told) or None


def read_reporter(thing: Thing, me: str) -> Author | None:
    """The moderator who alone reported it; members report without a name."""
    mods = {name for _, name in pairs_of(thing, "mod_reports") if isinstance(name, str)}
    if pairs_of(thing, "user_reports") or len(mods) != 1:
        return None
    name = mods.pop()
    return Author(name, name, is_self=name.lower() == me.lower(), is_moderator=True)


def is_filtered(thing: Thing) -> bool:
    """Whether a filter of Reddit's took it out, so that it waits for a moderator."""
    if thing.get("approved") is True:
        return False
    by = thing.get("removed_by_category")
    return bool(thing.get("banned_by")) or by in ("automod_filtered", "reddit")


def filter_stamp(thing: Thing) -> str:
    """Changes when a filter takes it out again."""
    if not is_filtered(thing):
        return "stands"
    when = moment_of(thing, "banned_at_utc")
    return f"filtered:{int(when.timestamp()) if when else 0}"


def read_filter(thing: Thing) -> str:
    """Which filter, and why, as far as Reddit tells."""
    by = text_of(thing, "banned_by") or "Reddit's filters"
    why = text_of(thing, "mod_reason_title") or text_of(thing, "ban_note")
    return f"{by}: {why}" if why else by
