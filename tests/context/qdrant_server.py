"""A Qdrant server's REST wire on loopback, for tests: collections and exact search in memory.

No Qdrant server can be had where these tests run, so this one speaks the requests that the
client library sends and the answers that it parses. It knows what `ServerStore` asks for and
answers 404 to the rest. `faults` are the statuses of the next answers, before the request is
looked at; ``0`` breaks the connection, and ``-1`` keeps silent until `release` is set.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from aiohttp import web

Json = dict[str, Any]


@dataclass
class Collection:
    size: int
    sparse: Json = field(default_factory=dict)
    indexed: set[str] = field(default_factory=set)
    points: dict[str, Json] = field(default_factory=dict)


class QdrantServer:
    """Routes and state; `app` is what to serve."""

    def __init__(self, *, api_key: str | None = None) -> None:
        self.collections: dict[str, Collection] = {}
        self.faults: list[int] = []
        self.release = asyncio.Event()
        self.seen: list[tuple[str, str]] = []
        self._api_key = api_key
        self.app = web.Application(middlewares=[self._gate], client_max_size=64_000_000)
        self.app.add_routes(
            [
                web.get("/collections/{name}/exists", self._exists),
                web.get("/collections/{name}", self._info),
                web.put("/collections/{name}", self._create),
                web.delete("/collections/{name}", self._drop),
                web.put("/collections/{name}/index", self._index),
                web.put("/collections/{name}/points", self._upsert),
                web.post("/collections/{name}/points/query", self._query),
                web.post("/collections/{name}/points/query/batch", self._query_batch),
                web.post("/collections/{name}/points/scroll", self._scroll),
                web.post("/collections/{name}/points/count", self._count),
                web.post("/collections/{name}/points/delete", self._delete),
            ]
        )

    @web.middleware
    async def _gate(self, request: web.Request, handler: Any) -> web.StreamResponse:
        self.seen.append((request.method, request.path))
        if self._api_key is not None and request.headers.get("api-key") != self._api_key:
            return web.Response(status=401, text="Must provide an API key")
        fault = self.faults.pop(0) if self.faults else None
        if fault == 0:
            assert request.transport is not None
            request.transport.abort()
        elif fault == -1:
            await self.release.wait()
        elif fault is not None:
            headers = {"Retry-After": "7"} if fault == 429 else {}
            return web.json_response(
                {"status": {"error": "ordered"}}, status=fault, headers=headers
            )
        answer: web.StreamResponse = await handler(request)
        return answer

    def _collection(self, request: web.Request) -> Collection:
        name = request.match_info["name"]
        if name not in self.collections:
            error = {"status": {"error": f"Not found: Collection `{name}` doesn't exist!"}}
            raise web.HTTPNotFound(text=str(error))
        return self.collections[name]

    async def _exists(self, request: web.Request) -> web.Response:
        return _ok({"exists": request.match_info["name"] in self.collections})

    async def _info(self, request: web.Request) -> web.Response:
        collection = self._collection(request)
        return _ok(
            {
                "status": "green",
                "optimizer_status": "ok",
                "segments_count": 1,
                "points_count": len(collection.points),
                "config": {
                    "params": {
                        "vectors": {"size": collection.size, "distance": "Cosine"},
                        "sparse_vectors": collection.sparse or None,
                    },
                    "hnsw_config": {"m": 16, "ef_construct": 100, "full_scan_threshold": 10000},
                    "optimizer_config": {
                        "deleted_threshold": 0.2,
                        "vacuum_min_vector_number": 1000,
                        "default_segment_number": 0,
                        "flush_interval_sec": 5,
                    },
                },
                "payload_schema": {
                    key: {"data_type": "keyword", "points": 0} for key in collection.indexed
                },
            }
        )

    async def _create(self, request: web.Request) -> web.Response:
        body = await request.json()
        assert body["vectors"]["distance"] == "Cosine"
        sparse = body.get("sparse_vectors") or {}
        assert all(one["modifier"] == "idf" for one in sparse.values())
        collection = Collection(body["vectors"]["size"], sparse)
        self.collections[request.match_info["name"]] = collection
        return _ok(True)

    async def _drop(self, request: web.Request) -> web.Response:
        return _ok(self.collections.pop(request.match_info["name"], None) is not None)

    async def _index(self, request: web.Request) -> web.Response:
        body = await request.json()
        assert body["field_schema"] == "keyword"
        self._collection(request).indexed.add(body["field_name"])
        return _ok({"operation_id": 0, "status": "completed"})

    async def _upsert(self, request: web.Request) -> web.Response:
        assert request.query["wait"] == "true"
        collection = self._collection(request)
        for point in (await request.json())["points"]:
            if not isinstance(point["vector"], dict):
                point["vector"] = {"": point["vector"]}
            if len(point["vector"][""]) != collection.size:
                return web.Response(status=400, text="Wrong input: Vector dimension error")
            if point["vector"].keys() - {"", *collection.sparse}:
                return web.Response(status=400, text="Wrong input: Not existing vector name")
            collection.points[point["id"]] = point
        return _ok({"operation_id": 1, "status": "completed"})

    async def _query(self, request: web.Request) -> web.Response:
        return _ok({"points": self._found(request, await request.json())})

    async def _query_batch(self, request: web.Request) -> web.Response:
        searches = (await request.json())["searches"]
        return _ok([{"points": self._found(request, search)} for search in searches])

    def _found(self, request: web.Request, body: Json) -> list[Json]:
        prefetches = body.get("prefetch") or []
        among = {one["id"] for prefetch in prefetches for one in self._found(request, prefetch)}
        points = self._matching(request, body)
        if prefetches:
            points = [point for point in points if point["id"] in among]
        score = self._scorer(request, body)
        scored = [
            {
                "id": point["id"],
                "version": 0,
                "score": score(point["vector"]),
                "payload": point["payload"] if body.get("with_payload") else None,
            }
            for point in points
            if not body.get("using") or body["using"] in point["vector"]
        ]
        if body.get("using"):  # points without a word in common are not found by words
            scored = [point for point in scored if point["score"] > 0]
        scored.sort(key=lambda point: -point["score"])
        return scored[: body["limit"]]

    def _scorer(self, request: web.Request, body: Json) -> Callable[[Json], float]:
        wanted = body["query"]
        if "nearest" in wanted:
            wanted = wanted["nearest"]
        if not body.get("using"):
            query = np.array(wanted)
            return lambda vectors: _cosine(query, np.array(vectors[""]))
        name, collection = body["using"], self._collection(request)
        texts = [one["vector"][name] for one in collection.points.values() if name in one["vector"]]
        among = {
            index: sum(index in text["indices"] for text in texts) for index in wanted["indices"]
        }

        def score(vectors: Json) -> float:
            has = dict(zip(vectors[name]["indices"], vectors[name]["values"], strict=True))
            return math.fsum(
                math.log(1 + (len(texts) - count + 0.5) / (count + 0.5)) * has.get(index, 0.0)
                for index, count in among.items()
            )

        return score

    async def _scroll(self, request: web.Request) -> web.Response:
        body = await request.json()
        rest = sorted(
            point["id"]
            for point in self._matching(request, body)
            if point["id"] >= (body.get("offset") or "")
        )
        page, more = rest[: body["limit"]], rest[body["limit"] :]
        records = [{"id": id_} for id_ in page]
        return _ok({"points": records, "next_page_offset": more[0] if more else None})

    async def _count(self, request: web.Request) -> web.Response:
        return _ok({"count": len(self._matching(request, await request.json()))})

    async def _delete(self, request: web.Request) -> web.Response:
        assert request.query["wait"] == "true"
        body = await request.json()
        gone = body.get("points") or [point["id"] for point in self._matching(request, body)]
        for id_ in gone:
            self._collection(request).points.pop(id_, None)
        return _ok({"operation_id": 2, "status": "completed"})

    def _matching(self, request: web.Request, body: Json) -> list[Json]:
        collection = self._collection(request)
        conditions = (body.get("filter") or {}).get("must") or []
        for condition in conditions:
            # A server in strict mode refuses to filter by what has no index.
            assert condition["key"] in collection.indexed
        return [
            point
            for point in collection.points.values()
            if all(_holds(condition, point["payload"]) for condition in conditions)
        ]


def _holds(condition: Json, payload: Json) -> bool:
    match = condition["match"]
    wanted = match["any"] if "any" in match else [match["value"]]
    value = payload.get(condition["key"])
    values = value if isinstance(value, list) else [value]
    return any(text in wanted for text in values)


def _cosine(one: Any, other: Any) -> float:
    return float(one @ other / (np.linalg.norm(one) * np.linalg.norm(other)))


def _ok(result: Any) -> web.Response:
    return web.json_response({"result": result, "status": "ok", "time": 0.0})
