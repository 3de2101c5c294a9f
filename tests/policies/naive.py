"""A deliberately naive reading of the reference: Python's ``re`` and nothing else."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence

WORDED = {
    "includes-word": r"(?:^|\W|\b)%s(?:$|\W|\b)",
    "includes": "%s",
    "starts-with": "^%s",
    "ends-with": "%s$",
    "full-exact": "^%s$",
    "full-text": r"^\W*%s\W*$",
}


def naive_match(
    method: str, values: Sequence[str], text: str, *, is_regex: bool, is_case_sensitive: bool
) -> re.Match[str] | None:
    """What the reference's template finds in ``text``."""
    flags = re.DOTALL | re.UNICODE
    if not is_case_sensitive:
        flags |= re.IGNORECASE
    inside = "|".join(value if is_regex else re.escape(value) for value in values)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return re.search(WORDED[method] % f"({inside})", text, flags)


def naive_holds(
    key: tuple[bool, Sequence[str], str], values: Sequence[str], message: dict[str, str]
) -> bool:
    """Whether ``[~]field+field (method): values`` holds for a message's fields."""
    is_negated, fields, method = key
    is_found = any(
        naive_match(method, values, message[name], is_regex=False, is_case_sensitive=False)
        for name in fields
    )
    return is_found is not is_negated
