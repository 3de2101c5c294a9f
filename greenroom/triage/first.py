"""The first stage: a very small model that settles what is certain, so the encoder need not run.

Most of a community's messages are plainly harmless. The first stage sees each word with its
neighbours, in a small part of the encoder's time. It was trained on what the encoder says, and
it is certified: below its limit, at most half a percent of the texts that the encoder would have
put over the line are let through (see the model's card).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol, cast

import onnxruntime as ort

from greenroom.triage.base import HEADS, Vector
from greenroom.triage.windows import Ids

FIRST_FILE: Final = "first.onnx"


@dataclass(frozen=True, slots=True)
class Certificate:
    """What the first stage may settle, as its manifest says.

    Attributes:
        line: No head of a settled text is above it, as far as the guarantee goes. Rules that
            act on lower scores need the encoder.
        limit: The first stage settles a text whose risk is below it.
        missed: Share of texts over the line that were settled all the same, on the
            calibration split.
        digest: Sha256 of the first stage's file, 64 hex digits.
    """

    line: float
    limit: float
    missed: float
    digest: str


class _Session(Protocol):
    def run(self, outputs: list[str], feed: dict[str, Ids]) -> list[Vector]: ...


class FirstStage:
    """Settles texts of one window. Safe to use from several threads; takes no other thread."""

    def __init__(self, folder: Path, certificate: Certificate, *, name: str) -> None:
        self.certificate = certificate
        self.short_name = f"{name}-first@{certificate.digest[:12]}"
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        session = ort.InferenceSession(
            folder / FIRST_FILE, options, providers=["CPUExecutionProvider"]
        )
        self._session = cast("_Session", session)

    def settle(self, ids: Ids) -> Mapping[str, float] | None:
        """The heads' scores, none above the line; None where the encoder must look.

        Args:
            ids: One window, shape (1, length).
        """
        risk, scores = self._session.run(["risk", "scores"], {"input_ids": ids})
        if float(risk[0]) >= self.certificate.limit:
            return None
        found = zip(HEADS, scores[0].tolist(), strict=True)
        return {name: min(score, self.certificate.line) for name, score in found}
