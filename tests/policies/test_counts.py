"""``rate`` and ``history``: what members did lately, asked of the loop and compared."""

from __future__ import annotations

import pytest

from greenroom.message import Signals
from greenroom.policies import Count, Situation, wants
from tests.policies.rules import NOW, comment, decided, faults, fires, policy

FAST = Count("rate", "messages", "member", 10)


@pytest.mark.parametrize(
    ("check", "key"),
    [
        ("rate: {messages: '> 5', within: 10 seconds}", "rate.messages/member/10"),
        ("rate: {copies: '> 5'}", "rate.copies/member/60"),
        ("rate: {mentions: '> 5', per: channel, within: 1 hour}", "rate.mentions/channel/3600"),
        ("rate: {links: '> 5', per: community}", "rate.links/community/60"),
        ("rate: {joins: '> 5', within: 5 minutes}", "rate.joins/community/300"),
        ("history: {removals: '> 5'}", "history.removals/member/2592000"),
        ("history: {warnings: '> 5', within: 1 year}", "history.warnings/member/31536000"),
        ("history: {messages: '> 5', within: 2 weeks}", "history.messages/member/1209600"),
        ("history: {first_seen: '> 5 seconds'}", "history.first_seen/member/0"),
    ],
)
def test_a_count_is_asked_for_by_its_key_and_compared(check: str, key: str) -> None:
    (rule,) = policy(f"{check}\naction: filter").rules
    assert {count.key for count in rule.counts} == {key}
    assert fires(check, comment(), Signals(counts={key: 6}))
    assert not fires(check, comment(), Signals(counts={key: 5}))
    assert not fires(check, comment())
    assert not fires(f"not: {{{check}}}", comment())  # not counted, not known


def test_several_counts_of_one_group_must_all_hold() -> None:
    check = "rate: {messages: '> 3', links: '>= 2', within: 1 minute}"
    counts = {"rate.messages/member/60": 4.0, "rate.links/member/60": 2.0}
    assert fires(check, comment(), Signals(counts=counts))
    assert not fires(check, comment(), Signals(counts={**counts, "rate.links/member/60": 1}))


def test_the_same_check_twice_is_tagged() -> None:
    check = "rate: {messages: '> 3'}\nrate#2: {copies: '> 1', per: channel}"
    (rule,) = policy(f"{check}\naction: filter").rules
    assert len(rule.counts) == 2


def test_counts_stand_under_groups() -> None:
    check = "any: [{rate: {copies: '> 3'}}, {history: {removals: '> 2'}}]"
    assert fires(check, comment(), Signals(counts={"history.removals/member/2592000": 3}))


def test_only_rules_that_could_still_fire_have_anything_counted() -> None:
    rules = policy("body: cat\nrate: {messages: '> 5', within: 10 seconds}\naction: filter")
    situation = Situation(NOW)
    assert wants((rules,), comment("cat"), situation).counts == {FAST}
    found = wants((rules,), comment("dog"), situation)
    assert (found.counts, found.scores) == (frozenset(), False)


def test_the_trace_says_how_many_there_were() -> None:
    found = decided(
        "history: {first_seen: '< 2 days'}\naction: report",
        comment(),
        Signals(counts={"history.first_seen/member/0": 86_400}),
    )
    (hit,) = found.fired[0].hits
    assert (hit.check, hit.value, hit.wanted) == ("history.first_seen", 1.0, "< 2 days")


@pytest.mark.parametrize(
    ("check", "said"),
    [
        ("rate: {message: '> 3'}", "rules.yaml:1:8: unknown count of `rate` `message`"),
        ("rate: {removals: '> 3'}", "unknown count of `rate` `removals`"),
        ("rate: {within: 1 minute}", "`rate` counts nothing"),
        ("rate: {messages: '> 3', within: 2 days}", "`rate` looks back a day at most"),
        ("rate: {messages: '> 3', within: 10}", "`within` needs a duration with its unit"),
        ("rate: {messages: '> 3', per: server}", "`per` cannot be 'server'"),
        ("rate: {messages: many}", "`messages` compares with a number"),
        ("rate: 5", "`rate` must be a group of keys"),
        ("history: {removals: '> 3', per: channel}", "`history` is always that of the member"),
        ("author: {history: {removals: '> 3'}}", "`history` does not apply to author"),
    ],
)
def test_mistakes_are_told(check: str, said: str) -> None:
    assert said in "\n".join(faults(f"{check}\naction: filter"))


def test_a_strike_is_ordered_with_its_term_and_spares_moderators() -> None:
    rule = "body: cat\nstrike: 30 days\naction_reason: cats"
    found = decided(rule, comment("cat"))
    (action,) = found.actions
    assert (action.kind, action.duration_s, action.reason) == ("strike", 30 * 86_400, "cats")
    moderator = comment("cat", author={"name": "m", "is_moderator": True})
    assert decided(rule, moderator).actions == ()
    assert "`strike` needs a duration with its unit" in faults("body: cat\nstrike: yes")[0]
