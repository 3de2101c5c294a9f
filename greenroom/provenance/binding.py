"""C2PA text binding: a text that carries its own signed manifest, and what a reader finds in it.

``c2pa-python`` (an extra) makes and reads the manifests. As it is released it knows no text: the
hard binding (the digest of the text around the wrapper) is given to it ready-made, and whether
that binding lies where it says is checked here.
"""

from __future__ import annotations

import hashlib
import importlib
import io
import json
import unicodedata
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from greenroom import __version__
from greenroom.errors import ConfigError, RetryLater
from greenroom.provenance.check import Finding
from greenroom.provenance.keys import Keyring, write_whole
from greenroom.provenance.proof import fingerprint
from greenroom.provenance.wrapper import Wrapped, find, wrap, wrapper_length

CERTIFICATE: Final = "certificate.pem"
_HASH: Final = "c2pa.hash.data"
_MIME: Final = "text/plain"
_SOURCE: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/"
_BY_MODEL, _BY_RULE = f"{_SOURCE}trainedAlgorithmicMedia", f"{_SOURCE}algorithmicMedia"
_VALID: Final = timedelta(days=3650)
_RENEWED_BEFORE: Final = timedelta(days=30)
_NEEDED: Final = frozenset(
    {"claimSignature.validated", "assertion.hashedURI.match", "assertion.dataHash.match"}
)
_UNTRUSTED: Final = "signingCredential.untrusted"
_ELSEWHERE: Final = "assertion.dataHash.mismatch"  # it finds no wrapper in a text by itself
_QUIET: Final = {"verify": {"remote_manifest_fetch": False, "ocsp_fetch": False}}


class Binder:
    """Puts manifests into texts.

    Args:
        keys: The key that signs, and the folder for its certificate.

    Raises:
        ConfigError: c2pa-python is not installed.
    """

    def __init__(self, keys: Keyring) -> None:
        self._c2pa = c2pa_library()
        certificate = _certificate(keys)
        pem = keys.current.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        info = self._c2pa.C2paSignerInfo(b"ed25519", certificate, pem, None)
        self._signer = self._c2pa.Signer.from_info(info)
        self._length = 12_000  # of the wrapper before; the next one's is the same, mostly

    def bind(self, text: str, *, title: str, by_model: bool = False) -> str:
        """``text`` in its normal form (NFC), with its manifest after it. Some milliseconds.

        Args:
            text: What will be sent.
            title: The persona's name.
            by_model: Whether a language model worded it.

        Raises:
            RetryLater: The library could not make the manifest.
        """
        normal = unicodedata.normalize("NFC", text)
        while True:
            length = self._length
            manifest = self._manifest(normal, length, title, by_model)
            self._length = wrapper_length(len(manifest))
            if self._length == length:
                return normal + wrap(manifest)

    def _manifest(self, text: str, length: int, title: str, by_model: bool) -> bytes:
        raw = text.encode()
        definition = {
            "claim_generator_info": [{"name": "greenroom", "version": __version__}],
            "title": title,
            "format": _MIME,
            "assertions": [
                {
                    "label": "c2pa.actions.v2",
                    "data": {
                        "actions": [
                            {
                                "action": "c2pa.created",
                                "digitalSourceType": _BY_MODEL if by_model else _BY_RULE,
                            }
                        ]
                    },
                },
                {
                    "label": _HASH,
                    "data": {
                        "exclusions": [{"start": len(raw), "length": length}],
                        "name": "jumbf manifest",
                        "alg": "sha256",
                        "hash": list(hashlib.sha256(raw).digest()),
                        "pad": [],
                    },
                },
            ],
        }
        try:
            builder = self._c2pa.Builder(json.dumps(definition))
            builder.set_no_embed()
            made: bytes = builder.sign(self._signer, _MIME, io.BytesIO(raw), io.BytesIO())
        except self._c2pa.C2paError as error:
            raise RetryLater(f"c2pa-python made no manifest: {error}") from error
        return made


def read_binding(text: str, certificates: Path | None = None) -> tuple[str, list[Finding]]:
    """The text without its manifest, and what the manifest is worth; nothing where there is none.

    Args:
        text: As it was copied.
        certificates: A PEM file with certificates to trust, such as a deployment's own.
    """
    found = find(text)
    if found is None:
        return text, []
    try:
        library = c2pa_library()
    except ConfigError as error:
        return found.rest, [Finding(f"C2PA: there is a manifest, not checked: {error}", None)]
    trust = {} if certificates is None else {"trust": {"user_anchors": certificates.read_text()}}
    try:
        context = library.Context.from_dict({**_QUIET, **trust})
        reader = library.Reader(
            _MIME, io.BytesIO(text.encode("utf-8", "replace")), found.manifest, context=context
        )
        results = reader.get_validation_results()["activeManifest"]
        manifest = json.loads(reader.detailed_json())
    except (library.C2paError, KeyError, TypeError, ValueError) as error:
        return found.rest, [Finding(f"C2PA: the manifest cannot be read: {error}", holds=False)]
    active = manifest["manifests"][manifest["active_manifest"]]
    return found.rest, _findings(found, text, results, active)


def _findings(
    found: Wrapped, text: str, results: dict[str, Any], active: dict[str, Any]
) -> list[Finding]:
    good = {one["code"] for one in results["success"]}
    bad = {one["code"] for one in results["failure"]}
    is_whole = good >= _NEEDED and bad <= {_UNTRUSTED, _ELSEWHERE}
    if not (is_whole and _lies_where_it_says(found, text, active)):
        wrong = ", ".join(sorted(bad - {_UNTRUSTED})) or "it does not lie where it says"
        return [Finding(f"C2PA: the manifest does not fit this text: {wrong}", holds=False)]
    who = active.get("signature", {}).get("common_name", "nobody named")
    fits = Finding("C2PA: the manifest in the text is whole, and is about this text", True)
    if _UNTRUSTED in bad:
        return [fits, Finding(f"C2PA: its certificate ({who}) is on no trust list", None)]
    return [fits, Finding(f"C2PA: its certificate ({who}) is the one expected", True)]


def _lies_where_it_says(found: Wrapped, text: str, active: dict[str, Any]) -> bool:
    """Whether the one part of the text that is not covered is the wrapper, and nothing but it."""
    bindings = [
        value for label, value in active["assertion_store"].items() if label.startswith(_HASH)
    ]
    wanted = [{"start": found.start, "length": found.length}]
    is_normal = unicodedata.is_normalized("NFC", text)
    return (
        found.is_canonical
        and is_normal
        and len(bindings) == 1
        and bindings[0].get("exclusions") == wanted
    )


def c2pa_library() -> Any:
    """c2pa-python.

    Raises:
        ConfigError: It is not installed.
    """
    try:
        return importlib.import_module("c2pa")
    except ImportError as error:
        raise ConfigError(
            "provenance.c2pa_text needs c2pa-python",
            accepted="pip install 'greenroom[c2pa]', or set provenance.c2pa_text to false",
        ) from error


def _certificate(keys: Keyring) -> bytes:
    """The key's certificate; made where there is none, or one of another key."""
    path = keys.folder / CERTIFICATE
    try:
        kept = x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError):
        kept = None
    now = datetime.now(UTC)
    is_ours = kept is not None and kept.public_key() == keys.current.public_key()
    if kept is not None and is_ours and kept.not_valid_after_utc > now + _RENEWED_BEFORE:
        return kept.public_bytes(Encoding.PEM)
    made = _self_signed(keys.current, fingerprint(keys.name), now)
    pem = made.public_bytes(Encoding.PEM)
    write_whole(path, pem)
    return pem


def _self_signed(key: Ed25519PrivateKey, name: str, now: datetime) -> x509.Certificate:
    """By C2PA's profile for signers, but for the authority that would vouch for it."""
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Greenroom deployment"),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )
    public = key.public_key()
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + _VALID)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(public), critical=False)
        .sign(key, None)
    )
