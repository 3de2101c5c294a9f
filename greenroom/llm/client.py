"""Any server that speaks the OpenAI API: one chat, streamed, and nothing taken on trust.

The only module that knows the ``openai`` library. It asks no proxy of the environment, follows
no redirect, repeats nothing by itself, and reads no more than an answer may be long.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import httpx2
import openai
from openai import AsyncOpenAI
from pydantic import ValidationError

from greenroom.llm.base import MAX_ANSWER, Answer, Call, Said, Tool, Unanswered, Why
from greenroom.llm.stream import Heard, read_chunk

log = logging.getLogger(__name__)

MAX_BYTES: Final = 1_000_000
"""Of one response, frames included: 1,200 letters in single-letter chunks are about 300,000."""

_MAX_NAME: Final = 80
_ODD: Final = re.compile(r"[^A-Za-z0-9._:/@+-]+")
_NO_KEY: Final = "none"  # the library wants one; servers without keys ignore it


class ChatServer:
    """`Model` behind an address.

    Args:
        url: Where the API is, as in ``http://127.0.0.1:11434/v1``.
        model: Its name there.
        key: What the server wants to see, if anything.
        deadline_s: Seconds for one answer, from the first byte to the last.
        max_tokens: What an answer may have at most.
        most: Characters at which an answer is cut.
    """

    def __init__(
        self,
        url: str,
        model: str,
        *,
        key: str | None = None,
        deadline_s: float = 20.0,
        max_tokens: int = 300,
        most: int = MAX_ANSWER,
    ) -> None:
        self._name = model
        self._max_tokens = max_tokens
        self._most = most
        self._optional: dict[str, Any] = {
            "stream_options": {"include_usage": True},
            "temperature": 0.0,
        }
        self._length_key = "max_tokens"
        self._client = AsyncOpenAI(
            base_url=url,
            api_key=key or _NO_KEY,
            max_retries=0,
            timeout=deadline_s,
            http_client=httpx2.AsyncClient(
                trust_env=False,
                follow_redirects=False,
                timeout=deadline_s,
                transport=_Bounded(httpx2.AsyncHTTPTransport(trust_env=False)),
            ),
        )

    async def close(self) -> None:
        """Let go of connections."""
        await self._client.close()

    async def ask(self, chat: Sequence[Said], tools: Sequence[Tool] = ()) -> Answer:
        """See `Model`. The caller's deadline may end it at any time; the stream is closed then."""
        with _translated():
            for _ in range(3):
                try:
                    return await self._stream(chat, tools)
                except openai.BadRequestError as error:
                    if not self._give_in(str(error)):
                        raise
            return await self._stream(chat, tools)

    def _give_in(self, said: str) -> bool:
        """Leave out or rename what this server does not take; false if that is not it."""
        if self._length_key in said and "max_completion_tokens" in said:
            self._length_key = "max_completion_tokens"
            return True
        for name in self._optional:
            if name in said:
                del self._optional[name]
                return True
        return False

    async def _stream(self, chat: Sequence[Said], tools: Sequence[Tool]) -> Answer:
        more: dict[str, Any] = {**self._optional, self._length_key: self._max_tokens}
        if tools:
            more["tools"] = [_schema(tool) for tool in tools]
        stream = await self._client.chat.completions.create(
            model=self._name,
            messages=[_message(said) for said in chat],
            stream=True,
            **more,
        )
        heard = Heard()
        with _spending():
            async with stream:
                async for chunk in stream:
                    heard.add(read_chunk(chunk))
                    if heard.length > self._most:
                        return self._answer(heard, is_cut=True)
        return self._answer(heard)

    def _answer(self, heard: Heard, *, is_cut: bool = False) -> Answer:
        calls = tuple(
            Call(call["id"][:_MAX_NAME], call["name"], call["arguments"])
            for call in heard.parts.values()
        )
        usage = heard.usage
        return Answer(
            text=heard.text[: self._most],
            calls=calls,
            model=_named(self._name, heard.model, heard.version),
            tokens=usage.prompt_tokens + usage.completion_tokens,
            written=usage.completion_tokens,
            is_cut=is_cut,
        )


class _Bounded(httpx2.AsyncBaseTransport):
    """A transport whose responses end with an error when they are too long."""

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await self._inner.handle_async_request(request)
        assert isinstance(response.stream, httpx2.AsyncByteStream), "an async transport's"
        response.stream = _BoundedStream(response.stream)
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


class _BoundedStream(httpx2.AsyncByteStream):
    def __init__(self, inner: httpx2.AsyncByteStream) -> None:
        self._inner = inner

    async def __aiter__(self) -> AsyncIterator[bytes]:
        read = 0
        async for part in self._inner:
            read += len(part)
            if read > MAX_BYTES:
                raise Unanswered(Why.AWAY, f"the answer has over {MAX_BYTES} bytes")
            yield part

    async def aclose(self) -> None:
        await self._inner.aclose()


def _message(said: Said) -> Any:
    message: dict[str, Any] = {"role": said.role, "content": said.text}
    if said.calls:
        message["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for call in said.calls
        ]
    if said.answers is not None:
        message["tool_call_id"] = said.answers
    return message


def _schema(tool: Tool) -> dict[str, Any]:
    text = {"type": "string", "maxLength": tool.max_length}
    return {
        "type": "function",
        "function": {
            "name": tool.name,
            "description": tool.about,
            "parameters": {
                "type": "object",
                "properties": {tool.argument: text},
                "required": [tool.argument],
                "additionalProperties": False,
            },
        },
    }


def _named(asked: str, reported: str, version: str) -> str:
    """The model as a record names it: what a server says is cut and cleaned.

    A server that names a file shows where it lies: its name is enough.
    """
    name = reported.replace("\\", "/").rstrip("/")
    if name.startswith(("/", ".", "~")) or re.match(r"[A-Za-z]:/", name):
        name = name.rpartition("/")[2]
    found = _ODD.sub("_", name or asked)[:_MAX_NAME]
    return f"{found}@{_ODD.sub('_', version)[:_MAX_NAME]}" if version else found


@contextmanager
def _translated() -> Iterator[None]:
    """The library's errors, and those of what it is built on, as ours."""
    try:
        yield
    except openai.RateLimitError as error:
        raise Unanswered(Why.AWAY, "the server is asked too often") from error
    except openai.APIStatusError as error:
        raise _status_error(error.status_code) from error
    except (openai.APITimeoutError, httpx2.TimeoutException) as error:
        raise Unanswered(Why.SLOW, "the server did not answer in time") from error
    except (openai.OpenAIError, httpx2.HTTPError, httpx2.StreamError, OSError) as error:
        raise Unanswered(Why.AWAY, type(error).__name__) from error
    except (json.JSONDecodeError, UnicodeError, ValidationError, RecursionError) as error:
        raise Unanswered(Why.AWAY, "the answer cannot be read") from error


@contextmanager
def _spending() -> Iterator[None]:
    """What fails from here on has used tokens."""
    try:
        with _translated():
            yield
    except Unanswered as error:
        error.has_spent = True
        raise


_HINTS: Final = {
    401: "the server does not take llm.api_key",
    403: "the server does not take llm.api_key",
    404: "there is no such model or address: see llm.model and llm.url",
}


def _status_error(status: int) -> Unanswered:
    if status >= 500 or status in (408, 409):
        return Unanswered(Why.AWAY, f"the server answers {status}")
    return Unanswered(Why.REFUSED, _HINTS.get(status, f"the server answers {status}"))
