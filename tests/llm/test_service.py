"""Rounds of tools, the budget, the deadline, the breaker: what a request may cost at most."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from greenroom.ledger import Ledger
from greenroom.llm import TOOLS, Answer, Breaker, Role, Said, Tool, Unanswered, Why, a_prompt
from greenroom.llm.base import Call
from greenroom.llm.budget import DayBudget, MemoryTokens, TokenStore
from greenroom.llm.service import Service
from greenroom.llm.talk import Draft
from greenroom.message import Passage

GUIDE = Role("Guide", "the team")
ROLES = Passage("faq.md", "Roles", "Press the button.", 0.8)
MORE = Passage("faq.md", "More", "It opens #swap.", 0.5)
BOTH = tuple(TOOLS.values())
DAY = "2026-03-01"


class Scripted:
    """A model that answers by a list; the last answer repeats."""

    def __init__(self, *answers: Answer | Unanswered, takes: float = 0.0) -> None:
        self.answers = list(answers)
        self.takes = takes
        self.chats: list[list[Said]] = []
        self.tools: list[Sequence[Tool]] = []

    async def ask(self, chat: Sequence[Said], tools: Sequence[Tool] = ()) -> Answer:
        self.chats.append(list(chat))
        self.tools.append(tools)
        await asyncio.sleep(self.takes)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Unanswered):
            raise answer
        return answer


def wants(name: str, arguments: str) -> Answer:
    return Answer("", (Call("c1", name, arguments),), "m")


def a_service(model: Scripted, *, whole: int | None = None, **options: object) -> Service:
    budget = DayBudget(MemoryTokens(), whole=whole, clock=lambda: datetime(2026, 3, 1, tzinfo=UTC))
    return Service(model, budget, **options)  # type: ignore[arg-type]  # as tests name them


async def draft(
    service: Service,
    *,
    tools: Sequence[Tool] = (),
    limit: int | None = None,
    found: Callable[[str], Awaitable[Sequence[Passage]]] | None = None,
) -> Draft:
    async def nothing(query: str) -> Sequence[Passage]:
        return ()

    prompt = a_prompt(GUIDE, [ROLES], "how?")
    return await service.draft(
        prompt, persona="guide", limit=limit, tools=tools, search=found or nothing
    )


async def why(service: Service, **options: object) -> Why:
    with pytest.raises(Unanswered) as caught:
        await draft(service, **options)  # type: ignore[arg-type]  # as tests name them
    return caught.value.fault.why


# --- Tools -------------------------------------------------------------------------------


async def test_it_may_look_for_more_and_answer_from_that() -> None:
    model = Scripted(wants("search_knowledge", '{"query": "swap"}'), Answer("So [2].", model="m"))
    queries: list[str] = []

    async def search(query: str) -> Sequence[Passage]:
        queries.append(query)
        return [ROLES, MORE]

    found = await draft(a_service(model), tools=BOTH, found=search)
    assert queries == ["swap"]
    assert [(one.number, one.passage) for one in found.passages] == [(1, ROLES), (2, MORE)]
    tool = model.chats[1][-1]
    assert (tool.role, tool.answers) == ("tool", "c1")
    assert "It opens #swap" in tool.text
    assert "Press the button" not in tool.text  # it was shown that before
    assert tool.text.startswith("=== begin ")


async def test_it_may_ask_for_a_person() -> None:
    found = await draft(a_service(Scripted(wants("hand_over", '{"reason": "x"}'))), tools=BOTH)
    assert (found.wants_person, found.text) == (True, "")


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("ban_member", '{"id": "1"}'),
        ("search_knowledge", "not json"),
        ("search_knowledge", "[]"),
        ("search_knowledge", '{"query": 5}'),
        ("search_knowledge", '{"query": ""}'),
        ("search_knowledge", '{"query": "a", "sources": "/etc"}'),
        ("search_knowledge", '{"path": "a"}'),
        ("search_knowledge", '{"query": "' + "x" * 500 + '"}'),
        ("search_knowledge", "[" * 100_000),
        ("Search_Knowledge", '{"query": "a"}'),
        ("", ""),
    ],
)
async def test_what_it_was_not_given_is_refused(name: str, arguments: str) -> None:
    assert await why(a_service(Scripted(wants(name, arguments))), tools=BOTH) is Why.TOOL


async def test_without_tools_none_is_offered_and_none_is_done() -> None:
    model = Scripted(wants("search_knowledge", '{"query": "a"}'))
    assert await why(a_service(model)) is Why.TOOL
    assert model.tools == [()]


async def test_rounds_come_to_an_end() -> None:
    model = Scripted(wants("search_knowledge", '{"query": "a"}'))
    assert await why(a_service(model), tools=BOTH) is Why.TOOL
    assert len(model.chats) == 3


async def test_many_calls_at_once_are_refused() -> None:
    calls = tuple(Call(str(n), "search_knowledge", '{"query": "a"}') for n in range(50))
    assert await why(a_service(Scripted(Answer("", calls))), tools=BOTH) is Why.TOOL


# --- The budget --------------------------------------------------------------------------


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[Ledger]:
    found = Ledger(tmp_path / "ledger.db")
    yield found
    found.close()


@pytest.fixture(params=["memory", "ledger"])
def store(request: pytest.FixtureRequest, ledger: Ledger) -> TokenStore:
    return MemoryTokens() if request.param == "memory" else ledger.tokens


async def reserve(store: TokenStore, who: str, tokens: int, **limits: int) -> bool:
    limit, whole = limits.get("limit"), limits.get("whole")
    return await store.reserve(who, DAY, tokens, limit=limit, whole=whole)


async def test_a_persona_has_its_own_limit_and_all_have_one(store: TokenStore) -> None:
    assert await reserve(store, "guide", 60, limit=100, whole=150)
    assert not await reserve(store, "guide", 60, limit=100, whole=150)
    assert await reserve(store, "robin", 80, limit=100, whole=150)
    assert not await reserve(store, "robin", 20, limit=100, whole=150)
    await store.settle("robin", DAY, -70)
    assert await reserve(store, "robin", 20, limit=100, whole=150)
    assert await store.reserve("guide", "2026-03-02", 60, limit=100, whole=150)


async def test_calls_side_by_side_cannot_use_more_than_there_is(store: TokenStore) -> None:
    got = await asyncio.gather(*(reserve(store, "guide", 30, limit=100) for _ in range(20)))
    assert sum(got) == 3


async def test_a_count_never_falls_below_nothing(store: TokenStore) -> None:
    await store.settle("guide", DAY, -500)
    assert await reserve(store, "guide", 100, limit=100)
    assert not await reserve(store, "guide", 1, limit=100)


async def test_a_restart_does_not_forget(tmp_path: Path) -> None:
    first = Ledger(tmp_path / "l.db")
    await reserve(first.tokens, "guide", 90, limit=100)
    first.close()
    second = Ledger(tmp_path / "l.db")
    assert not await reserve(second.tokens, "guide", 20, limit=100)
    assert await second.tokens.used(DAY) == {"guide": 90}
    second.close()


async def used(service: Service) -> int:
    store = service.budget._store  # type: ignore[attr-defined]  # a DayBudget's
    return int(store._used["guide", DAY])


async def test_what_the_server_counted_is_what_counts() -> None:
    service = a_service(Scripted(Answer("So [1].", model="m", tokens=130, written=10)))
    await draft(service)
    assert await used(service) == 130
    assert (service.counts.read, service.counts.written) == (120, 10)


@pytest.mark.parametrize("tokens", [0, 10**9])
async def test_without_a_count_that_can_be_it_is_estimated(tokens: int) -> None:
    service = a_service(Scripted(Answer("So [1].", model="m", tokens=tokens, written=tokens)))
    await draft(service)
    assert 100 < await used(service) < 2_000


async def test_a_call_that_did_not_get_through_costs_nothing() -> None:
    service = a_service(Scripted(Unanswered(Why.AWAY)))
    assert await why(service) is Why.AWAY
    assert await used(service) == 0


async def test_a_call_that_broke_off_costs_what_it_may_have_used() -> None:
    service = a_service(Scripted(Unanswered(Why.AWAY, has_spent=True)), max_tokens=300)
    assert await why(service) is Why.AWAY
    assert await used(service) > 300


async def test_over_the_budget_nothing_is_asked() -> None:
    model = Scripted(Answer("So [1].", model="m", tokens=900, written=10))
    service = a_service(model, whole=None)
    assert await why(service, limit=100) is Why.BUDGET
    assert model.chats == []
    assert not service.breaker.is_open


# --- Time --------------------------------------------------------------------------------


async def test_one_deadline_holds_for_all_rounds() -> None:
    model = Scripted(wants("search_knowledge", '{"query": "a"}'), takes=0.15)
    took: list[float] = []
    service = a_service(model, deadline_s=0.25, took=took.append)
    assert await why(service, tools=BOTH) is Why.SLOW
    assert len(model.chats) == 2
    assert took[0] < 1
    assert await used(service) > 0


async def test_one_too_many_is_not_waited_for() -> None:
    model = Scripted(Answer("So [1].", model="m"), takes=0.2)
    service = a_service(model, at_once=2)
    results = await asyncio.gather(*(draft(service) for _ in range(3)), return_exceptions=True)
    failed = [one for one in results if isinstance(one, Unanswered)]
    assert [one.fault.why for one in failed] == [Why.BUSY]


async def test_a_server_that_is_away_is_left_alone_and_tried_again() -> None:
    now = [0.0]
    breaker = Breaker(failures=2, pause_s=10, clock=lambda: now[0])
    model = Scripted(Unanswered(Why.AWAY))
    service = a_service(model, breaker=breaker)
    whys = [await why(service) for _ in range(4)]
    assert whys == [Why.AWAY, Why.AWAY, Why.PAUSED, Why.PAUSED]
    now[0] = 11
    assert [await why(service), await why(service)] == [Why.AWAY, Why.PAUSED]
    now[0] = 25  # the second pause is twice as long
    assert await why(service) is Why.PAUSED
    now[0] = 32
    model.answers = [Answer("So [1].", model="m")]
    assert (await draft(service)).text == "So [1]."
    assert not breaker.is_open


async def test_a_refused_key_is_not_tried_again_at_once() -> None:
    service = a_service(Scripted(Unanswered(Why.REFUSED)))
    assert [await why(service), await why(service)] == [Why.REFUSED, Why.PAUSED]


async def test_a_poor_answer_is_no_outage() -> None:
    service = a_service(Scripted(wants("ban", "{}")))
    assert {await why(service) for _ in range(6)} == {Why.TOOL}
