"""Context: what a community knows and what its people decided, found again by likeness.

Stores are the leaves: `EdgeStore` runs Qdrant inside the process, `ServerStore` talks to a
server and needs the extra ``server`` only when it is made.
"""

from greenroom.context.base import Found, Point, VectorStore
from greenroom.context.edge import EdgeStore
from greenroom.context.knowledge import DEFAULT_MIN_EVIDENCE, Indexed, Knowledge
from greenroom.context.markdown import SEPARATOR
from greenroom.context.memory import MemoryIndex
from greenroom.context.posts import Posts
from greenroom.context.precedents import Precedents
from greenroom.context.server import ServerStore

__all__ = [
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
