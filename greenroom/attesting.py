"""Who the personas are, for the signed records of what they say; see ``provenance``."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from greenroom.company import (
    Company,
    check_c2pa,
    key_folder,
)
from greenroom.ledger import Ledger
from greenroom.provenance import Binder, Keyring, Notary, Outgoing, Speaker, lost_key_warning
from greenroom.sender import Dress

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Stand:
    """Who the personas are at this moment: the files may change while the house runs."""

    company: Company

    def speaker(self, name: str) -> Speaker | None:
        """A persona as a record names it; None if there is none of that name."""
        persona = self.company.deployment.personas.get(name)
        if persona is None:
            return None
        version = self.company.versions.get(name)
        is_model = str(persona.replies.source) == "llm"
        return Speaker(persona.name, persona.operator, version, is_model)


async def sign_records(ledger: Ledger, stand: Stand, notices: list[str]) -> Keyring:
    """From here on each utterance gets a signed record."""
    keys = Keyring(key_folder(stand.company.deployment))
    warning = lost_key_warning(keys, await ledger.attestations.count())
    if warning is not None:
        log.warning("%s", warning)
        notices.append(warning)
    base = stand.company.deployment.config.desk.public_url
    ledger.attestations.attest = Notary(keys, stand.speaker, base=base)
    return keys


def dress(keys: Keyring, stand: Stand) -> Dress | None:
    """Manifests in texts, where config asks for them."""
    if not stand.company.deployment.config.provenance.c2pa_text:
        return None
    check_c2pa(stand.company.deployment)
    return Outgoing(Binder(keys), stand.speaker)
