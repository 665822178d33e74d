"""What must be forgotten before others are told: a frame that makes something stale goes out after that.

Whoever hears of a change and asks at once must not be given what was remembered from before it.
"""

from collections.abc import Sequence

from application.ports.caches import Caches, makes_stale
from application.ports.events import Frame
from domain.shared.errors import Unavailable


async def forget_at_once(caches: Caches, frames: Sequence[Frame]) -> None:
    """After a commit, before its answer, so that people see what they wrote. What fails here is made up for
    before publishing.
    """
    if stale := [frame for frame in frames if makes_stale(frame)]:
        try:
            await caches.forget(stale)
        except Unavailable:
            return


async def fit_to_publish(caches: Caches, frames: Sequence[Frame]) -> list[Frame]:
    """The frames that may go out now. What could not be forgotten stays behind, unmarked, for another time."""
    stale = [frame for frame in frames if makes_stale(frame)]
    if not stale:
        return list(frames)
    try:
        await caches.forget(stale)
    except Unavailable:
        return [frame for frame in frames if not makes_stale(frame)]
    return list(frames)
