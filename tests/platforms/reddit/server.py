"""A small Reddit on loopback: sign-in, listings and moderation, for tests."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

SUBREDDIT, PLACE = "gardening", "t5_garden"
ME, MEMBER, MODERATOR = "greenroom_bot", "ada", "grace"
START = 1_700_000_000.0


@dataclass(frozen=True, slots=True)
class Call:
    """One request that the server was sent."""

    method: str
    path: str
    data: Mapping[str, Any]


@dataclass(slots=True)
class RedditServer:
    """Records what it is asked, keeps things, and fails when told to."""

    url: str = ""
    calls: list[Call] = field(default_factory=list)
    things: dict[str, dict[str, Any]] = field(default_factory=dict)  # oldest first
    users: dict[str, dict[str, Any]] = field(default_factory=dict)
    moderators: list[str] = field(default_factory=lambda: [MODERATOR, ME])
    sent: list[dict[str, Any]] = field(default_factory=list)
    faults: dict[str, deque[Callable[[], web.Response] | None]] = field(
        default_factory=lambda: defaultdict(deque)
    )
    lost_answers: set[str] = field(default_factory=set)  # paths that work and never answer
    action_faults: deque[int] = field(default_factory=deque)  # statuses, for whichever comes next
    is_next_action_lost: bool = False
    effects: list[Call] = field(default_factory=list)  # actions that worked, answered or not
    count: int = 0

    def called(self, path: str) -> list[Call]:
        """The calls of one path."""
        return [call for call in self.calls if call.path == path]

    def fail(self, path: str, status: int, *, body: Any = None, **headers: str) -> None:
        """The next call of ``path`` fails."""
        named = {key.replace("_", "-"): value for key, value in headers.items()}
        self.faults[path].append(
            lambda: web.json_response(body or {}, status=status, headers=named)
        )

    def refuse(self, path: str, code: str, message: str = "") -> None:
        """The next call of ``path`` is refused in Reddit's own JSON."""
        self.fail(path, 200, body={"json": {"errors": [[code, message, "field"]]}})

    def submit(self, **more: Any) -> dict[str, Any]:
        """A new submission."""
        return self._add("t3", {"title": "A title", "selftext": "", "is_self": True, **more})

    def comment(self, body: str, *, under: Mapping[str, Any], **more: Any) -> dict[str, Any]:
        """A new comment under a submission or a comment."""
        link_id = under["name"] if under["name"].startswith("t3_") else under["link_id"]
        submission = self.things[link_id]
        facts = {
            "body": body,
            "parent_id": under["name"],
            "link_id": link_id,
            "link_title": submission["title"],
            "link_author": submission["author"],
            "link_permalink": submission["permalink"],
            "link_url": submission["url"],
            "is_submitter": more.get("author", MEMBER) == submission["author"],
        }
        return self._add("t1", {**facts, **more})

    def _add(self, kind: str, facts: Mapping[str, Any]) -> dict[str, Any]:
        self.count += 1
        identity = f"x{self.count}"
        author = str(facts.get("author", MEMBER))
        permalink = f"/r/{SUBREDDIT}/comments/{identity}/"
        thing = {
            "id": identity,
            "name": f"{kind}_{identity}",
            "author": author,
            "author_fullname": f"t2_{author}",
            "subreddit": SUBREDDIT,
            "subreddit_id": PLACE,
            "created_utc": START + self.count,
            "edited": False,
            "num_reports": 0,
            "permalink": permalink,
            "url": f"{self.url}{permalink}",
            **facts,
        }
        self.things[str(thing["name"])] = thing
        return thing

    def listed(self, keep: Callable[[Mapping[str, Any]], bool], asked: Mapping[str, Any]) -> Any:
        """A page of a listing, newest first."""
        kept = [thing for thing in reversed(self.things.values()) if keep(thing)]
        names = [thing["name"] for thing in kept]
        after = asked.get("after")
        start = names.index(after) + 1 if after in names else 0
        limit = int(asked.get("limit", 25))
        page = kept[start : start + limit]
        has_more = start + limit < len(kept)
        return listing(page, page[-1]["name"] if page and has_more else None)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one call."""
        path = request.path.strip("/")
        data = {**request.query, **await request.post()}
        self.calls.append(Call(request.method, path, data))
        fault = self.faults[path].popleft() if self.faults[path] else None
        if fault is not None:
            return fault()
        is_action = request.method == "POST" and path != "api/v1/access_token"
        if is_action and self.action_faults:
            return web.json_response({}, status=self.action_faults.popleft())
        answer = _answer(self, path, data)
        if is_action and answer is not None:
            self.effects.append(self.calls[-1])
        if path in self.lost_answers or (is_action and self.is_next_action_lost):
            self.is_next_action_lost = False
            assert request.transport is not None
            request.transport.abort()
        if answer is None:
            return web.json_response({"message": "Not Found", "error": 404}, status=404)
        return web.json_response(answer)


def listing(things: list[dict[str, Any]], after: str | None = None) -> dict[str, Any]:
    """Things as Reddit lists them."""
    children = [{"kind": thing["name"][:2], "data": thing} for thing in things]
    return {"kind": "Listing", "data": {"after": after, "children": children}}


@asynccontextmanager
async def reddit_server() -> AsyncIterator[RedditServer]:
    """A Reddit on a free port of loopback."""
    server = RedditServer()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    server.url = f"http://{host}:{port}"
    try:
        yield server
    finally:
        await runner.cleanup()


Keep = Callable[[Mapping[str, Any]], bool]

_LISTINGS: Mapping[str, Keep] = {
    "new": lambda thing: thing["name"].startswith("t3_"),
    "comments": lambda thing: thing["name"].startswith("t1_"),
    "about/edited": lambda thing: bool(thing["edited"]),
    "about/reports": lambda thing: bool(thing["num_reports"]),
}


def _answer(server: RedditServer, path: str, data: Mapping[str, Any]) -> Any:
    if path.startswith("r/"):
        return _subreddit_answer(server, path, data)
    if path.startswith("user/"):
        return _user_answer(server, path, data)
    if path.startswith("comments/"):
        thing = server.things[f"t3_{path.split('/')[1]}"]
        return [listing([thing]), listing([])]
    handler = _METHODS.get(path)
    return None if handler is None else handler(server, data)


def _subreddit_answer(server: RedditServer, path: str, data: Mapping[str, Any]) -> Any:
    names, _, rest = path.removeprefix("r/").partition("/")
    if rest == "about":
        about = {"display_name": SUBREDDIT, "name": PLACE, "over18": False}
        return {"kind": "t5", "data": about} if names.lower() == SUBREDDIT else listing([])
    if rest == "about/moderators":
        children = [{"name": name, "id": f"t2_{name}"} for name in server.moderators]
        return {"kind": "UserList", "data": {"children": children}}
    if rest in _LISTINGS:
        return server.listed(_LISTINGS[rest], data)
    return {"json": {"errors": []}} if rest.startswith("api/") else None


def _user_answer(server: RedditServer, path: str, data: Mapping[str, Any]) -> Any:
    _, name, what = path.split("/")
    if what == "comments":
        return server.listed(
            lambda thing: thing["author"] == name and thing["name"].startswith("t1_"), data
        )
    facts = server.users.get(name)
    return None if facts is None else {"kind": "t2", "data": facts}


def _token(server: RedditServer, data: Mapping[str, Any]) -> Any:
    if data.get("password") == "test-wrong" or data.get("refresh_token") == "test-wrong":
        return {"error": "invalid_grant"}
    return {"access_token": "test-access", "expires_in": 3600, "scope": "*", "token_type": "bearer"}


def _comment(server: RedditServer, data: Mapping[str, Any]) -> Any:
    made = server.comment(data["text"], under=server.things[data["thing_id"]], author=ME)
    return {"json": {"errors": [], "data": {"things": [{"kind": "t1", "data": made}]}}}


def _info(server: RedditServer, data: Mapping[str, Any]) -> Any:
    return listing([server.things[name] for name in data["id"].split(",") if name in server.things])


def _delete(server: RedditServer, data: Mapping[str, Any]) -> Any:
    server.things.pop(data["id"], None)
    return {}


def _compose(server: RedditServer, data: Mapping[str, Any]) -> Any:
    server.sent.append({"dest": data["to"], "body": data["text"], "subject": data["subject"]})
    return {"json": {"errors": []}}


def _sent(server: RedditServer, _: Mapping[str, Any]) -> Any:
    children = [{"kind": "t4", "data": item} for item in reversed(server.sent)]
    return {"kind": "Listing", "data": {"after": None, "children": children}}


def _many_users(server: RedditServer, data: Mapping[str, Any]) -> Any:
    asked = data["ids"].split(",")
    return {name: server.users[name[3:]] for name in asked if name[3:] in server.users}


def _done(*_: Any) -> Any:
    return {"json": {"errors": []}}


_METHODS: Mapping[str, Callable[[RedditServer, Mapping[str, Any]], Any]] = {
    "api/v1/access_token": _token,
    "api/v1/me": lambda *_: {"name": ME, "id": "me"},
    "api/info": _info,
    "api/comment": _comment,
    "api/del": _delete,
    "api/compose": _compose,
    "message/sent": _sent,
    "api/user_data_by_account_ids": _many_users,
    **dict.fromkeys(
        (
            "api/remove",
            "api/approve",
            "api/report",
            "api/lock",
            "api/unlock",
            "api/distinguish",
            "api/marknsfw",
            "api/unmarknsfw",
            "api/spoiler",
            "api/unspoiler",
            "api/set_contest_mode",
            "api/set_subreddit_sticky",
            "api/set_suggested_sort",
            "api/set_original_content",
            "api/update_crowd_control_level",
        ),
        _done,
    ),
}
