"""Which language a text is in, as far as a short message tells."""

from __future__ import annotations

import re
from functools import cache
from threading import Lock
from typing import Any, Final

from py3langid.langid import MODEL_FILE, LanguageIdentifier

_LETTER: Final = re.compile(r"[^\W\d_]")
_SURE: Final = 0.5
_FEWEST_LETTERS: Final = 6
"""A shorter text ("lol", "ok") is in no language."""


UNDETERMINED: Final = "und"
"""BCP 47's word for a language that cannot be told."""

_NO_LANGUAGE: Final = "zxx"
"""BCP 47's word for what is no language; py3langid says it of numbers and scraps."""


def detect_language(text: str) -> str:
    """The ISO 639 code of `text`'s language, of two letters where there is such a one.

    `UNDETERMINED` where the words do not tell. py3langid's classifier over byte n-grams, 142
    languages, 0.1 ms a message.
    """
    sample = text[:1_000]
    if len(_LETTER.findall(sample)) < _FEWEST_LETTERS:
        return UNDETERMINED
    language, share = _identifier().classify(sample)
    return UNDETERMINED if share < _SURE or language == _NO_LANGUAGE else str(language)


_LOADING: Final = Lock()
"""Unpacking the classifier takes a second; threads that need it meanwhile wait for the one."""


def _identifier() -> Any:
    with _LOADING:
        return _load()


@cache
def _load() -> Any:
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
