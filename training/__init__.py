"""Builds the triage model: `python -m training.build --help`.

Nothing here is imported by `greenroom`; it needs the ``training`` extra, best in an
environment of its own.
"""
