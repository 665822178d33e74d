"""What operators count of sockets and of the hub behind them."""

from prometheus_client import Counter, Gauge

CONNECTIONS = Gauge("sentinal_ws_connections", "Sockets that have been welcomed and are open.")
SLOW_CONSUMERS = Counter(
    "sentinal_slow_consumers_total", "Sockets closed because their client read too slowly."
)
GAPS = Counter("sentinal_hub_gaps_total", "Events the broker lost, by how that ended.", ["outcome"])
for _outcome in ("filled", "reset"):
    GAPS.labels(_outcome)


class HubCounters:
    """The hub's witness."""

    def gap(self, *, filled: bool) -> None:
        GAPS.labels("filled" if filled else "reset").inc()
