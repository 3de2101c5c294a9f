"""Words as Qdrant weighs them: BM25 by the engine's own model, so that a server agrees with it."""

from __future__ import annotations

from typing import Final

import qdrant_edge as edge

from greenroom.context.base import Words, clean

_USUAL_WORDS: Final = 80  # of a passage, its headings and what is also asked, without small words

# Stems and small words are those of English, which the shipped encoder reads best. Words of other
# languages count as they are written.
_MODEL: Final = edge.Bm25(
    edge.Bm25Config(avg_len=_USUAL_WORDS, language="english", ascii_folding=True)
)


def words_of_passage(text: str) -> Words:
    """What a stored text has: each word's weight by how often it comes."""
    return _words(_MODEL.embed_document(clean(text)))


def words_of_question(text: str) -> Words:
    """What is asked for: each word once, small words left out."""
    return _words(_MODEL.embed_query(clean(text)))


def _words(vector: edge.SparseVector) -> Words:
    return Words(tuple(vector.indices), tuple(vector.values))
