"""Platforms: each module connects one and speaks the contract in ``base``."""
