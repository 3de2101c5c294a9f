"""The vector store on a Qdrant server or cluster, by its address."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

from greenroom.context.base import (
    Found,
    Point,
    Vector,
    Where,
    Words,
    as_floats,
    as_payload,
    check_one_target,
    cleaned,
    matches_nothing,
)
from greenroom.errors import ConfigError, GiveUp, GreenroomError, RetryLater

if TYPE_CHECKING:
    from qdrant_client import AsyncQdrantClient, models

_PAGE: Final = 1_000  # points read at a time
_WORDS: Final = "words"  # the sparse vector
_BUSY: Final = frozenset({408, 425, 429})


class _Library:
    """The client library, imported late as it is an extra."""

    def __init__(self) -> None:
        try:
            library = importlib.import_module("qdrant_client")
            busy = importlib.import_module("qdrant_client.common.client_exceptions")
            errors = importlib.import_module("qdrant_client.http.exceptions")
        except ImportError as error:
            raise ConfigError(
                f"context.url needs a library that is not installed ({error.name})",
                accepted="pip install 'greenroom[server]'",
            ) from error
        self.Client = library.AsyncQdrantClient
        self.models = library.models
        self.TooMany = busy.ResourceExhaustedResponse
        self.Broken = errors.ResponseHandlingException  # no connection, or garbage in it
        self.Refused = errors.UnexpectedResponse


class ServerStore:
    """`VectorStore` on a Qdrant server; a collection is called ``prefix_collection`` there.

    Args:
        url: As ``http://host:6333``; without a port, 6333.
        api_key: The server's key, if it wants one. Over plain HTTP the library warns.
        prefix: Keeps deployments on one server apart.
        deadline_s: For each call, connecting included.

    Raises:
        ConfigError: The library is not installed.
    """

    def __init__(
        self,
        url: str,
        *,
        api_key: str | None = None,
        prefix: str = "greenroom",
        deadline_s: float = 5.0,
    ) -> None:
        self._library = _Library()
        self._models = self._library.models
        # The version check would open a connection on a thread of its own.
        self._client: AsyncQdrantClient = self._library.Client(
            url, api_key=api_key, check_compatibility=False
        )
        self._url = url
        self._prefix = prefix
        self._deadline_s = deadline_s
        self._is_closed = False

    async def ensure(
        self, collection: str, *, size: int, keys: Sequence[str] = (), words: bool = False
    ) -> None:
        """See `VectorStore.ensure`; a collection that gets words is made anew, empty."""
        name = self._name(collection)
        async with self._call():
            if not await self._client.collection_exists(name):
                await self._create(name, size, words)
        async with self._call():
            info = await self._client.get_collection(name)
            self._check_size(name, info, size)
            if words and _WORDS not in (info.config.params.sparse_vectors or {}):
                await self._client.delete_collection(name)
                await self._create(name, size, words)
        for key in keys:
            async with self._call():
                keyword = self._models.PayloadSchemaType.KEYWORD
                await self._client.create_payload_index(name, key, field_schema=keyword)

    async def upsert(self, collection: str, points: Sequence[Point]) -> None:
        """See `VectorStore.upsert`."""
        if not points:
            return
        made = [
            self._models.PointStruct(
                id=point.id, vector=self._vectors(point), payload=cleaned(point.payload)
            )
            for point in points
        ]
        async with self._call():
            await self._client.upsert(self._name(collection), made, wait=True)

    async def search(
        self,
        collection: str,
        vector: Vector,
        *,
        limit: int,
        where: Where | None = None,
        words: Words | None = None,
    ) -> list[Found]:
        """See `VectorStore.search`."""
        query = as_floats(vector)
        if limit < 1 or matches_nothing(where):
            return []
        if words is not None and words.indices:
            return await self._search_hybrid(collection, query, words, limit, where)
        async with self._call():
            found = await self._client.query_points(
                self._name(collection),
                query=query,
                query_filter=self._filter(where),
                limit=limit,
                with_payload=True,
            )
        return [
            Found(str(point.id), point.score, as_payload(point.payload)) for point in found.points
        ]

    async def _search_hybrid(
        self, collection: str, query: list[float], words: Words, limit: int, where: Where | None
    ) -> list[Found]:
        chosen, prefetch = self._filter(where), self._models.Prefetch
        matching = {"query": self._sparse(words), "using": _WORDS, "filter": chosen}
        both = [
            prefetch(query=query, filter=chosen, limit=limit),
            prefetch(**matching, limit=limit),
        ]
        requests = [
            # Scored anew by the vector, those that only words found get a cosine too.
            self._models.QueryRequest(
                query=query, prefetch=both, limit=2 * limit, with_payload=True
            ),
            self._models.QueryRequest(**matching, limit=limit),
        ]
        async with self._call():
            found, matches = await self._client.query_batch_points(self._name(collection), requests)
        scores = {point.id: point.score for point in matches.points}
        return [
            Found(str(one.id), one.score, as_payload(one.payload), scores.get(one.id, 0.0))
            for one in found.points
        ]

    async def ids(self, collection: str) -> frozenset[str]:
        """See `VectorStore.ids`."""
        return frozenset([id_ async for page in self._pages(collection) for id_ in page])

    async def count(self, collection: str, *, where: Where | None = None) -> int:
        """See `VectorStore.count`."""
        if matches_nothing(where):
            return 0
        async with self._call():
            counted = await self._client.count(
                self._name(collection), count_filter=self._filter(where), exact=True
            )
        return counted.count

    async def delete(
        self, collection: str, *, ids: Collection[str] = (), where: Where | None = None
    ) -> None:
        """See `VectorStore.delete`."""
        check_one_target(ids, where)
        if matches_nothing(where):
            return
        selector = (
            self._models.PointIdsList(points=list(ids))
            if ids
            else self._models.FilterSelector(filter=self._filter(where))
        )
        async with self._call():
            await self._client.delete(self._name(collection), selector, wait=True)

    async def optimize(self, collection: str) -> None:
        """See `VectorStore.optimize`: a server does so by itself."""

    async def compact(self, collection: str) -> None:
        """See `VectorStore.compact`: a server cleans up by itself, when its optimizers see fit.

        There is no call that makes it do so; the points cannot be found from `delete` on.
        """

    async def close(self) -> None:
        """See `VectorStore.close`."""
        if not self._is_closed:
            self._is_closed = True
            async with asyncio.timeout(self._deadline_s):
                await self._client.close()

    async def _pages(self, collection: str) -> AsyncIterator[list[str]]:
        offset: models.ExtendedPointId | None = None
        while True:
            async with self._call():
                records, offset = await self._client.scroll(
                    self._name(collection), limit=_PAGE, offset=offset, with_payload=False
                )
            yield [str(record.id) for record in records]
            if offset is None:
                return

    async def _create(self, name: str, size: int, words: bool) -> None:
        cosine = self._models.VectorParams(size=size, distance=self._models.Distance.COSINE)
        rare = self._models.SparseVectorParams(modifier=self._models.Modifier.IDF)
        await self._client.create_collection(
            name,
            vectors_config=cosine,
            sparse_vectors_config={_WORDS: rare} if words else None,
        )

    def _vectors(self, point: Point) -> list[float] | dict[str, Any]:
        vector = as_floats(point.vector)
        return vector if point.words is None else {"": vector, _WORDS: self._sparse(point.words)}

    def _sparse(self, words: Words) -> models.SparseVector:
        made: models.SparseVector = self._models.SparseVector(
            indices=list(words.indices), values=list(words.weights)
        )
        return made

    def _name(self, collection: str) -> str:
        return f"{self._prefix}_{collection}"

    def _filter(self, where: Where | None) -> models.Filter | None:
        if not where:
            return None
        chosen: models.Filter = self._models.Filter(
            must=[self._condition(key, value) for key, value in cleaned(where).items()]
        )
        return chosen

    def _condition(self, key: str, value: str | list[str]) -> models.FieldCondition:
        match = (
            self._models.MatchValue(value=value)
            if isinstance(value, str)
            else self._models.MatchAny(any=value)
        )
        condition: models.FieldCondition = self._models.FieldCondition(key=key, match=match)
        return condition

    def _check_size(self, name: str, info: models.CollectionInfo, size: int) -> None:
        params = info.config.params.vectors
        found = getattr(params, "size", None)
        if found != size:
            raise ConfigError(
                f"collection {name} at {self._url} holds vectors of size {found}, "
                f"the model gives {size}",
                accepted="delete that collection on the server; it is made anew",
            )

    @asynccontextmanager
    async def _call(self) -> AsyncIterator[None]:
        """One call: a deadline around it, and the library's errors as ours."""
        if self._is_closed:
            raise GiveUp("the vector store is closed")
        try:
            async with asyncio.timeout(self._deadline_s):
                yield
        except TimeoutError as error:
            raise RetryLater(
                f"Qdrant at {self._url} did not answer in {self._deadline_s} s"
            ) from error
        except self._library.TooMany as error:
            raise RetryLater(
                f"Qdrant at {self._url} is busy", after_s=float(error.retry_after_s)
            ) from error
        except self._library.Broken as error:
            cause = error.source
            raise RetryLater(
                f"Qdrant at {self._url} cannot be reached: {type(cause).__name__}: {cause}"
            ) from error
        except self._library.Refused as error:
            raise self._refused(error.status_code or 0, str(error.reason_phrase)) from error

    def _refused(self, status: int, reason: str) -> GreenroomError:
        if status in _BUSY or status >= 500:
            return RetryLater(f"Qdrant at {self._url} answers {status} {reason}")
        if status in (401, 403):
            return ConfigError(
                f"Qdrant at {self._url} refuses the API key ({status})",
                accepted="set context.api_key to a key that may read and write",
            )
        return ConfigError(
            f"Qdrant at {self._url} refuses a request: {status} {reason}",
            accepted="check that context.url is a Qdrant server, of version 1.10 or newer; "
            "if a collection was deleted there, restart Greenroom",
        )
