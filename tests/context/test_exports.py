"""The public names, pinned: taking one away is a decision."""

from __future__ import annotations

from greenroom import context


def test_context_exports_just_these_names() -> None:
    assert context.__all__ == [
        "DEFAULT_MIN_EVIDENCE",
        "SEPARATOR",
        "EdgeStore",
        "Found",
        "Indexed",
        "Knowledge",
        "MemoryIndex",
        "Point",
        "Posts",
        "Precedents",
        "ServerStore",
        "VectorStore",
    ]
    assert all(hasattr(context, name) for name in context.__all__)
