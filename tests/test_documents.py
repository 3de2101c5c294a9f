"""Every fault in a YAML file is told with its place and what is accepted."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict, SecretStr

from greenroom.documents import MAX_BYTES, interpolate, load, parse, validate
from greenroom.errors import ConfigError, ConfigErrors


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")
    threshold: float = 0.5
    names: tuple[str, ...] = ()


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid")
    token: SecretStr | None = None
    inner: Inner = Inner()
    items: tuple[Inner, ...] = ()


def faults(text: str) -> list[str]:
    with pytest.raises(ConfigErrors) as caught:
        validate(parse(text, file="a.yaml"), Outer)
    return [str(fault) for fault in caught.value.faults]


def test_a_good_document_is_read() -> None:
    outer = validate(parse("inner: {threshold: 0.7}\nitems: [{names: [a]}]", file="a"), Outer)
    assert (outer.inner.threshold, outer.items[0].names) == (0.7, ("a",))


def test_an_empty_document_has_defaults() -> None:
    assert validate(parse("# nothing yet\n", file="a"), Outer) == Outer()


def test_unknown_keys_are_told_with_place_and_suggestion() -> None:
    (fault,) = faults("inner:\n  treshold: 1\n")
    assert fault == (
        "a.yaml:2:3: unknown key `treshold`\n  did you mean `threshold`? accepted: threshold, names"
    )


def test_all_faults_are_told_at_once() -> None:
    found = faults("inner: {threshold: much}\nitems:\n  - {nams: []}\nbot: 1\n")
    assert [re.match(r"a.yaml:(\d+):(\d+)", fault)[0] for fault in found] == [  # type: ignore[index]
        "a.yaml:1:9",
        "a.yaml:3:6",
        "a.yaml:4:1",
    ]


def test_a_secret_of_a_wrong_type_is_not_shown() -> None:
    (fault,) = faults("token: 987654321\n")
    assert "987654321" not in fault


def test_a_list_is_no_mapping() -> None:
    with pytest.raises(ConfigError, match=r"a.yaml:1:1: must be a mapping of keys, not a list"):
        validate(parse("- a\n", file="a.yaml"), Outer)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a: 1\n\tb: 2\n", "a.yaml:2:1"),
        ("a: [1\nb: 2\n", "a.yaml:2:2"),
        ("a: 'x\n", "a.yaml:2:1"),
        ("a: 1\n---\nb: 2\n", "a.yaml:2:1"),
        ("a: *b\n", "a.yaml:1:4"),
        ("a: 2026-99-99\n", "a.yaml:1"),
        ("a: \x07\n", "a.yaml:1"),
        ("? {a: 1}\n: 2\n", "a.yaml:1"),
        ("a: !!python/object:os.system x\n", "a.yaml:1:4"),
    ],
)
def test_broken_yaml_is_located(text: str, place: str) -> None:
    with pytest.raises(ConfigError, match=f"^{re.escape(place)}"):
        parse(text, file="a.yaml")


def test_a_section_of_a_larger_file_keeps_its_lines() -> None:
    document = parse("a: 1\nb: 2\n", file="a.yaml", first_line=10)
    assert document.place(("b",)).line == 11


def test_duplicate_keys_keep_the_last_and_are_listed() -> None:
    document = parse("a: 1\nb: 2\na: 3\n", file="a.yaml")
    assert document.value == {"a": 3, "b": 2}
    assert [(key, place.line) for key, place in document.duplicates] == [("a", 3)]


def test_a_yaml_bomb_stops() -> None:
    lines = ["a: &a [x,x,x,x,x,x,x,x,x]"]
    for previous, current in zip("abcdefghi", "bcdefghij", strict=True):
        lines.append(f"{current}: &{current} [{','.join([f'*{previous}'] * 9)}]")
    with pytest.raises(ConfigError, match="without bound"):
        parse("\n".join(lines), file="a.yaml")


@pytest.mark.parametrize("text", ["a: &a [*a]", "a: " + "[" * 5000, "{" * 5000])
def test_endless_nesting_stops(text: str) -> None:
    with pytest.raises(ConfigError):
        parse(text, file="a.yaml")


def test_secrets_come_from_the_environment() -> None:
    document = parse("token: ${NAME}\nlist: ['a-${NAME}']\nn: 3\n", file="a.yaml")
    assert interpolate(document, {"NAME": "x"}).value == {"token": "x", "list": ["a-x"], "n": 3}


def test_a_missing_secret_is_told_with_its_place() -> None:
    document = parse("adapter: discord\ntoken: ${DISCORD_TOKEN}\n", file="bots/b.yaml")
    with pytest.raises(ConfigErrors, match=r"^bots/b.yaml:2:1: secret DISCORD_TOKEN is not set"):
        interpolate(document, {"DISCORD_TOKEN": ""})


def test_files_that_cannot_be_read_say_why(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        load(tmp_path / "none.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"a: 1\nb: \xfc\n")
    with pytest.raises(ConfigError, match=r"latin.yaml:2:1: is not UTF-8"):
        load(tmp_path / "latin.yaml")
    (tmp_path / "large.yaml").write_bytes(b"#" * (MAX_BYTES + 1))
    with pytest.raises(ConfigError, match="larger than"):
        load(tmp_path / "large.yaml")


def test_a_document_read_as_written_keeps_words_as_words() -> None:
    text = "a: yes\nb: [1.10, 07, null, 2026-99-99]\nc:\nd: ''\ne: ~"
    assert parse(text, file="a", as_written=True).value == {
        "a": "yes",
        "b": ["1.10", "07", "null", "2026-99-99"],
        "c": None,
        "d": "",
        "e": None,
    }


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("inner: {names: a}", "`inner.names`: must be a list, such as [a, b], not 'a'"),
        ("inner: 3", "`inner`: must be a mapping of keys, not 3"),
        ("inner: {threshold: x}", "`inner.threshold`: must be a number, not 'x'"),
    ],
)
def test_types_are_told_in_yamls_words(text: str, told: str) -> None:
    (fault,) = faults(text)
    assert told in fault
