"""The parts of ``bot add`` that ask the platform: the sign-in, what is lacking, a greeting."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection

from greenroom.access import Inspection, greet, inspect, names_key
from greenroom.adapters.base import Access
from greenroom.cli.adding.asking import Asker
from greenroom.cli.console import err, fault, harmless, out
from greenroom.company import Company
from greenroom.config import Bot
from greenroom.errors import ConfigError, GiveUp

GREETING = (
    "Greenroom is here: {personas}. {mode} "
    "This is a test message; cards and reports will come up here."
)
_MODES = {
    "shadow": "In shadow mode they decide and record, and do nothing yet.",
    "live": "They are live.",
}


def sign_in(
    company: Company,
    bot: Callable[[], Bot],
    ask_again: Callable[[], None],
    asker: Asker,
    *,
    keys: Collection[str],
) -> Inspection | None:
    """Try the credentials until they work, or whoever is asked leaves it.

    Args:
        company: Whose bot it is.
        bot: The bot, with the secrets as they are now.
        ask_again: Asks for them once more.
        asker: Whom to ask.
        keys: The secrets' keys, of which the platform may object to one.

    Returns:
        What the platform said; None if it was not asked, or gave no answer and the files
        are wanted nevertheless.

    Raises:
        ConfigError: They are refused, and nobody can be asked for others.
        GiveUp: It is left.
    """
    while True:
        found = _ask(company, bot())
        if found is None:
            return None
        if found.access is not None:
            out.print(harmless(f"Signed in as {found.access.account}."), markup=False)
            if not _wants_another(found.access, keys, asker):
                return found
            ask_again()
        if found.refused is not None:
            _refused(found.refused, asker)
            ask_again()
        elif found.unreached is not None and not _again(found.unreached, asker):
            return None


def arrive(
    company: Company,
    bot: Bot,
    found: Inspection,
    asker: Asker,
    *,
    arrival: str,
    greets: bool | None,
) -> None:
    """Wait until the account is let in, say what it lacks, and let it say hello.

    Args:
        company: Whose personas go on stage.
        bot: The bot, with its secrets.
        found: What the platform said at the sign-in.
        asker: Whom to wait for.
        arrival: What is waited for, in words.
        greets: Whether to post a test message; None asks. Without a place for it, false.
    """
    if asker.is_silent:
        is_fine = _show(found)
    elif asker.wait(arrival):
        is_fine = look(company, bot, asker)
    else:
        return
    question = "Post a test message where moderators read?"
    if asker.confirm(question, default=is_fine) if greets is None else greets:
        say_hello(company, bot, asker)


def look(company: Company, bot: Bot, asker: Asker) -> bool:
    """Say what the account lacks, until it lacks nothing or is left; true if nothing."""
    while True:
        found = _ask(company, bot)
        if found is None or _show(found):
            return True
        if not asker.wait("that is mended, to look again"):
            return False


def say_hello(company: Company, bot: Bot, asker: Asker) -> None:
    """Post a test message where moderators read."""
    personas = ", ".join(company.deployment.personas[name].name for name in bot.personas)
    text = GREETING.format(personas=personas, mode=_MODES[bot.mode])
    while True:
        try:
            with err.status("posting"):
                place = asyncio.run(greet(company, bot, text))
        except ConfigError as error:
            fault(f"  {bare(error)}")
            if not asker.confirm("Try again?", default=False):
                return
        else:
            out.print(harmless(f"A test message was posted: {place}"), markup=False)
            return


def _show(found: Inspection) -> bool:
    """Where the account is, and what it lacks; true if nothing."""
    if found.access is not None:
        places = ", ".join(found.access.places) or "nowhere yet"
        told = f"{found.access.account} is in: {places}"
        out.print(harmless(told), markup=False, soft_wrap=True)
    for one in found.faults:
        fault(f"  {bare(one)}")
    if not found.faults:
        out.print("It may do all that its personas need.", markup=False)
    return not found.faults


def bare(error: ConfigError) -> str:
    """The fault without its place: the file is being made just now."""
    return f"{error.message}\n    {error.accepted}" if error.accepted else error.message


def _ask(company: Company, bot: Bot) -> Inspection | None:
    with err.status(f"asking {bot.adapter}"):
        return asyncio.run(inspect(company, bot))


def _wants_another(access: Access, keys: Collection[str], asker: Asker) -> bool:
    """Whether one of several secrets is wrong, and another is at hand."""
    wrong = [one for one in access.lacks if any(names_key(one, key) for key in keys)]
    for one in wrong:
        fault(f"  {bare(one)}")
    return bool(wrong) and not asker.is_silent and asker.confirm("Give it once more?", default=True)


def _refused(refused: ConfigError, asker: Asker) -> None:
    if asker.is_silent:
        raise ConfigError(refused.message, accepted=refused.accepted) from refused
    fault(bare(refused))
    if not asker.confirm("Give it once more?", default=True):
        raise GiveUp("the platform does not accept what it was given")


def _again(unreached: ConfigError, asker: Asker) -> bool:
    """Whether to ask once more; false if the files are wanted without an answer."""
    if asker.is_silent:
        raise GiveUp(f"{unreached.message}; --offline adds the bot without asking")
    fault(bare(unreached))
    if asker.confirm("Try again?", default=True):
        return True
    if asker.confirm("Write the files without having asked?", default=False):
        return False
    raise GiveUp("the platform cannot be reached")
