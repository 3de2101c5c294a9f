"""How windows get through a session: one a run on a CPU, collected into batches on a GPU."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
import onnxruntime as ort

from greenroom.triage.base import Vector
from greenroom.triage.batches import Batch, plan
from greenroom.triage.providers import Provider, open_session
from greenroom.triage.windows import Ids

Arrays = dict[str, Ids]

_TYPES: Final = {"tensor(float)": np.float32, "tensor(float16)": np.float16}


class Runner(Protocol):
    """Gets windows through a model, on the calling thread. Safe to use from several threads."""

    def run(self, names: Sequence[str], windows: Sequence[Ids]) -> dict[str, Vector]:
        """Each of the outputs in `names`, a row a window, in the order of `windows`."""
        ...


def open_runner(file: Path, provider: Provider, *, padding: int = 0) -> Runner:
    """A runner of the kind that pays with `provider`.

    Args:
        file: The model.
        provider: What runs it.
        padding: The token that fills short rows of a batch up.

    Raises:
        ConfigError: See `open_session`.
    """
    session = open_session(file, provider)
    return Collector(session, provider, padding=padding) if provider.batches else OneByOne(session)


class OneByOne:
    """One window a run. What a run says depends on its window alone, which an audit can replay.

    On a CPU a batch gains nothing, and an INT8 model scales each run by what is in it, so that
    in a batch a score would depend on the neighbours.
    """

    def __init__(self, session: Any) -> None:
        self._session = session
        self._inputs = _input_names(session)

    def run(self, names: Sequence[str], windows: Sequence[Ids]) -> dict[str, Vector]:
        """See `Runner`."""
        runs = [self._session.run(list(names), _only(self._inputs, _feed(ids))) for ids in windows]
        return dict(zip(names, map(np.concatenate, zip(*runs, strict=True)), strict=True))


@dataclass(eq=False, slots=True)
class _Job:
    """Windows of one text that wait for a run, and what came of them."""

    names: tuple[str, ...]
    windows: Sequence[Ids]
    found: dict[str, Vector] | None = None
    failure: Exception | None = None
    is_done: bool = field(default=False)


class Collector:
    """Reads together what waits at the same time.

    Nothing waits for company: a text that comes when no run is under way is read at once. What
    comes during a run waits for its end, then one of the waiting threads takes all that waits,
    and runs it as `plan` says. So there is no timer, a wait is at most one such round, and the
    batches grow with the load by themselves.

    A text's scores depend on its company by rounding only, as the masked padding adds nothing.
    """

    def __init__(self, session: Any, provider: Provider, *, padding: int = 0) -> None:
        self._provider = provider
        self._padding = padding
        self._bindings = Bindings(session, provider.device, is_kept=provider.graphs)
        self._changed = threading.Condition()
        self._waiting: list[_Job] = []
        self._is_running = False
        self.rounds = 0

    def run(self, names: Sequence[str], windows: Sequence[Ids]) -> dict[str, Vector]:
        """See `Runner`."""
        job = _Job(tuple(names), windows)
        with self._changed:
            self._waiting.append(job)
            while self._is_running and not job.is_done:
                self._changed.wait()
            if not job.is_done:
                self._is_running = True
                jobs, self._waiting = self._waiting, []
        if not job.is_done:
            self._lead(jobs)
        if job.failure is not None:
            raise job.failure
        assert job.found is not None, "a job that is done was found or failed"
        return job.found

    def _lead(self, jobs: Sequence[_Job]) -> None:
        """Run `jobs` and hand over to whoever came meanwhile, whatever happens."""
        try:
            self._run_all(jobs)
        except Exception as error:  # every job of the round raises it in its own thread
            for job in jobs:
                job.failure = error
        finally:
            with self._changed:
                for job in jobs:
                    job.is_done = True
                self.rounds += 1
                self._is_running = False
                self._changed.notify_all()

    def _run_all(self, jobs: Sequence[_Job]) -> None:
        names = tuple(dict.fromkeys(name for job in jobs for name in job.names))
        windows = [ids for job in jobs for ids in job.windows]
        found = self._read(names, windows)
        start = 0
        for job in jobs:
            end = start + len(job.windows)
            job.found = {name: found[name][start:end] for name in job.names}
            start = end

    def _read(self, names: tuple[str, ...], windows: Sequence[Ids]) -> dict[str, Vector]:
        lengths = [ids.shape[1] for ids in windows]
        budget, is_fixed = self._provider.budget, self._provider.graphs
        found: dict[str, Vector] = {}
        for batch in plan(lengths, budget=budget, is_fixed=is_fixed):
            outputs = self._bindings.run(names, _padded(windows, batch, self._padding))
            for name, values in zip(names, outputs, strict=True):
                if name not in found:
                    found[name] = np.empty((len(windows), *values.shape[1:]), dtype=np.float32)
                found[name][list(batch.rows)] = values[: len(batch.rows)]
        return found


class Bindings:
    """Runs a session on tensors that lie on its device (I/O binding). One thread at a time.

    Args:
        session: An ``onnxruntime.InferenceSession``.
        device: Where tensors lie.
        is_kept: Whether the tensors of a shape are kept and written anew, as a captured CUDA
            graph needs it: it reads and writes the places that it was captured with.
    """

    def __init__(self, session: Any, device: str, *, is_kept: bool) -> None:
        self._session = session
        self._device = device
        self._is_kept = is_kept
        self._kept: dict[tuple[object, ...], _Bound] = {}
        self._inputs = _input_names(session)
        self._outputs = {output.name: output for output in session.get_outputs()}

    def run(self, names: tuple[str, ...], arrays: Arrays) -> list[Vector]:
        """The outputs in `names`, on the CPU."""
        arrays = _only(self._inputs, arrays)
        if not self._is_kept:
            return self._bind(names, arrays).run()
        key = (names, next(iter(arrays.values())).shape)
        bound = self._kept.get(key)
        if bound is None:
            bound = self._kept[key] = self._bind(names, arrays)
            return bound.run()
        bound.write(arrays)
        return bound.run()

    def _bind(self, names: tuple[str, ...], arrays: Arrays) -> _Bound:
        binding, options = self._session.io_binding(), ort.RunOptions()
        values = {
            name: ort.OrtValue.ortvalue_from_numpy(array, self._device, 0)
            for name, array in arrays.items()
        }
        for name, value in values.items():
            binding.bind_ortvalue_input(name, value)
        height = len(next(iter(arrays.values())))
        for name in names:
            if self._is_kept:
                binding.bind_ortvalue_output(name, self._place(name, height))
            else:
                binding.bind_output(name, self._device)
        if self._is_kept:
            # A graph for each shape and set of outputs; 0 means to onnxruntime "the only one".
            options.add_run_config_entry("gpu_graph_id", str(len(self._kept) + 1))
        return _Bound(self._session, binding, options, values)

    def _place(self, name: str, height: int) -> Any:
        """Room for an output: its first dimension is the batch, the others are the model's."""
        output = self._outputs[name]
        shape = [height, *output.shape[1:]]
        kind = _TYPES[output.type]
        return ort.OrtValue.ortvalue_from_shape_and_type(shape, kind, self._device, 0)


@dataclass(frozen=True, slots=True)
class _Bound:
    """A session with the tensors that it reads and writes."""

    session: Any
    binding: Any
    options: Any
    inputs: dict[str, Any]

    def write(self, arrays: Arrays) -> None:
        for name, array in arrays.items():
            self.inputs[name].update_inplace(array)

    def run(self) -> list[Vector]:
        self.binding.synchronize_inputs()
        self.session.run_with_iobinding(self.binding, self.options)
        self.binding.synchronize_outputs()
        return [np.asarray(v, dtype=np.float32) for v in self.binding.copy_outputs_to_cpu()]


def _padded(windows: Sequence[Ids], batch: Batch, padding: int) -> Arrays:
    shape = (batch.height, batch.length)
    ids, mask = np.full(shape, padding, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    # Rows that only fill the height repeat the first: an empty mask would divide by zero.
    rows = (*batch.rows, *batch.rows[:1] * (batch.height - len(batch.rows)))
    for place, row in enumerate(rows):
        window = windows[row][0]
        ids[place, : window.size] = window
        mask[place, : window.size] = 1
    return {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}


def _feed(ids: Ids) -> Arrays:
    return {
        "input_ids": ids,
        "attention_mask": np.ones_like(ids),
        "token_type_ids": np.zeros_like(ids),
    }


def _only(names: frozenset[str], arrays: Arrays) -> Arrays:
    return {name: array for name, array in arrays.items() if name in names}


def _input_names(session: Any) -> frozenset[str]:
    return frozenset(value.name for value in session.get_inputs())
