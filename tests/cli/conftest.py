"""The command line in this process: exit code, standard output, standard error."""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest

from greenroom.cli import main


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


Greenroom = Callable[..., Ended]


@pytest.fixture(autouse=True)
def own_log() -> Iterator[None]:
    """A command logs to the standard error of its test, which is gone in the next."""
    root = logging.getLogger()
    handlers, level = [*root.handlers], root.level
    yield
    for handler in [*root.handlers]:
        if handler not in handlers:
            root.removeHandler(handler)
    root.setLevel(level)


@pytest.fixture
def greenroom(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Greenroom:
    def run(*words: object) -> Ended:
        monkeypatch.setattr(sys, "argv", ["greenroom", *map(str, words)])
        code = 0
        try:
            main()
        except SystemExit as ended:
            code = int(ended.code or 0)
        said = capsys.readouterr()
        return Ended(code, said.out, said.err)

    return run


Answer = str | Callable[[], str]
"""What is typed; a function first changes something."""


class Talk(Protocol):
    """Runs ``bot add`` with answers on standard input, which then ends."""

    def __call__(self, *words: object, answers: Sequence[Answer] = ()) -> Ended:
        """How it ended."""


class Typed(io.StringIO):
    """Standard input that is typed as it is read."""

    def __init__(self, answers: Sequence[Answer]) -> None:
        super().__init__()
        self._answers = iter(answers)

    def readline(self, size: int = -1, /) -> str:  # type: ignore[override]
        answer = next(self._answers, None)
        if answer is None:
            return ""
        return f"{answer if isinstance(answer, str) else answer()}\n"


@pytest.fixture
def deployment(greenroom: Greenroom, tmp_path: Path) -> Path:
    """A deployment that nobody has added a bot to."""
    greenroom("init", tmp_path)
    (tmp_path / "bots" / "terminal.yaml").unlink()
    return tmp_path


@pytest.fixture
def talk(greenroom: Greenroom, deployment: Path, monkeypatch: pytest.MonkeyPatch) -> Talk:
    def add(*words: object, answers: Sequence[Answer] = ()) -> Ended:
        monkeypatch.setattr(sys, "stdin", Typed(answers))
        return greenroom("bot", "add", *words, "--config", deployment / "config.yaml")

    return add
