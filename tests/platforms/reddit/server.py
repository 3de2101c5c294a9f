"""A small Reddit on loopback: sign-in, listings, letters and moderation."""

from __future__ import annotations

import asyncio
import html
import json
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from ..faults import Fault, Ordered
from . import answers
from .access import Tokens, permission_for
from .letters import Letters
from .limits import Limits
from .things import (
    ME,
    MEMBER,
    MODERATOR,
    PLACE,
    START,
    SUBREDDIT,
    Thing,
    base36,
    comment_of,
    member_id,
    submission_of,
)

FIRST = {"t1": int("k0000", 36), "t3": int("1a000", 36)}  # ids count up from here
MOST_KEPT = 5_000  # things; what is older is forgotten
MOST_CALLS = 20_000

__all__ = ["ME", "MEMBER", "MODERATOR", "PLACE", "START", "SUBREDDIT", "RedditServer"]


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
    clock: Callable[[], float] | None = None  # None: a second more with each thing
    calls: list[Call] = field(default_factory=list)
    things: dict[str, Thing] = field(default_factory=dict)  # oldest first
    unlisted: set[str] = field(default_factory=set)  # removed, filtered or deleted
    queue: dict[str, None] = field(default_factory=dict)  # waits for a moderator
    users: dict[str, Thing] = field(default_factory=dict)
    moderators: list[str] = field(default_factory=lambda: [MODERATOR, ME])
    permissions: dict[str, list[str]] = field(default_factory=dict)  # those without all
    wiki: dict[str, dict[str, Any]] = field(default_factory=dict)  # pages by name
    reasons: dict[str, str] = field(default_factory=dict)  # removal reasons: id to title
    given_reasons: dict[str, Mapping[str, Any]] = field(default_factory=dict)  # by thing
    banned: dict[str, int | None] = field(default_factory=dict)  # name to days
    notes: deque[Thing] = field(default_factory=lambda: deque(maxlen=MOST_KEPT))
    letters: Letters = field(default_factory=lambda: Letters(ME))
    tokens: Tokens = field(default_factory=lambda: Tokens(ME))
    limits: Limits = field(default_factory=Limits)
    ordered: Ordered = field(default_factory=Ordered)
    faults: dict[str, deque[Callable[[], web.Response] | None]] = field(
        default_factory=lambda: defaultdict(deque)
    )
    lost_answers: set[str] = field(default_factory=set)  # paths that work and never answer
    action_faults: deque[int] = field(default_factory=deque)  # statuses, for whichever comes next
    is_next_action_lost: bool = False
    on_call: Callable[[Call], None] | None = None  # what happens just before an answer
    lost_anchor: str = "nothing"  # what follows an anchor that is gone: nothing, or the start
    effects: list[Call] = field(default_factory=list)  # actions that worked, answered or not
    counts: dict[str, int] = field(default_factory=lambda: dict(FIRST))
    made: int = 0

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

    def now(self) -> float:
        """Reddit's time; without a clock it goes on as things are made."""
        self.made += 1
        return START + self.made if self.clock is None else self.clock()

    def submit(self, **more: Any) -> Thing:
        """A new submission."""
        return self._add("t3", {"title": "A title", **more}, submission_of)

    def comment(self, body: str, *, under: Mapping[str, Any], **more: Any) -> Thing:
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
        return self._add("t1", {**facts, **more}, comment_of)

    def skip(self, kind: str, ids: int) -> None:
        """As many things came into being in other subreddits."""
        self.counts[kind] += ids

    def _add(
        self, kind: str, facts: Mapping[str, Any], make: Callable[[Mapping[str, Any]], Thing]
    ) -> Thing:
        self.counts[kind] += 1
        identity = base36(self.counts[kind])
        author, place = str(facts.get("author", MEMBER)), facts.get("subreddit", SUBREDDIT)
        thread = str(facts.get("link_id", f"t3_{identity}"))[3:]
        permalink = f"/r/{place}/comments/{thread}/a_title/"
        if kind == "t1":
            permalink += f"{identity}/"
        created = self.now()
        thing = make({
            "id": identity, "name": f"{kind}_{identity}", "author": author,
            "author_fullname": f"t2_{member_id(author)}", "subreddit": place,
            "subreddit_id": PLACE, "subreddit_name_prefixed": f"r/{place}",
            "created": created, "created_utc": created,
            "permalink": permalink, "url": f"{self.url}{permalink}", **facts,
        })  # fmt: skip
        self.things[str(thing["name"])] = thing
        if len(self.things) > MOST_KEPT:
            self.forget(next(name for name in self.things if name.startswith("t1_")))
        return thing

    def forget(self, name: str) -> None:
        """As if a thing had never been."""
        self.things.pop(name, None)
        self.unlisted.discard(name)
        self.queue.pop(name, None)

    def delete(self, name: str) -> None:
        """Its author deletes a thing."""
        gone: Thing = {"author": "[deleted]"}
        gone |= {"body": "[deleted]"} if name.startswith("t1_") else {
            "selftext": "[deleted]", "removed_by_category": "deleted"}  # fmt: skip
        self.things[name].pop("author_fullname", None)
        self.things[name] |= gone
        self.unlisted.add(name)

    def remove(self, name: str, *, by: str = MODERATOR) -> None:
        """A moderator removes a thing."""
        self.things[name] |= {"removed": True, "banned_by": by, "banned_at_utc": START}
        if name.startswith("t3_"):
            self.things[name]["removed_by_category"] = "moderator"
        self.unlisted.add(name)
        self.queue.pop(name, None)

    def filter(self, name: str, note: str = "remove not spam") -> None:
        """AutoModerator takes a thing out and puts it before the moderators."""
        self.things[name] |= {
            "banned_by": "AutoModerator", "ban_note": note, "banned_at_utc": START,
        }  # fmt: skip
        self.unlisted.add(name)
        self.queue[name] = None

    def approve(self, name: str) -> None:
        """A moderator approves a thing; the count of its reports begins again."""
        self.things[name] |= {
            "approved": True, "approved_by": MODERATOR, "approved_at_utc": int(self.now()),
            "banned_by": None, "removed": False, "spam": False, "num_reports": 0,
            "user_reports": [], "mod_reports": [], "ban_note": None,
        }  # fmt: skip
        if name.startswith("t3_"):
            self.things[name]["removed_by_category"] = None
        self.unlisted.discard(name)
        self.queue.pop(name, None)

    def may(self, permission: str) -> bool:
        """Whether the bot's account may do something as a moderator."""
        if ME not in self.moderators:
            return False
        held = self.permissions.get(ME, ["all"])
        return "all" in held or permission in held

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one call, with what Reddit says of its limits on every answer."""
        is_granted = self.limits.count()
        answer = await self._answer(request, is_granted=is_granted)
        for name, value in self.limits.headers().items():
            answer.headers.setdefault(name, value)
        return answer

    async def _answer(self, request: web.Request, *, is_granted: bool) -> web.Response:
        path = request.path.strip("/")
        data = {**request.query, **await request.post()}
        if request.content_type == "application/json":
            data |= await request.json()
        call = Call(request.method, path, data)
        _keep(self.calls, call)
        if self.on_call is not None:
            self.on_call(call)
        if not is_granted:
            return _too_many(self.limits.headers()["x-ratelimit-reset"])
        fault = self.faults[path].popleft() if self.faults[path] else None
        if fault is not None:
            return fault()
        is_action = request.method != "GET" and path != "api/v1/access_token"
        befallen = await self._befall(request, is_action=is_action)
        if befallen is not None:
            return befallen
        if path == "api/v1/access_token":
            return self.tokens.issue(request, data)
        refusal = self.tokens.refusal(request, path) or self._forbidden(request.method, path)
        return refusal or self._act(request, call, is_action=is_action)

    async def _befall(self, request: web.Request, *, is_action: bool) -> web.Response | None:
        """Let the fault in line happen, if there is one."""
        if is_action and self.action_faults:
            return web.json_response({}, status=self.action_faults.popleft())
        if self.ordered.requests and self.ordered.requests[0] is Fault.LOST_ANSWER:
            if not is_action:
                return None  # it is for something whose answer matters
            self.is_next_action_lost = True
        fault = self.ordered.next_request()
        if fault is Fault.DELAY:
            await asyncio.sleep(self.ordered.delay_s)
        if fault is Fault.RATE_LIMIT:
            return _too_many(str(self.ordered.retry_after_s))
        if fault is Fault.SERVER_ERROR:
            said = {"message": "Internal Server Error", "error": 500}
            return web.json_response(said, status=500)
        if fault is Fault.DROP:
            _cut(request)
            return web.Response()  # nobody hears it
        return None

    def _forbidden(self, method: str, path: str) -> web.Response | None:
        needed = permission_for(method, path)
        if needed is None or self.may(needed):
            return None
        return web.json_response({"message": "Forbidden", "error": 403}, status=403)

    def _act(self, request: web.Request, call: Call, *, is_action: bool) -> web.Response:
        found = answers.answer(self, call)
        if is_action and found is not None:
            _keep(self.effects, call)
        if call.path in self.lost_answers or (is_action and self.is_next_action_lost):
            self.is_next_action_lost = False
            _cut(request)
        if found is None:
            return web.json_response({"message": "Not Found", "error": 404}, status=404)
        status, body = found if isinstance(found, tuple) else (200, found)
        if call.data.get("raw_json") != "1":
            body = _escaped(body)
        if answers.is_listing(call.path) and Fault.HALF_FRAME in self.ordered.events:
            self.ordered.events.remove(Fault.HALF_FRAME)
            half = json.dumps(body)
            return web.Response(text=half[: len(half) // 2], content_type="application/json")
        return web.json_response(body, status=status)


def _keep(calls: list[Call], call: Call) -> None:
    if len(calls) >= MOST_CALLS:
        del calls[: MOST_CALLS // 2]
    calls.append(call)


def _too_many(after_s: str) -> web.Response:
    said = {"message": "Too Many Requests", "error": 429}
    return web.json_response(said, status=429, headers={"Retry-After": after_s})


def _cut(request: web.Request) -> None:
    assert request.transport is not None
    request.transport.abort()


def _escaped(body: Any) -> Any:
    """As Reddit writes text for whoever does not ask for ``raw_json``."""
    if isinstance(body, str):
        return html.escape(body, quote=False)
    if isinstance(body, dict):
        return {key: _escaped(value) for key, value in body.items()}
    return [_escaped(item) for item in body] if isinstance(body, list) else body


@asynccontextmanager
async def reddit_server(clock: Callable[[], float] | None = None) -> AsyncIterator[RedditServer]:
    """A Reddit on a free port of loopback."""
    server = RedditServer(clock=clock)
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
