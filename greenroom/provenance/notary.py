"""Makes and signs the record of each utterance; the ledger calls it in its own transaction."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable

from greenroom.ledger import Said
from greenroom.provenance.keys import FILE, PUBLIC, Keyring
from greenroom.provenance.proof import sign
from greenroom.provenance.record import Speaker, record_of

log = logging.getLogger(__name__)

Speakers = Callable[[str], Speaker | None]
"""Who a persona is, by its name."""


class Notary:
    """The ledger's ``Attest``.

    Args:
        keys: What signs.
        speakers: Who a persona is; asked on the ledger's writer, so it must not wait.
        base: The desk's public address, or None.
    """

    def __init__(self, keys: Keyring, speakers: Speakers, *, base: str | None) -> None:
        self._keys = keys
        self._speakers = speakers
        self._base = base

    def __call__(self, said: Said) -> str:
        """The signed record, as JSON text."""
        kind, _, name = said.by.partition(":")
        speaker = self._speakers(name) if kind == "persona" else None
        record = record_of(said, speaker, base=self._base)
        return as_text(sign(record, self._keys.current, created=said.at))


def as_text(record: object) -> str:
    """A record as it is kept and served."""
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"))


def lost_key_warning(keys: Keyring, utterances: int) -> str | None:
    """What to tell people where a key was made although something was signed before."""
    if not keys.is_new or not utterances:
        return None
    return (
        f"The signing key {keys.folder / FILE} was gone, and {utterances} records are"
        " signed with it. A new key signs from now on; old records still verify, by"
        f" {keys.folder / PUBLIC}. If the old key may be in other hands, say so to readers."
    )
