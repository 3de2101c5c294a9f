"""Batches say what single runs say, however many wait, with I/O binding and without.

The GPUs' way runs here on the CPU provider, on a float model: all of it but the provider's name.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from greenroom.errors import ConfigError
from greenroom.triage.base import SCORES_ONLY, Reading, Wants
from greenroom.triage.encoder import Encoder
from greenroom.triage.pool import EncoderPool
from greenroom.triage.providers import PROVIDERS, READERS, Provider
from greenroom.triage.runs import Bindings, Collector, OneByOne, open_runner
from greenroom.triage.windows import Ids
from tests.triage.tiny import make_encoder

CPU = PROVIDERS["cpu"]
BATCHED = replace(CPU, batches=True, budget=512)
CAPTURED = replace(BATCHED, graphs=True)  # the shapes of CUDA graphs, their buffers kept

TOLERANCE = 1e-5
"""Floats are summed in another order in a batch; FP16 on a GPU is a thousand times coarser."""

TEXTS = [
    *(f"message {number} says {'word ' * (number * 7 % 90)}" for number in range(40)),
    "",
    "a text of several windows, " * 200,
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_encoder(tmp_path_factory.mktemp("models") / "tiny")


def _close(one: Reading, other: Reading) -> bool:
    assert one.embedding is not None
    assert other.embedding is not None
    assert (one.intent, one.windows) == (other.intent, other.windows)
    gaps = [abs(one.scores[name] - other.scores[name]) for name in one.scores]
    return max(gaps) < TOLERANCE and np.allclose(one.embedding, other.embedding, atol=TOLERANCE)


@pytest.mark.parametrize("provider", [BATCHED, CAPTURED], ids=["batched", "captured"])
async def test_texts_read_together_score_as_alone(folder: Path, provider: Provider) -> None:
    alone = Encoder(folder)
    async with EncoderPool(folder, provider=provider) as pool:
        together = await asyncio.gather(*(pool.read(text, Wants()) for text in TEXTS))
    for text, found in zip(TEXTS, together, strict=True):
        assert _close(alone.read(text), found), text


async def test_batching_pool_has_a_thread_for_each_that_may_wait(folder: Path) -> None:
    async with EncoderPool(folder, provider=BATCHED) as pool:
        assert pool.threads == READERS


def test_one_by_one_does_not_depend_on_company(folder: Path) -> None:
    """Bit for bit, even of the INT8 model: what an audit replays."""
    encoder = Encoder()
    alone = [encoder.read(text).scores for text in TEXTS[:20]]
    with ThreadPoolExecutor(4) as pool:
        together = [reading.scores for reading in pool.map(encoder.read, TEXTS[:20])]
    assert alone == together
    assert isinstance(open_runner(folder / "model.onnx", CPU), OneByOne)


class _Slow:
    """A session of which each run waits for the gate; counts the rows of each run."""

    def __init__(self, session: Any) -> None:
        self.session = session
        self.gate = threading.Event()
        self.began = threading.Event()
        self.fails = False
        self.heights: list[int] = []

    def run(self, names: tuple[str, ...], arrays: dict[str, Ids]) -> list[Any]:
        self.began.set()
        assert self.gate.wait(30)
        if self.fails:
            raise RuntimeError("out of memory")
        self.heights.append(len(arrays["input_ids"]))
        found: list[Any] = self.session.run(names, arrays)
        return found


@pytest.fixture
def collector(folder: Path) -> Collector:
    runner = open_runner(folder / "model.onnx", BATCHED)
    assert isinstance(runner, Collector)
    return runner


def _window(*ids: int) -> list[Ids]:
    return [np.array([[101, *ids, 102]], dtype=np.int64)]


def _wait_for(collector: Collector, waiting: int) -> None:
    pause = threading.Event()
    for _ in range(3000):
        if len(collector._waiting) == waiting:
            return
        pause.wait(0.01)
    raise AssertionError(f"{len(collector._waiting)} wait, not {waiting}")


def test_idle_collector_reads_at_once_and_what_waits_is_read_together(
    collector: Collector,
) -> None:
    slow = _Slow(collector._bindings)
    collector._bindings = slow  # type: ignore[assignment]  # in its place, for this test
    with ThreadPoolExecutor(9) as pool:
        first = pool.submit(collector.run, ["scores"], _window(7))
        assert slow.began.wait(30)
        others = [pool.submit(collector.run, ["scores"], _window(8 + n)) for n in range(8)]
        _wait_for(collector, 8)
        slow.gate.set()
        assert first.result()["scores"].shape == (1, 10)
        found = [other.result()["scores"] for other in others]
    assert slow.heights == [1, 8]
    assert collector.rounds == 2
    for number, scores in enumerate(found):
        alone = collector.run(["scores"], _window(8 + number))["scores"]
        assert np.allclose(alone, scores, atol=TOLERANCE)


def test_each_gets_the_outputs_it_asked_for(collector: Collector) -> None:
    slow = _Slow(collector._bindings)
    collector._bindings = slow  # type: ignore[assignment]  # in its place, for this test
    wanted: list[Sequence[str]] = [["scores"], ["scores", "embedding"], ["intents", "sentiment"]]
    with ThreadPoolExecutor(4) as pool:
        pool.submit(collector.run, ["scores"], _window(7))
        assert slow.began.wait(30)
        jobs = [pool.submit(collector.run, names, _window(9) * 2) for names in wanted]
        _wait_for(collector, 3)
        slow.gate.set()
        found = [job.result() for job in jobs]
    assert [list(one) for one in found] == wanted
    assert {value.shape[0] for one in found for value in one.values()} == {2}


def test_run_that_fails_is_told_to_each_and_the_next_goes_on(collector: Collector) -> None:
    real = collector._bindings
    slow = _Slow(real)
    slow.fails = True
    slow.gate.set()
    collector._bindings = slow  # type: ignore[assignment]  # in its place, for this test
    with pytest.raises(RuntimeError, match="out of memory"):
        collector.run(["scores"], _window(7))
    collector._bindings = real
    assert collector.run(["scores"], _window(7))["scores"].shape == (1, 10)


def test_kept_bindings_write_into_the_same_tensors(folder: Path) -> None:
    runner = open_runner(folder / "model.onnx", CAPTURED)
    assert isinstance(runner, Collector)
    for number in range(3):
        runner.run(["scores"], _window(*range(number + 1)))
    assert len(runner._bindings._kept) == 1
    runner.run(["scores"], _window(*range(40)))
    runner.run(["scores", "embedding"], _window(1))
    assert len(runner._bindings._kept) == 3


def test_bindings_give_what_a_plain_run_gives(folder: Path) -> None:
    encoder = Encoder(folder)
    windows = encoder.windower.cut("hello there, how are you?").ids
    plain = OneByOne(encoder._runner._session)  # type: ignore[attr-defined]
    bound = Bindings(plain._session, "cpu", is_kept=False)
    ids = windows[0]
    arrays = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
    (scores,) = bound.run(("scores",), {**arrays, "token_type_ids": np.zeros_like(ids)})
    assert np.array_equal(scores, plain.run(["scores"], windows)["scores"])


def test_gpu_wants_the_fp16_file(tmp_path: Path, folder: Path) -> None:
    gpu = replace(BATCHED, precision="fp16")
    with pytest.raises(ConfigError, match=r"model-fp16\.onnx: this model has no FP16 file"):
        Encoder(folder, provider=gpu)
    encoder = Encoder(make_encoder(tmp_path / "both", file="model-fp16.onnx"), provider=gpu)
    assert encoder.read("hello", SCORES_ONLY).scores
