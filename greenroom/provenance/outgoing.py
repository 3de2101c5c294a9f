"""Orders as they go out: with a C2PA manifest in the text, where a platform keeps text as it is."""

from __future__ import annotations

import logging
from collections import OrderedDict
from dataclasses import replace
from typing import Final

from greenroom.adapters.base import Adapter, KeepsText
from greenroom.errors import RetryLater
from greenroom.ledger import Claimed
from greenroom.message import SPOKEN, Action, Order
from greenroom.provenance.binding import Binder
from greenroom.provenance.notary import Speakers
from greenroom.provenance.wrapper import find

log = logging.getLogger(__name__)

_REMEMBERED: Final = 1_000  # orders whose bound text a second try sends again


class Outgoing:
    """Binds what is said to its text.

    Args:
        binder: Makes the manifests.
        speakers: Who a persona is, by its name.
    """

    def __init__(self, binder: Binder, speakers: Speakers) -> None:
        self._binder = binder
        self._speakers = speakers
        self._bound: OrderedDict[str, str] = OrderedDict()

    def __call__(self, claimed: Claimed, adapter: Adapter) -> Order:
        """The order with its text bound; as it was where that cannot be, or would not fit.

        What is tried again carries the same manifest: an adapter may look for the text.
        """
        order = claimed.order
        if order.action.kind not in SPOKEN or not order.action.text:
            return order
        if not isinstance(adapter, KeepsText):
            return order
        text = self._bound.get(order.key) or self._bind(order.action, claimed.by)
        if text is None or len(text) > adapter.kept_length:
            return order
        self._remember(order.key, text)
        return replace(order, action=replace(order.action, text=text, footer=None))

    def _bind(self, action: Action, by: str) -> str | None:
        """The whole of what is said, footer included, with its manifest."""
        speaker = self._speakers(by.partition(":")[2])
        title = "moderator" if speaker is None else speaker.name
        by_model = speaker is not None and speaker.is_model
        if find(action.said) is not None:  # it quotes a text that carries another's manifest
            return None
        try:
            return self._binder.bind(action.said, title=title, by_model=by_model)
        except RetryLater as error:
            log.warning("goes out without its C2PA manifest: %s", error)
            return None

    def _remember(self, key: str, text: str) -> None:
        self._bound[key] = text
        self._bound.move_to_end(key)
        while len(self._bound) > _REMEMBERED:
            self._bound.popitem(last=False)
