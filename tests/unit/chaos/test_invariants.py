"""A history in which nothing went wrong passes; for each invariant, what contradicts it is found by it."""

from pathlib import Path

import pytest

from tests.chaos.history import Call, Connected, Fault, Heard, History, Look, load
from tests.chaos.invariants.catalogue import INVARIANTS, verdicts
from tests.chaos.report import details, summary
from tests.unit.chaos.story import ANN, BEN, EVENTS, G, changed, clean, with_more
from tests.unit.chaos.violations import DEAF, VIOLATIONS

FAULT = Fault(at=4.0, until=6.0, name="something", bites=1, recovered=0.5, bound=5.0)


def _broken(history: History) -> list[str]:
    return [name for name, findings in verdicts(history).items() if findings]


def test_where_nothing_goes_wrong_nothing_is_found() -> None:
    assert _broken(clean()) == []


@pytest.mark.parametrize("what", VIOLATIONS)
def test_what_goes_wrong_is_found(what: str) -> None:
    invariant, history = VIOLATIONS[what]
    assert invariant in _broken(history)


def test_every_invariant_says_what_it_is_and_is_broken_once() -> None:
    assert [each.name for each in INVARIANTS] == [f"I{n}" for n in range(1, 15)]
    assert all(each.sentence.endswith(".") for each in INVARIANTS)
    assert {invariant for invariant, _ in VIOLATIONS.values()} == {each.name for each in INVARIANTS}


def test_a_reset_may_skip_and_what_follows_it_may_not() -> None:
    reset = {"type": "reset", "conversation_id": G, "revision": 14}
    after = EVENTS[8] | {"revision": 15}
    told = [Heard(at=9.5, user=ANN, connection=1, frame=frame) for frame in (reset, after)]
    assert "I6" not in _broken(with_more(*told))
    assert "I6" in _broken(
        with_more(told[0], Heard(at=9.6, user=ANN, connection=1, frame=after | {"revision": 16}))
    )


def test_whoever_resumes_hears_on_from_there() -> None:
    again = Connected(at=9.5, user=ANN, connection=5, server=1, knows={G: 7})
    heard = [Heard(at=9.6, user=ANN, connection=5, frame=frame) for frame in EVENTS[7:9]]
    assert _broken(with_more(again, *heard)) == []
    assert "I6" in _broken(with_more(again, heard[1]))


def test_what_waits_while_something_is_broken_is_no_violation() -> None:
    history = changed(Look, lambda _: {"oldest_seconds": 9.0})
    history.add(FAULT)
    assert _broken(history) == []


def test_what_nobody_could_have_heard_counts_as_published() -> None:
    _, history = VIOLATIONS["something is marked and was not published"]
    history = History(history.records)
    history.add(DEAF)
    assert "I11" not in _broken(history)


def test_an_unavailable_server_is_no_mistake() -> None:
    assert any(call.status == 503 for call in clean().of(Call))


def test_a_history_that_was_saved_is_the_same(tmp_path: Path) -> None:
    history = clean()
    history.add(FAULT)
    history.save(tmp_path / "history.jsonl")
    assert load(tmp_path / "history.jsonl").records == history.records


def test_the_summary_passes_only_what_was_felt_and_is_over() -> None:
    for bites, recovered, passes in ((1, 0.5, True), (0, 0.5, False), (1, None, False)):
        history = clean()
        history.add(Fault(at=4.0, until=6.0, name="a fault", bites=bites, recovered=recovered, bound=5.0))
        text, passed = summary(history)
        assert passed is passes
        assert "a fault" in text
    assert not summary(VIOLATIONS["a socket is left"][1])[1]


def test_a_report_shows_what_happened_around_a_violation() -> None:
    text = details(VIOLATIONS["a connection hears an event again"][1])
    assert "heard 9 instead of 10" in text
    assert "stored: message.created 9" in text
    assert f"{BEN} message.send" in text
