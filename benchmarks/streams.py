"""The texts that triage is measured on: the demo's chat, a stream like a community's, a raid."""

from __future__ import annotations

import csv
import gzip
import random
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

from greenroom.adapters.replay import read_lines
from greenroom.starter import demo_recording
from greenroom.triage.spelling import canonical
from training.corpus import TEST, split_of

DATA: Final = Path(__file__).parents[2] / "shared" / "data"
HARMFUL_SHARE: Final = 0.04

Row = dict[str, str]
Files = dict[str, Callable[[Row], bool]]

_BENIGN: Final[Files] = {
    "goemotions": lambda row: row["sentiment"] in ("neutral", "positive"),
    "clinc150": lambda _: True,
    "sms_spam": lambda row: row["label"] == "ham",
}
_HARMFUL: Final[Files] = {
    "surge_toxicity": lambda row: row["label"] == "toxic",
    "insults_forum": lambda row: row["label"] == "insult",
    "youtube_spam": lambda row: row["label"] == "spam",
    "sms_spam": lambda row: row["label"] == "spam",
}

_SPAM: Final = (
    ("free nitro for {who}, code {number}", "https://dlscord-gift.example/nitro"),
    ("{who} I made ${number} in a week with this, dm me", ""),
    ("airdrop {number} tokens, connect your wallet {who}", "https://claim-drop.example/now"),
    ("join my server {who} it is way better than this", "https://discord.example/invite"),
    ("your account {number} will be closed, verify", "https://steam-help.example/login"),
    ("subscribe to my channel {who} giveaway {number}", "https://tube.example/watch"),
    ("hot singles near you {who} call {number}", "https://meet.example/tonight"),
    ("cheap followers {number} for 5 dollars {who}", "https://boost.example/shop"),
    ("raaaaaaaid {who} {number}", ""),
    ("{who} won the lottery, ticket {number}, claim", "https://lottery.example/prize"),
    ("best casino bonus {number} sign up {who}", "https://casino.example/bonus"),
    ("buy gold {number} fast delivery {who}", "https://goldshop.example/order"),
)
"""What a raid says, and the link that goes with it."""


def chat(count: int) -> list[str]:
    """Messages of the demo's recording, each once."""
    return _each_once((line.fields["text"] for line in read_lines(demo_recording())), count)


def benign_heavy(folder: Path, count: int) -> list[str]:
    """Chat of which 4% is harmful, each text once; empty where the files are not there.

    Only rows of the test split, which neither the encoder nor the first stage has seen.
    """
    harmful = round(count * HARMFUL_SHARE)
    needed = {*_BENIGN, *_HARMFUL}
    if not all(_file(folder, name).exists() for name in needed):
        return []
    dice = random.Random(0)
    texts = [
        *_drawn(folder, _BENIGN, count - harmful, dice),
        *_drawn(folder, _HARMFUL, harmful, dice),
    ]
    dice.shuffle(texts)
    return _each_once(texts, count)


def raid(among: list[str], count: int) -> list[str]:
    """A dozen spam texts again and again, one message in two, among ordinary chat."""
    dice = random.Random(1)
    return [_copy(dice) if dice.random() < 0.5 else dice.choice(among) for _ in range(count)]


def _copy(dice: random.Random) -> str:
    """One of the spam texts with another number, name and case, as raids send them."""
    text, link = dice.choice(_SPAM)
    who = dice.choice((f"@user{dice.randrange(999)}", f"<@{dice.randrange(10**17, 10**18)}>"))
    said = text.format(who=who, number=dice.randrange(10_000, 10**9))
    said = dice.choice((str.lower, str.upper, str.capitalize))(said)
    return f"{said} {link}?ref={dice.randrange(9999)}" if link else said


def _drawn(folder: Path, files: Files, count: int, dice: random.Random) -> list[str]:
    found = [text for name, wanted in files.items() for text in _read(folder, name, wanted)]
    return dice.sample(found, min(count, len(found)))


def _read(folder: Path, name: str, wanted: Callable[[Row], bool]) -> Iterator[str]:
    with gzip.open(_file(folder, name), "rt", encoding="utf-8", newline="") as stream:
        rows = (row for row in csv.DictReader(stream) if wanted(row))
        yield from (row["text"] for row in rows if split_of(row["text"]) == TEST)


def _file(folder: Path, name: str) -> Path:
    return folder / f"{name}.csv.gz"


def _each_once(texts: Iterable[str], count: int) -> list[str]:
    """At most `count`, no two of them the same to triage: copies are read together."""
    return list({canonical(text): text for text in texts}.values())[:count]
