"""A text that carries its manifest is checked by c2pa-python itself; any change to it shows."""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenroom.ledger import Claimed, Ledger
from greenroom.message import Action, ActionKind, Order
from greenroom.provenance import (
    CERTIFICATE,
    Binder,
    Keyring,
    Outgoing,
    Speaker,
    check_text,
    read_binding,
    read_record,
)
from greenroom.provenance.wrapper import find, wrap, wrapper_length
from greenroom.sender import Sender
from tests.provenance.spoken import SECRET, WORDS, an_answer, order_one
from tests.samples import NOON, a_message
from tests.stand_ins import ScriptedAdapter

TEXT = "Ahoy ☺️, zażółć gęślą jaźń 🦦.\n\nI'm automated."


class Keeper(ScriptedAdapter):
    """A platform that keeps text, up to a length."""

    def __init__(self, kept_length: int = 10_000) -> None:
        super().__init__()
        self.kept_length = kept_length


@pytest.fixture(scope="module")
def binder(tmp_path_factory: pytest.TempPathFactory) -> tuple[Binder, Path]:
    keys = Keyring(tmp_path_factory.mktemp("binder") / "keys")
    return Binder(keys), keys.folder / CERTIFICATE


@given(st.binary(max_size=400), st.text(st.characters(codec="utf-8"), max_size=60))
def test_a_wrapper_has_the_length_that_its_size_decides(manifest: bytes, text: str) -> None:
    wrapped = wrap(manifest)
    assert len(wrapped.encode()) == wrapper_length(len(manifest))
    if find(text) is not None or text.endswith("\ufeff"):
        return
    found = find(text + wrapped)
    assert found is not None
    assert (found.manifest, found.rest, found.is_canonical) == (manifest, text, True)
    assert (found.start, found.length) == (len(text.encode()), len(wrapped.encode()))
    assert find(text + wrapped + wrapped) is None


def test_the_specifications_padding() -> None:
    """C2PA 2.4, A.8: 16 bytes make 125 bytes of UTF-8, of which 11 are 0x00, 0x10, 0x10."""
    wrapped = wrap(b"c2pa-manifest-01")
    assert len(wrapped.encode()) == 125
    assert wrapped[-3:] == "\ufe00\U000e0100\U000e0100"
    assert wrapped.startswith("\ufeff\U000e0133\U000e0122\U000e0140\U000e0131\U000e0144")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "plain",
        "☺\ufe0f",
        "\ufeffwith a mark first",
        "\ufeff\ufe0f",
        wrap(b"x")[:-30],
        "\ufeff" * 9,
    ],
)
def test_ordinary_text_holds_no_manifest(text: str) -> None:
    assert read_binding(text) == (text, [])


def test_a_bound_text_reads_as_before_and_verifies(binder: tuple[Binder, Path]) -> None:
    bound = binder[0].bind(TEXT, title="Guide")
    rest, findings = read_binding(bound, binder[1])
    assert rest == TEXT
    assert [one.holds for one in findings] == [True, True]
    assert [one.holds for one in read_binding(bound)[1]] == [True, None]
    assert "on no trust list" in read_binding(bound)[1][1].what


def test_a_strangers_manifest_is_not_trusted(binder: tuple[Binder, Path], tmp_path: Path) -> None:
    stranger = Binder(Keyring(tmp_path / "stranger"))
    _, findings = read_binding(stranger.bind(TEXT, title="Guide"), binder[1])
    assert [one.holds for one in findings] == [True, None]


def test_every_changed_character_shows(binder: tuple[Binder, Path]) -> None:
    bound = binder[0].bind(TEXT, title="Guide")
    assert all(one.holds is not False for one in read_binding(bound)[1])
    for at in range(len(TEXT) + 1):
        for changed in (f"{bound[:at]}x{bound[at:]}", bound[:at] + bound[at + 1 :]):
            _, findings = read_binding(changed)
            assert not any(one.holds for one in findings), changed[:60]


def test_changed_bytes_of_what_is_signed_show(binder: tuple[Binder, Path]) -> None:
    """C2PA signs assertions and claim; the outermost box's label and the padding it does not."""
    bound = binder[0].bind(TEXT, title="Guide")
    found = find(bound)
    assert found is not None
    digest = found.manifest.index(hashlib.sha256(TEXT.encode()).digest())
    source = found.manifest.index(b"digitalsourcetype/algorithmicMedia")
    claim = found.manifest.rindex(b"claim_generator_info")
    for start in (digest, source, claim):
        for at in range(start, start + 32):
            manifest = bytearray(found.manifest)
            manifest[at] ^= 1
            _, findings = read_binding(TEXT + wrap(bytes(manifest)))
            assert not any(one.holds for one in findings), at
    padded = bound + "\ufe00"
    assert not any(one.holds for one in read_binding(padded)[1])


def test_text_is_bound_in_its_normal_form(binder: tuple[Binder, Path]) -> None:
    loose = unicodedata.normalize("NFD", "zażółć")
    bound = binder[0].bind(loose, title="Guide")
    assert bound.startswith("zażółć\ufeff")
    assert all(one.holds for one in read_binding(bound, binder[1])[1])


def test_a_certificate_is_kept_and_follows_its_key(tmp_path: Path) -> None:
    keys = Keyring(tmp_path / "keys")
    Binder(keys)
    first = (keys.folder / CERTIFICATE).read_bytes()
    Binder(keys)
    assert (keys.folder / CERTIFICATE).read_bytes() == first
    keys.rotate()
    bound = Binder(keys).bind(TEXT, title="Guide")
    assert (keys.folder / CERTIFICATE).read_bytes() != first
    assert all(one.holds for one in read_binding(bound, keys.folder / CERTIFICATE)[1])


def claimed(**changes: object) -> Claimed:
    action = replace(an_answer(text="Be kind.", footer="Automated."), **changes)  # type: ignore[arg-type]  # fields
    return Claimed(1, "b", 1, Order("k1", action, a_message()), "persona:guide")


def test_what_goes_out_is_bound_with_its_footer(binder: tuple[Binder, Path]) -> None:
    dress = Outgoing(binder[0], lambda name: Speaker("Guide", "Harbour", None))
    order = dress(claimed(), Keeper())
    rest, findings = read_binding(order.action.text or "", binder[1])
    assert (rest, order.action.footer) == ("Be kind.\n\nAutomated.", None)
    assert all(one.holds for one in findings)
    assert dress(claimed(), Keeper()) == order  # a second try says the same


@pytest.mark.parametrize(
    ("order", "adapter"),
    [
        (claimed(), ScriptedAdapter()),
        (claimed(), Keeper(kept_length=2_000)),
        (claimed(kind=ActionKind.REACT), Keeper()),
        (claimed(text=None), Keeper()),
        (claimed(text=f"they wrote: {wrap(b'x')}"), Keeper()),
    ],
)
def test_what_cannot_be_bound_goes_out_as_it_was(
    binder: tuple[Binder, Path], order: Claimed, adapter: ScriptedAdapter
) -> None:
    dress = Outgoing(binder[0], lambda name: None)
    assert dress(order, adapter) is order.order


async def test_a_bound_text_is_known_to_its_record(
    ledger: Ledger, binder: tuple[Binder, Path]
) -> None:
    message = a_message(SECRET)
    await order_one(ledger, Action(ActionKind.REPLY, text=WORDS), message)
    adapter = Keeper()
    sender = Sender(
        ledger, {"b": adapter}, clock=lambda: NOON, dress=Outgoing(binder[0], lambda name: None)
    )
    (one,) = await ledger.outbox.claim(now_s=NOON.timestamp() + 1, limit=1, bots=("b",))
    await sender._try(one)
    (sent,) = adapter.performed
    (kept,) = await ledger.attestations.about(message.key)
    assert sent.action.text is not None
    record = read_record(kept.record)
    assert check_text(record, sent.action.text).what == ("text: is a post as the platform got it")
    assert check_text(record, WORDS).holds
    assert check_text(record, f"{sent.action.text}x").holds is False
