"""``greenroom demo --platform``: the real library against a platform on loopback, and the desk."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from greenroom.demo import PLATFORMS

WAIT_S = 90.0


@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_bot_answers_on_the_platforms_own_wire(platform: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "greenroom", "demo", "--platform", platform, "--port", "0",
               "--data", str(tmp_path)]  # fmt: skip
    output = tmp_path / "output.txt"
    with output.open("w") as file:
        demo = subprocess.Popen(
            command, stdout=file, stderr=subprocess.STDOUT, env={**os.environ, "COLUMNS": "200"}
        )
        try:
            end = time.monotonic() + WAIT_S
            while "  bot: " not in output.read_text() and time.monotonic() < end:
                assert demo.poll() is None, output.read_text()
                time.sleep(0.2)
        finally:
            demo.send_signal(signal.SIGINT)
            assert demo.wait(timeout=30) == 0
    told = output.read_text()
    assert "  bot: " in told, (tmp_path / platform / "greenroom.log").read_text()
    assert "Traceback" not in told
    assert (tmp_path / platform / "bots" / f"{platform}.yaml").exists()
