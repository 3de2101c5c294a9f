"""The example of docs/adapters.md, as a module."""

from __future__ import annotations

import re
import types
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[3] / "docs" / "adapters.md"
_CODE = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def source() -> str:
    """The page's only Python."""
    (code,) = _CODE.findall(PAGE.read_text(encoding="utf-8"))
    return str(code)


def load() -> Any:
    """The page's code, run."""
    module = types.ModuleType("greenroom_jsonlines")
    exec(compile(source(), str(PAGE), "exec"), module.__dict__)  # noqa: S102 (our own page)
    return module
