"""Links, files, language and time: what AutoModerator's language has no words for."""

from __future__ import annotations

import pytest

from greenroom.message import Message, Signals
from tests.policies.rules import comment, faults, fires, link, policy, post


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (comment("see https://bad.example/x?y=1"), True),
        (comment("see (http://www.BAD.example)."), True),
        (comment("see www.bad.example"), True),
        (comment("[here](https://bad.example:8080/)"), True),
        (comment("see https://notbad.example"), False),
        (comment("see https://bad.example.org"), False),
        (comment("see https://good.example/?u=bad.example"), False),
        (comment("bad.example without a scheme"), False),
        (comment("hidden", links=["https://a.bad.example"]), True),
        (comment("http://[broken"), False),
        (link("https://bad.example/a"), True),
        (post("https://bad.example"), True),
        (post("t", body="https://bad.example"), True),
    ],
)
def test_a_link_is_known_by_its_domain(message: Message, expected: bool) -> None:
    assert fires("link_domain: [worse.example, bad.example]", message) is expected


def test_no_link_at_all_is_an_empty_text() -> None:
    assert fires("~link_domain (includes, regex): '.'", comment("no link"))
    assert not fires("~link_domain (includes, regex): '.'", comment("https://a.example"))
    assert fires("~link_domain: ours.example", comment("https://theirs.example"))


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        ('attachments: "> 1"', True),
        ('attachments: "> 2"', False),
        ("attachments: 2", True),
        ("attachment_name (ends-with): [.exe, .scr]", True),
        ("attachment_name (ends-with): .zip", False),
        ("attachment_name: setup", True),
        ("attachment_type: image/", True),
        ("attachment_type: image/gif", False),
        ("attachment_type (full-exact): image", False),
        ("~attachment_type: video/", True),
    ],
)
def test_files_are_known_by_number_name_and_type(check: str, expected: bool) -> None:
    files = ["setup.exe", {"name": "cat.png", "media_type": "image/png"}]
    assert fires(check, comment(attachments=files)) is expected


def test_a_message_without_files_has_none() -> None:
    assert fires("attachments: 0", comment())
    assert not fires('attachments: "> 0"', comment())


def test_a_disguised_file_name_is_found() -> None:
    assert fires("attachment_name: setup", comment(attachments=["s\u200betup.exe"]))


@pytest.mark.parametrize(
    ("check", "language", "expected"),
    [
        ("language: en", "en", True),
        ("language: [de, EN]", "en", True),
        ("language: de", "en", False),
        ("not: {language: de}", "en", True),
        ("language: en", None, False),
        ("not: {language: de}", "und", False),
        ("not: {language: de}", None, False),
    ],
)
def test_a_language_is_asked_for_by_its_code(
    check: str, language: str | None, expected: bool
) -> None:
    assert fires(check, comment(), Signals(language=language)) is expected


def test_the_language_is_all_that_a_language_rule_needs() -> None:
    (rule,) = policy("language: en\naction: report").rules
    assert (rule.needs_language, rule.needs_scores, rule.needs_intent) == (True, False, False)


@pytest.mark.parametrize(
    ("check", "at", "expected"),
    [
        ("day_of_week: sunday", "2026-03-01T12:00:00Z", True),
        ("day_of_week: [mon, Sat]", "2026-03-01T12:00:00Z", False),
        ("day_of_week (Europe/Berlin): monday", "2026-03-01T23:30:00Z", True),
        ("day_of_week: monday", "2026-03-01T23:30:00Z", False),
        ("hour: 22-6", "2026-03-01T23:30:00Z", True),
        ("hour: 22-6", "2026-03-01T05:59:00Z", True),
        ("hour: 22-6", "2026-03-01T06:00:00Z", False),
        ("hour: 9-17", "2026-03-01T17:00:00Z", False),
        ("hour: [3, 12]", "2026-03-01T12:59:59Z", True),
        ("hour: 0-24", "2026-03-01T12:00:00Z", True),
        ("hour (america/new_york): 7", "2026-03-01T12:00:00Z", True),
        ("hour: 13", "2026-03-01T12:00:00+00:00", False),
        ("hour: 12", "2026-03-01T12:00:00", True),
    ],
)
def test_the_time_is_that_of_the_message(check: str, at: str, expected: bool) -> None:
    assert fires(check, comment(posted_at=at)) is expected


def test_an_edit_is_written_when_it_is_edited() -> None:
    message = comment(posted_at="2026-03-01T03:00:00Z", edited_at="2026-03-01T12:00:00Z")
    assert fires("hour: 12", message)
    assert fires("hour: 12", comment())  # without a time, now


@pytest.mark.parametrize(
    ("check", "said"),
    [
        ("hour: 25", "a day has the hours 0 to 23"),
        ("hour: 9-25", "a day has the hours 0 to 23"),
        ("hour: noon", "`hour` cannot be 'noon'"),
        ("hour: []", "`hour` is an empty list"),
        ("hour (Atlantis): 3", "there is no time zone `atlantis`"),
        ("hour (Europe/Berlni): 3", "Europe/Berlin"),
        ("day_of_week: someday", "`someday` is no day of the week"),
        ("day_of_week: [saturday, sun, x]", "rules.yaml:1:30: `x` is no day"),
        ("~hour: 3", "`hour` is no search"),
        ("language: english", "`english` is no language code"),
        ("attachments: many", "`attachments` compares with a number"),
        ("author: {hour: 3}", "`hour` does not apply to author"),
    ],
)
def test_mistakes_are_told(check: str, said: str) -> None:
    assert said in "\n".join(faults(f"{check}\naction: remove"))
