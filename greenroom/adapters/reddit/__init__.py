"""Reddit, on Async PRAW: listings in, moderation out."""

from greenroom.adapters.reddit.adapter import RedditAdapter

__all__ = ["RedditAdapter"]
