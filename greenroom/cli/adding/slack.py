"""``bot add slack``: the app's manifest with just the scopes needed, its tokens, its channels."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from greenroom.adapters.connection import SlackManifest
from greenroom.cli.adding.asking import Asker
from greenroom.cli.adding.file import Draft
from greenroom.cli.adding.platform import Wanted
from greenroom.documents import Document, KeyPath, parse, read_text, validate
from greenroom.message import REMOVALS, ActionKind
from greenroom.starter import starter_folder

ONLY_FOR: Final[Mapping[str, frozenset[ActionKind]]] = {
    "im:write": frozenset({ActionKind.MESSAGE, ActionKind.ANSWER}),
    "reactions:write": frozenset({ActionKind.REACT}),
}
"""The bot scopes that an action needs and nothing else; the rest is for reading and replying."""

ONLY_WITH: Final[Mapping[str, str]] = {"channels:join": "join"}
"""The bot scopes that a key of the bot's file needs and nothing else."""

MOST_NAME: Final = 35  # characters of an app's name, at Slack
_SCOPES: Final = ("oauth_config", "scopes")
_SOCKET_MODE: Final = ("settings", "socket_mode_enabled")
_NAMES: Final[Sequence[KeyPath]] = (
    ("display_information", "name"),
    ("features", "bot_user", "display_name"),
)

_STEPS: Final = """\
Make the app
 1. Open https://api.slack.com/apps and press **Create New App**, then **From a manifest**.
 2. Choose the workspace, press **Next**.
 3. Choose the **YAML** tab, replace what is there by the lines below, press **Next**, then
    **Create**.

{manifest}
Get the tokens
 4. {app_token}
 5. **Install App**, **Install to Workspace**, **Allow**; then copy the **Bot User OAuth
    Token** (xoxb-…){user_token}."""

_SOCKET: Final = """\
**Basic Information**, **App-Level Tokens**, **Generate Token and Scopes**: any name,
    **Add Scope** connections:write, **Generate**. That is the app token (xapp-…)."""
_SIGNING: Final = """\
**Basic Information**, **App Credentials**: the signing secret. Then **Socket Mode**: off, and
    **Event Subscriptions**, **Request URL**: your address, once Greenroom runs there."""
_BY_ADMIN: Final = """,
    and the **User OAuth Token** (xoxp-…): with it Greenroom removes what members wrote, in
    the name of whoever installs the app, so let a workspace owner do that"""


class SlackConversation:
    """What to do at Slack."""

    platform = "slack"
    title = "A bot in a Slack workspace. docs/slack.md shows where to click."
    arrival = "the bot is in its channels"
    where = "Channels"
    desk = "The moderators' channel, such as #mods"

    def ask(self, asker: Asker, draft: Draft) -> None:
        """Slack needs nothing more."""

    def steps(self, draft: Draft) -> str:
        """How to make the app, with the manifest to paste."""
        return _STEPS.format(
            manifest=manifest_for(draft),
            app_token=_SIGNING if _is_http(draft) else _SOCKET,
            user_token=_BY_ADMIN if draft.needs & REMOVALS else "",
        )

    def secrets(self, draft: Draft) -> Sequence[Wanted]:
        """The tokens of the app, its bot and, to remove messages, of an admin."""
        found = [
            Wanted(
                "token",
                "SLACK_BOT_TOKEN",
                "bot token",
                not_like={"xapp-": "an app token", "xoxp-": "a user token"},
                note="starts with xoxb-; kept in .env",
            )
        ]
        if _is_http(draft):
            found.append(Wanted("signing_secret", "SLACK_SIGNING_SECRET", "signing secret"))
        else:
            others = {"xoxb-": "a bot token", "xoxp-": "a user token"}
            note = "starts with xapp-, for Socket Mode"
            found.append(
                Wanted("app_token", "SLACK_APP_TOKEN", "app token", not_like=others, note=note)
            )
        if draft.needs & REMOVALS:
            found.append(
                Wanted(
                    "user_token",
                    "SLACK_USER_TOKEN",
                    "user token, or nothing if Greenroom should delete nothing",
                    not_like={"xoxb-": "a bot token", "xapp-": "an app token"},
                    is_optional=True,
                    note="an admin's: it removes messages",
                )
            )
        return found

    def invitation(self, draft: Draft, *, account: str | None, token: str) -> str:  # noqa: ARG002
        """What to type in which channels."""
        channels = [one for one in draft.channels if one != draft.desk_channel]
        where = ", ".join(channels) or "each channel that it should see"
        desk = f", and in {draft.desk_channel}" if draft.desk_channel else ""
        name = draft.name if draft.name != draft.adapter else "Greenroom"
        return f"Invite it\n 1. In Slack, in {where}{desk}, type\n\n    /invite @{name}\n"


def manifest_for(draft: Draft) -> str:
    """``adapters/slack.yaml`` with the bot's name, less the scopes that no persona needs.

    It is taken from the deployment's folder, if it is there: somebody may have changed it.

    Raises:
        ConfigError: It is no manifest.
    """
    text, document, manifest = _manifest(draft.folder)
    lines = text.splitlines()
    if draft.name != draft.adapter:
        for key in _NAMES:
            _put(lines, document, key, draft.name[:MOST_NAME])
    if _is_http(draft):
        _put(lines, document, _SOCKET_MODE, False)
    dropped = {
        line
        for index, scope in enumerate(manifest.oauth_config.scopes.bot)
        if _is_idle(scope, draft)
        for line in _lines(document, ("bot", index), ("bot", index))
    }
    users = manifest.oauth_config.scopes.user
    if users and not draft.needs & REMOVALS:
        dropped.update(_lines(document, ("user",), ("user", len(users) - 1)))
    first = min(place.line for key, place in document.places.items() if key)
    kept = [
        line for number, line in enumerate(lines, 1) if number >= first and number not in dropped
    ]
    made = "\n".join(kept) + "\n"
    validate(parse(made, file=document.file), SlackManifest)
    return made


def _manifest(folder: Path) -> tuple[str, Document, SlackManifest]:
    own = folder / "adapters" / "slack.yaml"
    path = own if own.exists() else starter_folder() / "adapters" / "slack.yaml"
    text = read_text(path)
    document = parse(text, file=str(path))
    return text, document, validate(document, SlackManifest)


def _is_idle(scope: str, draft: Draft) -> bool:
    if scope in ONLY_WITH:
        return not draft.settings.get(ONLY_WITH[scope])
    return scope in ONLY_FOR and not ONLY_FOR[scope] & draft.needs


def _lines(document: Document, first: KeyPath, last: KeyPath) -> range:
    """The lines of some scopes, where each scope has one of its own."""
    key, item, start, end = (
        document.places[(*_SCOPES, *path)].line
        for path in (first[:1], (*first[:1], 0), first, last)
    )
    return range(0) if key == item else range(start, end + 1)


def _put(lines: list[str], document: Document, key: KeyPath, value: str | bool) -> None:
    if key in document.places:
        number = document.places[key].line - 1
        start = lines[number].partition(":")[0]
        lines[number] = f"{start}: {json.dumps(value)}"


def _is_http(draft: Draft) -> bool:
    return draft.settings.get("transport") == "http"
