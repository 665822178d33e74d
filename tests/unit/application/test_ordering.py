"""Whatever is offered, in whatever order and however often, revisions come out in order, each once."""

from hypothesis import given
from hypothesis import strategies as st

from application.realtime.ordering import Order


def _body(revision: int) -> bytes:
    return str(revision).encode()


@given(
    head=st.integers(0, 20),
    offered=st.lists(st.integers(1, 40), max_size=120),
    begins_after=st.integers(0, 120),
)
def test_what_comes_out_is_the_next_revision_each_time(
    head: int, offered: list[int], begins_after: int
) -> None:
    order = Order()
    out: list[tuple[int, bytes]] = []
    for n, revision in enumerate(offered):
        if n == begins_after:
            out += order.begin(head)
        out += order.offer(revision, _body(revision))
    if begins_after >= len(offered):
        out += order.begin(head)
    assert [revision for revision, _ in out] == list(range(head + 1, head + 1 + len(out)))
    assert all(body == _body(revision) for revision, body in out)
    following = head + 1 + len(out)
    assert following not in offered, "what could come out did not"
    assert order.has_hole == any(revision > following for revision in offered)


@given(st.permutations(range(1, 30)))
def test_every_permutation_comes_out_whole(offered: list[int]) -> None:
    order = Order()
    order.begin(0)
    out = [pair for revision in offered for pair in order.offer(revision, _body(revision))]
    assert [revision for revision, _ in out] == list(range(1, 30))


def test_what_is_held_comes_out_once_the_hole_before_it_is_given_up() -> None:
    order = Order()
    order.begin(3)
    assert order.offer(7, b"7") == []
    assert order.has_hole
    assert order.begin(6) == [(7, b"7")]
    assert not order.has_hole
