"""Places where a server can be made to go wrong, so that whoever looks for mistakes can be shown to find them.

Off unless ``SENTINAL_FAILPOINTS`` names them, which production refuses. Which calls fail is counted, not drawn: at a
rate of 0.25 every fourth one.
"""

from collections import Counter
from collections.abc import Mapping

POINTS = {
    "bus.before_commit": "a command is answered and told, and not committed",
    "access.has_left": "who has left may act as if they had not",
    "edit.save": "an edit is told and not kept",
    "courier.drop": "events of a commit are left to the relay",
    "courier.publish": "events are marked and not published",
    "relay.sweep": "what was left behind is not looked for",
    "hub.drop": "an event from the broker is not heard",
    "hub.mend": "what was missed is not looked for",
    "stream.again": "an event is told twice",
}

_rates: dict[str, float] = {}
_asked: Counter[str] = Counter()


def arm(rates: Mapping[str, float]) -> None:
    """From now on let these points fail this often, of 1, and no others."""
    _rates.clear()
    _rates.update(rates)
    _asked.clear()


def fails(point: str) -> bool:
    """Whether this call is one that goes wrong."""
    if not _rates or point not in _rates:
        return False
    _asked[point] += 1
    times = _asked[point]
    return int(times * _rates[point]) > int((times - 1) * _rates[point])
