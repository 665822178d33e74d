"""Figures as a table for a terminal, as JSON, and as a chart in plain SVG."""

import json
import math
import os
import platform
from dataclasses import asdict
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any

from benchmarks.support import Figure

WIDTH, ROW, LEFT, SPAN = 960, 30, 470, 330
DECADES = 1.0
"""The chart goes from a tenth of a goal to ten times it."""
REACHED, SHORT = "#2e7d32", "#c62828"


def machine() -> dict[str, Any]:
    """What it was measured on, and how busy that was."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        "load_average": [round(each, 1) for each in os.getloadavg()],
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}",
    }


def goal_of(figure: Figure) -> str:
    return (
        ""
        if figure.goal is None
        else f"{'≥' if figure.at_least else '≤'} {figure.goal:g} {figure.unit}".strip()
    )


def verdict(figure: Figure) -> str:
    return "" if figure.goal is None else "reached" if figure.is_reached else "SHORT"


def table(figures: list[Figure]) -> str:
    """One line a figure, what else was seen below it."""
    lines = []
    for figure in figures:
        value = f"{figure.value:.3g} {figure.unit}".strip()
        lines.append(f"{figure.name:<4}{value:>10}  {goal_of(figure):<9}{verdict(figure):<8} {figure.what}")
        lines += [f"{'':34}{note}" for note in figure.notes]
    return "\n".join(lines)


def write(directory: Path, figures: list[Figure], about: dict[str, Any]) -> list[Path]:
    """``figures.json`` and ``figures.svg`` in the directory."""
    directory.mkdir(parents=True, exist_ok=True)
    told = [
        {**asdict(figure), "goal_text": goal_of(figure), "reached": figure.is_reached} for figure in figures
    ]
    as_json, as_chart = directory / "figures.json", directory / "figures.svg"
    as_json.write_text(json.dumps({"machine": about, "figures": told}, indent=2, ensure_ascii=False) + "\n")
    as_chart.write_text(chart(figures))
    return [as_json, as_chart]


def chart(figures: list[Figure]) -> str:
    """A bar a figure: how many times its goal it is, on a logarithmic scale; right of the line is reached."""
    height = ROW * (len(figures) + 2)
    middle = LEFT + SPAN / 2
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        f'<line x1="{middle}" y1="{ROW}" x2="{middle}" y2="{height - ROW / 2}" stroke="#333"/>',
        _text(middle, ROW * 0.7, "goal", "middle"),
        _text(LEFT, ROW * 0.7, "a tenth", "middle"),
        _text(LEFT + SPAN, ROW * 0.7, "ten times", "middle"),
    ]
    for n, figure in enumerate(figures, 1):
        y = ROW * n + ROW * 0.25
        parts.append(_text(LEFT - 12, y + 13, f"{figure.name}  {_short(figure.what)}", "end"))
        if figure.goal:
            times = figure.value / figure.goal
            times = times if figure.at_least else 1 / max(times, 1e-9)
            reach = max(-DECADES, min(DECADES, math.log10(max(times, 1e-9)))) / DECADES * SPAN / 2
            colour = REACHED if figure.is_reached else SHORT
            x, width = min(middle, middle + reach), max(abs(reach), 1)
            parts.append(
                f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{ROW / 2}" fill="{colour}"/>'
            )
        value = (
            f"{figure.value:.3g} {figure.unit} ({goal_of(figure)})" if figure.goal else f"{figure.value:.3g}"
        )
        parts.append(_text(LEFT + SPAN + 12, y + 13, value, "start"))
    return "\n".join([*parts, "</svg>", ""])


def _text(x: float, y: float, words: str, anchor: str) -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" fill="#222">{escape(words)}</text>'


def _short(words: str, at_most: int = 66) -> str:
    return words if len(words) <= at_most else words[: at_most - 1] + "…"
