"""The grounds of a decision, as the case page shows them."""

from __future__ import annotations

from greenroom.desk.text import Span
from greenroom.desk.why import spans_in, why
from greenroom.ledger import Decided
from greenroom.message import Decision, Fired, Hit


def decided(*hits: Hit, revision: str = "0", **scores: float) -> Decided:
    decision = Decision("warden", trace=(Fired("civility", 0, "insults", 3, hits),))
    return Decided(decision, "b", "live", revision, {"scores": scores, "model": "m@1"}, "")


def test_scores_on_which_a_rule_fired_come_first() -> None:
    hit = Hit("triage.spam", value=0.3, wanted=">= 0.25")
    (one,) = why([decided(hit, insult=0.9, spam=0.3, hate=0.001, sentiment=-0.5)], "0")
    assert [(bar.head, bar.has_fired, bar.threshold) for bar in one.bars] == [
        ("spam", True, 0.25),
        ("insult", False, None),
        ("sentiment", False, None),
    ]
    assert [bar.percent for bar in one.bars] == [30.0, 90.0, 25.0]


def test_a_limit_on_sentiment_stands_where_the_bar_does() -> None:
    hit = Hit("sentiment", value=-0.8, wanted="< -0.5")
    (one,) = why([decided(hit, sentiment=-0.8)], "0")
    assert (one.bars[0].percent, one.bars[0].threshold_percent) == (10.0, 25.0)


def test_a_score_without_its_limit_is_shown_all_the_same() -> None:
    (one,) = why([decided(Hit("triage.spam", value=0.9), spam=0.9)], "0")
    assert (one.bars[0].has_fired, one.bars[0].threshold_percent) == (True, None)


def test_the_newest_decision_comes_first_and_says_what_it_is_about() -> None:
    found = why([decided(revision="0"), decided(revision="1")], "1")
    assert [one.is_current for one in found] == [True, False]


def test_matches_are_looked_up_in_their_own_field() -> None:
    text = "> quoted fool\nyou fool"
    hits = (
        Hit("body (includes)", "body", "fool", 9, 13),
        Hit("domain", "domain", "you", 0, 3),
        Hit("title", "title", "you", 0, 3),
        Hit("triage.spam", value=0.9),
    )
    assert spans_in(why([decided(*hits)], "0"), "body", text) == [Span(9, 13)]


def test_a_match_in_a_text_without_its_quotes_is_found_again() -> None:
    text = "> said by another\nyou fool"
    hits = (
        Hit("body (includes)", "body", "fool", 4, 8),
        Hit("body (includes)", "body", "not there", 0, 9),
    )
    assert spans_in(why([decided(*hits)], "0"), "body", text) == [Span(22, 26)]


def test_matches_in_an_earlier_text_are_not_marked() -> None:
    hit = Hit("body (includes)", "body", "fool", 0, 4)
    assert spans_in(why([decided(hit, revision="0")], "1"), "body", "fool") == []
