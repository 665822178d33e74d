"""Mending what the broker lost, doubled or kept: from the outbox, and where that no longer has it, by a reset.

Resting on nothing but the database: a hole shows by itself, and a head that is ahead shows the last event of a quiet
conversation. Where events are gone for good, membership is read again before anything else comes out.
"""

import asyncio
from collections.abc import Mapping
from typing import Protocol

from application.failpoints import fails
from application.ports.events import Outbox
from application.ports.readers import ConversationReader
from application.realtime.channels import reset
from application.realtime.stream import Stream
from domain.shared.errors import Unavailable
from domain.shared.ids import ConversationId

CATCH_UP_BATCH = 1000


class Witness(Protocol):
    """Is told of everything the broker lost: whether the outbox still had it, or clients must fetch the state."""

    def gap(self, *, filled: bool) -> None: ...


class _Nobody:
    def gap(self, *, filled: bool) -> None: ...


UNWITNESSED = _Nobody()
"""Where nobody counts."""


class Mender:
    """Works on the streams of one hub. An outage delays a repair, and the next look finds it again."""

    def __init__(
        self,
        streams: Mapping[ConversationId, Stream],
        outbox: Outbox,
        conversations: ConversationReader,
        witness: Witness,
    ) -> None:
        self._witness = witness
        self._streams = streams
        self._outbox = outbox
        self._conversations = conversations

    async def repair(self, stream: Stream, wait: float) -> None:
        """Fill a hole, unless it closes by itself within ``wait`` seconds."""
        try:
            await asyncio.sleep(wait)
            if not stream.order.has_hole or fails("hub.mend"):
                return
            await self._fill(stream)
            if held := stream.order.held:
                await self._give_up(stream, min(held) - 1)
            else:
                self._witness.gap(filled=True)
        except Unavailable:
            return
        finally:
            stream.repairing = False

    async def compare_heads(self) -> None:
        """Find streams that are behind their conversation, and bring them up to it."""
        if fails("hub.mend"):
            return
        ids = [id for id, stream in self._streams.items() if stream.opened.is_set()]
        behind = {id: self._streams[id].order.delivered or 0 for id in ids}
        for id, head in (await self._conversations.heads_of(ids)).items() if ids else ():
            stream = self._streams.get(id)
            if stream is None or (stream.order.delivered or 0) >= head or stream.repairing:
                continue
            if stream.order.delivered != behind[id]:
                continue  # it moves; what it lacks is on its way
            stream.repairing = True
            try:
                await self._fill(stream)
                if (stream.order.delivered or 0) < head and not stream.order.has_hole:
                    await self._give_up(stream, head)
                elif (stream.order.delivered or 0) >= head:
                    self._witness.gap(filled=True)
            finally:
                stream.repairing = False

    async def _fill(self, stream: Stream) -> None:
        for frame in await self._outbox.since(
            stream.conversation_id, stream.order.delivered or 0, CATCH_UP_BATCH
        ):
            stream.emit(stream.order.offer(frame.revision, frame.body))

    async def _give_up(self, stream: Stream, lost: int) -> None:
        """Tell listeners to fetch the state up to ``lost``, those who are still there."""
        id = stream.conversation_id
        present = await self._conversations.present(id, sorted({each.user_id for each in stream.listeners}))
        if (stream.order.delivered or 0) >= lost:
            return  # it came while we asked
        self._witness.gap(filled=False)
        stream.keep_only(present, lost)
        stream.emit([(lost, reset(id, lost)), *stream.order.begin(lost)])
