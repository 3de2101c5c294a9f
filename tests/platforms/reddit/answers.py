"""What a Reddit on loopback answers to each of its addresses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from ..faults import Fault
from . import moderation
from .letters import head_of
from .things import PLACE, SUBREDDIT, Thing, listing, member_id

if TYPE_CHECKING:
    from .server import Call, RedditServer

COMMENT_LIMIT = 10_000
SUBJECT_LIMIT = 100
MOST_LISTED = 1_000

Keep = Callable[["RedditServer", Mapping[str, Any]], bool]
Answer = Callable[["RedditServer", Mapping[str, Any]], Any]


def _is(kind: str) -> Keep:
    def keep(server: RedditServer, thing: Mapping[str, Any]) -> bool:
        return str(thing["name"]).startswith(kind) and thing["name"] not in server.unlisted

    return keep


_LISTINGS: Final[Mapping[str, Keep]] = {
    "hot": _is("t3_"),
    "new": _is("t3_"),
    "comments": _is("t1_"),
    "about/edited": lambda _, thing: bool(thing["edited"]),
    "about/reports": lambda server, thing: (
        bool(thing["num_reports"]) and thing["name"] not in server.unlisted
    ),
    "about/modqueue": lambda server, thing: (
        thing["name"] in server.queue
        or (bool(thing["num_reports"]) and thing["name"] not in server.unlisted)
    ),
}


def is_listing(path: str) -> bool:
    """Whether faults of events befall the answer."""
    return path.partition("/")[0] == "r" and path.split("/", 2)[-1] in _LISTINGS


def answer(server: RedditServer, call: Call) -> Any:
    """JSON, a pair of status and JSON, or None for what there is not."""
    path, data = call.path, call.data
    if path.startswith("api/mod/conversations"):
        return _modmail(server, call)
    if path == "api/mod/notes":
        return moderation.notes(server, call)
    if path.startswith("api/v1/") and path.endswith("/removal_reasons") and call.method == "GET":
        return moderation.reasons(server)
    if path.startswith("r/"):
        return _of_subreddit(server, call)
    if path.startswith("user/"):
        return _of_user(server, path, data)
    handler = _METHODS.get(path)
    return None if handler is None else handler(server, data)


def _of_subreddit(server: RedditServer, call: Call) -> Any:
    names, _, rest = call.path.removeprefix("r/").partition("/")
    asked = names.lower().split("+")
    if rest == "about":
        about = {
            "display_name": SUBREDDIT,
            "name": PLACE,
            "over18": False,
            "subreddit_type": "public",
        }
        return {"kind": "t5", "data": about} if names.lower() == SUBREDDIT else listing([])
    if rest == "about/moderators":
        children = [
            {
                "name": name,
                "id": f"t2_{name}",
                "mod_permissions": server.permissions.get(name, ["all"]),
            }
            for name in server.moderators
        ]
        return {"kind": "UserList", "data": {"children": children}}
    if rest == "wiki" or rest.startswith("wiki/"):
        return _of_wiki(server, rest.removeprefix("wiki/"))
    if rest == "about/banned":
        return moderation.banned(server, call.data)
    if rest in _LISTINGS:
        return _listed(server, _LISTINGS[rest], asked, call.data)
    return moderation.in_subreddit(server, rest, call.data)


def _of_wiki(server: RedditServer, name: str) -> Any:
    """Pages that only moderators read are there for nobody else."""
    may = server.may("wiki")
    shown = {one: page for one, page in server.wiki.items() if may or page.get("permlevel", 0) < 2}
    if name == "pages":
        return {"kind": "wikipagelisting", "data": sorted(shown)}
    if name.startswith("settings/"):
        page = server.wiki.get(name.removeprefix("settings/"))
        if not may:
            return 403, {"message": "Forbidden", "error": 403, "reason": "MOD_REQUIRED"}
        told = {"permlevel": (page or {}).get("permlevel", 0), "editors": [], "listed": True}
        return {"kind": "wikipagesettings", "data": told}
    if name not in shown:
        return 404, {"message": "Not Found", "error": 404, "reason": "PAGE_NOT_CREATED"}
    return {"kind": "wikipage", "data": {"content_html": "", "may_revise": may, **shown[name]}}


def _listed(server: RedditServer, keep: Keep, asked: list[str], data: Mapping[str, Any]) -> Any:
    kept = (
        thing
        for thing in reversed(server.things.values())
        if str(thing.get("subreddit") or asked[0]).lower() in asked and keep(server, thing)
    )
    return page(server, list(islice(kept, MOST_LISTED)), data, is_event=True)


def page(
    server: RedditServer, kept: list[Thing], data: Mapping[str, Any], *, is_event: bool = False
) -> Any:
    """A page of a listing, newest first; what is beyond the first thousand is not listed."""
    kept = kept[:MOST_LISTED]
    names = [thing["name"] for thing in kept]
    limit = max(1, min(int(data.get("limit", 25)), 100))
    start = 0
    if "before" in data and data["before"] in names:
        start = max(0, names.index(data["before"]) - limit)
    if "after" in data:
        lost = len(kept) if server.lost_anchor == "nothing" else 0
        start = names.index(data["after"]) + 1 if data["after"] in names else lost
    shown = kept[start : start + limit]
    has_more = start + limit < len(kept)
    after = shown[-1]["name"] if shown and has_more else None
    return listing(_disturbed(server, shown) if is_event else shown, after)


def _disturbed(server: RedditServer, shown: list[Thing]) -> list[Thing]:
    """The listing as a fault in line leaves it."""
    fault = server.ordered.events[0] if server.ordered.events else None
    if fault is Fault.DUPLICATE and shown:
        server.ordered.next_event()
        return [shown[0], *shown]
    if fault is Fault.REORDER and len(shown) > 1:
        server.ordered.next_event()
        return [shown[1], shown[0], *shown[2:]]
    return shown


def _of_user(server: RedditServer, path: str, data: Mapping[str, Any]) -> Any:
    _, name, what = path.split("/")
    if what == "comments":
        kept = [
            thing
            for thing in reversed(server.things.values())
            if thing["author"] == name and str(thing["name"]).startswith("t1_")
        ]
        return page(server, kept, data)
    if what == "submitted":
        kept = [
            thing
            for thing in reversed(server.things.values())
            if thing["author"] == name and str(thing["name"]).startswith("t3_")
        ]
        return page(server, kept, data)
    facts = server.users.get(name)
    return None if facts is None else {"kind": "t2", "data": facts}


def _info(server: RedditServer, data: Mapping[str, Any]) -> Any:
    asked = str(data["id"]).split(",")[:100]
    return listing([server.things[name] for name in asked if name in server.things])


TITLE_LIMIT = 300


def _comment(server: RedditServer, data: Mapping[str, Any]) -> Any:
    target, text = str(data.get("thing_id")), str(data.get("text") or "")
    fault = _fault_of_text(text)
    if fault is not None:
        return fault
    if target.startswith("t4_"):
        letter = server.letters.find(target)
        if letter is None:
            return error_of("DELETED_COMMENT", "that comment has been deleted", "parent")
        made = server.letters.send(
            text, to=letter["author"], at=server.now(), parent_id=target,
            subject=f"re: {letter['subject']}",
        )  # fmt: skip
    elif target in server.things:
        parent = server.things[target]
        if parent["author"] == "[deleted]":
            return error_of("DELETED_COMMENT", "that comment has been deleted", "parent")
        made = server.comment(text, under=parent, author=server.letters.me)
    else:
        return (403, {"message": "Forbidden", "error": 403})
    kind = str(made["name"])[:2]
    return {"json": {"errors": [], "data": {"things": [{"kind": kind, "data": made}]}}}


def _submit(server: RedditServer, data: Mapping[str, Any]) -> Any:
    title, text = str(data.get("title") or ""), str(data.get("text") or "")
    if not title.strip():
        return error_of("NO_TEXT", "we need something here", "title")
    if len(title) > TITLE_LIMIT:
        return error_of("TOO_LONG", f"this is too long (max: {TITLE_LIMIT})", "title")
    if str(data.get("sr")).lower() != SUBREDDIT.lower() or data.get("kind") != "self":
        return error_of("SUBREDDIT_NOEXIST", "that subreddit doesn't exist", "sr")
    made = server.submit(title=title, selftext=text, author=server.letters.me)
    told = {key: made[key] for key in ("id", "name")}
    return {"json": {"errors": [], "data": {**told, "url": made["permalink"]}}}


def _fault_of_text(text: str) -> Any:
    if not text.strip():
        return error_of("NO_TEXT", "we need something here", "text")
    if len(text) > COMMENT_LIMIT:
        return error_of("TOO_LONG", f"this is too long (max: {COMMENT_LIMIT})", "text")
    return None


def _delete(server: RedditServer, data: Mapping[str, Any]) -> Any:
    if str(data.get("id")) in server.things:
        server.delete(str(data["id"]))
    return {}


def _compose(server: RedditServer, data: Mapping[str, Any]) -> Any:
    to, subject, text = (str(data.get(key) or "") for key in ("to", "subject", "text"))
    if not subject or len(subject) > SUBJECT_LIMIT:
        code = "TOO_LONG" if subject else "NO_SUBJECT"
        return error_of(code, f"this is too long (max: {SUBJECT_LIMIT})", "subject")
    fault = _fault_of_text(text)
    if fault is not None:
        return fault
    is_subreddit = to.startswith(("/r/", "r/", "#"))
    is_known = to in server.users or any(one["author"] == to for one in server.things.values())
    if not is_subreddit and not is_known and to != server.letters.me:
        return error_of("USER_DOESNT_EXIST", "that user doesn't exist", "to")
    dest = f"#{to.removeprefix('#').removeprefix('/').removeprefix('r/')}" if is_subreddit else to
    server.letters.send(text, to=dest, at=server.now(), subject=subject)
    return {"json": {"errors": []}}


def error_of(code: str, message: str, where: str) -> Any:
    """A refusal in Reddit's own JSON, which comes with status 200."""
    return {"json": {"errors": [[code, message, where]]}}


def _inbox(server: RedditServer, data: Mapping[str, Any]) -> Any:
    return page(server, list(reversed(server.letters.inbox)), data)


def _sent(server: RedditServer, data: Mapping[str, Any]) -> Any:
    return page(server, list(reversed(server.letters.sent)), data)


def _modmail(server: RedditServer, call: Call) -> Any:
    letters, identity = server.letters, call.path.removeprefix("api/mod/conversations").strip("/")
    if not identity and call.method == "GET":
        return _conversations(server, call.data)
    if not identity:
        if str(call.data.get("srName", "")).lower() != SUBREDDIT or not call.data.get("subject"):
            return (400, {"message": "Bad Request", "error": 400})
        is_internal = "to" not in call.data
        found = letters.open(str(call.data["subject"]), (SUBREDDIT, PLACE), is_internal=is_internal)
    elif identity in letters.conversations:
        found = letters.conversations[identity]
    else:
        return None
    if call.method == "POST":
        if not str(call.data.get("body") or "").strip():
            said = {"explanation": "we need something here", "fields": ["body"],
                    "message": "Bad Request", "reason": "NO_TEXT"}  # fmt: skip
            return (400, said)
        letters.add(
            found, str(call.data["body"]), letters.me, server.now(), is_moderator=True,
            is_hidden=str(call.data.get("isAuthorHidden")).lower() == "true",
            is_internal=str(call.data.get("isInternal")).lower() == "true",
        )  # fmt: skip
    whole = {"conversation": head_of(found, is_listed=False), "messages": found["messages"],
             "modActions": {}, "user": {}}  # fmt: skip
    return (201, whole) if call.method == "POST" else whole


def _conversations(server: RedditServer, data: Mapping[str, Any]) -> Any:
    states = {"appeals": 6, "all": 0}
    wanted = states.get(str(data.get("state", "all")), 0)
    kept = [
        one
        for one in server.letters.conversations.values()
        if not one["isInternal"] and (one["state"] == 6) == (wanted == 6)
    ]
    kept.sort(key=lambda one: str(one["lastUpdated"]), reverse=True)
    names = [one["id"] for one in kept]
    start = names.index(data["after"]) + 1 if data.get("after") in names else 0
    shown = kept[start : start + max(1, min(int(data.get("limit", 25)), 100))]
    newest = [next(reversed(one["messages"].values())) for one in shown]
    return {
        "conversationIds": [one["id"] for one in shown],
        "conversations": {one["id"]: head_of(one, is_listed=True) for one in shown},
        "messages": {one["id"]: one for one in newest},
        "viewerId": f"t2_{server.letters.me}",
    }


def _many_users(server: RedditServer, data: Mapping[str, Any]) -> Any:
    known = {f"t2_{member_id(name)}": facts for name, facts in server.users.items()}
    found = {name: known[name] for name in str(data["ids"]).split(",") if name in known}
    return found or None


def _me(server: RedditServer, _: Mapping[str, Any]) -> Any:
    name = server.letters.me
    return {"name": name, "id": "me", "has_mail": False, "is_suspended": False,
            "subreddit": {"display_name": f"u_{name}", "name": "t5_profile"}}  # fmt: skip


_METHODS: Final[Mapping[str, Answer]] = {
    "api/v1/me": _me,
    "api/info": _info,
    "api/comment": _comment,
    "api/submit": _submit,
    "api/del": _delete,
    "api/compose": _compose,
    "message/inbox": _inbox,
    "message/sent": _sent,
    "api/user_data_by_account_ids": _many_users,
    **moderation.METHODS,
}
