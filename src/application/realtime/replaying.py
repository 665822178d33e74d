"""Events told later than they happened: without what has expired since, and no further than somebody took part."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from application.outbox.wiping import event_without_messages
from application.ports.events import Frame
from application.realtime.stream import change_in
from domain.shared.ids import UserId
from domain.shared.values import moment

_MAY_EXPIRE = b'"expires_at":"'


def as_of(frames: Sequence[Frame], now: datetime) -> list[Frame]:
    """The same events as they may be told at ``now``: a message that has expired is a tombstone, also where its wiping
    is still to come.
    """
    return [_as_of(frame, moment(now)) if _MAY_EXPIRE in frame.body else frame for frame in frames]


def until_left(frames: Sequence[Frame], user_id: UserId, revision: int, limit: int) -> list[Frame] | None:
    """Of at most ``limit`` events above ``revision``, in order, those until somebody was removed, each time they were there;
    none where they had left by then. None when nobody can tell: some are missing, more follow, or the conversation is
    closed.
    """
    if [frame.revision for frame in frames] != list(range(revision + 1, revision + 1 + len(frames))):
        return None
    changes = [change_in(frame.body) for frame in frames]
    if any(change and change.everybody for change in changes):
        return None
    concerning = [change for change in changes if change and change.concerns(user_id)]
    # Without any they had left before: this is asked of who is no longer there.
    hears = user_id in concerning[0].removed if concerning else len(frames) == limit
    told = []
    for frame, change in zip(frames, changes, strict=True):
        hears = hears or (change is not None and user_id in change.added)
        if hears:
            told.append(frame)
        hears = hears and not (change is not None and user_id in change.removed)
    return None if hears else told


def _as_of(frame: Frame, now: str) -> Frame:
    data: Any = msgspec.json.decode(frame.body)["data"]
    expires_at = data.get("expires_at") if isinstance(data, dict) else None
    # Both are written alike, so that their texts compare as their times do.
    if expires_at is None or expires_at > now:
        return frame
    return replace(frame, body=event_without_messages(frame.body, {UUID(data["id"]): expires_at}))
