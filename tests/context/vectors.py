"""Small vectors that tests can reason about."""

from __future__ import annotations

import hashlib
import math

import numpy as np

from greenroom.context.base import VECTOR_SIZE, Vector


def at(degrees: float, *, size: int = VECTOR_SIZE) -> Vector:
    """A unit vector whose cosine with `at(0)` is that of the angle."""
    vector = np.zeros(size, dtype=np.float32)
    vector[0] = math.cos(math.radians(degrees))
    vector[1] = math.sin(math.radians(degrees))
    return vector


async def bag_of_words(text: str) -> Vector:
    """An embedding that knows only which words are shared, and is the same on every machine."""
    vector = np.full(VECTOR_SIZE, 1e-6, dtype=np.float32)
    for word in text.lower().split():
        digest = hashlib.sha256(word.strip("#?.,:").encode("utf-8", "replace")).digest()
        vector[int.from_bytes(digest[:4], "big") % VECTOR_SIZE] += 1
    return vector / np.float32(np.linalg.norm(vector))
