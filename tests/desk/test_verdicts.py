"""What may be chosen, and what follows from it."""

from __future__ import annotations

import itertools

import pytest

from greenroom.desk import Choice, RunningBot, choices, judgement, standing
from greenroom.ledger import Case, Effect, Judgement, Verdict
from greenroom.message import Action, ActionKind, Severity
from tests.desk.house import CAN
from tests.samples import a_message

_numbers = itertools.count(1)
K = ActionKind


def an_effect(
    kind: ActionKind, state: str = "done", *, ref: str | None = None, **fields: object
) -> Effect:
    action = Action(kind, **fields)  # type: ignore[arg-type]  # as each test names them
    return Effect(next(_numbers), action, "persona:warden", state, None, ref, "", None)


def a_bot(*kinds: ActionKind, mode: str = "live") -> RunningBot:
    return RunningBot("b", "discord", mode, frozenset(kinds) or CAN)


def a_case(number: int = 7) -> Case:
    return Case(
        number,
        a_message().key,
        "0",
        "b",
        "warden",
        "live",
        "open",
        Severity.HIGH,
        "insult",
        0,
        None,
        None,
        None,
        "",
        "",
        None,
    )


def names(offered: tuple[Choice, ...]) -> list[str]:
    return [choice.name for choice in offered if not choice.is_sanction]


def chosen(name: str, effects: list[Effect], bot: RunningBot | None) -> Judgement:
    (choice,) = (choice for choice in choices(effects, bot) if choice.name == name)
    return judgement(choice, a_case(), a_message(), bot=bot, by="kim")


def orders(found: Judgement) -> list[ActionKind]:
    return [planned.action.kind for planned in found.actions]


@pytest.mark.parametrize("state", ["done", "pending", "sending", "shadow"])
def test_what_was_done_is_upheld_or_overturned(state: str) -> None:
    offered = choices([an_effect(K.FILTER, state)], a_bot())
    assert names(offered) == ["uphold", "overturn"]


@pytest.mark.parametrize("state", ["failed", "cancelled"])
def test_what_was_not_done_leaves_everything_open(state: str) -> None:
    offered = choices([an_effect(K.REMOVE, state)], a_bot())
    assert names(offered) == ["remove", "dismiss", "approve"]


def test_asking_people_is_not_doing_something() -> None:
    offered = choices([an_effect(K.REPORT), an_effect(K.ESCALATE)], a_bot())
    assert names(offered) == ["remove", "dismiss", "approve"]


def test_a_message_with_a_reply_can_still_be_removed() -> None:
    offered = choices([an_effect(K.REPLY, ref="r1")], a_bot())
    assert names(offered) == ["uphold", "overturn", "remove"]


def test_only_what_the_platform_can_do_is_offered() -> None:
    assert [c.name for c in choices([], a_bot(K.REACT))] == ["dismiss"]
    assert [c.name for c in choices([], a_bot(K.BAN))] == ["ban", "dismiss"]
    assert "ban" not in [c.name for c in choices([], a_bot(K.REMOVE, K.TIMEOUT))]


def test_a_bot_that_does_not_run_leaves_only_the_record() -> None:
    assert [c.name for c in choices([], None)] == ["dismiss"]
    found = chosen("overturn", [an_effect(K.REMOVE)], None)
    assert (found.verdict, found.actions) == (Verdict.OVERTURN, ())


@pytest.mark.parametrize("kind", [K.REMOVE, K.SPAM, K.FILTER])
def test_overturning_a_removal_approves_once(kind: ActionKind) -> None:
    found = chosen("overturn", [an_effect(kind), an_effect(kind, "pending")], a_bot())
    assert (found.verdict, orders(found)) == (Verdict.OVERTURN, [K.APPROVE])


def test_overturning_takes_back_each_reply_by_its_own_id() -> None:
    effects = [an_effect(K.REPLY, ref="r1"), an_effect(K.REPLY, ref="r2"), an_effect(K.BAN)]
    found = chosen("overturn", effects, a_bot())
    assert [(p.action.kind, p.action.ref) for p in found.actions] == [
        (K.RETRACT, "r1"),
        (K.RETRACT, "r2"),
        (K.UNBAN, None),
    ]
    assert len({planned.key for planned in found.actions}) == 3


def test_overturning_a_time_out_ends_it() -> None:
    effects = [an_effect(K.TIMEOUT, duration_s=3600)]
    found = chosen("overturn", effects, a_bot())
    assert [(p.action.kind, p.action.duration_s) for p in found.actions] == [(K.TIMEOUT, 0)]
    assert standing([*effects, an_effect(K.TIMEOUT, duration_s=0)]) == ()


def test_a_ban_can_end_where_bans_do() -> None:
    reddit = RunningBot("b", "reddit", "live", frozenset({K.REMOVE, K.BAN}))
    offered = [choice for choice in choices([], reddit) if choice.is_sanction]
    labels = [choice.label for choice in offered]
    assert labels[:2] == ["Ban for 3 days", "Ban for 1 week"]
    assert [choice.name for choice in choices([], a_bot()) if "ban" in choice.name] == ["ban"]


def test_overturning_a_lock_unlocks() -> None:
    bot = a_bot(K.SET_LOCKED, K.SET_NSFW)
    effects = [an_effect(K.LOCK), an_effect(K.SET_NSFW, value=True)]
    found = chosen("overturn", effects, bot)
    assert [(p.action.kind, p.action.value) for p in found.actions] == [
        (K.SET_LOCKED, False),
        (K.SET_NSFW, False),
    ]


def test_what_cannot_be_undone_is_said() -> None:
    effects = [an_effect(K.MESSAGE, text="hi"), an_effect(K.TIMEOUT, duration_s=3600)]
    _, overturn, *_ = choices(effects, a_bot(K.UNBAN))
    assert overturn.actions == ()
    assert "Cannot be undone from here" in overturn.follows
    assert "write to the author and time the author out for 1 hour" in overturn.follows


def test_a_removal_on_a_platform_without_approve_is_said_to_stay() -> None:
    _, overturn, *_ = choices([an_effect(K.REMOVE)], a_bot(K.REMOVE))
    assert overturn.actions == ()
    assert "Cannot be undone from here: remove the message." in overturn.follows


def test_what_shadow_mode_did_not_do_is_not_undone() -> None:
    found = chosen("overturn", [an_effect(K.REMOVE, "shadow")], a_bot())
    assert found.actions == ()


def test_what_was_undone_does_not_stand() -> None:
    effects = [an_effect(K.REMOVE), an_effect(K.APPROVE, "pending")]
    assert standing(effects) == ()
    assert names(choices(effects, a_bot())) == ["remove", "dismiss", "approve"]
    again = [*effects, an_effect(K.REMOVE)]
    assert [effect.id for effect in standing(again)] == [again[2].id]


def test_an_undoing_that_failed_undoes_nothing() -> None:
    effects = [an_effect(K.REMOVE), an_effect(K.APPROVE, "failed")]
    assert names(choices(effects, a_bot())) == ["uphold", "overturn"]


def test_a_retraction_undoes_only_its_reply() -> None:
    first, second = an_effect(K.REPLY, ref="r1"), an_effect(K.REPLY, ref="r2")
    undone = Effect(99, Action(K.RETRACT, ref="r1"), "", "done", None, None, "", None)
    assert standing([first, second, undone]) == (second,)


def test_removing_acts() -> None:
    found = chosen("remove", [], a_bot())
    assert (found.verdict, orders(found)) == (Verdict.ACT, [K.REMOVE])
    assert found.actions[0].by == "moderator:kim"
    assert found.actions[0].case == 7
    assert not found.actions[0].is_shadow


def test_a_time_out_removes_as_well() -> None:
    found = chosen("timeout-3600", [], a_bot())
    assert (found.verdict, orders(found)) == (Verdict.ACT, [K.REMOVE, K.TIMEOUT])
    assert found.actions[1].action.duration_s == 3600


def test_a_ban_after_a_removal_upholds_it() -> None:
    found = chosen("ban", [an_effect(K.REMOVE)], a_bot())
    assert (found.verdict, orders(found)) == (Verdict.UPHOLD, [K.BAN])


@pytest.mark.parametrize("name", ["dismiss", "approve"])
def test_leaving_it_up(name: str) -> None:
    found = chosen(name, [], a_bot())
    wanted = {"dismiss": (Verdict.DISMISS, []), "approve": (Verdict.ACT, [K.APPROVE])}
    assert (found.verdict, orders(found)) == wanted[name]


def test_in_shadow_mode_orders_are_only_recorded() -> None:
    found = chosen("remove", [], a_bot(mode="shadow"))
    assert [planned.is_shadow for planned in found.actions] == [True]


def test_each_case_orders_under_keys_of_its_own() -> None:
    (remove,) = (c for c in choices([], a_bot()) if c.name == "remove")
    bot, message = a_bot(), a_message()
    keys = {
        judgement(remove, a_case(number), message, bot=bot, by="kim").actions[0].key
        for number in (7, 7, 8)
    }
    assert len(keys) == 2


def test_every_key_chooses_one_thing() -> None:
    for effects in ([], [an_effect(K.REPLY, ref="r")], [an_effect(K.REMOVE)]):
        keys = [choice.key for choice in choices(effects, a_bot())]
        assert len(keys) == len(set(keys))


def test_undoing_a_removal_names_it_and_its_target() -> None:
    removal = an_effect(K.REMOVE, ref="1700000000.000100", on_parent=True)
    (planned,) = chosen("overturn", [removal], a_bot()).actions
    assert (planned.action.ref, planned.action.on_parent) == ("1700000000.000100", True)
