"""Questions to whoever sits at the terminal, or to what is piped in; secrets stay unseen."""

from __future__ import annotations

import getpass
import sys
import warnings
from collections.abc import Callable
from typing import Final

from greenroom.cli.console import fault, out
from greenroom.errors import ConfigError, GiveUp

Check = Callable[[str], str | None]
"""What is wrong with an answer, in words for whoever gave it; None if nothing is."""

TRIES: Final = 5


class Asker:
    """Asks, and asks again where an answer cannot be.

    Args:
        is_silent: Ask nothing: defaults are the answers, and what has none is an error.
    """

    def __init__(self, *, is_silent: bool = False) -> None:
        self.is_silent = is_silent

    def ask(
        self, question: str, *, default: str | None = None, check: Check = lambda _: None
    ) -> str:
        """An answer that ``check`` has no objection to; Enter takes the default.

        Raises:
            ConfigError: There is nobody to ask, and no default.
            GiveUp: No answer will do.
            EOFError: The answers ended.
        """
        if self.is_silent:
            return self._default(question, default, check)
        shown = f"{question} [{default}]: " if default else f"{question}: "
        return self._until(lambda: _line(shown).strip() or default or "", check)

    def secret(self, question: str, *, check: Check = lambda _: None) -> str:
        """The same, unseen; it is cut of blanks at its ends by whoever wants that."""
        if self.is_silent:
            return self._default(question, None, check)
        return self._until(lambda: _hidden(f"{question} (hidden): "), check)

    def confirm(self, question: str, *, default: bool) -> bool:
        """Yes or no."""
        if self.is_silent:
            return default
        shown = f"{question} [{'Y/n' if default else 'y/N'}]: "
        answer = self._until(lambda: _line(shown).strip().lower(), _yes_or_no)
        return default if not answer else answer.startswith("y")

    def wait(self, until: str) -> bool:
        """True once Enter says that it is so, false if it is left for later."""
        if self.is_silent:
            return False
        return not _line(f"Press Enter when {until} (or type `later`): ").strip()

    def _default(self, question: str, default: str | None, check: Check) -> str:
        complaint = "is not given" if default is None else check(default)
        if default is None or complaint is not None:
            raise ConfigError(f"{question}: {complaint}", accepted="an option says it; see --help")
        return default

    def _until(self, read: Callable[[], str], check: Check) -> str:
        for _ in range(TRIES):
            answer = read()
            complaint = _unreadable(answer) or check(answer)
            if complaint is None:
                return answer
            fault(f"  {complaint}")
        raise GiveUp(f"no answer of {TRIES} would do: nothing was written")


def _line(shown: str) -> str:
    try:
        return input(shown)
    except UnicodeDecodeError:
        return "\udc80"  # refused as unreadable
    finally:
        if not sys.stdin.isatty():
            out.print()  # nobody pressed Enter here


def _hidden(shown: str) -> str:
    """From a terminal without its echo; from a pipe as it comes."""
    if not sys.stdin.isatty():
        return _line(shown)
    with warnings.catch_warnings():
        warnings.simplefilter("error", getpass.GetPassWarning)
        try:
            return getpass.getpass(shown)
        except getpass.GetPassWarning as error:
            raise ConfigError(
                "this terminal cannot hide what is typed",
                accepted="put the secret into .env beside config.yaml yourself, "
                "then start again: it is found there",
            ) from error


def _yes_or_no(answer: str) -> str | None:
    return None if answer in ("", "y", "yes", "n", "no") else "y or n?"


def _unreadable(answer: str) -> str | None:
    """A control character, or half of one: nothing that anybody types on purpose."""
    if all(char.isprintable() for char in answer):
        return None
    return "that holds characters that cannot be meant; paste it again"
