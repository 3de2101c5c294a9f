"""``/metrics``: how much waits and how long it takes, as Prometheus reads it.

Figures only: nothing here carries what members wrote or what they are called. They are read
when somebody asks, from counts that the parts keep anyway, so a message pays next to nothing.
"""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from typing import Final, Protocol

from aiohttp import web
from prometheus_client import CollectorRegistry, Metric
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from greenroom.desk import guard
from greenroom.desk.room import Fitness, room_of
from greenroom.ledger import Backlog, Ledger
from greenroom.llm.counts import Counts
from greenroom.tally import BOUNDS_S, Spread, Tally

_ROUTE: Final = "metrics"
_FORWARDED: Final = ("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP")
_REFUSED: Final = (
    "403: the metrics are for programs on this machine, and for those that show "
    "desk.metrics_token as a bearer token. See docs/operations.md.\n"
)


class TriageCounts(Protocol):
    """What triage did; see `greenroom.triage.pool.Counts`."""

    @property
    def cached(self) -> int: ...
    @property
    def settled(self) -> int: ...
    @property
    def encoded(self) -> int: ...
    @property
    def waited(self) -> int: ...


class WatchedTriage(Protocol):
    """How busy triage is; see `greenroom.triage.pool.EncoderPool`."""

    @property
    def counts(self) -> TriageCounts: ...
    @property
    def in_flight(self) -> int: ...
    @property
    def is_full(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Wording:
    """How the language model fares.

    Attributes:
        counts: What was asked and what came of it.
        took: How long replies took.
        is_paused: Whether it is left alone for a while.
    """

    counts: Counts
    took: Spread
    is_paused: Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Metrics:
    """What the figures beside the ledger's are read from, and who may read them.

    Attributes:
        tally: The loop's.
        queued: How many events wait for the loop's workers.
        triage: What reads messages.
        token: What a reader on another machine has to show.
        wording: The language model's figures, where there is one.
    """

    tally: Tally
    queued: Callable[[], int]
    triage: WatchedTriage
    token: str | None = None
    wording: Wording | None = None


METRICS = web.AppKey("metrics", Metrics)


def routes() -> list[web.RouteDef]:
    """``/metrics``; `apart` guards it."""
    return [web.get("/metrics", _metrics, name=_ROUTE)]


@web.middleware
async def apart(request: web.Request, handler: guard.Handler) -> web.StreamResponse:
    """Let programs read the metrics, before the guards that are meant for people.

    A token is proof enough: no other site's script can make a browser send it. Without one
    only this machine may read, under its own name, as everything else on the desk.
    """
    if request.match_info.route.name != _ROUTE:
        return await handler(request)
    if _has_token(request):
        return await _metrics(request)
    if _is_near(request):
        return await guard.own_address(request, _metrics)
    return web.Response(status=403, text=_REFUSED)


def _has_token(request: web.Request) -> bool:
    metrics = request.app.get(METRICS)
    if metrics is None or not metrics.token:
        return False
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    shown = given.strip().encode("utf-8", "surrogateescape")
    return scheme.lower() == "bearer" and hmac.compare_digest(shown, metrics.token.encode())


def _is_near(request: web.Request) -> bool:
    """Whether a program on this machine asks for itself.

    Behind a proxy everybody seems to be on this machine: so where there is one, as its headers
    or `desk.public_url` say, nobody is near.
    """
    if room_of(request).public_url or any(name in request.headers for name in _FORWARDED):
        return False
    peer = request.transport.get_extra_info("peername") if request.transport else None
    return isinstance(peer, tuple) and _is_loopback(str(peer[0]))


def _is_loopback(address: str) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    inner = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return (inner or found).is_loopback


class _Snapshot(Collector):
    """Families of figures, collected once."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = list(families)

    def collect(self) -> Iterator[Metric]:
        return iter(self._families)


async def _metrics(request: web.Request) -> web.StreamResponse:
    room, metrics = room_of(request), request.app.get(METRICS)
    families = [*await _ledger(room.ledger, room.clock()), *_bots(room.health())]
    if metrics is not None:
        families += [*_events(metrics), *_triage(metrics.triage, metrics.tally.triage)]
        families += [] if metrics.wording is None else _wording(metrics.wording)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Snapshot(families))
    encode, kind = choose_encoder(request.headers.get("Accept", ""))
    return web.Response(body=encode(registry), headers={"Content-Type": kind})


async def _ledger(ledger: Ledger, now: datetime) -> Iterable[Metric]:
    backlog = await ledger.inbox.backlog()
    return (
        _gauge("inbox_pending", "Events stored and not decided yet.", backlog.depth),
        _gauge("inbox_oldest_seconds", "Since when the oldest of them waits.", _age(backlog, now)),
        _gauge("outbox_pending", "Actions that wait to be sent.", await ledger.outbox.depth()),
        _gauge("writer_queue_jobs", "Writes that wait for the disk.", ledger.writes_waiting),
    )


def _age(backlog: Backlog, now: datetime) -> float:
    if backlog.oldest_at is None:
        return 0.0
    return max(0.0, (now - backlog.oldest_at).total_seconds())


def _events(metrics: Metrics) -> Iterable[Metric]:
    tally = metrics.tally
    return (
        _gauge("worker_queue_events", "Pending events that a worker's queue holds.",
               metrics.queued()),
        _counter("events_taken_in", "New events stored.", tally.taken_in),
        _counter("events_repeated", "Deliveries of what was stored before.", tally.repeated),
        _counter("events_decided", "Events recorded as done.", tally.decided),
        _counter("events_failed", "Events dropped, or left to a person.", tally.failed),
        _histogram("decide_seconds", "From delivery to the recorded decision.", tally.deciding),
    )  # fmt: skip


def _bots(fitness: Mapping[str, Fitness]) -> Iterable[Metric]:
    """What each bot's connection is like; the names of bots are the operator's own."""
    connected = GaugeMetricFamily(
        "greenroom_bot_connected", "1 while the platform is reached.", labels=["bot"]
    )
    missed = _by_bot("events_missed", "Events that are known to be lost.")
    backfilled = _by_bot("events_backfilled", "New events fetched after a gap.")
    duplicate = _by_bot("events_duplicate", "Deliveries of what was stored before.")
    for bot, found in sorted(fitness.items()):
        connected.add_metric([bot], float(found.is_connected))
        missed.add_metric([bot], found.gaps.missed)
        backfilled.add_metric([bot], found.gaps.backfilled)
        duplicate.add_metric([bot], found.gaps.duplicate)
    return (connected, missed, backfilled, duplicate)


def _by_bot(name: str, said: str) -> CounterMetricFamily:
    return CounterMetricFamily(f"greenroom_{name}", said, labels=["bot"])


def _triage(triage: WatchedTriage, spread: Spread) -> Iterable[Metric]:
    counts = triage.counts
    texts = CounterMetricFamily(
        "greenroom_triage_texts", "Texts read, by what answered.", labels=["outcome"]
    )
    for outcome in ("cached", "settled", "encoded"):
        texts.add_metric([outcome], getattr(counts, outcome))
    return (
        texts,
        _counter("triage_waited", "Texts that found all places taken.", counts.waited),
        _gauge("triage_in_flight", "Texts the encoder reads or has waiting.", triage.in_flight),
        _gauge("triage_full", "1 when the next text has to wait for a place.", triage.is_full),
        _histogram("triage_seconds", "How long a message's reading took.", spread),
    )


def _wording(wording: Wording) -> Iterable[Metric]:
    counts = wording.counts
    replies = CounterMetricFamily(
        "greenroom_llm_replies", "Replies a model could word, by what came.", labels=["outcome"]
    )
    for outcome, count in sorted(counts.replies.items()):
        replies.add_metric([outcome], count)
    tokens = CounterMetricFamily(
        "greenroom_llm_tokens", "Tokens, as counted against budgets.", labels=["direction"]
    )
    tokens.add_metric(["read"], counts.read)
    tokens.add_metric(["written"], counts.written)
    return (
        replies,
        tokens,
        _counter("llm_calls", "Requests to the model's server.", counts.calls),
        _gauge("llm_paused", "1 while it is left alone for a while.", wording.is_paused()),
        _histogram("llm_seconds", "How long a reply took to be worded.", wording.took),
    )


def _gauge(name: str, said: str, value: float) -> Metric:
    return GaugeMetricFamily(f"greenroom_{name}", said, value=value)


def _counter(name: str, said: str, value: float) -> Metric:
    return CounterMetricFamily(f"greenroom_{name}", said, value=value)


def _histogram(name: str, said: str, spread: Spread) -> Metric:
    bounds = (*(f"{bound:g}" for bound in BOUNDS_S), "+Inf")
    buckets = list(zip(bounds, accumulate(spread.counts), strict=True))
    return HistogramMetricFamily(
        f"greenroom_{name}", said, buckets=buckets, sum_value=spread.total_s
    )
