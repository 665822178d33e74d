"""What a run found, for a person and for a script: verdict, rates, latencies with a histogram, errors by code."""

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from entrypoints.bench.ledger import Ledger, Verdict
from entrypoints.bench.load import Run

BAR = 40
PARTS = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "max": 1.0}


def findings(run: Run) -> dict[str, Any]:
    """As ``--json`` prints it; latencies in milliseconds."""
    ledger, verdict = run.ledger, run.ledger.verdict()
    seconds = max(run.seconds, 1e-9)
    return {
        "sound": verdict.is_sound,
        **asdict(verdict),
        "seconds": round(run.seconds, 2),
        "acknowledged": ledger.acknowledged,
        "acknowledged_per_second": round(ledger.acknowledged / seconds, 1),
        "deliveries": len(ledger.deliveries),
        "deliveries_per_second": round(len(ledger.deliveries) / seconds, 1),
        "ack_ms": _parts(ledger.acks),
        "delivery_ms": _parts(ledger.deliveries),
        "ack_histogram": histogram(ledger.acks),
        "delivery_histogram": histogram(ledger.deliveries),
        "errors": dict(ledger.errors),
        "closed": dict(ledger.closed),
    }


def told(run: Run) -> str:
    """For a person."""
    ledger, verdict = run.ledger, run.ledger.verdict()
    seconds = max(run.seconds, 1e-9)
    lines = [
        f"sent       {ledger.acknowledged:,} acknowledged in {run.seconds:.1f} s: {ledger.acknowledged / seconds:,.0f}/s",
        f"delivered  {len(ledger.deliveries):,}: {len(ledger.deliveries) / seconds:,.0f}/s to {len(ledger.listeners)} sockets",
        *_latency("ack", ledger.acks),
        *_latency("delivery", ledger.deliveries),
    ]
    lines += [f"refused    {code} × {count:,}" for code, count in ledger.errors.most_common()]
    lines += [f"closed     {code} × {count:,}" for code, count in ledger.closed.most_common()]
    if verdict.resets:
        lines.append(f"resets     {verdict.resets:,}: the server said that events would not come")
    lines += _advice(ledger)
    lines.append(_sentence(verdict))
    return "\n".join(lines)


def histogram(seconds: Sequence[float]) -> list[tuple[float, int]]:
    """How many were at most so many milliseconds, and more than the one before: steps that double."""
    counts: dict[int, int] = {}
    for each in seconds:
        step = max(0, math.ceil(math.log2(max(each, 1e-9) * 1000 / 0.25)))
        counts[step] = counts.get(step, 0) + 1
    steps = range(min(counts), max(counts) + 1) if counts else range(0)
    return [(0.25 * 2**step, counts.get(step, 0)) for step in steps]


def _parts(seconds: Sequence[float]) -> dict[str, float]:
    ranked = sorted(seconds)
    last = len(ranked) - 1
    return {
        name: round(1000 * ranked[min(last, int(part * len(ranked)))], 2) if ranked else 0.0
        for name, part in PARTS.items()
    }


def _latency(name: str, seconds: Sequence[float]) -> list[str]:
    parts = ", ".join(f"{part} {value:g}" for part, value in _parts(seconds).items())
    steps = histogram(seconds)
    most = max((count for _, count in steps), default=1)
    bars = [
        f"  ≤ {at_most:>8g} ms  {'█' * max(count > 0, count * BAR // most):<{BAR}} {count:,}"
        for at_most, count in steps
    ]
    return [f"{name:<10} {parts} ms", *bars]


def _advice(ledger: Ledger) -> list[str]:
    if not ledger.errors["rate_limited"]:
        return []
    return [
        "           The server's limits on messages were met: send at a lower --rate, with more --people, or lift them "
        "outside production with SENTINAL_LIMITS=off."
    ]


def _sentence(verdict: Verdict) -> str:
    if verdict.is_sound:
        return "sound      nothing was lost, doubled or out of order"
    wrong = {
        "lost": verdict.lost,
        "doubled": verdict.doubled,
        "out of order": verdict.out_of_order,
        "missing revisions": verdict.gaps,
        "acknowledged under another's number": verdict.shared_numbers,
    }
    return "UNSOUND    " + ", ".join(f"{count:,} {what}" for what, count in wrong.items() if count)
