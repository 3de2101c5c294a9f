"""The sample of real messages that ``greenroom demo`` replays; ``SOURCES.md`` says whose."""
