"""The queue inside the platforms: commands of members, review cards of moderators."""

from greenroom.backstage.backstage import Backstage

__all__ = ["Backstage"]
