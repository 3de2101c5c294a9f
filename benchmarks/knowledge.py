"""How well knowledge answers and how fast: run ``python -m benchmarks.knowledge [quality|scale]``.

``quality`` asks the questions of ``tests/context/questions.py`` of the starter knowledge, with
the shipped model, by meaning alone, by both, and ranked anew. ``scale`` indexes 100,000 sections
of made-up text and searches them: times, recall against looking at every vector, a file that
changes, and the way from a member's message to the assistant's reply.

The starter knowledge is among them, embedded by the model. The made-up texts are embedded by
their words (a sum of one random direction a word), since the model would need an hour: neighbours
are then texts that share words. ``SECTIONS`` in the environment makes it another number.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import cache
from pathlib import Path

import numpy as np

from greenroom.clock import utc_now
from greenroom.company import gather
from greenroom.context import DEFAULT_MIN_EVIDENCE, EdgeStore, Knowledge, Precedents
from greenroom.context.base import VECTOR_SIZE, Vector
from greenroom.context.files import read_folder
from greenroom.context.knowledge import COLLECTION, searchable
from greenroom.context.markdown import SEPARATOR
from greenroom.context.rerank import Ranked
from greenroom.ledger import Ledger
from greenroom.loop import Loop, Stage
from greenroom.message import ActionKind, Event, EventKind, Order
from greenroom.personas.gate import Gate
from greenroom.personas.schema import Limits
from greenroom.sender import Sender
from greenroom.senses import Senses
from greenroom.starter import lay_out
from greenroom.triage.encoder import Encoder
from greenroom.triage.pool import EncoderPool
from tests.context.questions import FRESH, HELD_OUT, SECOND, TUNING, Questions
from tests.samples import a_message
from tests.stand_ins import ScriptedAdapter

ROOT = Path(__file__).parents[1]
SETS = {"tuning": TUNING, "second": SECOND, "held out": HELD_OUT, "fresh": FRESH}
LINES = (0.36, DEFAULT_MIN_EVIDENCE, 0.45, 0.5)
SECTIONS, FILES, VOCABULARY = int(os.environ.get("SECTIONS", "100000")), 500, 30_000

Score = Callable[[Ranked], float]
SCORES: dict[str, tuple[bool, Score]] = {
    "mean of the best two (before)": (False, lambda one: one.pair),
    "nearest": (False, lambda one: one.nearest),
    "hybrid, mean of the best two": (True, lambda one: one.pair),
    "hybrid, ranked anew": (True, lambda one: one.passage.score),
}


def main() -> None:
    """What the arguments name, or everything."""
    chosen = sys.argv[1:] or ["quality", "scale"]
    if "quality" in chosen:
        asyncio.run(_quality())
    if "scale" in chosen:
        asyncio.run(_scale())


async def _quality() -> None:
    encoder = Encoder()

    @cache
    def vector(text: str) -> Vector:
        found = encoder.read(text).embedding
        assert found is not None
        return found

    async def embed(text: str) -> Vector:
        return vector(text)

    with tempfile.TemporaryDirectory() as folder:
        store = EdgeStore(Path(folder))
        knowledge = Knowledge(store, model=encoder.manifest.short_name)
        await knowledge.index(ROOT / "knowledge", embed)

        async def ask(question: str, words: bool) -> Sequence[Ranked]:
            text = question if words else ""
            return await knowledge.look(vector(question), sources=["."], text=text, limit=50)

        print(f"with {encoder.manifest.short_name}: first passage right")
        for name, (words, score) in SCORES.items():
            rights = [await _first_right(one, ask, words, score) for one in SETS.values()]
            print(f"    {name:<32}" + "".join(f"{right:8.2f}" for right in rights))
        for words, name in (
            (False, "mean of the best two (before)"),
            (True, "hybrid, ranked anew"),
        ):
            await _lines(name, ask, words)
        await store.close()


Ask = Callable[[str, bool], Awaitable[Sequence[Ranked]]]


async def _first_right(questions: Questions, ask: Ask, words: bool, score: Score) -> float:
    found = [
        _title(max(await ask(question, words), key=score)) in right
        for question, right in questions.answerable.items()
    ]
    return float(np.mean(found))


def _title(one: Ranked) -> str:
    return one.passage.heading.rpartition(SEPARATOR)[2]


async def _lines(name: str, ask: Ask, words: bool) -> None:
    """What a line under the best passage's score does to each set."""
    score = SCORES[name][1]
    print(f"\n{name}: min_evidence, then right / wrong / handed over, and false answers off topic")
    for line in LINES:
        told = []
        for title, questions in SETS.items():
            best = [
                (max(await ask(question, words), key=score), right)
                for question, right in questions.answerable.items()
            ]
            right = np.mean([_title(one) in right and score(one) >= line for one, right in best])
            wrong = np.mean(
                [_title(one) not in right and score(one) >= line for one, right in best]
            )
            false = 0
            for text in questions.unanswerable:
                false += max(map(score, await ask(text, words))) >= line
            told.append(f"{title} {right:.2f} / {wrong:.2f} / {1 - right - wrong:.2f}, {false}")
        print(f"    {line:.2f}   " + "   ".join(told))


class Language:
    """Made-up words, as often as words of a language are, each with a direction of its own."""

    def __init__(self) -> None:
        self._random = np.random.default_rng(11)
        self._encoder = Encoder()
        self._words = [f"w{number}" for number in range(VOCABULARY)]
        share = 1 / np.arange(10, VOCABULARY + 10)
        self._sums = np.cumsum(share / share.sum())
        self._at = {word: place for place, word in enumerate(self._words)}
        directions = self._random.standard_normal((VOCABULARY, VECTOR_SIZE), dtype=np.float32)
        # As models do, rare words turn a text further than frequent ones.
        self._directions = directions * (-np.log(share / share.sum()))[:, None].astype(np.float32)

    def say(self, length: int) -> str:
        """Some words."""
        places = np.searchsorted(self._sums, self._random.random(length))
        return " ".join(self._words[min(place, VOCABULARY - 1)] for place in places)

    def vector(self, text: str) -> Vector:
        """A direction that texts with the same words share."""
        places = [self._at[word] for word in text.split() if word in self._at]
        whole: Vector = self._directions[places].sum(axis=0) + np.float32(1e-6)
        return whole / np.linalg.norm(whole)

    async def embed(self, text: str) -> Vector:
        """The same, as indexing wants it; of real words, the model's."""
        if any(word in self._at for word in text.split()):
            return self.vector(text)
        found = self._encoder.read(text).embedding
        assert found is not None
        return found


async def _scale() -> None:
    language = Language()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "knowledge"
        for part in ("most", "rest"):
            (folder / part).mkdir(parents=True)
        for number in range(FILES):
            part = "rest" if number % 5 == 0 else "most"
            (folder / part / f"{number}.md").write_text(_file(language), "utf-8")
        for file in (ROOT / "knowledge").glob("*.md"):
            (folder / file.name).write_bytes(file.read_bytes())
        store = EdgeStore(Path(name) / "qdrant")
        knowledge = Knowledge(store, model="made-up")
        await _once("index the first time", knowledge.index(folder, language.embed))
        await _once("index again, nothing changed", knowledge.index(folder, language.embed))
        anew = Knowledge(store, model="made-up")
        await _once("the same after a restart", anew.index(folder, language.embed))
        (folder / "most" / "7.md").write_text(_file(language), "utf-8")
        await _once("index again, one file of 500 changed", knowledge.index(folder, language.embed))
        print(f"    {await store.count(COLLECTION):,} points")
        await _searches(knowledge, language)
        await _recall(store, language, folder)
        await _replies(knowledge, store, Path(name) / "deployment")
        await store.close()


def _file(language: Language) -> str:
    sections = (f"## {language.say(6)}\n\n{language.say(60)}" for _ in range(SECTIONS // FILES))
    return f"# {language.say(3)}\n\n" + "\n\n".join(sections)


async def _once(name: str, work: Awaitable[object]) -> None:
    begun = time.perf_counter()
    found = await work
    print(f"    {name:<40}{time.perf_counter() - begun:8.1f} s   {found}", flush=True)


async def _searches(knowledge: Knowledge, language: Language) -> None:
    for name, sources in (
        ("search everything", ["."]),
        ("search a folder of four fifths", ["most/"]),
        ("search one file", ["most/7.md"]),
    ):
        questions = [language.say(9) for _ in range(500)]
        taken = []
        for text in questions:
            vector = language.vector(text)
            begun = time.perf_counter()
            await knowledge.search(vector, sources=sources, text=text)
            taken.append((time.perf_counter() - begun) * 1_000)
        _times(name, taken)


async def _replies(knowledge: Knowledge, store: EdgeStore, folder: Path) -> None:
    """From a member's question to the order that reaches the platform, one at a time."""
    list(lay_out(folder, bots=["terminal"]))
    guide = gather(folder / "config.yaml").performers["guide"]
    began: dict[str, float] = {}
    taken: list[float] = []

    def performed(order: Order) -> None:
        if order.action.kind is ActionKind.REPLY:
            taken.append((time.perf_counter() - began[order.message.id]) * 1_000)

    adapter = ScriptedAdapter("b", script=performed)
    ledger = Ledger(folder / "ledger.db")
    limits = {"guide": Limits(replies_per_minute=100_000, per_member_per_hour=100_000)}
    async with EncoderPool() as pool:
        senses = Senses(pool, knowledge, Precedents(store))
        loop = Loop(
            ledger,
            {"b": Stage(adapter, "live", lambda _: [guide])},
            senses=senses,
            gate=Gate(senses.scores, limits),
            sender=Sender(ledger, {"b": adapter}, clock=utc_now),
            clock=utc_now,
        )
        questions = [text for one in SETS.values() for text in one.answerable] * 5
        async with asyncio.TaskGroup() as group:
            running = group.create_task(loop.run())
            for number, text in enumerate(questions):
                message = a_message(f"{text} ({number})", id=str(number), posted_at=utc_now())
                began[message.id] = time.perf_counter()
                event = Event(EventKind.MESSAGE_POSTED, "b", "discord", utc_now(), message)
                await loop.take_in(event)
                await asyncio.sleep(0.15)
            running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    ledger.close()
    _times(f"from message to reply, {len(taken)} replies", taken[20:])


def _times(name: str, taken: Sequence[float]) -> None:
    p50, p99, most = np.percentile(taken, [50, 99, 100])
    print(f"    {name:<40} p50 {p50:6.1f} ms   p99 {p99:6.1f} ms   most {most:6.1f} ms", flush=True)


async def _recall(store: EdgeStore, language: Language, folder: Path) -> None:
    """Of the ten nearest points, how many are found."""
    texts = [
        text for chunk in read_folder(folder) for text in searchable(chunk, with_sentences=False)
    ]
    vectors = np.array([language.vector(text) for text in texts])
    shares = []
    for _ in range(200):
        query = language.vector(language.say(9))
        best = np.sort(vectors @ query)[-10:]
        found = await store.search(COLLECTION, query, limit=50)
        shares.append(np.mean([one.score >= best[0] - 1e-5 for one in found[:10]]))
    print(f"    recall of the ten nearest: {np.mean(shares):.3f}")


if __name__ == "__main__":
    main()
