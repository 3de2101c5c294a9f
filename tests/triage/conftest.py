"""The real model, loaded once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from shutil import copytree

import pytest

from greenroom.triage.base import Reading
from greenroom.triage.encoder import Encoder
from greenroom.triage.manifest import SHIPPED


@pytest.fixture(scope="session")
def encoder() -> Encoder:
    return Encoder()


@pytest.fixture(scope="session")
def read(encoder: Encoder) -> Callable[[str], Reading]:
    return encoder.read


@pytest.fixture
def model_copy(tmp_path: Path) -> Path:
    """A copy of the shipped model's folder, to damage."""
    return copytree(SHIPPED, tmp_path / "model")
