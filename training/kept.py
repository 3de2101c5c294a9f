"""Rows of numbers kept by text: a corpus that changed pays for its new texts only."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

_DIGEST: Final = 16

Rows = npt.NDArray[Any]


def kept_rows(
    file: Path, texts: Sequence[str], compute: Callable[[npt.NDArray[np.int64]], Rows]
) -> Rows:
    """A row for each of `texts`, from `file` where it is there, else computed and added to it.

    Args:
        file: An ``.npz`` of digests and rows; written anew when something was missing.
        texts: What the rows are of.
        compute: Gives the rows, shape (n, width), of the texts at these places.
    """
    digests = [hashlib.sha256(text.encode()).digest()[:_DIGEST] for text in texts]
    known: dict[bytes, int] = {}
    rows: Rows | None = None
    if file.exists():
        with np.load(file) as found:
            known = {digest.tobytes(): place for place, digest in enumerate(found["digests"])}
            rows = found["rows"]
    missing = np.array([place for place, one in enumerate(digests) if one not in known], np.int64)
    if len(missing):
        fresh = compute(missing)
        start = 0 if rows is None else len(rows)
        known |= {digests[int(place)]: start + row for row, place in enumerate(missing)}
        rows = fresh if rows is None else np.concatenate([rows, fresh])
        _write(file, known, rows)
    if rows is None:
        raise ValueError(f"{file}: no texts were given, so there are no rows")
    return rows[[known[digest] for digest in digests]]


def _write(file: Path, known: dict[bytes, int], rows: Rows) -> None:
    # As bytes of a fixed width: numpy's own byte strings drop zeros at the end.
    digests = np.frombuffer(b"".join(known), dtype=np.uint8).reshape(-1, _DIGEST)
    half = file.with_suffix(".half.npz")  # a build that is cut short must find the whole or nothing
    np.savez(half, digests=digests, rows=rows[list(known.values())])
    half.replace(file)
