"""The encoder: text in, `Reading` out, on the calling thread."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final, cast

import numpy as np

from greenroom.triage.base import EVERYTHING, HEADS, INTENTS, Reading, Vector, Wants
from greenroom.triage.classifier import Assignment, Classifier
from greenroom.triage.language import detect_language
from greenroom.triage.manifest import SHIPPED, load_manifest
from greenroom.triage.providers import Provider, provider_named
from greenroom.triage.runs import open_runner
from greenroom.triage.spelling import canonical
from greenroom.triage.windows import Windower, Windows

_SCORES: Final = ("scores",)
_INTENT: Final = ("sentiment", "intents")
_VECTOR: Final = ("embedding",)


class Encoder:
    """Reads texts with one model. Safe to use from several threads at once.

    `read` computes on the calling thread. On a CPU a text is read by itself, one window a run;
    on a GPU texts that threads read at the same time share runs (see `greenroom.triage.runs`).

    Args:
        folder: A model's folder, as `load_manifest` wants it.
        provider: A name in `PROVIDERS`, or what `provider_named` gave, changed.
        classifiers: Adopted classifiers that answer for some of the heads.

    Raises:
        ConfigError: A folder is not a sound model, or the provider is not there.
    """

    def __init__(
        self,
        folder: Path = SHIPPED,
        *,
        provider: str | Provider = "cpu",
        classifiers: Sequence[Assignment] = (),
    ) -> None:
        if isinstance(provider, str):
            provider = provider_named(provider)
        self.batches = provider.batches
        self.manifest = load_manifest(folder, precision=provider.precision)
        self._runner = open_runner(self.manifest.model_file, provider)
        self._classifiers = [Classifier(one, provider=provider) for one in classifiers]
        self.windower = Windower(self.manifest.tokenizer_file, max_tokens=self.manifest.max_tokens)

    def read(self, text: str, wants: Wants = EVERYTHING) -> Reading:
        """Read `text`; see `Reading` for what comes of many windows."""
        return self.read_canonical(canonical(text), wants)

    def read_canonical(
        self, text: str, wants: Wants = EVERYTHING, *, windows: Windows | None = None
    ) -> Reading:
        """Read what `canonical` made of a text; `windows` where it is cut already."""
        reading = self.read_windows(windows or self.windower.cut(text), wants, language_of=text)
        for classifier in self._classifiers:
            reading = classifier.revise(reading, text)
        return reading

    def read_windows(
        self, windows: Windows, wants: Wants = EVERYTHING, *, language_of: str = ""
    ) -> Reading:
        """Read windows of tokens, without classifiers; the language is that of `language_of`."""
        names = [
            *_SCORES,
            *(_INTENT if wants.intent else ()),
            *(_VECTOR if wants.embedding else ()),
        ]
        found = self._runner.run(names, windows.ids)
        scores = dict(zip(HEADS, found["scores"].max(axis=0).tolist(), strict=True))
        intents: dict[str, float] = {}
        if wants.intent:
            scores["sentiment"] = float(found["sentiment"].mean())
            intents = dict(zip(INTENTS, found["intents"].mean(axis=0).tolist(), strict=True))
        has_words = any(ids.size > 2 for ids in windows.ids)
        return Reading(
            scores=scores,
            intent=max(intents, key=intents.__getitem__) if intents and has_words else None,
            intents=intents,
            embedding=_mean_direction(found["embedding"]) if wants.embedding else None,
            model=self.manifest.short_name,
            windows=windows.total,
            windows_read=len(windows.ids),
            language=detect_language(language_of) if wants.language else None,
        )


def _mean_direction(embeddings: Vector) -> Vector:
    """The windows' mean, shape (384,), brought back to unit length."""
    mean = embeddings.mean(axis=0)
    return cast("Vector", mean / max(float(np.linalg.norm(mean)), 1e-12))
