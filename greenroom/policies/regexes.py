"""Rule writers' patterns: Python's ``re`` says what they mean, safer engines run them.

A pattern is checked with ``re``, then runs in RE2 (linear time) where pattern and text are
plain enough for both to mean the same, else in ``regex`` with a deadline. Nothing a member
writes can stall the loop: ``(a+)+$`` on forty a's costs RE2 nothing.
"""

from __future__ import annotations

import re
import sys
import warnings
from dataclasses import dataclass
from typing import Any, Final

import re2
import regex

from greenroom.policies.required import required_literals
from greenroom.policies.search import TEMPLATES, Match, Patience, match_of
from greenroom.policies.text import Text, stand_in

MAX_PATTERN: Final = 100_000
"""Characters of one check's patterns together; the largest real list has 20,000."""

MAX_STEPS: Final = 50_000_000
"""Steps of RE2's slowest engine in under half a second."""

_TOKEN: Final = re.compile(
    r"\\."
    r"|\[\^?\]?(?:\\.|[^\]\\])*\]"
    r"|\(\?[aiLmsux]+\)"
    r"|\{\d*(?:,\d*)?\}"
    r"|\{",
    re.DOTALL,
)
_NOT_IN_RE2: Final = re.compile(
    r"[^\x00-\x7f]"  # case folding beyond ASCII
    r"|\\[1-9]"  # RE2 reads \10 as octal
    r"|\[[^\]]*\[:"  # a POSIX class to RE2, a set of letters to re
    r"|\{,"  # a literal to RE2, a repeat to re
    r"|\(\?(?!:|P<)"  # flags, look-around, comments
    r"|\\[pP]"
)
_ESCAPED: Final = re.compile(
    r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|x([89a-fA-F][0-9a-fA-F])|(.))", re.DOTALL
)
_GLOBAL: Final = {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL, "x": re.VERBOSE}
_COUNTED: Final = re.compile(r"\{\d")
_PROPERTY: Final = re.compile(r"\\[pP]\{\^?[\w =:-]{1,40}\}")  # not in `re`, but rules have it
_WIDE_RANGE: Final = re.compile(r"[^\x00-\x7f]-|-[^\x00-\x7f]")


class BadPattern(ValueError):
    """A pattern that Python's ``re`` refuses; ``index`` is its place in the list, if known."""

    def __init__(self, message: str, index: int | None) -> None:
        super().__init__(message)
        self.index = index


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """A check's patterns as one, in both engines."""

    fast: Any | None  # re2: None where it would mean something else
    reach: int  # characters that the fast engine reads in time, whatever they are
    slow: Any  # regex
    is_as_written: bool  # the slow engine sees the raw text, not its stand-in
    is_case_sensitive: bool
    required: frozenset[str] | None  # literals of which any match holds one

    def search(self, text: Text, patience: Patience) -> Match | None:
        """The leftmost match; its groups are texts of the field, empty where unset."""
        encoded = text.for_re2 if self.fast is not None else None
        if self.fast is not None and encoded is not None and len(encoded) <= self.reach:
            found = self.fast.search(encoded)
        else:
            found = self._search_slowly(text, patience)
        if found is None:
            return None
        return match_of(text, *map(found.span, range(1, self.slow.groups + 1)))

    def _search_slowly(self, text: Text, patience: Patience) -> Any:
        seen = text.raw if self.is_as_written else text.for_regex
        if not self.is_case_sensitive:
            seen = _dotted(seen)
        try:
            # `concurrent`: other threads, the event loop's among them, go on meanwhile.
            return self.slow.search(seen, timeout=patience.deadline_s(), concurrent=True)
        except TimeoutError:
            patience.ran_out()
            raise


def compile_patterns(method: str, values: tuple[str, ...], *, is_case_sensitive: bool) -> Pattern:
    """Compile the patterns of one check, joined as ``(v1|v2)`` in the method's template.

    Raises:
        BadPattern: Python's ``re`` refuses one of them.
    """
    flags = re.DOTALL | re.UNICODE | (re.NOFLAG if is_case_sensitive else re.IGNORECASE)
    bare = []
    for value in values:
        value, given = _without_global_flags(value)
        bare.append(value)
        flags |= given
    whole = TEMPLATES[method].format(f"({'|'.join(bare)})")
    _check(whole, bare, flags)
    slow, is_as_written = _slow(whole, flags)
    fast = _fast(whole, flags)
    is_exact = not flags & re.IGNORECASE
    required = required_literals(_PROPERTY.sub(r"\\w", "|".join(bare)), int(flags))
    return Pattern(fast, _reach(fast, whole), slow, is_as_written, is_exact, required)


def _reach(fast: Any | None, whole: str) -> int:
    """RE2 takes 8 ns a step when its automaton overflows; only counted repeats do that to it."""
    if fast is None or not _COUNTED.search(whole):
        return sys.maxsize
    return MAX_STEPS // int(fast.programsize)


def _without_global_flags(value: str) -> tuple[str, re.RegexFlag]:
    """Python 2 took ``(?i)`` anywhere for the whole pattern; rules still say it so."""
    flags = re.NOFLAG

    def take(token: re.Match[str]) -> str:
        nonlocal flags
        if not token[0].startswith("(?"):
            return token[0]
        for letter in token[0][2:-1]:
            flags |= _GLOBAL.get(letter, re.NOFLAG)
        return ""

    return _TOKEN.sub(take, value), flags


def _check(whole: str, values: list[str], flags: re.RegexFlag) -> None:
    if len(whole) > MAX_PATTERN:
        raise BadPattern(f"has more than {MAX_PATTERN:,} characters", None)
    problem = _problem(whole, flags)
    if problem is None:
        return
    for index, value in enumerate(values):
        if found := _problem(f"({value})", flags):
            raise BadPattern(found, index)
    raise BadPattern(problem, None)


def _problem(pattern: str, flags: re.RegexFlag) -> str | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # `[[`: a set, now and in the rules of ten years ago
            re.compile(_PROPERTY.sub(r"\\w", pattern), flags)
    except re.error as error:
        where = "" if error.pos is None else f" at character {error.pos}"
        return f"{error.msg}{where}"
    except (RecursionError, OverflowError, MemoryError):
        return "nests too deep or repeats too often"
    return None


def _fast(whole: str, flags: re.RegexFlag) -> Any | None:
    if flags & (re.MULTILINE | re.VERBOSE) or _NOT_IN_RE2.search(whole):
        return None
    options = re2.Options()
    options.log_errors = False
    options.dot_nl = True
    options.case_sensitive = not flags & re.IGNORECASE
    try:
        return re2.compile(whole.encode("ascii"), options)
    except re2.error:
        return None


def _slow(whole: str, flags: re.RegexFlag) -> tuple[Any, bool]:
    literal = _ESCAPED.sub(_unescaped, whole)
    is_as_written = bool(_WIDE_RANGE.search(literal) or _PROPERTY.search(whole))
    seen = whole if is_as_written else stand_in(literal)
    if flags & re.IGNORECASE:
        seen = _dotted(seen)
    try:
        compiled = regex.compile(_TOKEN.sub(_for_regex, seen), int(flags) | regex.V0)
    except (regex.error, RecursionError, OverflowError, MemoryError) as error:
        raise BadPattern(f"cannot be run with a deadline: {error}", None) from error
    return compiled, is_as_written


def _dotted(text: str) -> str:
    """To ``re``, ignoring case, Turkish ı and İ are kinds of i; to ``regex`` they are not."""
    return text.replace("ı", "i").replace("İ", "i")


def _unescaped(escape: re.Match[str]) -> str:
    code = escape[1] or escape[2] or escape[3]
    if code is None or not 0x80 <= int(code, 16) <= 0x10FFFF:
        return escape[0]
    return chr(int(code, 16))


def _for_regex(token: re.Match[str]) -> str:
    r"""Escape what only ``regex`` gives a meaning to: fuzzy ``{e}``, classes ``[:alpha:]``."""
    if token[0] == "{":
        return r"\{"
    if token[0][0] == "[":
        return "[" + token[0][1:].replace("[", r"\[")
    return token[0]
