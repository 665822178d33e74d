"""The figures' scripts are found, and what they find is told: reached, short, and drawn."""

import inspect
import json
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks.__main__ import scripts
from benchmarks.report import chart, table, write
from benchmarks.support import Figure, percentile

FIGURES = [
    Figure(name="P1", what="sends, beside pgbench", value=3.5, unit="×", goal=3.0, notes=["three rounds"]),
    Figure(name="P9", what='"10,000" & more', value=1.4, unit="×", goal=1.2, at_least=False),
    Figure(name="P11", what="start", value=2.0, unit="s"),
]


def test_every_figure_has_one_script_that_measures_it() -> None:
    names = Counter(name for script in scripts() for name in script.NAMES)
    assert set(names) >= {"P1", "P2", "P3", "P4", "P8", "P9", "P10", "P11", "P12"}
    assert max(names.values()) == 1
    for script in scripts():
        assert list(inspect.signature(script.figures).parameters) == ["quick", "only"]


def test_a_goal_is_reached_from_its_own_side() -> None:
    assert [each.is_reached for each in FIGURES] == [True, False, True]
    lines = table(FIGURES).splitlines()
    assert [("reached" in line, "SHORT" in line) for line in lines if line.startswith("P")] == [
        (True, False),
        (False, True),
        (False, False),
    ]
    assert "three rounds" in lines[1]


def test_what_is_written_can_be_read(tmp_path: Path) -> None:
    as_json, as_chart = write(tmp_path / "new", FIGURES, {"cores": 2})
    told = json.loads(as_json.read_text())
    assert [(each["name"], each["reached"]) for each in told["figures"]] == [
        ("P1", True),
        ("P9", False),
        ("P11", True),
    ]
    bars = ElementTree.fromstring(as_chart.read_text()).findall("{http://www.w3.org/2000/svg}rect")  # noqa: S314 - ours
    assert len(bars) == 1 + 2
    assert chart([]).startswith("<svg")


@pytest.mark.parametrize(("part", "value"), [(0.5, 3), (0.99, 5), (1.0, 5)])
def test_a_percentile_is_one_of_the_values(part: float, value: int) -> None:
    assert percentile([5, 1, 4, 2, 3], part) == value
    assert percentile([], part) == 0
