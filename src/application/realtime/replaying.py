"""Events told later than they happened: whatever has expired since no longer says what it said."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from application.outbox.wiping import event_without_messages
from application.ports.events import Frame
from domain.shared.values import moment

_MAY_EXPIRE = b'"expires_at":"'


def as_of(frames: Sequence[Frame], now: datetime) -> list[Frame]:
    """The same events as they may be told at ``now``: a message that has expired is a tombstone, also where its wiping
    is still to come.
    """
    return [_as_of(frame, moment(now)) if _MAY_EXPIRE in frame.body else frame for frame in frames]


def _as_of(frame: Frame, now: str) -> Frame:
    data: Any = msgspec.json.decode(frame.body)["data"]
    expires_at = data.get("expires_at") if isinstance(data, dict) else None
    # Both are written alike, so that their texts compare as their times do.
    if expires_at is None or expires_at > now:
        return frame
    return replace(frame, body=event_without_messages(frame.body, {UUID(data["id"]): expires_at}))
