"""Discord, on discord.py: events in, actions out."""

from greenroom.adapters.discord.adapter import DiscordAdapter

__all__ = ["DiscordAdapter"]
