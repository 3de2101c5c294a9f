"""Slack, on Bolt: Socket Mode or HTTP events in, actions out."""

from greenroom.adapters.slack.adapter import SlackAdapter

__all__ = ["SlackAdapter"]
