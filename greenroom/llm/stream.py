"""A streamed answer, put together piece by piece; what the server sends is checked first."""

from __future__ import annotations

from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict, Field

from greenroom.llm.base import Unanswered, Why


class _Lenient(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Function(_Lenient):
    name: str | None = None
    arguments: str | None = None


class _CallPart(_Lenient):
    index: int = 0
    id: str | None = None
    function: _Function | None = None


class _Delta(_Lenient):
    content: str | None = None
    tool_calls: list[_CallPart] | None = None


class _Choice(_Lenient):
    delta: _Delta | None = None


class _Usage(_Lenient):
    prompt_tokens: int = Field(default=0, ge=0)
    completion_tokens: int = Field(default=0, ge=0)


class Chunk(_Lenient):
    """A chunk as far as it is read; the library builds its own without checking it."""

    choices: list[_Choice] = []
    usage: _Usage | None = None
    model: str | None = None
    system_fingerprint: str | None = None


@dataclass(slots=True)
class Heard:
    """What has come of an answer so far."""

    text: str = ""
    parts: dict[int, dict[str, str]] = field(default_factory=dict)
    usage: _Usage = field(default_factory=_Usage)
    model: str = ""
    version: str = ""

    def add(self, chunk: Chunk) -> None:
        self.usage = chunk.usage or self.usage
        self.model = chunk.model or self.model
        self.version = chunk.system_fingerprint or self.version
        for choice in chunk.choices[:1]:
            delta = choice.delta or _Delta()
            self.text += delta.content or ""
            for part in delta.tool_calls or ():
                self._add_call(part)

    def _add_call(self, part: _CallPart) -> None:
        call = self.parts.setdefault(part.index, {"id": "", "name": "", "arguments": ""})
        call["id"] = call["id"] or part.id or ""
        if part.function is not None:
            call["name"] += part.function.name or ""
            call["arguments"] += part.function.arguments or ""

    @property
    def length(self) -> int:
        return len(self.text) + sum(len(call["arguments"]) for call in self.parts.values())


def read_chunk(chunk: object) -> Chunk:
    """A chunk that the library made, checked.

    Raises:
        Unanswered: It is none.
        ValidationError: It has something else where text or numbers belong.
    """
    if not isinstance(chunk, BaseModel):
        raise Unanswered(Why.AWAY, "the answer is no chunk of a chat")
    return Chunk.model_validate(chunk.model_dump(warnings=False))
