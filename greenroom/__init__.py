"""Greenroom: AI personas on stage, people backstage in charge."""

__version__ = "0.1.0"
