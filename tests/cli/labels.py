"""What texts tell to click: ``**labels**``, as the platform's pages have them."""

from __future__ import annotations

import re


def labels(text: str) -> set[str]:
    """All that stands in bold, line breaks aside."""
    return {" ".join(one.split()) for one in re.findall(r"\*\*(.+?)\*\*", text, re.DOTALL)}
