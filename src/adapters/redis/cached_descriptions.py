"""What describes conversations, remembered in Redis for all servers. Nobody is admitted by it."""

from collections.abc import Sequence
from datetime import timedelta

import msgspec

from adapters.redis.commands import Commands
from adapters.redis.leases import Leases
from adapters.redis.records import Record
from application.ports.descriptions import Description, Descriptions
from domain.shared.errors import Unavailable
from domain.shared.ids import ConversationId

KEPT_FOR = timedelta(minutes=5)

_DESCRIPTION = Record(Description)


def description_key(conversation_id: ConversationId) -> str:
    return f"cache:conversation:{conversation_id}"


class CachedDescriptions:
    """The promise of ``Descriptions``, as fresh as the last time its caches forgot. Hits are one round trip, misses
    one read of ``inner``; where Redis cannot answer, everything is a miss. What does not exist is not remembered.
    """

    def __init__(self, inner: Descriptions, commands: Commands) -> None:
        self._inner = inner
        self._leases = Leases(commands, _DESCRIPTION.shape)

    async def about(self, conversation_ids: Sequence[ConversationId]) -> dict[ConversationId, Description]:
        keys = {id: description_key(id) for id in conversation_ids}
        if not keys:
            return {}
        try:
            looked = await self._leases.look(list(keys.values()))
        except Unavailable:
            return await self._inner.about(list(keys))
        found = {id: _unpack(looked.hits[key]) for id, key in keys.items() if key in looked.hits}
        described = {id: each for id, each in found.items() if each is not None}
        if missing := [id for id in keys if id not in described]:
            fresh = await self._inner.about(missing)
            self._leases.fill(looked, {keys[id]: (_DESCRIPTION.pack(fresh[id]), KEPT_FOR) for id in fresh})
            described |= fresh
        return described


def _unpack(data: bytes) -> Description | None:
    try:
        return _DESCRIPTION.unpack(data)
    except msgspec.DecodeError:
        return None
