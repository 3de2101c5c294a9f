"""A C2PA manifest inside a text: invisible characters that stand for its bytes.

C2PA specification 2.4, appendix A.8, "Embedding manifests into unstructured text": U+FEFF, then
one variation selector for each byte of the frame: ``C2PATXT\\0``, a version, the manifest's length,
the manifest, and padding to a length that only the manifest's size decides.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_MARKER: Final = "\ufeff"
_MAGIC: Final = b"C2PATXT\0"
_VERSION: Final = 1
_HEADER: Final = struct.Struct(">8sBI")
_FIRST: Final = 0xFE00  # VARIATION SELECTOR-1, for bytes 0 to 15
_SECOND: Final = 0xE0100  # VARIATION SELECTOR-17, for bytes 16 to 255
_FIRST_COUNT: Final = 16
_RUN: Final = re.compile("\ufeff([\ufe00-\ufe0f\U000e0100-\U000e01ef]+)")
_SELECTORS: Final = [
    chr(_FIRST + byte) if byte < _FIRST_COUNT else chr(_SECOND + byte - _FIRST_COUNT)
    for byte in range(256)
]
_BYTES: Final = {selector: byte for byte, selector in enumerate(_SELECTORS)}


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A manifest found in a text, and where; ``start`` and ``length`` count UTF-8 bytes."""

    manifest: bytes
    start: int
    length: int
    is_canonical: bool  # written as the specification says, to the last padding
    rest: str  # the text without it


def wrapper_length(manifest_bytes: int) -> int:
    """The UTF-8 bytes of a wrapper: as if every byte took four, and a margin for the padding."""
    return len(_MARKER.encode()) + 4 * (_HEADER.size + manifest_bytes) + 6


def wrap(manifest: bytes) -> str:
    """The invisible characters for a manifest."""
    frame = _HEADER.pack(_MAGIC, _VERSION, len(manifest)) + manifest
    bare = _MARKER + "".join(_SELECTORS[byte] for byte in frame)
    gap = wrapper_length(len(manifest)) - len(bare.encode())
    fours = gap % 3  # what is left is filled by selectors of three bytes
    threes = (gap - 4 * fours) // 3
    return bare + _SELECTORS[0x00] * threes + _SELECTORS[0x10] * fours


def find(text: str) -> Wrapped | None:
    """The one manifest in a text; None if there is none, or more than one."""
    found = list(_all(text))
    return found[0] if len(found) == 1 else None


def _all(text: str) -> Iterator[Wrapped]:
    for run in _RUN.finditer(text):
        raw = bytes(_BYTES[selector] for selector in run[1])
        if len(raw) < _HEADER.size:
            continue
        magic, version, length = _HEADER.unpack_from(raw)
        manifest = raw[_HEADER.size : _HEADER.size + length]
        if (magic, version) != (_MAGIC, _VERSION) or len(manifest) != length:
            continue
        yield Wrapped(
            manifest,
            len(text[: run.start()].encode("utf-8", "replace")),
            len(run[0].encode()),
            is_canonical=run[0] == wrap(manifest),
            rest=text[: run.start()] + text[run.end() :],
        )
