"""``greenroom provenance``: the signed records of what personas said."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import aiohttp
import typer

from greenroom.cli.backtest import ago
from greenroom.cli.console import fault, harmless, out
from greenroom.company import gather, key_folder
from greenroom.config import Deployment
from greenroom.errors import ConfigError, DropMessage, GreenroomError, RetryLater
from greenroom.ledger import Attestation, Ledger
from greenroom.provenance import (
    CERTIFICATE,
    Finding,
    Keyring,
    check_answered,
    check_signature,
    check_text,
    check_version,
    did_key,
    fingerprint,
    known_keys,
    read_binding,
    read_public,
    read_record,
)
from greenroom.versions import persona_version

app = typer.Typer(
    help="The signed records of what personas said.", no_args_is_help=True, rich_markup_mode=None
)

EXAMPLE: Final = "Example: greenroom provenance verify record.json --text said.txt"
_MOST_BYTES: Final = 1_000_000
_CHUNK_BYTES: Final = 65_536
_PATIENCE_S: Final = 15
_MULTIKEY: Final = re.compile(r"(?:did:key:)?(z6Mk[1-9A-HJ-NP-Za-km-z]{44})")
_MARKS: Final = {True: "holds", False: "FAILS", None: "open"}

ConfigOption = Annotated[Path, typer.Option("--config", help="The deployment's config file.")]
_CONFIG: Final = Path("config.yaml")


@app.callback()
def provenance() -> None:
    """The signed records of what personas said."""


@app.command("verify", epilog=EXAMPLE)
def verify(
    record: Annotated[
        str | None,
        typer.Argument(help="A file with the record, or its address.", show_default=False),
    ] = None,
    text: Annotated[
        Path | None,
        typer.Option(help="A file with the text; alone, its own C2PA manifest is read."),
    ] = None,
    key: Annotated[
        str | None,
        typer.Option(help="The key to expect: a PEM file, did:key:…, or a fingerprint."),
    ] = None,
    answered: Annotated[
        Path | None, typer.Option(help="A file with the message that it should answer.")
    ] = None,
    salt: Annotated[
        str | None, typer.Option(help="What `provenance show` gives along, for --answered.")
    ] = None,
    config: ConfigOption = _CONFIG,
) -> None:
    """Check a record's signature, its text, and the persona's files; a file needs no network."""
    if record is None and text is None:
        raise ConfigError("there is nothing to check", accepted="a record, --text, or both")
    deployment = _deployment_if_any(config)
    if record is None:
        assert text is not None, "one of them is given"
        found = _manifest_in(text, deployment)
        _end(found or [Finding("C2PA: there is no manifest in the text", holds=False)])
        return
    try:
        whole = read_record(_fetched(record))
    except DropMessage as error:
        _tell([Finding(f"record: {error}", holds=False)])
        raise typer.Exit(1) from error
    found = check_signature(whole, _expected(key, whole, deployment))
    if text is not None:
        found.append(check_text(whole, _text_of(text)))
        found.extend(_manifest_in(text, deployment))
    if answered is not None:
        found.append(check_answered(whole, _text_of(answered), _salt(salt)))
    if deployment is not None:
        found.append(check_version(whole, lambda name: _version(deployment, name)))
    _end(found)


@app.command("show", epilog="Example: greenroom provenance show discord:1:2:3")
def show(
    what: Annotated[
        str, typer.Argument(help="A record's id, or a message's key.", show_default=False)
    ],
    config: ConfigOption = _CONFIG,
) -> None:
    """Print the records of one message, or one record."""

    async def read() -> list[Attestation]:
        async with _ledger(config) as ledger:
            one = await ledger.attestations.get(what.rpartition("/")[2].removeprefix("urn:uuid:"))
            return [one] if one is not None else await ledger.attestations.about(what)

    found = asyncio.run(read())
    if not found:
        raise DropMessage(f"nothing was said under {what!a}")
    for one in found:
        sys.stdout.write(json.dumps(json.loads(one.record), indent=2) + "\n")
        if one.salt is not None:
            fault(f"{one.id}: answers {one.message}; --salt {one.salt}")


@app.command("export", epilog="Example: greenroom provenance export --since 30d > records.jsonl")
def export(
    since: Annotated[
        str | None, typer.Option(help="Only of the last hours, days or weeks: 12h, 7d, 4w.")
    ] = None,
    config: ConfigOption = _CONFIG,
) -> None:
    """Print all records, one a line, the oldest first."""
    start = datetime(1970, 1, 1, tzinfo=UTC) if since is None else ago(since)

    async def write() -> None:
        async with _ledger(config) as ledger:
            async for one in ledger.attestations.since(start):
                sys.stdout.write(f"{one.record}\n")

    asyncio.run(write())


@app.command("key", epilog="Example: greenroom provenance key")
def key(config: ConfigOption = _CONFIG) -> None:
    """Print the public keys that records are signed with, the one in use first."""
    for name in _keyring(gather(config, secrets=False).deployment).names:
        out.print(
            f"{did_key(name)}  SHA-256 {fingerprint(name)}",
            markup=False,
            emoji=False,
            soft_wrap=True,
        )


@app.command("rotate", epilog="Example: greenroom provenance rotate")
def rotate(config: ConfigOption = _CONFIG) -> None:
    """Make a new signing key; what older ones signed still verifies. Counts from the next start."""
    ring = _keyring(gather(config, secrets=False).deployment)
    ring.rotate()
    out.print(
        f"{did_key(ring.name)}  SHA-256 {fingerprint(ring.name)}",
        markup=False,
        emoji=False,
        soft_wrap=True,
    )


@asynccontextmanager
async def _ledger(config: Path) -> AsyncIterator[Ledger]:
    deployment = gather(config, secrets=False).deployment
    file = deployment.path(deployment.config.ledger.path)
    if not file.exists():
        raise ConfigError("there is no ledger yet", file=file, accepted="run the bots first")
    ledger = Ledger(file, is_owner=False)
    try:
        yield ledger
    finally:
        ledger.close()


def _keyring(deployment: Deployment) -> Keyring:
    folder = key_folder(deployment)
    if not (folder / "signing.pem").exists():
        raise ConfigError(
            "there is no signing key yet", file=folder, accepted="the first `run` makes one"
        )
    return Keyring(folder)


def _deployment_if_any(config: Path) -> Deployment | None:
    """The files here, if there are any that can be read: a stranger verifies without."""
    try:
        return gather(config, secrets=False).deployment if config.exists() else None
    except ConfigError as error:
        fault(f"the files here are not compared: {error}")
        return None


def _version(deployment: Deployment, name: str) -> str | None:
    return persona_version(deployment, name) if name in deployment.personas else None


def _expected(
    given: str | None, record: dict[str, object], deployment: Deployment | None
) -> Collection[str] | None:
    """The Multikeys to expect: of --key, else those of the deployment here, else unknown."""
    if given is None:
        return (known_keys(key_folder(deployment)) or None) if deployment is not None else None
    name = _MULTIKEY.fullmatch(given.partition("#")[0])
    if name is not None:
        return [name[1]]
    wanted = given.lower().removeprefix("sha-256").strip(" :")
    if re.fullmatch(r"[0-9a-f]{64}", wanted):
        proof = record.get("proof")
        method = str(proof.get("verificationMethod")) if isinstance(proof, dict) else ""
        said = _MULTIKEY.fullmatch(method.partition("#")[0])
        return [said[1]] if said is not None and fingerprint(said[1]) == wanted else []
    return [read_public(Path(given))]


def _salt(given: str | None) -> str:
    if given is None or not re.fullmatch(r"[0-9a-f]{32}", given):
        raise ConfigError("--answered needs --salt", accepted="what `provenance show` gives along")
    return given


def _text_of(file: Path) -> str:
    try:
        return file.read_bytes().decode()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot be read: {error}", file=file) from error


def _fetched(record: str) -> str:
    if not record.startswith(("http://", "https://")):
        return _text_of(Path(record))
    try:
        return asyncio.run(_get(record))
    except (aiohttp.ClientError, TimeoutError, UnicodeDecodeError) as error:
        raise RetryLater(f"{record} cannot be read: {error}") from error


async def _get(address: str) -> str:
    async with (
        asyncio.timeout(_PATIENCE_S),
        aiohttp.ClientSession(headers={"Accept": "application/ld+json"}) as client,
        client.get(address) as answer,
    ):
        if answer.status != 200:
            raise _not_there(address, answer.status)
        body = b""
        async for part in answer.content.iter_chunked(_CHUNK_BYTES):
            body += part
            if len(body) > _MOST_BYTES:
                raise DropMessage(f"{address} is larger than {_MOST_BYTES:,} bytes")
        return body.decode()


def _not_there(address: str, status: int) -> GreenroomError:
    return DropMessage(f"{address} answers {status}")


def _manifest_in(text: Path, deployment: Deployment | None) -> list[Finding]:
    """What the C2PA manifest in a text is worth; nothing where there is none."""
    own = None if deployment is None else key_folder(deployment) / CERTIFICATE
    certificate = own if own is not None and own.exists() else None
    said = _text_of(text)
    found = read_binding(said, certificate)[1]
    shorter = said.removesuffix("\n").removesuffix("\r")  # an editor's line break at the end
    if shorter != said and any(one.holds is False for one in found):
        return read_binding(shorter, certificate)[1]
    return found


def _end(found: list[Finding]) -> None:
    _tell(found)
    if any(one.holds is False for one in found):
        raise typer.Exit(1)


def _tell(found: list[Finding]) -> None:
    for one in found:
        out.print(
            f"{_MARKS[one.holds]:5}  {harmless(one.what)}",
            markup=False,
            emoji=False,
            soft_wrap=True,
        )
