"""The ledger of a load run: each way in which a server can be wrong is told from the others."""

from typing import Any

from entrypoints.bench.ledger import Ledger, Verdict

SOUND = Verdict(lost=0, doubled=0, out_of_order=0, gaps=0, shared_numbers=0, resets=0)


def _ledger(*listeners: str) -> Ledger:
    ledger = Ledger()
    for listener in listeners:
        ledger.listens(listener, {"c": 1})
    return ledger


def _say(ledger: Ledger, name: str, revision: int) -> None:
    ledger.sent(name, 1.0)
    ledger.was_acknowledged(name, "c", revision, 1.5)


def _event(revision: int, client_id: str | None = None) -> dict[str, Any]:
    kind = "message.created" if client_id else "message.updated"
    return {
        "type": kind,
        "conversation_id": "c",
        "revision": revision,
        "data": {"client_message_id": client_id},
    }


def _hear(ledger: Ledger, listener: str, *revisions: int) -> None:
    for revision in revisions:
        ledger.heard(listener, _event(revision, f"m{revision}"), 2.0)


def test_what_everybody_hears_once_and_in_order_is_sound() -> None:
    ledger = _ledger("ann", "ben")
    for n in (2, 3, 4):
        _say(ledger, f"m{n}", n)
    _hear(ledger, "ann", 2, 3, 4)
    assert not ledger.is_complete()
    _hear(ledger, "ben", 2, 3, 4)
    assert ledger.is_complete()
    assert ledger.verdict() == SOUND
    assert ledger.acks == [0.5] * 3
    assert ledger.deliveries == [1.0] * 6


def test_what_is_heard_before_it_is_acknowledged_counts() -> None:
    ledger = _ledger("ann")
    ledger.sent("m2", 1.0)
    _hear(ledger, "ann", 2)
    ledger.was_acknowledged("m2", "c", 2, 3.0)
    assert ledger.is_complete()
    assert ledger.verdict() == SOUND


def test_the_last_message_lost_is_noticed() -> None:
    ledger = _ledger("ann", "ben")
    _say(ledger, "m2", 2)
    _hear(ledger, "ann", 2)
    verdict = ledger.verdict()
    assert (verdict.lost, verdict.gaps, verdict.is_sound) == (1, 0, False)


def test_a_hole_is_noticed_also_where_no_message_of_ours_is_missing() -> None:
    ledger = _ledger("ann")
    ledger.heard("ann", _event(3), 1.0)
    assert ledger.verdict().gaps == 1
    assert ledger.known("ann") == {"c": 1}


def test_what_comes_twice_is_doubled_and_what_comes_late_is_out_of_order() -> None:
    ledger = _ledger("ann")
    for n in (2, 3):
        _say(ledger, f"m{n}", n)
    _hear(ledger, "ann", 3, 2)
    assert ledger.verdict() == Verdict(lost=0, doubled=0, out_of_order=1, gaps=0, shared_numbers=0, resets=0)
    _hear(ledger, "ann", 3, 2)
    assert ledger.verdict().doubled == 2


def test_two_messages_under_one_number_are_noticed() -> None:
    ledger = _ledger()
    _say(ledger, "m2", 2)
    _say(ledger, "other", 2)
    assert ledger.verdict().shared_numbers == 1


def test_a_reset_excuses_what_it_names_and_no_more() -> None:
    ledger = _ledger("ann")
    for n in (2, 3, 4):
        _say(ledger, f"m{n}", n)
    ledger.heard("ann", {"type": "reset", "conversation_id": "c", "revision": 3}, 1.0)
    verdict = ledger.verdict()
    assert (verdict.lost, verdict.resets, verdict.gaps) == (1, 1, 0)
    _hear(ledger, "ann", 4)
    assert ledger.verdict().is_sound


def test_a_listener_who_comes_back_resumes_below_the_first_hole() -> None:
    ledger = _ledger("ann")
    _hear(ledger, "ann", 2, 5, 6)
    assert ledger.known("ann") == {"c": 2}


def test_conversations_of_others_and_events_without_a_number_are_passed_over() -> None:
    ledger = _ledger("ann")
    ledger.heard("ann", {"type": "receipt.updated", "conversation_id": "c", "data": {}}, 1.0)
    ledger.heard("ann", {**_event(9), "conversation_id": "another"}, 1.0)
    assert ledger.verdict() == SOUND
