"""Who said what, on which grounds, for anybody to check: signed records of utterances."""

from greenroom.provenance.binding import CERTIFICATE, Binder, c2pa_library, read_binding
from greenroom.provenance.check import (
    Finding,
    check_answered,
    check_signature,
    check_text,
    check_version,
    read_record,
)
from greenroom.provenance.keys import Keyring, known_keys, read_public
from greenroom.provenance.notary import Notary, lost_key_warning
from greenroom.provenance.outgoing import Outgoing
from greenroom.provenance.proof import did_key, fingerprint, sign, verify
from greenroom.provenance.record import ANSWERED, CONTEXT, Speaker, keyed_digest, record_of, sha256

__all__ = [
    "ANSWERED",
    "CERTIFICATE",
    "CONTEXT",
    "Binder",
    "Finding",
    "Keyring",
    "Notary",
    "Outgoing",
    "Speaker",
    "c2pa_library",
    "check_answered",
    "check_signature",
    "check_text",
    "check_version",
    "did_key",
    "fingerprint",
    "keyed_digest",
    "known_keys",
    "lost_key_warning",
    "read_binding",
    "read_public",
    "read_record",
    "record_of",
    "sha256",
    "sign",
    "verify",
]
