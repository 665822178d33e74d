"""Points fail as often as they are told to, and never by themselves."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from application.failpoints import POINTS, arm, fails

SRC = Path(__file__).parents[3] / "src"


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    arm({})


def test_nothing_fails_by_itself() -> None:
    assert not any(fails(point) for point in POINTS)


def test_a_quarter_is_every_fourth_time() -> None:
    arm({"hub.drop": 0.25})
    assert [fails("hub.drop") for _ in range(8)] == [False, False, False, True] * 2
    assert not fails("hub.mend")


def test_one_is_always() -> None:
    arm({"hub.mend": 1.0})
    assert all(fails("hub.mend") for _ in range(5))


def test_arming_again_starts_afresh() -> None:
    arm({"hub.drop": 0.5})
    fails("hub.drop")
    arm({"hub.drop": 0.5})
    assert [fails("hub.drop") for _ in range(2)] == [False, True]


def test_every_point_is_in_the_code_once_or_where_one_thing_is_done_in_two_places() -> None:
    source = "\n".join(path.read_text() for path in SRC.rglob("*.py"))
    asked = Counter(re.findall(r'fails\("([a-z_.]+)"\)', source))
    assert asked.keys() == POINTS.keys()
    assert [point for point, places in asked.items() if places > 1] == ["hub.mend"]
